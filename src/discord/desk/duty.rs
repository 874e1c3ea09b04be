//! What is to be said, when it is tried again, and which channels take no more for now.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::look::Look;
use crate::discord::rest::RestError;
use crate::ids::{ChannelId, GuildId, UserId};
use crate::request::{Request, State};
use crate::requests::StoreError;

/// The pause after Discord didn't take a message: doubled with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// The pause after a call too many, at least.
pub(super) const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// What a step remembers for the next.
pub(in crate::discord) struct Desk {
    /// What Discord didn't take.
    later: Waiting,
    /// What was said and couldn't be written down.
    pub(super) unwritten: Vec<Note>,
    /// How far the look at messages is.
    pub(super) look: Look,
}

/// Something to be said.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) enum Duty {
    Show(i64),
    Tell(i64, UserId),
    Remind(i64),
}

/// What is written down of something that was said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    /// That a message shows a request, as it is in this version.
    Posted(i64, i64, (ChannelId, u64), Option<GuildId>),
    /// That somebody was told of a request, as it is in this version and state.
    Told((i64, i64), UserId, State),
    Reminded(i64, SystemTime),
}

/// When something is tried again, and why it wasn't said yet.
struct Later {
    /// How often it failed.
    times: u32,
    at: Instant,
    /// This message alone.
    undelivered: Undelivered,
}

/// What couldn't be said yet. It has a lock of its own, since a step may have the desk for long.
#[derive(Clone, Default)]
pub(in crate::discord) struct Waiting(Arc<Mutex<HashMap<Duty, Later>>>);

/// What can't be said in a channel for one reason.
#[derive(Clone, Debug)]
pub(in crate::discord) struct Undelivered {
    pub(in crate::discord) messages: usize,
    /// Nothing, if Discord isn't the reason.
    pub(in crate::discord) channel: Option<ChannelId>,
    /// When it couldn't be said for the first time since the start.
    pub(in crate::discord) since: SystemTime,
    pub(in crate::discord) why: String,
    pub(in crate::discord) todo: &'static str,
    /// Whether it may go better by itself.
    pub(in crate::discord) passes: bool,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<Duty, Later>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of it, by channel and reason.
    pub(in crate::discord) fn undelivered(&self) -> Vec<Undelivered> {
        let mut all: Vec<Undelivered> = Vec::new();
        for Later { undelivered: one, .. } in self.lock().values() {
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
}

/// How something is said: Discord counts the two apart, in each channel.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) enum Way {
    Post(ChannelId),
    Edit(ChannelId),
}

impl Way {
    /// How a request is shown, if it belongs in `home`.
    pub(super) fn to_show(request: &Request, home: ChannelId) -> Self {
        request.message.map_or(Self::Post(home), |(channel, _)| Self::Edit(channel))
    }
}

/// Why something couldn't be said.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeskError {
    #[error("{1}")]
    Rest(ChannelId, #[source] RestError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was said, and that couldn't be written down.
    #[error(
        "it was sent, but that could not be written down, and until it is no other is sent: {1}"
    )]
    Unwritten(Note, #[source] StoreError),
}

impl DeskError {
    /// How long there are too many calls, if that is the matter.
    fn limit(&self) -> Option<Duration> {
        match self {
            Self::Rest(_, error) => error.limit(),
            Self::Store(_) | Self::Unwritten(..) => None,
        }
    }

    /// At least the pause that is planned: longer if Discord wants it so.
    fn pause(&self, planned: Duration) -> Duration {
        match self {
            Self::Rest(_, error) => error.pause(Some(planned)).unwrap_or(planned),
            Self::Store(_) | Self::Unwritten(..) => planned,
        }
    }

    fn is_transient(&self) -> bool {
        match self {
            Self::Rest(_, error) => error.is_transient(),
            Self::Store(_) | Self::Unwritten(..) => false,
        }
    }

    /// The message that failed so, for status.
    fn undelivered(&self, since: SystemTime) -> Undelivered {
        let channel = match self {
            Self::Rest(channel, _) => Some(*channel),
            Self::Store(_) | Self::Unwritten(..) => None,
        };
        let why = match self.limit() {
            Some(_) => "Discord takes no more messages there for now".to_owned(),
            None => self.to_string(),
        };
        let (todo, passes) = (self.todo(), self.is_transient());
        Undelivered { messages: 1, channel, since, why, todo, passes }
    }

