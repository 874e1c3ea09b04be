//! What ties together all that one interaction led to.

use std::fmt;

use uuid::Uuid;

/// Ties together what one interaction did: in this bot's log, in Connect's, and in what the
/// person reads when it failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CorrelationId(Uuid);

impl CorrelationId {
    /// A new random id.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another; a default would hide that")]
    pub fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
