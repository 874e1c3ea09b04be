//! Discord's REST API, with serenity's types on the wire.
//!
//! serenity's own client can talk to another base address only with its rate limiter off, and then
//! hides how long Discord wants to be left alone. So the calls are made here.

mod buckets;
mod client;
mod error;
mod guilds;
mod interactions;
mod messages;

pub(crate) use self::client::{Gateway, Rest, SessionStartLimit};
pub(crate) use self::error::RestError;
pub(crate) use self::guilds::{Application, Channel};
pub(crate) use self::interactions::InteractionRef;
pub(crate) use self::messages::{Shown, created_at};
