//! Messages: what they are, and whom they ping.

use serde_json::{Value, json};

use super::{
    APPLICATION, Change, ChannelId, State, Who, clock,
    components::{self, IS_COMPONENTS_V2},
    fields::{id_in, list, number, text, without_null},
    permissions::Reach,
    replies::Refusal,
    world::{Channel, bot_user, object, snowflake},
};

/// The flag of a message whose links aren't shown as embeds.
/// <https://discord.com/developers/docs/resources/message#message-object-message-flags>
pub(super) const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// The flag of a message that only the person who is answered sees.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// The flag of a placeholder: "thinking…".
const LOADING: u64 = 1 << 7;
/// The flag of a message that nobody is notified of.
pub(super) const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

/// Discord's number of a message that answers a slash command; any other is 0.
/// <https://discord.com/developers/docs/resources/message#message-object-message-types>
const ANSWERS_COMMAND: u8 = 20;
/// Of one that replies to another.
const IS_REPLY: u8 = 19;

/// A message as it now stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The message's id. Greater is newer.
    pub id: u64,
    /// Where it stands.
    pub channel: ChannelId,
    /// The author's name: the bot's, or a person's.
    pub author: String,
    /// The text, in Discord's markdown.
    pub content: String,
    /// The embeds, as the bot sent them.
    pub embeds: Vec<Value>,
    /// The components, as the bot sent them.
    pub components: Vec<Value>,
    /// The only person who sees it, if it is ephemeral.
    pub private_to: Option<Who>,
    /// The interaction that it answers.
    pub interaction: Option<Origin>,
    /// Whether it says "(edited)". Filling a "thinking…" placeholder isn't an edit.
    pub edited: bool,
    /// Whether it is still a placeholder that says "thinking…".
    pub thinking: bool,
    /// Whom it pinged when it was sent. An edit pings nobody.
    pub pings: Pings,
    /// Whom it mentions now, which clients highlight: an edit of its text says so anew.
    pub mentions: Pings,
    pub(super) author_id: u64,
    pub(super) flags: u64,
    pub(super) edited_at: Option<String>,
    pub(super) interaction_id: Option<u64>,
    /// The interaction, as Discord tells of it.
    pub(super) metadata: Option<Value>,
    /// The message that it is a reply to.
    pub(super) replies_to: Option<u64>,
}

/// The interaction that a message answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who typed or pressed.
    pub who: Who,
    /// What: `/ldapgroup search`, or the button's label.
    pub command: String,
}

/// Whom a message pings: named in its content or a text display **and** allowed by its
/// `allowed_mentions`. Code spans aren't looked at: what pings outside of one counts inside too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pings {
    /// Ids of users.
    pub users: Vec<u64>,
    /// Ids of roles.
    pub roles: Vec<u64>,
    /// `@everyone` or `@here`.
    pub everyone: bool,
}

impl Pings {
    /// Does the message ping nobody?
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.roles.is_empty() && !self.everyone
    }

    /// A role that not anyone may mention, `@everyone` and `@here` ping only if the bot may mention
    /// all: <https://discord.com/developers/docs/topics/permissions>, `MENTION_EVERYONE`.
    fn of(content: &str, allowed: &Value, reach: &Reach) -> Self {
        let parse = |kind: &str| {
            let list = allowed["parse"].as_array();
            // Without a list everything in the content pings.
            list.is_none_or(|list| list.iter().any(|entry| entry == kind))
        };
        let listed = |kind: &str, id: u64| {
            let mut ids = allowed[kind].as_array().into_iter().flatten();
            ids.any(|entry| id_in(entry) == Some(id))
        };
        let mut pings = Self {
            everyone: (content.contains("@everyone") || content.contains("@here"))
                && parse("everyone")
                && reach.all,
            ..Self::default()
        };
        for part in content.split("<@").skip(1) {
            let Some((id, _)) = part.split_once('>') else {
                continue;
            };
            let (into, kind, digits) = match id.strip_prefix('&') {
                Some(digits) => (&mut pings.roles, "roles", digits),
                None => (&mut pings.users, "users", id.trim_start_matches('!')),
            };
            if let Ok(id) = digits.parse()
                && (parse(kind) || listed(kind, id))
                && (kind == "users" || reach.has(id))
                && !into.contains(&id)
            {
                into.push(id);
            }
        }
        pings
    }
}

impl Message {
    pub(super) fn new(channel: ChannelId, author: (u64, &str)) -> Self {
        Self {
            id: snowflake(),
            channel,
            author: author.1.to_owned(),
            author_id: author.0,
            ..Self::default()
        }
    }

