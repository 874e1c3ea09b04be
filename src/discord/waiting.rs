//! How long the work for an interaction is waited for.

use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until, timeout};

use super::handle::{First, Handle, Target};
use super::render::{self, Reply};
use super::{Bot, explain};
use crate::connect::CorrelationId;
use crate::ldapgroup::{Changed, Fault, Trouble};

/// What came of waiting for the work for an interaction.
pub(super) enum Ended {
    /// The reply and what to call it, and how the interaction was answered first.
    Done(First, (Reply, &'static str)),
    /// Discord takes no answer to it any more.
    TooLate,
    /// Discord takes none by the time that the work would be done.
    TooLong,
}

impl Bot {
    /// Waits for the work, for as long as the interaction can be answered, and announces the answer in
    /// time. The work is let go of by then.
    pub(super) async fn wait_for(
        &self,
        handle: &Handle,
        target: Target,
        first: First,
        work: impl Future<Output = (Reply, &'static str)>,
        id: CorrelationId,
    ) -> Ended {
        let until = Instant::now() + self.answers_within;
        let mut work = pin!(work);
        if let First::Reply = first {
            if let Ok(done) = timeout(handle.patience(), &mut work).await {
                return Ended::Done(First::Reply, done);
            }
            if let Err(error) = handle.announce(&self.rest, target).await {
                let is_too_late = error.is_too_late();
                handle.log(Err(error));
                if is_too_late {
                    return Ended::TooLate;
                }
            }
        }
        let done = tokio::select! {
            done = AssertUnwindSafe(work).catch_unwind() => done.unwrap_or_else(|_panic| {
                tracing::error!("an interaction ended in a panic");
                (render::broken(id), "panicked")
            }),
            () = self.leaving.cancelled() => (render::left(id), "left"),
            () = sleep_until(until) => return Ended::TooLong,
        };
        Ended::Done(First::Announced, done)
    }

    /// What somebody reads whose answer takes longer than Discord takes answers.
    pub(super) async fn unfinished(&self, id: CorrelationId) -> (Reply, &'static str) {
        let reply = match self.requests.let_go(id).await {
            Ok(begun) => render::too_long(begun.as_ref(), id),
            Err(error) => {
                let (trouble, changed) = (Trouble::Store(error), Changed::Unknown);
                explain(&Fault { trouble, changed }.into(), id).0
            }
        };
        (reply, "too long")
    }
}
