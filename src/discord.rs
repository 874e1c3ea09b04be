//! What the bot does at Discord: [`router`] finds what serves an interaction, a file of [`commands`] or
//! [`components`] reads it, asks the service and words the answer, and [`responder`] gives it;
//! [`reconciler`] does what nobody waits for, and [`alerts`]
//! tells admins of trouble that lasts.

mod actor;
mod alerts;
mod bot;
mod builders;
mod commands;
mod components;
mod context;
mod custom_id;
mod endpoint;
pub(crate) mod messages;
#[cfg(feature = "micro")]
pub(crate) mod micro;
mod options;
mod reconciler;
mod responder;
mod router;
#[cfg(test)]
mod tests;
mod turns;

pub(crate) use self::alerts::Alerts;
pub(crate) use self::bot::{Bot, Source};
pub(crate) use self::commands::commands;
pub(crate) use self::endpoint::interactions;
pub(crate) use self::router::dispatch;
