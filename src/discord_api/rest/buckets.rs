//! How many calls Discord takes: what it says of that in each answer is heeded ahead of the next call.
//! <https://docs.discord.com/developers/topics/rate-limits>
//!
//! Calls of one bucket go one at a time, so that what the latest answer said is so when the next one
//! goes. A bucket is a route and what Discord counts it for: a channel, a server, an interaction.
//! `X-RateLimit-Bucket` isn't looked at: new messages and edits have one name there, and are counted
//! apart all the same (<https://github.com/discord/discord-api-docs/issues/8073>).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::error::{RestError, bounded};
use crate::ids::{ChannelId, GuildId};

/// All calls together: so many at once, then one each [`EACH`]. Of Discord's 50 in any second that
/// leaves a few for calls that catch up with others on their way.
const AT_ONCE: u32 = 10;
const EACH: Duration = Duration::from_millis(30);

/// Discord's code for too many edits of old messages.
const OLD_EDITS: u64 = 30046;

/// What is said to who finds others before them.
const CROWDED: Duration = Duration::from_millis(100);

/// With more buckets than this, those are forgotten of which nothing need be known.
const MANY: usize = 64;

/// What Discord counts together. A first answer to an interaction isn't counted at all.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Route {
    Gateway,
    Application,
    Roles(GuildId),
    Member(GuildId),
    Channel(ChannelId),
    Commands(GuildId),
    GetMessage(ChannelId),
    CreateMessage(ChannelId),
    EditMessage(ChannelId),
    /// Edits of old messages have a limit of their own beside that of all edits.
    EditOldMessage(ChannelId),
    /// What follows the first answer, by the interaction's id: its token is in no bucket.
    EditOriginalResponse(u64),
    DeleteOriginalResponse(u64),
    CreateFollowup(u64),
}

impl Route {
    /// The bucket that such a call takes from.
    fn bucket(self) -> Self {
        match self {
            Self::EditOldMessage(channel) => Self::EditMessage(channel),
            other => other,
        }
    }

    /// Whether it counts towards the global limit.
    fn is_global(self) -> bool {
        !matches!(
            self,
            Self::EditOriginalResponse(_)
                | Self::DeleteOriginalResponse(_)
                | Self::CreateFollowup(_)
        )
    }
}

/// Who is told to wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    /// Calls of one route.
    Route(Route),
    /// All that count towards the global limit.
    Global,
    /// All: the address is banned.
    Address,
}

/// What is known of a bucket.
struct Bucket {
    /// How many calls are left until it opens; as many as one likes before the first answer.
    left: u32,
    opens: Instant,
    /// How long one call takes to come back at the most, as the latest answer has it.
    each: Option<Duration>,
    /// Held by the call that is under way.
    order: Arc<tokio::sync::Mutex<()>>,
}

impl Bucket {
    fn is_closed(&self, now: Instant) -> bool {
        self.left == 0 && self.opens > now
    }

    /// Takes a call. Of a bucket that has opened again the answer will say how many there are. Discord
    /// counts the call also if its answer is lost: until another is there it counts as the only one.
    fn take(&mut self, now: Instant) {
        match (self.left, self.each) {
            // Calls aren't equally long on their way.
            (0, Some(each)) => self.opens = now + each + each / 10,
            (0, None) => self.left = u32::MAX,
            (left, _) => self.left = left - 1,
        }
    }
}

struct Known {
    buckets: HashMap<Route, Bucket>,
    /// When all calls that count towards the global limit have come back.
    spent: Instant,
    /// Until when Discord takes none that does.
    closed: Instant,
    /// Until when the address is banned.
    banned: Instant,
}

impl Known {
    /// The bucket of a route, open if it wasn't known.
    fn bucket(&mut self, route: Route, now: Instant) -> &mut Bucket {
        if self.buckets.len() >= MANY && !self.buckets.contains_key(&route) {
            let is_needed = |one: &Bucket| Arc::strong_count(&one.order) > 1 || one.is_closed(now);
            self.buckets.retain(|_, bucket| is_needed(bucket));
        }
        let unknown = || Bucket { left: u32::MAX, opens: now, each: None, order: Arc::default() };
        self.buckets.entry(route).or_insert_with(unknown)
    }

