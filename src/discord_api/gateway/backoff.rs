//! How fast connections are made again.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The pause before a connection is made again: doubled each time until one has lasted.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Discord wants this much between two sessions that begin.
const IDENTIFY_INTERVAL: Duration = Duration::from_secs(5);

/// After this many sessions in an hour, the next begin this far apart: after 1000 in a day Discord
/// takes the token away.
const MANY_SESSIONS: usize = 20;
const HOUR: Duration = Duration::from_hours(1);
const SLOW_IDENTIFY_INTERVAL: Duration = Duration::from_mins(3);

/// What is remembered to keep a pace that Discord bears.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    /// Connections that ended since the last one that lasted.
    failures: u32,
    /// When the sessions of the last hour began, the oldest first.
    sessions: VecDeque<Instant>,
}

impl Backoff {
    /// Discord has begun the session. When it got the word of it lies before that, and its clock runs
    /// from then on.
    pub(super) fn ready(&mut self, now: Instant) {
        if let Some(last) = self.sessions.back_mut() {
            *last = now;
        }
    }

    /// A connection has lasted: its session goes on, and Discord has acknowledged a heartbeat. That it
    /// was begun or resumed isn't enough, or one that is closed each time at once is made for ever
    /// without a pause.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// A connection has ended: how long to wait before the next.
    pub(super) fn next_pause(&mut self) -> Duration {
        let pause = SHORTEST_PAUSE.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE);
        self.failures += 1;
        pause
    }

    /// A session is to begin: how long to wait with it.
    pub(super) fn until_identify(&mut self, now: Instant) -> Duration {
        while self.sessions.front().is_some_and(|begun| now.duration_since(*begun) > HOUR) {
            self.sessions.pop_front();
        }
        let between = if self.sessions.len() >= MANY_SESSIONS {
            SLOW_IDENTIFY_INTERVAL
        } else {
            IDENTIFY_INTERVAL
        };
        self.sessions
            .back()
            .map_or(Duration::ZERO, |last| (*last + between).saturating_duration_since(now))
    }

    /// A session begins.
    pub(super) fn identified(&mut self, now: Instant) {
        self.sessions.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_connection_has_lasted() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..9).map(|_| backoff.next_pause().as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
        backoff.reset();
        assert_eq!(backoff.next_pause(), SHORTEST_PAUSE);
    }

    #[test]
    fn a_day_of_sessions_stays_below_what_discord_bears() {
        let mut backoff = Backoff::default();
        let begun = Instant::now();
        let mut now = begun;
        let mut sessions = 0;
        while now - begun < 24 * HOUR {
            now += backoff.until_identify(now);
            backoff.identified(now);
            sessions += 1;
        }
        assert!((400..600).contains(&sessions), "{sessions}");
    }

    #[test]
    fn the_first_session_begins_at_once_and_the_second_a_little_later() {
        let mut backoff = Backoff::default();
        let now = Instant::now();
        assert_eq!(backoff.until_identify(now), Duration::ZERO);
        backoff.identified(now);
        assert_eq!(backoff.until_identify(now + Duration::from_secs(2)), Duration::from_secs(3));
        backoff.ready(now + Duration::from_secs(1));
        assert_eq!(backoff.until_identify(now + Duration::from_secs(2)), Duration::from_secs(4));
        assert_eq!(backoff.until_identify(now + Duration::from_mins(10)), Duration::ZERO);
    }
}
