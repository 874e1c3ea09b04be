//! What goes wrong on demand.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::json;

use super::{
    Discord, Shared,
    quota::{self, Scope},
    replies::Answer,
};

/// A trouble that the next requests of a route meet.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 429, with the wait in seconds in the body and, rounded up, in `Retry-After`. Not carried out.
    RateLimited {
        /// The seconds to wait.
        retry_after: f64,
        /// Whether the limit is the bot's global one rather than the route's.
        global: bool,
    },
    /// Any status, with an HTML body as a proxy in front of Discord writes it. Not carried out.
    Status(u16),
    /// 403 with this code of Discord's, say 50001 or 50013. Not carried out.
    Forbidden(u64),
    /// The connection is cut. Not carried out.
    Cut,
    /// The request is carried out, then the connection is cut instead of an answer.
    LostAnswer,
    /// The request waits this long, then it is carried out.
    Slow(Duration),
    /// The beginning of a JSON text, and then spaces. Not carried out.
    Flood {
        /// The HTTP status.
        status: u16,
        /// How many bytes the body has, which it announces; `None` for a body that never ends.
        length: Option<u64>,
    },
}

/// The answer of a fault that answers in place of Discord.
pub(super) fn answer(fault: &Fault) -> Option<Answer> {
    match fault {
        Fault::RateLimited { retry_after, global } => {
            let scope = if *global { Scope::Global } else { Scope::User };
            Some(quota::limited(Vec::new(), scope, Duration::from_secs_f64(*retry_after)))
        }
        Fault::Status(status) => Some(Answer::html(*status)),
        Fault::Forbidden(code) => {
            let message = match code {
                50001 => "Missing Access",
                50007 => "Cannot send messages to this user",
                50013 => "Missing Permissions",
                _ => "Forbidden",
            };
            Some(Answer::json(403, json!({"message": message, "code": code})))
        }
        Fault::Cut | Fault::LostAnswer | Fault::Slow(_) | Fault::Flood { .. } => None,
    }
}

/// How many bytes are handed out at a time.
const PIECE: usize = 1 << 16;

/// What is left of a body, and how much of it was taken.
struct Flood {
    shared: Arc<Shared>,
    left: Option<u64>,
    taken: u64,
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.shared.lock().floods.push(self.taken);
        self.shared.touch();
    }
}

/// An answer of so many bytes, or without an end.
pub(super) fn flood(shared: &Arc<Shared>, status: u16, length: Option<u64>) -> Response {
    let flood = Flood { shared: Arc::clone(shared), left: length, taken: 0 };
    let pieces = stream::unfold(flood, |mut flood| async move {
        let size =
            flood.left.map_or(PIECE, |left| PIECE.min(usize::try_from(left).unwrap_or(PIECE)));
        if size == 0 {
            return None;
        }
        let mut piece = vec![b' '; size];
        if flood.taken == 0 {
            piece[0] = b'{';
        }
        flood.taken += size as u64;
        flood.left = flood.left.map(|left| left - size as u64);
        Some((Ok::<_, Infallible>(Bytes::from(piece)), flood))
    });
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let length = length.map(|length| [(header::CONTENT_LENGTH, length.to_string())]);
    (status, kind, length, Body::from_stream(pieces)).into_response()
}

impl Discord {
    /// Waits until so many answers of [`Fault::Flood`] are over, and says how many
    /// bytes of each were handed out by then.
    ///
    /// # Panics
    ///
    /// If they aren't within [`Options::patience`](super::Options::patience).
    pub async fn wait_for_floods(&self, count: usize) -> Vec<u64> {
        let over = |floods: &Vec<u64>| (floods.len() >= count).then(|| floods.clone());
        let why = || format!("{count} long answers are not over");
        self.shared().demand(|state| over(&state.floods), why).await
    }
}