    /// When a call may go, as far as is known.
    fn opens(&self, route: Route, now: Instant) -> Instant {
        let closed = |route| self.buckets.get(&route).filter(|bucket| bucket.is_closed(now));
        let buckets = [closed(route), closed(route.bucket())].into_iter().flatten();
        let mut opens = buckets.map(|bucket| bucket.opens).fold(self.banned, Instant::max);
        if route.is_global() {
            let rest = self.spent.checked_sub(EACH * (AT_ONCE - 1)).unwrap_or(now);
            opens = opens.max(self.closed).max(rest);
        }
        opens
    }

    /// Takes a call, or says when it may go.
    fn take(&mut self, route: Route, now: Instant) -> Result<(), Instant> {
        let opens = self.opens(route, now);
        if opens > now {
            return Err(opens);
        }
        if route.is_global() {
            self.spent = self.spent.max(now) + EACH;
        }
        self.bucket(route.bucket(), now).take(now);
        Ok(())
    }
}

/// What is known of every bucket.
pub(super) struct Buckets(Mutex<Known>);

impl Buckets {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let buckets = HashMap::new();
        Self(Mutex::new(Known { buckets, spent: now, closed: now, banned: now }))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call may go, but not beyond `deadline`.
    ///
    /// # Errors
    ///
    /// With the time that it would have to wait yet; at once, if that is known.
    pub(super) async fn turn(
        &self,
        route: Route,
        deadline: Instant,
    ) -> Result<Turn<'_>, RestError> {
        let order = Arc::clone(&self.lock().bucket(route.bucket(), Instant::now()).order);
        let Ok(order) = timeout_at(deadline, order.lock_owned()).await else {
            let now = Instant::now();
            let wait = self.lock().opens(route, now).saturating_duration_since(now);
            return Err(RestError::NotYet(wait.max(CROWDED)));
        };
        loop {
            let now = Instant::now();
            let taken = self.lock().take(route, now);
            match taken {
                Ok(()) => return Ok(Turn { buckets: self, route, _order: order }),
                Err(opens) if opens > deadline => return Err(RestError::NotYet(opens - now)),
                Err(opens) => sleep_until(opens).await,
            }
        }
    }

    /// Whether first answers may go, which nothing but a ban keeps back.
    ///
    /// # Errors
    ///
    /// With the time that is left of the ban.
    pub(super) fn unless_banned(&self) -> Result<(), RestError> {
        let (now, banned) = (Instant::now(), self.lock().banned);
        if banned > now { Err(RestError::NotYet(banned - now)) } else { Ok(()) }
    }

    /// Lets no call go for so long.
    pub(super) fn close(&self, scope: Scope, wait: Duration) {
        tracing::warn!(?scope, ?wait, "Discord was called too often");
        let now = Instant::now();
        let (opens, mut known) = (now + wait, self.lock());
        match scope {
            Scope::Address => known.banned = known.banned.max(opens),
            Scope::Global => known.closed = known.closed.max(opens),
            Scope::Route(route) => {
                let bucket = known.bucket(route, now);
                (bucket.left, bucket.opens) = (0, opens);
            }
        }
    }
}

/// The permission for one call; the next one of its bucket may go when this is dropped.
pub(super) struct Turn<'b> {
    buckets: &'b Buckets,
    route: Route,
    _order: OwnedMutexGuard<()>,
}

