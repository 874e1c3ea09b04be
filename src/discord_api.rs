//! Discord's API, as far as the bot needs it: its REST calls, its gateway, and what its permissions come
//! to. With [`discord`](crate::discord) the only place that says `serenity`.

pub(crate) mod gateway;
pub(crate) mod permissions;
pub(crate) mod rest;
pub(crate) mod signature;

use std::collections::HashMap;
use std::panic::catch_unwind;

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use serenity::all::Interaction;

/// An interaction or, if serenity can't read it, as much of its payload as it takes to answer it.
pub(crate) type Received = Result<Interaction, Value>;

/// What it takes to answer an interaction.
const TO_ANSWER: [&str; 4] = ["id", "application_id", "token", "type"];

/// Reads an interaction, however deep or odd it is: what the gateway brings can't be refused, and would
/// come again after each resume.
///
/// # Errors
///
/// When it isn't JSON at all.
pub(crate) fn received(json: &str) -> serde_json::Result<Received> {
    // serenity 0.12.5 cuts an image's hash between any two bytes, and panics at what isn't ASCII.
    let read = catch_unwind(|| serde_json::from_str(json));
    if let Ok(Ok(interaction)) = read {
        return Ok(Ok(interaction));
    }
    let fields: HashMap<String, &RawValue> = match serde_json::from_str(json) {
        Ok(fields) => fields,
        Err(_) => serde_json::from_str::<IgnoredAny>(json).map(|_| HashMap::new())?,
    };
    let field = |name| serde_json::from_str::<Value>(fields.get(name)?.get()).ok();
    Ok(Err(TO_ANSWER.into_iter().filter_map(|name| Some((name, field(name)?))).collect()))
}

/// An id in such a payload.
pub(crate) fn id_in(payload: &Value, field: &str) -> Option<u64> {
    let id = payload.get(field)?;
    id.as_u64().or_else(|| id.as_str()?.parse().ok())
}
