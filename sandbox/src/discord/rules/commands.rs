//! Slash commands, and the choices that autocomplete offers.
//! <https://discord.com/developers/docs/interactions/application-commands>

use std::collections::HashSet;

use serde_json::Value;

use crate::discord::{
    check::{Problems, join, number, units},
    commands::{INTEGER, NUMBER, TEXT, is_of, is_subcommand},
};

/// The most characters of all names, descriptions and values of a command.
const MOST_CHARACTERS: usize = 8000;

/// Checks the list of commands of a bulk registration.
pub(in crate::discord) fn all(problems: &mut Problems, body: &Value) {
    let mut names = HashSet::new();
    for (index, command) in body.as_array().into_iter().flatten().enumerate() {
        let at = index.to_string();
        one(problems, &at, command);
        if !names.insert((command["name"].as_str(), command["type"].as_u64().unwrap_or(1))) {
            let sentence = "Application command names must be unique";
            problems.refuse(&at, "APPLICATION_COMMANDS_DUPLICATE_NAME", sentence);
        }
    }
}

/// Checks a command.
pub(in crate::discord) fn one(problems: &mut Problems, at: &str, command: &Value) {
    if command["type"].as_u64().unwrap_or(1) == 1 {
        name(problems, at, command);
        if command["description"].as_str().is_none_or(str::is_empty) {
            let at = join(at, "description");
            problems.refuse(&at, "BASE_TYPE_REQUIRED", "This field is required");
        }
    }
    options(problems, at, command);
    if weight(command) > MOST_CHARACTERS {
        let sentence = format!("Command exceeds maximum size ({MOST_CHARACTERS})");
        problems.refuse(at, "APPLICATION_COMMAND_TOO_LARGE", sentence);
    }
}

/// The characters of all names, descriptions and values.
fn weight(part: &Value) -> usize {
    let own = ["name", "description", "value"];
    let own: usize = own.iter().filter_map(|name| part[*name].as_str()).map(units).sum();
    let inner = ["options", "choices"].iter().filter_map(|name| part[*name].as_array()).flatten();
    own + inner.map(weight).sum::<usize>()
}

/// Checks a name against `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$` in lower case.
/// <https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming>
fn name(problems: &mut Problems, at: &str, part: &Value) {
    let name = part["name"].as_str().unwrap_or_default();
    let fits = name.chars().all(|c| c.is_alphanumeric() || "-_'ʼ".contains(c))
        && name.to_lowercase() == name;
    if !fits {
        let sentence = "Command name is invalid";
        problems.refuse(&join(at, "name"), "APPLICATION_COMMAND_INVALID_NAME", sentence);
    }
}

fn options(problems: &mut Problems, at: &str, of: &Value) {
    let list = of["options"].as_array().map_or(&[][..], Vec::as_slice);
    let mut names = HashSet::new();
    let mut optional_seen = false;
    let has_subcommands = list.iter().any(is_subcommand);
    for (index, option) in list.iter().enumerate() {
        let at = format!("{at}.options.{index}");
        let at = at.trim_start_matches('.');
        if has_subcommands && !is_subcommand(option) {
            let sentence = "Sub-command and sub-command group option types are mutually exclusive \
                            to all other types";
            problems.refuse(at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence);
        }
        let required = option["required"] == true;
        if required && optional_seen {
            let sentence = "Required options must be placed before non-required options";
            problems.refuse(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", sentence);
        }
        optional_seen |= !required;
        if !names.insert(option["name"].as_str()) {
            let code = "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS";
            problems.refuse(at, code, "Option name already exists");
        }
        self::option(problems, at, option);
    }
}

fn option(problems: &mut Problems, at: &str, option: &Value) {
    name(problems, at, option);
    let kind = number(option, "type");
    options(problems, at, option);
    let listed = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
    let mut names = HashSet::new();
    for (index, choice) in listed.iter().enumerate() {
        if !names.insert(choice["name"].as_str()) {
            let at = format!("{}.{index}", join(at, "choices"));
            let code = "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS";
            problems.refuse(&at, code, "Option choice name already exists");
        }
    }
    if !listed.is_empty() && option["autocomplete"] == true {
        let code = "APPLICATION_COMMAND_OPTIONS_CHOICES_AND_AUTOCOMPLETE";
        problems.refuse(at, code, "Autocomplete and choices are mutually exclusive.");
    }
    if option["autocomplete"] == true && !matches!(kind, TEXT | INTEGER | NUMBER) {
        let sentence = "Only texts and numbers can be offered.";
        problems.refuse(&join(at, "autocomplete"), "BASE_TYPE_CHOICES", sentence);
    }
}

/// Checks the choices that autocomplete offers for an option of this type.
pub(in crate::discord) fn choices(problems: &mut Problems, at: &str, of: &Value, kind: u64) {
    for (index, choice) in of["choices"].as_array().into_iter().flatten().enumerate() {
        let at = format!("{}.{index}", join(at, "choices"));
        if !is_of(&choice["value"], kind) {
            let sentence = "Not of the option's type.";
            problems.refuse(&join(&at, "value"), "NUMBER_TYPE_COERCE", sentence);
        }
    }
}
