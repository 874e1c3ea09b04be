//! What can go wrong between the bot and Connect, told apart by Connect's own code.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

use reqwest::StatusCode;

use crate::text::innermost;

/// Why a call to Connect failed.
///
/// No variant prints the API key, a ticket or the address that was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// Connect said no, in its own words.
    #[error("Connect answered {status} with code {}: {text}", code.number())]
    Refused {
        /// What the answer means.
        code: Code,
        /// Connect's words: text from outside, bounded.
        text: String,
        /// The HTTP status; the code decides, not this.
        status: StatusCode,
        /// How long Connect wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// Something answered that isn't Connect: a proxy, a login page, another server.
    #[error(
        "the answer isn't Connect's: status {status}, content type {}",
        content_type.as_deref().unwrap_or("unknown")
    )]
    NotConnect {
        /// The HTTP status.
        status: StatusCode,
        /// What the answer says it is.
        content_type: Option<String>,
        /// How long whoever answered wants Connect to be left alone.
        retry_after: Option<Duration>,
    },
    /// Connect answered with success, but not with what its API describes.
    #[error("Connect's answer isn't what its API describes")]
    Unreadable(#[source] serde_json::Error),
    /// The TLS handshake failed over the certificate. Nothing was sent.
    #[error("Connect's certificate isn't trusted")]
    Certificate(#[source] reqwest::Error),
    /// No connection came about. Nothing was sent.
    #[error("Connect can't be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The connection broke after the call was sent: whether it was carried out isn't known.
    #[error("the connection to Connect broke before the answer was there")]
    Interrupted(#[source] reqwest::Error),
    /// There was no answer in time: whether the call was carried out isn't known.
    #[error("Connect didn't answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// As many calls were under way as the bot makes at once, for so long. Nothing was sent.
    #[error("too many other calls to Connect were under way for {}", humantime::format_duration(*.0))]
    Crowded(Duration),
}

impl ConnectError {
    /// Sorts a failure of the HTTP client.
    pub(super) fn from_client(error: reqwest::Error, timeout: Duration) -> Self {
        let error = error.without_url();
        if error.is_connect() {
            if is_about_certificate(&error) {
                Self::Certificate(error)
            } else {
                Self::Unreachable(error)
            }
        } else if error.is_timeout() {
            Self::TimedOut(timeout)
        } else {
            Self::Interrupted(error)
        }
    }

    /// Whether asking the same once more, a little later, may go better.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Refused { code, status, .. } => {
                matches!(code, Code::LdapTrouble | Code::RateLimited) || is_passing(*status)
            }
            Self::NotConnect { status, .. } => is_passing(*status),
            Self::Unreachable(_) | Self::Interrupted(_) => true,
            Self::Unreadable(_) | Self::Certificate(_) | Self::TimedOut(_) | Self::Crowded(_) => {
                false
            }
        }
    }

    /// Whether a call that ended like this may have been carried out all the same.
    pub(crate) fn leaves_open(&self) -> bool {
        match self {
            Self::Refused { status, .. } => status.is_server_error(),
            Self::NotConnect { .. }
            | Self::Unreadable(_)
            | Self::Interrupted(_)
            | Self::TimedOut(_) => true,
            Self::Certificate(_) | Self::Unreachable(_) | Self::Crowded(_) => false,
        }
    }

    /// Connect's code, if Connect said no.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::NotConnect { .. }
            | Self::Unreadable(_)
            | Self::Certificate(_)
            | Self::Unreachable(_)
            | Self::Interrupted(_)
            | Self::TimedOut(_)
            | Self::Crowded(_) => None,
        }
    }

    /// The HTTP status of the answer, if there was one that isn't a success.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } | Self::NotConnect { status, .. } => Some(*status),
            Self::Unreadable(_)
            | Self::Certificate(_)
            | Self::Unreachable(_)
            | Self::Interrupted(_)
            | Self::TimedOut(_)
            | Self::Crowded(_) => None,
        }
    }

    /// How long to wait before the next try, if Connect or a proxy in front of it said so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::NotConnect { retry_after, .. } => {
                *retry_after
            }
            Self::Unreadable(_)
            | Self::Certificate(_)
            | Self::Unreachable(_)
            | Self::Interrupted(_)
            | Self::TimedOut(_)
            | Self::Crowded(_) => None,
        }
    }

    /// What came of the call, as metrics have it: Connect's code, or what was there in its place.
    pub(crate) fn label(&self) -> Cow<'static, str> {
        match self {
            Self::Refused { code, .. } => code.number().to_string().into(),
            Self::NotConnect { .. } => "not_connect".into(),
            Self::Unreadable(_) => "unreadable".into(),
            Self::Certificate(_) => "certificate".into(),
            Self::Unreachable(_) => "unreachable".into(),
            Self::Interrupted(_) => "interrupted".into(),
            Self::TimedOut(_) => "timed_out".into(),
            Self::Crowded(_) => "crowded".into(),
        }
    }

    /// The error with the reason under it, for people.
    pub(crate) fn reason(&self) -> String {
        match self.source() {
            Some(cause) => format!("{self} ({})", innermost(cause)),
            None => self.to_string(),
        }
    }

    /// The error with all its causes, for the log.
    pub(crate) fn chain(&self) -> String {
        let causes = std::iter::successors(self.source(), |&cause| cause.source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }
}

fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// OpenSSL tells a distrusted certificate from any other failed handshake in its text only.
fn is_about_certificate(error: &reqwest::Error) -> bool {
    std::iter::successors(error.source(), |&cause| cause.source())
        .any(|cause| cause.is::<native_tls::Error>() && cause.to_string().contains("certificate"))
}

/// What Connect's error codes mean for this bot, from its published API reference:
/// <https://docs.posit.co/connect/api/#api-error-codes>.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    /// 15: another group has the name.
    NameInUse,
    /// 131: this LDAP group is in Connect already.
    SameUniqueId,
    /// 127: the ticket is unknown, used or too old.
    TicketInvalid,
    /// 63: Connect couldn't talk to LDAP; it passes.
    LdapTrouble,
    /// 83: the prefix has too many hits.
    TooManyResults,
    /// 119 to a creation, 132 to a search, 120: Connect doesn't take its users from LDAP.
    NotLdap(u32),
    /// 22: the key may not do this.
    NoPermission,
    /// 24, 30: no key, or one that Connect doesn't accept.
    BadKey(u32),
    /// 50, 95, 98, 99: the key's owner is locked or may not log in, or keys aren't allowed here.
    KeyBlocked(u32),
    /// 64: the licence is used up.
    LicenceExceeded,
    /// 277: too many calls.
    RateLimited,
    /// Any other.
    Other(u32),
}

impl Code {
    /// The number that Connect sends.
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::NameInUse => 15,
            Self::SameUniqueId => 131,
            Self::TicketInvalid => 127,
            Self::LdapTrouble => 63,
            Self::TooManyResults => 83,
            Self::NoPermission => 22,
            Self::LicenceExceeded => 64,
            Self::RateLimited => 277,
            Self::NotLdap(number)
            | Self::BadKey(number)
            | Self::KeyBlocked(number)
            | Self::Other(number) => number,
        }
    }
}

impl From<u32> for Code {
    fn from(number: u32) -> Self {
        match number {
            15 => Self::NameInUse,
            22 => Self::NoPermission,
            24 | 30 => Self::BadKey(number),
            50 | 95 | 98 | 99 => Self::KeyBlocked(number),
            63 => Self::LdapTrouble,
            64 => Self::LicenceExceeded,
            83 => Self::TooManyResults,
            119 | 120 | 132 => Self::NotLdap(number),
            127 => Self::TicketInvalid,
            131 => Self::SameUniqueId,
            277 => Self::RateLimited,
            _ => Self::Other(number),
        }
    }
}
