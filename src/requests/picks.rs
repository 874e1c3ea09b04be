//! What admins have picked in a menu and not yet said yes to. It is a row, so that a start between the
//! two changes nothing, and any copy of the bot takes the yes.

use std::time::{Duration, SystemTime};

use super::{Error, Requests, StoreError};
use crate::ids::UserId;

/// Whoever thinks for longer than this picks again.
const KEPT: Duration = Duration::from_mins(15);

impl Requests {
    /// Keeps the names that somebody picked, under the id of that interaction.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(crate) async fn keep_pick(
        &self,
        id: u64,
        person: UserId,
        names: &[String],
    ) -> Result<(), Error> {
        Ok(self.store.keep_pick((id, person), names, SystemTime::now()).await?)
    }

    /// The names that this person picked, if nobody has taken them yet. Nobody gets them again.
    ///
    /// # Errors
    ///
    /// When the database fails, or takes so long that nobody could be told any more.
    pub(crate) async fn take_pick(
        &self,
        id: u64,
        person: UserId,
    ) -> Result<Option<Vec<String>>, Error> {
        let (store, since) = (self.store.clone(), SystemTime::now() - KEPT);
        Ok(self.in_time(async move { store.take_pick((id, person), since).await }).await?)
    }

    /// Deletes what was picked too long ago.
    pub(super) async fn forget_picks(&self) -> Result<(), StoreError> {
        self.store.forget_picks(SystemTime::now() - KEPT).await
    }
}
