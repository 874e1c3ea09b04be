//! Looks at the channels that the settings name: whether they are there, and what the bot may do in
//! them.

use super::finding::{Finding, Level, words};
use crate::access::Policy;
use crate::discord_api::permissions::{Allowed, Membership, Permission};
use crate::discord_api::rest::{Channel, Rest, RestError};
use crate::discord_api::signature::PublicKey;
use crate::ids::{ChannelId, RoleId};

/// Where the bot is to work, as the settings have it.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) policy: &'a Policy,
    /// Where requests wait for an admin; nothing if it is where they were made.
    pub(crate) requests: Option<ChannelId>,
    /// What interactions over HTTP are signed with; nothing if they come over the gateway.
    pub(crate) public_key: Option<&'a PublicKey>,
    /// How many calls may be made to look for people.
    pub(crate) lookups: usize,
}

/// A channel that the settings name.
struct Room {
    id: ChannelId,
    purpose: Purpose,
    /// Whether requests are posted there.
    shows_requests: bool,
}

/// What a channel is for.
#[derive(Clone, Copy)]
enum Purpose {
    /// Requests wait there for an admin.
    Requests,
    /// People use the command there, and are told there what came of it.
    Commands,
}

impl Purpose {
    fn variable(self) -> &'static str {
        match self {
            Self::Requests => "`REQUESTS_CHANNEL_ID`",
            Self::Commands => "`ALLOWED_CHANNEL_IDS`",
        }
    }

    /// How bad it is if the channel is of no use.
    fn worst(self) -> Level {
        match self {
            Self::Requests => Level::Fail,
            Self::Commands => Level::Warn,
        }
    }

    /// What doesn't work then.
    fn loss(self) -> &'static str {
        match self {
            Self::Requests => "no admin sees requests",
            Self::Commands => "nobody can be told there what came of a request",
        }
    }
}

impl Room {
    /// A finding that says that the channel is of no use.
    fn of_no_use(&self, text: String) -> Finding {
        Finding::new(self.purpose.worst(), text)
    }

    fn name(&self) -> String {
        match self.purpose {
            Purpose::Requests => format!("the requests channel <#{}>", self.id),
            Purpose::Commands => format!("channel <#{}>", self.id),
        }
    }
}

/// Looks at every channel that the settings name.
pub(super) async fn rooms(rest: &Rest, wanted: Places<'_>, servers: &[Membership]) -> Vec<Finding> {
    let requests = wanted.requests.map(|id| (id, Purpose::Requests));
    let allowed = wanted.policy.channels.iter().map(|id| (*id, Purpose::Commands));
    let mut findings = Vec::new();
    for (id, purpose) in requests.into_iter().chain(allowed) {
        let shows_requests = wanted.requests.is_none_or(|requests| requests == id);
        let room = Room { id, purpose, shows_requests };
        findings.extend(look(rest, &room, wanted.policy, servers).await);
    }
    findings
}

async fn look(rest: &Rest, room: &Room, policy: &Policy, servers: &[Membership]) -> Vec<Finding> {
    let (id, variable) = (room.id, room.purpose.variable());
    let channel = match rest.get_channel(id).await {
        Ok(channel) => channel,
        Err(error) => return vec![unseen(room, &error)],
    };
    if let Purpose::Requests = room.purpose
        && !channel.takes_messages()
    {
        return vec![room.of_no_use(format!(
            "channel <#{id}> of {variable} takes no messages: name a text channel"
        ))];
    }
    let Some(guild) = channel.guild().filter(|guild| policy.guilds.contains(guild)) else {
        return vec![room.of_no_use(format!(
            "channel <#{id}> of {variable} isn't in a server of `DISCORD_GUILD_IDS`: name one that \
             is, or add its server"
        ))];
    };
    // That the server can't be asked about is said already.
    let Some(server) = servers.iter().find(|server| server.guild == guild) else {
        return Vec::new();
    };
    let overwrites = match channel.thread_of() {
        None => channel.overwrites.clone(),
        Some(parent) => match rest.get_channel(parent).await {
            Ok(parent) => parent.overwrites,
            Err(error) => return vec![unseen(room, &error)],
        },
    };
    let allowed = server.allowed(&overwrites);
    let mut findings = lacks(room, &channel, allowed);
    if room.shows_requests && !allowed.has(Permission::MENTION_ROLES) {
        findings.extend(quiet_roles(policy, server));
    }
    findings
}

fn unseen(room: &Room, error: &RestError) -> Finding {
    let (id, variable, loss) = (room.id, room.purpose.variable(), room.purpose.loss());
    let why = words(error);
    let channel = format!("<#{id}>");
    room.of_no_use(if error.is_about_lost_message() {
        format!(
            "there is no channel {id} ({why}), so {loss}: right-click the channel in Discord, choose \
             Copy Channel ID, and set {variable} to that"
        )
    } else if error.is_about_channel() {
        format!(
            "the bot can't see channel {channel} ({why}), so {loss}: check {variable}, and give the \
             bot View Channel there"
        )
    } else {
        format!("channel {channel} of {variable} can't be asked about: {why}. Try again later")
    })
}

/// What the bot needs and isn't allowed, or that there is nothing of the kind.
fn lacks(room: &Room, channel: &Channel, allowed: Allowed) -> Vec<Finding> {
    let mut needed = vec![Permission::VIEW];
    match room.purpose {
        _ if channel.thread_of().is_some() => needed.push(Permission::SEND_IN_THREADS),
        Purpose::Requests => needed.push(Permission::SEND),
        // People use the command in the channel's threads too; a forum has nothing else.
        Purpose::Commands => {
            needed.extend(channel.takes_messages().then_some(Permission::SEND));
            needed.push(Permission::SEND_IN_THREADS);
        }
    }
    let wished = [Permission::READ_HISTORY, Permission::EMBED_LINKS];
    let wished = if room.shows_requests { &wished[..] } else { &[] };
    let missing = |of: &[Permission]| {
        let missing = of.iter().filter(|one| !allowed.has(**one)).map(|one| one.name);
        missing.collect::<Vec<_>>().join(" and ")
    };
    let (what, loss) = (room.name(), room.purpose.loss());
    let (needed, wished) = (missing(&needed), missing(wished));
    let mut findings = Vec::new();
    if !needed.is_empty() {
        findings.push(room.of_no_use(format!(
            "the bot lacks {needed} in {what}, so {loss}: change that in the channel's permissions"
        )));
    }
    if !wished.is_empty() {
        findings.push(Finding::warn(format!(
            "the bot lacks {wished} in {what}: change that in the channel's permissions"
        )));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!("the bot may write in {what}")));
    }
    findings
}

/// Admins' roles that aren't notified of requests.
fn quiet_roles(policy: &Policy, server: &Membership) -> Vec<Finding> {
    let quiet = server.roles.iter().filter(|role| {
        let id = role.id.get();
        policy.admin_roles.contains(&RoleId(id)) && !role.mentionable && id != server.guild.0
    });
    let finding = |id| {
        Finding::warn(format!(
            "the admins of role <@&{id}> aren't notified of requests: turn on Allow anyone to @mention \
             this role in its settings"
        ))
    };
    quiet.map(|role| finding(role.id)).collect()
}
