//! What a look comes to.

use std::fmt;
use std::time::Duration;

use humantime::format_duration;

use crate::text::{code_span, plain};

/// Names from outside take at most this many UTF-16 units.
const MAX_NAME: usize = 60;

/// Words of an error's take at most this many.
const MAX_WORDS: usize = 300;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// The bot works, but not for everything or everyone.
    Warn,
    /// The bot, or something that it is for, doesn't work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) level: Level,
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

    pub(super) fn warn(text: impl Into<String>) -> Self {
        Self::new(Level::Warn, text)
    }

    pub(super) fn fail(text: impl Into<String>) -> Self {
        Self::new(Level::Fail, text)
    }

    /// What was found and, unless all is well, what to do, in Discord's markdown.
    pub(crate) fn markdown(&self) -> &str {
        &self.text
    }

    /// The same for a terminal and a log, on one line.
    pub(crate) fn plain(&self) -> String {
        plain(&self.text)
    }
}

/// A name from outside.
pub(super) fn named(name: &str) -> String {
    code_span(name, MAX_NAME)
}

/// What an error says, which may be somebody else's words.
pub(crate) fn words(error: &(impl fmt::Display + ?Sized)) -> String {
    code_span(error.to_string().trim_end_matches('.'), MAX_WORDS)
}

/// When to try again what there was too much of, if it was said for how long that is so.
pub(super) fn later(wait: Option<Duration>) -> String {
    match wait {
        Some(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            format!("try again in {}", format_duration(Duration::from_secs(seconds.max(1))))
        }
        None => "try again in a few minutes".to_owned(),
    }
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
