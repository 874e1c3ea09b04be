//! Changes of state, and what comes of the groups.

use std::time::SystemTime;

use super::rows::{count, millis};
use super::sql::query;
use super::{Step, Store, StoreError, Tx, by_id, record};
use crate::correlation::CorrelationId;
use crate::group::Guid;
use crate::ids::UserId;
use crate::request::{Delay, Event, GroupStatus, Reason, Request, State};
use crate::requests::outcome::GroupOutcome;

/// What came of a change of state.
#[derive(Clone, Debug)]
pub(crate) enum Transition {
    /// The request is changed.
    Applied(Request),
    /// It was in another state: somebody or something else was first.
    Conflict(Request),
    /// There is no such request.
    NotFound,
}

/// A change of state, and what is written with it.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// What happens.
    pub event: Event,
    /// Who does it; nobody if it is time or the bot itself.
    pub person: Option<UserId>,
    /// Why, in the words of whoever does it.
    pub why: Option<String>,
    /// Ties it to the logs.
    pub correlation: CorrelationId,
}

impl Change {
    /// A change without further words.
    pub(crate) fn new(event: Event, person: Option<UserId>, correlation: CorrelationId) -> Self {
        Self { event, person, why: None, correlation }
    }
}

impl Store {
    /// Changes the state of a request, if it is the one in which the event applies.
    pub(crate) async fn change(
        &self,
        id: i64,
        change: &Change,
        now: SystemTime,
    ) -> Result<Transition, StoreError> {
        let mut tx = self.pool.begin().await?;
        let changed = swap(&mut tx, id, change, now).await?;
        self.end(tx, id, changed).await
    }

    /// Ends a transaction in which a request was changed, or found in another state.
    pub(super) async fn end(
        &self,
        tx: Tx,
        id: i64,
        changed: Option<Request>,
    ) -> Result<Transition, StoreError> {
        if let Some(request) = changed {
            tx.commit().await?;
            return Ok(Transition::Applied(request));
        }
        drop(tx);
        Ok(self.request(id).await?.map_or(Transition::NotFound, Transition::Conflict))
    }

    /// Puts off a creation that is due until `until`, for as long as a process is at work on it. `false`
    /// if another has done so since it was due at `seen`, or it is over.
    pub(crate) async fn hold(
        &self,
        id: i64,
        seen: Option<SystemTime>,
        until: SystemTime,
    ) -> Result<bool, StoreError> {
        let held = query(
            "UPDATE requests SET due_at = $1 \
             WHERE id = $2 AND state = 'creating' AND COALESCE(due_at, 0) = $3",
        )
        .bind(millis(until))
        .bind(id)
        .bind(seen.map_or(0, millis))
        .write(&self.pool)
        .await?;
        Ok(held == 1)
    }

    /// Writes down that the creation of a group is about to be sent.
    pub(crate) async fn note_sent(&self, id: i64, position: usize) -> Result<(), StoreError> {
        query("UPDATE requested_groups SET sent = TRUE WHERE request_id = $1 AND position = $2")
            .bind(id)
            .bind(i64::try_from(position).unwrap_or(i64::MAX))
            .write(&self.pool)
            .await?;
        Ok(())
    }

