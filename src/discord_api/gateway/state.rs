//! What is known of the gateway's connection by whoever looks at it from elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// So many intervals of heartbeats without a word from Discord, and nobody is there any more.
const SILENT_INTERVALS: u32 = 3;

/// What Discord's intervals come to, as long as it hasn't said how long one is.
/// <https://discord.com/developers/docs/events/gateway#sending-heartbeats> has 41.25 s.
const USUAL_INTERVAL: Duration = Duration::from_millis(41_250);

/// How the gateway's connection is.
#[derive(Debug)]
pub(crate) struct GatewayState(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Whether a session is there, by which interactions come.
    is_ready: bool,
    /// When Discord last said something in a session, or since when there has been none at all.
    heard: Instant,
    /// The same by the clock on the wall. Nothing as long as nothing was heard.
    heard_at: Option<SystemTime>,
    interval: Duration,
    latency: Option<Duration>,
}

impl GatewayState {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            is_ready: false,
            heard: Instant::now(),
            heard_at: None,
            interval: USUAL_INTERVAL,
            latency: None,
        }))
    }

    /// How fast Discord has answered the latest heartbeat of the connection that there is.
    pub(crate) fn latency(&self) -> Option<Duration> {
        self.lock().latency
    }

    /// Whether a session is there, by which interactions come.
    pub(crate) fn is_ready(&self) -> bool {
        self.lock().is_ready
    }

    /// When Discord last said something in a session.
    pub(crate) fn heard_at(&self) -> Option<SystemTime> {
        self.lock().heard_at
    }

    /// For how long Discord has been silent, if that is too long to come of a slow network: about three
    /// intervals of heartbeats. What it says before a session is there doesn't count.
    pub(crate) fn silent_for(&self) -> Option<Duration> {
        let state = self.lock();
        let silent = state.heard.elapsed();
        (silent > state.interval * SILENT_INTERVALS).then_some(silent)
    }

    pub(super) fn greeted(&self, interval: Duration) {
        let mut state = self.lock();
        (state.interval, state.latency) = (interval, None);
    }

    /// Discord said something, and in a session if `is_ready`.
    pub(super) fn heard(&self, is_ready: bool) {
        let mut state = self.lock();
        state.is_ready = is_ready;
        if is_ready {
            (state.heard, state.heard_at) = (Instant::now(), Some(SystemTime::now()));
        }
    }

    pub(super) fn acknowledged(&self, latency: Duration) {
        self.lock().latency = Some(latency);
    }

    pub(super) fn lost(&self) {
        self.lock().is_ready = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn three_intervals_without_a_word_in_a_session_are_too_many() {
        let gateway = GatewayState::new();
        gateway.greeted(Duration::from_secs(10));
        gateway.heard(true);
        advance(Duration::from_secs(30)).await;
        assert_eq!((gateway.is_ready(), gateway.silent_for()), (true, None));
        advance(Duration::from_secs(1)).await;
        assert_eq!(gateway.silent_for(), Some(Duration::from_secs(31)));
        // What is said before a session is there is no sign of life.
        gateway.heard(false);
        assert!(!gateway.is_ready() && gateway.silent_for().is_some());
        gateway.heard(true);
        assert_eq!(gateway.silent_for(), None);
    }
}
