//! What comes of what people want: a result, a refusal that is theirs to act on, or a fault that is
//! ours.

use std::sync::Arc;
use std::time::Duration;

use super::requests::RequestRefusal;
use crate::access::Denied;
use crate::connect::{Code, ConnectError};
use crate::group::{GroupName, Guid, NameProblem};
use crate::store::StoreError;
use crate::text::shorten;

/// The most UTF-16 units of somebody else's words that are kept with a request.
const MAX_WORDS: usize = 300;

/// Why someone didn't get what they asked for, where it is theirs to do something about it.
#[derive(Debug)]
pub enum Refusal {
    /// They may not do it here.
    Denied(Denied),
    /// What they typed is no name and no prefix.
    BadName(NameProblem),
    /// Connect has a group of that name already.
    InUse {
        /// The group's name as Connect or LDAP has it.
        name: GroupName,
        /// Its id; unknown if Connect doesn't list the group that is in the way.
        guid: Option<Guid>,
        /// Whether it is the LDAP group that was asked for.
        by: InUseBy,
    },
    /// Connect, which ignores case in names, has a group whose name differs in case only.
    InOtherCase {
        /// What was asked for, as LDAP has it.
        name: GroupName,
        /// What the group is called that Connect has: LDAP's, or one of its own.
        there: GroupName,
        /// The id of that group.
        guid: Guid,
    },
    /// LDAP has no group of that name.
    NoSuchGroup {
        /// What was asked for.
        name: GroupName,
        /// Names that may have been meant, the closest first.
        near: Vec<GroupName>,
    },
    /// LDAP has several groups of that name, which differ in case only or not at all.
    Ambiguous {
        /// What was asked for.
        name: GroupName,
        /// The names it could be.
        found: Vec<GroupName>,
    },
    /// The prefix has more hits than Connect is willing to look at.
    TooBroad,
    /// It has to do with requests.
    Request(RequestRefusal),
}

impl Refusal {
    /// The group that it is about, which somebody called `typed`.
    pub(super) fn name_of(&self, typed: &str) -> GroupName {
        match self {
            Self::InUse { name, .. }
            | Self::InOtherCase { name, .. }
            | Self::NoSuchGroup { name, .. }
            | Self::Ambiguous { name, .. } => name.clone(),
            Self::Denied(_) | Self::BadName(_) | Self::TooBroad | Self::Request(_) => {
                GroupName::trusted(typed.to_owned())
            }
        }
    }
}

/// Which group has a name that is in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InUseBy {
    /// The one that was asked for.
    ThisGroup,
    /// Another one: of another provider, made by hand, or another one of LDAP's.
    AnotherGroup,
}

/// What is known about Connect after a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SideEffect {
    /// It was only asked.
    Nothing,
    /// No group was created.
    NotCreated,
    /// The creation went unanswered, and the group was not there when looked for; it may still come.
    NotThereYet,
    /// The creation went unanswered, and nobody could look: the group may be there.
    Unknown,
}

/// Something failed that isn't the fault of the person who asked.
#[derive(Debug)]
pub struct Failure {
    /// What failed.
    pub cause: Cause,
    /// Whether Connect may have changed all the same.
    pub side_effect: SideEffect,
}

/// What can fail.
#[derive(Debug)]
pub enum Cause {
    /// Connect, or something on the way to it.
    Connect(Arc<ConnectError>),
    /// The database of requests.
    Store(StoreError),
}

impl Failure {
    /// Whether it may go better by itself, a little later.
    #[must_use]
    pub fn passes(&self) -> bool {
        match &self.cause {
            Cause::Connect(error) => {
                error.is_transient()
                    || matches!(self.side_effect, SideEffect::Unknown | SideEffect::NotThereYet)
                    || matches!(
                        **error,
                        ConnectError::TimedOut(_) | ConnectError::NotConnect { .. }
                    )
            }
            Cause::Store(_) => true,
        }
    }

    /// How long Connect wants to be left alone, if it said so.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        match &self.cause {
            Cause::Connect(error) => error.retry_after(),
            Cause::Store(_) => None,
        }
    }

    /// What failed, with all its causes, for the log.
    #[must_use]
    pub fn chain(&self) -> String {
        match &self.cause {
            Cause::Connect(error) => error.chain(),
            Cause::Store(error) => error.to_string(),
        }
    }
}

impl From<Arc<ConnectError>> for Failure {
    fn from(error: Arc<ConnectError>) -> Self {
        Self { cause: Cause::Connect(error), side_effect: SideEffect::Nothing }
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Arc::new(error).into()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { cause: Cause::Store(error), side_effect: SideEffect::Nothing }
    }
}

/// Why something wasn't done.
#[derive(Debug)]
pub enum Error {
    /// By right, and the person is told what to do about it.
    Refused(Refusal),
    /// By failure, which is logged.
    Failed(Failure),
}

impl Error {
    /// Too many hits are a matter of the prefix.
    pub(super) fn of_search(error: Arc<ConnectError>) -> Self {
        match error.code() {
            Some(Code::TooManyResults) => Refusal::TooBroad.into(),
            _ => error.into(),
        }
    }

    /// What only asked Connect, as part of a creation, created nothing.
    pub(super) fn of_creation(self) -> Self {
        match self {
            Self::Failed(Failure { cause, side_effect: SideEffect::Nothing }) => {
                Self::Failed(Failure { cause, side_effect: SideEffect::NotCreated })
            }
            Self::Failed(_) | Self::Refused(_) => self,
        }
    }

    /// The reason in one short sentence, to be kept with a request: Connect's words, where Connect
    /// said why.
    #[must_use]
    pub fn words(&self) -> String {
        let words = match self {
            Self::Failed(Failure { cause: Cause::Connect(error), .. }) => match &**error {
                ConnectError::Refused { text, .. } => text.clone(),
                error => error.to_string(),
            },
            Self::Failed(Failure { cause: Cause::Store(error), .. }) => error.to_string(),
            Self::Refused(Refusal::InUse { .. }) => {
                "The requested group name is already in use.".to_owned()
            }
            Self::Refused(Refusal::InOtherCase { there, .. }) => {
                format!(
                    "Connect ignores case in names and has {there} already, so both can't be there."
                )
            }
            Self::Refused(Refusal::TooBroad) => {
                "Too many LDAP groups begin with this name.".to_owned()
            }
            Self::Refused(Refusal::NoSuchGroup { near, .. }) => match near.first() {
                Some(near) => format!("LDAP has no such group. The nearest is {near}."),
                None => "LDAP has no such group.".to_owned(),
            },
            Self::Refused(Refusal::Ambiguous { .. }) => {
                "LDAP has several groups of this name.".to_owned()
            }
            Self::Refused(Refusal::Request(RequestRefusal::Abandoned)) => {
                "Connect's answer got lost, and the group isn't there.".to_owned()
            }
            Self::Refused(_) => "It can't be created.".to_owned(),
        };
        shorten(&words, MAX_WORDS).into_owned()
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

impl<E: Into<Failure>> From<E> for Error {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

/// A group that was created.
#[derive(Debug)]
pub struct Created {
    /// Its name, as Connect has it.
    pub name: GroupName,
    /// Its id.
    pub guid: Guid,
    /// How it is known.
    pub known: Known,
}

/// How it is known that a group was created.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Known {
    /// Connect said so.
    Answered,
    /// Connect's answer was lost, and the group was there when looked for.
    FoundAfterwards,
}
