//! Who is at work on a creation: one task of one process.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::Requests;
use super::store::StoreError;
use crate::request::Request;

/// A process that doesn't say for so long that it is still at work on a creation has left it.
const LEASE: Duration = Duration::from_mins(1);

/// For so long after it has said so it does anything for it. What it has sent by then is with Connect
/// before another looks there.
const WORKED_ON: Duration = Duration::from_secs(50);

/// How often it says so.
const RENEWED_EVERY: Duration = Duration::from_secs(15);

/// A request that a task of this process is at work on, until this is dropped.
pub(super) struct Claim<'a> {
    requests: &'a Requests,
    request_id: i64,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let claimed = &self.requests.claimed;
        claimed.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.request_id);
    }
}

/// The same among several processes: the creation isn't due as long as this is renewed.
pub(super) struct Held(Option<(Arc<Lease>, AbortOnDropHandle<()>)>);

struct Lease {
    requests: Arc<Requests>,
    request_id: i64,
    term: Term,
    /// One renewal after the other: each begins with what the one before has written.
    renewing: Mutex<()>,
}

/// Until when this process may be at work on a creation.
struct Term(watch::Sender<Option<Until>>);

#[derive(Clone, Copy)]
struct Until {
    /// Until when it isn't due, by the database's clock.
    due: SystemTime,
    /// When that was asked for, by the two clocks of this machine: one may stand still while the machine
    /// does, the other may be set.
    asked: (Instant, SystemTime),
}

impl Until {
    fn is_over(&self) -> bool {
        let (asked, by_the_wall) = self.asked;
        asked.elapsed() >= WORKED_ON || by_the_wall.elapsed().is_ok_and(|past| past >= WORKED_ON)
    }
}

impl Term {
    fn new(until: Until) -> Self {
        Self(watch::Sender::new(Some(until)))
    }

    /// Nothing once another process may be at work on it.
    fn get(&self) -> Option<Until> {
        *self.0.borrow()
    }

    fn set(&self, until: Option<Until>) {
        self.0.send_replace(until);
    }

    /// Until another process may be at work on it, as soon as this one can know.
    async fn over(&self) {
        let mut until = self.0.subscribe();
        loop {
            let known = *until.borrow_and_update();
            let Some(known) = known.filter(|known| !known.is_over()) else { return };
            tokio::select! {
                // This has the sender, too.
                _ = until.changed() => {}
                () = sleep_until(known.asked.0 + WORKED_ON) => {}
            }
        }
    }

    /// Does no more of the work once it is over: a process that stood still may be in the midst of it.
    async fn while_it_holds<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let (mut work, mut over) = (pin!(work), pin!(self.over()));
        poll_fn(|context| {
            let is_over = over.as_mut().poll(context).is_ready();
            if is_over || self.get().is_none_or(|until| until.is_over()) {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }
}

impl Lease {
    /// Says that this process is still at work on it.
    async fn renew(&self) {
        let _alone = self.renewing.lock().await;
        let Some(known) = self.term.get() else { return };
        match self.requests.put_off(self.request_id, Some(known.due)).await {
            Ok(until) => self.term.set(until),
            Err(error) => {
                tracing::debug!(%error, "the lease on a creation could not be renewed");
            }
        }
    }
}

impl Held {
    /// Does the work, or as much of it as is done before another process may be at it.
    pub(super) async fn while_it_holds<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match &self.0 {
            Some((lease, _)) => lease.term.while_it_holds(work).await,
            None => Some(work.await),
        }
    }

    /// Asks once more whether no other process is at work on it. Doesn't come back if one is.
    pub(super) async fn make_sure(&self) {
        let Some((lease, _)) = &self.0 else { return };
        lease.renew().await;
        if lease.term.get().is_none() {
            pending::<()>().await;
        }
    }

    /// Writes something down about it while it isn't renewed, which would fail if it is over by that.
    pub(super) async fn write<T>(&self, written: impl Future<Output = T>) -> T {
        let _alone = match &self.0 {
            Some((lease, _)) => Some(lease.renewing.lock().await),
            None => None,
        };
        written.await
    }

    /// Leaves what isn't over to another process.
    pub(super) async fn let_go(self) {
        let Some((lease, renewing)) = self.0 else { return };
        drop(renewing);
        if let Some(known) = lease.term.get()
            && let Ok(now) = lease.requests.store.now().await
        {
            // If it fails it is due within the minute all the same.
            drop(lease.requests.store.hold(lease.request_id, Some(known.due), now).await);
            lease.requests.look_again();
        }
    }
}

impl Requests {
    /// Nothing, if a task of this process is at work on the request.
    pub(super) fn claim(&self, request_id: i64) -> Option<Claim<'_>> {
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        claimed.insert(request_id).then(|| Claim { requests: self, request_id })
    }