    /// Writes down what came of one group of a request that is being created; with the last one the
    /// request is over. `None` if something had come of it before.
    pub(crate) async fn settle(
        &self,
        id: i64,
        position: usize,
        settled: &GroupOutcome,
        now: SystemTime,
    ) -> Result<Option<Request>, StoreError> {
        let position = count(position);
        let mut tx = self.pool.begin().await?;
        if !write_outcome(&mut tx, id, position, settled).await? {
            return Ok(None);
        }
        let (after, cause) = match settled.status {
            GroupStatus::Existed => (State::Created, Some(&Reason::WasThere)),
            GroupStatus::Created | GroupStatus::Waiting => (State::Created, None),
            GroupStatus::Failed | GroupStatus::Impossible => {
                (State::Failed, settled.failure.as_ref())
            }
        };
        let step = Step { cause, ..Step::of(None, Some(State::Creating), after) };
        record(&mut tx, (id, Some(position)), step, (now, settled.correlation)).await?;
        let after = end_if_settled(&mut tx, id).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Writes down that a creation didn't come off this time, what the matter is, and when it is
    /// tried next.
    pub(crate) async fn postpone(
        &self,
        id: i64,
        delay: &Delay,
        due: SystemTime,
    ) -> Result<(), StoreError> {
        query(
            "UPDATE requests SET attempts = attempts + 1, due_at = $1, version = version + 1, delay = $2 \
             WHERE id = $3 AND state = 'creating'",
        )
        .bind(millis(due))
        .bind(delay.to_json())
        .bind(id)
        .write(&self.pool)
        .await?;
        Ok(())
    }
}

/// Writes down what came of a group; `false` if something had come of it before. If a retry comes to
/// the same as the last time, nobody needs to hear it again.
async fn write_outcome(
    tx: &mut Tx,
    id: i64,
    position: i64,
    GroupOutcome { status, guid, failure, .. }: &GroupOutcome,
) -> Result<bool, StoreError> {
    let failure = failure.as_ref().map(Reason::to_json);
    query(
        "UPDATE participants SET told_state = NULL WHERE request_id = $1 AND told_state = 'failed' \
           AND NOT EXISTS (SELECT 1 FROM requested_groups WHERE request_id = $1 AND position = $2 \
             AND (status <> 'waiting' OR failure = $3))",
    )
    .bind(id)
    .bind(position)
    .bind(&failure)
    .execute(tx)
    .await?;
    let written = query(
        "UPDATE requested_groups SET status = $1, guid = $2, failure = $3, open = FALSE \
         WHERE request_id = $4 AND position = $5 AND status = 'waiting' \
           AND EXISTS (SELECT 1 FROM requests WHERE id = request_id AND state = 'creating')",
    )
    .bind(status.as_str())
    .bind(guid.as_ref().map(Guid::as_str))
    .bind(failure)
    .bind(id)
    .bind(position)
    .execute(tx)
    .await?;
    Ok(written == 1)
}

/// The request, of which something has come. It is over if nothing waits any more; in any case what
/// kept it waiting doesn't.
async fn end_if_settled(tx: &mut Tx, id: i64) -> Result<Option<Request>, StoreError> {
    query("UPDATE requests SET version = version + 1, delay = NULL WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    let Some(mut request) = by_id(&mut *tx, id).await? else { return Ok(None) };
    if request.count(&[GroupStatus::Waiting]) == 0 {
        request.state = State::of_settled(request.count(&GroupStatus::FAILURES) > 0);
        query("UPDATE requests SET state = $1, attempts = 0, due_at = NULL WHERE id = $2")
            .bind(request.state.as_str())
            .bind(id)
            .execute(tx)
            .await?;
    }
    Ok(Some(request))
}

/// As [`Store::change`], in a transaction. `None` if the request is in another state.
pub(super) async fn swap(
    tx: &mut Tx,
    id: i64,
    change: &Change,
    now: SystemTime,
) -> Result<Option<Request>, StoreError> {
    let from = change.event.from();
    let Some(to) = from.after(change.event) else { return Ok(None) };
    let swapped = query(
        "UPDATE requests SET state = $1, version = version + 1, attempts = 0, delay = NULL, \
           approver = CASE WHEN $6 = 'failed' THEN COALESCE(approver, decider) END, \
           approved_at = CASE WHEN $6 = 'failed' THEN COALESCE(approved_at, decided_at) END, \
           decider = COALESCE($2, decider), \
           decided_at = CASE WHEN $2 IS NULL THEN decided_at ELSE $3 END, \
           denial_reason = COALESCE($4, denial_reason), \
           due_at = CASE WHEN $1 = 'creating' THEN $3 ELSE NULL END \
         WHERE id = $5 AND state = $6 \
           AND ($6 <> 'failed' OR EXISTS (SELECT 1 FROM requested_groups own \
             WHERE own.request_id = $5 AND own.status = 'failed') \
           AND NOT EXISTS (SELECT 1 FROM requested_groups other \
             JOIN requested_groups own ON other.folded = own.folded \
             WHERE own.request_id = $5 AND own.status = 'failed' AND other.open))",
    )
    .bind(to.as_str())
    .bind(change.person.map(|person| person.0.cast_signed()))
    .bind(millis(now))
    .bind(&change.why)
    .bind(id)
    .bind(from.as_str())
    .execute(tx)
    .await?;
    if swapped == 0 {
        return Ok(None);
    }
    let positions = open_or_close(tx, id, change.event).await?;
    let step = Step { why: change.why.as_deref(), ..Step::of(change.person, Some(from), to) };
    for position in positions {
        record(tx, (id, position), step, (now, change.correlation)).await?;
    }
    if change.event == Event::Cancel {
        // Whoever does it needn't be told.
        query("UPDATE participants SET told_state = $1 WHERE request_id = $2 AND person = $3")
            .bind(to.as_str())
            .bind(id)
            .bind(change.person.map(|person| person.0.cast_signed()))
            .execute(tx)
            .await?;
    }
    by_id(tx, id).await
}

/// What an event does to the groups, and which of them it is about: none in particular, but that only
/// those that failed are tried again.
async fn open_or_close(tx: &mut Tx, id: i64, event: Event) -> Result<Vec<Option<i64>>, StoreError> {
    match event {
        Event::Approve => {}
        Event::Deny | Event::Cancel | Event::Expire => {
            query("UPDATE requested_groups SET open = FALSE WHERE request_id = $1")
                .bind(id)
                .execute(tx)
                .await?;
        }
        Event::Retry => {
            // What it failed with stays, to be compared with what comes of it now.
            let reopened = query(
                "UPDATE requested_groups SET open = TRUE, status = 'waiting', guid = NULL, sent = FALSE \
                 WHERE request_id = $1 AND status = 'failed' RETURNING position",
            );
            return Ok(reopened.bind(id).fetch_values(tx).await?);
        }
    }
    Ok(vec![None])
}
