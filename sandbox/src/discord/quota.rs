//! How often may be called: Discord's rate limits, and Cloudflare's in front of it.
//! <https://docs.discord.com/developers/topics/rate-limits>
//!
//! Discord publishes how limits are told, the global one and Cloudflare's, but not the numbers of
//! single routes. Those here are what libraries and reports name; [`Limits`] says which are guesses.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Route, clock, replies::Answer, routes::Row};

/// So many calls in a row, which come back evenly within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many calls; at least 1.
    pub calls: u32,
    /// In which time.
    pub per: Duration,
}

impl Rate {
    /// So many calls in so long.
    pub const fn new(calls: u32, per: Duration) -> Self {
        Self { calls, per }
    }

    const fn seconds(calls: u32, seconds: u64) -> Self {
        Self::new(calls, Duration::from_secs(seconds))
    }

    /// How long one call takes to come back.
    fn each(self) -> Duration {
        self.per / self.calls.max(1)
    }
}

/// How often the bot may call what. A route with `None` has no limit of its own and tells of none, as
/// some of Discord's don't.
#[derive(Clone, Debug)]
pub struct Limits {
    /// All calls but those of interactions, in any span of that length. Discord's 50 in 1 s.
    pub global: Rate,
    /// New messages in a channel. 5 in 5 s, as many have it:
    /// <https://javacord.org/wiki/advanced-topics/ratelimits.html>
    pub create_message: Option<Rate>,
    /// Edits of messages in a channel: counted apart from new ones, as traces show
    /// (<https://github.com/discord/discord-api-docs/issues/8073>), and as many.
    pub edit_message: Option<Rate>,
    /// Looks at a message of a channel. 5 in 5 s: a guess.
    pub get_message: Option<Rate>,
    /// Deletions of messages in a channel. 5 in 1 s, from the same list as new messages.
    pub delete_message: Option<Rate>,
    /// Each route that follows an interaction's first answer, for one interaction. 5 in 2 s:
    /// <https://github.com/discord/discord-api-docs/issues/2701>
    pub webhook: Option<Rate>,
    /// Registrations in a server. 5 in 20 s: a guess, from what was reported of single commands.
    pub commands: Option<Rate>,
    /// Each other route that reads something, for each server or channel. 10 in 10 s: a guess.
    pub other: Option<Rate>,
    /// Edits in a channel of messages that are old. 3 in 20 s: a guess by
    /// <https://github.com/circuitsacul/starboard-4/issues/118>
    pub edit_old_message: Option<Rate>,
    /// From which age on a message is old. Discord's 1 h.
    pub old_after: Duration,
    /// How many calls may be answered with 401, 403 or 429 until Cloudflare refuses all. Discord's
    /// 10 000 in 10 min.
    pub invalid: Rate,
    /// How long Cloudflare refuses all. 1 h: as
    /// <https://github.com/discord/discord-api-docs/issues/5385> has it, Discord only says
    /// "temporarily".
    pub banned_for: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            global: Rate::seconds(50, 1),
            create_message: Some(Rate::seconds(5, 5)),
            edit_message: Some(Rate::seconds(5, 5)),
            get_message: Some(Rate::seconds(5, 5)),
            delete_message: Some(Rate::seconds(5, 1)),
            webhook: Some(Rate::seconds(5, 2)),
            commands: Some(Rate::seconds(5, 20)),
            other: Some(Rate::seconds(10, 10)),
            edit_old_message: Some(Rate::seconds(3, 20)),
            old_after: Duration::from_hours(1),
            invalid: Rate::seconds(10_000, 600),
            banned_for: Duration::from_hours(1),
        }
    }
}

impl Limits {
    /// The same, for so many copies of the bot that all start at once, which is more often than anybody
    /// starts one: what each calls for at its start may come from all of them.
    #[must_use]
    pub fn for_copies(self, copies: u32) -> Self {
        let of_all = |rate: Rate| Rate::new(rate.calls * copies, rate.per);
        let (commands, other) = (self.commands.map(of_all), self.other.map(of_all));
        Self { commands, other, ..self }
    }

