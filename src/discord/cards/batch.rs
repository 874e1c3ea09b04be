//! What somebody reads who wanted groups: one, or several at once.

use super::{groups_of, link};
use crate::discord::render::{MAX_CONTENT, Reply, in_a_list, listed_span};
use crate::request::{Activity, Request, State};
use crate::requests::{CreateOutcome, Skipped};
use crate::text::utf16_len;

/// The answer to somebody who asked for groups; `is_shown` says whether admins see the request.
#[must_use]
pub(in crate::discord) fn asked(batch: &CreateOutcome, is_shown: bool) -> Reply {
    if let (None, [Skipped::Asked { name, request, activity }]) =
        (&batch.request, &batch.skipped[..])
    {
        return super::told::joined(name, request, *activity);
    }
    let first = match &batch.request {
        Some(request) => super::told::requested(request, is_shown),
        None => "There is no new request.".to_owned(),
    };
    with_others(first, batch)
}

/// The answer to an admin who creates several; `is_shown` says whether a message shows how it goes.
#[must_use]
pub(in crate::discord) fn begun(batch: &CreateOutcome, is_shown: bool) -> Reply {
    let first = match &batch.request {
        Some(request) => {
            let are = if request.groups.len() == 1 { "is" } else { "are" };
            let what = format!("{} {are} being created", groups_of(request));
            match link(request).filter(|_| is_shown) {
                Some(link) => format!("{what}: {link} shows what comes of it."),
                None => format!(
                    "{what}. The message that shows what comes of it couldn't be posted yet; the \
                     bot goes on trying. If it stays so, see whether the bot may send messages in \
                     this channel."
                ),
            }
        }
        None => "Nothing is being created.".to_owned(),
    };
    with_others(first, batch)
}

/// Adds what became of the groups that aren't in the new request, as far as there is room.
fn with_others(mut content: String, batch: &CreateOutcome) -> Reply {
    let lines: Vec<_> = batch.skipped.iter().map(skipped).collect();
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
    let at = |request| link(request).map_or_else(String::new, |link| format!(" ({link})"));
    match skipped {
        Skipped::Asked { name, request, activity } => {
            let how = match activity {
                Some(Activity::Reworded) => {
                    "You asked for it before; the reason that you give now counts."
                }
                None => "You asked for it before.",
                Some(Activity::Joined | Activity::Left) => "You have joined it.",
            };
            let (name, at, id) = (listed_span(name.as_str()), at(request), request.id);
            format!("{name} is asked for already, with request {id}{at}. {how}")
        }
        Skipped::Open { name, request } => {
            let (name, Request { id, requester, .. }) = (listed_span(name.as_str()), request);
            if request.state == State::Pending {
                let at = at(request);
                format!(
                    "<@{requester}> has asked for {name} with request {id}{at}: approve it there."
                )
            } else {
                format!("{name} is being created already, for <@{requester}>.")
            }
        }
        Skipped::Refused { name, why } => in_a_list(name, why),
    }
}
