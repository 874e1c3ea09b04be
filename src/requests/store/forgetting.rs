//! Requests that were over long ago are deleted.

use std::time::SystemTime;

use super::rows::millis;
use super::sql::query;
use super::{Store, StoreError};

/// So many are deleted at once: whoever presses a button meanwhile waits for no more.
const AT_ONCE: i64 = 100;

impl Store {
    /// Deletes some of the requests that have been over since before `before`, the oldest first, with
    /// groups, people and history. How many; none if no more is left.
    pub(crate) async fn forget(&self, before: SystemTime) -> Result<usize, StoreError> {
        let mut tx = self.pool.begin().await?;
        // In the words of the index, which knows when the end can have come at the earliest. The latest
        // request stays: its number would be given again, and old buttons would be the new one's.
        let old: Vec<i64> = query(
            "SELECT id FROM requests WHERE state NOT IN ('pending', 'creating') \
               AND COALESCE(decided_at, created_at) < $1 \
               AND id < (SELECT MAX(id) FROM requests) \
               AND NOT EXISTS (SELECT 1 FROM history WHERE request_id = requests.id AND at >= $1) \
             ORDER BY COALESCE(decided_at, created_at) LIMIT $2",
        )
        .bind(millis(before))
        .bind(AT_ONCE)
        .fetch_values(&mut tx)
        .await?;
        for id in &old {
            for sql in [
                "DELETE FROM history WHERE request_id = $1",
                "DELETE FROM participants WHERE request_id = $1",
                "DELETE FROM requested_groups WHERE request_id = $1",
                "DELETE FROM requests WHERE id = $1",
            ] {
                query(sql).bind(*id).execute(&mut tx).await?;
            }
        }
        tx.commit().await?;
        Ok(old.len())
    }
}
