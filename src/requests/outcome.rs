//! What comes of what people want.

use crate::correlation::CorrelationId;
use crate::group::{GroupName, Guid};
use crate::ldapgroup::{Created, Refusal};
use crate::request::{Activity, GroupStatus, Reason, Request};

/// What came of wanting groups created: one, or several at once.
#[derive(Debug, Default)]
pub(crate) struct CreateOutcome {
    /// The new request, for those that no other one is open for.
    pub request: Option<Request>,
    /// Those that aren't in it.
    pub skipped: Vec<Skipped>,
    /// The group, where an admin created a single one.
    pub created: Option<Created>,
}

/// A group that isn't in the new request.
#[derive(Debug)]
pub(crate) enum Skipped {
    /// Another request for it is open, and the person in it now.
    Asked {
        /// The group.
        name: GroupName,
        /// That request.
        request: Request,
        /// What they have done to it; nothing if they had asked before, and said the same.
        activity: Option<Activity>,
    },
    /// Another request for it is open and stands by itself: an admin creates the group at this moment,
    /// or wanted to and finds it asked for.
    Open {
        /// The group.
        name: GroupName,
        /// That request.
        request: Request,
    },
    /// Nothing can be done about it.
    Refused {
        /// The group.
        name: GroupName,
        /// Why.
        why: Refusal,
    },
}

/// What came of one group of a request.
#[derive(Clone, Debug)]
pub(crate) struct GroupOutcome {
    /// The group's status.
    pub status: GroupStatus,
    /// Its id, if it is there, or the id of the group that is in its way.
    pub guid: Option<Guid>,
    /// Why it isn't there.
    pub failure: Option<Reason>,
    /// Ties it to the logs.
    pub correlation: CorrelationId,
}
