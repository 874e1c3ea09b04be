//! Ends a process that can't come back by itself, so that whatever supervises it starts it anew.
//!
//! The bot runs on one thread. If a piece of work never gives it up, nothing that is asynchronous can
//! tell: a thread of its own looks whether the other still turns.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::discord_api::gateway::GatewayState;

/// How often the bot's thread shows that it turns, and the other looks.
const TURN: Duration = Duration::from_secs(10);

/// After so many looks that found nothing, the bot's thread is taken to be stuck. Its longest piece of
/// work takes a fraction of a second.
const STUCK_AFTER: u32 = 6;

/// The bot connects again by itself for as long as this; then a new start may find what it doesn't:
/// another address, another certificate. It is one session of Discord's 1000 a day at the most each
/// time.
const SILENT_FOR: Duration = Duration::from_mins(15);

/// How often it is looked whether Discord is silent.
const LISTEN_EVERY: Duration = Duration::from_secs(30);

/// Watches this thread's runtime for as long as the handle lives. If it doesn't turn for a minute,
/// `end` is called, from another thread.
pub fn watch(end: impl FnOnce() + Send + 'static) -> AbortOnDropHandle<()> {
    watch_every(TURN, end)
}

fn watch_every(turn: Duration, end: impl FnOnce() + Send + 'static) -> AbortOnDropHandle<()> {
    let turns = Arc::new(AtomicU64::new(0));
    let seen = Arc::downgrade(&turns);
    let turning = tokio::spawn(async move {
        let mut ticks = interval(turn);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            turns.fetch_add(1, Ordering::Relaxed);
        }
    });
    thread::spawn(move || {
        let (mut last, mut missed) = (0, 0);
        // Whoever has dropped the handle isn't watched any more.
        while let Some(turns) = seen.upgrade() {
            let now = turns.load(Ordering::Relaxed);
            drop(turns);
            missed = if now == last { missed + 1 } else { 0 };
            last = now;
            if missed == STUCK_AFTER {
                return end();
            }
            thread::sleep(turn);
        }
    });
    AbortOnDropHandle::new(turning)
}

/// Until Discord has been silent for too long to wait any further. Over HTTP it may always be silent.
pub(crate) async fn silence(gateway: Option<&GatewayState>) {
    let Some(gateway) = gateway else { return pending().await };
    while gateway.silent_for().is_none_or(|silent| silent < SILENT_FOR) {
        sleep(LISTEN_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const FAST: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn who_never_gives_the_thread_up_is_ended() {
        let (ended, is_ended) = mpsc::channel();
        let _watched = watch_every(FAST, move || ended.send(()).unwrap());
        tokio::task::yield_now().await;
        // Nothing asynchronous can happen meanwhile.
        is_ended.recv_timeout(Duration::from_mins(1)).unwrap();
    }

    #[tokio::test]
    async fn who_turns_or_is_not_watched_any_more_is_not_ended() {
        let (ended, is_ended) = mpsc::channel();
        let watched = watch_every(FAST, move || ended.send(()).unwrap());
        sleep(FAST * 3 * STUCK_AFTER).await;
        drop(watched);
        tokio::task::yield_now().await;
        // The watch is gone, and with it the other end.
        assert_eq!(
            is_ended.recv_timeout(Duration::from_mins(1)),
            Err(mpsc::RecvTimeoutError::Disconnected)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_borne_for_a_quarter_of_an_hour() {
        let (gateway, begun) = (GatewayState::new(), tokio::time::Instant::now());
        silence(Some(&gateway)).await;
        let borne = begun.elapsed();
        assert!(borne >= SILENT_FOR && borne <= SILENT_FOR + LISTEN_EVERY, "{borne:?}");
    }
}
