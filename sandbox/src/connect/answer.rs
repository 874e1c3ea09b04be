//! Answers as Connect words them, and those of a proxy in front of it.

use serde_json::{Value, json};

/// An answer to one call, before it becomes HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// Seconds for the header `Retry-After`.
    pub(super) retry_after: Option<u64>,
    /// Whether Connect itself answers: only then is the caller's correlation id sent back.
    pub(super) by_connect: bool,
}

impl Answer {
    /// 200 with this JSON.
    pub(super) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    /// Connect's error of this code.
    pub(super) fn error(code: u32) -> Self {
        let (status, text) = wording(code);
        Self::json(status, &json!({ "code": code, "error": text, "payload": null }))
    }

    /// Connect's answer to a caller that asks too often.
    pub(super) fn rate_limited(retry_after: Option<u64>) -> Self {
        Self { retry_after, ..Self::error(277) }
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

/// HTTP status and text of an error code of Connect's API.
///
/// The statuses, and the texts of 15, 63, 83, 127 and 131, are those of Connect's API reference;
/// the other texts are this stand-in's. A code that isn't listed has status 500.
fn wording(code: u32) -> (u16, &'static str) {
    match code {
        4 => (404, "The requested object does not exist."),
        12 => (400, "A required parameter is missing."),
        13 => (400, "A parameter is out of range."),
        14 => (400, "The group name is not valid."),
        15 => (409, "The requested group name is already in use."),
        22 => (403, "You don't have permission to perform this operation."),
        24 => (401, "This operation requires authentication."),
        25 => (400, "A parameter is not valid."),
        30 => (401, "The API key is not valid."),
        50 => (403, "The user account is locked."),
        63 => (
            400,
            "There was a problem communicating with the LDAP authentication server. \
             Please contact your administrator.",
        ),
        64 => (400, "The license limit is exceeded."),
        83 => (400, "Too many search results. Be more specific."),
        95 => (403, "This kind of API key is not allowed here."),
        99 => (401, "Access is restricted."),
        119 | 120 | 132 => {
            (400, "The authentication provider of this server does not support this operation.")
        }
        127 => (400, "The temp_ticket is invalid."),
        131 => (400, "A group using the same unique ID already exists."),
        153 => (404, "The group does not exist."),
        277 => (429, "Too many requests."),
        _ => (500, "An internal error occurred."),
    }
}
