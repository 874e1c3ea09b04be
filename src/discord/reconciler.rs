//! Makes Discord show what the rows say: a request's message as its row is, a notice for each person
//! who waits for its outcome, a reminder of what waits for long. It decides nothing.
//!
//! Whatever is wrong with a message (never sent, not edited, deleted by someone) the next tick mends.
//! There is one when something has changed and when something is due, not by the clock.

mod audit;
mod delivery;
mod publisher;

use std::cmp::Reverse;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use self::audit::Auditor;
use self::delivery::{Backlog, Bucket, Delivery, FAILURE_PAUSE, Pass, Receipt};
use self::publisher::Publisher;
use crate::discord_api::rest::Rest;
use crate::request::Request;
use crate::requests::{Requests, StoreError, Undelivered};
use crate::troubles::Trouble;

/// Whoever asked waits this long for their request to be shown.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// The longest pause. Whatever is due wakes it earlier, unless the system's clock was set.
const IDLE_PAUSE: Duration = Duration::from_mins(5);

/// Rows → messages and notices.
pub(crate) struct Reconciler {
    requests: Arc<Requests>,
    publisher: Publisher,
    /// What was sent and couldn't be written down. Held by who sends: two would post one message.
    unwritten: Mutex<Vec<Receipt>>,
    /// What Discord didn't take.
    backlog: Backlog,
}

impl Reconciler {
    pub(crate) fn new(requests: Arc<Requests>, rest: Arc<Rest>) -> Self {
        let publisher = Publisher::new(Arc::clone(&requests), rest);
        Self { requests, publisher, unwritten: Mutex::default(), backlog: Backlog::default() }
    }

    /// Keeps Discord as the rows say, for ever.
    pub(crate) async fn run(&self) -> Infallible {
        let auditor = Auditor::new(&self.publisher, &self.unwritten);
        tokio::select! {
            never = self.follow() => never,
            never = auditor.run() => never,
        }
    }

    /// Forgets what couldn't be said or written down, since another process has gone on from there.
    pub(crate) async fn begin_anew(&self) {
        self.unwritten.lock().await.clear();
        self.backlog.clear();
    }

    async fn follow(&self) -> Infallible {
        let mut noted = None;
        loop {
            let next = match self.tick(&mut noted).await {
                Ok(next) => next,
                Err(error) => {
                    self.publisher.rest.metrics.database_failed();
                    tracing::error!(%error, "the requests could not be looked after");
                    Instant::now() + FAILURE_PAUSE
                }
            };
            tokio::select! {
                () = self.requests.changed() => {}
                () = sleep_until(next) => {}
            }
        }
    }

    /// Has the service do what is due, then shows, tells and reminds. When the next tick is due at the
    /// latest.
    async fn tick(&self, noted: &mut Option<Vec<Undelivered>>) -> Result<Instant, StoreError> {
        let now = self.requests.now().await?;
        let swept = self.requests.sweep(now).await?;
        let next_try = self.deliver(&swept.reminders, now).await?;
        self.note_posting();
        self.note_undelivered(noted).await?;
        let due = swept.next.and_then(|due| due.duration_since(now).ok());
        let due = due.map(|wait| Instant::now() + wait);
        let latest = Instant::now() + self.requests.look_every().unwrap_or(IDLE_PAUSE);
        Ok([next_try, due].into_iter().flatten().fold(latest, Instant::min))
    }

    /// Notes whether Discord takes the messages of requests, for whoever tells people about trouble.
    fn note_posting(&self) {
        let troubles = &self.publisher.rest.metrics.troubles;
        match self.backlog.unshown_since(self.requests.settings().channel) {
            Some(since) => troubles.note(Trouble::Posting, since),
            None => troubles.note_well(Trouble::Posting),
        }
    }

