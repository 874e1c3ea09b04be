//! What people are told of their requests, in answers and in messages.

use std::time::Duration;

use super::{
    addressed, all_there, because, groups_of, how_many_failed, link, stamp, table, why_not,
};
use crate::discord::render::{self, MAX_CONTENT, Reply, span};
use crate::group::{GroupName, Guid};
use crate::ids::{RoleId, UserId};
use crate::request::{Activity, MAX_GROUPS, MAX_REASON_CHARS, Request, State};
use crate::requests::{Notice, Refusal};
use crate::text::{count, utf16_len};

/// What somebody who asked is told, once the request is over.
#[must_use]
pub(in crate::discord) fn notice(notice: &Notice) -> String {
    let Notice { request, person, .. } = notice;
    let mut notice = lead(request, *person);
    // Who asked may not see where requests are shown.
    let is_told = matches!(request.state, State::Created | State::Failed);
    if is_told && request.groups.len() > 1 {
        notice.push('\n');
        let room = MAX_CONTENT.saturating_sub(utf16_len(&notice));
        notice.push_str(table::of(request, room).trim_end());
    }
    notice
}

fn lead(request: &Request, person: UserId) -> String {
    let what = format!("<@{person}> request {} for {}", request.id, groups_of(request));
    let by = request.decider.map_or_else(String::new, |person| format!(" by <@{person}>"));
    let at = link(request).map_or_else(String::new, |link| format!(" {link}"));
    let approver = request.approval.map(|(person, _)| person).or(request.decider);
    let next = if request.can_be_retried() {
        "An admin can retry it."
    } else {
        "Once that has changed, ask again with `/ldapgroup create`."
    };
    match request.state {
        State::Created => match &request.groups[..] {
            [group] => format!(
                "{what} is done: the group is in Connect, with the guid `{}`. Share content with it \
                 there; it can look empty until its members log in.",
                group.guid.as_ref().map_or("", Guid::as_str)
            ),
            _ => format!("{what} is done.{}", all_there(request).trim_start_matches('.')),
        },
        State::Failed => match &request.groups[..] {
            [group] => format!(
                "{what} was {}, but the group wasn't created: {} {next}",
                match approver {
                    _ if request.direct => "begun".to_owned(),
                    Some(person) => format!("approved by <@{person}>"),
                    None => "approved".to_owned(),
                },
                why_not(group)
            ),
            _ => format!("{what}: {} {next}{at}", how_many_failed(request)),
        },
        State::Denied => format!("{what} was denied{by}{}", because(request)),
        State::Expired => format!(
            "{what} has expired: nobody decided it in time. Ask again with `/ldapgroup create`."
        ),
        State::Cancelled => format!("{what} was cancelled{by}."),
        State::Pending | State::Creating => format!("{what} is {}.", request.state.as_str()),
    }
}

/// What admins are told about a request that waits for long.
#[must_use]
pub(in crate::discord) fn reminder(request: &Request, admins: &[RoleId], ttl: Duration) -> String {
    format!(
        "{}request {} for {} still waits{}. It expires {}.",
        addressed(admins),
        request.id,
        groups_of(request),
        link(request).map_or_else(String::new, |link| format!(": {link}")),
        stamp(request.expires(ttl), 'R')
    )
}

/// What somebody reads who has made a request.
#[must_use]
pub(super) fn requested(request: &Request, is_shown: bool) -> String {
    let what = format!("You asked for {} with request {}.", groups_of(request), request.id);
    if is_shown {
        let at = link(request).map_or_else(String::new, |link| format!(" at {link}"));
        format!("{what} An administrator decides it{at}; you will be told here.")
    } else {
        format!(
            "{what} It is kept, but no administrator sees it yet: it couldn't be posted in the \
             channel for requests. The bot goes on trying; tell an administrator of this server if \
             it stays so."
        )
    }
}

/// What somebody reads who took a request back, or left it to others.
#[must_use]
pub(in crate::discord) fn cancelled(request: &Request) -> Reply {
    match request.state {
        State::Pending => Reply::ephemeral(format!(
            "You have left request {} for {}. It stays for the others who asked, and you won't be told \
             what comes of it.",
            request.id,
            groups_of(request)
        )),
        _ => over(request),
    }
}

