//! Suggestions one at a time for each person.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::ids::UserId;

/// Whose turn it is: a lock for each person who waits for suggestions.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<UserId, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Until nothing is suggested to this person any more.
    pub(super) async fn take(&self, person: UserId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(person).or_default())
        };
        turn.lock_owned().await
    }
}