    /// A message of the bot with the content of a checked body.
    pub(super) fn of_bot(channel: ChannelId, body: &Value, reach: &Reach) -> Self {
        let mut message = Self::new(channel, (APPLICATION, "ldapgroup"));
        message.put(body);
        message.pings = Pings::of(&message.said(), &body["allowed_mentions"], reach);
        message.mentions = message.pings.clone();
        message.flags = number(body, "flags");
        message
    }

    /// Replaces what the body has; null empties.
    fn put(&mut self, body: &Value) {
        if let Some(content) = body.get("content") {
            text(content).clone_into(&mut self.content);
        }
        if let Some(embeds) = body.get("embeds") {
            self.embeds = list(embeds).iter().map(embed).collect();
        }
        if let Some(parts) = body.get("components") {
            self.components = components::filled(list(parts));
        }
        if let Some(flags) = body["flags"].as_u64() {
            // An edit may set it, none takes it away.
            let kept = self.flags & !SUPPRESS_EMBEDS;
            self.flags = kept | flags & (SUPPRESS_EMBEDS | IS_COMPONENTS_V2);
        }
    }

    /// Changes the message as a checked body says, refusing to empty it.
    pub(super) fn edit(&mut self, body: &Value, reach: &Reach) -> Result<(), Refusal> {
        let mut changed = self.clone();
        changed.put(body);
        let has_parts = self.metadata.is_none() && !changed.components.is_empty();
        if changed.is_empty() && !has_parts {
            return Err(Refusal::EMPTY);
        }
        let is_laid_out_anew = changed.is_v2() && body.get("components").is_some();
        if body.get("content").is_some() || is_laid_out_anew {
            changed.mentions = Pings::of(&changed.said(), &body["allowed_mentions"], reach);
        }
        if self.thinking {
            changed.thinking = false;
            changed.pings = changed.mentions.clone();
        } else {
            changed.edited = true;
            changed.edited_at = Some(clock::now());
        }
        *self = changed;
        Ok(())
    }

    /// The author's id: the bot's, or a person's.
    pub fn author_id(&self) -> u64 {
        self.author_id
    }

    pub(super) fn is_empty(&self) -> bool {
        let is_laid_out = self.is_v2() && !self.components.is_empty();
        self.content.trim().is_empty() && self.embeds.is_empty() && !is_laid_out
    }

    /// Is it made of components alone?
    pub(super) fn is_v2(&self) -> bool {
        self.flags & IS_COMPONENTS_V2 != 0
    }

    /// What can mention somebody.
    fn said(&self) -> String {
        let displays = self.text_displays().collect::<Vec<_>>();
        format!("{}\n{}", self.content, displays.join("\n"))
    }

    /// Content, embeds and text displays as plain lines, in the order in which they are read.
    pub fn text(&self) -> String {
        let mut lines = vec![self.content.clone()];
        for embed in &self.embeds {
            let part = |at: &str| embed.pointer(at).map_or("", text).to_owned();
            lines.extend(["/author/name", "/title", "/description"].map(part));
            for field in list(&embed["fields"]) {
                lines.extend(["name", "value"].map(|name| text(&field[name]).to_owned()));
            }
            lines.push(part("/footer/text"));
        }
        lines.extend(self.text_displays());
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// The message as Discord answers it.
    pub(super) fn json(&self) -> Value {
        let person = Who::ALL.into_iter().find(|who| who.id() == self.author_id);
        let private = self.private_to.map_or(0, |_| EPHEMERAL);
        let loading = if self.thinking { LOADING } else { 0 };
        let mentions: Vec<_> = Who::ALL
            .into_iter()
            .filter(|who| self.mentions.users.contains(&who.id()))
            .map(Who::user)
            .collect();
        let roles: Vec<_> = self.mentions.roles.iter().map(u64::to_string).collect();
        let answers_command = self.metadata.as_ref().is_some_and(|of| of["type"] == 2);
        let own = json!({
            "id": self.id.to_string(),
            "channel_id": self.channel.to_string(),
            "type": if answers_command { ANSWERS_COMMAND } else { 0 },
            "author": person.map_or_else(bot_user, Who::user),
            "content": self.content,
            "timestamp": clock::made_at(self.id),
            "edited_timestamp": self.edited_at,
            "mention_everyone": self.mentions.everyone,
            "mentions": mentions,
            "mention_roles": roles,
            "embeds": self.embeds,
            "components": self.components,
            "flags": (self.flags & !EPHEMERAL) | private | loading,
        });
        let mut json = object("message", own);
        if let Some(replied) = self.replies_to {
            json["type"] = json!(IS_REPLY);
            json["message_reference"] = self.reference(&json!(replied.to_string()));
        }
        if let (Some(metadata), Some(origin)) = (&self.metadata, &self.interaction) {
            json["webhook_id"] = json!(APPLICATION.to_string());
            json["application_id"] = json!(APPLICATION.to_string());
            if metadata["interacted_message_id"].is_string() {
                json["message_reference"] = self.reference(&metadata["interacted_message_id"]);
            }
            json["interaction_metadata"] = metadata.clone();
            if answers_command {
                json["interaction"] = json!({
                    "id": metadata["id"],
                    "type": 2,
                    "name": origin.command.trim_start_matches('/'),
                    "user": origin.who.user(),
                });
            }
        }
        json
    }
}

impl Message {
    /// The message of this id in the same channel, as messages refer to one.
    fn reference(&self, id: &Value) -> Value {
        let mut json = json!({"type": 0, "channel_id": self.channel.to_string(), "message_id": id});
        if let Some(guild) = Channel::find(self.channel).and_then(|channel| channel.guild) {
            json["guild_id"] = json!(guild.to_string());
        }
        json
    }
}

/// An embed as Discord answers it.
fn embed(sent: &Value) -> Value {
    let mut embed = without_null(sent);
    embed["type"] = json!("rich");
    embed
}

impl State {
    /// Adds a message and tells of it.
    pub(super) fn post(&mut self, message: Message) -> Message {
        self.messages.push(message.clone());
        self.announce("MESSAGE_CREATE", &message);
        self.tell(Change::Posted(message.clone()));
        message
    }

