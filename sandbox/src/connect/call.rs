//! Reads a request as Connect does. Whatever a well-behaved client wouldn't send is noted; it is
//! refused only where Connect refuses it.

use std::ops::RangeInclusive;

use hyper::HeaderMap;
use serde_json::Value;

use super::answer::Answer;
use super::faults::Route;

/// Every call that the stand-in has: its method, its path (after `/__api__/`, unless it begins with
/// a slash; `{}` is one segment), and the parameters that its query may have.
///
/// Those under `v1/` are described in Connect's API reference
/// (<https://docs.posit.co/connect/api/>), the others are known from Connect's own clients.
const CALLS: [(&str, &str, Route, &[&str]); 9] = [
    ("GET", "v1/groups/remote", Route::Search, &["prefix", "limit"]),
    (
        "GET",
        "v1/groups",
        Route::Groups,
        &["prefix", "page_number", "page_size", "asc_order", "sort_by"],
    ),
    ("PUT", "v1/groups", Route::CreateGroup, &[]),
    ("GET", "v1/groups/{}", Route::Group, &[]),
    ("GET", "v1/user", Route::User, &[]),
    ("GET", "v1/users/{}/keys", Route::Keys, &[]),
    ("GET", "v1/server_settings/python", Route::Python, &[]),
    ("GET", "server_settings", Route::Settings, &[]),
    ("GET", "/__ping__", Route::Ping, &[]),
];

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
    Groups(Listing),
    Group { guid: String },
    User,
    Keys { guid: String },
    Python,
    Settings,
    Ping,
}

/// Which of the groups that Connect has are asked for, and in which order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) prefix: Option<String>,
    /// Sorted by name though there is a prefix.
    pub(super) by_name: bool,
    pub(super) ascending: bool,
    pub(super) page_number: usize,
    pub(super) page_size: usize,
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

/// Reads a request to a Connect that lives under the path `base` (without a slash at its end) and
/// accepts these keys only.
pub(super) fn read(received: &Received, base: &str, keys: [&str; 2]) -> Reading {
    let rest = received.path.strip_prefix(base);
    let api = rest.and_then(|rest| rest.strip_prefix("/__api__/"));
    let path = api.or(rest).unwrap_or(&received.path);
    let found = CALLS.iter().find_map(|(method, pattern, route, known)| {
        let segment = fit(pattern, path).filter(|_| received.method == *method)?;
        Some((*route, segment, *known))
    });
    let mut notes = Vec::new();
    let params = decode(&received.query, &mut notes);
    let call = if let Some((route, segment, known)) = found {
        let mut reader = Reader { received, params: &params, notes: &mut notes };
        reader.look_over(route, known);
        reader.authorize(route, keys).and_then(|()| reader.call(route, segment))
    } else {
        notes.push("Connect has no such call".to_owned());
        Err(if api.is_some() { Answer::no_such_call() } else { Answer::html(404) })
    };
    let violations = notes.iter().map(|note| format!("{} {path}: {note}", received.method));
    Reading {
        route: found.map(|(route, ..)| route),
        path: path.to_owned(),
        violations: violations.collect(),
        params,
        call,
    }
}

/// The segment that `{}` in the pattern stands for, if the path is of the pattern.
fn fit<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{}") else {
        return (pattern == path).then_some("");
    };
    let segment = path.strip_prefix(before)?.strip_suffix(after)?;
    (!segment.is_empty() && !segment.contains('/')).then_some(segment)
}

/// The query's parameters; `+` is a space, as in a form. What isn't UTF-8 is replaced.
fn decode(query: &str, notes: &mut Vec<String>) -> Vec<(String, String)> {
    let params: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let is_whole = |text: &str| !text.contains(char::REPLACEMENT_CHARACTER);
    if !params.iter().all(|(name, value)| is_whole(name) && is_whole(value)) {
        notes.push(format!("`{query}` isn't percent-encoded UTF-8"));
    }
    params
}

