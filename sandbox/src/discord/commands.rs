//! Discord's limits of slash commands and of the choices that autocomplete offers, and looking up
//! a registered command.
//! <https://discord.com/developers/docs/interactions/application-commands>

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{
    check::{
        Kind::{self, Any, Bool, Int, List, Number, Text},
        Problems, join, number, units,
    },
    world::{APPLICATION, merge, snowflake},
};

/// An option's type that is a subcommand.
pub(super) const SUBCOMMAND: u64 = 1;
const GROUP: u64 = 2;
const TEXT: u64 = 3;
const INTEGER: u64 = 4;
const NUMBER: u64 = 10;

/// Checks the list of commands of a bulk registration.
pub(super) fn all(problems: &mut Problems, body: &Value) {
    let Some(list) = body.as_array() else {
        problems.refuse("", "LIST_TYPE_CONVERT", "Only iterables may be used in a list.");
        return;
    };
    if list.len() > 110 {
        problems.refuse("", "BASE_TYPE_BAD_LENGTH", "At most 100 slash commands and 10 of menus.");
    }
    let mut names = HashSet::new();
    for (index, command) in list.iter().enumerate() {
        let at = index.to_string();
        one(problems, &at, command);
        if !names.insert((command["name"].as_str(), command["type"].as_u64().unwrap_or(1))) {
            problems.refuse(&at, "APPLICATION_COMMANDS_DUPLICATE_NAME", "Name is taken.");
        }
    }
}

fn one(problems: &mut Problems, at: &str, command: &Value) {
    let known = [
        ("id", Text),
        ("name", Text),
        ("name_localizations", Kind::Map),
        ("description", Text),
        ("description_localizations", Kind::Map),
        ("options", List),
        ("default_member_permissions", Text),
        ("dm_permission", Bool),
        ("default_permission", Bool),
        ("integration_types", List),
        ("contexts", List),
        ("type", Int),
        ("nsfw", Bool),
        ("handler", Int),
    ];
    let Some(object) = problems.fields(at, command, &known) else {
        return;
    };
    problems.required(at, object, &["name"]);
    if command["type"].as_u64().unwrap_or(1) == 1 {
        name(problems, at, object);
        problems.required(at, object, &["description"]);
        problems.text(at, object, "description", (1, 100));
    } else {
        problems.text(at, object, "name", (1, 32));
    }
    options(problems, at, object, 0);
    if weight(command) > 8000 {
        problems.refuse(at, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds 8000 characters.");
    }
}

/// The characters of all names, descriptions and values, which Discord bounds together.
fn weight(part: &Value) -> usize {
    let own: usize = ["name", "description", "value"]
        .iter()
        .filter_map(|name| part.get(*name).and_then(Value::as_str))
        .map(units)
        .sum();
    let inner: usize = ["options", "choices"]
        .iter()
        .filter_map(|name| part.get(*name).and_then(Value::as_array))
        .flatten()
        .map(weight)
        .sum();
    own + inner
}

/// Checks a name against `^[-_ʼ\p{L}\p{N}]{1,32}$` in lower case.
fn name(problems: &mut Problems, at: &str, object: &Map<String, Value>) {
    let name = object.get("name").and_then(Value::as_str).unwrap_or("");
    let fits = (1..=32).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphanumeric() || "-_ʼ".contains(c))
        && name.to_lowercase() == name;
    if !fits {
        problems.refuse(
            &join(at, "name"),
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        );
    }
}

fn options(problems: &mut Problems, at: &str, object: &Map<String, Value>, depth: u64) {
    let list = problems.list(at, object, "options", (0, 25));
    let mut names = HashSet::new();
    let mut optional_seen = false;
    let has_subcommands = list.iter().any(|(_, option)| is_subcommand(option));
    for (at, option) in list {
        if has_subcommands && !is_subcommand(option) {
            problems.refuse(
                &at,
                "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                "Sub-command and sub-command group option types are mutually exclusive to all \
                 other types",
            );
        }
        let required = option["required"] == true;
        if required && optional_seen {
            problems.refuse(
                &at,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            );
        }
        optional_seen |= !required;
        if !names.insert(option["name"].as_str()) {
            let code = "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS";
            problems.refuse(&at, code, "Option name already exists");
        }
        self::option(problems, &at, option, depth);
    }
}

fn is_subcommand(option: &Value) -> bool {
    matches!(number(option, "type"), SUBCOMMAND | GROUP)
}

