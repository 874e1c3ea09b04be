//! Looking at the messages of open requests: nobody tells the bot that one was deleted, and after a
//! start nobody knows what happened meanwhile, which version wrote it, or which backup this is.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::time::Instant;

use super::AFTER_FAILURE;
use super::duty::{Desk, SHORTEST_PAUSE};
use crate::discord::Bot;
use crate::discord::rest::Shown;
use crate::request::Request;
use crate::requests::StoreError;

/// How often it is looked whether somebody has deleted the message of an open request.
const EVERY: Duration = Duration::from_mins(5);

/// So many messages are looked at in one step: whoever waits for theirs has a turn in between.
const AT_ONCE: usize = 20;

/// How far the look is.
#[derive(Default)]
pub(super) struct Look {
    /// When it goes on; at once if `None`.
    next: Option<Instant>,
    /// The request that was looked at last, of this time.
    last: i64,
    /// The requests whose messages this process has compared with them. Once is enough, since
    /// nothing else writes in them while it runs; and what Discord makes of a text by itself would
    /// be edited for ever.
    compared: HashSet<i64>,
}

impl Look {
    /// When it goes on.
    pub(super) fn next(&self) -> Instant {
        self.next.unwrap_or_else(Instant::now)
    }
}

impl Bot {
    /// Looks at some more messages, if it is time. Whether one was gone or shows something else.
    pub(super) async fn look_at_messages(&self, desk: &mut Desk) -> Result<bool, StoreError> {
        let (now, store, look) = (Instant::now(), self.requests.outbox(), &mut desk.look);
        if look.next.is_some_and(|next| next > now) {
            return Ok(false);
        }
        let mut is_wrong = false;
        let open = store.shown_and_open(SystemTime::now()).await?;
        look.compared.retain(|id| open.binary_search_by_key(id, |request| request.id).is_ok());
        let last = look.last;
        let mut open = open.into_iter().filter(|request| request.id > last);
        for request in open.by_ref().take(AT_ONCE) {
            let Some((channel, message)) = request.message else { continue };
            match self.rest.message(channel, message).await {
                Ok(shown) => is_wrong |= self.compare(look, &request, Some(&shown)).await?,
                Err(error) if error.is_about_lost_message() => {
                    let request = request.id;
                    tracing::info!(request, "its message was deleted; sending it again");
                    store.note_gone(request).await?;
                    is_wrong = true;
                }
                Err(error) if let Some(wait) = error.limit() => {
                    look.next = Some(Instant::now() + wait.max(SHORTEST_PAUSE));
                    return Ok(is_wrong);
                }
                Err(error) if error.is_transient() => {
                    (look.next, look.last) = (Some(Instant::now() + AFTER_FAILURE), request.id);
                    return Ok(is_wrong);
                }
                // Whether it is to be sent elsewhere, an edit tells.
                Err(error) if error.is_about_channel() && self.home(&request) != channel => {
                    is_wrong |= self.compare(look, &request, None).await?;
                }
                // What can't be looked at keeps no other from it.
                Err(_) => {}
            }
            look.last = request.id;
        }
        (look.next, look.last) =
            if open.next().is_some() { (None, look.last) } else { (Some(now + EVERY), 0) };
        Ok(is_wrong)
    }

    /// Has a message edited that doesn't show its request, the first time that it is looked at.
    /// Whether it will be.
    async fn compare(
        &self,
        look: &mut Look,
        request: &Request,
        shown: Option<&Shown>,
    ) -> Result<bool, StoreError> {
        let (Some(message), false) = (request.message, look.compared.contains(&request.id)) else {
            return Ok(false);
        };
        // It is edited as it is.
        if request.shown_version < request.version {
            return Ok(false);
        }
        let edit = serde_json::json!(self.edit_to(request).await?);
        let is_right = shown.is_some_and(|shown| {
            shown.content.trim() == edit["content"].as_str().unwrap_or_default().trim()
                && holds(&shown.components, &edit["components"])
        });
        if !is_right {
            let request = request.id;
            tracing::info!(request, "its message shows something else; editing it");
            self.requests.outbox().note_shown(request, 0, message, None).await?;
        }
        look.compared.insert(request.id);
        Ok(!is_right)
    }
}

/// Whether all that was sent is there, whatever else is.
fn holds(there: &Value, sent: &Value) -> bool {
    match (there, sent) {
        (Value::Object(there), Value::Object(sent)) => {
            sent.iter().all(|(name, sent)| holds(there.get(name).unwrap_or(&Value::Null), sent))
        }
        (Value::Array(there), Value::Array(sent)) => {
            there.len() == sent.len()
                && there.iter().zip(sent).all(|(there, sent)| holds(there, sent))
        }
        (Value::Null, Value::Bool(false)) => true,
        (there, sent) => there == sent,
    }
}
