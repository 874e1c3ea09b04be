//! Requests as people see them: the message that shows one, what people are told, and the lists.
//! Pure functions, like [`render`](super::render).

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::render::{MAX_CHOICE, MAX_CONTENT, Reply, listed_span, short_span, span, with_roles};
use crate::access::{RoleId, UserId};
use crate::group::{Abbreviation, GroupName, Guid};
use crate::ldapgroup::requests::RequestRefusal;
use crate::request::{MAX_REASON_CHARS, Request, State};
use crate::store::{Entry, Listed, Notice};
use crate::text::{count, escape_markdown, shorten, units, visible};

/// A reason takes at most this many UTF-16 units in a message, and a shorter one in a list.
const MAX_REASON: usize = 1000;
const MAX_LISTED_REASON: usize = 60;

/// People that are named one by one.
const MAX_PEOPLE: usize = 10;

/// A group's name takes at most this many UTF-16 units in a `custom_id`, which has 100.
const MAX_KEY: usize = 80;

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

/// The message that shows a request.
#[must_use]
pub(super) fn card(request: &Request, people: &[UserId], admins: &[RoleId], ttl: Duration) -> Card {
    let number = request.id;
    let mut content = format!(
        "**Request {number}**: <@{}> asks for the LDAP group {} in Connect.\n",
        request.requester,
        span(request.name.as_str())
    );
    let mut rest = String::new();
    let others: Vec<_> = people.iter().filter(|person| **person != request.requester).collect();
    if !others.is_empty() {
        let _ = writeln!(rest, "Also asked by {}.", mentions(&others));
    }
    rest.push_str(&standing(request, admins, ttl));
    if let Some(reason) = &request.reason {
        // What an admin wrote matters more than the end of a long reason.
        let label = "Reason: ";
        let taken = units(&content) + units(&rest) + label.len() + 1;
        let room = MAX_CONTENT.saturating_sub(taken);
        let _ = writeln!(content, "{label}{}", said(reason, room.min(MAX_REASON)));
    }
    content.push_str(&rest);
    let button =
        |label, verb: &str, look| Button { label, custom_id: format!("{verb}:{number}"), look };
    let buttons = match request.state {
        State::Pending => {
            vec![button("Approve", "approve", Look::Success), button("Deny", "deny", Look::Danger)]
        }
        State::Failed => vec![button("Retry", "retry", Look::Plain)],
        State::Creating | State::Created | State::Denied | State::Expired | State::Cancelled => {
            Vec::new()
        }
    };
    Card { content, buttons }
}

fn standing(request: &Request, admins: &[RoleId], ttl: Duration) -> String {
    let by = request.decider.map_or_else(String::new, |person| format!(" by <@{person}>"));
    let when = request.decided.map_or_else(String::new, |at| format!(" {}", stamp(at, 'f')));
    let note = request.note.as_deref().map(sentence);
    match request.state {
        State::Pending => format!(
            "{}Approve or deny it before {}.",
            addressed(admins),
            stamp(request.expires(ttl), 'f')
        ),
        State::Creating => match (note, request.due) {
            (Some(note), Some(due)) => format!(
                "Approved{by}{when}. It isn't created yet: {note} It is tried again {}.",
                stamp(due, 'R')
            ),
            _ => format!("Approved{by}{when}. The group is being created."),
        },
        State::Created => {
            let guid = request.guid.as_ref().map_or("", Guid::as_str);
            let note = note.map_or_else(String::new, |note| format!(" {note}"));
            format!("**Created**: approved{by}{when}, guid `{guid}`.{note}")
        }
        State::Failed => format!(
            "**Failed**: approved{by}{when}, but it wasn't created: {}",
            note.unwrap_or_default()
        ),
        State::Denied => format!("**Denied**{by}{when}{}", because(request)),
        State::Expired => {
            "**Expired**: nobody decided it in time. It can be asked for again.".to_owned()
        }
        State::Cancelled => format!("**Cancelled**{by}{when}."),
    }
}

fn because(request: &Request) -> String {
    match &request.verdict {
        Some(why) => format!(": {}", said(why, MAX_REASON)),
        None => ".".to_owned(),
    }
}

