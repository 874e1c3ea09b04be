//! How a request stands, in sentences that are right whenever they are read.

use super::markdown::{command, named_groups, quoted, sentence};
use super::reasons;
use crate::request::{GroupStatus, Request, RequestedGroup, State};

/// Somebody's or Connect's words take at most this many UTF-16 units in a message.
pub(super) const MAX_REASON: usize = 1000;

/// What the request is for and where it stands: who decided, and what came of it.
pub(super) fn standing(request: &Request) -> String {
    let what = format!("request {} for {}", request.id, named_groups(request));
    let by = request.decider.map_or_else(String::new, |person| format!(" by <@{person}>"));
    match request.state {
        State::Pending => format!("{what} hasn't been decided yet."),
        State::Creating if request.is_direct() => format!("{what} is being carried out."),
        State::Creating => format!("{what} was approved{by} and is being carried out."),
        State::Created => {
            let approved =
                approver(request).map_or_else(String::new, |by| format!(", approved {by}"));
            format!("{what} is done{approved}. {}", all_there(request))
        }
        State::Failed => format!("{what}{}", failed(request)),
        State::Denied => format!("{what} was denied{by}{}", because(request)),
        State::Expired => format!(
            "{what} has expired: nobody decided it in time. Ask again with {}.",
            command("create")
        ),
        State::Cancelled => format!("{what} was cancelled{by}."),
    }
}

/// Who approved it; nobody approves what an admin does at once.
fn approver(request: &Request) -> Option<String> {
    let approver = request.approval.map(|(person, _)| person).or(request.decider);
    approver.filter(|_| !request.is_direct()).map(|person| format!("by <@{person}>"))
}

fn failed(request: &Request) -> String {
    let approved = approver(request).map(|by| format!(" was approved {by}"));
    let next = if request.can_be_retried() {
        "An admin can retry it.".to_owned()
    } else {
        format!("Once that has changed, ask again with {}.", command("create"))
    };
    match (&request.groups[..], approved) {
        ([group], Some(approved)) => {
            format!("{approved}, but the group wasn't created: {} {next}", why_not(group))
        }
        ([group], None) => format!(" failed: {} {next}", why_not(group)),
        (_, approved) => {
            format!("{}: {} {next}", approved.unwrap_or_default(), how_many_failed(request))
        }
    }
}

/// How it is that all of the groups are there.
pub(super) fn all_there(request: &Request) -> String {
    let (total, existed) = (request.groups.len(), request.count(&[GroupStatus::Existed]));
    let all = if total == 2 { "Both".to_owned() } else { format!("All {total}") };
    match (&request.groups[..], existed) {
        ([group], _) => {
            let is = if existed > 0 { "was in Connect already," } else { "is in Connect now," };
            match &group.guid {
                Some(guid) => format!("The group {is} with the guid `{}`.", guid.as_str()),
                None => format!("The group {}.", is.trim_end_matches(',')),
            }
        }
        (_, 0) => format!("{all} are in Connect now."),
        (_, existed) if existed == total => format!("{all} were in Connect already."),
        (_, 1) => format!("{all} are in Connect now; 1 of them was there already."),
        (_, existed) => format!("{all} are in Connect now; {existed} of them were there already."),
    }
}

/// Of several groups, how many are there and how many aren't.
pub(super) fn how_many_failed(request: &Request) -> String {
    let (total, there) = (request.groups.len(), how_many_there(request));
    let failed = total - there;
    match there {
        0 => "None of the groups was created.".to_owned(),
        _ => format!(
            "{there} of {total} {} in Connect, {failed} {} created.",
            if there == 1 { "is" } else { "are" },
            if failed == 1 { "wasn't" } else { "weren't" }
        ),
    }
}

/// How many of the groups are there, once something has come of each.
pub(super) fn how_many_there(request: &Request) -> usize {
    request.groups.len() - request.count(&GroupStatus::FAILURES)
}

/// Why a group isn't there, and which other one is in its way.
pub(super) fn why_not(group: &RequestedGroup) -> String {
    let why = group.failure.as_ref().map(reasons::words).unwrap_or_default();
    let why = sentence(&why, MAX_REASON);
    match &group.guid {
        Some(guid) => format!("{why} The other group has the guid `{}`.", guid.as_str()),
        None => why,
    }
}

/// Why it was denied, as the end of a sentence.
pub(super) fn because(request: &Request) -> String {
    match &request.denial_reason {
        Some(why) => format!(": {}", quoted(why, MAX_REASON)),
        None => ".".to_owned(),
    }
}