    fn todo(&self) -> &'static str {
        let code = match self {
            Self::Rest(_, error) => error.code(),
            Self::Store(_) | Self::Unwritten(..) => {
                return "see that the disk of the database isn't full";
            }
        };
        match code {
            Some(10003) => "the channel is gone, so name another one in `REQUESTS_CHANNEL_ID`",
            Some(50001 | 50013) => {
                "allow the bot View Channel, Send Messages and Send Messages in Threads there"
            }
            Some(50083 | 160_005) => "open the thread again, which is archived or locked",
            Some(_) | None => "the bot goes on trying",
        }
    }

    /// Whether the message is gone, or the channel that it was in.
    pub(super) fn is_about_lost_message(&self) -> bool {
        match self {
            Self::Rest(_, error) => error.is_about_lost_message(),
            Self::Store(_) | Self::Unwritten(..) => false,
        }
    }
}

impl Desk {
    /// A desk that puts off what is `waiting`.
    pub(in crate::discord) fn new(waiting: Waiting) -> Self {
        Self { later: waiting, unwritten: Vec::new(), look: Look::default() }
    }

    pub(super) fn is_due(&self, duty: Duty, now: Instant) -> bool {
        self.next_try(duty).is_none_or(|(at, _)| at <= now)
    }

    /// When something is tried again, if it failed, and whether it may go better then by itself.
    pub(super) fn next_try(&self, duty: Duty) -> Option<(Instant, bool)> {
        self.later.lock().get(&duty).map(|later| (later.at, later.undelivered.passes))
    }

    pub(super) fn note(&mut self, duty: Duty, result: &Result<(), DeskError>) {
        let mut all = self.later.lock();
        let Err(error) = result else {
            all.remove(&duty);
            return;
        };
        if let DeskError::Unwritten(note, _) = error {
            self.unwritten.push(*note);
        }
        let known = all.get(&duty).map(|later| (later.times, later.undelivered.since));
        let (mut times, since) = known.unwrap_or_else(|| (0, SystemTime::now()));
        // That others were before it is no failure.
        let pause = if let Some(wait) = error.limit() {
            wait.max(SHORTEST_PAUSE)
        } else {
            let planned = FIRST_PAUSE.saturating_mul(1 << times.min(16)).min(LONGEST_PAUSE);
            times += 1;
            let pause = error.pause(planned);
            tracing::warn!(%error, ?pause, "a message is not delivered yet");
            pause
        };
        let at = Instant::now() + pause;
        all.insert(duty, Later { times, at, undelivered: error.undelivered(since) });
    }
}

/// One go through all that is to be said.
pub(super) struct Round<'d> {
    desk: &'d mut Desk,
    duties: HashSet<Duty>,
    /// Where Discord takes no more for now: nothing else is tried there in this round.
    full: HashSet<Way>,
}

impl<'d> Round<'d> {
    pub(super) fn new(desk: &'d mut Desk) -> Self {
        Self { desk, duties: HashSet::new(), full: HashSet::new() }
    }

    /// Says something, if it is time and there is room.
    pub(super) async fn attend(
        &mut self,
        duty: Duty,
        way: Way,
        work: impl Future<Output = Result<(), DeskError>>,
    ) {
        self.duties.insert(duty);
        // What is said while nothing can be written down would be said again.
        if !self.desk.unwritten.is_empty() {
            return;
        }
        if self.full.contains(&way) || !self.desk.is_due(duty, Instant::now()) {
            return;
        }
        let result = work.await;
        if result.as_ref().is_err_and(|error| error.limit().is_some()) {
            self.full.insert(way);
        }
        self.desk.note(duty, &result);
    }

    /// Ends the round. When something is due that it left over.
    pub(super) fn end(self) -> Option<Instant> {
        // What isn't to be said any more, since its request is decided, mustn't wake anyone.
        let mut later = self.desk.later.lock();
        later.retain(|duty, _| self.duties.contains(duty));
        later.values().map(|later| later.at).min()
    }
}
