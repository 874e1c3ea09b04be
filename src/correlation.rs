//! What ties together all that one interaction led to.

use std::fmt;

use uuid::Uuid;

/// Ties together what one interaction did: in this bot's log, in Connect's, and in what the
/// person reads when it failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CorrelationId(Uuid);

impl CorrelationId {
    /// A new random id.
    pub(crate) fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
