//! Every word that a person reads, as pure functions: what happened, then what to do next.

mod choices;
mod search;
mod status;
#[cfg(test)]
pub(super) mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;

pub use self::choices::{Choice, Menu, after, choices, name_choices, typed_first};
pub(super) use self::choices::{MAX_CHOICE, MAX_CHOICES};
pub use self::search::search;
pub(super) use self::status::status;
use super::cards::{self, Button};
use crate::access::Denied;
use crate::connect::{Code, ConnectError};
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Guid, NameProblem};
use crate::ids::{ChannelId, RoleId};
use crate::ldapgroup::{Created, InUseBy, Known, Refusal, SideEffect};
use crate::request::Request;
use crate::requests::{self, Cause, Failure};
use crate::text::{
    beginning, code_span, count, display_width, escape_invisible, shorten, utf16_len,
};

/// Discord's limit for the text of a message.
pub(super) const MAX_CONTENT: usize = 2000;

/// Names take at most so many columns and UTF-16 units of a table.
const MAX_CELL: usize = 48;

/// Names in a sentence, and in a list, take at most this many UTF-16 units.
const MAX_SPAN: usize = 400;
const MAX_LISTED: usize = 100;
const MAX_SHORT: usize = 50;

/// Who sees an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Visibility {
    /// Everyone in the channel.
    Public,
    /// Only the person who asked.
    Ephemeral,
}

/// What a person reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The text, in Discord's markdown.
    pub content: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// A menu under it.
    pub menu: Option<Menu>,
    /// What is under that.
    pub buttons: Vec<Button>,
}

impl Reply {
    fn public(content: String) -> Self {
        Self { content, visibility: Visibility::Public, menu: None, buttons: Vec::new() }
    }

    pub(super) fn ephemeral(content: String) -> Self {
        Self { content, visibility: Visibility::Ephemeral, menu: None, buttons: Vec::new() }
    }
}

/// A group that was created.
#[must_use]
pub fn created(created: &Created) -> Reply {
    let Created { name, guid, known } = created;
    let how = match known {
        Known::Answered => "",
        Known::FoundAfterwards => "Connect's answer got lost, but the group is there. ",
    };
    Reply::public(format!(
        "Created {} in Connect, with the guid `{}`.\n{how}It can look empty at first: members \
         appear as they log in, or with Connect's next LDAP sync.",
        span(name.as_str()),
        guid.as_str(),
    ))
}

/// Why somebody didn't get what they asked for, and what they can do.
#[must_use]
pub fn refusal(refusal: &requests::Refusal) -> Reply {
    Reply::ephemeral(cards::refusal(refusal))
}

/// Why somebody didn't get the group that they named, and what they can do.
pub(super) fn group_refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::BadName(NameProblem::Blank) => {
            "A name has at least one letter. Type the beginning of the group's name.".to_owned()
        }
        Refusal::BadName(NameProblem::TooLong) => {
            "No LDAP group has a name that long. Type the beginning of the group's name.".to_owned()
        }
        Refusal::InUse { name, guid, by } => in_use(name, guid.as_ref(), *by),
        Refusal::InOtherCase { name, there, guid } => format!(
            "The requested group name is already in use.\nConnect ignores case in names and has {}, \
             with the guid `{guid}`: it can't have {} beside it. If that isn't the group you need, one \
             of the two must get another name.",
            span(there.as_str()),
            span(name.as_str()),
        ),
        Refusal::NoSuchGroup { name, near } => format!(
            "LDAP has no group called {}.{}",
            span(name.as_str()),
            if near.is_empty() {
                " Find it with `/ldapgroup search` and the beginning of its name.".into()
            } else {
                listed(" Did you mean one of these?", near)
            }
        ),
        Refusal::Ambiguous { name, found } if found.iter().all(|other| other == &found[0]) => {
            format!(
                "LDAP has {} called {}, and Connect can't tell them apart here. None was created: \
                 ask whoever runs LDAP which one is meant, and to rename the other.",
                count(found.len(), "group"),
                span(name.as_str()),
            )
        }
        Refusal::Ambiguous { name, found } => format!(
            "Several LDAP groups are called {}, in different case. None was created: use the name \
             exactly as it is written.{}",
            span(name.as_str()),
            listed("", found)
        ),
        Refusal::TooBroad => {
            "Too many LDAP groups begin like that for Connect to list them. Search for a longer \
             prefix."
                .to_owned()
        }
    }
}

