//! Components: how they are put together.
//! <https://discord.com/developers/docs/components/reference>

use std::collections::HashSet;

use serde_json::Value;

use crate::discord::{
    check::{Problems, join, units},
    components::{all, kind},
    fields::{list, number, text},
};

/// How many components a message may have that consists of them, with those in others.
const MOST_V2: usize = 40;
/// How long all text displays of a message may be together.
const MOST_TEXT_V2: usize = 4000;
/// How many rows a message may have that has its words elsewhere.
const MOST_ROWS: usize = 5;

/// Checks the components of a message; `is_v2`: of one that consists of them.
pub(in crate::discord) fn check(problems: &mut Problems, at: &str, of: &Value, is_v2: bool) {
    let top = list(of);
    let all = all(at, top);
    if is_v2 {
        whole(problems, at, &all);
    } else {
        let others = top.iter().enumerate().filter(|(_, part)| part["type"] != kind::ROW);
        for (index, _) in others {
            let at = format!("{at}.{index}.type");
            let sentence = "Value of field \"type\" must be one of (1,).";
            problems.refuse_saying(&at, "UNION_TYPE_CHOICES", sentence);
        }
        if top.len() > MOST_ROWS {
            let sentence = format!("Must be {MOST_ROWS} or fewer in length.");
            problems.refuse_saying(at, "BASE_TYPE_MAX_LENGTH", sentence);
        }
    }
    unique(problems, &all);
    for (at, part) in &all {
        match number(part, "type") {
            kind::ROW => row(problems, at, part),
            kind::BUTTON => button(problems, at, part),
            kind::MENU => menu(problems, at, part),
            kind::TEXT => display(problems, at, part),
            _ => {}
        }
    }
}

fn whole(problems: &mut Problems, at: &str, all: &[(String, &Value)]) {
    problems.ensure(all.len() <= MOST_V2, at, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED");
    let displays = all.iter().filter(|(_, part)| part["type"] == kind::TEXT);
    let length: usize = displays.map(|(_, part)| units(text(&part["content"]))).sum();
    problems.ensure(length <= MOST_TEXT_V2, at, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED");
}

/// Checks a text: there must be something in it that can be seen.
fn display(problems: &mut Problems, at: &str, display: &Value) {
    let says = !text(&display["content"]).trim().is_empty();
    problems.ensure(says, &join(at, "content"), "BASE_TYPE_REQUIRED");
}

/// No two components of a message or a form have one `custom_id`, or one `id`.
fn unique(problems: &mut Problems, all: &[(String, &Value)]) {
    let (mut custom_ids, mut ids) = (HashSet::new(), HashSet::new());
    for (at, part) in all {
        let is_new = part["custom_id"].as_str().is_none_or(|id| custom_ids.insert(id));
        problems.ensure(is_new, &join(at, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED");
        let is_new = part["id"].as_u64().is_none_or(|id| id == 0 || ids.insert(id));
        problems.ensure(is_new, &join(at, "id"), "COMPONENT_ID_DUPLICATED");
    }
}

fn row(problems: &mut Problems, at: &str, row: &Value) {
    let parts = list(&row["components"]);
    let fits = parts.len() <= 1 || parts.iter().all(|part| part["type"] == kind::BUTTON);
    problems.ensure(fits, &join(at, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED");
}

fn button(problems: &mut Problems, at: &str, button: &Value) {
    let (needed, code) = match number(button, "style") {
        5 => ("url", "BASE_TYPE_REQUIRED"),
        6 => ("sku_id", "BASE_TYPE_REQUIRED"),
        _ => ("custom_id", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED"),
    };
    for name in ["custom_id", "url", "sku_id"] {
        let is_needed = name == needed;
        let fits = button[name].is_null() != is_needed;
        let code = if is_needed { code } else { "BUTTON_COMPONENT_INVALID" };
        problems.ensure(fits, &join(at, name), code);
    }
    let says = !text(&button["label"]).is_empty() || !button["emoji"].is_null();
    problems.ensure(says || needed == "sku_id", at, "BUTTON_COMPONENT_EMPTY");
    emoji(problems, at, button);
}

/// Checks that an emoji is one of Unicode's, or one of a server's by its id.
fn emoji(problems: &mut Problems, at: &str, part: &Value) {
    let emoji = &part["emoji"];
    let is_one = emoji.is_null()
        || !emoji["id"].is_null()
        || emoji["name"].as_str().and_then(emojis::get).is_some();
    problems.ensure(is_one, &join(at, "emoji.name"), "COMPONENT_INVALID_EMOJI");
}

fn menu(problems: &mut Problems, at: &str, menu: &Value) {
    let options = list(&menu["options"]);
    let bound = |name: &str| menu[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
    let most = bound("max_values").unwrap_or(1);
    let least = bound("min_values").unwrap_or(1);
    if most > options.len() {
        let sentence = format!("Must be {most} or more in length.");
        problems.refuse_saying(&join(at, "options"), "BASE_TYPE_MIN_LENGTH", sentence);
    }
    if least > most {
        let sentence = format!("int value should be less than or equal to {most}.");
        problems.refuse_saying(&join(at, "min_values"), "NUMBER_TYPE_MAX", sentence);
    }
    let chosen = options.iter().filter(|option| option["default"] == true).count();
    if chosen > most {
        let at = join(at, "options");
        let sentence = format!("Must have {most} or fewer defaults; has {chosen}.");
        problems.refuse_saying(&at, "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", sentence);
    }
    let mut values = HashSet::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}.options.{index}");
        let is_new = values.insert(option["value"].as_str());
        problems.ensure(is_new, &join(&at, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED");
        emoji(problems, &at, option);
    }
}

/// Checks a form (Discord: modal) of text inputs and texts.
/// <https://discord.com/developers/docs/components/reference#text-input>
pub(in crate::discord) fn form(problems: &mut Problems, at: &str, data: &Value) {
    let all = all(&join(at, "components"), list(&data["components"]));
    unique(problems, &all);
    for (at, input) in &all {
        if number(input, "type") == kind::TEXT {
            display(problems, at, input);
        }
        let fits = number(input, "min_length") <= input["max_length"].as_u64().unwrap_or(4000);
        problems.ensure(fits, &join(at, "min_length"), "TEXT_INPUT_MIN_LENGTH_INVALID");
    }
}
