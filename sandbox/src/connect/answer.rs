//! Answers as Connect words them, and those of a proxy in front of it.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

/// An answer to one call, before it becomes HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// The header `Retry-After`.
    pub(super) retry_after: Option<String>,
    /// Whether Connect itself answers: only then is the caller's correlation id sent back.
    pub(super) by_connect: bool,
}

impl Answer {
    /// 200 with this JSON.
    pub(super) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    /// Connect's error of this code.
    ///
    /// # Panics
    ///
    /// When the code isn't a known one.
    pub(super) fn error(code: u32) -> Self {
        let (status, text) = &ERRORS[&code];
        Self::refusal(*status, code, text)
    }

    /// Code 121 for a field that the call doesn't have, in the words that Connect adds: see
    /// <https://github.com/posit-dev/publisher/issues/1061>.
    pub(super) fn unknown_field(name: &str) -> Self {
        let text = format!("The request JSON cannot be parsed: json: unknown field {name:?}");
        Self::refusal(400, 121, &text)
    }

    /// What Connect says to a call that it doesn't have: no code, and no JSON. connectapi tells by
    /// it that a server is too old for a call
    /// (<https://github.com/posit-dev/connectapi/blob/main/R/utils.R>, `endpoint_does_not_exist`).
    pub(super) fn no_such_call() -> Self {
        Self {
            content_type: "text/plain; charset=utf-8",
            body: "404 page not found\n".to_owned(),
            ..Self::json(404, &Value::Null)
        }
    }

    /// Connect's answer to a caller that asks too often.
    pub(super) fn rate_limited(retry_after: Option<u64>) -> Self {
        Self { retry_after: retry_after.map(|seconds| seconds.to_string()), ..Self::error(277) }
    }

    /// What a proxy in front of Connect says that knows when Connect will be back.
    pub(super) fn unavailable(back_in: Duration) -> Self {
        let back = httpdate::fmt_http_date(SystemTime::now() + back_in);
        Self { retry_after: Some(back), ..Self::html(503) }
    }

    /// What a proxy in front of Connect says when it answers itself.
    pub(super) fn html(status: u16) -> Self {
        Self {
            status,
            content_type: "text/html; charset=utf-8",
            body: format!(
                "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\n\
                 <body><center><h1>{status}</h1></center><hr><center>proxy</center></body></html>\n"
            ),
            retry_after: None,
            by_connect: false,
        }
    }

    /// Valid JSON that is the answer to no call of Connect's.
    pub(super) fn garbage() -> Self {
        Self { by_connect: false, ..Self::json(200, &json!("It works!")) }
    }

    fn refusal(status: u16, code: u32, text: &str) -> Self {
        Self::json(status, &json!({ "code": code, "error": text, "payload": null }))
    }

    fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8",
            body: body.to_string(),
            retry_after: None,
            by_connect: true,
        }
    }
}

/// Status and text of the errors of Connect's API that the stand-in knows, by their codes.
///
/// Statuses and texts are those of the list in Connect's API reference, of version 2023.09
/// (<https://docs.posit.co/connect/api/#api-error-codes>). 277 came later: that it exists, as
/// `RateLimitExceeded`, is from the reference's `openapi.json` of 2026, its status and text are this
/// stand-in's. Which call answers which code the reference doesn't say; that a server without LDAP
/// answers 132 to a search and 119 to a ticket is taken from what the two say.
static ERRORS: LazyLock<HashMap<u32, (u16, String)>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("errors.json"))
        .expect("the embedded list holds a status and a text for each code, as every test shows")
});

/// Whether the stand-in has a text for an error's code.
pub(super) fn is_known(code: u32) -> bool {
    ERRORS.contains_key(&code)
}
