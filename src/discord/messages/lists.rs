//! Lists of requests and of what happened, a page at a time.

use std::fmt::Write as _;

use super::markdown::{first_group, linked_id, listed_span, quoted, stamp};
use super::reasons;
use super::reply::{MAX_CHOICE, MAX_CHOICES, Reply, page_buttons};
use crate::discord::custom_id::{CustomId, OPEN};
use crate::ids::UserId;
use crate::request::{Activity, Request, State};
use crate::requests::{Entry, Listed};
use crate::text::{count, escape_invisible, shorten};

/// Somebody's words take at most this many UTF-16 units in a list.
const MAX_LISTED_REASON: usize = 60;

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

/// A page of requests.
pub(in crate::discord) fn requests(listed: &Listed<Request>, state: Option<State>) -> Reply {
    let kind = state.map_or(OPEN, State::as_str);
    if listed.entries.is_empty() {
        let lately = if listed.is_cut { "Lately there were no" } else { "There are no" };
        return Reply::ephemeral(format!("{lately} {kind} requests."));
    }
    let mut content = format!("**{}**", count(listed.total, &format!("{kind} request")));
    content.push_str(cut(listed));
    for request in &listed.entries {
        let _ = write!(
            content,
            "\n{} · {} · <@{}> · {} · {}",
            linked_id(request),
            first_group(request),
            request.requester,
            request.state.as_str(),
            stamp(request.decided_at.unwrap_or(request.created_at), 'R')
        );
    }
    paged(content, (listed.page, listed.pages), |page| Some(CustomId::Requests { state, page }))
}

/// A page of what happened to a group.
pub(in crate::discord) fn history(listed: &Listed<Entry>, name: &str) -> Reply {
    let (key, name) = (name, listed_span(name));
    if listed.entries.is_empty() {
        return Reply::ephemeral(format!("Nobody has asked for {name} here."));
    }
    let mut content = format!("**{}** of {name}{}", count(listed.total, "step"), cut(listed));
    for entry in &listed.entries {
        let who =
            entry.person.map_or_else(|| "the bot".to_owned(), |person| format!("<@{person}>"));
        let before =
            entry.before.map_or_else(String::new, |before| format!("{} → ", before.as_str()));
        let (before, after) = match entry.activity {
            Some(Activity::Reworded) => (String::new(), "gave another reason"),
            Some(activity) => (String::new(), activity.as_str()),
            None => (before, entry.after.as_str()),
        };
        let why = entry.why.clone().or_else(|| entry.cause.as_ref().map(reasons::words));
        let why = why.map(|why| format!(": {}", quoted(&why, MAX_LISTED_REASON)));
        let why = why.unwrap_or_default();
        let _ = write!(
            content,
            "\n{} request {} {before}**{}** by {who}{why} (`{}`)",
            stamp(entry.at, 'f'),
            entry.request_id,
            after,
            entry.correlation
        );
    }
    if listed.pages > 1 && CustomId::history(listed.pages - 1, key).is_none() {
        content.push_str("\nOnly these are shown: no button can carry the name to the next page.");
    }
    paged(content, (listed.page, listed.pages), |page| CustomId::history(page, key))
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
        let _ = write!(content, "\npage {} of {pages}", page + 1);
    }
    Reply { buttons: page_buttons(page, pages, custom_id), ..Reply::ephemeral(content) }
}
