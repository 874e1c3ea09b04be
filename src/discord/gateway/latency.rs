//! How fast Discord answers heartbeats.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time between the latest heartbeat and its answer, on the connection that there is.
#[derive(Debug, Default)]
pub(in crate::discord) struct Latency(
    /// In microseconds, and one more; 0 as long as there is none.
    AtomicU64,
);

impl Latency {
    pub(super) fn note(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.store(micros.saturating_add(1), Ordering::Relaxed);
    }

    /// Forgets it: a new connection is another one.
    pub(super) fn forget(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// The latest, if a heartbeat was answered yet.
    pub(in crate::discord) fn latest(&self) -> Option<Duration> {
        let known = self.0.load(Ordering::Relaxed).checked_sub(1);
        known.map(Duration::from_micros)
    }
}
