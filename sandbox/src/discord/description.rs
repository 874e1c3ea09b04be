//! Discord's own description of its API (`openapi/discord.json`): what it says of each of the
//! stand-in's routes, and of the bodies that go there and come back.

use std::{
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

use jsonschema::{Draft, Keyword, Registry, ValidationError, Validator, paths::Location};
use serde_json::{Map, Value, json};

use super::{
    Route,
    check::{Problems, explain, units},
    fields::merge,
    routes::TABLE,
};

/// The name under which requests are described, with the amendments that [`amend`] makes.
const REQUESTS: &str = "https://discord.invalid/requests.json";

/// The name under which answers are described.
const ANSWERS: &str = "https://discord.invalid/answers.json";

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../openapi/discord.json"))
        .expect("the embedded description is JSON, as every test shows")
});

static REGISTRY: LazyLock<Registry<'static>> = LazyLock::new(|| {
    let mut requests = DESCRIPTION.clone();
    amend(&mut requests);
    let mut answers = DESCRIPTION.clone();
    // Nothing is made up, either.
    close(&mut answers["components"]["schemas"]);
    Registry::new()
        .draft(Draft::Draft202012)
        .add(REQUESTS, requests)
        .and_then(|registry| registry.add(ANSWERS, answers))
        .and_then(jsonschema::RegistryBuilder::prepare)
        .expect("the embedded description can be indexed, as every test shows")
});

static OPERATIONS: LazyLock<HashMap<Route, Operation>> = LazyLock::new(|| {
    TABLE.iter().map(|row| (row.route, Operation::of(row.path, row.method))).collect()
});

/// Where Discord's documentation or what it is seen to take differs from its description.
fn amend(requests: &mut Value) {
    let schemas = &mut requests["components"]["schemas"];
    // Ids may be numbers: https://discord.com/developers/docs/reference#snowflakes
    schemas["SnowflakeType"] = json!({"type": ["string", "integer"], "format": "snowflake"});
    // Bits of permissions are written as strings (https://discord.com/developers/docs/topics/permissions);
    // `nsfw` is documented and not described.
    for name in ["ApplicationCommandCreateRequest", "ApplicationCommandUpdateRequest"] {
        let fields = &mut schemas[name]["properties"];
        fields["default_member_permissions"]["type"] = json!(["integer", "string", "null"]);
        fields["nsfw"] = json!({"type": ["boolean", "null"]});
    }
    // 4000 are for people who pay: https://discord.com/developers/docs/resources/message
    for name in ["MessageCreateRequest", "MessageEditRequestPartial"] {
        schemas[name]["properties"]["content"]["maxLength"] = json!(2000);
    }
    // https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal;
    // of what a label may hold, the stand-in has text inputs.
    let input = "#/components/schemas/TextInputComponentForModalRequest";
    for (name, field, more) in [
        ("ModalInteractionCallbackRequestData", "components", json!({"maxItems": 5})),
        ("ActionRowComponentForModalRequest", "components", json!({"maxItems": 1})),
        ("LabelComponentForModalRequest", "component", json!({"oneOf": [{"$ref": input}]})),
    ] {
        merge(&mut schemas[name]["properties"][field], more);
    }
    // https://discord.com/developers/docs/interactions/application-commands
    schemas["ApplicationCommandOptionStringChoice"]["properties"]["value"]["maxLength"] =
        json!(100);
    close(schemas);
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        if name.starts_with("ApplicationCommand") && name.ends_with("Option") {
            for field in OPTION_FIELDS {
                let known = &mut schema["properties"][field];
                if known.is_null() {
                    *known = json!(true);
                }
            }
        }
    }
}

/// The documentation has one structure for options of all types; what doesn't concern a type is passed
/// over: <https://discord.com/developers/docs/interactions/application-commands>
const OPTION_FIELDS: [&str; 9] = [
    "autocomplete",
    "channel_types",
    "choices",
    "max_length",
    "max_value",
    "min_length",
    "min_value",
    "options",
    "required",
];

/// Lets every object have no other fields than those that are described.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The methods that Discord has at paths of the stand-in's routes, and the stand-in hasn't.
pub(super) fn others() -> Vec<(String, String)> {
    let paths = DESCRIPTION["paths"].as_object().into_iter().flatten();
    let of_path = |(path, item): (&String, &'static Value)| {
        let methods = item["others"].as_array().into_iter().flatten();
        let methods = methods.filter_map(Value::as_str).map(str::to_uppercase);
        methods.map(|method| (path.clone(), method)).collect::<Vec<_>>()
    };
    paths.flat_map(of_path).collect()
}

/// A parameter of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// A number that names something.
    Id,
    /// True or false, in any of the forms of
    /// <https://discord.com/developers/docs/reference#boolean-query-strings>.
    Boolean,
    /// Any text: a token.
    Text,
}

/// What Discord says of one route.
pub(super) struct Operation {
    described: &'static Value,
    pointer: String,
    body: OnceLock<Validator>,
    /// By status.
    answers: HashMap<String, OnceLock<Validator>>,
}

impl Operation {
    fn of(path: &str, method: &str) -> Self {
        let method = method.to_ascii_lowercase();
        let described = &DESCRIPTION["paths"][path][&method];
        assert!(described.is_object(), "{method} {path} is described");
        let path = path.replace('~', "~0").replace('/', "~1");
        let pointer = format!("/paths/{path}/{method}").replace('{', "%7B").replace('}', "%7D");
        let statuses = described["answers"].as_object().into_iter().flatten();
        let answers = statuses.map(|(status, _)| (status.clone(), OnceLock::new())).collect();
        Self { described, pointer, body: OnceLock::new(), answers }
    }

