//! What is read from the database: requests, and what is still to be done.

use std::time::{Duration, SystemTime};

use sqlx::Row;

use super::rows::{all, millis, place, requests, time};
use super::{Store, StoreError};
use crate::correlation::CorrelationId;
use crate::group::GroupName;
use crate::ids::{Place, UserId};
use crate::request::{LONGEST_PAUSE, Request};

/// The message of a failed request is looked after for this long: nobody retries it later.
const RETRIED_WITHIN: Duration = Duration::from_hours(7 * 24);

/// The request of a number.
pub(super) const BY_ID: &str = requests!("WHERE r.id = $1 ORDER BY g.position");

/// Somebody who is to be told what came of a request.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The request, over now.
    pub request: Request,
    /// Who is to be told.
    pub person: UserId,
    /// Where they asked.
    pub place: Place,
}

impl Store {
    /// The request of this number.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn request(&self, id: i64) -> Result<Option<Request>, StoreError> {
        let rows = sqlx::query(BY_ID).bind(id).fetch_all(&self.pool).await?;
        Ok(all(&rows)?.pop())
    }

    /// The request that was made or begun under this correlation id, if it is open.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn begun_by(
        &self,
        correlation: CorrelationId,
    ) -> Result<Option<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id = (SELECT h.request FROM requested_groups o CROSS JOIN history h \
               WHERE o.open AND h.request = o.request AND h.before IS NULL AND h.correlation_id = $1 \
                LIMIT 1) \
             ORDER BY g.position"
        );
        let rows = sqlx::query(sql).bind(correlation.to_string()).fetch_all(&self.pool).await?;
        Ok(all(&rows)?.pop())
    }

    /// Whether a group of this name, whatever its case, is in Connect according to some request.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn has_come(&self, name: &GroupName) -> Result<bool, StoreError> {
        let come: Option<i64> = sqlx::query_scalar(
            "SELECT request FROM requested_groups WHERE folded = $1 AND status IN ('created', 'existed') \
             LIMIT 1",
        )
        .bind(name.folded())
        .fetch_optional(&self.pool)
        .await?;
        Ok(come.is_some())
    }

    /// Undecided requests that were made at or before `made`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn pending_since(&self, made: SystemTime) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests WHERE state = 'pending' AND created_at <= $1) \
             ORDER BY r.id, g.position"
        );
        self.requests(sql, made).await
    }

    /// Of these, the ones that weren't brought up again yet.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn unreminded_since(&self, made: SystemTime) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests \
               WHERE state = 'pending' AND created_at <= $1 AND reminded_at IS NULL) \
             ORDER BY r.id, g.position"
        );
        self.requests(sql, made).await
    }

    /// Requests whose creation is due, by [`Request::is_due`].
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn creating_due(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests \
               WHERE state = 'creating' AND (due_at <= $1 OR due_at > $2)) \
             ORDER BY r.due_at, r.id, g.position"
        );
        let latest = millis(now + LONGEST_PAUSE);
        all(&sqlx::query(sql).bind(millis(now)).bind(latest).fetch_all(&self.pool).await?)
    }

    async fn requests(
        &self,
        sql: &'static str,
        at: SystemTime,
    ) -> Result<Vec<Request>, StoreError> {
        all(&sqlx::query(sql).bind(millis(at)).fetch_all(&self.pool).await?)
    }

    /// Requests whose message doesn't show them as they are.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn unshown(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        // What is over and can't be shown for a week needs no message any more, if there is none or
        // it is about what an admin has created: nobody waits for it. In the words of the index.
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests WHERE shown_version < version AND NOT hidden \
               AND (CASE \
                   WHEN state NOT IN ('pending', 'creating') AND (direct OR message IS NULL) \
                     THEN COALESCE(decided_at, created_at) \
                   ELSE 9223372036854775807 END) >= $1) \
             ORDER BY r.id, g.position"
        );
        let lately = now.checked_sub(RETRIED_WITHIN).map_or(0, millis);
        all(&sqlx::query(sql).bind(lately).fetch_all(&self.pool).await?)
    }

    /// Requests that wait for somebody's decision or press, whose message somebody may have deleted.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn shown_and_open(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        let lately = now.checked_sub(RETRIED_WITHIN).map_or(0, millis);
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests WHERE state IN ('pending', 'creating') \
                 UNION ALL SELECT id FROM requests WHERE state = 'failed' AND decided_at > $1) \
               AND r.message IS NOT NULL AND NOT r.hidden \
             ORDER BY r.id, g.position"
        );
        all(&sqlx::query(sql).bind(lately).fetch_all(&self.pool).await?)
    }

    /// Who is still to be told what came of their request.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn untold(&self) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT request, person, participants.guild, participants.channel \
             FROM participants JOIN requests ON id = request \
             WHERE told_state IS NULL AND state NOT IN ('pending', 'creating') \
             ORDER BY request, joined_at",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut notices = Vec::with_capacity(rows.len());
        for row in &rows {
            let (number, person): (i64, i64) = (row.try_get("request")?, row.try_get("person")?);
            if let Some(request) = self.request(number).await? {
                let person = UserId(person.cast_unsigned());
                notices.push(Notice { request, person, place: place(row)? });
            }
        }
        Ok(notices)
    }

    /// When, after `now`, the next thing is due that happens by itself.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn next_due(
        &self,
        ttl: Duration,
        reminder: Option<Duration>,
        now: SystemTime,
    ) -> Result<Option<SystemTime>, StoreError> {
        // What was made after these moments is not yet due at `now`.
        let before = |after: Duration| now.checked_sub(after).map_or(0, millis);
        let row = sqlx::query(
            "SELECT MIN(CASE WHEN state = 'pending' AND created_at > $1 THEN created_at END) AS expiring, \
               MIN(CASE WHEN state = 'pending' AND reminded_at IS NULL AND created_at > $2 THEN created_at END) \
                 AS hidden, \
               MIN(CASE WHEN state = 'creating' AND due_at > $3 THEN due_at END) AS due_at \
             FROM requests WHERE state IN ('pending', 'creating')",
        )
        .bind(before(ttl))
        .bind(before(reminder.unwrap_or_default()))
        .bind(millis(now))
        .fetch_one(&self.pool)
        .await?;
        let at = |column: &str| row.try_get::<Option<i64>, _>(column).map(|at| at.map(time));
        let expiry = at("expiring")?.map(|made| made + ttl);
        let reminder = at("hidden")?.zip(reminder).map(|(made, after)| made + after);
        Ok([expiry, reminder, at("due_at")?].into_iter().flatten().min())
    }
}
