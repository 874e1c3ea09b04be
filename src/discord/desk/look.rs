//! Looking for messages that were deleted: nobody tells the bot.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::duty::Desk;
use crate::discord::Bot;
use crate::store::StoreError;

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
}

impl Look {
    /// When it goes on.
    pub(super) fn next(&self) -> Instant {
        self.next.unwrap_or_else(Instant::now)
    }
}

impl Bot {
    /// Looks at some more messages, if it is time. Whether one was gone.
    pub(super) async fn look_for_deleted(&self, desk: &mut Desk) -> Result<bool, StoreError> {
        let (now, store) = (Instant::now(), self.requests.store());
        if desk.look.next() > now {
            return Ok(false);
        }
        let mut is_gone = false;
        let last = desk.look.last;
        let open = store.shown_and_open(SystemTime::now()).await?.into_iter();
        let mut open = open.filter(|request| request.id > last);
        for request in open.by_ref().take(AT_ONCE) {
            let Some((channel, message)) = request.message else { continue };
            match self.rest.message(channel, message).await {
                Err(error) if error.is_about_lost_message() => {
                    let request = request.id;
                    tracing::info!(request, "its message was deleted; sending it again");
                    store.note_gone(request).await?;
                    is_gone = true;
                }
                Err(error) if let Some(wait) = error.limit() => {
                    desk.look.next = Some(Instant::now() + wait);
                    return Ok(is_gone);
                }
                Err(error) if error.is_transient() => {
                    desk.look = Look { next: Some(now + EVERY), last: request.id };
                    return Ok(is_gone);
                }
                // What can't be looked at keeps no other from it.
                Ok(()) | Err(_) => {}
            }
            desk.look.last = request.id;
        }
        desk.look = match open.next() {
            Some(_) => Look { next: None, last: desk.look.last },
            None => Look { next: Some(now + EVERY), last: 0 },
        };
        Ok(is_gone)
    }
}
