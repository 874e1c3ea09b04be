//! What somebody reads who wanted several groups at once.

use super::{groups_of, link};
use crate::discord::render::{MAX_CONTENT, Reply, in_a_list, listed_span};
use crate::ldapgroup::requests::{Batch, Left};
use crate::request::{Request, State};
use crate::store::{How, Standing};
use crate::text::utf16_len;

/// The answer to somebody who asked for several; `is_shown` says whether admins see the request.
#[must_use]
pub(in crate::discord) fn asked(batch: &Batch, is_shown: bool) -> Reply {
    let first = match &batch.made {
        Some(request) => super::told::requested(request, is_shown).content,
        None => "There is no new request.".to_owned(),
    };
    with_others(first, batch)
}

/// The answer to an admin who creates several; `is_shown` says whether a message shows how it goes.
#[must_use]
pub(in crate::discord) fn begun(batch: &Batch, is_shown: bool) -> Reply {
    let first = match &batch.made {
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
fn with_others(mut content: String, batch: &Batch) -> Reply {
    let standing = batch.standing.iter().map(standing);
    let lines: Vec<_> = standing.chain(batch.left.iter().map(left)).collect();
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

fn standing(Standing { name, request, how }: &Standing) -> String {
    let name = listed_span(name.as_str());
    let at = link(request).map_or_else(String::new, |link| format!(" ({link})"));
    let Request { id, requester, state, .. } = request;
    match how {
        How::Joined => {
            format!("{name} is asked for already, with request {id}{at}. You have joined it.")
        }
        How::AskedBefore => {
            format!("{name} is asked for already, with request {id}{at}. You asked for it before.")
        }
        How::Reworded => format!(
            "{name} is asked for already, with request {id}{at}. You asked for it before; the reason \
             that you give now counts."
        ),
        How::InTheWay if *state == State::Pending => {
            format!("<@{requester}> has asked for {name} with request {id}{at}: approve it there.")
        }
        How::InTheWay => format!("{name} is being created already, for <@{requester}>."),
    }
}

fn left(Left { name, why }: &Left) -> String {
    in_a_list(name, why)
}
