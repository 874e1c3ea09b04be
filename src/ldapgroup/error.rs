//! Why a group isn't found or isn't brought in: a refusal that is the person's to act on, or a failure
//! of Connect's.

use std::sync::Arc;

use crate::connect::{Code, ConnectError};
use crate::group::{GroupName, Guid, NameProblem};

/// Why someone didn't get the group that they named, where it is theirs to do something about it.
#[derive(Debug)]
pub(crate) enum Refusal {
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
}

impl Refusal {
    /// The group that it is about, which somebody called `typed`.
    pub(crate) fn name_of(&self, typed: &str) -> GroupName {
        match self {
            Self::InUse { name, .. }
            | Self::InOtherCase { name, .. }
            | Self::NoSuchGroup { name, .. }
            | Self::Ambiguous { name, .. } => name.clone(),
            Self::BadName(_) | Self::TooBroad => GroupName::trusted(typed.to_owned()),
        }
    }
}

/// Which group has a name that is in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum InUseBy {
    /// The one that was asked for.
    ThisGroup,
    /// Another one: of another provider, made by hand, or another one of LDAP's.
    AnotherGroup,
}

/// What is known about Connect after a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SideEffect {
    /// It was only asked.
    Nothing,
    /// No group was created.
    NotCreated,
    /// No group was asked for: whoever only asks for groups has made no request.
    NotAsked,
    /// The creation went unanswered, and the group was not there when looked for; it may still come.
    NotThereYet,
    /// The creation went unanswered, and nobody could look: the group may be there.
    Unknown,
}

/// Why a group wasn't found or brought in.
#[derive(Debug)]
pub(crate) enum Error {
    /// By right.
    Refused(Refusal),
    /// Connect failed, or something on the way to it, and may have changed all the same.
    Failed(Arc<ConnectError>, SideEffect),
}

impl Error {
    /// Too many hits are a matter of the prefix.
    pub(super) fn of_search(error: Arc<ConnectError>) -> Self {
        match error.code() {
            Some(Code::TooManyResults) => Refusal::TooBroad.into(),
            _ => Self::Failed(error, SideEffect::Nothing),
        }
    }

    /// What only asked Connect, as part of a creation, created nothing.
    pub(super) fn of_creation(self) -> Self {
        match self {
            Self::Failed(error, SideEffect::Nothing) => Self::Failed(error, SideEffect::NotCreated),
            Self::Failed(..) | Self::Refused(_) => self,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        Self::Failed(Arc::new(error), SideEffect::Nothing)
    }
}