    fn of(&self, row: &Row) -> Option<Rate> {
        match row.route {
            // Nobody reports one for these; a first answer doesn't even count towards the global one.
            Route::Gateway | Route::Callback => None,
            Route::CreateMessage => self.create_message,
            Route::GetMessage => self.get_message,
            Route::EditMessage => self.edit_message,
            Route::DeleteMessage => self.delete_message,
            _ if row.path.starts_with("/webhooks/") => self.webhook,
            _ if row.path.contains("/commands") && row.method != "GET" => self.commands,
            _ => self.other,
        }
    }
}

/// Headers of an answer.
pub(super) type Headers = Vec<(&'static str, String)>;

/// Who is limited.
#[derive(Clone, Copy)]
pub(super) enum Scope {
    /// The bot, for one route.
    User,
    /// The bot, for all.
    Global,
    /// Whatever the call is about.
    Shared,
}

/// What was called, and how often.
#[derive(Default)]
pub(super) struct Quota {
    pub(super) limits: Limits,
    /// When all calls have come back. A leaky bucket, as most of Discord's are since 2022:
    /// <https://github.com/discord/discord-api-docs/issues/7680>
    buckets: HashMap<(Route, String), Instant>,
    /// The same of edits of old messages in a channel.
    old_edits: HashMap<String, Instant>,
    /// The latest calls that count towards the global limit.
    latest: VecDeque<Instant>,
    /// The latest answers that count towards Cloudflare's limit.
    invalid: VecDeque<Instant>,
    banned: Option<Instant>,
    /// How many calls were one too many.
    pub(super) refused: u64,
}

/// More buckets than this are looked through for those that are full again.
const MANY: usize = 1000;

/// The place of a message in the path of its edit.
const MESSAGE: usize = 3;

impl Quota {
    /// Counts a call with this path below the version. Gives the headers of its answer, or the answer
    /// itself if it is one call too many.
    pub(super) fn take(
        &mut self,
        row: Option<&Row>,
        path: &str,
        now: Instant,
    ) -> Result<Headers, Answer> {
        if let Some(until) = self.banned.filter(|until| *until > now) {
            self.refused += 1;
            return Err(banned(until - now));
        }
        if !(path.starts_with("interactions/") || path.starts_with("webhooks/")) {
            self.count(now).map_err(|wait| self.refuse(Vec::new(), Scope::Global, wait, now))?;
        }
        let limited = row.and_then(|row| Some((row, self.limits.of(row)?)));
        let Some((row, rate)) = limited else { return Ok(Vec::new()) };
        let route = row.route;
        let part = |place| path.split('/').nth(place).unwrap_or_default();
        let major = row.major().map_or("", part);
        if self.buckets.len() > MANY {
            self.buckets.retain(|_, back| *back > now);
        }
        let back = self.buckets.entry((route, major.to_owned())).or_insert(now);
        let taken = take(rate, back, now);
        let headers = told(route, rate, *back, now);
        if let Err(wait) = taken {
            return Err(self.refuse(headers, Scope::User, wait, now));
        }
        if route == Route::EditMessage
            && let Some(rate) = self.limits.edit_old_message
            && part(MESSAGE).parse().is_ok_and(|id| age(id) >= self.limits.old_after)
            && let Err(wait) =
                take(rate, self.old_edits.entry(major.to_owned()).or_insert(now), now)
        {
            let mut answer = self.refuse(headers, Scope::Shared, wait, now);
            answer.body.as_mut().into_iter().for_each(say_old);
            return Err(answer);
        }
        Ok(headers)
    }

    /// Notes the status of an answer to a call that wasn't one too many.
    pub(super) fn answered(&mut self, status: u16, now: Instant) {
        if !matches!(status, 401 | 403 | 429) {
            return;
        }
        let Rate { calls, per } = self.limits.invalid;
        forget(&mut self.invalid, per, now);
        self.invalid.push_back(now);
        if self.invalid.len() >= count(calls) {
            self.banned = Some(now + self.limits.banned_for);
            self.invalid.clear();
        }
    }

    /// Counts a call towards the global limit, or says how long it must wait.
    fn count(&mut self, now: Instant) -> Result<(), Duration> {
        let Rate { calls, per } = self.limits.global;
        forget(&mut self.latest, per, now);
        match self.latest.front() {
            Some(first) if self.latest.len() >= count(calls) => Err(*first + per - now),
            Some(_) | None => {
                self.latest.push_back(now);
                Ok(())
            }
        }
    }

    fn refuse(&mut self, headers: Headers, scope: Scope, wait: Duration, now: Instant) -> Answer {
        self.refused += 1;
        // What is everybody's limit isn't held against anybody.
        if !matches!(scope, Scope::Shared) {
            self.answered(429, now);
        }
        limited(headers, scope, wait)
    }
}

fn count(calls: u32) -> usize {
    usize::try_from(calls).unwrap_or(usize::MAX)
}

/// How long ago a message was sent.
fn age(message: u64) -> Duration {
    let sent = UNIX_EPOCH + Duration::from_millis(clock::millis(message));
    SystemTime::now().duration_since(sent).unwrap_or(Duration::ZERO)
}

fn say_old(body: &mut Value) {
    body["code"] = json!(30046);
    body["message"] =
        json!("Maximum number of edits to messages older than 1 hour reached. Try again later.");
}

/// Takes a call of those that are left, or says how long until one has come back.
fn take(rate: Rate, back: &mut Instant, now: Instant) -> Result<(), Duration> {
    let after = (*back).max(now) + rate.each();
    if after > now + rate.per {
        return Err(after - (now + rate.per));
    }
    *back = after;
    Ok(())
}

/// Takes away what is longer ago.
fn forget(moments: &mut VecDeque<Instant>, per: Duration, now: Instant) {
    while moments.front().is_some_and(|moment| *moment + per <= now) {
        moments.pop_front();
    }
}

/// What is left in a bucket. Its reset is when all calls have come back.
fn told(route: Route, rate: Rate, back: Instant, now: Instant) -> Headers {
    let after = back.saturating_duration_since(now);
    let missing = after.as_nanos().div_ceil(rate.each().as_nanos().max(1));
    let remaining = u128::from(rate.calls).saturating_sub(missing);
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    vec![
        ("x-ratelimit-limit", rate.calls.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset", format!("{:.3}", (since_epoch + after).as_secs_f64())),
        ("x-ratelimit-reset-after", format!("{:.3}", after.as_secs_f64())),
        ("x-ratelimit-bucket", name(route)),
    ]
}

/// What a bucket is called, whatever it is about. New messages and edits have one name at Discord,
/// and yet are counted apart.
fn name(route: Route) -> String {
    let named = if route == Route::EditMessage { Route::CreateMessage } else { route };
    let mut hasher = DefaultHasher::new();
    named.hash(&mut hasher);
    format!("{:032x}", hasher.finish())
}

/// Discord's 429.
pub(super) fn limited(mut headers: Headers, scope: Scope, wait: Duration) -> Answer {
    let (name, message) = match scope {
        Scope::User => ("user", "You are being rate limited."),
        Scope::Global => ("global", "You are being rate limited."),
        Scope::Shared => ("shared", "The resource is being rate limited."),
    };
    let is_global = matches!(scope, Scope::Global);
    headers.push(("retry-after", seconds(wait)));
    headers.push(("x-ratelimit-scope", name.to_owned()));
    if is_global {
        headers.push(("x-ratelimit-global", "true".to_owned()));
    }
    // Rounded up, or whoever keeps to it would come too early.
    let retry_after = (wait.as_secs_f64() * 1000.0).ceil() / 1000.0;
    let body = json!({"message": message, "retry_after": retry_after, "global": is_global});
    Answer { headers, ..Answer::json(429, body) }
}

/// Cloudflare's 429, which Discord knows nothing of.
fn banned(wait: Duration) -> Answer {
    Answer { headers: vec![("retry-after", seconds(wait))], ..Answer::html(429) }
}

/// Whole seconds, as HTTP has it.
fn seconds(wait: Duration) -> String {
    format!("{:.0}", wait.as_secs_f64().ceil().max(1.0))
}
