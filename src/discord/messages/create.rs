//! What came of a create: one group, or several at once.

use super::markdown::{group_or_count, link, listed_span, span, url};
use super::refusals;
use super::reply::{MAX_CONTENT, Reply};
use crate::ldapgroup::{Created, Known};
use crate::request::{Activity, Request};
use crate::requests::{CreateOutcome, Skipped};
use crate::text::utf16_len;

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

/// What came of asking for groups; `is_shown` says whether admins see the request.
pub(in crate::discord) fn asked(outcome: &CreateOutcome, is_shown: bool) -> Reply {
    let first = match (&outcome.request, &outcome.skipped[..]) {
        (None, [Skipped::Asked { name, request, activity }]) => {
            return Reply::ephemeral(format!(
                "There is a request for {} already: request {}{}. {}, and you will be told what comes \
                 of it.",
                span(name.as_str()),
                request.id,
                link(" at ", request, ""),
                involvement(*activity)
            ));
        }
        (None, _) => "There is no new request.".to_owned(),
        (Some(request), _) => requested(request, is_shown),
    };
    with_skipped(first, outcome)
}

/// Several groups that an admin creates; `is_shown` says whether a message shows how it goes.
pub(in crate::discord) fn begun(outcome: &CreateOutcome, is_shown: bool) -> Reply {
    let Some(request) = &outcome.request else {
        return with_skipped("Nothing is being created.".to_owned(), outcome);
    };
    let are = if request.groups.len() == 1 { "is" } else { "are" };
    let what = format!("{} {are} being created", group_or_count(request));
    let first = match url(request).filter(|_| is_shown) {
        Some(url) => format!("{what}: {url} shows what comes of it."),
        None => format!(
            "{what}. The message that shows what comes of it couldn't be posted yet; the bot goes on \
             trying. If it stays so, see whether the bot may send messages in this channel."
        ),
    };
    with_skipped(first, outcome)
}

fn requested(request: &Request, is_shown: bool) -> String {
    let what = format!("You asked for {} with request {}.", group_or_count(request), request.id);
    if is_shown {
        let at = link(" at ", request, "");
        format!("{what} An administrator decides it{at}; you will be told here.")
    } else {
        format!(
            "{what} It is kept, but no administrator sees it yet: it couldn't be posted in the \
             channel for requests. The bot goes on trying; tell an administrator of this server if \
             it stays so."
        )
    }
}

/// Adds what became of the groups that aren't in the new request, as far as there is room.
fn with_skipped(mut content: String, outcome: &CreateOutcome) -> Reply {
    let lines: Vec<_> = outcome.skipped.iter().map(skipped).collect();
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
            "{} is asked for already, with request {}{}. {}.",
            listed_span(name.as_str()),
            request.id,
            link(" (", request, ")"),
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
