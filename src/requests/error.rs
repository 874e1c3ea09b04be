//! Why people don't get what they want: a refusal that is theirs to act on, or a failure that is ours.

use std::sync::Arc;
use std::time::Duration;

use super::store::StoreError;
use crate::access::Denied;
use crate::connect::ConnectError;
use crate::group::GroupName;
use crate::ldapgroup::{self, SideEffect};
use crate::request::{Reason, Request};

/// Why someone didn't get what they asked for, where it is theirs to do something about it.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// They may not do it here.
    Denied(Denied),
    /// It is about the group that they named.
    Group(ldapgroup::Refusal),
    /// A request must say why, and this one doesn't.
    ReasonMissing,
    /// The reason is longer than [`MAX_REASON_CHARS`](crate::request::MAX_REASON_CHARS).
    ReasonTooLong,
    /// They have as many open requests as one person may have: this many.
    TooMany(u32),
    /// There is an open request for the group of this name.
    Open(GroupName, Box<Request>),
    /// They named this many groups, more than [`MAX_GROUPS`](crate::request::MAX_GROUPS).
    TooManyGroups(usize),
    /// The database takes no name that long.
    TooLongToKeep(GroupName),
    /// They asked for it, even if they have left it since: somebody else decides.
    Own,
    /// It is somebody else's request.
    NotYours,
    /// They have left the request of this number already, and it stays for the others.
    HasLeft(i64),
    /// There is no request of this number.
    Unknown,
    /// The request is decided, or over, or on its way.
    Over(Box<Request>),
    /// The request failed, and a group of it was asked for again: that request is open.
    AskedAgain(Box<Request>),
    /// The message that was pressed isn't the one that shows the request.
    OldMessage,
}

/// Something failed that isn't the fault of the person who asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What failed.
    pub cause: Cause,
    /// Whether Connect may have changed all the same.
    pub side_effect: SideEffect,
}

/// What can fail.
#[derive(Debug)]
pub(crate) enum Cause {
    /// Connect, or something on the way to it.
    Connect(Arc<ConnectError>),
    /// The database of requests.
    Store(StoreError),
}

impl Failure {
    /// Whether it may go better by itself, a little later.
    pub(crate) fn passes(&self) -> bool {
        match &self.cause {
            Cause::Connect(error) => {
                error.is_transient()
                    || self.leaves_open()
                    || matches!(
                        **error,
                        ConnectError::TimedOut(_)
                            | ConnectError::Crowded(_)
                            | ConnectError::NotConnect { .. }
                    )
            }
            Cause::Store(_) => true,
        }
    }

    /// Whether a group may have been created, or may still come.
    pub(crate) fn leaves_open(&self) -> bool {
        matches!(self.side_effect, SideEffect::Unknown | SideEffect::NotThereYet)
    }

    /// How long Connect wants to be left alone, if it said so.
    pub(crate) fn wait(&self) -> Option<Duration> {
        match &self.cause {
            Cause::Connect(error) => error.retry_after(),
            Cause::Store(_) => None,
        }
    }

    /// What failed, with all its causes, for the log.
    pub(crate) fn chain(&self) -> String {
        match &self.cause {
            Cause::Connect(error) => error.chain(),
            Cause::Store(error) => error.to_string(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { cause: Cause::Store(error), side_effect: SideEffect::Nothing }
    }
}

/// Why something wasn't done.
#[derive(Debug)]
pub(crate) enum Error {
    /// By right, and the person is told what to do about it.
    Refused(Refusal),
    /// By failure, which is logged.
    Failed(Failure),
}

impl Error {
    /// What it is for somebody who only asks for groups.
    pub(super) fn of_asking(self) -> Self {
        match self {
            Self::Failed(Failure { cause, side_effect: SideEffect::NotCreated }) => {
                Self::Failed(Failure { cause, side_effect: SideEffect::NotAsked })
            }
            Self::Failed(_) | Self::Refused(_) => self,
        }
    }

    /// As much of it as is kept with a request.
    pub(super) fn reason(&self) -> Reason {
        use ldapgroup::Refusal as Group;
        match self {
            Self::Failed(Failure { cause: Cause::Connect(error), .. }) => of_connect(error),
            Self::Failed(Failure { cause: Cause::Store(_), .. }) => Reason::Database,
            Self::Refused(Refusal::Group(refusal)) => match refusal {
                Group::InUse { .. } => Reason::InUse,
                Group::InOtherCase { there, .. } => {
                    Reason::InOtherCase { there: Reason::kept(there.as_str()) }
                }
                Group::NoSuchGroup { near, .. } => {
                    let near = near.first().map(|near| Reason::kept(near.as_str()));
                    Reason::NoSuchGroup { near }
                }
                Group::Ambiguous { .. } => Reason::Ambiguous,
                Group::TooBroad => Reason::TooBroad,
                Group::BadName(_) => Reason::Unknown,
            },
            Self::Refused(_) => Reason::Unknown,
        }
    }
}

fn of_connect(error: &ConnectError) -> Reason {
    match error {
        ConnectError::Refused { code, text, .. } => {
            Reason::Refused { number: code.number(), text: Reason::kept(text) }
        }
        ConnectError::NotConnect { status, content_type, .. } => Reason::NotConnect {
            status: status.as_u16(),
            content_type: content_type.as_deref().map(Reason::kept),
        },
        ConnectError::Unreadable(_) => Reason::Unreadable,
        ConnectError::Certificate(_) => Reason::Untrusted,
        ConnectError::Unreachable(_) => Reason::Unreachable,
        ConnectError::Interrupted(_) => Reason::Interrupted,
        ConnectError::TimedOut(after) | ConnectError::Crowded(after) => {
            Reason::TimedOut { after: *after }
        }
    }
}

impl From<ldapgroup::Error> for Error {
    fn from(error: ldapgroup::Error) -> Self {
        match error {
            ldapgroup::Error::Refused(refusal) => Self::Refused(Refusal::Group(refusal)),
            ldapgroup::Error::Failed(error, side_effect) => {
                Self::Failed(Failure { cause: Cause::Connect(error), side_effect })
            }
        }
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::Refused(Refusal::Denied(denied))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ldapgroup::Refusal> for Error {
    fn from(refusal: ldapgroup::Refusal) -> Self {
        Self::Refused(Refusal::Group(refusal))
    }
}

impl<E: Into<Failure>> From<E> for Error {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}
