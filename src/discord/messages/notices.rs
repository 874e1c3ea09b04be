//! What people are told of their requests, unasked or as they take one back, and reminders.

use std::time::Duration;

use super::groups;
use super::markdown::{addressed, command, group_or_count, link, stamp};
use super::reply::{MAX_CONTENT, Reply};
use super::request::{all_there, because, how_many_failed, why_not};
use crate::group::Guid;
use crate::ids::{RoleId, UserId};
use crate::request::{Request, State};
use crate::requests::Notice;
use crate::text::utf16_len;

/// What those who asked are told, once the request is over.
pub(in crate::discord) fn notice(notice: &Notice) -> String {
    let Notice { request, people, .. } = notice;
    let mut notice = lead(request, people);
    // Who asked may not see where requests are shown.
    let is_told = matches!(request.state, State::Created | State::Failed);
    if is_told && request.groups.len() > 1 {
        notice.push('\n');
        let room = MAX_CONTENT.saturating_sub(utf16_len(&notice));
        notice.push_str(groups::within(request, room).trim_end());
    }
    notice
}

fn lead(request: &Request, people: &[UserId]) -> String {
    let people: Vec<_> = people.iter().map(|person| format!("<@{person}>")).collect();
    let what = format!("{} request {} for {}", people.join(" "), request.id, group_or_count(request));
    let by = request.decider.map_or_else(String::new, |person| format!(" by <@{person}>"));
    let next = if request.can_be_retried() {
        "An admin can retry it.".to_owned()
    } else {
        format!("Once that has changed, ask again with {}.", command("create"))
    };
    match request.state {
        State::Created => match &request.groups[..] {
            [group] => format!(
                "{what} is done: the group is in Connect, with the guid `{}`. Share content with it \
                 there; it can look empty until its members log in.",
                group.guid.as_ref().map_or("", Guid::as_str)
            ),
            _ => format!("{what} is done. {}", all_there(request)),
        },
        State::Failed => match &request.groups[..] {
            [group] => format!("{what}{}: {} {next}", approved(request), why_not(group)),
            _ => format!("{what}: {} {next}", how_many_failed(request)),
        },
        State::Denied => format!("{what} was denied{by}{}", because(request)),
        State::Expired => format!(
            "{what} has expired: nobody decided it in time. Ask again with {}.",
            command("create")
        ),
        State::Cancelled => format!("{what} was cancelled{by}."),
        State::Pending | State::Creating => format!("{what} is {}.", request.state.as_str()),
    }
}

/// That the group wasn't created, though its request was approved.
fn approved(request: &Request) -> String {
    if request.is_direct() {
        return " has failed".to_owned();
    }
    let approver = request.approval.map(|(person, _)| person).or(request.decider);
    let by = approver.map_or_else(String::new, |person| format!(" by <@{person}>"));
    format!(" was approved{by}, but the group wasn't created")
}

/// What admins are told about a request that waits for long.
pub(in crate::discord) fn reminder(request: &Request, admins: &[RoleId], ttl: Duration) -> String {
    format!(
        "{}request {} for {} still waits{}. It can be decided until {}.",
        addressed(admins),
        request.id,
        group_or_count(request),
        link(": ", request, ""),
        stamp(request.expires(ttl), 'f')
    )
}

/// What somebody reads in place of the answer to what they had asked for, once they have taken it
/// back.
pub(in crate::discord) fn taken_back(request: &Request) -> Reply {
    match request.state {
        State::Pending => Reply::public(cancelled(request).content),
        _ => Reply::public(format!(
            "You have taken back request {} for {}.",
            request.id,
            group_or_count(request)
        )),
    }
}

/// What somebody reads who took a request back, or left it to others.
pub(in crate::discord) fn cancelled(request: &Request) -> Reply {
    match request.state {
        State::Pending => Reply::ephemeral(format!(
            "You have left request {} for {}. It stays for the others who asked, and you won't be told \
             what comes of it.",
            request.id,
            group_or_count(request)
        )),
        _ => over(request),
    }
}

/// What somebody reads who cancelled a request, or denied one whose message is gone.
pub(in crate::discord) fn over(request: &Request) -> Reply {
    Reply::ephemeral(format!(
        "Request {} for {} is {}.",
        request.id,
        group_or_count(request),
        request.state.as_str()
    ))
}
