//! One process or several: whose turn it is to do what only one may do at a time, and who hears of what.

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::Requests;
use super::store::{Copies, Lease, News};

/// How often a process looks for itself what others have changed: it is told, unless one dies between
/// the two.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The same, for somebody who waits for an answer.
const LOOK_FOR_SOMEBODY: Duration = Duration::from_secs(1);

/// What is to be told to other processes.
#[derive(Default)]
pub(super) struct Untold {
    changed: Notify,
    shown: Notify,
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
        self.untold.changed.notify_one();
    }

    /// Until a request has changed that somebody must see.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Tells whoever waits for it that a message shows its request.
    pub(crate) fn note_shown(&self) {
        self.untold.shown.notify_one();
    }

    /// Until a message shows a request, whichever process sends it.
    pub(crate) async fn until_shown(&self, request_id: i64) {
        self.look_again();
        loop {
            let mut told = pin!(self.shown.notified());
            told.as_mut().enable();
            let known = self.store.request(request_id).await;
            if known.is_ok_and(|known| known.is_none_or(|of| of.shown_version >= of.version)) {
                return;
            }
            tokio::select! {
                () = told => {}
                () = sleep(LOOK_FOR_SOMEBODY) => {}
            }
        }
    }

    /// Tells other processes what has changed here and hears what has there, for ever.
    pub(crate) async fn keep_in_touch(&self) -> Infallible {
        let Some(copies) = self.store.copies() else { return pending().await };
        let hear = |news| match news {
            News::Changed => self.changed.notify_one(),
            News::Shown => self.shown.notify_waiters(),
        };
        tokio::select! {
            never = copies.listen(hear) => never,
            never = tell(copies, News::Changed, &self.untold.changed) => never,
            never = tell(copies, News::Shown, &self.untold.shown) => never,
        }
    }
}

async fn tell(copies: &Copies, news: News, untold: &Notify) -> Infallible {
    loop {
        untold.notified().await;
        copies.tell(news).await;
    }
}
