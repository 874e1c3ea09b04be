//! Reads a request the way a strict Connect would: what isn't exactly a call of its API is a violation.

use std::ops::RangeInclusive;

use hyper::HeaderMap;
use serde::Deserialize;

use super::answer::Answer;
use super::faults::Route;

/// A request as it came in, with its whole body.
pub(super) struct Received {
    pub(super) method: String,
    pub(super) path: String,
    /// Raw, without the question mark.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Received {
    /// The header's text, without space around it; empty if it is missing or isn't text.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").trim()
    }
}

/// What Connect is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    Search { prefix: String, limit: usize },
    CreateGroup { ticket: String },
    Groups { prefix: Option<String>, page_number: usize, page_size: usize },
    User,
    Keys { guid: String },
    Settings,
}

/// A request, understood as far as it can be.
pub(super) struct Reading {
    pub(super) route: Option<Route>,
    /// The path after `/__api__/`, or the whole path if it isn't one of the API.
    pub(super) path: String,
    pub(super) params: Vec<(String, String)>,
    pub(super) call: Result<Call, Answer>,
    pub(super) violations: Vec<String>,
}

/// Reads a request against the API under `root` (which ends in `/__api__/`) and the only good key.
pub(super) fn read(received: &Received, root: &str, key: &str) -> Reading {
    let Some(path) = received.path.strip_prefix(root) else {
        return Reading {
            route: None,
            path: received.path.clone(),
            params: Vec::new(),
            call: Err(Answer::html(404)),
            violations: vec![format!("{} {} is outside {root}", received.method, received.path)],
        };
    };
    let mut violations = Vec::new();
    if received.header("x-correlation-id").is_empty() {
        violations.push("no X-Correlation-ID".to_owned());
    }
    let route = route(&received.method, path);
    let params = decode(&received.query);
    let call = understand(received, path, route, params.as_ref(), key);
    violations.extend(call.as_ref().err().and_then(|refusal| refusal.violation.clone()));
    for violation in &mut violations {
        *violation = format!("{} {path}: {violation}", received.method);
    }
    Reading {
        route,
        path: path.to_owned(),
        params: params.unwrap_or_default(),
        call: call.map_err(|refusal| Answer::error(refusal.code)),
        violations,
    }
}

/// Why a call isn't carried out: Connect's code, and what the caller did wrong if it is at fault.
struct Refusal {
    code: u32,
    violation: Option<String>,
}

fn refuse<T>(code: u32, violation: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, violation: Some(violation.into()) })
}

fn route(method: &str, path: &str) -> Option<Route> {
    match (method, path) {
        ("GET", "v1/groups/remote") => Some(Route::Search),
        ("PUT", "v1/groups") => Some(Route::CreateGroup),
        ("GET", "v1/groups") => Some(Route::Groups),
        ("GET", "v1/user") => Some(Route::User),
        ("GET", "server_settings") => Some(Route::Settings),
        ("GET", _) if keys_of(path).is_some() => Some(Route::Keys),
        _ => None,
    }
}

/// The guid in `v1/users/{guid}/keys`.
fn keys_of(path: &str) -> Option<&str> {
    let guid = path.strip_prefix("v1/users/")?.strip_suffix("/keys")?;
    (!guid.is_empty() && !guid.contains('/')).then_some(guid)
}

fn understand(
    received: &Received,
    path: &str,
    route: Option<Route>,
    params: Result<&Vec<(String, String)>, &String>,
    key: &str,
) -> Result<Call, Refusal> {
    let Some(route) = route else {
        return refuse(4, "no such call in Connect's API");
    };
    if route != Route::Settings {
        authorize(received, key)?;
    }
    let params = match params {
        Ok(params) => Params(params),
        Err(problem) => return refuse(25, problem),
    };
    params.only(match route {
        Route::Search => &["prefix", "limit"],
        Route::Groups => &["prefix", "page_number", "page_size"],
        Route::CreateGroup | Route::User | Route::Keys | Route::Settings | Route::Any => &[],
    })?;
    if route != Route::CreateGroup && !received.body.is_empty() {
        return refuse(25, "a body where none belongs");
    }
    match route {
        Route::Search => Ok(Call::Search {
            prefix: match params.get("prefix") {
                Some(prefix) if !prefix.is_empty() => prefix.to_owned(),
                Some(_) | None => return refuse(12, "no prefix"),
            },
            limit: params.number("limit", 1..=500, 20)?,
        }),
        Route::CreateGroup => create(received),
        Route::Groups => Ok(Call::Groups {
            prefix: params.get("prefix").map(str::to_owned),
            page_number: params.number("page_number", 1..=usize::MAX, 1)?,
            page_size: params.number("page_size", 1..=500, 20)?,
        }),
        Route::User => Ok(Call::User),
        Route::Keys => Ok(Call::Keys { guid: keys_of(path).unwrap_or_default().to_owned() }),
        Route::Settings => Ok(Call::Settings),
        Route::Any => refuse(4, "no such call in Connect's API"),
    }
}

/// A key that is merely wrong is no violation: people paste wrong keys.
fn authorize(received: &Received, key: &str) -> Result<(), Refusal> {
    let given = received.header("authorization");
    if given.is_empty() {
        return refuse(24, "no Authorization");
    }
    match given.strip_prefix("Key ") {
        None => refuse(24, "Authorization isn't of the form `Key …`"),
        Some(given) if given == key => Ok(()),
        Some(_) => Err(Refusal { code: 30, violation: None }),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    temp_ticket: String,
}

fn create(received: &Received) -> Result<Call, Refusal> {
    let content_type = received.header("content-type");
    let essence = content_type.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return refuse(25, format!("content-type is `{content_type}`, not application/json"));
    }
    // serde would take an array for the object.
    if received.body.trim_ascii_start().first() != Some(&b'{') {
        return refuse(25, "the body isn't a JSON object");
    }
    match serde_json::from_slice::<CreateBody>(&received.body) {
        Ok(body) => Ok(Call::CreateGroup { ticket: body.temp_ticket }),
        Err(error) => refuse(25, format!("the body isn't {{\"temp_ticket\": string}}: {error}")),
    }
}

struct Params<'a>(&'a [(String, String)]);

impl Params<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Refuses every parameter that isn't in `known`, and those that occur twice.
    fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return refuse(25, format!("unknown parameter `{name}`"));
            }
            if self.0[..at].iter().any(|(earlier, _)| earlier == name) {
                return refuse(25, format!("parameter `{name}` occurs twice"));
            }
        }
        Ok(())
    }

    fn number(
        &self,
        name: &str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            Ok(_) => refuse(13, format!("{name}={text} is out of range")),
            Err(_) => refuse(25, format!("{name}={text} isn't a whole number")),
        }
    }
}

/// Splits and decodes a raw query; `+` is a space, as in a form.
fn decode(query: &str) -> Result<Vec<(String, String)>, String> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let decoded = |text: &str| {
        percent_decode(text).ok_or_else(|| format!("`{text}` isn't percent-encoded UTF-8"))
    };
    query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((decoded(name)?, decoded(value)?)),
            Some(_) | None => Err(format!("`{pair}` in the query isn't name=value")),
        })
        .collect()
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (digits, tail) = rest.split_at_checked(2)?;
                rest = tail;
                let digit = |at: usize| char::from(digits[at]).to_digit(16);
                u8::try_from(digit(0)? * 16 + digit(1)?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}
