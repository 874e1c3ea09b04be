//! Discord's limits of messages and forms.
//! <https://discord.com/developers/docs/resources/message>,
//! <https://discord.com/developers/docs/components/reference>

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::check::{
    Kind::{self, Any, Bool, Ids, Int, List, Text},
    Problems, join, number, units,
};

/// Only the person who is answered sees the message.
pub(super) const EPHEMERAL: u64 = 1 << 6;
const SUPPRESS_EMBEDS: u64 = 1 << 2;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

/// The ways in which a message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A new message in a channel.
    Create,
    /// A changed message of a channel.
    Edit,
    /// The first answer to an interaction.
    Answer,
    /// A further message to an interaction.
    FollowUp,
    /// A changed answer or follow-up.
    EditAnswer,
}

const COMMON: [(&str, Kind); 6] = [
    ("content", Text),
    ("embeds", List),
    ("allowed_mentions", Kind::Map),
    ("components", List),
    ("flags", Int),
    ("attachments", List),
];

impl Form {
    fn fields(self) -> Vec<(&'static str, Kind)> {
        let more: &[_] = match self {
            Self::Create => &[
                ("nonce", Any),
                ("enforce_nonce", Bool),
                ("tts", Bool),
                ("message_reference", Kind::Map),
                ("sticker_ids", Ids),
            ],
            Self::Answer | Self::FollowUp => &[("tts", Bool)],
            Self::Edit | Self::EditAnswer => &[],
        };
        COMMON.iter().chain(more).copied().collect()
    }

    fn flags(self) -> u64 {
        match self {
            Self::Create => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS,
            Self::Answer | Self::FollowUp => EPHEMERAL | SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS,
            Self::Edit | Self::EditAnswer => SUPPRESS_EMBEDS,
        }
    }
}

/// Checks a message that the bot sends.
pub(super) fn message(problems: &mut Problems, path: &str, body: &Value, form: Form) {
    let Some(body) = problems.fields(path, body, &form.fields()) else {
        return;
    };
    problems.text(path, body, "content", (0, 2000));
    problems.flags(path, body, form.flags());
    for name in ["sticker_ids", "attachments"] {
        for (at, _) in problems.list(path, body, name, (0, 10)) {
            problems.refuse(&at, "UNSUPPORTED", "The stand-in takes no stickers and no files.");
        }
    }
    if let Some(nonce) = body.get("nonce") {
        let fits = nonce.as_str().map_or(nonce.is_i64(), |text| units(text) <= 25);
        if !fits && !nonce.is_null() {
            problems.refuse(
                &join(path, "nonce"),
                "NONCE_TYPE_TOO_LONG",
                "Must be at most 25 long.",
            );
        }
    }
    mentions(problems, path, body);
    embeds(problems, path, body);
    components(problems, path, body);
}

/// Checks that the message says whom it may ping: Discord's default is everyone it names.
fn mentions(problems: &mut Problems, path: &str, body: &Map<String, Value>) {
    let at = join(path, "allowed_mentions");
    let allowed = body.get("allowed_mentions").unwrap_or(&Value::Null);
    if allowed.get("parse").is_none_or(Value::is_null) {
        problems.careless(format!("{at}.parse is missing: this message could ping"));
    }
    if allowed.is_null() {
        return;
    }
    let known = [("parse", List), ("users", Ids), ("roles", Ids), ("replied_user", Bool)];
    let Some(allowed) = problems.fields(&at, allowed, &known) else {
        return;
    };
    for name in ["users", "roles"] {
        let mut seen = HashSet::new();
        for (at, id) in problems.list(&at, allowed, name, (0, 100)) {
            if !seen.insert(id.as_str()) {
                let (code, message) =
                    ("SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value");
                problems.refuse(&at, code, message);
            }
        }
    }
    for (at, parse) in problems.list(&at, allowed, "parse", (0, 3)) {
        match parse.as_str() {
            Some("everyone") => {}
            Some(kind @ ("users" | "roles")) => {
                let both = allowed.get(kind).and_then(Value::as_array);
                if both.is_some_and(|ids| !ids.is_empty()) {
                    problems.refuse(
                        &at,
                        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                        format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive."),
                    );
                }
            }
            Some(_) | None => problems.refuse(
                &at,
                "BASE_TYPE_CHOICES",
                "Value must be one of ('users', 'roles', 'everyone').",
            ),
        }
    }
}

