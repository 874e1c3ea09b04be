//! Components: how they are put together.
//! <https://discord.com/developers/docs/components/reference>

use std::collections::HashSet;

use serde_json::Value;

use crate::discord::{
    check::{Problems, join, number, units},
    components::kind,
};

/// How many components a message may have that consists of them, with those in others.
const MOST_V2: usize = 40;
/// How long all text displays of a message may be together.
const MOST_TEXT_V2: usize = 4000;
/// How many rows a message may have that has its words elsewhere.
const MOST_ROWS: usize = 5;

/// Checks the components of a message; `is_v2`: of one that consists of them.
pub(in crate::discord) fn check(problems: &mut Problems, at: &str, list: &Value, is_v2: bool) {
    let Some(top) = list.as_array() else { return };
    let mut all = Vec::new();
    collect(at, list, &mut all);
    if is_v2 {
        whole(problems, at, &all);
    } else {
        let others = top.iter().enumerate().filter(|(_, part)| part["type"] != kind::ROW);
        for (index, _) in others {
            let at = format!("{at}.{index}.type");
            let sentence = "Value of field \"type\" must be one of (1,).";
            problems.refuse(&at, "UNION_TYPE_CHOICES", sentence);
        }
        if top.len() > MOST_ROWS {
            let sentence = format!("Must be {MOST_ROWS} or fewer in length.");
            problems.refuse(at, "BASE_TYPE_MAX_LENGTH", sentence);
        }
    }
    unique(problems, &all);
    for (at, part) in &all {
        match number(part, "type") {
            kind::ROW => row(problems, at, part),
            kind::BUTTON => button(problems, at, part),
            kind::MENU => menu(problems, at, part),
            _ => {}
        }
    }
}

/// Every component below, with its path, in order.
fn collect<'v>(at: &str, part: &'v Value, found: &mut Vec<(String, &'v Value)>) {
    for (index, inner) in part.as_array().into_iter().flatten().enumerate() {
        collect_one(&format!("{at}.{index}"), inner, found);
    }
}

fn collect_one<'v>(at: &str, part: &'v Value, found: &mut Vec<(String, &'v Value)>) {
    found.push((at.to_owned(), part));
    collect(&join(at, "components"), &part["components"], found);
    for name in ["accessory", "component"] {
        if part[name].is_object() {
            collect_one(&join(at, name), &part[name], found);
        }
    }
}

fn whole(problems: &mut Problems, at: &str, all: &[(String, &Value)]) {
    if all.len() > MOST_V2 {
        let sentence = format!("Total number of components cannot exceed {MOST_V2}");
        problems.refuse(at, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", sentence);
    }
    let displays = all.iter().filter(|(_, part)| part["type"] == kind::TEXT);
    let length: usize = displays.map(|(_, part)| part["content"].as_str().map_or(0, units)).sum();
    if length > MOST_TEXT_V2 {
        problems.refuse(
            at,
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            format!("The sum of all displayable text components cannot exceed {MOST_TEXT_V2}"),
        );
    }
}

/// No two components of a message have one `custom_id`, or one `id`.
pub(in crate::discord) fn unique(problems: &mut Problems, all: &[(String, &Value)]) {
    let (mut custom_ids, mut ids) = (HashSet::new(), HashSet::new());
    for (at, part) in all {
        if let Some(id) = part["custom_id"].as_str()
            && !custom_ids.insert(id)
        {
            let sentence = "Component custom id cannot be duplicated";
            problems.refuse(&join(at, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", sentence);
        }
        if let Some(id) = part["id"].as_u64().filter(|id| *id > 0)
            && !ids.insert(id)
        {
            let sentence = "Component id cannot be duplicated";
            problems.refuse(&join(at, "id"), "COMPONENT_ID_DUPLICATED", sentence);
        }
    }
}

fn row(problems: &mut Problems, at: &str, row: &Value) {
    let parts = row["components"].as_array().map_or(&[][..], Vec::as_slice);
    let has_menu = parts.iter().any(|part| part["type"] != kind::BUTTON);
    if has_menu && parts.len() > 1 {
        let sentence = "The specified component exceeds the maximum width";
        problems.refuse(&join(at, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", sentence);
    }
}

fn button(problems: &mut Problems, at: &str, button: &Value) {
    const ALL: [&str; 3] = ["custom_id", "url", "sku_id"];
    let needed = match number(button, "style") {
        5 => "url",
        6 => "sku_id",
        _ => "custom_id",
    };
    for name in ALL {
        match (name == needed, button[name].is_null()) {
            (true, true) if name == "custom_id" => {
                let code = "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED";
                problems.refuse(&join(at, name), code, "A custom id is required");
            }
            (true, true) => {
                let sentence = "This field is required";
                problems.refuse(&join(at, name), "BASE_TYPE_REQUIRED", sentence);
            }
            (false, false) => {
                let sentence = format!("A button of this style has no {name}.");
                problems.refuse(&join(at, name), "BUTTON_COMPONENT_INVALID", sentence);
            }
            (true, false) | (false, true) => {}
        }
    }
    let is_blank = button["label"].as_str().is_none_or(str::is_empty);
    if is_blank && button["emoji"].is_null() && needed != "sku_id" {
        let sentence = "A label or an emoji is required.";
        problems.refuse(at, "BUTTON_COMPONENT_EMPTY", sentence);
    }
    emoji(problems, at, button);
}

/// Checks that an emoji is one of Unicode's, or one of a server's by its id.
fn emoji(problems: &mut Problems, at: &str, part: &Value) {
    let emoji = &part["emoji"];
    if emoji.is_null() || !emoji["id"].is_null() {
        return;
    }
    if emoji["name"].as_str().and_then(emojis::get).is_none() {
        let at = format!("{at}.emoji.name");
        problems.refuse(&at, "COMPONENT_INVALID_EMOJI", "Invalid emoji");
    }
}

fn menu(problems: &mut Problems, at: &str, menu: &Value) {
    let options = menu["options"].as_array().map_or(&[][..], Vec::as_slice);
    let bound = |name: &str| menu[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
    let most = bound("max_values").unwrap_or(1);
    let least = bound("min_values").unwrap_or(1);
    if most > options.len() {
        let sentence = format!("Must be {most} or more in length.");
        problems.refuse(&join(at, "options"), "BASE_TYPE_MIN_LENGTH", sentence);
    }
    if least > most {
        let sentence = format!("int value should be less than or equal to {most}.");
        problems.refuse(&join(at, "min_values"), "NUMBER_TYPE_MAX", sentence);
    }
    let chosen = options.iter().filter(|option| option["default"] == true).count();
    if chosen > most {
        let at = join(at, "options");
        let sentence = format!("Must have {most} or fewer defaults; has {chosen}.");
        problems.refuse(&at, "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", sentence);
    }
    let mut values = HashSet::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}.options.{index}");
        if !values.insert(option["value"].as_str()) {
            let code = "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED";
            problems.refuse(
                &join(&at, "value"),
                code,
                "The specified option value is already used",
            );
        }
        emoji(problems, &at, option);
    }
}