    pub(super) fn message(&self, id: u64) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.id == id)
    }

    pub(super) fn message_mut(&mut self, id: u64) -> Option<&mut Message> {
        self.messages.iter_mut().rev().find(|message| message.id == id)
    }

    /// Changes a message and tells of it.
    pub(super) fn edit(&mut self, id: u64, body: &Value) -> Result<Message, Refusal> {
        let channel = self.message(id).ok_or(Refusal::UNKNOWN_MESSAGE)?.channel;
        let reach = self.grants.reach(channel);
        let message = self.message_mut(id).ok_or(Refusal::UNKNOWN_MESSAGE)?;
        message.edit(body, &reach)?;
        let message = message.clone();
        self.announce("MESSAGE_UPDATE", &message);
        self.tell(Change::Edited(message.clone()));
        Ok(message)
    }

    /// Deletes a message and tells of it. `false` if there is none.
    pub(super) fn delete(&mut self, id: u64) -> bool {
        let Some(at) = self.messages.iter().position(|message| message.id == id) else {
            return false;
        };
        let message = self.messages.remove(at);
        self.announce("MESSAGE_DELETE", &message);
        self.tell(Change::Deleted(id));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Reach {
        Reach { all: true, roles: Vec::new() }
    }

    #[test]
    fn an_edit_says_anew_whom_a_message_mentions_and_pings_nobody() {
        let allowed = json!({"parse": [], "roles": ["3"]});
        let mut card =
            Message::of_bot(1, &json!({"content": "<@&3>", "allowed_mentions": allowed}), &all());
        card.edit(&json!({"components": []}), &all()).expect("it isn't empty");
        assert_eq!(card.mentions.roles, [3]);
        let next = json!({"content": "Created for <@1>", "allowed_mentions": {"users": ["1"]}});
        card.edit(&next, &all()).expect("it isn't empty");
        assert_eq!((&card.mentions.users[..], &card.mentions.roles[..]), (&[1][..], &[][..]));
        assert_eq!((&card.pings.users[..], &card.pings.roles[..]), (&[][..], &[3][..]));
    }

    #[test]
    fn only_what_is_named_and_allowed_pings() {
        let content = "<@1> <@!2> <@&3> @everyone";
        let none = Pings::of(content, &json!({"parse": []}), &all());
        assert!(none.is_empty());
        let some =
            Pings::of(content, &json!({"parse": [], "users": ["2", "9"], "roles": ["3"]}), &all());
        assert_eq!((some.users, some.roles, some.everyone), (vec![2], vec![3], false));
        let all = Pings::of(content, &Value::Null, &all());
        assert_eq!((all.users, all.roles, all.everyone), (vec![1, 2], vec![3], true));
    }

    #[test]
    fn a_role_that_not_anyone_may_mention_pings_only_if_the_bot_may() {
        let content = "<@1> <@&3> <@&4> @everyone";
        let some = Pings::of(content, &Value::Null, &Reach { all: false, roles: vec![4] });
        assert_eq!((&some.users[..], &some.roles[..], some.everyone), (&[1][..], &[4][..], false));
    }
}