    /// The description of a route.
    pub(super) fn find(route: Route) -> &'static Self {
        &OPERATIONS[&route]
    }

    /// Does the call need the bot's token? If not, its path holds another.
    pub(super) fn needs_token(&self) -> bool {
        self.described["needs_token"] == true
    }

    pub(super) fn takes_body(&self) -> bool {
        self.described["body"].is_object()
    }

    /// What the path's or the query's parameter of this name is, if it is described.
    pub(super) fn parameter(&self, place: &str, name: &str) -> Option<Parameter> {
        let mut all = self.described["parameters"].as_array()?.iter();
        let found = all.find(|known| known["in"] == place && known["name"] == name)?;
        Some(match (&found["schema"]["type"], &found["schema"]["$ref"]) {
            (Value::String(kind), _) if kind == "boolean" => Parameter::Boolean,
            (_, Value::String(of)) if of.ends_with("/SnowflakeType") => Parameter::Id,
            _ => Parameter::Text,
        })
    }

    /// Holds a request's body against the description.
    pub(super) fn check(&self, body: &Value, problems: &mut Problems) {
        let validator =
            self.body.get_or_init(|| build(REQUESTS, &format!("{}/body", self.pointer)));
        for error in validator.iter_errors(body) {
            explain(&error, problems);
        }
    }

    /// Everything in which the stand-in's own answer differs from the description.
    pub(super) fn check_answer(&self, status: u16, body: Option<&Value>) -> Vec<String> {
        let status = status.to_string();
        let described = &self.described["answers"][&status];
        let mut problems = Problems::default();
        match (described, body) {
            (Value::Object(_), Some(body)) => {
                let pointer = format!("{}/answers/{status}", self.pointer);
                let validator = self.answers[&status].get_or_init(|| build(ANSWERS, &pointer));
                for error in validator.iter_errors(body) {
                    explain(&error, &mut problems);
                }
            }
            (Value::Object(_), None) => problems.careless("a body belongs here"),
            (_, Some(_)) => problems.careless(format!("no {status} with a body is described")),
            (_, None) => {}
        }
        problems.sentences()
    }
}

fn build(name: &str, pointer: &str) -> Validator {
    let is_request = name == REQUESTS;
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_registry(&REGISTRY)
        .offline()
        .should_validate_formats(true)
        .with_format("snowflake", |id: &str| id.parse::<u64>().is_ok())
        .with_format("uri", move |url: &str| !is_request || address(url).is_ok())
        .with_keyword("maxLength", length)
        .with_keyword("minLength", length)
        .build(&json!({"$ref": format!("{name}#{pointer}")}))
        .expect("the embedded description holds schemas, as a test shows")
}

/// The length that a text may have, in UTF-16 code units, as Discord's client counts.
struct Length {
    least: usize,
    most: Option<usize>,
}

/// One keyword stands for both bounds where both are given, as Discord names both.
#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the library fixes this type"
)]
fn length<'a>(
    parent: &'a Map<String, Value>,
    _: &'a Value,
    at: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    let bound = |name: &str| {
        let bound = parent.get(name).and_then(Value::as_u64);
        bound.and_then(|bound| usize::try_from(bound).ok())
    };
    let (least, most) = (bound("minLength").unwrap_or(0), bound("maxLength"));
    let is_said_by_other = at.as_str().ends_with("minLength") && most.is_some();
    Ok(Box::new(if is_said_by_other {
        Length { least: 0, most: None }
    } else {
        Length { least, most }
    }))
}

impl<'i> Keyword<'i> for Length {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            return Ok(());
        }
        Err(ValidationError::custom(match (self.least, self.most) {
            (0, Some(most)) => format!("Must be {most} or fewer in length."),
            (least, Some(most)) => format!("Must be between {least} and {most} in length."),
            (least, None) => format!("Must be {least} or more in length."),
        }))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        instance.as_str().is_none_or(|text| {
            let length = units(text);
            length >= self.least && self.most.is_none_or(|most| length <= most)
        })
    }
}

/// Why an address isn't one that Discord takes, as its code.
pub(super) fn address(url: &str) -> Result<(), &'static str> {
    let invalid = "URL_TYPE_INVALID_URL";
    let (scheme, rest) = url.split_once("://").ok_or(invalid)?;
    match scheme {
        "discord" | "attachment" if !rest.is_empty() => return Ok(()),
        "http" | "https" => {}
        _ => return Err("URL_TYPE_INVALID_SCHEME"),
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A name that only a local network knows is refused, a number isn't, as bots report:
    // https://github.com/bugsink/bugsink/issues/280
    let is_known = host.contains('.') || host.starts_with('[');
    let is_clean = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_known && is_clean { Ok(()) } else { Err(invalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_not_as_described_is_noticed() {
        let operation = Operation::find(Route::Gateway);
        assert_eq!(operation.check_answer(200, Some(&json!({"url": "ws://[::1]"}))), [""; 0]);
        for (status, body) in [
            (200, Some(json!({"url": 1}))),
            (200, Some(json!({}))),
            (200, None),
            (201, Some(json!({}))),
        ] {
            let found = operation.check_answer(status, body.as_ref());
            assert_eq!(found.len(), 1, "{status} {body:?}: {found:?}");
        }
    }

    #[test]
    fn every_body_and_answer_can_be_held_against_something() {
        for row in TABLE {
            let operation = Operation::find(row.route);
            if operation.takes_body() {
                operation.check(&json!({}), &mut Problems::default());
            }
            for status in operation.answers.keys() {
                operation.check_answer(status.parse().expect("a status"), Some(&json!({})));
            }
        }
    }
}
