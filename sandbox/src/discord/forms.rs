//! A form (Discord: modal) as the person sees it.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    ChannelId, Unsendable,
    components::kind,
    fields::{list, number, text},
    sending::ensure,
};

/// An open form.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// What sending it names.
    pub custom_id: String,
    /// Its heading.
    pub title: String,
    /// What it says between them, above the first as a rule.
    pub texts: Vec<String>,
    /// Its text inputs, in order.
    pub inputs: Vec<Input>,
    /// Which of its parts are texts, in order.
    are_texts: Vec<bool>,
    pub(super) channel: ChannelId,
    /// The message whose button opened it.
    pub(super) source: Option<u64>,
    /// The interaction that opened it, as messages tell of it.
    pub(super) opened_by: Value,
}

/// A text input of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Input {
    /// Its name in what is sent.
    pub custom_id: String,
    /// What it asks for.
    pub label: String,
    /// Whether it must be filled. Discord's default is yes.
    pub required: bool,
    /// The least number of characters, if it is filled.
    #[serde(rename = "min")]
    pub min_length: u64,
    /// The greatest number of characters.
    #[serde(rename = "max")]
    pub max_length: u64,
    /// What stands in it at first.
    pub value: String,
    /// Discord's number of its style: 1 has one line, 2 several.
    pub style: u64,
    /// What it shows while it is empty.
    pub placeholder: String,
    /// Whether it stands under a label, and not in a row as it did before there were labels.
    #[serde(skip)]
    is_labelled: bool,
}

const ROW: u64 = 1;
/// <https://discord.com/developers/docs/components/reference#label>
const LABEL: u64 = 18;
const TEXT_INPUT: u64 = 4;

impl Form {
    pub(super) fn of(
        data: &Value,
        channel: ChannelId,
        source: Option<u64>,
        opened_by: Value,
    ) -> Self {
        let rows = list(&data["components"]);
        Self {
            custom_id: text(&data["custom_id"]).to_owned(),
            title: text(&data["title"]).to_owned(),
            texts: rows.iter().filter_map(display).collect(),
            inputs: rows.iter().filter_map(Input::of).collect(),
            are_texts: rows.iter().map(|row| display(row).is_some()).collect(),
            channel,
            source,
            opened_by,
        }
    }

    /// The parts as they are sent, each input with the value given for it by its `custom_id`.
    ///
    /// # Errors
    ///
    /// If Discord's client wouldn't send them: an unknown input, a required one left empty, a value
    /// that is too short or too long.
    pub(super) fn filled(&self, values: &[(&str, &str)]) -> Result<Value, Unsendable> {
        for (name, _) in values {
            let known: Vec<_> = self.inputs.iter().map(|input| &input.custom_id).collect();
            ensure(known.iter().any(|known| known == name), || {
                format!("The form {:?} has no input {name:?}, only {known:?}.", self.title)
            })?;
        }
        let (mut inputs, ids) = (self.inputs.iter(), (1..).step_by(2));
        let parts =
            self.are_texts.iter().map(|is_text| if *is_text { None } else { inputs.next() });
        ids.zip(parts)
            .map(|(id, input)| {
                let Some(input) = input else { return Ok(json!({"type": kind::TEXT, "id": id})) };
                let given = values.iter().find(|(name, _)| *name == input.custom_id);
                let value = given.map_or(input.value.as_str(), |(_, value)| value);
                input.accept(value)?;
                let sent = json!({
                    "type": TEXT_INPUT, "id": id + 1, "custom_id": input.custom_id, "value": value,
                });
                Ok(if input.is_labelled {
                    json!({"type": LABEL, "id": id, "component": sent})
                } else {
                    json!({"type": ROW, "id": id, "components": [sent]})
                })
            })
            .collect()
    }
}

/// What a part says that is a text alone.
fn display(part: &Value) -> Option<String> {
    (number(part, "type") == kind::TEXT).then(|| text(&part["content"]).to_owned())
}

impl Input {
    /// The text input in a row or under a label, if there is one.
    fn of(row: &Value) -> Option<Self> {
        let is_labelled = number(row, "type") == LABEL;
        let input = if is_labelled { &row["component"] } else { &row["components"][0] };
        (number(input, "type") == TEXT_INPUT).then(|| Self {
            custom_id: text(&input["custom_id"]).to_owned(),
            label: text(&(if is_labelled { row } else { input })["label"]).to_owned(),
            required: input["required"] != false,
            min_length: number(input, "min_length"),
            max_length: input["max_length"].as_u64().unwrap_or(4000),
            value: text(&input["value"]).to_owned(),
            style: number(input, "style"),
            placeholder: text(&input["placeholder"]).to_owned(),
            is_labelled,
        })
    }

    fn accept(&self, value: &str) -> Result<(), Unsendable> {
        let length = value.encode_utf16().count() as u64;
        let empty_is_fine = !self.required && length == 0;
        let (least, most) = (self.min_length.max(1), self.max_length);
        ensure(empty_is_fine || (least..=most).contains(&length), || {
            format!("The input {:?} takes {least} to {most} characters, not {length}.", self.label)
        })
    }
}
