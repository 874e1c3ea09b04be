//! Forms (Discord: modals).
//! <https://discord.com/developers/docs/components/reference#text-input>

use serde_json::Value;

use super::components;
use crate::discord::check::Problems;

const TEXT_INPUT: u64 = 4;

/// The most components of a form.
/// <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal>
const MOST: usize = 5;

/// Checks a form of text inputs, each in a row or under a label of its own.
pub(in crate::discord) fn check(problems: &mut Problems, at: &str, data: &Value) {
    let rows = data["components"].as_array().map_or(&[][..], Vec::as_slice);
    let at = format!("{at}.components");
    if rows.len() > MOST {
        let sentence = format!("Must be between 1 and {MOST} in length.");
        problems.refuse(&at, "BASE_TYPE_BAD_LENGTH", sentence);
    }
    let mut inputs = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let inner = row["components"].as_array().map_or(&[][..], Vec::as_slice);
        if inner.len() > 1 {
            let at = format!("{at}.{index}.components");
            let sentence = "The specified component exceeds the maximum width";
            problems.refuse(&at, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", sentence);
        }
        for (inner_index, input) in inner.iter().enumerate() {
            inputs.push((format!("{at}.{index}.components.{inner_index}"), input));
        }
        if row["component"].is_object() {
            inputs.push((format!("{at}.{index}.component"), &row["component"]));
        }
    }
    components::unique(problems, &inputs);
    for (at, input) in &inputs {
        if input["type"] != TEXT_INPUT {
            let sentence = "The stand-in's forms have text inputs only.";
            problems.refuse(&format!("{at}.type"), "UNSUPPORTED", sentence);
        }
        let bound = |name: &str, otherwise: u64| input[name].as_u64().unwrap_or(otherwise);
        if bound("min_length", 0) > bound("max_length", 4000) {
            let at = format!("{at}.min_length");
            problems.refuse(&at, "BASE_TYPE_BAD_LENGTH", "Must be at most max_length.");
        }
    }
}
