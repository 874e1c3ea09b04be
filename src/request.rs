//! A request for a group: its states, and which transitions exist.

mod reason;

use std::time::{Duration, SystemTime};

pub(crate) use self::reason::{Delay, Reason};
use crate::group::{GroupName, Guid};
use crate::ids::{ChannelId, GuildId, Place, UserId};

/// The most characters that a reason may have; more doesn't fit the message that shows it.
pub(crate) const MAX_REASON_CHARS: usize = 500;

/// The most groups that one request may be for: what a menu of Discord's offers at once.
pub(crate) const MAX_GROUPS: usize = 25;

/// How long Connect may be away before an approved request is called failed.
const PATIENCE: Duration = Duration::from_hours(24);

/// The pause before the first further try of a creation; doubled with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The pause before it is looked what came of an admin's own create: whoever began it, or Connect, may
/// still be at work.
pub(crate) const SETTLE_AFTER: Duration = Duration::from_mins(1);

pub(crate) const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// The names of an enum's values: in the database, and of states and activities for people, too.
macro_rules! names {
    ($type:ident { $($value:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every one.
            pub(crate) const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            /// Its name.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }

            /// The one of this name.
            pub(crate) fn parse(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.as_str() == name)
            }
        }
    };
}

/// How a request came about, and so who decides it and what shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Somebody asked: an admin decides.
    Asked,
    /// An admin creates several groups: nobody decides it, and a message shows how it goes.
    Batch,
    /// An admin creates one group and is answered at once: no message shows it.
    Single,
}

names!(Kind { Asked = "asked", Batch = "batch", Single = "single" });

/// Where a request stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum State {
    /// It waits for an admin.
    Pending,
    /// It was approved, and its groups are being created.
    Creating,
    /// Its groups are there.
    Created,
    /// Connect refused, for good: at least one of its groups isn't there.
    Failed,
    /// An admin said no.
    Denied,
    /// Nobody decided it in time.
    Expired,
    /// The last of those who asked, or an admin, took it back.
    Cancelled,
}

names!(State {
    Pending = "pending",
    Creating = "creating",
    Created = "created",
    Failed = "failed",
    Denied = "denied",
    Expired = "expired",
    Cancelled = "cancelled",
});

impl State {
    /// Whether something is still to happen by itself or by an admin's decision.
    #[cfg(test)]
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Creating)
    }

    /// Where a request that is being created ends once something has come of each of its groups.
    pub(crate) fn of_settled(has_failures: bool) -> Self {
        if has_failures { Self::Failed } else { Self::Created }
    }

    /// Where `event` leads from here; nowhere if it doesn't apply.
    pub(crate) fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::Pending, Event::Approve) | (Self::Failed, Event::Retry) => Some(Self::Creating),
            (Self::Pending, Event::Deny) => Some(Self::Denied),
            (Self::Pending, Event::Cancel) => Some(Self::Cancelled),
            (Self::Pending, Event::Expire) => Some(Self::Expired),
            _ => None,
        }
    }
}

/// What somebody, or time, does to a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Event {
    /// An admin says yes.
    Approve,
    /// An admin says no.
    Deny,
    /// The last of those who asked, or an admin, takes it back.
    Cancel,
    /// Its time is over.
    Expire,
    /// An admin wants tried again what failed.
    Retry,
}

impl Event {
    /// Every event.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] =
        [Self::Approve, Self::Deny, Self::Cancel, Self::Expire, Self::Retry];

    /// The only state in which it applies.
    pub(crate) fn from(self) -> State {
        match self {
            Self::Approve | Self::Deny | Self::Cancel | Self::Expire => State::Pending,
            Self::Retry => State::Failed,
        }
    }
}

/// What came of one of the groups that a request is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum GroupStatus {
    /// Nothing yet.
    Waiting,
    /// It was created.
    Created,
    /// Connect had it already.
    Existed,
    /// It isn't there.
    Failed,
    /// It isn't there, and trying the same again can't change that.
    Impossible,
}

names!(GroupStatus {
    Waiting = "waiting",
    Created = "created",
    Existed = "existed",
    Failed = "failed",
    Impossible = "impossible",
});

impl GroupStatus {
    /// Those of groups that aren't there.
    pub(crate) const FAILURES: [Self; 2] = [Self::Failed, Self::Impossible];
}

/// A group that a request is for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RequestedGroup {
    /// The group, as LDAP writes it.
    pub name: GroupName,
    /// What came of it.
    pub status: GroupStatus,
    /// Its id in Connect, if it is there, or the id of the group that is in its way.
    pub guid: Option<Guid>,
    /// Why it isn't there, or wasn't when it was last tried.
    pub failure: Option<Reason>,
    /// Whether its creation was sent: then a group that is there later came of it.
    pub was_sent: bool,
}

