//! Interactions that came over HTTP, each of which is served once: whoever has seen a request can send
//! it again.

use std::time::SystemTime;

use super::clock::server_millis;
use super::rows::millis;
use super::sql::query;
use super::{Store, StoreError};

const TAKE: &str =
    "INSERT INTO interactions (id, taken_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";

/// The same where another process may delete it, whose clock may be another.
const TAKE_SHARED: &str = concat!(
    "INSERT INTO interactions (id, taken_at) VALUES ($1, ",
    server_millis!(),
    ") ON CONFLICT (id) DO NOTHING"
);

impl Store {
    /// Writes down that this interaction is being served. `false` if it was before.
    pub(crate) async fn take_interaction(
        &self,
        id: u64,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let id = id.cast_signed();
        let take = if self.pool.is_shared() {
            query(TAKE_SHARED).bind(id)
        } else {
            query(TAKE).bind(id).bind(millis(now))
        };
        Ok(take.write(&self.pool).await? == 1)
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
