//! What comes of what people want: a result, a refusal that is theirs to act on, or a fault that is
//! ours.

use std::sync::Arc;
use std::time::Duration;

use super::requests::RequestRefusal;
use crate::access::Denied;
use crate::connect::{Code, Error};
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
    /// The page of a search was asked for that isn't remembered, by an abbreviation of its prefix.
    ForgottenSearch,
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
            Self::Denied(_)
            | Self::BadName(_)
            | Self::TooBroad
            | Self::ForgottenSearch
            | Self::Request(_) => GroupName::trusted(typed.to_owned()),
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
pub enum Changed {
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
pub struct Fault {
    /// What failed.
    pub trouble: Trouble,
    /// Whether Connect may have changed all the same.
    pub changed: Changed,
}

/// What can fail.
#[derive(Debug)]
pub enum Trouble {
    /// Connect, or something on the way to it.
    Connect(Arc<Error>),
    /// The database of requests.
    Store(StoreError),
}

impl Fault {
    /// Whether it may go better by itself, a little later.
    #[must_use]
    pub fn passes(&self) -> bool {
        match &self.trouble {
            Trouble::Connect(error) => {
                error.is_transient()
                    || matches!(self.changed, Changed::Unknown | Changed::NotThereYet)
                    || matches!(**error, Error::TimedOut(_) | Error::NotConnect { .. })
            }
            Trouble::Store(_) => true,
        }
    }

    /// How long Connect wants to be left alone, if it said so.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        match &self.trouble {
            Trouble::Connect(error) => error.retry_after(),
            Trouble::Store(_) => None,
        }
    }

    /// What failed, with all its causes, for the log.
    #[must_use]
    pub fn chain(&self) -> String {
        match &self.trouble {
            Trouble::Connect(error) => error.chain(),
            Trouble::Store(error) => error.to_string(),
        }
    }
}

impl From<Arc<Error>> for Fault {
    fn from(error: Arc<Error>) -> Self {
        Self { trouble: Trouble::Connect(error), changed: Changed::Nothing }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Arc::new(error).into()
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self { trouble: Trouble::Store(error), changed: Changed::Nothing }
    }
}

/// Why something wasn't done.
#[derive(Debug)]
pub enum Stop {
    /// By right, and the person is told what to do about it.
    Refusal(Refusal),
    /// By failure, which is logged.
    Fault(Fault),
}

impl Stop {
    /// Too many hits are a matter of the prefix.
    pub(super) fn of_search(error: Arc<Error>) -> Self {
        match error.code() {
            Some(Code::TooManyResults) => Refusal::TooBroad.into(),
            _ => error.into(),
        }
    }

    /// What only asked Connect, as part of a creation, created nothing.
    pub(super) fn of_creation(self) -> Self {
        match self {
            Self::Fault(Fault { trouble, changed: Changed::Nothing }) => {
                Self::Fault(Fault { trouble, changed: Changed::NotCreated })
            }
            Self::Fault(_) | Self::Refusal(_) => self,
        }
    }

    /// The reason in one short sentence, to be kept with a request: Connect's words, where Connect
    /// said why.
    #[must_use]
    pub fn words(&self) -> String {
        let words = match self {
            Self::Fault(Fault { trouble: Trouble::Connect(error), .. }) => match &**error {
                Error::Refused { text, .. } => text.clone(),
                error => error.to_string(),
            },
            Self::Fault(Fault { trouble: Trouble::Store(error), .. }) => error.to_string(),
            Self::Refusal(Refusal::InUse { .. }) => {
                "The requested group name is already in use.".to_owned()
            }
            Self::Refusal(Refusal::InOtherCase { there, .. }) => {
                format!(
                    "Connect ignores case in names and has {there} already, so both can't be there."
                )
            }
            Self::Refusal(Refusal::TooBroad) => {
                "Too many LDAP groups begin with this name.".to_owned()
            }
            Self::Refusal(Refusal::NoSuchGroup { near, .. }) => match near.first() {
                Some(near) => format!("LDAP has no such group. The nearest is {near}."),
                None => "LDAP has no such group.".to_owned(),
            },
            Self::Refusal(Refusal::Ambiguous { .. }) => {
                "LDAP has several groups of this name.".to_owned()
            }
            Self::Refusal(Refusal::Request(RequestRefusal::Abandoned)) => {
                "Connect's answer got lost, and the group isn't there.".to_owned()
            }
            Self::Refusal(_) => "It can't be created.".to_owned(),
        };
        shorten(&words, MAX_WORDS).into_owned()
    }
}

impl From<Denied> for Stop {
    fn from(denied: Denied) -> Self {
        Self::Refusal(Refusal::Denied(denied))
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl<E: Into<Fault>> From<E> for Stop {
    fn from(fault: E) -> Self {
        Self::Fault(fault.into())
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
