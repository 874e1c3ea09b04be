//! What the bot itself has found: why a group isn't there, or not yet. Codes and facts, as they are
//! kept with a request; people's own words are kept beside them, as text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::text::shorten;

/// The most UTF-16 units of a text from outside that are kept.
const MAX_TEXT: usize = 300;

/// A finding, as far as somebody may want to know it later.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Connect had the group already.
    WasThere,
    /// Another group has the name.
    InUse,
    /// Connect has a group of this name in other case.
    InOtherCase { there: String },
    /// LDAP has no group of the name; this name is the nearest that it has.
    NoSuchGroup { near: Option<String> },
    /// LDAP has several groups of the name.
    Ambiguous,
    /// Too many groups of LDAP's begin with the name.
    TooBroad,
    /// The creation went unanswered, and the group isn't there.
    AnswerLost,
    /// Connect took longer than anyone could wait for.
    NobodyWaited,
    /// Connect said no, in its own words.
    Refused { number: u32, text: String },
    /// Something else than Connect answered.
    NotConnect { status: u16, content_type: Option<String> },
    /// Connect's answer can't be read.
    Unreadable,
    /// Connect's certificate isn't trusted.
    Untrusted,
    /// Connect can't be reached.
    Unreachable,
    /// The connection to Connect broke.
    Interrupted,
    /// Connect didn't answer in time.
    TimedOut { after: Duration },
    /// The bot's own database failed.
    Database,
    /// One that this version of the bot doesn't know.
    #[serde(other)]
    Unknown,
}

impl Reason {
    /// A text from outside, as much of it as is kept.
    pub(crate) fn kept(text: &str) -> String {
        shorten(text, MAX_TEXT).into_owned()
    }

    /// As it is in the database: the same reason is always the same text.
    pub(crate) fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// The reason of this text; whatever can't be read isn't known.
    pub(crate) fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or(Self::Unknown)
    }
}

/// Why a creation is tried again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Delay {
    /// What it came to at the last try.
    pub why: Reason,
    /// When that was; not known of one that an older version wrote.
    pub tried_at: Option<SystemTime>,
}

impl Delay {
    /// The field beside those of the reason.
    const TRIED_AT: &str = "tried_at";

    /// As it is in the database: the reason, and the moment in milliseconds since 1970.
    pub(crate) fn to_json(&self) -> String {
        let mut json = serde_json::json!(self.why);
        let since = self.tried_at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        if let Some(millis) = since.and_then(|since| u64::try_from(since.as_millis()).ok()) {
            json[Self::TRIED_AT] = millis.into();
        }
        json.to_string()
    }

    /// The delay of this text; a reason that can't be read isn't known.
    pub(crate) fn from_json(text: &str) -> Self {
        let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let tried_at = json.get(Self::TRIED_AT).and_then(serde_json::Value::as_u64);
        let tried_at = tried_at.and_then(|at| UNIX_EPOCH.checked_add(Duration::from_millis(at)));
        Self { why: Reason::from_json(text), tried_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_read_as_it_is_written_with_its_moment_or_without() {
        for tried_at in [None, Some(UNIX_EPOCH + Duration::from_millis(1_764_194_580_123))] {
            for why in [
                Reason::Unreachable,
                Reason::Refused { number: 63, text: "No.".to_owned() },
                Reason::TimedOut { after: Duration::from_secs(30) },
            ] {
                let delay = Delay { why, tried_at };
                assert_eq!(Delay::from_json(&delay.to_json()), delay);
            }
        }
        assert_eq!(Delay::from_json("").why, Reason::Unknown);
    }

    #[test]
    fn a_reason_is_read_as_it_is_written() {
        for reason in [
            Reason::WasThere,
            Reason::InOtherCase { there: "Finance".to_owned() },
            Reason::NoSuchGroup { near: None },
            Reason::Refused { number: 22, text: "You may not.".to_owned() },
            Reason::NotConnect { status: 502, content_type: Some("text/html".to_owned()) },
            Reason::TimedOut { after: Duration::from_millis(1500) },
        ] {
            assert_eq!(Reason::from_json(&reason.to_json()), reason);
        }
    }

    #[test]
    fn a_reason_of_another_version_is_not_known_and_no_error() {
        for text in [
            r#"{"code":"full_moon","phase":7}"#,
            r#"{"code":"refused","words":"No."}"#,
            "Connect said no.",
            "",
        ] {
            assert_eq!(Reason::from_json(text), Reason::Unknown, "{text}");
        }
    }
}
