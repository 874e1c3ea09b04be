//! Failures, none of them the fault of the person who reads of them: what failed, and whether anything
//! was changed.

use std::borrow::Cow;

use super::markdown::{command, named_groups, span};
use super::reply::Reply;
use crate::connect::{Code, ConnectError};
use crate::correlation::CorrelationId;
use crate::ldapgroup::SideEffect;
use crate::request::{Kind, Request};
use crate::requests::{Cause, Failure};

/// Something failed that isn't the fault of the person who asked.
pub(in crate::discord) fn failed(failure: &Failure, id: CorrelationId) -> Reply {
    Reply::ephemeral(format!("{}\n{}", words(failure), reference(id)))
}

/// What failed, and whether anything was changed.
pub(crate) fn words(failure: &Failure) -> String {
    let what = what_failed(&failure.cause);
    match failure.side_effect {
        SideEffect::Nothing => match failure.cause {
            Cause::Connect(_) => what.into_owned(),
            Cause::Store(_) => format!("{what} Nothing was changed."),
        },
        SideEffect::NotCreated => format!("No group was created. {what}"),
        SideEffect::NotAsked => format!("Your request wasn't sent. {what}"),
        SideEffect::NotThereYet => format!(
            "{what} The group is not there now, but may still come: search for it in a minute, before you \
             create it again."
        ),
        SideEffect::Unknown => format!(
            "{what} Whether the group was created isn't known: search for it before you create it again."
        ),
    }
}

fn what_failed(cause: &Cause) -> Cow<'static, str> {
    let error = match cause {
        Cause::Connect(error) => error,
        Cause::Store(_) => {
            return "The bot's database failed. Tell whoever runs the bot; its log says more."
                .into();
        }
    };
    match &**error {
        ConnectError::Refused { code, text, .. } => refused(*code, text),
        ConnectError::NotConnect { status, .. } => format!(
            "Something in front of Connect answered instead of it, with status {}. Try again \
             later; if it stays, tell whoever runs Connect.",
            status.as_u16()
        )
        .into(),
        ConnectError::Unreadable(_) => {
            "Connect's answer can't be read. Tell whoever runs the bot: \
                                 `CONNECT_SERVER` may not be a Connect server, or a new one."
                .into()
        }
        ConnectError::Certificate(_) => {
            "The connection to Connect fails over its certificate. Tell \
                                  whoever runs the bot: it may have expired, or be from a private \
                                  authority that belongs in `CONNECT_CA_FILE`."
                .into()
        }
        ConnectError::Unreachable(_) => {
            "Connect can't be reached. Try again in a few minutes; if it \
                                  stays, tell whoever runs Connect."
                .into()
        }
        ConnectError::Interrupted(_) => "The connection to Connect broke.".into(),
        ConnectError::TimedOut(after) => {
            let after = humantime::format_duration(*after);
            format!("Connect didn't answer within {after}; it, or LDAP, is slow or stuck.").into()
        }
        ConnectError::Crowded(within) => {
            let within = humantime::format_duration(*within);
            format!(
                "Connect wasn't asked: too many other calls were before this one for {within}. Try \
                     again in a few minutes."
            )
            .into()
        }
    }
}

fn refused(code: Code, text: &str) -> Cow<'static, str> {
    match code {
        Code::BadKey(_) => "Connect doesn't accept the bot's API key. Tell whoever runs the bot: \
                            `CONNECT_API_KEY` must be a valid key of an administrator."
            .into(),
        Code::KeyBlocked(_) => "Connect blocks the bot's API key. Tell whoever runs the bot: the \
                                owner of `CONNECT_API_KEY` is locked or restricted."
            .into(),
        Code::NoPermission => "The bot's API key isn't allowed to do this. Tell whoever runs the \
                               bot: `CONNECT_API_KEY` must be a key of an administrator."
            .into(),
        Code::LdapTrouble => {
            "Connect can't reach LDAP at the moment. Try again in a few minutes.".into()
        }
        Code::NotLdap(_) => "This Connect server doesn't take its groups from LDAP, so the bot \
                             can't do anything with it. Tell whoever runs the bot."
            .into(),
        Code::LicenceExceeded => {
            "Connect's licence doesn't allow it. Tell whoever runs Connect.".into()
        }
        Code::RateLimited => "Connect gets too many calls right now. Try again in a minute.".into(),
        Code::NameInUse
        | Code::SameUniqueId
        | Code::TicketInvalid
        | Code::TooManyResults
        | Code::Other(_) => {
            format!("Connect refused, with code {}: {}.", code.number(), span(text)).into()
        }
    }
}

/// The bot itself failed.
pub(in crate::discord) fn broken(id: CorrelationId) -> Reply {
    Reply::ephemeral(format!(
        "The bot failed at this, and whether anything was changed isn't known. Tell whoever runs \
         it; its log says more.\n{}",
        reference(id)
    ))
}

/// The bot had to stop with work under way.
pub(in crate::discord) fn left(id: CorrelationId) -> Reply {
    Reply::ephemeral(format!(
        "The bot had to stop before this was finished. What came of it isn't known: search again in \
         a minute.\n{}",
        reference(id)
    ))
}

/// The work takes longer than Discord takes answers. What it has begun is a request.
pub(in crate::discord) fn too_long(begun: Option<&Request>, id: CorrelationId) -> Reply {
    let why = "Connect or LDAP takes longer than Discord waits for an answer";
    let words = match begun {
        None => format!(
            "Nothing was changed. {why}, so the bot gave up. Try again later; if it stays, tell whoever \
             runs Connect."
        ),
        Some(request) if request.kind == Kind::Single => format!(
            "Whether the group was created isn't known yet. {why}, so the bot looks for the group in a \
             minute. Then {} says what came of it: look there before you create it again.",
            command("history")
        ),
        Some(request) => format!(
            "Request {} for {} is made, and goes on. {why}; the request's message says the rest.",
            request.id,
            named_groups(request)
        ),
    };
    Reply::ephemeral(format!("{words}\n{}", reference(id)))
}

/// The bot is about to stop.
pub(in crate::discord) fn restarting() -> Reply {
    Reply::ephemeral(
        "The bot is restarting. Nothing was changed; try again in a minute.".to_owned(),
    )
}

/// More is there already, of this person or of all people, than the bot takes on at once.
pub(in crate::discord) fn crowded() -> Reply {
    Reply::ephemeral(
        "Too much is under way at once. Nothing was changed; try again in a moment.".to_owned(),
    )
}

/// A command, a button or a form that this version doesn't know.
pub(in crate::discord) fn unknown(id: CorrelationId) -> Reply {
    Reply::ephemeral(format!(
        "This belongs to another version of the bot, and nothing was done. Reload Discord \
         (Ctrl+R), then use `/ldapgroup` again.\n{}",
        reference(id)
    ))
}

pub(super) fn reference(id: CorrelationId) -> String {
    format!("-# Reference for the logs: `{id}`")
}
