//! Holds requests against Discord's own `OpenAPI` 3.1 description.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

/// The name by which schemas refer to the description.
const NAME: &str = "https://discord.invalid/openapi.json";

/// A description, with the validators that were needed so far.
pub struct Description {
    document: Arc<Value>,
    registry: Registry<'static>,
    /// By the JSON pointer of the schema.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// A request to be held against the description.
#[derive(Clone, Copy, Debug)]
pub struct Call<'c> {
    /// `GET`, `POST` …
    pub method: &'c str,
    /// The path below the server's base: `/gateway`.
    pub path: &'c str,
    /// What follows `?`; empty if nothing does.
    pub query: &'c str,
    /// The JSON body, if there is one.
    pub body: Option<&'c Value>,
}

impl Description {
    /// Reads a description. A path is read once in a process; it's shared from then on.
    ///
    /// # Errors
    ///
    /// If the file can't be read or isn't an `OpenAPI` description in JSON.
    pub fn load(path: &Path) -> io::Result<Arc<Self>> {
        static LOADED: Mutex<Option<HashMap<PathBuf, Arc<Description>>>> = Mutex::new(None);
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = loaded.get_or_insert_default();
        if let Some(known) = loaded.get(path) {
            return Ok(Arc::clone(known));
        }
        let document = serde_json::from_slice(&fs::read(path)?)?;
        let description = Arc::new(Self::of(document).map_err(io::Error::other)?);
        loaded.insert(path.to_owned(), Arc::clone(&description));
        Ok(description)
    }

    /// Takes a description that is at hand.
    ///
    /// # Errors
    ///
    /// A sentence, if it has no `paths` or its schemas can't be indexed.
    pub fn of(document: Value) -> Result<Self, String> {
        if !document["paths"].is_object() {
            return Err("the OpenAPI description has no paths".to_owned());
        }
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(NAME, document.clone())
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| format!("the OpenAPI description can't be indexed: {error}"))?;
        Ok(Self { document: Arc::new(document), registry, validators: Mutex::default() })
    }

    /// Everything in which the call differs from the description, each with the operation's name.
    #[must_use]
    pub fn check(&self, call: Call<'_>) -> Vec<String> {
        let method = call.method.to_ascii_lowercase();
        let Some(template) = self.template(call.path, &method) else {
            return vec![format!("{} {} isn't described", call.method, call.path)];
        };
        let path = &self.document["paths"][&template];
        let operation = &path[&method];
        let name = operation["operationId"].as_str().unwrap_or(&template);
        let mut found = query(&[path, operation], call.query);
        let content = &operation["requestBody"]["content"]["application/json"];
        match (call.body, content.get("schema")) {
            (Some(body), Some(_)) => {
                let pointer = format!(
                    "/paths/{}/{method}/requestBody/content/application~1json/schema",
                    escape(&template)
                );
                found.extend(self.validate(pointer, body));
            }
            (Some(_), None) => found.push("takes no JSON body".to_owned()),
            (None, _) if operation["requestBody"]["required"] == true => {
                found.push("needs a body".to_owned());
            }
            (None, _) => {}
        }
        found.iter().map(|problem| format!("{name}: {problem}")).collect()
    }

    /// The description's path for this one, the one with the fewest parameters if several fit.
    fn template(&self, path: &str, method: &str) -> Option<String> {
        let paths = self.document["paths"].as_object()?;
        let fitting = paths
            .iter()
            .filter(|(template, item)| item[method].is_object() && fits(template, path));
        let best = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
        Some(best.0.clone())
    }

    fn validate(&self, pointer: String, body: &Value) -> Vec<String> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = match validators.get(&pointer) {
            Some(known) => Arc::clone(known),
            None => match self.build(&pointer) {
                Ok(fresh) => {
                    let fresh = Arc::new(fresh);
                    validators.insert(pointer, Arc::clone(&fresh));
                    fresh
                }
                Err(error) => return vec![error],
            },
        };
        drop(validators);
        validator
            .iter_errors(body)
            // The documentation has a string of digits here, and that is what libraries send.
            .filter(|error| {
                !error.instance_path().as_str().ends_with("/default_member_permissions")
            })
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    fn build(&self, pointer: &str) -> Result<Validator, String> {
        let pointer = pointer.replace('{', "%7B").replace('}', "%7D");
        let schema = json!({"$ref": format!("{NAME}#{pointer}")});
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .offline()
            .build(&schema)
            .map_err(|error| format!("the schema at {pointer} can't be used: {error}"))
    }
}

/// A path as a part of a JSON pointer.
fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(want, is)| want == is || (want.starts_with('{') && !is.is_empty()))
}

/// Checks that every query parameter is described and every required one is there.
fn query(levels: &[&Value], query: &str) -> Vec<String> {
    let described: Vec<_> = levels
        .iter()
        .filter_map(|level| level["parameters"].as_array())
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .collect();
    let given: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
        .collect();
    let unknown = given
        .iter()
        .filter(|name| !described.iter().any(|known| known["name"] == **name))
        .map(|name| format!("has no query parameter {name}"));
    let missing = described
        .iter()
        .filter(|known| known["required"] == true)
        .filter(|known| !given.iter().any(|name| known["name"] == *name))
        .map(|known| format!("needs the query parameter {}", known["name"]));
    unknown.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny() -> Description {
        let document = json!({
            "openapi": "3.1.0",
            "paths": {
                "/things/{id}": {
                    "parameters": [{"name": "id", "in": "path", "required": true}],
                    "post": {
                        "operationId": "make_thing",
                        "parameters": [{"name": "wait", "in": "query"}],
                        "requestBody": {"content": {"application/json": {
                            "schema": {"$ref": "#/components/schemas/Thing"},
                        }}},
                    },
                },
                "/things/@me": {"get": {"operationId": "my_thing"}},
            },
            "components": {"schemas": {
                "Thing": {
                    "type": "object",
                    "properties": {"name": {"$ref": "#/components/schemas/Name"}},
                    "required": ["name"],
                },
                "Name": {"type": ["string", "null"], "maxLength": 3},
            }},
        });
        Description::of(document).expect("the description is sound")
    }

    fn check(method: &str, path: &str, query: &str, body: Option<&Value>) -> Vec<String> {
        tiny().check(Call { method, path, query, body })
    }

    #[test]
    fn a_call_as_described_passes() {
        let body = json!({"name": "abc"});
        assert_eq!(check("POST", "/things/7", "wait=true", Some(&body)), [""; 0]);
        assert_eq!(check("GET", "/things/@me", "", None), [""; 0]);
    }

    #[test]
    fn every_difference_is_named_with_its_operation() {
        let body = json!({"name": "abcd"});
        let found = check("POST", "/things/7", "wat=1", Some(&body));
        assert_eq!(
            found,
            [
                "make_thing: has no query parameter wat",
                "make_thing: /name: \"abcd\" is longer than 3 characters",
            ]
        );
        let found = check("POST", "/things/7", "", Some(&json!({})));
        assert_eq!(found, ["make_thing: : \"name\" is a required property"]);
        let found = check("GET", "/things/@me", "", Some(&body));
        assert_eq!(found, ["my_thing: takes no JSON body"]);
        let found = check("GET", "/nothings", "", None);
        assert_eq!(found, ["GET /nothings isn't described"]);
    }

    #[test]
    fn what_is_no_description_is_refused() {
        assert!(Description::of(json!({})).is_err());
    }
}
