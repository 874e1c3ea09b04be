//! Why a group isn't there, or not yet, as it is kept with its request: one sentence for each.

use std::borrow::Cow;

use crate::connect::Code;
use crate::request::Reason;
use crate::text::shorten;

/// The most UTF-16 units of it.
const MAX_WORDS: usize = 300;

/// The reason, as it was found, with Connect's and LDAP's own words as they are: whoever shows them must
/// escape them.
pub(super) fn words(reason: &Reason) -> String {
    let words: Cow<'_, str> = match reason {
        Reason::WasThere => "The group was there already.".into(),
        Reason::InUse => "The requested group name is already in use.".into(),
        Reason::InOtherCase { there } => format!(
            "Connect ignores case in names and has {there} already, so both can't be there."
        )
        .into(),
        Reason::NoSuchGroup { near: Some(near) } => {
            format!("LDAP had no such group. The nearest was {near}.").into()
        }
        Reason::NoSuchGroup { near: None } => "LDAP had no such group.".into(),
        Reason::Ambiguous => "LDAP had several groups of this name.".into(),
        Reason::TooBroad => "Too many LDAP groups began with this name.".into(),
        Reason::AnswerLost => "Connect's answer got lost, and a minute later the group wasn't there. It may have come since.".into(),
        Reason::NobodyWaited => "Nobody waited for Connect any longer.".into(),
        Reason::Refused { number, text } => refused(Code::from(*number), text),
        Reason::NotConnect { status, .. } => {
            format!("Something in front of Connect answered instead of it, with status {status}.")
                .into()
        }
        Reason::Unreadable => "Connect's answer couldn't be read.".into(),
        Reason::Untrusted => {
            "Connect's certificate wasn't trusted. Tell whoever runs the bot.".into()
        }
        Reason::Unreachable => "Connect couldn't be reached.".into(),
        Reason::Interrupted => "The connection to Connect broke.".into(),
        Reason::TimedOut { after } => {
            format!("Connect didn't answer within {}.", humantime::format_duration(*after)).into()
        }
        Reason::Database => "The bot's database failed.".into(),
        Reason::Unknown => "This version of the bot doesn't know the reason.".into(),
    };
    shorten(&words, MAX_WORDS).into_owned()
}

/// Connect's no. Its own words tell people to ask the administrator, whom they may be: where the matter
/// is known, who can change it is.
fn refused(code: Code, text: &str) -> Cow<'_, str> {
    match code {
        Code::LdapTrouble => {
            "Connect couldn't reach LDAP. Whoever runs Connect finds out why in its log.".into()
        }
        Code::BadKey(_) => {
            "Connect didn't accept the bot's API key. Tell whoever runs the bot.".into()
        }
        Code::KeyBlocked(_) => {
            "Connect blocked the bot's API key. Tell whoever runs the bot.".into()
        }
        Code::NoPermission => {
            "The bot's API key wasn't allowed to do this. Tell whoever runs the bot.".into()
        }
        Code::NotLdap(_) => {
            "Connect didn't take its groups from LDAP. Tell whoever runs the bot.".into()
        }
        Code::LicenceExceeded => {
            "Connect's licence didn't allow it. Tell whoever runs Connect.".into()
        }
        Code::RateLimited => "Connect got too many calls.".into(),
        _ if text.trim().is_empty() => {
            format!("Connect refused, with code {}.", code.number()).into()
        }
        Code::NameInUse
        | Code::SameUniqueId
        | Code::TicketInvalid
        | Code::TooManyResults
        | Code::Other(_) => text.into(),
    }
}
