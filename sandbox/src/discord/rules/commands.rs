//! Slash commands, and the choices that autocomplete offers.
//! <https://discord.com/developers/docs/interactions/application-commands>

use std::collections::HashSet;

use serde_json::Value;

use crate::discord::{
    check::{Problems, join, units},
    commands::{INTEGER, NUMBER, TEXT, is_of, is_subcommand},
    fields::{list, number, text},
};

/// The most characters of all names, descriptions and values of a command.
const MOST_CHARACTERS: usize = 8000;

/// Checks the list of commands of a bulk registration.
pub(in crate::discord) fn all(problems: &mut Problems, body: &Value) {
    let mut names = HashSet::new();
    for (index, command) in list(body).iter().enumerate() {
        let at = index.to_string();
        one(problems, &at, command);
        let is_new = names.insert((command["name"].as_str(), kind(command)));
        problems.ensure(is_new, &at, "APPLICATION_COMMANDS_DUPLICATE_NAME");
    }
}

/// A command's type; what is typed behind a slash is 1.
fn kind(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(1)
}

/// Checks a command.
pub(in crate::discord) fn one(problems: &mut Problems, at: &str, command: &Value) {
    if kind(command) == 1 {
        name(problems, at, command);
        let is_described = !text(&command["description"]).is_empty();
        problems.ensure(is_described, &join(at, "description"), "BASE_TYPE_REQUIRED");
    }
    options(problems, at, command);
    problems.ensure(weight(command) <= MOST_CHARACTERS, at, "APPLICATION_COMMAND_TOO_LARGE");
}

/// The characters of all names, descriptions and values.
fn weight(part: &Value) -> usize {
    let own = ["name", "description", "value"];
    let own: usize = own.iter().map(|name| units(text(&part[*name]))).sum();
    let inner = ["options", "choices"].iter().flat_map(|name| list(&part[*name]));
    own + inner.map(weight).sum::<usize>()
}

/// Checks a name against `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$` in lower case.
/// <https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming>
fn name(problems: &mut Problems, at: &str, part: &Value) {
    let name = text(&part["name"]);
    let fits = name.chars().all(|c| c.is_alphanumeric() || "-_'ʼ".contains(c))
        && name.to_lowercase() == name;
    problems.ensure(fits, &join(at, "name"), "APPLICATION_COMMAND_INVALID_NAME");
}

fn options(problems: &mut Problems, at: &str, of: &Value) {
    let list = list(&of["options"]);
    let mut names = HashSet::new();
    let mut optional_seen = false;
    let has_subcommands = list.iter().any(is_subcommand);
    for (index, option) in list.iter().enumerate() {
        let at = &join(at, &format!("options.{index}"));
        let is_alike = !has_subcommands || is_subcommand(option);
        problems.ensure(is_alike, at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID");
        let required = option["required"] == true;
        let is_placed = !(required && optional_seen);
        problems.ensure(is_placed, at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID");
        optional_seen |= !required;
        let is_new = names.insert(option["name"].as_str());
        problems.ensure(is_new, at, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS");
        self::option(problems, at, option);
    }
}

fn option(problems: &mut Problems, at: &str, option: &Value) {
    name(problems, at, option);
    options(problems, at, option);
    let listed = list(&option["choices"]);
    let mut names = HashSet::new();
    for (index, choice) in listed.iter().enumerate() {
        let is_new = names.insert(choice["name"].as_str());
        let at = join(at, &format!("choices.{index}"));
        problems.ensure(is_new, &at, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS");
    }
    if option["autocomplete"] == true {
        let is_free = listed.is_empty();
        problems.ensure(is_free, at, "APPLICATION_COMMAND_OPTIONS_CHOICES_AND_AUTOCOMPLETE");
        let can_be = matches!(number(option, "type"), TEXT | INTEGER | NUMBER);
        let at = join(at, "autocomplete");
        problems.ensure(can_be, &at, "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID");
    }
}

/// Checks the choices that autocomplete offers for an option of this type.
pub(in crate::discord) fn choices(problems: &mut Problems, at: &str, of: &Value, kind: u64) {
    for (index, choice) in list(&of["choices"]).iter().enumerate() {
        if !is_of(&choice["value"], kind) {
            let at = join(at, &format!("choices.{index}.value"));
            problems.refuse_saying(&at, "NUMBER_TYPE_COERCE", "Not of the option's type.");
        }
    }
}