    /// Keeps other processes from a creation. Nothing, if one of them is at work on it.
    pub(super) async fn hold(
        self: &Arc<Self>,
        request: &Request,
    ) -> Result<Option<Held>, StoreError> {
        if !self.has_copies() {
            return Ok(Some(Held(None)));
        }
        let Some(until) = self.put_off(request.id, request.due_at).await? else { return Ok(None) };
        let lease = Arc::new(Lease {
            requests: Arc::clone(self),
            request_id: request.id,
            term: Term::new(until),
            renewing: Mutex::default(),
        });
        let renewing = AbortOnDropHandle::new(tokio::spawn(renew(Arc::clone(&lease))));
        Ok(Some(Held(Some((lease, renewing)))))
    }

    /// Puts a creation off that was due at `seen`. Nothing, if another process has done so since.
    async fn put_off(
        &self,
        request_id: i64,
        seen: Option<SystemTime>,
    ) -> Result<Option<Until>, StoreError> {
        let asked = (Instant::now(), SystemTime::now());
        let due = self.store.now().await? + LEASE;
        let is_put_off = self.store.hold(request_id, seen, due).await?;
        Ok(is_put_off.then_some(Until { due, asked }))
    }
}

async fn renew(lease: Arc<Lease>) {
    while lease.term.get().is_some() {
        sleep(RENEWED_EVERY).await;
        lease.renew().await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, timeout};

    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    fn until() -> Until {
        let now = SystemTime::now();
        Until { due: now + LEASE, asked: (Instant::now(), now) }
    }

    #[tokio::test(start_paused = true)]
    async fn work_goes_on_while_the_lease_is_renewed_and_no_further_once_it_is_over() {
        let (term, mut did) = (Term::new(until()), 0);
        let work = async {
            loop {
                sleep(Duration::from_secs(20)).await;
                did += 1;
            }
        };
        let renewed = async {
            sleep(Duration::from_secs(45)).await;
            term.set(Some(until()));
        };
        let (done, ()) = tokio::join!(term.while_it_holds::<()>(work), renewed);
        assert_eq!((done, did), (None, 4), "it ends 95 s after it began");
        assert_eq!(Term::new(until()).while_it_holds(async { 1 }).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_stood_still_for_longer_does_nothing_of_what_was_next() {
        let (term, mut was_sent) = (Term::new(until()), false);
        let work = async {
            sleep(MOMENT).await;
            was_sent = true;
        };
        let stood_still = async { advance(WORKED_ON).await };
        let (done, ()) = tokio::join!(biased; term.while_it_holds(work), stood_still);
        assert_eq!((done, was_sent), (None, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_whose_monotonic_clock_stood_still_knows_by_its_other_one() {
        let asked = (Instant::now(), SystemTime::now() - WORKED_ON);
        let term = Term::new(Until { asked, ..until() });
        assert_eq!(term.while_it_holds(async { 1 }).await, None);
        // It was set back, and the other one isn't.
        let asked = (Instant::now(), SystemTime::now() + LEASE);
        let term = Term::new(Until { asked, ..until() });
        advance(WORKED_ON.saturating_sub(MOMENT)).await;
        assert_eq!(term.while_it_holds(async { 1 }).await, Some(1));
        advance(MOMENT).await;
        assert_eq!(term.while_it_holds(async { 1 }).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_given_up_as_soon_as_another_process_is_known_to_be_at_it() {
        let term = Term::new(until());
        let taken = async { term.set(None) };
        let worked = async { tokio::join!(term.while_it_holds(pending::<()>()), taken).0 };
        assert_eq!(timeout(MOMENT, worked).await, Ok(None));
    }
}
