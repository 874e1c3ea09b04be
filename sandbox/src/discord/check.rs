//! What is wrong with a request, in Discord's codes and words.
//!
//! The codes below 50035 are in no list of Discord's; these are those that bots report:
//! <https://discord.com/developers/docs/reference#error-messages>

use std::{collections::HashMap, sync::LazyLock};

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::{Value, json};

use super::{
    description::address,
    fields::{list, text},
};

/// What is wrong with a body.
#[derive(Debug, Default)]
pub(super) struct Problems {
    /// What Discord refuses: where, its code, its sentence.
    refused: Vec<(String, &'static str, String)>,
    /// What Discord would accept though the bot should never send it.
    careless: Vec<String>,
}

impl Problems {
    /// Refuses in the words that go with the code.
    pub(super) fn refuse(&mut self, path: &str, code: &'static str) {
        self.refuse_saying(path, code, sentence(code));
    }

    /// Refuses in words of its own.
    pub(super) fn refuse_saying(
        &mut self,
        path: &str,
        code: &'static str,
        words: impl Into<String>,
    ) {
        self.refused.push((path.to_owned(), code, words.into()));
    }

    /// Refuses in the words that go with the code, unless it is as it must be.
    pub(super) fn ensure(&mut self, fits: bool, path: &str, code: &'static str) {
        if !fits {
            self.refuse(path, code);
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

/// Adds what one error of the description's schemas means to the problems.
pub(super) fn explain(error: &ValidationError<'_>, problems: &mut Problems) {
    let at = path(error);
    let instance = error.instance();
    match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            union(error, context, problems);
        }
        // Of a body that several kinds of bodies describe Discord takes the first.
        Kind::OneOfMultipleValid { .. } => {}
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                let at = join(&at, name);
                problems.careless(format!("{at}: Discord doesn't document this field"));
            }
        }
        Kind::Required { property } => {
            problems.refuse(&join(&at, text(property)), "BASE_TYPE_REQUIRED");
        }
        Kind::UniqueItems => {
            let at = join(&at, &first_repeated(instance).to_string());
            problems.refuse(&at, "SET_TYPE_ALREADY_CONTAINS_VALUE");
        }
        kind => {
            let (code, sentence) = leaf(kind, instance);
            problems.refuse_saying(&at, code, sentence);
        }
    }
}

/// Code and sentence of an error that has no others in it.
fn leaf(kind: &Kind, instance: &Value) -> (&'static str, String) {
    match kind {
        Kind::Type { kind } => wrong_type(kind),
        Kind::Custom { message, .. } => {
            let code = match message {
                between if between.contains("between") => "BASE_TYPE_BAD_LENGTH",
                fewer if fewer.contains("fewer") => "BASE_TYPE_MAX_LENGTH",
                _ => "BASE_TYPE_MIN_LENGTH",
            };
            (code, message.clone())
        }
        Kind::MaxItems { limit } | Kind::MaxProperties { limit } => {
            ("BASE_TYPE_MAX_LENGTH", format!("Must be {limit} or fewer in length."))
        }
        Kind::MinItems { limit } | Kind::MinProperties { limit } => {
            ("BASE_TYPE_MIN_LENGTH", format!("Must be {limit} or more in length."))
        }
        Kind::Maximum { limit } => {
            ("NUMBER_TYPE_MAX", format!("int value should be less than or equal to {limit}."))
        }
        Kind::Minimum { limit } => {
            ("NUMBER_TYPE_MIN", format!("int value should be greater than or equal to {limit}."))
        }
        Kind::Enum { options } => {
            let options = options.to_string().replace(',', ", ");
            let options = options.trim_matches(['[', ']']);
            ("BASE_TYPE_CHOICES", format!("Value must be one of ({options})."))
        }
        Kind::Constant { expected_value } => {
            ("BASE_TYPE_CHOICES", format!("Value must be one of ({expected_value})."))
        }
        Kind::Format { format } if format == "uri" => {
            let code = address(text(instance)).err().unwrap_or("URL_TYPE_INVALID_URL");
            (code, sentence(code).to_owned())
        }
        Kind::Format { format } if format == "date-time" => {
            ("DATE_TIME_TYPE_PARSE", format!("Could not parse {instance}. Should be ISO8601."))
        }
        Kind::Format { .. } | Kind::Pattern { .. } => {
            ("NUMBER_TYPE_COERCE", format!("Value {instance} is not snowflake."))
        }
        other => ("BASE_TYPE_INVALID", format!("Not valid: {}.", other.keyword())),
    }
}

