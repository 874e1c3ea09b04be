//! The message that shows a request.

use std::fmt::Write as _;
use std::time::Duration;

use serenity::all::ButtonStyle;

use super::markdown::{MAX_LISTED, addressed, quoted, sentence, span, stamp};
use super::reply::{Button, MAX_CONTENT, Reply};
use super::{reasons, table};
use crate::discord::custom_id::CustomId;
use crate::group::Guid;
use crate::ids::RoleId;
use crate::request::{GroupStatus, Participant, Request, RequestedGroup, State};
use crate::text::{count, utf16_len};

/// A reason takes at most this many UTF-16 units in a message.
const MAX_REASON: usize = 1000;

/// And this many are always shown, beside many groups.
const MIN_REASON: usize = 100;

/// What stands before a reason.
const REASON: &str = "Reason: ";

/// Why several groups aren't there yet, at most.
const MAX_NOTE: usize = 300;

/// How much is said of the reason of each who joined, from the most to the least, in UTF-16 units.
const REASON_MEASURES: [usize; 4] = [200, 100, 60, 30];

/// What those who joined take at most in a message, in UTF-16 units: the groups need room, too.
const MAX_PARTICIPANTS: usize = 800;

/// The message that shows a request.
pub(in crate::discord) fn message(
    request: &Request,
    people: &[Participant],
    admins: &[RoleId],
    ttl: Duration,
) -> Reply {
    let mut content = heading(request);
    let mut rest = standing(request, admins, ttl);
    // At least the beginning of the reason must be read, too, and something of each group.
    let reason = request.reason.as_deref().map(|reason| quoted(reason, MIN_REASON));
    let reason = reason.map_or(0, |reason| REASON.len() + utf16_len(&reason) + 1);
    let is_batch = request.groups.len() > 1;
    let others: Vec<_> = people.iter().filter(|asker| asker.person != request.requester).collect();
    if !others.is_empty() {
        let least = if is_batch { table::least(request) } else { 0 };
        let taken = utf16_len(&content) + utf16_len(&rest) + reason + least;
        rest.insert_str(0, &participants(&others, MAX_CONTENT.saturating_sub(taken)));
    }
    if is_batch {
        let room = MAX_CONTENT.saturating_sub(utf16_len(&content) + utf16_len(&rest) + reason);
        rest.insert_str(0, &table::within(request, room));
    }
    if let Some(reason) = &request.reason {
        // What an admin wrote matters more than the end of a long reason.
        let taken = utf16_len(&content) + utf16_len(&rest) + REASON.len() + 1;
        let room = MAX_CONTENT.saturating_sub(taken);
        let _ = writeln!(content, "{REASON}{}", quoted(reason, room.min(MAX_REASON)));
    }
    content.push_str(&rest);
    Reply { buttons: buttons(request), ..Reply::public(content) }
}

fn buttons(request: &Request) -> Vec<Button> {
    match request.state {
        State::Pending => vec![
            Button::new("Approve", &CustomId::Approve(request.id), ButtonStyle::Success),
            Button::new("Deny", &CustomId::Deny(request.id), ButtonStyle::Danger),
        ],
        State::Failed if request.can_be_retried() => {
            vec![Button::new("Retry", &CustomId::Retry(request.id), ButtonStyle::Secondary)]
        }
        State::Failed
        | State::Creating
        | State::Created
        | State::Denied
        | State::Expired
        | State::Cancelled => Vec::new(),
    }
}

fn heading(request: &Request) -> String {
    let (id, who) = (request.id, request.requester);
    let groups = match &request.groups[..] {
        [group] => format!("the LDAP group {}", span(group.name.as_str())),
        groups => count(groups.len(), "LDAP group"),
    };
    if request.is_direct() {
        format!("**Request {id}**: <@{who}> brings {groups} into Connect.\n")
    } else {
        format!("**Request {id}**: <@{who}> asks for {groups} in Connect.\n")
    }
}

fn standing(request: &Request, admins: &[RoleId], ttl: Duration) -> String {
    let by = request.decider.map_or_else(String::new, |person| format!(" by <@{person}>"));
    let when = request.decided_at.map_or_else(String::new, |at| format!(" {}", stamp(at, 'f')));
    let begun = begun_by(request, &by, &when);
    // Nobody approved what an admin does at once.
    let approved = if request.is_direct() { begun.clone() } else { format!(": approved{begun}") };
    match request.state {
        State::Pending => format!(
            "{}Approve or deny {} before {}.",
            addressed(admins),
            if request.groups.len() > 1 { "all of them" } else { "it" },
            stamp(request.expires(ttl), 'f')
        ),
        State::Creating if request.is_direct() => being_created(request),
        State::Creating => format!("Approved{begun}. {}", being_created(request)),
        State::Created => format!("**Created**{approved}{}", all_there(request)),
        State::Failed => failed(request, &approved),
        State::Denied => format!("**Denied**{by}{when}{}", because(request)),
        State::Expired => {
            "**Expired**: nobody decided it in time. It can be asked for again.".to_owned()
        }
        State::Cancelled => format!("**Cancelled**{by}{when}."),
    }
}