    /// Shows, tells and reminds. When something is tried again that wasn't taken.
    async fn deliver(
        &self,
        reminders: &[Request],
        now: SystemTime,
    ) -> Result<Option<Instant>, StoreError> {
        let store = self.requests.outbox();
        let mut unwritten = self.unwritten.lock().await;
        self.publisher.write_all(&mut unwritten).await?;
        // Read first, so that what people are told is what the message shows by then.
        let untold = store.untold().await?;
        let mut unshown = store.unshown(now).await?;
        // What nobody sees yet comes first, then what happened last.
        unshown.sort_by_key(|request| {
            request.message.map(|_| Reverse(request.decided_at.unwrap_or(request.created_at)))
        });
        let (publisher, mut pass) = (&self.publisher, Pass::new(&self.backlog, &mut unwritten));
        for request in unshown {
            let bucket = match request.message {
                Some((channel, _)) => Bucket::Edit(channel),
                None => Bucket::Create(publisher.home(&request)),
            };
            let delivery = Delivery::Show(request.id);
            pass.deliver(delivery, bucket, publisher.show(request.id)).await;
            self.note_unshown(&request, now).await;
        }
        for notice in untold {
            let delivery = Delivery::Tell(notice.request.id, notice.people[0]);
            let bucket = Bucket::Create(notice.place.channel);
            pass.deliver(delivery, bucket, publisher.tell(&notice)).await;
        }
        for request in reminders {
            let bucket = Bucket::Create(publisher.home(request));
            pass.deliver(Delivery::Remind(request.id), bucket, publisher.remind(request, now))
                .await;
        }
        Ok(pass.end())
    }

    /// Tells whoever may wait for it that a request won't be shown as long as they wait.
    async fn note_unshown(&self, request: &Request, now: SystemTime) {
        let longest = Instant::now() + SHOWN_WITHIN;
        let failed = self.backlog.next_try(Delivery::Show(request.id));
        let is_awaited = request.created_at + SHOWN_WITHIN >= now;
        if is_awaited && failed.is_some_and(|(at, passes)| !passes || at > longest) {
            self.requests.note_unshown(request.id).await;
        }
    }

    /// Shows a request now, or as soon as Discord takes it. For whoever waits for its message: whether
    /// it is shown.
    pub(super) async fn show_now(&self, request: i64) -> bool {
        if self.requests.has_copies() {
            let shown = timeout(SHOWN_WITHIN, self.requests.until_shown(request)).await;
            return shown.unwrap_or(false);
        }
        let (delivery, deadline) = (Delivery::Show(request), Instant::now() + SHOWN_WITHIN);
        let shown = async {
            loop {
                let mut unwritten = self.unwritten.lock().await;
                if self.publisher.write_all(&mut unwritten).await.is_err() {
                    return false;
                }
                if self.backlog.is_due(delivery, Instant::now()) {
                    let result = self.publisher.show(request).await;
                    self.backlog.record(delivery, &result);
                    unwritten.extend(result.err().and_then(|error| error.unwritten()));
                }
                let Some((at, passes)) = self.backlog.next_try(delivery) else { return true };
                if !passes || at > deadline {
                    return false;
                }
                // Others have their turn meanwhile.
                drop(unwritten);
                sleep_until(at).await;
            }
        };
        // Giving up in the middle does no harm: the next pass sends it again, with the same nonce.
        timeout_at(deadline, shown).await.unwrap_or(false)
    }

    /// What couldn't be said yet, by channel and reason, whichever copy says it.
    pub(crate) async fn undelivered(&self) -> Vec<Undelivered> {
        if self.requests.has_copies()
            && let Ok(undelivered) = self.requests.outbox().undelivered().await
        {
            return undelivered;
        }
        self.backlog.undelivered()
    }

    /// Has the other copies know what couldn't be said.
    async fn note_undelivered(
        &self,
        noted: &mut Option<Vec<Undelivered>>,
    ) -> Result<(), StoreError> {
        let undelivered = Some(self.backlog.undelivered()).filter(|_| self.requests.has_copies());
        if let Some(new) = &undelivered
            && *noted != undelivered
        {
            self.requests.outbox().note_undelivered(new).await?;
            *noted = undelivered;
        }
        Ok(())
    }
}
