//! Answers, and Discord's codes for saying no.

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};

use super::{check::Problems, quota::Headers};

/// What is answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) html: bool,
    pub(super) headers: Headers,
}

impl Answer {
    /// 204, without a body.
    pub(super) const EMPTY: Self =
        Self { status: 204, body: None, html: false, headers: Vec::new() };

    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), ..Self::EMPTY }
    }

    pub(super) fn html(status: u16) -> Self {
        Self { status, html: true, ..Self::EMPTY }
    }

    pub(super) fn respond(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (kind, body) = match (self.html, self.body) {
            (true, _) => (Some("text/html"), html(status)),
            (false, Some(body)) => (Some("application/json"), body.to_string()),
            (false, None) => (None, String::new()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if let Some(kind) = kind {
            headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
        }
        // By it clients tell Discord from Cloudflare in front of it.
        if !self.html {
            headers.insert(header::VIA, header::HeaderValue::from_static("1.1 google"));
        }
        for (name, value) in self.headers {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// A page as Cloudflare writes it.
fn html(status: StatusCode) -> String {
    format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n\
         <center><h1>{status}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n\
         </html>\r\n"
    )
}

/// An answer that says no, with Discord's own code and words.
/// <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: u64,
    message: &'static str,
    errors: Option<Value>,
}

impl Refusal {
    pub(super) const UNKNOWN_ROUTE: Self = Self::new(404, 0, "404: Not Found");
    pub(super) const WRONG_METHOD: Self = Self::new(405, 0, "405: Method Not Allowed");
    pub(super) const UNAUTHORIZED: Self = Self::new(401, 0, "401: Unauthorized");
    pub(super) const NOT_JSON: Self =
        Self::new(400, 50109, "The request body contains invalid JSON.");
    const INVALID: Self = Self::new(400, 50035, "Invalid Form Body");
    pub(super) const UNKNOWN_CHANNEL: Self = Self::new(404, 10003, "Unknown Channel");
    pub(super) const UNKNOWN_MEMBER: Self = Self::new(404, 10007, "Unknown Member");
    pub(super) const UNKNOWN_USER: Self = Self::new(404, 10013, "Unknown User");
    pub(super) const UNKNOWN_GUILD: Self = Self::new(404, 10004, "Unknown Guild");
    pub(super) const UNKNOWN_COMMAND: Self = Self::new(404, 10063, "Unknown application command");
    pub(super) const UNKNOWN_APPLICATION: Self = Self::new(404, 10002, "Unknown Application");
    pub(super) const UNKNOWN_MESSAGE: Self = Self::new(404, 10008, "Unknown Message");
    pub(super) const UNKNOWN_WEBHOOK: Self = Self::new(404, 10015, "Unknown Webhook");
    pub(super) const UNKNOWN_INTERACTION: Self = Self::new(404, 10062, "Unknown interaction");
    pub(super) const ANSWERED_ALREADY: Self =
        Self::new(400, 40060, "Interaction has already been acknowledged.");
    pub(super) const NO_ACCESS: Self = Self::new(403, 50001, "Missing Access");
    pub(super) const NOT_THE_AUTHOR: Self =
        Self::new(403, 50005, "Cannot edit a message authored by another user");
    pub(super) const EMPTY: Self = Self::new(400, 50006, "Cannot send an empty message");
    pub(super) const NO_TEXT_CHANNEL: Self =
        Self::new(400, 50008, "Cannot send messages in a non-text channel");
    pub(super) const NO_PERMISSION: Self = Self::new(403, 50013, "Missing Permissions");
    /// <https://github.com/victornpb/undiscord/issues/399>
    pub(super) const ARCHIVED: Self = Self::new(400, 50083, "Thread is archived");
    /// <https://github.com/discord/discord-api-docs/issues/7707>
    pub(super) const ARCHIVED_FOR_GOOD: Self = Self::new(403, 50083, "Thread is archived");
    pub(super) const LOCKED: Self = Self::new(403, 160_005, "Thread is locked");
    pub(super) const DEAD_TOKEN: Self = Self::new(401, 50027, "Invalid Webhook Token");

    const fn new(status: u16, code: u64, message: &'static str) -> Self {
        Self { status, code, message, errors: None }
    }

    /// Refuses the body if anything is wrong with it.
    pub(super) fn check(problems: &Problems) -> Result<(), Self> {
        if problems.are_refused() {
            return Err(Self { errors: Some(problems.tree()), ..Self::INVALID });
        }
        Ok(())
    }

    pub(super) fn answer(self) -> Answer {
        let mut body = json!({"message": self.message, "code": self.code});
        if let Some(errors) = self.errors {
            body["errors"] = errors;
        }
        Answer::json(self.status, body)
    }
}
