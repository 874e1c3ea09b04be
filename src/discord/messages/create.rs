//! What came of a create: one group, or several at once.

use std::fmt::Write as _;
use std::time::Duration;

use serenity::all::ButtonStyle;

use super::markdown::{listed_span, named_groups, span, stamp, url};
use super::refusals;
use super::reply::{Button, MAX_CONTENT, Reply};
use crate::discord::custom_id::CustomId;
use crate::ldapgroup::{Created, Known};
use crate::request::{Activity, Request, State};
use crate::requests::{CreateOutcome, Skipped};
use crate::text::{count, utf16_len};

/// A group that was created.
pub(in crate::discord) fn created(created: &Created) -> Reply {
    let Created { name, guid, known } = created;
    let how = match known {
        Known::Answered => "",
        Known::FoundAfterwards => "Connect's answer got lost, but the group is there. ",
    };
    Reply::public(format!(
        "Created {} in Connect, with the guid `{guid}`.\n{how}It can look empty at first: members \
         appear as they log in, or with Connect's next LDAP sync.",
        span(name.as_str()),
    ))
}

/// What came of asking for groups, which expires after `ttl`; `is_shown` says whether admins see the
/// request.
pub(in crate::discord) fn asked(outcome: &CreateOutcome, is_shown: bool, ttl: Duration) -> Reply {
    match (&outcome.request, &outcome.skipped[..]) {
        (None, [Skipped::Asked { name, request, activity }]) => {
            let reply = Reply::ephemeral(format!(
                "{} is asked for already, with request {}. {}. You will be mentioned here once it is \
                 over.",
                span(name.as_str()),
                request.id,
                involvement(*activity)
            ));
            with_take_back(reply, request)
        }
        (None, _) => with_skipped("There is no new request.".to_owned(), outcome),
        (Some(request), _) => {
            let first = requested(request, is_shown, ttl);
            with_take_back(with_skipped(first, outcome), request)
        }
    }
}

/// With a button that takes the request back, as long as that can be done.
fn with_take_back(reply: Reply, request: &Request) -> Reply {
    if request.state != State::Pending {
        return reply;
    }
    let custom_id = CustomId::take_back(request);
    reply.with_button(Button::new("Take back", &custom_id, ButtonStyle::Secondary))
}

/// Several groups that an admin creates; `is_shown` says whether a message shows how it goes.
pub(in crate::discord) fn begun(outcome: &CreateOutcome, is_shown: bool) -> Reply {
    let Some(request) = &outcome.request else {
        return with_skipped("Nothing was created:".to_owned(), outcome);
    };
    let what = named_groups(request);
    // It stays as it is, and the message doesn't.
    let first = match url(request).filter(|_| is_shown) {
        Some(url) => format!("{url} shows what becomes of {what}."),
        None => format!(
            "The message that shows what becomes of {what} couldn't be posted at once: the bot goes on \
             trying. If it doesn't come, see whether the bot may send messages in this channel."
        ),
    };
    with_skipped(first, outcome)
}

fn requested(request: &Request, is_shown: bool, ttl: Duration) -> String {
    let what = format!("Request {} for {}", request.id, named_groups(request));
    if is_shown {
        // It stays as it is: an hour later "in 2 days" would have become something else.
        let expiry = stamp(request.expires(ttl), 'f');
        format!(
            "{what} went to the admins, who can decide until {expiry}; you will be mentioned here."
        )
    } else {
        format!(
            "{what} is kept, but no admin sees it yet: it couldn't be posted in the channel for \
             requests. The bot goes on trying; tell an admin of this server if it stays so."
        )
    }
}

/// Adds what became of the groups that aren't in the new request, as far as there is room.
fn with_skipped(mut content: String, outcome: &CreateOutcome) -> Reply {
    let lines: Vec<_> = outcome.skipped.iter().map(skipped).collect();
    if let (Some(request), false) = (&outcome.request, lines.is_empty()) {
        let all = count(request.groups.len() + lines.len(), "name");
        let are = if lines.len() == 1 { "is" } else { "are" };
        let _ = write!(content, "\nOf the {all}, {} {are} left out:", lines.len());
    }
    for (at, line) in lines.iter().enumerate() {
        let more = format!("\nand {} more", lines.len() - at);
        if utf16_len(&content) + utf16_len(line) + 3 + utf16_len(&more) > MAX_CONTENT {
            content.push_str(&more);
            break;
        }
        content.push_str("\n- ");
        content.push_str(line);
    }
    Reply::ephemeral(content)
}

fn skipped(skipped: &Skipped) -> String {
    match skipped {
        Skipped::Asked { name, request, activity } => format!(
            "{} is asked for already, with request {}. {}.",
            listed_span(name.as_str()),
            request.id,
            involvement(*activity)
        ),
        Skipped::Open { name, request } => refusals::open_in_list(name, request),
        Skipped::Refused { name, why } => refusals::in_list(name, why),
    }
}

fn involvement(activity: Option<Activity>) -> &'static str {
    match activity {
        Some(Activity::Reworded) => "You asked for it before; the reason that you give now counts",
        None => "You asked for it before",
        Some(Activity::Joined | Activity::Left) => "You have joined it",
    }
}
