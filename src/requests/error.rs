//! Why people don't get what they want: a refusal that is theirs to act on, or a failure that is ours.

use std::sync::Arc;
use std::time::Duration;

use super::store::StoreError;
use crate::access::Denied;
use crate::connect::ConnectError;
use crate::group::GroupName;
use crate::ldapgroup::{self, SideEffect};
use crate::request::Request;
use crate::text::shorten;

/// The most UTF-16 units of somebody else's words that are kept with a request.
const MAX_WORDS: usize = 300;

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
                        ConnectError::TimedOut(_) | ConnectError::NotConnect { .. }
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
    /// The reason in one short sentence, to be kept with a request: Connect's words, where Connect
    /// said why.
    pub(crate) fn words(&self) -> String {
        use ldapgroup::Refusal as Group;
        let words = match self {
            Self::Failed(Failure { cause: Cause::Connect(error), .. }) => match &**error {
                ConnectError::Refused { text, .. } => text.clone(),
                error => error.to_string(),
            },
            Self::Failed(Failure { cause: Cause::Store(error), .. }) => error.to_string(),
            Self::Refused(Refusal::Group(Group::InUse { .. })) => {
                "The requested group name is already in use.".to_owned()
            }
            Self::Refused(Refusal::Group(Group::InOtherCase { there, .. })) => {
                format!(
                    "Connect ignores case in names and has {there} already, so both can't be there."
                )
            }
            Self::Refused(Refusal::Group(Group::TooBroad)) => {
                "Too many LDAP groups begin with this name.".to_owned()
            }
            Self::Refused(Refusal::Group(Group::NoSuchGroup { near, .. })) => match near.first() {
                Some(near) => format!("LDAP has no such group. The nearest is {near}."),
                None => "LDAP has no such group.".to_owned(),
            },
            Self::Refused(Refusal::Group(Group::Ambiguous { .. })) => {
                "LDAP has several groups of this name.".to_owned()
            }
            Self::Refused(_) => "It can't be created.".to_owned(),
        };
        shorten(&words, MAX_WORDS).into_owned()
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
