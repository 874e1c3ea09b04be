//! What was over long ago is deleted, a little at a time.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::{Requests, StoreError};
use crate::discord_api::signature::FRESH_FOR;

/// Others have their turn between two steps: the pauses of a million requests come to 42 min.
const BETWEEN_STEPS: Duration = Duration::from_millis(250);

/// No request that was signed for an interaction can still count so long after it was served: it could
/// have come from a clock that is ahead by as much as a signature counts for.
const INTERACTIONS_KEPT: Duration = Duration::from_secs(2 * FRESH_FOR.as_secs());

/// How often served interactions are deleted.
const INTERACTIONS_DELETED_EVERY: Duration = Duration::from_mins(1);

/// How often it is looked for what has become old.
const LOOK_EVERY: Duration = Duration::from_hours(1);

impl Requests {
    /// Whether this interaction, which came over HTTP, is to be served: it wasn't before.
    ///
    /// # Errors
    ///
    /// When the database fails, or takes so long that nobody could be told any more.
    pub(crate) async fn take_interaction(
        &self,
        id: u64,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let store = self.store.clone();
        self.in_time(async move { store.take_interaction(id, now).await }).await
    }

    /// Lets go of what nobody may use any more: searches, and what was picked. To be called now and then,
    /// and at a start: nothing else does it while nobody searches or picks.
    pub(crate) async fn forget_stale(&self) {
        self.groups.forget_stale();
        let (searches, picks) = (self.forget_searches().await, self.forget_picks().await);
        if let Err(error) = searches.and(picks) {
            self.metrics().database_failed();
            tracing::warn!(%error, "stale searches and picks could not be deleted");
        }
    }

    /// Deletes interactions that can't come again, for as long as it is polled.
    pub(crate) async fn forget_interactions(&self) -> Infallible {
        loop {
            if let Err(error) = self.forget_served().await {
                self.groups.connect().metrics().database_failed();
                tracing::error!(%error, "served interactions could not be deleted");
            }
            sleep(INTERACTIONS_DELETED_EVERY).await;
        }
    }

    async fn forget_served(&self) -> Result<(), StoreError> {
        match self.store.now().await?.checked_sub(INTERACTIONS_KEPT) {
            Some(before) => self.store.forget_interactions(before).await,
            None => Ok(()),
        }
    }

    /// Deletes what has been over for longer than the settings say, for as long as it is polled; does
    /// nothing if they keep everything.
    pub(crate) async fn forget_old(&self) {
        let Some(kept) = self.settings.history_ttl else { return };
        loop {
            self.forget_what_is_old(kept).await;
            sleep(LOOK_EVERY).await;
        }
    }

    async fn forget_what_is_old(&self, kept: Duration) {
        let mut forgotten = 0;
        while let Some(before) = SystemTime::now().checked_sub(kept) {
            match self.store.forget(before).await {
                Ok(0) => break,
                Ok(some) => forgotten += some,
                Err(error) => {
                    self.groups.connect().metrics().database_failed();
                    tracing::error!(%error, "old requests could not be deleted");
                    break;
                }
            }
            sleep(BETWEEN_STEPS).await;
        }
        if forgotten > 0 {
            tracing::info!(forgotten, "these requests were older than HISTORY_TTL");
        }
    }
}
