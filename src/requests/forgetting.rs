//! What was over long ago is deleted, a little at a time.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::Requests;

/// Others have their turn between two steps: the pauses of a million requests come to 42 min.
const BETWEEN_STEPS: Duration = Duration::from_millis(250);

/// How often it is looked for what has become old.
const LOOK_EVERY: Duration = Duration::from_hours(1);

impl Requests {
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
