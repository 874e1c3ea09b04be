//! Who is at work on a creation: one task of one process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::Requests;
use super::store::StoreError;
use crate::request::Request;

/// A process that doesn't say for so long that it is still at work on a creation has left it.
const LEASE: Duration = Duration::from_mins(1);

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
pub(super) struct Held(Option<Renewed>);

struct Renewed {
    requests: Arc<Requests>,
    request_id: i64,
    /// Until when it isn't due; nothing once another process may be at work on it.
    until: Arc<Mutex<Option<SystemTime>>>,
    renewing: AbortOnDropHandle<()>,
}

impl Held {
    /// Whether another process may be at work on it by now.
    pub(super) fn is_lost(&self) -> bool {
        self.0.as_ref().is_some_and(|renewed| get(&renewed.until).is_none())
    }

    /// Leaves what isn't over to another process.
    pub(super) async fn let_go(self) {
        let Some(Renewed { requests, request_id, until, renewing }) = self.0 else { return };
        drop(renewing);
        let until = get(&until);
        if until.is_some() {
            // If it fails it is due within the minute all the same.
            drop(requests.store.hold(request_id, until, SystemTime::now()).await);
            requests.look_again();
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
        let (request_id, until) = (request.id, SystemTime::now() + LEASE);
        if !self.store.hold(request_id, request.due_at, until).await? {
            return Ok(None);
        }
        let until = Arc::new(Mutex::new(Some(until)));
        let renewing = renew(Arc::clone(self), request_id, Arc::clone(&until));
        let renewing = AbortOnDropHandle::new(tokio::spawn(renewing));
        let requests = Arc::clone(self);
        Ok(Some(Held(Some(Renewed { requests, request_id, until, renewing }))))
    }
}

async fn renew(requests: Arc<Requests>, request_id: i64, until: Arc<Mutex<Option<SystemTime>>>) {
    while let Some(known) = get(&until) {
        sleep(RENEWED_EVERY).await;
        let later = SystemTime::now() + LEASE;
        let renewed = match requests.store.hold(request_id, Some(known), later).await {
            Ok(is_held) => is_held.then_some(later),
            Err(error) => {
                tracing::debug!(%error, "the lease on a creation could not be renewed");
                Some(known).filter(|known| SystemTime::now() < *known)
            }
        };
        *until.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
    }
}

fn get(until: &Mutex<Option<SystemTime>>) -> Option<SystemTime> {
    *until.lock().unwrap_or_else(PoisonError::into_inner)
}
