//! Requests as people see them: the message that shows one, what people are told, and the lists.
//! Pure functions, like [`render`](super::render).

mod batch;
mod joined;
mod lists;
mod table;
#[cfg(test)]
mod tests;
mod told;

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) use self::batch::{asked, begun};
pub(super) use self::lists::{groups_in_list, history, request_choices, requests, turns};
pub(super) use self::told::{cancelled, notice, over, refusal, reminder};
use super::custom_id::CustomId;
use super::render::{MAX_CONTENT, Reply, span};
use crate::group::Guid;
use crate::ids::RoleId;
use crate::request::{GroupStatus, Participant, Request, RequestedGroup, State};
use crate::text::{count, escape_invisible, escape_markdown, shorten, utf16_len};

/// A reason takes at most this many UTF-16 units in a message.
const MAX_REASON: usize = 1000;

/// And this many are always shown, beside many groups.
const MIN_REASON: usize = 100;

/// What stands before a reason.
const REASON: &str = "Reason: ";

/// Why several groups aren't there yet, at most.
const MAX_NOTE: usize = 300;

/// People that are named one by one.
const MAX_PEOPLE: usize = 10;

/// What a button does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Look {
    /// The good way.
    Success,
    /// The bad one.
    Danger,
    /// Neither.
    Plain,
}

/// A button under a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Button {
    /// What it says.
    pub label: &'static str,
    /// What a press sends.
    pub custom_id: String,
    /// How it looks.
    pub look: Look,
}

/// A message with buttons.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Card {
    /// The text, in Discord's markdown.
    pub content: String,
    /// The buttons; none if nothing is to be decided.
    pub buttons: Vec<Button>,
}

impl From<Card> for Reply {
    fn from(card: Card) -> Self {
        Self { buttons: card.buttons, ..Self::ephemeral(card.content) }
    }
}

/// The message that shows a request.
#[must_use]
pub(super) fn card(
    request: &Request,
    people: &[Participant],
    admins: &[RoleId],
    ttl: Duration,
) -> Card {
    let mut content = heading(request);
    let mut rest = standing(request, admins, ttl);
    // At least the beginning of the reason must be read, too, and something of each group.
    let reason = request.reason.as_deref().map(|reason| said(reason, MIN_REASON));
    let reason = reason.map_or(0, |reason| REASON.len() + utf16_len(&reason) + 1);
    let is_batch = request.groups.len() > 1;
    let others: Vec<_> = people.iter().filter(|asker| asker.person != request.requester).collect();
    if !others.is_empty() {
        let least = if is_batch { table::least(request) } else { 0 };
        let taken = utf16_len(&content) + utf16_len(&rest) + reason + least;
        rest.insert_str(0, &joined::of(&others, MAX_CONTENT.saturating_sub(taken)));
    }
    if is_batch {
        let room = MAX_CONTENT.saturating_sub(utf16_len(&content) + utf16_len(&rest) + reason);
        rest.insert_str(0, &table::of(request, room));
    }
    if let Some(reason) = &request.reason {
        // What an admin wrote matters more than the end of a long reason.
        let taken = utf16_len(&content) + utf16_len(&rest) + REASON.len() + 1;
        let room = MAX_CONTENT.saturating_sub(taken);
        let _ = writeln!(content, "{REASON}{}", said(reason, room.min(MAX_REASON)));
    }
    content.push_str(&rest);
    let button = |label, custom_id: CustomId<'_>, look| {
        let custom_id = custom_id.to_string();
        Button { label, custom_id, look }
    };
    let buttons = match request.state {
        State::Pending => vec![
            button("Approve", CustomId::Approve(request.id), Look::Success),
            button("Deny", CustomId::Deny(request.id), Look::Danger),
        ],
        State::Failed if request.can_be_retried() => {
            vec![button("Retry", CustomId::Retry(request.id), Look::Plain)]
        }
        State::Failed
        | State::Creating
        | State::Created
        | State::Denied
        | State::Expired
        | State::Cancelled => Vec::new(),
    };
    Card { content, buttons }
}