impl Turn<'_> {
    /// Of which calls there were too many, by the code of the refusal.
    pub(super) fn limited(&self, code: Option<u64>) -> Route {
        if code == Some(OLD_EDITS) { self.route } else { self.route.bucket() }
    }

    /// Learns what is left from an answer.
    pub(super) fn learn(&self, headers: &HeaderMap) {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name| text(name).and_then(|number| number.parse::<u32>().ok());
        let after = text("x-ratelimit-reset-after").and_then(|after| after.parse().ok());
        if let (Some(left), Some(after)) =
            (number("x-ratelimit-remaining"), after.and_then(bounded))
        {
            let now = Instant::now();
            let mut known = self.buckets.lock();
            let bucket = known.bucket(self.route.bucket(), now);
            (bucket.left, bucket.opens) = (left, now + after);
            // Of those that are missing one may be almost back.
            let waited_for = |limit: u32| limit.saturating_sub(left).saturating_sub(1).max(1);
            bucket.each = number("x-ratelimit-limit").map(|limit| after / waited_for(limit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLS: u32 = 5;
    const EACH_CALL: Duration = Duration::from_secs(1);
    const ROUTE: Route = Route::CreateMessage(ChannelId(1));

    /// Discord's side of a bucket of which a call comes back each second: when all have.
    struct Leaky(Instant);

    impl Leaky {
        /// Takes a call, if there is one. What the answer says.
        fn take(&mut self) -> (bool, HeaderMap) {
            let now = Instant::now();
            let back = self.0.max(now) + EACH_CALL;
            let is_taken = back <= now + CALLS * EACH_CALL;
            self.0 = if is_taken { back } else { self.0 };
            let after = (self.0 - now).as_secs_f64();
            let told = [
                ("x-ratelimit-limit", CALLS.to_string()),
                ("x-ratelimit-remaining", (f64::from(CALLS) - after).floor().to_string()),
                ("x-ratelimit-reset-after", format!("{after:.3}")),
            ];
            let told = told.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            (is_taken, told.into_iter().collect())
        }
    }

    /// Sends calls for a minute, of which each answer is lost: how many, and how many are one too many.
    async fn lost(buckets: &Buckets, discord: &mut Leaky) -> (u32, u32) {
        let until = Instant::now() + Duration::from_mins(1);
        let (mut sent, mut too_many) = (0, 0);
        while Instant::now() < until {
            let turn = buckets.turn(ROUTE, until + EACH_CALL * CALLS).await.unwrap();
            sent += 1;
            let (is_taken, told) = discord.take();
            if !is_taken {
                too_many += 1;
                turn.learn(&told);
                let wait = discord.0 + EACH_CALL - CALLS * EACH_CALL - Instant::now();
                buckets.close(Scope::Route(ROUTE), wait);
            }
        }
        (sent, too_many)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_whose_answers_are_lost_go_no_faster_than_they_come_back() {
        for answered in 1..20 {
            let (buckets, mut discord) = (Buckets::new(), Leaky(Instant::now()));
            for _ in 0..answered {
                let turn = buckets.turn(ROUTE, Instant::now() + EACH_CALL * CALLS).await.unwrap();
                turn.learn(&discord.take().1);
                sleep_until(Instant::now() + EACH_CALL * 3 / 10).await;
            }
            let (sent, too_many) = lost(&buckets, &mut discord).await;
            // Half of those that come back in a minute, at the least.
            assert!(sent > 30 && too_many == 0, "{sent} after {answered}, {too_many} too many");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_was_never_heard_of_is_known_by_its_first_refusal() {
        let (buckets, mut discord) = (Buckets::new(), Leaky(Instant::now()));
        let (sent, too_many) = lost(&buckets, &mut discord).await;
        assert!(sent > 30 && too_many == 1, "{sent}, {too_many} too many");
    }

    #[tokio::test]
    async fn buckets_of_which_nothing_need_be_known_are_forgotten() {
        let buckets = Buckets::new();
        let now = Instant::now();
        buckets.close(Scope::Route(Route::CreateFollowup(0)), Duration::from_mins(1));
        let held = buckets.turn(Route::EditOriginalResponse(0), now).await;
        for interaction in 1..10_000 {
            buckets
                .turn(Route::CreateFollowup(interaction), now)
                .await
                .map(drop)
                .unwrap_or_default();
        }
        let known = buckets.lock();
        assert!(known.buckets.len() <= MANY, "{}", known.buckets.len());
        assert!(known.buckets.contains_key(&Route::CreateFollowup(0)), "it is closed");
        assert!(
            known.buckets.contains_key(&Route::EditOriginalResponse(0)) && held.is_ok(),
            "it is in use"
        );
    }
}
