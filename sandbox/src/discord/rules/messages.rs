//! Messages: whom they may ping, what they may be made of.
//! <https://discord.com/developers/docs/resources/message>

use serde_json::Value;

use super::components;
use crate::discord::{
    ChannelId, Message,
    check::{Problems, join, units},
    components::IS_COMPONENTS_V2,
    fields::{list, number, text},
    messages::{EPHEMERAL, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS},
};

/// The ways in which a message comes.
#[derive(Clone, Copy)]
pub(in crate::discord) enum Way<'m> {
    /// A new message in a channel.
    Create,
    /// The answer to an interaction, or a further one.
    Answer,
    /// A change of this message.
    Edit(&'m Message),
    /// A change of this message as the answer to the use of its components.
    Update(&'m Message),
}

impl Way<'_> {
    /// The flags that can be set.
    fn flags(self) -> u64 {
        let more = match self {
            Self::Create => SUPPRESS_NOTIFICATIONS,
            Self::Answer | Self::Update(_) => SUPPRESS_NOTIFICATIONS | EPHEMERAL,
            Self::Edit(_) => 0,
        };
        SUPPRESS_EMBEDS | IS_COMPONENTS_V2 | more
    }
}

/// Checks a message that the bot sends, or a change of one.
pub(in crate::discord) fn check(problems: &mut Problems, at: &str, body: &Value, way: Way<'_>) {
    let flags = number(body, "flags");
    if flags & !way.flags() != 0 {
        let wrong = flags & !way.flags();
        problems.careless(format!("{}: {wrong} can't be set here", join(at, "flags")));
    }
    for name in ["sticker_ids", "attachments", "poll"] {
        problems.ensure(is_nothing(&body[name]), &join(at, name), "UNSUPPORTED");
    }
    mentions(problems, &join(at, "allowed_mentions"), &body["allowed_mentions"]);
    embeds(problems, &join(at, "embeds"), &body["embeds"]);
    let is_v2 = layout(problems, at, body, way);
    let list = &body["components"];
    components::check(problems, &join(at, "components"), list, is_v2);
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
}

/// Whether the message consists of components only, and what that forbids.
/// <https://discord.com/developers/docs/components/reference#component-reference>
fn layout(problems: &mut Problems, at: &str, body: &Value, way: Way<'_>) -> bool {
    let sets = number(body, "flags") & IS_COMPONENTS_V2 != 0;
    let before = match way {
        Way::Edit(message) | Way::Update(message) => Some(message),
        Way::Create | Way::Answer => None,
    };
    let was = before.is_some_and(Message::is_v2);
    let is_kept = !was || sets || !body["flags"].is_u64();
    problems.ensure(is_kept, &join(at, "flags"), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG");
    if !(sets || was) {
        return false;
    }
    let there = |name: &str| {
        let left = match (body.get(name), before) {
            (Some(value), _) => value.clone(),
            (None, Some(message)) if name == "content" => message.content.as_str().into(),
            (None, Some(message)) if name == "embeds" => message.embeds.clone().into(),
            (None, Some(_) | None) => Value::Null,
        };
        !is_nothing(&left)
    };
    for name in ["content", "embeds", "poll", "sticker_ids"] {
        if there(name) {
            let code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2";
            let flag = "MessageFlags.IS_COMPONENTS_V2";
            let sentence = format!("The '{name}' field cannot be used when using {flag}");
            problems.refuse_saying(&join(at, name), code, sentence);
        }
    }
    true
}

/// Checks that the message says whom it may ping: Discord's default is everyone it names.
/// <https://discord.com/developers/docs/resources/message#allowed-mentions-object>
fn mentions(problems: &mut Problems, at: &str, allowed: &Value) {
    let parse = allowed["parse"].as_array();
    if parse.is_none() {
        problems.careless(format!("{at}.parse is missing: this message could ping"));
    }
    for (index, kind) in parse.into_iter().flatten().enumerate() {
        let kind = text(kind);
        if allowed[kind].as_array().is_some_and(|ids| !ids.is_empty()) {
            let code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE";
            let sentence =
                format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            problems.refuse_saying(&format!("{at}.parse.{index}"), code, sentence);
        }
    }
}

/// Checks what embeds may hold together.
/// <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>
fn embeds(problems: &mut Problems, at: &str, embeds: &Value) {
    let length = |value: &Value| units(text(value));
    let whole = |embed: &Value| {
        let fields = list(&embed["fields"]).iter();
        let fields = fields.map(|field| length(&field["name"]) + length(&field["value"]));
        let own = ["/title", "/description", "/footer/text", "/author/name"];
        let own = own.iter().filter_map(|at| embed.pointer(at)).map(length);
        own.chain(fields).sum::<usize>()
    };
    let total: usize = list(embeds).iter().map(whole).sum();
    if total > 6000 {
        let sentence = format!("Embed size exceeds maximum size of 6000; is {total}.");
        problems.refuse_saying(at, "MAX_EMBED_SIZE_EXCEEDED", sentence);
    }
}

/// Checks a reply in this channel: `replied`, the message that it names, must be there, unless that
/// doesn't matter, and in the same channel.
/// <https://discord.com/developers/docs/resources/message#message-reference>
pub(in crate::discord) fn reply(
    problems: &mut Problems,
    body: &Value,
    channel: ChannelId,
    replied: Option<&Message>,
) {
    let at = "message_reference";
    let is_there = replied.is_some() || body[at]["fail_if_not_exists"] == false;
    problems.ensure(is_there, at, "REPLIES_UNKNOWN_MESSAGE");
    let is_near = replied.is_none_or(|found| found.channel == channel);
    problems.ensure(is_near, at, "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL");
}
