//! Asking for groups, and an admin's create.

use std::collections::HashMap;
use std::time::SystemTime;

use super::rows::{count, millis};
use super::sql::query;
use super::{Stamp, Step, Store, StoreError, Tx, bump, by_id, record};
use crate::correlation::CorrelationId;
use crate::group::GroupName;
use crate::ids::{Place, UserId};
use crate::request::{Activity, Kind, Request, SETTLE_AFTER, State};
use crate::requests::outcome::{CreateOutcome, Skipped};

/// What somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct NewRequest {
    /// The groups, as LDAP writes them; no two are the same whatever the case.
    pub names: Vec<GroupName>,
    /// Who asks.
    pub requester: UserId,
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: Option<String>,
    /// How it comes about.
    pub kind: Kind,
}

impl Store {
    /// Makes a request for those groups that no open one is for, and joins the open ones. `None` if
    /// the person has `max_open` requests already and would get another: then nothing is written.
    pub(crate) async fn ask(
        &self,
        new: &NewRequest,
        max_open: u32,
        now: SystemTime,
        correlation: CorrelationId,
    ) -> Result<Option<CreateOutcome>, StoreError> {
        let (mut tx, stamp) = (self.pool.begin().await?, (now, correlation));
        let (free, open) = open_for(&mut tx, &new.names).await?;
        let (mut skipped, mut joined) = (Vec::new(), HashMap::new());
        for (name, request) in open {
            skipped.push(if request.kind == Kind::Single {
                Skipped::Open { name, request }
            } else {
                let activity = match joined.get(&request.id) {
                    Some(known) => *known,
                    None => join(&mut tx, &request, new, stamp).await?,
                };
                joined.insert(request.id, activity);
                Skipped::Asked { name, request, activity }
            });
        }
        let mut request = None;
        if !free.is_empty() {
            if open_count(&mut tx, new.requester).await? >= i64::from(max_open) {
                return Ok(None);
            }
            let new = NewRequest { names: free, ..new.clone() };
            let made = insert(&mut tx, &new, stamp).await?;
            add_person(&mut tx, made.id, &new, now).await?;
            request = Some(made);
        }
        tx.commit().await?;
        Ok(Some(CreateOutcome { request, skipped, created: None }))
    }

    /// Writes down that an admin's create begins, of those groups that no open request is for.
    pub(crate) async fn begin(
        &self,
        new: &NewRequest,
        now: SystemTime,
        correlation: CorrelationId,
    ) -> Result<CreateOutcome, StoreError> {
        let mut tx = self.pool.begin().await?;
        let (free, open) = open_for(&mut tx, &new.names).await?;
        let mut request = None;
        if !free.is_empty() {
            let new = NewRequest { names: free, ..new.clone() };
            request = Some(insert(&mut tx, &new, (now, correlation)).await?);
        }
        tx.commit().await?;
        let skipped = open.into_iter().map(|(name, request)| Skipped::Open { name, request });
        Ok(CreateOutcome { request, skipped: skipped.collect(), created: None })
    }
}

/// The names that no open request is for, and the others with the requests that are.
async fn open_for(
    tx: &mut Tx,
    names: &[GroupName],
) -> Result<(Vec<GroupName>, Vec<(GroupName, Request)>), StoreError> {
    let (mut free, mut open) = (Vec::new(), Vec::new());
    for name in names {
        let known = query("SELECT request_id FROM requested_groups WHERE folded = $1 AND open");
        let request = match known.bind(name.folded()).fetch_if_any(&mut *tx).await? {
            Some(id) => by_id(&mut *tx, id).await?,
            None => None,
        };
        match request {
            Some(request) => open.push((name.clone(), request)),
            None => free.push(name.clone()),
        }
    }
    Ok((free, open))
}

