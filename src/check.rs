//! What can be known before anyone uses the bot, and what to do about what is wrong.

mod connect;
mod database;
mod discord;
mod finding;
mod gateway;
mod people;
mod rooms;
mod settings;

pub(crate) use self::connect::{connect, failed, key_expiry};
pub(crate) use self::database::{clock, database, unusable};
pub(crate) use self::discord::{discord, interactions_endpoint, places, slow_discord};
pub(crate) use self::finding::{Finding, Level, words};
pub(crate) use self::people::{FEW_LOOKUPS, LOOKUPS};
pub(crate) use self::rooms::Places;
pub(crate) use self::settings::settings;

/// Logs what a bot finds that serves all the same: nothing is worse than a warning then, since it can
/// mend itself, and whoever asks is told.
pub(crate) fn note(finding: &Finding) {
    match finding.level {
        Level::Ok => tracing::info!("{}", finding.plain()),
        Level::Warn | Level::Fail => tracing::warn!("{}", finding.plain()),
    }
}
