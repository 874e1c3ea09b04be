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
use super::messages::reply::Reply;
use super::responder::{Responder, Slot};
use super::router::dispatch;
use crate::correlation::CorrelationId;
use crate::discord_api::{Received, id_in, received};
use crate::ids::UserId;
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
    // One person's flood would have everybody wait for the database, and be taken for its failure.
    if let Some(turn) = bot.taking.take(person_of(&received)).await {
        let taken = bot.requests.take_interaction(id, now).await;
        drop(turn);
        match taken {
            Ok(true) => dispatch(&bot, received, Some(slot)),
            Ok(false) => return refuse(&bot, StatusCode::CONFLICT, "taken"),
            Err(error) => fail(&bot, &received, slot, error).await,
        }
    } else {
        bot.metrics.refused("crowded");
        excuse(&bot, &received, slot, |_| failures::crowded()).await;
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

/// Whoever acts; nobody where that can't be read.
fn person_of(received: &Received) -> UserId {
    let user = received.as_ref().ok().and_then(|interaction| match interaction {
        Interaction::Command(command) | Interaction::Autocomplete(command) => Some(&command.user),
        Interaction::Component(component) => Some(&component.user),
        Interaction::Modal(form) => Some(&form.user),
        _ => None,
    });
    UserId(user.map_or(0, |user| user.id.get()))
}

/// Discord hears no more than that: whoever else has sent it needn't know more.
fn refuse(bot: &Bot, status: StatusCode, why: &'static str) -> Response {
    bot.metrics.refused(why);
    status.into_response()
}

/// Says that nothing was done, since nobody could write down that the interaction was taken: also to who
/// comes after a bot that stops has closed its database.
async fn fail(bot: &Bot, received: &Received, slot: Slot, error: StoreError) {
    if bot.is_stopping() {
        return excuse(bot, received, slot, |_| failures::restarting()).await;
    }
    bot.metrics.database_failed();
    let failure = Failure { cause: Cause::Store(error), side_effect: SideEffect::Nothing };
    excuse(bot, received, slot, |id| explain(&failure.into(), id).0).await;
}

/// Answers what isn't served.
async fn excuse(
    bot: &Bot,
    received: &Received,
    slot: Slot,
    words: impl FnOnce(CorrelationId) -> Reply,
) {
    let id = CorrelationId::new();
    if let Some(responder) = Responder::new(&bot.responders, received, id, Some(slot)) {
        responder.excuse(&words(id)).await;
    }
}

fn json(body: impl Into<axum::body::Body>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body.into()).into_response()
}
