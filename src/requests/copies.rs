//! One process or several: whose turn it is to do what only one may do at a time, and who hears of what.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio::time::timeout;

use super::Requests;
use super::store::{Copies, Lease, News};

/// How often a process looks for itself what others have changed: it is told, unless one dies between
/// the two.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The same, for somebody who waits for an answer.
const LOOK_FOR_SOMEBODY: Duration = Duration::from_secs(3);

/// So many messages may be heard of while somebody who waits for one of them is busy.
const HEARD_OF: usize = 256;

/// What passes between processes.
pub(super) struct Touch {
    /// What is to be told: that something has changed.
    untold: Notify,
    /// What was heard: whether a message shows the request of this number, or can't for now.
    shown: broadcast::Sender<(i64, bool)>,
}

impl Default for Touch {
    fn default() -> Self {
        Self { untold: Notify::new(), shown: broadcast::Sender::new(HEARD_OF) }
    }
}

/// This process's turn to do what only one may do at a time.
pub(crate) struct Turn(Option<Arc<Lease>>);

impl Turn {
    /// Until it may be another's.
    pub(crate) async fn lost(&self) {
        match &self.0 {
            Some(lease) => lease.lost().await,
            None => pending().await,
        }
    }
}

impl Requests {
    /// Waits until it is this process's turn to show and tell, to expire, and to carry out what is left:
    /// at once, if no other may have the database.
    pub(crate) async fn take_turn(&self) -> Turn {
        Turn(match self.store.copies() {
            Some(copies) => Some(copies.take_turn().await),
            None => None,
        })
    }

    /// Whether other processes may have the database, too, one of which shows and tells.
    pub(crate) fn has_copies(&self) -> bool {
        self.store.copies().is_some()
    }

    /// How often it is to be looked what others have changed, if they may have.
    pub(crate) fn look_every(&self) -> Option<Duration> {
        self.has_copies().then_some(LOOK_EVERY)
    }

    /// Has whoever's turn it is look again at what is to be done.
    pub(crate) fn look_again(&self) {
        self.changed.notify_one();
        self.touch.untold.notify_one();
    }

    /// Until a request has changed that somebody must see.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Tells whoever waits for the message of a request that it can't be sent for now.
    pub(crate) async fn note_unshown(&self, request_id: i64) {
        if let Some(copies) = self.store.copies() {
            copies.tell_unshown(request_id).await;
        }
    }

    /// Until a message shows a request, whichever process sends it, or can't for now: whether it does.
    pub(crate) async fn until_shown(&self, request_id: i64) -> bool {
        let mut shown = self.touch.shown.subscribe();
        self.look_again();
        loop {
            let known = self.store.request(request_id).await;
            if known.is_ok_and(|known| known.is_none_or(|of| of.shown_version >= of.version)) {
                return true;
            }
            let it = async {
                loop {
                    match shown.recv().await {
                        Ok((id, is_shown)) if id == request_id => break is_shown,
                        Ok(_) => {}
                        // After too many others it is looked.
                        Err(_) => break true,
                    }
                }
            };
            if let Ok(false) = timeout(LOOK_FOR_SOMEBODY, it).await {
                return false;
            }
        }
    }

    /// Tells other processes what has changed here and hears what has there, for ever.
    pub(crate) async fn keep_in_touch(&self) -> Infallible {
        let Some(copies) = self.store.copies() else { return pending().await };
        let hear = |news| match news {
            News::Changed => self.changed.notify_one(),
            // Nobody may wait for it here.
            News::Shown(id, is_shown) => drop(self.touch.shown.send((id, is_shown))),
        };
        tokio::select! {
            never = copies.listen(hear) => never,
            never = tell(copies, &self.touch.untold) => never,
        }
    }
}

async fn tell(copies: &Copies, untold: &Notify) -> Infallible {
    loop {
        untold.notified().await;
        copies.tell_changed().await;
    }
}
