//! What is read from the database: requests, and what is still to be done.

use std::time::{Duration, SystemTime};

use super::rows::{all, millis, requests, time};
use super::sql::query;
use super::{Store, StoreError};
use crate::correlation::CorrelationId;
use crate::group::GroupName;
use crate::request::{LONGEST_PAUSE, Request};

impl Store {
    /// The request that was made or begun under this correlation id, if it is open.
    pub(crate) async fn begun_by(
        &self,
        correlation: CorrelationId,
    ) -> Result<Option<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id = (SELECT h.request_id FROM requested_groups o CROSS JOIN history h \
               WHERE o.open AND h.request_id = o.request_id AND h.before IS NULL AND h.correlation_id = $1 \
                LIMIT 1) \
             ORDER BY g.position"
        );
        let rows = query(sql).bind(correlation.to_string()).fetch_all(&self.pool).await?;
        Ok(all(&rows)?.pop())
    }

    /// Whether a group of this name, whatever its case, is in Connect according to some request.
    pub(crate) async fn has_come(&self, name: &GroupName) -> Result<bool, StoreError> {
        let come = query(
            "SELECT request_id FROM requested_groups WHERE folded = $1 AND status IN ('created', 'existed') \
             LIMIT 1",
        )
        .bind(name.folded())
        .fetch_optional(&self.pool)
        .await?;
        Ok(come.is_some())
    }

    /// Undecided requests that were made at or before `made`.
    pub(crate) async fn pending_made_by(
        &self,
        made: SystemTime,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests WHERE state = 'pending' AND created_at <= $1) \
             ORDER BY r.id, g.position"
        );
        self.requests(sql, made).await
    }

    /// Of these, the ones that weren't brought up again yet.
    pub(crate) async fn unreminded_made_by(
        &self,
        made: SystemTime,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests \
               WHERE state = 'pending' AND created_at <= $1 AND reminded_at IS NULL) \
             ORDER BY r.id, g.position"
        );
        self.requests(sql, made).await
    }

    /// Requests whose creation is due, by [`Request::is_due`].
    pub(crate) async fn creating_due(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests \
               WHERE state = 'creating' AND (due_at <= $1 OR due_at > $2)) \
             ORDER BY r.due_at, r.id, g.position"
        );
        let latest = millis(now + LONGEST_PAUSE);
        all(&query(sql).bind(millis(now)).bind(latest).fetch_all(&self.pool).await?)
    }

    async fn requests(
        &self,
        sql: &'static str,
        at: SystemTime,
    ) -> Result<Vec<Request>, StoreError> {
        all(&query(sql).bind(millis(at)).fetch_all(&self.pool).await?)
    }

    /// When, after `now`, the next thing is due that happens by itself.
    pub(crate) async fn next_due(
        &self,
        ttl: Duration,
        reminder: Option<Duration>,
        now: SystemTime,
    ) -> Result<Option<SystemTime>, StoreError> {
        // What was made after these moments is not yet due at `now`.
        let before = |after: Duration| now.checked_sub(after).map_or(0, millis);
        let row = query(
            "SELECT MIN(CASE WHEN state = 'pending' AND created_at > $1 THEN created_at END) AS expiring, \
               MIN(CASE WHEN state = 'pending' AND reminded_at IS NULL AND created_at > $2 THEN created_at END) \
                 AS unreminded, \
               MIN(CASE WHEN state = 'creating' AND due_at > $3 THEN due_at END) AS due_at \
             FROM requests WHERE state IN ('pending', 'creating')",
        )
        .bind(before(ttl))
        .bind(before(reminder.unwrap_or_default()))
        .bind(millis(now))
        .fetch_one(&self.pool)
        .await?;
        let at = |column: &str| row.try_get::<Option<i64>>(column).map(|at| at.map(time));
        let expiry = at("expiring")?.map(|made| made + ttl);
        let reminder = at("unreminded")?.zip(reminder).map(|(made, after)| made + after);
        Ok([expiry, reminder, at("due_at")?].into_iter().flatten().min())
    }
}
