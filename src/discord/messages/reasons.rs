//! Why a group isn't there, or not yet, as it is kept with its request: one sentence for each.

use std::borrow::Cow;

use reqwest::StatusCode;

use crate::request::Reason;
use crate::text::shorten;

/// The most UTF-16 units of it.
const MAX_WORDS: usize = 300;

/// The reason, with Connect's and LDAP's own words as they are: whoever shows them must escape them.
pub(super) fn words(reason: &Reason) -> String {
    let words: Cow<'_, str> = match reason {
        Reason::WasThere => "The group was there already.".into(),
        Reason::InUse => "The requested group name is already in use.".into(),
        Reason::InOtherCase { there } => format!(
            "Connect ignores case in names and has {there} already, so both can't be there."
        )
        .into(),
        Reason::NoSuchGroup { near: Some(near) } => {
            format!("LDAP has no such group. The nearest is {near}.").into()
        }
        Reason::NoSuchGroup { near: None } => "LDAP has no such group.".into(),
        Reason::Ambiguous => "LDAP has several groups of this name.".into(),
        Reason::TooBroad => "Too many LDAP groups begin with this name.".into(),
        Reason::AnswerLost => "Connect's answer got lost, and the group isn't there.".into(),
        Reason::NobodyWaited => "Nobody waited for Connect any longer.".into(),
        Reason::Refused { number, text } if text.trim().is_empty() => {
            format!("Connect refused, with code {number}.").into()
        }
        Reason::Refused { text, .. } => text.into(),
        Reason::NotConnect { status, content_type } => {
            let status = StatusCode::from_u16(*status).unwrap_or_default();
            let content_type = content_type.as_deref().unwrap_or("unknown");
            format!("the answer isn't Connect's: status {status}, content type {content_type}")
                .into()
        }
        Reason::Unreadable => "Connect's answer isn't what its API describes".into(),
        Reason::Untrusted => "Connect's certificate isn't trusted".into(),
        Reason::Unreachable => "Connect can't be reached".into(),
        Reason::Interrupted => "the connection to Connect broke before the answer was there".into(),
        Reason::TimedOut { after } => {
            format!("Connect didn't answer within {}", humantime::format_duration(*after)).into()
        }
        Reason::Database => "the bot's database failed".into(),
        Reason::Unknown => "This version of the bot doesn't know the reason.".into(),
    };
    shorten(&words, MAX_WORDS).into_owned()
}
