//! How fast connections are made again.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use tokio::time::Instant;

/// The pause before a connection is made again: doubled with each in a row that comes to nothing or is
/// short-lived.
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
    /// Connections in a row whose session was neither begun nor resumed. One that was ends the row: the
    /// outage is over, and the next one is another.
    failures: u32,
    /// Connections in a row whose session was in order, and that ended before they had lasted.
    short_lived: u32,
    /// Whether the session of the present connection is in order, and it hasn't lasted yet.
    is_young: bool,
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
        self.resumed();
    }

    /// Discord has resumed the session.
    pub(super) fn resumed(&mut self) {
        (self.failures, self.is_young) = (0, true);
    }

    /// A connection has lasted: its session goes on, and Discord has acknowledged a heartbeat. That it
    /// was begun or resumed isn't enough, or one that is closed each time at once is made for ever
    /// without a pause.
    pub(super) fn lasts(&mut self) {
        (self.short_lived, self.is_young) = (0, false);
    }

    /// A connection has ended: how long to wait before the next. How many sessions begin is kept low by
    /// [`Self::until_identify`], whatever this is.
    pub(super) fn next_pause(&mut self) -> Duration {
        let times = self.failures + self.short_lived;
        if mem::take(&mut self.is_young) {
            self.short_lived += 1;
        } else {
            self.failures += 1;
        }
        SHORTEST_PAUSE.saturating_mul(1 << times.min(16)).min(LONGEST_PAUSE)
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

    /// The pauses after connections in a row of which this is so.
    fn pauses<const N: usize>(backoff: &mut Backoff, so: impl Fn(&mut Backoff)) -> [u128; N] {
        [(); N].map(|()| {
            so(backoff);
            backoff.next_pause().as_millis()
        })
    }

    const DOUBLED: [u128; 9] = [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000];

    #[test]
    fn pauses_grow_until_a_session_is_in_order_and_then_begin_anew() {
        let mut backoff = Backoff::default();
        assert_eq!(pauses(&mut backoff, |_| ()), DOUBLED);
        backoff.resumed();
        assert_eq!(pauses(&mut backoff, |_| ()), [500, 1000, 2000]);
    }

    #[test]
    fn pauses_grow_of_sessions_that_end_at_once_too_until_one_has_lasted() {
        let mut backoff = Backoff::default();
        assert_eq!(pauses(&mut backoff, Backoff::resumed), DOUBLED);
        assert_eq!(pauses(&mut backoff, |_| ()), [60000], "one that fails is no better");
        backoff.resumed();
        backoff.lasts();
        assert_eq!(pauses(&mut backoff, |_| ()), [500, 1000, 2000]);
    }

    #[test]
    fn an_outage_soon_after_another_is_not_waited_for_as_if_it_were_the_same() {
        let mut backoff = Backoff::default();
        for first in [500, 500, 1000, 2000] {
            assert_eq!(pauses(&mut backoff, |_| ()), [1, 2, 4, 8, 16].map(|times| times * first));
            backoff.resumed();
        }
    }

    #[test]
    fn a_day_of_sessions_stays_below_what_discord_bears_however_they_end() {
        let ends: [fn(&mut Backoff, Instant); 3] = [
            |_, _| (),
            |backoff, now| backoff.ready(now),
            |backoff, now| {
                backoff.ready(now);
                backoff.lasts();
            },
        ];
        for end in ends {
            let mut backoff = Backoff::default();
            let begun = Instant::now();
            let mut now = begun;
            let mut sessions = 0;
            while now - begun < 24 * HOUR {
                now += backoff.until_identify(now);
                backoff.identified(now);
                end(&mut backoff, now);
                now += backoff.next_pause();
                sessions += 1;
            }
            assert!((400..600).contains(&sessions), "{sessions}");
        }
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
