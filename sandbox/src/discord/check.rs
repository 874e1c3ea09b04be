//! Checks of a request's body: known fields, types, lengths, with Discord's words for what is wrong.

use serde_json::{Map, Value, json};

/// What is wrong with a body.
#[derive(Debug, Default)]
pub(super) struct Problems {
    /// What Discord refuses: where, its code, its sentence.
    refused: Vec<(String, &'static str, String)>,
    /// What Discord would accept though the bot should never send it.
    careless: Vec<String>,
}

/// The type of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A string.
    Text,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// A list.
    List,
    /// An object.
    Map,
    /// Anything; checked elsewhere.
    Any,
}

use Kind::{Any, Bool, Int, List, Text};

impl Kind {
    fn holds(self, value: &Value) -> bool {
        match self {
            Text => value.is_string(),
            Int => value.is_i64() || value.is_u64(),
            Bool => value.is_boolean(),
            List => value.is_array(),
            Self::Map => value.is_object(),
            Any => true,
        }
    }

    fn refusal(self) -> (&'static str, &'static str) {
        match self {
            Text => ("STRING_TYPE_CONVERT", "Could not interpret as string."),
            Int => ("NUMBER_TYPE_COERCE", "Value is not int."),
            Bool => ("BOOLEAN_TYPE_CONVERT", "Must be either true or false."),
            List => ("LIST_TYPE_CONVERT", "Only iterables may be used in a list."),
            Self::Map => ("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType."),
            Any => ("BASE_TYPE_REQUIRED", "This field is required."),
        }
    }
}

impl Problems {
    pub(super) fn refuse(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.refused.push((path.to_owned(), code, message.into()));
    }

    /// Records what Discord lets pass and the tests must not.
    pub(super) fn careless(&mut self, message: impl Into<String>) {
        self.careless.push(message.into());
    }

    pub(super) fn are_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// One sentence for each problem.
    pub(super) fn sentences(&self) -> Vec<String> {
        self.refused
            .iter()
            .map(|(path, code, message)| format!("{path}: {message} ({code})"))
            .chain(self.careless.iter().cloned())
            .collect()
    }

    /// The `errors` tree of code 50035.
    /// <https://discord.com/developers/docs/reference#error-messages>
    pub(super) fn tree(&self) -> Value {
        let mut tree = json!({});
        for (path, code, message) in &self.refused {
            let mut node = &mut tree;
            for part in path.split('.').filter(|part| !part.is_empty()) {
                node = &mut node[part];
            }
            let list = &mut node["_errors"];
            if list.is_null() {
                *list = json!([]);
            }
            if let Some(list) = list.as_array_mut() {
                list.push(json!({"code": code, "message": message}));
            }
        }
        tree
    }

    /// Checks that the value is an object with no other fields than these, of these types. A field
    /// that is null counts as absent, as Discord has it.
    pub(super) fn fields<'v>(
        &mut self,
        path: &str,
        value: &'v Value,
        known: &[(&str, Kind)],
    ) -> Option<&'v Map<String, Value>> {
        let Some(object) = value.as_object() else {
            let (code, message) = Kind::Map.refusal();
            self.refuse(path, code, message);
            return None;
        };
        for (name, value) in object {
            let at = join(path, name);
            match known.iter().find(|(known, _)| known == name) {
                None => self.refuse(&at, "UNKNOWN_FIELD", "Discord doesn't document this field."),
                Some((_, kind)) if !value.is_null() && !kind.holds(value) => {
                    let (code, message) = kind.refusal();
                    self.refuse(&at, code, message);
                }
                Some(_) => {}
            }
        }
        Some(object)
    }

    /// Checks that the fields are there.
    pub(super) fn required(&mut self, path: &str, object: &Map<String, Value>, names: &[&str]) {
        for name in names {
            if object.get(*name).is_none_or(Value::is_null) {
                let at = join(path, name);
                self.refuse(&at, "BASE_TYPE_REQUIRED", "This field is required");
            }
        }
    }

    /// Checks the range of a number, if it is there.
    pub(super) fn range(
        &mut self,
        path: &str,
        object: &Map<String, Value>,
        name: &str,
        (least, most): (i64, i64),
    ) {
        if let Some(number) = object.get(name).and_then(Value::as_i64)
            && (number < least || number > most)
        {
            self.refuse(
                &join(path, name),
                "NUMBER_TYPE_MAX",
                format!("int value should be between {least} and {most}; is {number}."),
            );
        }
    }
}

/// A text's length as Discord's limits count it: in UTF-16 code units.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The number in the field, 0 if there is none.
pub(super) fn number(object: &Value, name: &str) -> u64 {
    object.get(name).and_then(Value::as_u64).unwrap_or(0)
}
