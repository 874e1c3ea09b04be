//! What a tab is told, in the page's own words: what the person would see in Discord, and what
//! Connect has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    Sandbox, Setting, Trouble,
    connect::Connect,
    discord::{
        BOT_USER, CONNECT, ChannelId, Discord, First, GUILD, Message, Origin, REQUESTS, ROLES, Who,
        clock,
    },
};

/// The channels that the page shows.
pub(super) const CHANNELS: [(ChannelId, &str); 2] =
    [(CONNECT, "connect"), (REQUESTS, "connect-requests")];

/// What Discord's client says of a command without an answer.
const SILENCE: &str = "The application did not respond";

/// What it says of a button or a menu without an answer.
const FAILED: &str = "This interaction failed";

/// Everything that a tab of this person draws.
pub(super) fn state(sandbox: &Sandbox, who: Who) -> Value {
    let Sandbox { connect, discord, .. } = sandbox;
    let troubles = sandbox.troubles().borrow().clone();
    let faults: BTreeMap<_, _> =
        Trouble::ALL.map(|trouble| (trouble, troubles.contains(&trouble))).into();
    let settings = sandbox.settings().borrow().clone();
    let switched: BTreeMap<_, _> =
        Setting::ALL.map(|setting| (setting, settings.on.contains(&setting))).into();
    json!({
        "me": who,
        "people": Who::ALL.map(|who| person(discord, who)),
        "roles": ROLES.map(|(id, name)| json!({"id": id.to_string(), "name": name})),
        "bot": {"id": BOT_USER.to_string(), "name": "ldapgroup"},
        "channels": CHANNELS.map(|(id, name)| json!({"id": id.to_string(), "name": name})),
        "commands": discord.commands(GUILD).unwrap_or_else(|| json!([])),
        "gateway": !sandbox.is_over_http,
        "ready": discord.is_reached(),
        "starting": settings.is_starting,
        "settings": switched,
        "messages": messages(discord, who),
        "connect": groups(connect, !troubles.contains(&Trouble::ConnectDown)),
        "faults": faults,
    })
}

fn person(discord: &Discord, who: Who) -> Value {
    let roles: Vec<_> = discord.roles_of(who).iter().map(u64::to_string).collect();
    json!({
        "who": who,
        "id": who.id().to_string(),
        "name": who.name(),
        "display_name": who.display_name(),
        "roles": roles,
    })
}

/// What this person sees in the channels, oldest first, with the commands that got no answer.
fn messages(discord: &Discord, who: Who) -> Vec<Value> {
    let mut seen: Vec<_> = CHANNELS
        .iter()
        .flat_map(|(channel, _)| discord.messages(*channel))
        .chain(discord.private_messages(who))
        .filter(|found| is_seen(found, who))
        .map(|found| (found.id, message(discord, &found, None)))
        .chain(discord.unanswered(who).iter().map(|found| (found.id, unanswered(discord, found))))
        .collect();
    seen.sort_by_key(|(id, _)| *id);
    seen.into_iter().map(|(_, message)| message).collect()
}

/// Does the page show this message to this person?
pub(super) fn is_seen(message: &Message, who: Who) -> bool {
    let is_shown = CHANNELS.iter().any(|(channel, _)| *channel == message.channel);
    is_shown && message.private_to.is_none_or(|to| to == who)
}

/// A message as the page draws it; `failed` is what Discord's client says in place of an answer.
pub(super) fn message(discord: &Discord, message: &Message, failed: Option<&str>) -> Value {
    let is_person = Who::ALL.iter().any(|who| who.id() == message.author_id());
    let ids = |ids: &[u64]| ids.iter().map(u64::to_string).collect::<Vec<_>>();
    json!({
        "id": message.id.to_string(),
        "channel": message.channel.to_string(),
        "author": {
            "id": message.author_id().to_string(),
            "name": message.author,
            "bot": !is_person,
        },
        "content": message.content,
        "at": clock::millis(message.id),
        "edited": message.edited,
        "private": message.private_to.is_some(),
        "thinking": message.thinking,
        "command": message.interaction.as_ref().and_then(command),
        "reply_to": discord.answered_by(message).map(|id| id.to_string()),
        "failed": failed,
        "pings": {
            "users": ids(&message.mentions.users),
            "roles": ids(&message.mentions.roles),
            "everyone": message.mentions.everyone,
        },
        "embeds": message.embeds,
        "components": message.components,
    })
}

/// A command without an answer, as the message that stands in its place.
pub(super) fn unanswered(discord: &Discord, failed: &Message) -> Value {
    message(discord, failed, Some(SILENCE))
}

/// Buttons and forms have names that nobody sees.
fn command(origin: &Origin) -> Option<Value> {
    let is_typed = origin.command.starts_with('/');
    is_typed.then(|| json!({"who": origin.who, "text": origin.command}))
}

/// The first answer, as the request that caused it is told. A form comes with the id by which it is
/// sent.
pub(super) fn first(first: &First, form_id: &str, is_command: bool) -> Value {
    let result = match first {
        First::Message => "message",
        First::Thinking => "thinking",
        First::Update => "updated",
        First::Acknowledged => "acknowledged",
        First::Form(form) => {
            let form = json!({"id": form_id, "title": form.title, "texts": form.texts,
                "inputs": form.inputs});
            return json!({"result": "form", "form": form});
        }
        First::NoAnswer => {
            let error = if is_command { SILENCE } else { FAILED };
            return json!({"result": "no_answer", "error": error});
        }
    };
    json!({"result": result})
}

/// The most groups of LDAP that a tab is told of: about a megabyte.
const MOST_GROUPS: usize = 10_000;

fn groups(connect: &Connect, is_up: bool) -> Value {
    let groups = connect.groups();
    let groups = groups.iter().map(|group| json!({"name": group.name, "guid": group.guid}));
    let entries = connect.directory();
    let ldap = entries.iter().map(|(name, guid)| json!({"name": name, "guid": guid}));
    json!({
        "up": is_up,
        "groups": groups.collect::<Vec<_>>(),
        "ldap": ldap.take(MOST_GROUPS).collect::<Vec<_>>(),
        "ldap_total": entries.len(),
    })
}
