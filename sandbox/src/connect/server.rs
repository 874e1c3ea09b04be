//! What becomes of a request, from its arrival to its answer.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use uuid::Uuid;

use super::answer::Answer;
use super::call::{self, Received};
use super::faults::Fault;
use super::state::State;
use crate::server::Cut;

/// What the connections and the handle share.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// The path that every call's path begins with, without a slash at its end.
    pub(super) base: String,
    pub(super) key: String,
    /// Another one of the same owner, once somebody has wanted it.
    pub(super) newer_key: OnceLock<String>,
    pub(super) arrived: Notify,
    pub(super) released: Notify,
    /// Marked whenever the groups of Connect or LDAP change.
    pub(super) changed: watch::Sender<()>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is under way, until this is dropped.
struct UnderWay<'s>(&'s Shared);

impl<'s> UnderWay<'s> {
    fn new(shared: &'s Shared) -> Self {
        let mut state = shared.state();
        state.under_way += 1;
        state.most_at_once = state.most_at_once.max(state.under_way);
        Self(shared)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

pub(super) async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response, Cut> {
    let (head, body) = request.into_parts();
    let received = Received {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or("").to_owned(),
        headers: head.headers,
        body: to_bytes(Body::new(body), usize::MAX).await.map_err(|_| Cut)?.to_vec(),
    };
    let _under_way = UnderWay::new(&shared);
    let newer_key = shared.newer_key.get().unwrap_or(&shared.key);
    let reading = call::read(&received, &shared.base, [&shared.key, newer_key]);
    // Taken before the arrival shows, or a release right after it would be missed.
    let released = shared.released.notified();
    let (arrival, has_created) = {
        let mut state = shared.state();
        let before = state.groups.len();
        (state.arrive(&received, reading), state.groups.len() > before)
    };
    shared.arrived.notify_waiters();
    if has_created {
        shared.changed.send_replace(());
    }
    match arrival.fault {
        Some(Fault::Slow(delay)) => sleep(delay).await,
        Some(Fault::Hold) => released.await,
        Some(Fault::Cut | Fault::LostAnswer) => return Err(Cut),
        Some(_) | None => {}
    }
    let mut seen = shared.state();
    let mut seen = seen.seen.iter_mut().rev();
    if let Some((_, seen)) = seen.find(|(number, _)| *number == arrival.number) {
        seen.status = Some(arrival.answer.status);
    }
    Ok(response(arrival.answer, received.header("x-correlation-id")))
}

fn response(answer: Answer, correlation_id: &str) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = answer.retry_after.map(|after| [(RETRY_AFTER, after)]);
    // Connect makes up an id for a caller that sends none.
    let id = Some(correlation_id.to_owned()).filter(|id| !id.is_empty());
    let id = id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let id = answer.by_connect.then_some([("x-correlation-id", id)]);
    (status, [(CONTENT_TYPE, answer.content_type)], retry_after, id, answer.body).into_response()
}
