//! What admins have picked and not yet said yes to. It is gone after a while, and with the process.

use std::time::Duration;

use moka::sync::Cache;

use super::custom_id::PickId;
use crate::ids::UserId;

/// So many are kept; the least recently used make room for new ones.
const MAX: u64 = 1000;

/// Whoever thinks for longer than this picks again.
const KEPT: Duration = Duration::from_mins(15);

/// Picks of admins, each under an id of its own.
pub(super) struct Picks(Cache<PickId, Pick>);

#[derive(Clone)]
struct Pick {
    person: UserId,
    names: Vec<String>,
}

impl Default for Picks {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MAX).time_to_live(KEPT).build())
    }
}

impl Picks {
    /// Keeps the names that somebody picked.
    pub(super) fn keep(&self, id: PickId, person: UserId, names: Vec<String>) {
        self.0.insert(id, Pick { person, names });
    }

    /// The names that this person picked, if nobody has taken them yet.
    pub(super) fn take(&self, id: PickId, person: UserId) -> Option<Vec<String>> {
        self.0.get(&id).filter(|pick| pick.person == person)?;
        self.0.remove(&id).map(|pick| pick.names)
    }
}
