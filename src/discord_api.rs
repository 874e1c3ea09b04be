//! Discord's API, as far as the bot needs it: its REST calls, its gateway, and what its permissions come
//! to. With [`discord`](crate::discord) the only place that says `serenity`.

pub(crate) mod gateway;
pub(crate) mod permissions;
pub(crate) mod rest;
pub(crate) mod signature;

use serde_json::Value;
use serenity::all::Interaction;

/// An interaction, or its payload if serenity can't read it.
pub(crate) type Received = Result<Interaction, Value>;

/// Reads an interaction.
///
/// # Errors
///
/// When it isn't JSON at all.
pub(crate) fn received(json: &str) -> serde_json::Result<Received> {
    match serde_json::from_str(json) {
        Ok(interaction) => Ok(Ok(interaction)),
        Err(_) => Ok(Err(serde_json::from_str(json)?)),
    }
}
