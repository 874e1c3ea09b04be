//! What is wrong with a request, in Discord's words.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Value, json};

/// What is wrong with a body.
#[derive(Debug, Default)]
pub(super) struct Problems {
    /// What Discord refuses: where, its code, its sentence.
    refused: Vec<(String, &'static str, String)>,
    /// What Discord would accept though the bot should never send it.
    careless: Vec<String>,
}

impl Problems {
    pub(super) fn refuse(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.refused.push((path.to_owned(), code, message.into()));
    }

    /// Refuses in the words that go with the code, unless it is as it must be.
    pub(super) fn ensure(&mut self, fits: bool, path: &str, code: &'static str) {
        if !fits {
            self.refuse(path, code, sentence(code));
        }
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
}

/// What Discord says with a code that always goes with the same words.
static SENTENCES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("sentences.json"))
        .expect("the embedded sentences are JSON, as every test shows")
});

/// The words that go with a code.
pub(super) fn sentence(code: &str) -> &'static str {
    &SENTENCES[code]
}

/// A text's length as Discord's limits count it: in UTF-16 code units.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