/// What somebody who asked is told, once the request is over.
#[must_use]
pub(super) fn notice(notice: &Notice) -> String {
    let Notice { request, person, .. } = notice;
    let what = format!("<@{person}> request {} for {}", request.id, span(request.name.as_str()));
    let by = request.decider.map_or_else(String::new, |person| format!(" by <@{person}>"));
    match request.state {
        State::Created => format!(
            "{what} is done: the group is in Connect, with the guid `{}`.",
            request.guid.as_ref().map_or("", Guid::as_str)
        ),
        State::Failed => format!(
            "{what} was approved{by}, but the group wasn't created: {} An admin can retry it.",
            sentence(request.note.as_deref().unwrap_or_default())
        ),
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
pub(super) fn reminder(request: &Request, admins: &[RoleId], ttl: Duration) -> String {
    format!(
        "{}request {} for {} still waits{}. It expires {}.",
        addressed(admins),
        request.id,
        span(request.name.as_str()),
        link(request).map_or_else(String::new, |link| format!(": {link}")),
        stamp(request.expires(ttl), 'R')
    )
}

/// What somebody reads who has made a request.
#[must_use]
pub(super) fn requested(request: &Request, is_shown: bool) -> Reply {
    let what =
        format!("You asked for {} with request {}.", span(request.name.as_str()), request.id);
    Reply::private(if is_shown {
        format!(
            "{what} An administrator decides it{}; you will be told here.",
            link(request).map_or_else(String::new, |link| format!(" at {link}"))
        )
    } else {
        format!(
            "{what} It is kept, but no administrator sees it yet: it couldn't be posted in the \
             channel for requests. The bot goes on trying; tell an administrator of this server if \
             it stays so."
        )
    })
}

/// What somebody reads who took a request back, or denied one whose message is gone.
#[must_use]
pub(super) fn over(request: &Request) -> Reply {
    Reply::private(format!(
        "Request {} for {} is {}.",
        request.id,
        span(request.name.as_str()),
        request.state.as_str()
    ))
}

/// Requests to suggest to somebody who typed `typed`: their number or a part of the name.
#[must_use]
pub(super) fn request_choices(requests: &[Request], typed: &str) -> Vec<(String, i64)> {
    let folded = typed.trim().to_lowercase();
    requests
        .iter()
        .filter(|request| {
            request.id.to_string().starts_with(&folded) || request.name.folded().contains(&folded)
        })
        .map(|request| {
            let name = format!("{}: {}", request.id, visible(request.name.as_str()));
            (shorten(&name, MAX_CHOICE).into_owned(), request.id)
        })
        .collect()
}

/// What somebody reads who joined a request, or had asked before.
#[must_use]
pub(super) fn joined(request: &Request, is_new: bool) -> Reply {
    let name = span(request.name.as_str());
    let how = if is_new { "You have joined it" } else { "You asked for it before" };
    Reply::private(format!(
        "There is a request for {name} already: request {}{}. {how}, and you will be told what comes \
         of it.",
        request.id,
        link(request).map_or_else(String::new, |link| format!(" at {link}"))
    ))
}

/// Why somebody didn't get what they wanted of a request, and what they can do.
#[must_use]
pub(super) fn refusal(refusal: &RequestRefusal) -> String {
    match refusal {
        RequestRefusal::ReasonMissing => {
            "A request must say why. Use the option `reason` of `/ldapgroup create`.".to_owned()
        }
        RequestRefusal::ReasonTooLong => {
            format!("A reason has at most {MAX_REASON_CHARS} characters.")
        }
        RequestRefusal::TooMany(max) => format!(
            "You have {} already, the most that one person may have. Wait until one is decided, or \
             cancel one with `/ldapgroup cancel`.",
            count(usize::try_from(*max).unwrap_or_default(), "open request")
        ),
        RequestRefusal::Open(request) => {
            let (name, who) = (span(request.name.as_str()), request.requester);
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
        RequestRefusal::NeedsAdmin(roles) => {
            let roles = with_roles(" Ask someone with the role ", roles, ".");
            format!("Only an administrator can do this.{roles}")
        }
        RequestRefusal::Own => {
            "You asked for this group yourself: another administrator must decide.".to_owned()
        }
        RequestRefusal::NotYours => {
            "This is somebody else's request: who made it can cancel it, and administrators."
                .to_owned()
        }
        RequestRefusal::Unknown => {
            "There is no such request. `/ldapgroup requests` lists those there are.".to_owned()
        }
        RequestRefusal::AskedAgain(request) => format!(
            "Request {} failed, and there is another open request for its group: decide that one.",
            request.id
        ),
        RequestRefusal::Over(request) => format!(
            "Request {} is {} already; nothing was done.",
            request.id,
            match request.state {
                State::Creating => "approved",
                state => state.as_str(),
            }
        ),
        RequestRefusal::OldMessage => {
            "This message is out of date, and nothing was done. `/ldapgroup requests` leads to the \
             message that counts."
                .to_owned()
        }
        RequestRefusal::Abandoned => {
            "The bot was stopped before Connect answered, and the group isn't there.".to_owned()
        }
    }
}

/// A page of requests.
#[must_use]
pub(super) fn requests(listed: &Listed<Request>, state: Option<State>) -> Card {
    let kind = state.map_or("open", State::as_str);
    if listed.entries.is_empty() {
        return Card { content: format!("There are no {kind} requests."), buttons: Vec::new() };
    }
    let mut content = format!("**{}**", count(listed.total, &format!("{kind} request")));
    for request in &listed.entries {
        let _ = write!(
            content,
            "\n{} · {} · <@{}> · {} · {}",
            link(request)
                .map_or_else(|| request.id.to_string(), |link| format!("[{}]({link})", request.id)),
            short_span(request.name.as_str()),
            request.requester,
            request.state.as_str(),
            stamp(request.decided.unwrap_or(request.made), 'R')
        );
    }
    paged(content, &format!("requests:{kind}"), listed.page, listed.pages)
}

/// A page of what happened to a group.
#[must_use]
pub(super) fn history(listed: &Listed<Entry>, name: &str) -> Card {
    let key = GroupName::parse(name)
        .map_or_else(|_| String::new(), |name| Abbreviation::of(&name, MAX_KEY).into_owned());
    let name = listed_span(name);
    if listed.entries.is_empty() {
        return Card { content: format!("Nobody has asked for {name} here."), buttons: Vec::new() };
    }
    let mut content = format!("**{}** of {name}", count(listed.total, "step"));
    for entry in &listed.entries {
        let who =
            entry.person.map_or_else(|| "the bot".to_owned(), |person| format!("<@{person}>"));
        let before =
            entry.before.map_or_else(String::new, |before| format!("{} → ", before.as_str()));
        let why = entry
            .why
            .as_deref()
            .map_or_else(String::new, |why| format!(": {}", said(why, MAX_LISTED_REASON)));
        let _ = write!(
            content,
            "\n{} request {} {before}**{}** by {who}{why} (`{}`)",
            stamp(entry.at, 'f'),
            entry.request,
            entry.after.as_str(),
            entry.correlation
        );
    }
    paged(content, &format!("history:{key}"), listed.page, listed.pages)
}

/// Adds the page's number and the buttons that turn it. `custom_id`s end in the page they lead to.
fn paged(mut content: String, key: &str, page: usize, pages: usize) -> Card {
    let mut buttons = Vec::new();
    if pages > 1 {
        let _ = write!(content, "\npage {} of {pages}", page + 1);
        let button = |label, to: usize| Button {
            label,
            custom_id: format!("{key}:{to}"),
            look: Look::Plain,
        };
        if page > 0 {
            buttons.push(button("◀", page - 1));
        }
        if page + 1 < pages {
            buttons.push(button("▶", page + 1));
        }
    }
    Card { content, buttons }
}

/// Where a request's message is.
fn link(request: &Request) -> Option<String> {
    let (channel, message) = request.message?;
    Some(format!("https://discord.com/channels/{}/{channel}/{message}", request.place.guild))
}

/// Words of a person or of Connect, bounded, without markdown, and on one line.
fn said(words: &str, max: usize) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    shorten(&escape_markdown(&visible(&line)), max).into_owned()
}

/// Somebody else's words, as a sentence of its own.
fn sentence(words: &str) -> String {
    let words = said(words, MAX_REASON);
    if words.ends_with(['.', '!', '?']) { words } else { format!("{words}.") }
}

fn mentions(people: &[&UserId]) -> String {
    let named: Vec<_> =
        people.iter().take(MAX_PEOPLE).map(|person| format!("<@{person}>")).collect();
    match people.len().saturating_sub(MAX_PEOPLE) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn addressed(roles: &[RoleId]) -> String {
    let roles: Vec<_> = roles.iter().take(MAX_PEOPLE).map(|role| format!("<@&{role}> ")).collect();
    roles.concat()
}

/// A moment as Discord shows it in everyone's own time: `f` for the moment, `R` for how long ago.
fn stamp(at: SystemTime, style: char) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("<t:{seconds}:{style}>")
}
