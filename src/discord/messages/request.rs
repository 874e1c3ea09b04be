//! The card that shows a request: its state first, then who wants what and why, then what came of it.

use std::fmt::Write as _;
use std::time::Duration;

use serenity::all::ButtonStyle;

use super::markdown::{MAX_LISTED, SHORT, addressed, first_group, quoted, sentence, span, stamp};
use super::reply::{Button, Card, MAX_CARD};
use super::standing::{MAX_REASON, all_there, because, how_many_failed, how_many_there, why_not};
use super::{groups, reasons};
use crate::discord::custom_id::CustomId;
use crate::ids::RoleId;
use crate::request::{GroupStatus, Participant, Request, State};
use crate::text::{count, utf16_len};

/// So many UTF-16 units of a reason are always shown, beside many groups.
const MIN_REASON: usize = 200;

/// What stands before a reason.
const REASON: &str = "Reason: ";

/// Why several groups aren't there yet, at most.
const MAX_NOTE: usize = 300;

/// How much is said of the reason of each who joined, from the most to the least, in UTF-16 units.
const REASON_MEASURES: [usize; 5] = [500, 200, 100, 60, 30];

/// What those who joined take at most in a message, in UTF-16 units: the groups need room, too.
const MAX_PARTICIPANTS: usize = 1600;

/// The card that shows a request.
pub(in crate::discord) fn card(
    request: &Request,
    people: &[Participant],
    admins: &[RoleId],
    ttl: Duration,
) -> Card {
    let Appearance { symbol, word, colour } = appearance(request);
    let others: Vec<_> = people.iter().filter(|asker| asker.person != request.requester).collect();
    // What an admin does at once is a request only to those who have asked for it meanwhile.
    let is_named = !request.is_direct() || !others.is_empty();
    let number = if is_named { format!(" · request {}", request.id) } else { String::new() };
    let head = format!("{symbol} **{word}**{number}\n{}\n", wanted(request));
    let (tail, call) = (outcome(request), call_to_decide(request, admins, ttl));
    let taken: usize = [&head, &tail, &call].map(|text| utf16_len(text)).iter().sum();
    let text = head + &details(request, &others, MAX_CARD.saturating_sub(taken)) + &tail;
    let texts = [text.trim_end().to_owned(), call].into_iter().filter(|text| !text.is_empty());
    Card { texts: texts.collect(), colour, buttons: buttons(request) }
}

/// How a state looks. Nothing hangs on the colour: there is a symbol and a word for each.
struct Appearance {
    symbol: &'static str,
    word: &'static str,
    colour: u32,
}