/// What somebody reads who cancelled a request, or denied one whose message is gone.
#[must_use]
pub(in crate::discord) fn over(request: &Request) -> Reply {
    Reply::ephemeral(format!(
        "Request {} for {} is {}.",
        request.id,
        groups_of(request),
        request.state.as_str()
    ))
}

/// What somebody reads who joined a request, or had asked before.
#[must_use]
pub(super) fn joined(name: &GroupName, request: &Request, activity: Option<Activity>) -> Reply {
    let name = span(name.as_str());
    let how = match activity {
        Some(Activity::Reworded) => "You asked for it before; the reason that you give now counts",
        None => "You asked for it before",
        Some(Activity::Joined | Activity::Left) => "You have joined it",
    };
    Reply::ephemeral(format!(
        "There is a request for {name} already: request {}{}. {how}, and you will be told what comes \
         of it.",
        request.id,
        link(request).map_or_else(String::new, |link| format!(" at {link}"))
    ))
}

/// Why somebody didn't get what they wanted, and what they can do.
#[must_use]
pub(in crate::discord) fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Denied(denied) => render::denied(denied),
        Refusal::Group(refusal) => render::group_refusal(refusal),
        Refusal::ReasonMissing => {
            "A request must say why. Use the option `reason` of `/ldapgroup create`.".to_owned()
        }
        Refusal::ReasonTooLong => {
            format!(
                "A reason has at most {MAX_REASON_CHARS} characters. Shorten it, and send it again."
            )
        }
        Refusal::TooMany(max) => format!(
            "You have {} already, the most that one person may have. Wait until one is decided, or \
             cancel one with `/ldapgroup cancel`.",
            count(usize::try_from(*max).unwrap_or_default(), "open request")
        ),
        Refusal::Open(name, request) => {
            let (name, who) = (span(name.as_str()), request.requester);
            match request.state {
                State::Pending => format!(
                    "<@{who}> has asked for {name} with request {}{}: approve it there.",
                    request.id,
                    link(request).map_or_else(String::new, |link| format!(", {link}"))
                ),
                _ => format!(
                    "{name} is being created right now, for <@{who}>. Search for it in a moment."
                ),
            }
        }
        Refusal::Own => {
            "You asked for this yourself: another administrator must decide.".to_owned()
        }
        Refusal::NotYours => {
            "This is somebody else's request: who asked for it can leave it, and administrators can \
             cancel it."
                .to_owned()
        }
        Refusal::HasLeft(number) => format!(
            "You have left request {number} already, and it stays for the others who asked. Nothing \
             was done."
        ),
        Refusal::Unknown => {
            "There is no such request. `/ldapgroup requests` lists those there are.".to_owned()
        }
        Refusal::AskedAgain(request) => format!(
            "Request {} failed, and there is another open request for {}: decide that one.",
            request.id,
            if request.groups.len() > 1 { "one of its groups" } else { "its group" }
        ),
        Refusal::TooManyGroups(number) => format!(
            "These are {}, and one request takes at most {MAX_GROUPS}. Ask for them in several \
             steps.",
            count(*number, "group")
        ),
        Refusal::Over(request) => {
            let number = request.id;
            let now = match request.state {
                State::Pending => "hasn't been decided yet: approve or deny it",
                State::Creating if request.direct => "is being carried out",
                State::Creating => "is approved already, and being carried out",
                State::Created => "is done already: see its message",
                State::Failed if request.can_be_retried() => {
                    "has failed: **Retry** in its message tries it again"
                }
                State::Failed => {
                    "has failed, and trying again can't change that: ask anew with `/ldapgroup create`"
                }
                State::Denied => "was denied already",
                State::Expired => "has expired: ask again with `/ldapgroup create`",
                State::Cancelled => "was cancelled already",
            };
            format!("Request {number} {now}. Nothing was done.")
        }
        Refusal::OldMessage => {
            "This message is out of date, and nothing was done. `/ldapgroup requests` leads to the \
             message that counts."
                .to_owned()
        }
            }
}