fn heading(request: &Request) -> String {
    let (number, who) = (request.id, request.requester);
    let groups = match &request.groups[..] {
        [group] => format!("the LDAP group {}", span(group.name.as_str())),
        groups => count(groups.len(), "LDAP group"),
    };
    if request.direct {
        format!("**Request {number}**: <@{who}> brings {groups} into Connect.\n")
    } else {
        format!("**Request {number}**: <@{who}> asks for {groups} in Connect.\n")
    }
}

fn standing(request: &Request, admins: &[RoleId], ttl: Duration) -> String {
    let by = request.decider.map_or_else(String::new, |person| format!(" by <@{person}>"));
    let when = request.decided_at.map_or_else(String::new, |at| format!(" {}", stamp(at, 'f')));
    let begun = begun_by(request, &by, &when);
    // Nobody approved what an admin does at once.
    let approved = if request.direct { begun.clone() } else { format!(": approved{begun}") };
    match request.state {
        State::Pending => format!(
            "{}Approve or deny {} before {}.",
            addressed(admins),
            if request.groups.len() > 1 { "all of them" } else { "it" },
            stamp(request.expires(ttl), 'f')
        ),
        State::Creating if request.direct => being_created(request),
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
        None if request.direct => when.to_owned(),
        None => format!("{by}{when}"),
        Some((_, at)) if request.direct => format!(" {}, retried{by}{when}", stamp(at, 'f')),
        Some((approver, at)) => {
            format!(" by <@{approver}> {}, retried{by}{when}", stamp(at, 'f'))
        }
    }
}

fn being_created(request: &Request) -> String {
    let (total, waiting) = (request.groups.len(), request.count(&[GroupStatus::Waiting]));
    // A table needs the room.
    let most = if total == 1 { MAX_REASON } else { MAX_NOTE };
    let note = request.note.as_deref().map(|note| sentence_within(note, most));
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
fn all_there(request: &Request) -> String {
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
fn why_not(group: &RequestedGroup) -> String {
    let why = sentence(group.note.as_deref().unwrap_or_default());
    match &group.guid {
        Some(guid) => format!("{why} The other group has the guid `{}`.", guid.as_str()),
        None => why,
    }
}

fn how_many_failed(request: &Request) -> String {
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

fn because(request: &Request) -> String {
    match &request.denial_reason {
        Some(why) => format!(": {}", said(why, MAX_REASON)),
        None => ".".to_owned(),
    }
}

/// A request's group or, if they are several, how many.
fn groups_of(request: &Request) -> String {
    match &request.groups[..] {
        [group] => span(group.name.as_str()),
        groups => count(groups.len(), "group"),
    }
}

/// Where a request's message is.
pub(super) fn link(request: &Request) -> Option<String> {
    let (channel, message) = request.message?;
    let guild = request.message_guild.unwrap_or(request.place.guild);
    Some(format!("https://discord.com/channels/{guild}/{channel}/{message}"))
}

/// Words of a person or of Connect, bounded, without markdown, and on one line.
fn said(words: &str, max: usize) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    shorten(&escape_markdown(&escape_invisible(&line)), max).into_owned()
}

/// Somebody else's words, as a sentence of its own.
fn sentence(words: &str) -> String {
    sentence_within(words, MAX_REASON)
}

fn sentence_within(words: &str, max: usize) -> String {
    let words = said(words, max);
    if words.ends_with(['.', '!', '?']) { words } else { format!("{words}.") }
}

/// Those of the admins' roles that a message names; Discord lets it ping 100.
pub(super) fn named(roles: &[RoleId]) -> &[RoleId] {
    roles.get(..MAX_PEOPLE).unwrap_or(roles)
}

fn addressed(roles: &[RoleId]) -> String {
    let roles: Vec<_> = named(roles).iter().map(|role| format!("<@&{role}>")).collect();
    if roles.is_empty() { String::new() } else { format!("{}: ", roles.join(" ")) }
}

/// A moment as Discord shows it in everyone's own time: `f` for the moment, `R` for how long ago.
pub(super) fn stamp(at: SystemTime, style: char) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("<t:{seconds}:{style}>")
}
