//! What is to be delivered, when it is tried again, and which channels take no more for now.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_seconds;
use tokio::time::Instant;

use crate::discord_api::rest::RestError;
use crate::ids::{ChannelId, GuildId, UserId};
use crate::request::State;
use crate::requests::{StoreError, Undelivered};
use crate::text::plain;

/// The pause after Discord didn't take a message: doubled with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// The pause after the database failed, or Discord when a message was looked at.
pub(super) const FAILURE_PAUSE: Duration = Duration::from_secs(30);

/// The pause after a call too many, at least.
pub(super) const LIMIT_PAUSE: Duration = Duration::from_millis(100);

/// Something to be said.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) enum Delivery {
    Show(i64),
    /// To this person and who is told with them.
    Tell(i64, UserId),
    Remind(i64),
}

impl Delivery {
    /// The request that it is about.
    fn request(self) -> i64 {
        match self {
            Self::Show(request) | Self::Tell(request, _) | Self::Remind(request) => request,
        }
    }
}

/// What is written down of something that was sent.
#[derive(Clone, Debug)]
pub(super) enum Receipt {
    /// A message shows a request, as it is in this version.
    Posted {
        request: i64,
        version: i64,
        message: (ChannelId, u64),
        guild: Option<GuildId>,
    },
    /// People were told of a request, as it is in this version and state.
    Told {
        version: (i64, i64),
        people: Vec<UserId>,
        state: State,
    },
    Reminded {
        request: i64,
        at: SystemTime,
    },
}

/// What Discord counts together.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) enum Bucket {
    Create(ChannelId),
    Edit(ChannelId),
}

/// Why something couldn't be said.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeliveryError {
    #[error("{1}")]
    Rest(ChannelId, #[source] RestError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was sent, and that couldn't be written down.
    #[error(
        "it was sent, but that could not be written down, and until it is no other is sent: {1}"
    )]
    Unwritten(Receipt, #[source] StoreError),
}

impl DeliveryError {
    fn rest(&self) -> Option<&RestError> {
        match self {
            Self::Rest(_, error) => Some(error),
            Self::Store(_) | Self::Unwritten(..) => None,
        }
    }

    /// What was sent all the same.
    pub(super) fn unwritten(&self) -> Option<Receipt> {
        match self {
            Self::Unwritten(receipt, _) => Some(receipt.clone()),
            Self::Rest(..) | Self::Store(_) => None,
        }
    }

    /// How long there are too many calls, if that is the matter.
    fn limit(&self) -> Option<Duration> {
        self.rest().and_then(RestError::limit)
    }

    pub(super) fn is_about_channel(&self) -> bool {
        self.rest().is_some_and(RestError::is_about_channel)
    }

    /// Whether the message is gone, or the channel that it was in.
    pub(super) fn is_about_lost_message(&self) -> bool {
        self.rest().is_some_and(RestError::is_about_lost_message)
    }

    fn undelivered(&self, since: SystemTime) -> Undelivered {
        let channel = match self {
            Self::Rest(channel, _) => Some(*channel),
            Self::Store(_) | Self::Unwritten(..) => None,
        };
        let why = match self.limit() {
            Some(_) => "Discord takes no more messages there for now".to_owned(),
            None => self.to_string(),
        };
        let passes = self.rest().is_some_and(RestError::is_transient);
        Undelivered { messages: 1, channel, since, why, todo: self.todo().into(), passes }
    }

    fn todo(&self) -> &'static str {
        let Some(error) = self.rest() else {
            return "see that the disk of the database isn't full";
        };
        match error.code() {
            Some(10003) => "the channel is gone, so name another one in `REQUESTS_CHANNEL_ID`",
            Some(50001 | 50013) => {
                "allow the bot View Channel, Send Messages and Send Messages in Threads there"
            }
            Some(50083 | 160_005) => "open the thread again, which is archived or locked",
            Some(_) | None => "the bot goes on trying",
        }
    }
}

/// What couldn't be said yet.
#[derive(Default)]
pub(super) struct Backlog(Mutex<HashMap<Delivery, Failed>>);

/// When something is tried again, and why it wasn't said yet.
struct Failed {
    times: u32,
    next_try: Instant,
    /// This message alone.
    undelivered: Undelivered,
}