fn embeds(problems: &mut Problems, path: &str, body: &Map<String, Value>) {
    let known = [
        ("title", Text),
        ("type", Text),
        ("description", Text),
        ("url", Text),
        ("timestamp", Text),
        ("color", Int),
        ("footer", Kind::Map),
        ("image", Kind::Map),
        ("thumbnail", Kind::Map),
        ("author", Kind::Map),
        ("fields", List),
    ];
    let mut total = 0;
    for (at, embed) in problems.list(path, body, "embeds", (0, 10)) {
        let Some(object) = problems.fields(&at, embed, &known) else {
            continue;
        };
        problems.text(&at, object, "title", (0, 256));
        problems.text(&at, object, "description", (0, 4096));
        problems.range(&at, object, "color", (0, 0xff_ffff));
        total += length(embed, "title") + length(embed, "description");
        for (name, inner, most) in [("footer", "text", 2048), ("author", "name", 256)] {
            if let Some(part) = object.get(name).and_then(Value::as_object) {
                problems.text(&join(&at, name), part, inner, (1, most));
                total += length(&embed[name], inner);
            }
        }
        for (at, field) in problems.list(&at, object, "fields", (0, 25)) {
            let known = [("name", Text), ("value", Text), ("inline", Bool)];
            if let Some(object) = problems.fields(&at, field, &known) {
                problems.required(&at, object, &["name", "value"]);
                problems.text(&at, object, "name", (1, 256));
                problems.text(&at, object, "value", (1, 1024));
                total += length(field, "name") + length(field, "value");
            }
        }
    }
    if total > 6000 {
        problems.refuse(
            &join(path, "embeds"),
            "MAX_EMBED_SIZE_EXCEEDED",
            format!("Embed size exceeds maximum size of 6000; is {total}."),
        );
    }
}

fn length(object: &Value, name: &str) -> usize {
    object.get(name).and_then(Value::as_str).map_or(0, units)
}

const ROW: [(&str, Kind); 3] = [("type", Int), ("id", Int), ("components", List)];

fn components(problems: &mut Problems, path: &str, body: &Map<String, Value>) {
    let mut ids = HashSet::new();
    for (at, row) in problems.list(path, body, "components", (0, 5)) {
        let Some(object) = problems.fields(&at, row, &ROW) else {
            continue;
        };
        if number(row, "type") != 1 {
            problems.refuse(&at, "UNION_TYPE_CHOICES", "Value of field \"type\" must be 1.");
            continue;
        }
        let children = problems.list(&at, object, "components", (1, 5));
        let alone = children.len() == 1;
        for (at, child) in children {
            match number(child, "type") {
                2 => button(problems, &at, child),
                3 | 5..=8 if !alone => {
                    problems.refuse(&at, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A menu needs a row.");
                }
                3 | 5..=8 => menu(problems, &at, child),
                _ => problems.refuse(&at, "UNION_TYPE_CHOICES", "Neither button nor menu."),
            }
            unique_id(problems, &mut ids, &at, child);
        }
    }
}

fn unique_id<'v>(problems: &mut Problems, ids: &mut HashSet<&'v str>, at: &str, child: &'v Value) {
    if let Some(id) = child.get("custom_id").and_then(Value::as_str)
        && !ids.insert(id)
    {
        problems.refuse(
            at,
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "Component custom id cannot be duplicated",
        );
    }
}

fn button(problems: &mut Problems, at: &str, button: &Value) {
    let known = [
        ("type", Int),
        ("id", Int),
        ("style", Int),
        ("label", Text),
        ("emoji", Kind::Map),
        ("custom_id", Text),
        ("url", Text),
        ("disabled", Bool),
    ];
    let Some(object) = problems.fields(at, button, &known) else {
        return;
    };
    problems.text(at, object, "label", (1, 80));
    problems.text(at, object, "custom_id", (1, 100));
    problems.text(at, object, "url", (1, 512));
    let (needed, barred) = match number(button, "style") {
        1..=4 => ("custom_id", "url"),
        5 => ("url", "custom_id"),
        _ => {
            problems.refuse(&join(at, "style"), "BASE_TYPE_CHOICES", "Must be from 1 to 5.");
            return;
        }
    };
    problems.required(at, object, &[needed]);
    if object.contains_key(barred) {
        problems.refuse(&join(at, barred), "BUTTON_COMPONENT_INVALID", "Not with this style.");
    }
    if !object.contains_key("label") && !object.contains_key("emoji") {
        problems.refuse(at, "BUTTON_COMPONENT_EMPTY", "A label or an emoji is required.");
    }
}

