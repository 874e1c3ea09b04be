//! What can be known before anyone uses the bot, and what to do about what is wrong.

mod connect;
mod database;
mod discord;
mod gateway;
mod rooms;

use std::fmt;

pub use self::connect::connect;
pub use self::database::database;
pub use self::discord::{Places, discord, interactions_endpoint, places};
pub use self::gateway::{gateway, proxy};

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
    /// What was found and, unless all is well, what to do.
    pub text: String,
}

impl Finding {
    fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, text: text.into() }
    }

    fn ok(text: impl Into<String>) -> Self {
        Self::new(Level::Ok, text)
    }

    fn warn(text: impl Into<String>) -> Self {
        Self::new(Level::Warn, text)
    }

    fn fail(text: impl Into<String>) -> Self {
        Self::new(Level::Fail, text)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(f, "{level:<5} {}", self.text)
    }
}

/// Logs what a bot finds that serves all the same: nothing is worse than a warning then, since it can
/// mend itself, and whoever asks is told.
pub fn note(finding: &Finding) {
    match finding.level {
        Level::Ok => tracing::info!("{}", finding.text),
        Level::Warn | Level::Fail => tracing::warn!("{}", finding.text),
    }
}
