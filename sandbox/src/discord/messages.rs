//! Messages: what they are, and whom they ping.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Change, State,
    check::number,
    clock,
    limits::EPHEMERAL,
    replies::Refusal,
    world::{APPLICATION, ChannelId, Who, bot_user, snowflake},
};

/// The flag of a placeholder: "thinking…".
const LOADING: u64 = 1 << 7;

/// A message as it now stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    /// The rows of components, as the bot sent them.
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
    /// Whom it mentions now, which clients highlight: an edit with content says so anew.
    pub mentions: Pings,
    #[serde(skip)]
    pub(super) author_id: u64,
    #[serde(skip)]
    pub(super) flags: u64,
    #[serde(skip)]
    pub(super) edited_at: Option<String>,
    #[serde(skip)]
    pub(super) interaction_id: Option<u64>,
}

/// The interaction that a message answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Who typed or pressed.
    pub who: Who,
    /// What: `/ldapgroup search`, or the button's label.
    pub command: String,
}

/// Whom a message pings: named in its content **and** allowed by its `allowed_mentions`. Code spans
/// aren't looked at: what pings outside of one counts inside too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pings {
    /// Ids of users.
    pub users: Vec<u64>,
    /// Ids of roles.
    pub roles: Vec<u64>,
    /// `@everyone` or `@here`.
    pub everyone: bool,
}

/// A button of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What it says; empty if it only has an emoji.
    pub label: String,
    /// What a press sends; `None` for a link.
    pub custom_id: Option<String>,
    /// Whether it can't be pressed.
    pub disabled: bool,
}

/// A select menu of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Menu {
    /// What a choice sends.
    pub custom_id: String,
    /// Label and value of each option.
    pub options: Vec<(String, String)>,
    /// The least number of options that are picked together. Discord's default is 1.
    pub min_values: usize,
    /// The greatest. Discord's default is 1.
    pub max_values: usize,
    /// Whether it can't be used.
    pub disabled: bool,
}