/// Who had it carried out and when, and who has retried it since.
fn begun_by(request: &Request, by: &str, when: &str) -> String {
    match request.approval {
        None if request.is_direct() => when.to_owned(),
        None => format!("{by}{when}"),
        Some((_, at)) if request.is_direct() => format!(" {}, retried{by}{when}", stamp(at, 'f')),
        Some((approver, at)) => {
            format!(" by <@{approver}> {}, retried{by}{when}", stamp(at, 'f'))
        }
    }
}

fn being_created(request: &Request) -> String {
    let (total, waiting) = (request.groups.len(), request.count(&[GroupStatus::Waiting]));
    // A table needs the room.
    let most = if total == 1 { MAX_REASON } else { MAX_NOTE };
    let note = request.delay.as_ref().map(|why| sentence(&reasons::words(why), most));
    let again = note.zip(request.due_at);
    let again = again.map(|(note, due)| (note, stamp(due, 'R')));
    match again {
        None if total == 1 => "The group is being created.".to_owned(),
        Some((note, due)) if total == 1 => {
            format!("It isn't created yet: {note} The bot goes on trying; next try: {due}.")
        }
        None => format!("The groups are being created: {} of {total} so far.", total - waiting),
        Some((note, due)) => format!(
            "{waiting} of {total} can't be created yet: {note} The bot goes on trying; next try: {due}."
        ),
    }
}

/// How it is that all of the groups are there.
pub(super) fn all_there(request: &Request) -> String {
    let (total, existed) = (request.groups.len(), request.count(&[GroupStatus::Existed]));
    let all = all_of(total);
    match (&request.groups[..], existed) {
        ([group], _) => {
            let guid = group.guid.as_ref().map_or("", Guid::as_str);
            let note = if existed > 0 { " The group was there already." } else { "" };
            format!(", guid `{guid}`.{note}")
        }
        (_, 0) => format!(". {all} are in Connect now."),
        (_, existed) if existed == total => format!(". {all} were in Connect already."),
        (_, 1) => format!(". {all} are in Connect now; 1 of them was there already."),
        (_, existed) => {
            format!(". {all} are in Connect now; {existed} of them were there already.")
        }
    }
}

fn all_of(total: usize) -> String {
    if total == 2 { "Both".to_owned() } else { format!("All {total}") }
}

fn failed(request: &Request, approved: &str) -> String {
    let there = request.groups.len() - request.count(&GroupStatus::FAILURES);
    match &request.groups[..] {
        [group] => format!("**Failed**{approved}, but it wasn't created: {}", why_not(group)),
        _ if there == 0 => format!("**Failed**{approved}. {}", how_many_failed(request)),
        _ => format!("**Failed in part**{approved}. {}", how_many_failed(request)),
    }
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

pub(super) fn how_many_failed(request: &Request) -> String {
    let (total, failed) = (request.groups.len(), request.count(&GroupStatus::FAILURES));
    match total - failed {
        0 => "None of the groups was created.".to_owned(),
        there => format!(
            "{there} of {total} {} in Connect, {failed} {} created.",
            if there == 1 { "is" } else { "are" },
            if failed == 1 { "wasn't" } else { "weren't" }
        ),
    }
}

pub(super) fn because(request: &Request) -> String {
    match &request.denial_reason {
        Some(why) => format!(": {}", quoted(why, MAX_REASON)),
        None => ".".to_owned(),
    }
}

/// Those who joined, in at most `room` UTF-16 units if that can be. Who has no room is counted.
fn participants(others: &[&Participant], room: usize) -> String {
    let fits = |text: &String| utf16_len(text) <= room.min(MAX_PARTICIPANTS);
    let named = others.len().min(MAX_LISTED);
    let all = REASON_MEASURES.into_iter().map(|measure| participant_lines(others, named, measure));
    let some = (0..named).rev().map(|named| participant_lines(others, named, REASON_MEASURES[3]));
    all.chain(some).find(fits).unwrap_or_else(|| participant_lines(others, 0, 0))
}

fn participant_lines(others: &[&Participant], named: usize, measure: usize) -> String {
    let (mut text, mut silent) = (String::new(), Vec::new());
    for Participant { person, reason } in others.iter().take(named) {
        match reason {
            Some(reason) => {
                let _ = writeln!(text, "Also asked by <@{person}>: {}", quoted(reason, measure));
            }
            None => silent.push(format!("<@{person}>")),
        }
    }
    let silent = silent.join(", ");
    let _ = match (silent.is_empty(), others.len() - named) {
        (true, 0) => Ok(()),
        (true, more) => writeln!(text, "Also asked by {more} more."),
        (false, 0) => writeln!(text, "Also asked by {silent}."),
        (false, more) => writeln!(text, "Also asked by {silent} and {more} more."),
    };
    text
}
