//! What can be known before anyone uses the bot, and what to do about what is wrong.

mod connect;
mod database;
mod discord;
mod gateway;
mod rooms;

use std::fmt;

pub use self::connect::connect;
pub use self::database::{database, unusable};
pub use self::discord::{Places, discord, interactions_endpoint, places, slow_discord};
pub use self::gateway::{gateway, proxy};
use crate::text::code_span;

/// Names from outside take at most this many UTF-16 units.
const MAX_NAME: usize = 60;

/// Words of an error's take at most this many.
const MAX_WORDS: usize = 300;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// As it should be.
    Ok,
    /// The bot works, but not for everything or everyone.
    Warn,
    /// The bot, or something that it is for, doesn't work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    text: String,
}

impl Finding {
    /// A finding in Discord's markdown: settings and whatever is from outside in code spans, channels
    /// and roles as mentions.
    pub(crate) fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, text: text.into() }
    }

    pub(crate) fn ok(text: impl Into<String>) -> Self {
        Self::new(Level::Ok, text)
    }

    fn warn(text: impl Into<String>) -> Self {
        Self::new(Level::Warn, text)
    }

    fn fail(text: impl Into<String>) -> Self {
        Self::new(Level::Fail, text)
    }

    /// What was found and, unless all is well, what to do, in Discord's markdown.
    #[must_use]
    pub fn markdown(&self) -> &str {
        &self.text
    }

    /// The same for a terminal and a log, on one line.
    #[must_use]
    pub fn plain(&self) -> String {
        // What stands between code spans is the bot's own words.
        let pieces = self.text.split('`').enumerate().map(|(at, piece)| match at % 2 {
            0 => piece.replace("<#", "").replace("<@&", "").replace('>', ""),
            _ => piece.to_owned(),
        });
        pieces.collect()
    }
}

/// A name from outside.
fn named(name: &str) -> String {
    code_span(name, MAX_NAME)
}

/// What an error says, which may be somebody else's words.
pub(crate) fn words(error: &(impl fmt::Display + ?Sized)) -> String {
    code_span(error.to_string().trim_end_matches('.'), MAX_WORDS)
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(f, "{level:<5} {}", self.plain())
    }
}

/// Logs what a bot finds that serves all the same: nothing is worse than a warning then, since it can
/// mend itself, and whoever asks is told.
pub fn note(finding: &Finding) {
    match finding.level {
        Level::Ok => tracing::info!("{}", finding.plain()),
        Level::Warn | Level::Fail => tracing::warn!("{}", finding.plain()),
    }
}
