//! What people are told of their requests, unasked or as they take one back, and reminders.

use std::time::Duration;

use super::groups;
use super::markdown::{addressed, link, named_groups, stamp};
use super::reply::{MAX_CONTENT, Reply};
use super::standing::standing;
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
    let next = match (request.state, &request.groups[..]) {
        (State::Created, [_]) => {
            " Share content with it there; it can look empty until its members log in."
        }
        _ => "",
    };
    let people: Vec<_> = people.iter().map(|person| format!("<@{person}>")).collect();
    format!("{}: {}{next}", people.join(" "), standing(request))
}

/// What admins are told about a request that waits for long.
pub(in crate::discord) fn reminder(request: &Request, admins: &[RoleId], ttl: Duration) -> String {
    format!(
        "{}a reminder of request {} for {}, made {}. If it still waits, approve or deny it{} before {}.",
        addressed(admins),
        request.id,
        named_groups(request),
        stamp(request.created_at, 'R'),
        link(" at ", request, ""),
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
            named_groups(request)
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
            named_groups(request)
        )),
        _ => over(request),
    }
}

/// What somebody reads who cancelled a request, or denied one whose message is gone.
pub(in crate::discord) fn over(request: &Request) -> Reply {
    Reply::ephemeral(format!(
        "Request {} for {} is {}.",
        request.id,
        named_groups(request),
        request.state.as_str()
    ))
}