/// A request whose call is known.
struct Reader<'a> {
    received: &'a Received,
    params: &'a [(String, String)],
    notes: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn note(&mut self, what: impl Into<String>) {
        self.notes.push(what.into());
    }

    /// What is wrong is the caller's fault, and Connect says so with this code.
    fn refuse<T>(&mut self, code: u32, what: impl Into<String>) -> Result<T, Answer> {
        self.note(what);
        Err(Answer::error(code))
    }

    /// Notes what Connect passes over: an id that is missing, parameters and bodies that it has no
    /// use for.
    fn look_over(&mut self, route: Route, known: &[&str]) {
        if route != Route::Ping && self.received.header("x-correlation-id").is_empty() {
            self.note("no X-Correlation-ID");
        }
        for (at, (name, _)) in self.params.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                self.note(format!("unknown parameter `{name}`"));
            } else if self.params[..at].iter().any(|(earlier, _)| earlier == name) {
                self.note(format!("parameter `{name}` occurs twice"));
            }
        }
        if route != Route::CreateGroup && !self.received.body.is_empty() {
            self.note("a body where none belongs");
        }
    }

    /// A key that is merely wrong is no violation: people paste wrong keys.
    fn authorize(&mut self, route: Route, keys: [&str; 2]) -> Result<(), Answer> {
        if matches!(route, Route::Settings | Route::Ping) {
            return Ok(());
        }
        match self.received.header("authorization").strip_prefix("Key ") {
            None => self.refuse(24, "Authorization isn't of the form `Key …`"),
            Some(given) if keys.contains(&given) => Ok(()),
            Some(_) => Err(Answer::error(30)),
        }
    }

    fn call(&mut self, route: Route, segment: &str) -> Result<Call, Answer> {
        Ok(match route {
            Route::Search => match self.get("prefix") {
                Some(prefix) if !prefix.is_empty() => {
                    Call::Search { prefix, limit: self.number("limit", 1..=500, 20)? }
                }
                Some(_) | None => return self.refuse(12, "no prefix"),
            },
            Route::Groups => Call::Groups(self.listing()?),
            Route::CreateGroup => Call::CreateGroup { ticket: self.ticket()? },
            Route::Group => Call::Group { guid: segment.to_owned() },
            Route::User => Call::User,
            Route::Keys => Call::Keys { guid: segment.to_owned() },
            Route::Python => Call::Python,
            Route::Settings => Call::Settings,
            Route::Ping => Call::Ping,
            Route::Any => return Err(Answer::no_such_call()),
        })
    }

    /// `sort_by` is named in the description of the call, its values are listed nowhere: this
    /// stand-in has `name`.
    fn listing(&mut self) -> Result<Listing, Answer> {
        let by_name = match self.get("sort_by").as_deref() {
            None => false,
            Some("name") => true,
            Some(other) => return self.refuse(25, format!("sort_by={other}")),
        };
        let ascending = match self.get("asc_order") {
            None => true,
            Some(text) => match text.to_lowercase().parse() {
                Ok(ascending) => ascending,
                Err(_) => return self.refuse(25, format!("asc_order={text}")),
            },
        };
        Ok(Listing {
            prefix: self.get("prefix").filter(|prefix| !prefix.is_empty()),
            by_name,
            ascending,
            page_number: self.number("page_number", 1..=usize::MAX, 1)?,
            page_size: self.number("page_size", 1..=500, 20)?,
        })
    }

    /// The ticket in a body, of which Connect refuses every field but this one.
    fn ticket(&mut self) -> Result<String, Answer> {
        let content_type = self.received.header("content-type");
        let essence = content_type.split(';').next().unwrap_or("").trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            self.note(format!("content-type is `{content_type}`, not application/json"));
        }
        let Ok(Value::Object(fields)) = serde_json::from_slice(&self.received.body) else {
            return self.refuse(121, "the body isn't a JSON object");
        };
        if let Some(unknown) = fields.keys().find(|name| *name != "temp_ticket") {
            self.note(format!("unknown field `{unknown}`"));
            return Err(Answer::unknown_field(unknown));
        }
        match fields.get("temp_ticket") {
            Some(Value::String(ticket)) => Ok(ticket.clone()),
            Some(_) => self.refuse(121, "temp_ticket isn't a string"),
            None => self.refuse(12, "no temp_ticket"),
        }
    }

    /// The parameter's first value.
    fn get(&self, name: &str) -> Option<String> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn number(
        &mut self,
        name: &str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, Answer> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        match text.parse::<i64>().map(usize::try_from) {
            Ok(Ok(number)) if range.contains(&number) => Ok(number),
            Ok(_) => self.refuse(13, format!("{name}={text} is out of range")),
            Err(_) => self.refuse(25, format!("{name}={text} isn't a whole number")),
        }
    }
}