impl Pings {
    /// Does the message ping nobody?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.roles.is_empty() && !self.everyone
    }

    fn of(content: &str, allowed: &Value) -> Self {
        let parse = |kind: &str| {
            let list = allowed["parse"].as_array();
            // Without a list everything in the content pings.
            list.is_none_or(|list| list.iter().any(|entry| entry == kind))
        };
        let listed = |kind: &str, id: u64| {
            let list = allowed[kind].as_array();
            let id = id.to_string();
            list.is_some_and(|list| list.iter().any(|entry| *entry == id))
        };
        let mut pings = Self {
            everyone: (content.contains("@everyone") || content.contains("@here"))
                && parse("everyone"),
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
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            private_to: None,
            interaction: None,
            edited: false,
            thinking: false,
            pings: Pings::default(),
            mentions: Pings::default(),
            author_id: author.0,
            flags: 0,
            edited_at: None,
            interaction_id: None,
        }
    }

    /// A message of the bot with the content of a checked body.
    pub(super) fn of_bot(channel: ChannelId, body: &Value) -> Self {
        let mut message = Self::new(channel, (APPLICATION, "ldapgroup"));
        message.put(body);
        message.pings = Pings::of(&message.content, &body["allowed_mentions"]);
        message.mentions = message.pings.clone();
        message.flags = number(body, "flags");
        message
    }

    /// Replaces what the body has; null empties.
    fn put(&mut self, body: &Value) {
        if let Some(content) = body.get("content") {
            content.as_str().unwrap_or_default().clone_into(&mut self.content);
        }
        let lists = [("embeds", &mut self.embeds), ("components", &mut self.components)];
        for (name, list) in lists {
            if let Some(new) = body.get(name) {
                *list = new.as_array().cloned().unwrap_or_default();
            }
        }
    }

    /// Changes the message as a checked body says, refusing to empty it.
    pub(super) fn edit(&mut self, body: &Value) -> Result<(), Refusal> {
        let mut changed = self.clone();
        changed.put(body);
        if changed.is_empty() {
            return Err(Refusal::EMPTY);
        }
        if body.get("content").is_some() {
            changed.mentions = Pings::of(&changed.content, &body["allowed_mentions"]);
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
    #[must_use]
    pub fn author_id(&self) -> u64 {
        self.author_id
    }

    pub(super) fn is_empty(&self) -> bool {
        self.content.trim().is_empty() && self.embeds.is_empty()
    }

    fn parts(&self) -> impl Iterator<Item = &Value> {
        self.components.iter().filter_map(|row| row["components"].as_array()).flatten()
    }

    /// The message's buttons, in order.
    #[must_use]
    pub fn buttons(&self) -> Vec<Button> {
        self.parts()
            .filter(|part| number(part, "type") == 2)
            .map(|part| Button {
                label: part["label"].as_str().unwrap_or_default().to_owned(),
                custom_id: part["custom_id"].as_str().map(str::to_owned),
                disabled: part["disabled"] == true,
            })
            .collect()
    }

    /// The message's select menus of texts, in order.
    #[must_use]
    pub fn menus(&self) -> Vec<Menu> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let count = |value: &Value| {
            value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1)
        };
        self.parts()
            .filter(|part| number(part, "type") == 3)
            .map(|part| Menu {
                custom_id: text(&part["custom_id"]),
                options: part["options"].as_array().map_or_else(Vec::new, |options| {
                    let pair = |option: &Value| (text(&option["label"]), text(&option["value"]));
                    options.iter().map(pair).collect()
                }),
                min_values: count(&part["min_values"]),
                max_values: count(&part["max_values"]),
                disabled: part["disabled"] == true,
            })
            .collect()
    }

    /// Content and embeds as plain lines, in the order in which they are read.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![self.content.clone()];
        for embed in &self.embeds {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            lines.push(text(&embed["author"]["name"]));
            lines.push(text(&embed["title"]));
            lines.push(text(&embed["description"]));
            for field in embed["fields"].as_array().map_or(&[][..], Vec::as_slice) {
                lines.push(text(&field["name"]));
                lines.push(text(&field["value"]));
            }
            lines.push(text(&embed["footer"]["text"]));
        }
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
        let mut json = json!({
            "id": self.id.to_string(),
            "channel_id": self.channel.to_string(),
            "type": 0,
            "author": person.map_or_else(bot_user, Who::user),
            "content": self.content,
            "timestamp": clock::made_at(self.id),
            "edited_timestamp": self.edited_at,
            "tts": false,
            "mention_everyone": self.mentions.everyone,
            "mentions": mentions,
            "mention_roles": roles,
            "attachments": [],
            "embeds": self.embeds.iter().map(embed_json).collect::<Vec<_>>(),
            "components": self.components,
            "pinned": false,
            "flags": (self.flags & !EPHEMERAL) | private | loading,
        });
        if person.is_none() {
            json["application_id"] = json!(APPLICATION.to_string());
        }
        if let (Some(id), Some(origin)) = (self.interaction_id, &self.interaction) {
            json["webhook_id"] = json!(APPLICATION.to_string());
            json["interaction_metadata"] = json!({
                "id": id.to_string(),
                "type": 2,
                "user": origin.who.user(),
                "name": origin.command.trim_start_matches('/'),
                "authorizing_integration_owners": {},
            });
        }
        json
    }
}

fn embed_json(embed: &Value) -> Value {
    let mut embed = embed.clone();
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

    pub(super) fn message_mut(&mut self, id: u64) -> Option<&mut Message> {
        self.messages.iter_mut().rev().find(|message| message.id == id)
    }

    /// Changes a message and tells of it.
    pub(super) fn edit(&mut self, id: u64, body: &Value) -> Result<Message, Refusal> {
        let message = self.message_mut(id).ok_or(Refusal::UNKNOWN_MESSAGE)?;
        message.edit(body)?;
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

    #[test]
    fn an_edit_says_anew_whom_a_message_mentions_and_pings_nobody() {
        let allowed = json!({"parse": [], "roles": ["3"]});
        let mut card =
            Message::of_bot(1, &json!({"content": "<@&3>", "allowed_mentions": allowed}));
        card.edit(&json!({"components": []})).expect("it isn't empty");
        assert_eq!(card.mentions.roles, [3]);
        card.edit(&json!({"content": "Created for <@1>", "allowed_mentions": {"users": ["1"]}}))
            .expect("it isn't empty");
        assert_eq!((&card.mentions.users[..], &card.mentions.roles[..]), (&[1][..], &[][..]));
        assert_eq!((&card.pings.users[..], &card.pings.roles[..]), (&[][..], &[3][..]));
    }

    #[test]
    fn only_what_is_named_and_allowed_pings() {
        let content = "<@1> <@!2> <@&3> @everyone";
        let none = Pings::of(content, &json!({"parse": []}));
        assert!(none.is_empty());
        let some = Pings::of(content, &json!({"parse": [], "users": ["2", "9"], "roles": ["3"]}));
        assert_eq!((some.users, some.roles, some.everyone), (vec![2], vec![3], false));
        let all = Pings::of(content, &Value::Null);
        assert_eq!((all.users, all.roles, all.everyone), (vec![1, 2], vec![3], true));
    }
}
