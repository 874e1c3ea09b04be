//! Who may ask, what a question must look like, and how "no" is said.

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, Request},
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::discord::{Unsendable, Who};

/// The page loads nothing from elsewhere, holds no script or style of its own, and is in no frame.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The longest body, in bytes.
const LONGEST: usize = 64 << 10;

/// A "no": its status, and a sentence that a person may read.
pub(super) struct Refused(StatusCode, String);

impl Refused {
    pub(super) fn bad(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }

    pub(super) fn not_found() -> Self {
        Self(StatusCode::NOT_FOUND, "There is nothing here.".to_owned())
    }

    pub(super) fn wrong_method() -> Self {
        Self(StatusCode::METHOD_NOT_ALLOWED, "That can't be done to this address.".to_owned())
    }
}

impl From<Unsendable> for Refused {
    fn from(why: Unsendable) -> Self {
        Self::bad(why.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, why) = self;
        (status, Spoken(json!({"error": why}))).into_response()
    }
}

/// An answer in JSON.
pub(super) struct Spoken(pub(super) Value);

impl IntoResponse for Spoken {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0.to_string()).into_response()
    }
}

/// The body of a request, which says that it is JSON: so no form of another page can send it.
pub(super) struct Told<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Told<T> {
    type Rejection = Refused;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Refused> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or(kind).trim());
        if kind != Some("application/json") {
            let why = "The request has to be JSON, and say so in `Content-Type`.".to_owned();
            return Err(Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
        }
        let body = to_bytes(request.into_body(), LONGEST).await.map_err(|_| {
            let why = format!("The request is longer than {LONGEST} bytes.");
            Refused(StatusCode::PAYLOAD_TOO_LARGE, why)
        })?;
        let told = serde_json::from_slice(&body);
        told.map(Self).map_err(|error| Refused::bad(format!("The request can't be read: {error}.")))
    }
}

/// The person that a tab speaks as, from the address's query.
pub(super) fn who(query: Option<&str>) -> Result<Who, Refused> {
    let mut pairs = query.unwrap_or_default().split('&');
    let name = pairs.find_map(|pair| pair.strip_prefix("as=")).unwrap_or_default();
    serde_json::from_value(json!(name))
        .map_err(|_| Refused::bad(format!("Nobody here is {name:?}: say who in `as`.")))
}

/// Refuses whoever reaches the server by a name that isn't this machine's own, which is how a page
/// from elsewhere would, and says of every answer what a browser may do with it.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let response = if is_loopback(&request) {
        next.run(request).await
    } else {
        let why = "This server only answers to `127.0.0.1` and `localhost`.".to_owned();
        Refused(StatusCode::FORBIDDEN, why).into_response()
    };
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, response).into_response()
}

fn is_loopback(request: &Request) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| matches!(host.host(), "127.0.0.1" | "localhost" | "[::1]"))
}
