//! Lists of requests and of what happened, a page at a time.

use std::fmt::Write as _;

use super::markdown::{SHORT, first_group, linked, listed_span, quoted, stamp};
use super::reasons;
use super::reply::{MAX_CHOICE, MAX_CHOICES, MAX_CONTENT, Reply, page_buttons};
use crate::discord::custom_id::CustomId;
use crate::ids::UserId;
use crate::request::{Activity, Reason, Request, State};
use crate::requests::{Bringer, Entry, Listed, Listing};
use crate::text::{count, escape_invisible, shorten, utf16_len};

/// Somebody's words take at most this many UTF-16 units in a list.
const MAX_LISTED_REASON: usize = 60;

/// Names take at most so many UTF-16 units in a list of requests: the next, if they are too long for a
/// message.
const WIDTHS: [usize; 3] = [SHORT, 30, 10];

/// What the page's number takes at most.
const MAX_PLACE: usize = 60;

/// Requests to suggest to somebody who may cancel or leave them and typed `typed`: their number or a
/// part of the name. Those that they are in come first.
pub(in crate::discord) fn request_choices(
    (own, others): &(Vec<Request>, Vec<Request>),
    typed: &str,
    person: UserId,
) -> Vec<(String, i64)> {
    let folded = typed.trim().to_lowercase();
    let own = own.iter().map(|request| {
        (request, if request.requester == person { "yours" } else { "joined by you" })
    });
    own.chain(others.iter().map(|request| (request, "somebody else's")))
        .filter(|(request, _)| {
            request.id.to_string().starts_with(&folded)
                || request.groups.iter().any(|group| group.name.folded().contains(&folded))
        })
        .map(|(request, whose)| {
            let first = request.groups.first().map_or("", |group| group.name.as_str());
            let end = match request.groups.len() {
                0 | 1 => format!(" ({whose})"),
                several => format!(" and {} more ({whose})", several - 1),
            };
            let name = format!("{}: {}", request.id, escape_invisible(first));
            (format!("{}{end}", shorten(&name, MAX_CHOICE - end.len())), request.id)
        })
        .take(MAX_CHOICES)
        .collect()
}

/// What people call the requests of a kind.
pub(in crate::discord) fn kind_words(kind: Listing) -> &'static str {
    match kind {
        Listing::Open => "open",
        Listing::All => "all",
        Listing::In(state) => state_words(state),
    }
}

/// What people call a state.
fn state_words(state: State) -> &'static str {
    match state {
        State::Pending => "waiting",
        State::Creating => "under way",
        State::Created | State::Failed | State::Denied | State::Expired | State::Cancelled => {
            state.as_str()
        }
    }
}

/// Requests of a kind, after a number or a *no*; `one` is *request* or *requests*.
fn of_kind(kind: Listing, one: &str) -> String {
    match kind {
        Listing::All => one.to_owned(),
        Listing::In(State::Creating) => format!("{one} {}", state_words(State::Creating)),
        Listing::Open | Listing::In(_) => format!("{} {one}", kind_words(kind)),
    }
}

/// A page of requests.
pub(in crate::discord) fn requests(listed: &Listed<Request>, kind: Listing) -> Reply {
    if listed.entries.is_empty() {
        let there_are = if listed.is_cut { "Lately there were" } else { "There are" };
        return Reply::ephemeral(format!("{there_are} no {}.", of_kind(kind, "requests")));
    }
    let one = if listed.total == 1 { "request" } else { "requests" };
    let head = format!("**{} {}**{}", listed.total, of_kind(kind, one), cut(listed));
    let lines = |width| listed.entries.iter().map(move |request| line(request, width));
    let mut contents =
        WIDTHS.into_iter().map(|width| head.clone() + &lines(width).collect::<String>());
    let content = contents.find(|content| utf16_len(content) <= MAX_CONTENT - MAX_PLACE);
    let content = content.unwrap_or(head);
    paged(content, (listed.page, listed.pages), |page| Some(CustomId::Requests { kind, page }))
}