/// Why a group was left out of several, in a line.
pub(super) fn in_a_list(name: &GroupName, why: &Refusal) -> String {
    let name = listed_span(name.as_str());
    match why {
        Refusal::InUse { guid: Some(guid), .. } => {
            format!("{name} is in Connect already, with the guid `{}`.", guid.as_str())
        }
        Refusal::InUse { guid: None, .. } => format!("{name} is in use in Connect already."),
        Refusal::InOtherCase { there, guid, .. } => format!(
            "{name} can't be beside {}, which Connect has with the guid `{guid}`: it ignores case.",
            listed_span(there.as_str())
        ),
        Refusal::NoSuchGroup { near, .. } => match near.first() {
            Some(near) => format!(
                "LDAP has no group called {name}. Did you mean {}?",
                listed_span(near.as_str())
            ),
            None => format!("LDAP has no group called {name}."),
        },
        Refusal::Ambiguous { found, .. } if found.is_empty() => {
            format!("{name} differs from another one in case only. Create it by itself.")
        }
        Refusal::Ambiguous { found, .. } if found.iter().all(|other| other == &found[0]) => {
            format!("LDAP has several groups called {name}, which Connect can't tell apart.")
        }
        Refusal::Ambiguous { .. } => {
            format!("{name} is written in several ways in LDAP. Use one of them to the letter.")
        }
        Refusal::TooBroad => {
            format!("Too many LDAP groups begin with {name} for Connect to list them.")
        }
        Refusal::BadName(_) => format!("{name} can't be created."),
    }
}

fn in_use(name: &GroupName, guid: Option<&Guid>, by: InUseBy) -> String {
    let name = span(name.as_str());
    let which = match (guid, by) {
        (Some(guid), _) => format!("{name} has the guid `{}`.", guid.as_str()),
        (None, InUseBy::ThisGroup) => format!("Connect doesn't say which guid {name} has."),
        (None, InUseBy::AnotherGroup) => {
            format!("Connect doesn't say which group is in the way of {name}.")
        }
    };
    let next = match by {
        InUseBy::ThisGroup => "Share content with it in Connect.",
        InUseBy::AnotherGroup => {
            "LDAP has another group of that name: who runs Connect can rename or remove this one."
        }
    };
    format!("The requested group name is already in use.\n{which} {next}")
}

pub(super) fn denied(denied: &Denied) -> String {
    match denied {
        Denied::DirectMessage => {
            "This works in your team's server only. Go to its channel and use `/ldapgroup` there."
                .to_owned()
        }
        Denied::OtherGuild => {
            "This bot doesn't serve this server. Whoever runs it must add the server to \
             `DISCORD_GUILD_IDS`."
                .to_owned()
        }
        Denied::OtherChannel(channels) => {
            let channels = mentions(channels, ", ", |ChannelId(id)| format!("<#{id}>"));
            format!("`/ldapgroup` works in {channels} only. Use it there.")
        }
        Denied::NotRequester(roles) => format!(
            "You can't use `/ldapgroup` yet.{}",
            with_roles(" Ask an administrator of this server for the role ", roles, ".")
        ),
        Denied::NotAdmin(roles) => format!(
            "Only an administrator can do this.{}",
            with_roles(" Ask someone with the role ", roles, ".")
        ),
    }
}

/// Nothing, if no role can be named.
fn with_roles(before: &str, roles: &[RoleId], after: &str) -> String {
    if roles.is_empty() {
        return String::new();
    }
    format!("{before}{}{after}", mentions(roles, " or ", |RoleId(id)| format!("<@&{id}>")))
}

/// Something failed that isn't the fault of the person who asked.
#[must_use]
pub fn failure(failure: &Failure, id: CorrelationId) -> Reply {
    Reply::ephemeral(format!("{}\n{}", failure_words(failure), reference(id)))
}

