//! Interactions over HTTP: Discord posts each to the application's Interactions Endpoint URL, and takes
//! the response for its first answer.
//! <https://discord.com/developers/docs/interactions/overview#preparing-for-interactions>

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use serde_json::Value;
use serenity::all::Interaction;
use tokio::sync::oneshot;

use super::bot::{Bot, Source};
use super::context::explain;
use super::messages::failures;
use super::responder::{Responder, Slot};
use super::router::dispatch;
use crate::correlation::CorrelationId;
use crate::discord_api::{Received, id_in, received};
use crate::ldapgroup::SideEffect;
use crate::requests::{Cause, Failure, StoreError};

/// An interaction takes a few kilobytes; one on a message holds that message, which has 4000 characters
/// at most.
const MAX_BODY: usize = 256 << 10;

/// Discord's type of what asks whether anybody is there, and of the answer.
const PING: u64 = 1;

const PONG: &str = r#"{"type":1}"#;

/// What serves `POST /interactions`.
pub(crate) fn interactions() -> MethodRouter<Arc<Bot>> {
    post(receive).layer(DefaultBodyLimit::max(MAX_BODY))
}

/// Nothing is read of what Discord hasn't signed.
async fn receive(State(bot): State<Arc<Bot>>, headers: HeaderMap, body: Bytes) -> Response {
    let now = SystemTime::now();
    if !is_signed(&bot, &headers, &body, now) {
        return refuse(&bot, StatusCode::UNAUTHORIZED, "unsigned");
    }
    let Some(Ok(received)) = str::from_utf8(&body).ok().map(received) else {
        return refuse(&bot, StatusCode::BAD_REQUEST, "unreadable");
    };
    if is_ping(&received) {
        return json(PONG);
    }
    let Some(id) = id_of(&received) else {
        return refuse(&bot, StatusCode::BAD_REQUEST, "unreadable");
    };
    let (slot, answer) = oneshot::channel();
    match bot.requests.take_interaction(id, now).await {
        Ok(true) => dispatch(&bot, received, Some(slot)),
        Ok(false) => return refuse(&bot, StatusCode::CONFLICT, "taken"),
        Err(error) => fail(&bot, &received, slot, error).await,
    }
    match answer.await {
        Ok(answer) => json(answer),
        // The answer is a call of its own.
        Err(_) => StatusCode::ACCEPTED.into_response(),
    }
}

fn is_signed(bot: &Bot, headers: &HeaderMap, body: &[u8], now: SystemTime) -> bool {
    let text = |name| headers.get(name)?.to_str().ok();
    let signed = text("x-signature-ed25519").zip(text("x-signature-timestamp"));
    match &bot.source {
        Source::Http(key) => signed.is_some_and(|signed| key.verifies(signed, body, now)),
        Source::Gateway(_) => false,
    }
}

fn is_ping(received: &Received) -> bool {
    match received {
        Ok(interaction) => matches!(interaction, Interaction::Ping(_)),
        Err(payload) => payload.get("type").and_then(Value::as_u64) == Some(PING),
    }
}

fn id_of(received: &Received) -> Option<u64> {
    match received {
        Ok(interaction) => Some(interaction.id().get()),
        Err(payload) => id_in(payload, "id"),
    }
}

/// Discord hears no more than that: whoever else has sent it needn't know more.
fn refuse(bot: &Bot, status: StatusCode, why: &'static str) -> Response {
    bot.metrics.refused(why);
    status.into_response()
}

/// Says that nothing was done, since nobody could write down that the interaction was taken: also to who
/// comes after a bot that stops has closed its database.
async fn fail(bot: &Bot, received: &Received, slot: Slot, error: StoreError) {
    let id = CorrelationId::new();
    let reply = if bot.is_stopping() {
        failures::restarting()
    } else {
        bot.metrics.database_failed();
        let failure = Failure { cause: Cause::Store(error), side_effect: SideEffect::Nothing };
        explain(&failure.into(), id).0
    };
    if let Some(responder) = Responder::new(&bot.responders, received, id, Some(slot)) {
        responder.excuse(&reply).await;
    }
}

fn json(body: impl Into<axum::body::Body>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body.into()).into_response()
}
