//! What can be made to go wrong between a caller and the stand-in.

use std::time::Duration;

/// A call of Connect's API, as far as faults and counting tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `GET v1/groups/remote`
    Search,
    /// `PUT v1/groups`
    CreateGroup,
    /// `GET v1/groups`
    Groups,
    /// `GET v1/groups/{guid}`
    Group,
    /// `GET v1/user`
    User,
    /// `GET v1/users/{guid}/keys`
    Keys,
    /// `GET v1/server_settings/python`
    Python,
    /// `GET server_settings`
    Settings,
    /// `GET /__ping__`, beside the API
    Ping,
    /// Every call, also one that Connect doesn't have.
    Any,
}

impl Route {
    /// Whether a request of the route `seen` (`None`: not one of Connect's) counts as this one.
    pub(super) fn covers(self, seen: Option<Route>) -> bool {
        self == Route::Any || seen == Some(self)
    }
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call is carried out at once and its answer comes this much later.
    Slow(Duration),
    /// The call is carried out, then the connection is cut without an answer.
    LostAnswer,
    /// The connection is cut and the call isn't carried out.
    Cut,
    /// A proxy in front answers with this status and a page of HTML. The call isn't carried out.
    Html(u16),
    /// Connect answers with this code of its own, which must be one whose text the stand-in knows.
    /// The call isn't carried out.
    Error(u32),
    /// Status 429 with Connect's code 277. The call isn't carried out.
    RateLimited {
        /// Seconds for the header `Retry-After`; `None` leaves the header out.
        retry_after: Option<u64>,
    },
    /// A proxy in front answers with 503, a page of HTML and the moment at which it is back, as an HTTP
    /// date in `Retry-After`. The call isn't carried out.
    Unavailable {
        /// How long from now that is.
        back_in: Duration,
    },
    /// The call is carried out, and its answer waits until [`Connect::release`](super::Connect::release).
    Hold,
    /// Status 200 with JSON that is no answer to any call. The call isn't carried out.
    Garbage,
}