/// A request in a list.
fn line(request: &Request, width: usize) -> String {
    format!(
        "\n{} · {} · <@{}> · {} · {}",
        linked(request),
        first_group(request, width),
        request.requester,
        state_words(request.state),
        stamp(request.decided_at.unwrap_or(request.created_at), 'R')
    )
}

/// A page of what happened to a group.
pub(in crate::discord) fn history(listed: &Listed<Entry>, name: &str) -> Reply {
    let (key, name) = (name, listed_span(name));
    if listed.entries.is_empty() {
        return Reply::ephemeral(format!("Nobody has asked for {name} here."));
    }
    let cut = if listed.is_cut { "; older ones aren't listed" } else { "" };
    let steps = count(listed.total, "step");
    let mut content = format!("**History of {name}**: {steps}, the latest first{cut}");
    for entry in &listed.entries {
        content.push_str(&step(entry));
    }
    if listed.pages > 1 && CustomId::history(listed.pages - 1, key).is_none() {
        content.push_str("\nOnly these are shown: no button can carry the name to the next page.");
    }
    paged(content, (listed.page, listed.pages), |page| CustomId::history(page, key))
}

/// A step in the history of a group: what happened and when, then what ties it to the logs.
fn step(entry: &Entry) -> String {
    let (happened, doer, why) = if entry.cause == Some(Reason::WasThere) {
        ("was in Connect already", String::new(), None)
    } else {
        let why = entry.why.clone().or_else(|| entry.cause.as_ref().map(reasons::words));
        (happened(entry), doer(entry), why)
    };
    let why = why.map(|why| format!(": {}", quoted(&why, MAX_LISTED_REASON))).unwrap_or_default();
    let guid = entry.guid.as_ref().map_or_else(String::new, |guid| format!(" · guid `{guid}`"));
    format!(
        "\n**{happened}**{doer}{why}{guid} · {}\n-# request {} · reference `{}`",
        stamp(entry.at, 'f'),
        entry.request_id,
        entry.correlation
    )
}

/// Who did it; of what was asked for and brought in, whose word that was. Nobody, if it was time or the
/// bot itself.
fn doer(entry: &Entry) -> String {
    match (entry.bringer, entry.person) {
        (Some(Bringer::Approver(person)), _) => format!(", approved by <@{person}>"),
        (Some(Bringer::Retrier(person)), _) => format!(", retried by <@{person}>"),
        (Some(Bringer::Admin(person)), _) | (None, Some(person)) => format!(" by <@{person}>"),
        (None, None) => String::new(),
    }
}

/// What somebody did, or what came of it.
fn happened(entry: &Entry) -> &'static str {
    match (entry.activity, entry.before, entry.after) {
        (Some(Activity::Reworded), ..) => "another reason",
        (Some(activity @ (Activity::Joined | Activity::Left)), ..) => activity.as_str(),
        (None, _, State::Pending) => "asked for",
        (None, None, State::Creating) => "begun",
        (None, Some(State::Failed), State::Creating) => "tried again",
        (None, Some(_), State::Creating) => "approved",
        (None, _, after) => after.as_str(),
    }
}

/// That a list isn't all there is.
fn cut<T>(listed: &Listed<T>) -> &'static str {
    if listed.is_cut { ", the latest; older ones aren't listed" } else { "" }
}

/// Adds the page's number and the buttons that turn it.
fn paged<'a>(
    mut content: String,
    (page, pages): (usize, usize),
    custom_id: impl Fn(usize) -> Option<CustomId<'a>>,
) -> Reply {
    if pages > 1 {
        let _ = write!(content, "\n-# page {} of {pages}", page + 1);
    }
    Reply { buttons: page_buttons(page, pages, custom_id), ..Reply::ephemeral(content) }
}
