//! Who asked for what, and who leaves.

use std::time::SystemTime;

use super::changing::swap;
use super::rows::{all, requests};
use super::sql::query;
use super::{Change, Stamp, Step, Store, StoreError, Transition, Tx, by_id, record};
use crate::correlation::CorrelationId;
use crate::ids::UserId;
use crate::request::{Activity, Event, Involvement, Request, State};

impl Store {
    /// What a person has to do with a request.
    pub(crate) async fn involvement(
        &self,
        id: i64,
        person: UserId,
    ) -> Result<Involvement, StoreError> {
        let row = query(
            "SELECT EXISTS (SELECT 1 FROM participants WHERE request_id = $1 AND person = $2) AS is_in, \
               EXISTS (SELECT 1 FROM history WHERE request_id = $1 AND person = $2 AND activity = 'left') \
                 AS has_left",
        )
        .bind(id)
        .bind(person.0.cast_signed())
        .fetch_one(&self.pool)
        .await?;
        Ok(match (row.try_get("is_in")?, row.try_get("has_left")?) {
            (true, _) => Involvement::In,
            (false, true) => Involvement::Left,
            (false, false) => Involvement::Out,
        })
    }

    /// Takes a person out of an undecided request. It stays for the others; if there are none, it is
    /// cancelled. [`Transition::Conflict`] if it is decided, or they aren't in it.
    pub(crate) async fn leave(
        &self,
        id: i64,
        person: UserId,
        now: SystemTime,
        correlation: CorrelationId,
    ) -> Result<Transition, StoreError> {
        let mut tx = self.pool.begin().await?;
        let left = if is_held_by(&mut tx, id, person).await? {
            take_out(&mut tx, id, person, (now, correlation)).await?
        } else {
            None
        };
        self.end(tx, id, left).await
    }

    /// Undecided requests that a person is in, at most `limit`, the newest first.
    pub(crate) async fn pending_of(
        &self,
        person: UserId,
        limit: u32,
    ) -> Result<Vec<Request>, StoreError> {
        // Counted, or PostgreSQL begins with all that the person has ever asked for.
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests WHERE state = 'pending' \
               AND (SELECT COUNT(*) FROM participants WHERE request_id = id AND person = $1) > 0 \
               ORDER BY id DESC LIMIT $2) \
             ORDER BY r.id DESC, g.position"
        );
        self.about(sql, person, limit).await
    }

    /// Undecided requests that a person has nothing to do with, at most `limit`, the newest first.
    pub(crate) async fn pending_of_others(
        &self,
        person: UserId,
        limit: u32,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests WHERE state = 'pending' \
               AND NOT EXISTS (SELECT 1 FROM participants WHERE request_id = requests.id AND person = $1) \
               AND NOT EXISTS (SELECT 1 FROM history \
                 WHERE request_id = requests.id AND person = $1 AND activity = 'left') \
               ORDER BY id DESC LIMIT $2) \
             ORDER BY r.id DESC, g.position"
        );
        self.about(sql, person, limit).await
    }

    async fn about(
        &self,
        sql: &'static str,
        person: UserId,
        limit: u32,
    ) -> Result<Vec<Request>, StoreError> {
        let rows = query(sql)
            .bind(person.0.cast_signed())
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        all(&rows)
    }
}

/// Whether a person is in a request that is undecided. Writing to it first keeps everybody else from
/// it: of two who leave at once the second finds the first gone.
async fn is_held_by(tx: &mut Tx, id: i64, person: UserId) -> Result<bool, StoreError> {
    let held =
        query("UPDATE requests SET version = version + 1 WHERE id = $1 AND state = 'pending'")
            .bind(id)
            .execute(&mut *tx)
            .await?;
    let is_in: bool =
        query("SELECT EXISTS (SELECT 1 FROM participants WHERE request_id = $1 AND person = $2)")
            .bind(id)
            .bind(person.0.cast_signed())
            .fetch_value(tx)
            .await?;
    Ok(held == 1 && is_in)
}

async fn take_out(
    tx: &mut Tx,
    id: i64,
    person: UserId,
    stamp: Stamp,
) -> Result<Option<Request>, StoreError> {
    let next = query(
        "SELECT person, reason FROM participants WHERE request_id = $1 AND person <> $2 \
         ORDER BY joined_at, person LIMIT 1",
    )
    .bind(id)
    .bind(person.0.cast_signed())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(next) = next else {
        let change = Change::new(Event::Cancel, Some(person), stamp.1);
        return swap(tx, id, &change, stamp.0).await;
    };
    query("DELETE FROM participants WHERE request_id = $1 AND person = $2")
        .bind(id)
        .bind(person.0.cast_signed())
        .execute(tx)
        .await?;
    query("UPDATE requests SET requester = $1, reason = $2 WHERE id = $3 AND requester = $4")
        .bind(next.try_get::<i64>("person")?)
        .bind(next.try_get::<Option<String>>("reason")?)
        .bind(id)
        .bind(person.0.cast_signed())
        .execute(tx)
        .await?;
    let step = Step {
        activity: Some(Activity::Left),
        ..Step::of(Some(person), Some(State::Pending), State::Pending)
    };
    record(tx, (id, None), step, stamp).await?;
    by_id(tx, id).await
}