fn wrong_type(kind: &TypeKind) -> (&'static str, String) {
    let is = |wanted: JsonType| match kind {
        TypeKind::Single(only) => *only == wanted,
        TypeKind::Multiple(set) => set.contains(wanted),
    };
    if is(JsonType::Integer) || is(JsonType::Number) {
        return ("NUMBER_TYPE_COERCE", "Value is not a number.".to_owned());
    }
    let code = match () {
        () if is(JsonType::Object) => "MODEL_TYPE_CONVERT",
        () if is(JsonType::Array) => "LIST_TYPE_CONVERT",
        () if is(JsonType::Boolean) => "BOOLEAN_TYPE_CONVERT",
        () => "STRING_TYPE_CONVERT",
    };
    (code, sentence(code).to_owned())
}

/// What is wrong with a value that may be of several kinds: of the kind that it means to be.
fn union(
    error: &ValidationError<'_>,
    kinds: &[Vec<ValidationError<'static>>],
    problems: &mut Problems,
) {
    let at = path(error);
    let of_kind =
        |errors: &&Vec<ValidationError<'_>>| !errors.iter().any(|inner| is_other(&at, inner));
    if let Some(meant) = kinds.iter().filter(of_kind).min_by_key(|errors| errors.len()) {
        for inner in meant {
            explain(inner, problems);
        }
        return;
    }
    let choices: Vec<_> = kinds.iter().flatten().filter_map(choices).flatten().collect();
    let choices = choices.join(", ");
    if error.instance().get("type").is_some() {
        let sentence = format!("Value of field \"type\" must be one of ({choices}).");
        problems.refuse_saying(&join(&at, "type"), "UNION_TYPE_CHOICES", sentence);
    } else if !choices.is_empty() {
        problems.refuse_saying(
            &at,
            "BASE_TYPE_CHOICES",
            format!("Value must be one of ({choices})."),
        );
    } else if let Some(last) = kinds.iter().rev().find_map(|errors| errors.first()) {
        explain(last, problems);
    }
}

/// Does this error say that the value at `at` means to be of another kind?
fn is_other(at: &str, inner: &ValidationError<'_>) -> bool {
    let inner_at = path(inner);
    match inner.kind() {
        Kind::Type { .. } => inner_at == at,
        Kind::Enum { .. } | Kind::Constant { .. } => inner_at == at || inner_at == join(at, "type"),
        Kind::Required { property } => inner_at == at && property == "type",
        _ => false,
    }
}

/// The values that an error would have wanted.
fn choices(error: &ValidationError<'_>) -> Option<Vec<String>> {
    match error.kind() {
        Kind::Enum { options } => Some(options.as_array()?.iter().map(Value::to_string).collect()),
        Kind::Constant { expected_value } => Some(vec![expected_value.to_string()]),
        Kind::OneOfNotValid { context } => {
            Some(context.iter().flatten().filter_map(choices).flatten().collect())
        }
        _ => None,
    }
}

/// Where the error is, as `embeds.0.title`.
fn path(error: &ValidationError<'_>) -> String {
    error.instance_path().as_str().trim_start_matches('/').replace('/', ".")
}

fn first_repeated(of: &Value) -> usize {
    let list = list(of);
    (0..list.len()).find(|at| list[..*at].contains(&list[*at])).unwrap_or_default()
}