/// A request as it stands in the database.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// Its number.
    pub id: i64,
    /// The groups, at least one and at most [`MAX_GROUPS`], in the order in which they were asked
    /// for.
    pub groups: Vec<RequestedGroup>,
    /// Where it stands.
    pub state: State,
    /// How it came about.
    pub kind: Kind,
    /// Where it was made.
    pub place: Place,
    /// Who made it or, if they have left, who joined first of those who are in it.
    pub requester: UserId,
    /// Why they want it.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: SystemTime,
    /// Who approved it and when, if it was retried since.
    pub approval: Option<(UserId, SystemTime)>,
    /// Who decided, cancelled or last retried it.
    pub decider: Option<UserId>,
    /// When.
    pub decided_at: Option<SystemTime>,
    /// Why it was denied.
    pub denial_reason: Option<String>,
    /// Why something is tried again.
    pub delay: Option<Delay>,
    /// How often what is still waiting was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due_at: Option<SystemTime>,
    /// Counts what its message must show.
    pub version: i64,
    /// What its message shows.
    pub shown_version: i64,
    /// Its message: the channel and the id.
    pub message: Option<(ChannelId, u64)>,
    /// The server that has its message, if that is known.
    pub message_guild: Option<GuildId>,
    /// How often its message had to be sent anew.
    pub resent: i64,
}

impl Request {
    /// Whether it is an admin's create, which nobody decides.
    pub(crate) fn is_direct(&self) -> bool {
        self.kind != Kind::Asked
    }

    /// When it expires unless it is decided.
    pub(crate) fn expires(&self, ttl: Duration) -> SystemTime {
        self.created_at + ttl
    }

    /// How many of its groups have one of these statuses.
    pub(crate) fn count(&self, statuses: &[GroupStatus]) -> usize {
        self.groups.iter().filter(|group| statuses.contains(&group.status)).count()
    }

    /// Whether it failed such that trying again may help.
    pub(crate) fn can_be_retried(&self) -> bool {
        self.state == State::Failed && self.count(&[GroupStatus::Failed]) > 0
    }

    /// Whether its creation is due. What is due later than after the longest pause was put off by a
    /// clock that was ahead.
    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        self.due_at.is_none_or(|due| due <= now || due > now + LONGEST_PAUSE)
    }

    /// When a creation that has failed once more is to be tried again: not before Connect wants to be
    /// asked again, within the longest pause. Never if Connect has been away for a day.
    pub(crate) fn next_try(&self, now: SystemTime, wanted: Duration) -> Option<SystemTime> {
        let since = self.decided_at.unwrap_or(self.created_at);
        let pause = match self.attempts {
            0 if self.kind == Kind::Single => SETTLE_AFTER,
            attempts => FIRST_PAUSE.saturating_mul(1 << attempts.min(16)),
        };
        let next = now + pause.max(wanted).min(LONGEST_PAUSE);
        (next < since + PATIENCE).then_some(next)
    }
}

/// What somebody has to do with a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Involvement {
    /// They made it or joined it.
    In,
    /// They did, and have left it.
    Left,
    /// Nothing.
    Out,
}

/// Somebody who asked for a request's groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Participant {
    /// Who.
    pub person: UserId,
    /// Why, in the words that they used last.
    pub reason: Option<String>,
}

/// What somebody does to a request without changing its state.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Activity {
    /// They ask for it, too.
    Joined,
    /// They give another reason.
    Reworded,
    /// They don't want it any more, while others do.
    Left,
}

names!(Activity { Joined = "joined", Reworded = "reworded", Left = "left" });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::GuildId;

    #[test]
    fn an_event_applies_in_its_own_state_and_in_no_other() {
        for state in State::ALL {
            for event in Event::ALL {
                assert_eq!(
                    state.after(event).is_some(),
                    state == event.from(),
                    "{state:?} {event:?}"
                );
            }
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for status in GroupStatus::ALL {
            assert_eq!(GroupStatus::parse(status.as_str()), Some(status));
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        for activity in Activity::ALL {
            assert_eq!(Activity::parse(activity.as_str()), Some(activity));
        }
        assert_eq!(State::parse("approved"), None);
    }

    fn approved(attempts: u32, decided: SystemTime) -> Request {
        Request {
            id: 1,
            groups: Vec::new(),
            state: State::Creating,
            kind: Kind::Asked,
            place: Place { guild: GuildId(1), channel: ChannelId(2) },
            requester: UserId(3),
            reason: None,
            created_at: decided,
            approval: None,
            decider: None,
            decided_at: Some(decided),
            denial_reason: None,
            delay: None,
            attempts,
            due_at: None,
            version: 1,
            shown_version: 1,
            message: None,
            message_guild: None,
            resent: 0,
        }
    }

    #[test]
    fn tries_come_less_often_and_end_after_a_day() {
        let decided = SystemTime::now();
        let pause = |attempts| {
            let next = approved(attempts, decided).next_try(decided, Duration::ZERO)?;
            next.duration_since(decided).ok()
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!((pause(0), pause(1), pause(2)), (seconds(5), seconds(10), seconds(20)));
        assert_eq!((pause(8), pause(u32::MAX)), (seconds(900), seconds(900)));
        let after = |hours| {
            let now = decided + Duration::from_hours(hours);
            approved(9, decided).next_try(now, Duration::ZERO)
        };
        assert!(after(23).is_some());
        assert_eq!(after(24), None);
    }
}
