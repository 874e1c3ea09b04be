//! Interactions that came over HTTP, each of which is served once: whoever has seen a request can send
//! it again.

use std::time::SystemTime;

use super::rows::millis;
use super::sql::query;
use super::{Store, StoreError};

impl Store {
    /// Writes down that this interaction is being served. `false` if it was before.
    pub(crate) async fn take_interaction(
        &self,
        id: u64,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let taken = query(
            "INSERT INTO interactions (id, taken_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.cast_signed())
        .bind(millis(now))
        .write(&self.pool)
        .await?;
        Ok(taken == 1)
    }

    /// Deletes what was taken before `before`.
    pub(crate) async fn forget_interactions(&self, before: SystemTime) -> Result<(), StoreError> {
        query("DELETE FROM interactions WHERE taken_at < $1")
            .bind(millis(before))
            .write(&self.pool)
            .await?;
        Ok(())
    }
}