fn option(problems: &mut Problems, at: &str, option: &Value, depth: u64) {
    let known = [
        ("type", Int),
        ("name", Text),
        ("name_localizations", Kind::Map),
        ("description", Text),
        ("description_localizations", Kind::Map),
        ("required", Bool),
        ("choices", List),
        ("options", List),
        ("channel_types", List),
        ("min_value", Number),
        ("max_value", Number),
        ("min_length", Int),
        ("max_length", Int),
        ("autocomplete", Bool),
    ];
    let Some(object) = problems.fields(at, option, &known) else {
        return;
    };
    problems.required(at, object, &["type", "name", "description"]);
    problems.range(at, object, "type", (1, 11));
    name(problems, at, object);
    problems.text(at, object, "description", (1, 100));
    problems.range(at, object, "min_length", (0, 6000));
    problems.range(at, object, "max_length", (1, 6000));
    let kind = number(option, "type");
    let nests = kind == GROUP && depth == 0 || kind == SUBCOMMAND && depth <= 1;
    if is_subcommand(option) && !nests {
        problems.refuse(at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Nested too deeply.");
    } else if nests {
        options(problems, at, object, depth + if kind == GROUP { 1 } else { 2 });
    }
    if !nests && option["options"].as_array().is_some_and(|list| !list.is_empty()) {
        problems.refuse(&join(at, "options"), "UNKNOWN_FIELD", "Only subcommands have options.");
    }
    let listed = choices(problems, at, object, kind);
    if listed > 0 && option["autocomplete"] == true {
        let code = "APPLICATION_COMMAND_OPTIONS_CHOICES_AND_AUTOCOMPLETE";
        problems.refuse(at, code, "Autocomplete and choices are mutually exclusive.");
    }
    if (listed > 0 || option["autocomplete"] == true) && !matches!(kind, TEXT | INTEGER | NUMBER) {
        problems.refuse(at, "BASE_TYPE_CHOICES", "Only texts and numbers can be offered.");
    }
}

/// Checks the `choices` of an option, or of an answer to autocomplete, and counts them.
pub(super) fn choices(
    problems: &mut Problems,
    at: &str,
    object: &Map<String, Value>,
    kind: u64,
) -> usize {
    let list = problems.list(at, object, "choices", (0, 25));
    for (at, choice) in &list {
        let known = [("name", Text), ("name_localizations", Kind::Map), ("value", Any)];
        let Some(object) = problems.fields(at, choice, &known) else {
            continue;
        };
        problems.required(at, object, &["name", "value"]);
        problems.text(at, object, "name", (1, 100));
        problems.text(at, object, "value", (1, 100));
        let value = &choice["value"];
        if !value.is_null() && !is_of(value, kind) {
            problems.refuse(&join(at, "value"), "NUMBER_TYPE_COERCE", "Not of the option's type.");
        }
    }
    list.len()
}

/// Is the value one that an option of this type takes?
pub(super) fn is_of(value: &Value, kind: u64) -> bool {
    match kind {
        INTEGER => value.is_i64(),
        NUMBER => value.is_number(),
        5 => value.is_boolean(),
        _ => value.is_string(),
    }
}

/// The commands as Discord answers them: with ids and versions of their own.
pub(super) fn registered(body: &Value, guild: u64) -> Value {
    let list = body.as_array().map_or(&[][..], Vec::as_slice);
    list.iter()
        .map(|command| {
            let mut full = json!({
                "id": snowflake().to_string(),
                "application_id": APPLICATION.to_string(),
                "guild_id": guild.to_string(),
                "version": snowflake().to_string(),
                "type": 1,
                "default_member_permissions": null,
                "nsfw": false,
                "options": [],
            });
            merge(&mut full, command.clone());
            full
        })
        .collect()
}

/// A registered command and the subcommand in it, if it has any.
pub(super) struct Registered<'c> {
    pub(super) command: &'c Value,
    pub(super) subcommand: Option<&'c Value>,
}

impl Registered<'_> {
    /// The options that the command or the subcommand takes.
    pub(super) fn options(&self) -> &[Value] {
        let of = self.subcommand.unwrap_or(self.command);
        of["options"].as_array().map_or(&[], Vec::as_slice)
    }

    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.options().iter().find(|option| option["name"] == name)
    }

    /// The command as it is typed, without its slash.
    pub(super) fn full_name(&self) -> String {
        let own = self.command["name"].as_str().unwrap_or_default();
        match self.subcommand {
            None => own.to_owned(),
            Some(sub) => format!("{own} {}", sub["name"].as_str().unwrap_or_default()),
        }
    }
}

/// Every command that can be typed: with its subcommand where it has any.
pub(super) fn typeable(commands: &Value) -> Vec<Registered<'_>> {
    let list = commands.as_array().map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for command in list {
        let options = command["options"].as_array().map_or(&[][..], Vec::as_slice);
        let subcommands: Vec<_> =
            options.iter().filter(|option| number(option, "type") == SUBCOMMAND).collect();
        if subcommands.is_empty() {
            found.push(Registered { command, subcommand: None });
        }
        found.extend(
            subcommands
                .into_iter()
                .map(|subcommand| Registered { command, subcommand: Some(subcommand) }),
        );
    }
    found
}