fn appearance(request: &Request) -> Appearance {
    let (symbol, word, colour) = match request.state {
        State::Pending => ("⏳", "Waiting", 0x00f0_b232),
        State::Creating if request.is_direct() => ("🔄", "Under way", 0x0058_65f2),
        State::Creating => ("🔄", "Approved and under way", 0x0058_65f2),
        State::Created => ("✅", "Created", 0x0023_a55a),
        State::Failed if how_many_there(request) > 0 => ("⚠️", "Failed in part", 0x00e6_7e22),
        State::Failed => ("❌", "Failed", 0x00f2_3f43),
        State::Denied => ("🚫", "Denied", 0x0099_2d22),
        State::Expired => ("⏰", "Expired", 0x0099_aab5),
        State::Cancelled => ("↩️", "Cancelled", 0x004e_5058),
    };
    Appearance { symbol, word, colour }
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

/// Who wants what.
fn wanted(request: &Request) -> String {
    let groups = match &request.groups[..] {
        [group] => span(group.name.as_str()),
        groups => count(groups.len(), "LDAP group"),
    };
    let who = format!("<@{}>", request.requester);
    match (request.is_direct(), request.state) {
        // Who only finds groups there brings none.
        (true, State::Created) => match request.count(&[GroupStatus::Created]) {
            0 => format!("{who} wanted to bring {groups} into Connect."),
            all if all == request.groups.len() => format!("{who} brought {groups} into Connect."),
            some => format!("{who} brought {} into Connect.", count(some, "LDAP group")),
        },
        (true, State::Creating) => format!("{who} brings {groups} into Connect."),
        (true, _) => format!("{who} wanted to bring {groups} into Connect."),
        (false, State::Pending | State::Creating) => format!("{who} asks for {groups} in Connect."),
        (false, _) => format!("{who} asked for {groups} in Connect."),
    }
}

/// The reason, who else asked, and each of several groups, in at most `room` UTF-16 units.
fn details(request: &Request, others: &[&Participant], room: usize) -> String {
    let is_batch = request.groups.len() > 1;
    let reason = |max| {
        let reason = request.reason.as_deref();
        reason.map_or_else(String::new, |reason| format!("{REASON}{}\n", quoted(reason, max)))
    };
    // At least the beginning of the reason must be read, too, and something of each group.
    let beyond = room.saturating_sub(utf16_len(&reason(MIN_REASON)));
    let least = if is_batch { groups::least(request) } else { 0 };
    let others = match others {
        [] => String::new(),
        others => participants(others, beyond.saturating_sub(least)),
    };
    let beyond = beyond.saturating_sub(utf16_len(&others));
    let groups = if is_batch { groups::within(request, beyond) } else { String::new() };
    let taken = utf16_len(&others) + utf16_len(&groups) + REASON.len() + 1;
    reason(room.saturating_sub(taken).min(MAX_REASON)) + &others + &groups
}

/// What is said to the admins who are to decide.
fn call_to_decide(request: &Request, admins: &[RoleId], ttl: Duration) -> String {
    if request.state != State::Pending {
        return String::new();
    }
    let which = if request.groups.len() > 1 { "all of them" } else { "it" };
    let expiry = stamp(request.expires(ttl), 'R');
    format!("{}Approve or deny {which}. It expires {expiry}.", addressed(admins))
}

/// Who has decided, and what came of it.
fn outcome(request: &Request) -> String {
    let by = request.decider.map_or_else(String::new, |person| format!(" by <@{person}>"));
    let when = request.decided_at.map_or_else(String::new, |at| format!(" {}", stamp(at, 'f')));
    match request.state {
        State::Pending => String::new(),
        State::Creating => format!("{} {}", begun(request, &by, &when), being_created(request)),
        State::Created => format!("{} {}", begun(request, &by, &when), all_there(request)),
        State::Failed => format!("{} {}", begun(request, &by, &when), failed(request)),
        State::Denied => format!("Denied{by}{when}{}", because(request)),
        State::Expired => "Nobody decided it in time. It can be asked for again.".to_owned(),
        State::Cancelled => format!("Cancelled{by}{when}."),
    }
}

/// Who had it carried out and when, and who has retried it since. Nobody approves what an admin does
/// at once.
fn begun(request: &Request, by: &str, when: &str) -> String {
    match request.approval {
        None if request.is_direct() => format!("Begun{when}."),
        None => format!("Approved{by}{when}."),
        Some((_, at)) if request.is_direct() => {
            format!("Begun {}, retried{by}{when}.", stamp(at, 'f'))
        }
        Some((approver, at)) => {
            format!("Approved by <@{approver}> {}, retried{by}{when}.", stamp(at, 'f'))
        }
    }
}

/// How far it is. Of what is put off, what was so at the last try, and when the next one is, as
/// moments: so it is right whenever somebody reads it.
fn being_created(request: &Request) -> String {
    let (total, waiting) = (request.groups.len(), request.count(&[GroupStatus::Waiting]));
    let Some((delay, due)) = request.delay.as_ref().zip(request.due_at) else {
        return if total == 1 {
            "The group is being created.".to_owned()
        } else {
            format!("{} of {total} so far.", total - waiting)
        };
    };
    let (how_far, most) = if total == 1 {
        ("Not created yet.".to_owned(), MAX_REASON)
    } else {
        // The groups need the room.
        (format!("{} of {total} so far.", total - waiting), MAX_NOTE)
    };
    let tried = delay.tried_at.map_or_else(String::new, |at| format!(" {}", stamp(at, 'T')));
    let why = sentence(&reasons::words(&delay.why), most);
    format!("{how_far} Last try{tried}: {why} Next try: {}.", stamp(due, 'T'))
}

fn failed(request: &Request) -> String {
    match &request.groups[..] {
        [group] => format!("It wasn't created: {}", why_not(group)),
        _ => how_many_failed(request),
    }
}

/// Those who joined, in at most `room` UTF-16 units if that can be. Who has no room is counted.
fn participants(others: &[&Participant], room: usize) -> String {
    let fits = |text: &String| utf16_len(text) <= room.min(MAX_PARTICIPANTS);
    let named = others.len().min(MAX_LISTED);
    let all = REASON_MEASURES.into_iter().map(|measure| participant_lines(others, named, measure));
    let some = (0..named).rev().map(|named| participant_lines(others, named, REASON_MEASURES[4]));
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

/// The heading of the form in which a request is denied.
pub(in crate::discord) fn denial_title(request: &Request) -> String {
    format!("Deny request {}", request.id)
}

/// What stands above the field of that form: people forget what they have pressed.
pub(in crate::discord) fn denial_text(request: &Request) -> String {
    let reason = request.reason.as_deref();
    let why =
        reason.map_or_else(String::new, |why| format!("\n{REASON}{}", quoted(why, MAX_REASON)));
    format!("<@{}> asks for {}.{why}", request.requester, first_group(request, SHORT))
}

/// What that field asks for.
pub(in crate::discord) const DENIAL_LABEL: &str = "Why not? It is shown with the request.";