impl Backlog {
    fn lock(&self) -> MutexGuard<'_, HashMap<Delivery, Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all of it.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// All of it, by channel and reason.
    pub(super) fn undelivered(&self) -> Vec<Undelivered> {
        let mut all: Vec<Undelivered> = Vec::new();
        for Failed { undelivered: one, .. } in self.lock().values() {
            match all.iter_mut().find(|of| (of.channel, &of.why) == (one.channel, &one.why)) {
                Some(of) => {
                    of.messages += 1;
                    of.since = of.since.min(one.since);
                }
                None => all.push(one.clone()),
            }
        }
        all.sort_by_key(|of| (of.since, of.channel));
        all
    }

    /// Since when Discord hasn't taken a message of a request, in this channel if there is one for all.
    pub(super) fn unshown_since(&self, home: Option<ChannelId>) -> Option<SystemTime> {
        let failed = self.lock();
        let unshown = failed.iter().filter(|(delivery, failed)| {
            let channel = failed.undelivered.channel;
            let is_there = channel.is_some() && (home.is_none() || channel == home);
            matches!(delivery, Delivery::Show(_)) && is_there
        });
        unshown.map(|(_, failed)| failed.undelivered.since).min()
    }

    pub(super) fn is_due(&self, delivery: Delivery, now: Instant) -> bool {
        self.next_try(delivery).is_none_or(|(at, _)| at <= now)
    }

    /// When something is tried again, if it failed, and whether it may go better then by itself.
    pub(super) fn next_try(&self, delivery: Delivery) -> Option<(Instant, bool)> {
        self.lock().get(&delivery).map(|failed| (failed.next_try, failed.undelivered.passes))
    }

    /// Remembers what came of a try.
    pub(super) fn record(&self, delivery: Delivery, result: &Result<(), DeliveryError>) {
        let mut all = self.lock();
        let Err(error) = result else {
            all.remove(&delivery);
            return;
        };
        let known = all.get(&delivery).map(|failed| (failed.times, failed.undelivered.since));
        let (mut times, since) = known.unwrap_or_else(|| (0, SystemTime::now()));
        let undelivered = error.undelivered(since);
        // That others were before it is no failure.
        let pause = if let Some(wait) = error.limit() {
            wait.max(LIMIT_PAUSE)
        } else {
            let planned = FIRST_PAUSE.saturating_mul(1 << times.min(16)).min(LONGEST_PAUSE);
            times += 1;
            let pause = error.rest().and_then(|error| error.pause(Some(planned)));
            let pause = pause.unwrap_or(planned);
            tracing::warn!(
                request = delivery.request(),
                channel = undelivered.channel.map(tracing::field::display),
                since = %format_rfc3339_seconds(since),
                %error,
                todo = plain(&undelivered.todo),
                ?pause,
                "a message is not delivered yet"
            );
            pause
        };
        let next_try = Instant::now() + pause;
        all.insert(delivery, Failed { times, next_try, undelivered });
    }
}

/// One pass through all that is to be said.
pub(super) struct Pass<'a> {
    backlog: &'a Backlog,
    unwritten: &'a mut Vec<Receipt>,
    deliveries: HashSet<Delivery>,
    /// Where Discord takes no more for now: nothing else is tried there in this pass.
    full: HashSet<Bucket>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(backlog: &'a Backlog, unwritten: &'a mut Vec<Receipt>) -> Self {
        Self { backlog, unwritten, deliveries: HashSet::new(), full: HashSet::new() }
    }

    /// Says something, if it is time and there is room.
    pub(super) async fn deliver(
        &mut self,
        delivery: Delivery,
        bucket: Bucket,
        work: impl Future<Output = Result<(), DeliveryError>>,
    ) {
        self.deliveries.insert(delivery);
        // What is said while nothing can be written down would be said again.
        if !self.unwritten.is_empty() {
            return;
        }
        if self.full.contains(&bucket) || !self.backlog.is_due(delivery, Instant::now()) {
            return;
        }
        let result = work.await;
        self.backlog.record(delivery, &result);
        if let Err(error) = result {
            self.full.extend(error.limit().map(|_| bucket));
            self.unwritten.extend(error.unwritten());
        }
    }

    /// Ends the pass. When something is due that it left over.
    pub(super) fn end(self) -> Option<Instant> {
        // What isn't to be said any more, since its request is decided, mustn't wake anyone.
        let mut failed = self.backlog.lock();
        failed.retain(|delivery, _| self.deliveries.contains(delivery));
        failed.values().map(|failed| failed.next_try).min()
    }
}
