//! Why a call to Discord failed.

use std::time::Duration;

use reqwest::StatusCode;

use crate::text::innermost;

/// No answer makes the bot wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Why a call to Discord failed. Prints no token: those are in addresses, which are left out.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// Discord said no.
    #[error("Discord answered {status} with code {code}: {message}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// Discord's code; 0 where it has none.
        code: u64,
        /// Discord's words.
        message: String,
        /// How long Discord wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The answer isn't Discord's, or not what its API describes.
    #[error("the answer, with status {status}, isn't Discord's")]
    NotDiscord {
        /// The HTTP status.
        status: StatusCode,
        /// How long whoever answered wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// Discord takes no more of these calls for so long, and wasn't asked.
    #[error("Discord takes no more of these calls for {0:?}")]
    NotYet(Duration),
    /// There was no answer.
    #[error(
        "Discord {} ({})",
        if .0.is_connect() { "can't be reached" } else { "didn't answer" },
        innermost(.0)
    )]
    NoAnswer(#[source] reqwest::Error),
}

impl RestError {
    /// Discord's code, if it said no.
    pub(crate) fn code(&self) -> Option<u64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::NotDiscord { .. } | Self::NotYet(_) | Self::NoAnswer(_) => None,
        }
    }

    /// The HTTP status of the answer, if there was one.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } | Self::NotDiscord { status, .. } => Some(*status),
            Self::NotYet(_) | Self::NoAnswer(_) => None,
        }
    }

    /// Whether the bot can't speak in the channel, or there is none. A thread may be archived (50083)
    /// or locked (160005).
    pub(crate) fn is_about_channel(&self) -> bool {
        matches!(self.code(), Some(10003 | 50001 | 50013 | 50083 | 160_005))
    }

    /// Whether the message is gone that was to be changed, or that was sent with the nonce before.
    pub(crate) fn is_about_message(&self) -> bool {
        self.code() == Some(10008)
    }

    /// Whether the message that was to be changed is gone, or the channel that it was in.
    pub(crate) fn is_about_lost_message(&self) -> bool {
        self.is_about_message() || self.code() == Some(10003)
    }

    /// Whether it is too late to answer an interaction.
    pub(crate) fn is_too_late(&self) -> bool {
        self.code() == Some(10062)
    }

    /// How long Discord wants to be left alone, if it said so.
    fn wanted(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::NotDiscord { retry_after, .. } => {
                *retry_after
            }
            Self::NotYet(wait) => Some(*wait),
            Self::NoAnswer(_) => None,
        }
    }

    /// The pause before the next try: at least as long as Discord wants, if it said so.
    pub(crate) fn pause(&self, planned: Option<Duration>) -> Option<Duration> {
        planned.map(|planned| planned.max(self.wanted().unwrap_or_default()))
    }

    /// Whether the matter is the number of calls.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self, Self::NotYet(_)) || self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// How long no such call is taken, if the matter is their number and that was said.
    pub(crate) fn limit(&self) -> Option<Duration> {
        self.wanted().filter(|_| self.is_limit())
    }

    /// Whether the bot isn't in the server that was asked about.
    pub(crate) fn is_not_in_guild(&self) -> bool {
        matches!(self.code(), Some(50001 | 10004))
    }

    /// Whether the person who was asked about isn't in the server (10007), or is nobody at all (10013).
    pub(super) fn is_about_person(&self) -> bool {
        matches!(self.code(), Some(10007 | 10013))
    }

    /// Whether the same call may go better a little later. Never after 401 or 403: enough of those
    /// get the address banned.
    pub(crate) fn is_transient(&self) -> bool {
        match self.status() {
            Some(status) => status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
            None => true,
        }
    }
}

/// A wait of so many seconds, if it can be one.
pub(super) fn bounded(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(LONGEST_WAIT))
}
