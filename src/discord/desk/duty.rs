//! What is to be said, when it is tried again, and which channels take no more for now.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::look::Look;
use crate::access::{ChannelId, GuildId, UserId};
use crate::discord::rest::RestError;
use crate::request::{Request, State};
use crate::store::StoreError;

/// The pause after Discord didn't take a message: doubled with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// The pause after a call too many, at least.
pub(super) const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// What a step remembers for the next.
#[derive(Default)]
pub(in crate::discord) struct Desk {
    /// What Discord didn't take.
    pub(super) later: HashMap<Duty, Later>,
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

/// When something is tried again.
pub(super) struct Later {
    /// How often it failed.
    times: u32,
    pub(super) at: Instant,
    /// Whether it may go better by itself.
    pub(super) passes: bool,
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
    #[error(transparent)]
    Rest(#[from] RestError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was said, and that couldn't be written down.
    #[error("it was sent, but that could not be written down: {1}")]
    Unwritten(Note, #[source] StoreError),
}

impl DeskError {
    /// How long there are too many calls, if that is the matter.
    fn limit(&self) -> Option<Duration> {
        match self {
            Self::Rest(error) => error.limit(),
            Self::Store(_) | Self::Unwritten(..) => None,
        }
    }

    /// At least the pause that is planned: longer if Discord wants it so.
    fn pause(&self, planned: Duration) -> Duration {
        match self {
            Self::Rest(error) => error.pause(Some(planned)).unwrap_or(planned),
            Self::Store(_) | Self::Unwritten(..) => planned,
        }
    }

    fn is_transient(&self) -> bool {
        match self {
            Self::Rest(error) => error.is_transient(),
            Self::Store(_) | Self::Unwritten(..) => false,
        }
    }

    /// Whether the message is gone, or the channel that it was in.
    pub(super) fn is_about_lost_message(&self) -> bool {
        match self {
            Self::Rest(error) => error.is_about_lost_message(),
            Self::Store(_) | Self::Unwritten(..) => false,
        }
    }
}

impl Desk {
    pub(super) fn is_due(&self, duty: Duty, now: Instant) -> bool {
        self.later.get(&duty).is_none_or(|later| later.at <= now)
    }

    pub(super) fn note(&mut self, duty: Duty, result: &Result<(), DeskError>) {
        let Err(error) = result else {
            self.later.remove(&duty);
            return;
        };
        if let DeskError::Unwritten(note, _) = error {
            self.unwritten.push(*note);
        }
        let now = Instant::now();
        let later = self.later.entry(duty).or_insert(Later { times: 0, at: now, passes: true });
        later.passes = error.is_transient();
        // That others were before it is no failure.
        let pause = if let Some(wait) = error.limit() {
            wait.max(SHORTEST_PAUSE)
        } else {
            let planned = FIRST_PAUSE.saturating_mul(1 << later.times.min(16)).min(LONGEST_PAUSE);
            later.times += 1;
            let pause = error.pause(planned);
            tracing::warn!(%error, ?pause, "a message is not delivered yet");
            pause
        };
        later.at = now + pause;
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
        self.desk.later.retain(|duty, _| self.duties.contains(duty));
        self.desk.later.values().map(|later| later.at).min()
    }
}