/// What failed, and whether anything was changed.
#[must_use]
pub fn failure_words(failure: &Failure) -> String {
    let changed = match failure.side_effect {
        SideEffect::Nothing => match failure.cause {
            Cause::Connect(_) => "",
            Cause::Store(_) => " Nothing was changed.",
        },
        SideEffect::NotCreated => " No group was created.",
        SideEffect::NotThereYet => {
            " The group is not there now, but may still come: search for it in a minute, before you \
             create it again."
        }
        SideEffect::Unknown => {
            " Whether the group was created isn't known: search for it before you create it again."
        }
    };
    format!("{}{changed}", what_failed(&failure.cause))
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
#[must_use]
pub fn broken(id: CorrelationId) -> Reply {
    Reply::ephemeral(format!(
        "The bot failed at this, and whether anything was changed isn't known. Tell whoever runs \
         it; its log says more.\n{}",
        reference(id)
    ))
}

/// The bot had to stop with work under way.
#[must_use]
pub fn left(id: CorrelationId) -> Reply {
    Reply::ephemeral(format!(
        "The bot had to stop before this was finished. What came of it isn't known: search again in \
         a minute.\n{}",
        reference(id)
    ))
}

/// The work takes longer than Discord takes answers. What it has begun is a request.
#[must_use]
pub fn too_long(begun: Option<&Request>, id: CorrelationId) -> Reply {
    let why = "Connect or LDAP takes longer than Discord waits for an answer";
    let words = match begun {
        None => format!(
            "Nothing was changed. {why}, so the bot gave up. Try again later; if it stays, tell whoever \
             runs Connect."
        ),
        Some(request) if request.hidden => format!(
            "Whether the group was created isn't known yet. {why}, so the bot looks for the group in a \
             minute. Then `/ldapgroup history` says what came of it: look there before you create it \
             again."
        ),
        Some(Request { id, .. }) => {
            format!(
                "Request {id} is made, and goes on. {why}; the request's message says the rest."
            )
        }
    };
    Reply::ephemeral(format!("{words}\n{}", reference(id)))
}

/// The bot is about to stop.
#[must_use]
pub fn restarting() -> Reply {
    Reply::ephemeral(
        "The bot is restarting. Nothing was changed; try again in a minute.".to_owned(),
    )
}

/// A command, a button or a form that this version doesn't know.
#[must_use]
pub fn unknown(id: CorrelationId) -> Reply {
    Reply::ephemeral(format!(
        "This belongs to another version of the bot, and nothing was done. Reload Discord \
         (Ctrl+R), then use `/ldapgroup` again.\n{}",
        reference(id)
    ))
}

fn reference(id: CorrelationId) -> String {
    format!("-# Reference for the logs: `{id}`")
}

/// A name within a sentence, in a code span that nothing in the name can end.
pub(super) fn span(name: &str) -> String {
    span_of(name, MAX_SPAN)
}

/// A shorter one, for a list.
pub(super) fn listed_span(name: &str) -> String {
    span_of(name, MAX_LISTED)
}

/// The shortest, for a list that says more than names.
pub(super) fn short_span(name: &str) -> String {
    span_of(name, MAX_SHORT)
}

fn span_of(name: &str, max: usize) -> String {
    let whole = code_span(name, usize::MAX);
    if utf16_len(&whole) <= max + 2 {
        return whole;
    }
    format!("{} (the name is longer)", code_span(name, max))
}

/// The first `max` UTF-16 units of a name, such that nothing in it ends a code block.
pub(super) fn sanitize(name: &str, max: usize) -> String {
    let shown = escape_invisible(beginning(name, max));
    if shown.contains("```") { shown.replace('`', "\\u{60}") } else { shown.into_owned() }
}

/// A [`harmless`] name, cut to so many columns and UTF-16 units.
pub(super) fn cell(name: &str, max: usize) -> String {
    if display_width(name).max(utf16_len(name)) <= max {
        return name.to_owned();
    }
    // No character has more than two columns.
    let mut cuts = (max / 2..=max).rev().map(|utf16_len| shorten(name, utf16_len));
    cuts.find(|cut| display_width(cut) <= max).unwrap_or_default().into_owned()
}

fn listed(head: &str, names: &[GroupName]) -> String {
    const MOST: usize = 10;
    let mut text = head.to_owned();
    for name in names.iter().take(MOST) {
        let _ = write!(text, "\n- {}", listed_span(name.as_str()));
    }
    if names.len() > MOST {
        let _ = write!(text, "\nand {} more", names.len() - MOST);
    }
    text
}

/// Roles or channels in a sentence, the first ten of them.
fn mentions<T>(ids: &[T], separator: &str, mention: impl Fn(&T) -> String) -> String {
    const MOST: usize = 10;
    let named: Vec<_> = ids.iter().take(MOST).map(mention).collect();
    let named = named.join(separator);
    match ids.len().saturating_sub(MOST) {
        0 => named,
        more => format!("{named}{separator}{more} more"),
    }
}