fn menu(problems: &mut Problems, at: &str, menu: &Value) {
    let known = [
        ("type", Int),
        ("id", Int),
        ("custom_id", Text),
        ("options", List),
        ("channel_types", List),
        ("default_values", List),
        ("placeholder", Text),
        ("min_values", Int),
        ("max_values", Int),
        ("disabled", Bool),
    ];
    let Some(object) = problems.fields(at, menu, &known) else {
        return;
    };
    problems.required(at, object, &["custom_id"]);
    problems.text(at, object, "custom_id", (1, 100));
    problems.text(at, object, "placeholder", (0, 150));
    problems.range(at, object, "min_values", (0, 25));
    problems.range(at, object, "max_values", (1, 25));
    if number(menu, "type") == 3 {
        problems.required(at, object, &["options"]);
    }
    let options = problems.list(at, object, "options", (1, 25));
    if !options.is_empty() && number(menu, "max_values") > options.len() as u64 {
        let at = join(at, "max_values");
        problems.refuse(&at, "BASE_TYPE_BAD_LENGTH", "More values than options.");
    }
    let mut values = HashSet::new();
    for (at, option) in options {
        let known = [
            ("label", Text),
            ("value", Text),
            ("description", Text),
            ("emoji", Kind::Map),
            ("default", Bool),
        ];
        let Some(object) = problems.fields(&at, option, &known) else {
            continue;
        };
        problems.required(&at, object, &["label", "value"]);
        problems.text(&at, object, "label", (1, 100));
        problems.text(&at, object, "value", (1, 100));
        problems.text(&at, object, "description", (0, 100));
        if !values.insert(option["value"].as_str()) {
            problems.refuse(&at, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "Value is taken.");
        }
    }
}

/// Checks a form (Discord: modal) of classic text inputs in rows.
pub(super) fn form(problems: &mut Problems, path: &str, data: &Value) {
    let known = [("custom_id", Text), ("title", Text), ("components", List)];
    let Some(object) = problems.fields(path, data, &known) else {
        return;
    };
    problems.required(path, object, &["custom_id", "title", "components"]);
    problems.text(path, object, "custom_id", (1, 100));
    problems.text(path, object, "title", (1, 45));
    let mut ids = HashSet::new();
    for (at, row) in problems.list(path, object, "components", (1, 5)) {
        let Some(object) = problems.fields(&at, row, &ROW) else {
            continue;
        };
        for (at, child) in problems.list(&at, object, "components", (1, 1)) {
            input(problems, &at, child);
            unique_id(problems, &mut ids, &at, child);
        }
    }
}

fn input(problems: &mut Problems, at: &str, input: &Value) {
    let known = [
        ("type", Int),
        ("id", Int),
        ("custom_id", Text),
        ("style", Int),
        ("label", Text),
        ("min_length", Int),
        ("max_length", Int),
        ("required", Bool),
        ("value", Text),
        ("placeholder", Text),
    ];
    let Some(object) = problems.fields(at, input, &known) else {
        return;
    };
    if number(input, "type") != 4 {
        problems.refuse(at, "UNION_TYPE_CHOICES", "A form's row holds a text input.");
    }
    problems.required(at, object, &["custom_id", "style", "label"]);
    problems.text(at, object, "custom_id", (1, 100));
    problems.text(at, object, "label", (1, 45));
    problems.text(at, object, "value", (0, 4000));
    problems.text(at, object, "placeholder", (0, 100));
    problems.range(at, object, "style", (1, 2));
    problems.range(at, object, "min_length", (0, 4000));
    problems.range(at, object, "max_length", (1, 4000));
}