/// What somebody does to an open request by asking for its group; nothing if they did before.
async fn join(
    tx: &mut Tx,
    request: &Request,
    new: &NewRequest,
    stamp: Stamp,
) -> Result<Option<Activity>, StoreError> {
    let Request { id, state, .. } = *request;
    let activity = if add_person(tx, id, new, stamp.0).await? {
        Activity::Joined
    } else if reword(tx, id, new).await? {
        Activity::Reworded
    } else {
        return Ok(None);
    };
    bump(tx, id).await?;
    let (activity, why) = (Some(activity), new.reason.as_deref());
    let step = Step { activity, why, ..Step::of(Some(new.requester), Some(state), state) };
    record(tx, (id, None), step, stamp).await?;
    Ok(activity)
}

/// Whether somebody who asked before gives another reason now. Giving none takes none back.
async fn reword(tx: &mut Tx, id: i64, new: &NewRequest) -> Result<bool, StoreError> {
    let reworded = query(
        "UPDATE participants SET reason = $1 \
         WHERE request_id = $2 AND person = $3 AND $1 <> COALESCE(reason, '')",
    )
    .bind(&new.reason)
    .bind(id)
    .bind(new.requester.0.cast_signed())
    .execute(tx)
    .await?;
    if reworded == 0 {
        return Ok(false);
    }
    query("UPDATE requests SET reason = $1 WHERE id = $2 AND requester = $3 AND kind = 'asked'")
        .bind(&new.reason)
        .bind(id)
        .bind(new.requester.0.cast_signed())
        .execute(tx)
        .await?;
    Ok(true)
}

async fn open_count(tx: &mut Tx, person: UserId) -> Result<i64, StoreError> {
    let count = query(
        "SELECT COUNT(*) FROM requests WHERE requester = $1 AND state IN ('pending', 'creating')",
    )
    .bind(person.0.cast_signed())
    .fetch_value(tx)
    .await?;
    Ok(count)
}

async fn insert(tx: &mut Tx, new: &NewRequest, stamp: Stamp) -> Result<Request, StoreError> {
    let (state, due) = match new.kind {
        Kind::Asked => (State::Pending, None),
        Kind::Batch => (State::Creating, Some(stamp.0)),
        // Whoever creates one is at work on it; only later it may have been left.
        Kind::Single => (State::Creating, Some(stamp.0 + SETTLE_AFTER)),
    };
    let now = millis(stamp.0);
    // PostgreSQL's own numbers have gaps after a crash.
    let id: i64 = query(
        "INSERT INTO requests \
           (id, state, kind, guild, channel, requester, reason, created_at, decider, decided_at, due_at) \
         VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM requests), \
           $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
    )
    .bind(state.as_str())
    .bind(new.kind.as_str())
    .bind(new.place.guild.0.cast_signed())
    .bind(new.place.channel.0.cast_signed())
    .bind(new.requester.0.cast_signed())
    .bind(&new.reason)
    .bind(now)
    .bind(due.map(|_| new.requester.0.cast_signed()))
    .bind(due.map(|_| now))
    .bind(due.map(millis))
    .fetch_value(&mut *tx)
    .await?;
    for (position, name) in new.names.iter().enumerate() {
        query(
            "INSERT INTO requested_groups (request_id, position, name, folded, status, open) \
             VALUES ($1, $2, $3, $4, 'waiting', TRUE)",
        )
        .bind(id)
        .bind(count(position))
        .bind(name.as_str())
        .bind(name.folded())
        .execute(tx)
        .await?;
    }
    let why = new.reason.as_deref();
    let step = Step { why, ..Step::of(Some(new.requester), None, state) };
    record(tx, (id, None), step, stamp).await?;
    by_id(tx, id).await?.ok_or(StoreError::Damaged("a new request is gone".to_owned()))
}

/// Whether the person wasn't among those who asked yet.
async fn add_person(
    tx: &mut Tx,
    id: i64,
    new: &NewRequest,
    now: SystemTime,
) -> Result<bool, StoreError> {
    let added = query(
        "INSERT INTO participants (request_id, person, guild, channel, joined_at, reason) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(new.requester.0.cast_signed())
    .bind(new.place.guild.0.cast_signed())
    .bind(new.place.channel.0.cast_signed())
    .bind(millis(now))
    .bind(&new.reason)
    .execute(tx)
    .await?;
    Ok(added == 1)
}
