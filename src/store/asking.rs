//! Asking for groups, and an admin's create.

use std::collections::HashMap;
use std::time::SystemTime;

use super::rows::millis;
use super::{Step, Store, StoreError, Tx, bump, one, record};
use crate::correlation::CorrelationId;
use crate::group::GroupName;
use crate::ids::{Place, UserId};
use crate::request::{Activity, Request, State};

/// Whoever creates something at once is at work on it; only after this long it may have been left.
const SETTLE_AFTER_MILLIS: i64 = 60_000;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// The groups, as LDAP writes them; no two are the same whatever the case.
    pub names: Vec<GroupName>,
    /// Who asks.
    pub requester: UserId,
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: Option<String>,
}

/// What came of asking, or of an admin's create.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The new request, for those groups that no other one is open for.
    pub made: Option<Request>,
    /// The groups for which another one is.
    pub standing: Vec<Standing>,
}

/// A group for which there is an open request.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The group.
    pub name: GroupName,
    /// The request.
    pub request: Request,
    /// What that means for the person.
    pub how: How,
}

/// What an open request for a group means for somebody who asks for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum How {
    /// They have joined it.
    Joined,
    /// They had asked before.
    AskedBefore,
    /// They had asked before, and give another reason now, which counts.
    Reworded,
    /// It stands by itself: an admin creates the group at this moment, or wanted to and finds it
    /// asked for.
    InTheWay,
}

impl Store {
    /// Makes a request for those groups that no open one is for, and joins the open ones. `None` if
    /// the person has `max_open` requests already and would get another: then nothing is written.
    ///
    /// # Errors
    ///
    /// When the database fails; then nothing is written.
    pub async fn ask(
        &self,
        new: &NewRequest,
        max_open: u32,
        now: SystemTime,
        correlation: CorrelationId,
    ) -> Result<Option<Asked>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let (free, mut standing) = standing(&mut tx, &new.names).await?;
        let mut joined = HashMap::new();
        for Standing { request, how, .. } in standing.iter_mut().filter(|open| !open.request.hidden)
        {
            *how = match joined.get(&request.id) {
                Some(known) => *known,
                None => join(&mut tx, request, new, now, correlation).await?,
            };
            joined.insert(request.id, *how);
        }
        let mut made = None;
        if !free.is_empty() {
            if open_count(&mut tx, new.requester).await? >= i64::from(max_open) {
                return Ok(None);
            }
            let new = NewRequest { names: free, ..new.clone() };
            let request = insert(&mut tx, &new, Kind::Asked, now, correlation).await?;
            add_person(&mut tx, request.id, &new, now).await?;
            made = Some(request);
        }
        tx.commit().await?;
        Ok(Some(Asked { made, standing }))
    }

    /// Writes down that an admin's create begins, of those groups that no open request is for. No
    /// message shows it if it `is_quiet`.
    ///
    /// # Errors
    ///
    /// When the database fails; then nothing is written.
    pub async fn begin(
        &self,
        new: &NewRequest,
        is_quiet: bool,
        now: SystemTime,
        correlation: CorrelationId,
    ) -> Result<Asked, StoreError> {
        let mut tx = self.pool.begin().await?;
        let (free, standing) = standing(&mut tx, &new.names).await?;
        let mut made = None;
        if !free.is_empty() {
            let new = NewRequest { names: free, ..new.clone() };
            made = Some(insert(&mut tx, &new, Kind::Direct { is_quiet }, now, correlation).await?);
        }
        tx.commit().await?;
        Ok(Asked { made, standing })
    }
}

/// The names that no open request is for, and the others with the requests that are.
async fn standing(
    tx: &mut Tx,
    names: &[GroupName],
) -> Result<(Vec<GroupName>, Vec<Standing>), StoreError> {
    let (mut free, mut standing) = (Vec::new(), Vec::new());
    for name in names {
        let open: Option<i64> =
            sqlx::query_scalar("SELECT request FROM requested_groups WHERE folded = $1 AND open")
                .bind(name.folded())
                .fetch_optional(&mut **tx)
                .await?;
        let request = match open {
            Some(id) => one(tx, id).await?,
            None => None,
        };
        match request {
            Some(request) => {
                standing.push(Standing { name: name.clone(), request, how: How::InTheWay });
            }
            None => free.push(name.clone()),
        }
    }
    Ok((free, standing))
}

async fn join(
    tx: &mut Tx,
    request: &Request,
    new: &NewRequest,
    now: SystemTime,
    correlation: CorrelationId,
) -> Result<How, StoreError> {
    let Request { id, state, .. } = *request;
    let (how, activity) = if add_person(tx, id, new, now).await? {
        (How::Joined, Activity::Joined)
    } else if reword(tx, id, new).await? {
        (How::Reworded, Activity::Reworded)
    } else {
        return Ok(How::AskedBefore);
    };
    bump(tx, id).await?;
    let (person, why) = (Some(new.requester), new.reason.as_deref());
    let step = Step { person, before: Some(state), after: state, activity: Some(activity), why };
    record(tx, id, None, step, now, correlation).await?;
    Ok(how)
}

/// Whether somebody who asked before gives another reason now. Giving none takes none back.
async fn reword(tx: &mut Tx, id: i64, new: &NewRequest) -> Result<bool, StoreError> {
    let reworded = sqlx::query(
        "UPDATE participants SET reason = $1 \
         WHERE request = $2 AND person = $3 AND $1 <> COALESCE(reason, '')",
    )
    .bind(&new.reason)
    .bind(id)
    .bind(new.requester.0.cast_signed())
    .execute(&mut **tx)
    .await?;
    if reworded.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("UPDATE requests SET reason = $1 WHERE id = $2 AND requester = $3 AND NOT direct")
        .bind(&new.reason)
        .bind(id)
        .bind(new.requester.0.cast_signed())
        .execute(&mut **tx)
        .await?;
    Ok(true)
}

async fn open_count(tx: &mut Tx, person: UserId) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM requests WHERE requester = $1 AND state IN ('pending', 'creating')",
    )
    .bind(person.0.cast_signed())
    .fetch_one(&mut **tx)
    .await?;
    Ok(count)
}

/// What is written down.
#[derive(Clone, Copy)]
enum Kind {
    /// A request that waits.
    Asked,
    /// An admin's create.
    Direct { is_quiet: bool },
}

async fn insert(
    tx: &mut Tx,
    new: &NewRequest,
    kind: Kind,
    now: SystemTime,
    correlation: CorrelationId,
) -> Result<Request, StoreError> {
    let (state, is_direct, is_quiet) = match kind {
        Kind::Asked => (State::Pending, false, false),
        Kind::Direct { is_quiet } => (State::Creating, true, is_quiet),
    };
    let wait = if is_quiet { SETTLE_AFTER_MILLIS } else { 0 };
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO requests \
           (state, direct, hidden, guild, channel, requester, reason, created_at, decider, decided_at, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
    )
    .bind(state.as_str())
    .bind(is_direct)
    .bind(is_quiet)
    .bind(new.place.guild.0.cast_signed())
    .bind(new.place.channel.0.cast_signed())
    .bind(new.requester.0.cast_signed())
    .bind(&new.reason)
    .bind(millis(now))
    .bind(is_direct.then_some(new.requester.0.cast_signed()))
    .bind(is_direct.then_some(millis(now)))
    .bind(is_direct.then_some(millis(now) + wait))
    .fetch_one(&mut **tx)
    .await?;
    for (position, name) in new.names.iter().enumerate() {
        sqlx::query(
            "INSERT INTO requested_groups (request, position, name, folded, status, open) \
             VALUES ($1, $2, $3, $4, 'waiting', TRUE)",
        )
        .bind(id)
        .bind(i64::try_from(position).unwrap_or(i64::MAX))
        .bind(name.as_str())
        .bind(name.folded())
        .execute(&mut **tx)
        .await?;
    }
    let why = new.reason.as_deref();
    let step =
        Step { person: Some(new.requester), before: None, after: state, activity: None, why };
    record(tx, id, None, step, now, correlation).await?;
    one(tx, id).await?.ok_or(StoreError::Damaged("a new request is gone".to_owned()))
}

/// Whether the person wasn't among those who asked yet.
async fn add_person(
    tx: &mut Tx,
    id: i64,
    new: &NewRequest,
    now: SystemTime,
) -> Result<bool, StoreError> {
    let added = sqlx::query(
        "INSERT INTO participants (request, person, guild, channel, joined_at, reason) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(new.requester.0.cast_signed())
    .bind(new.place.guild.0.cast_signed())
    .bind(new.place.channel.0.cast_signed())
    .bind(millis(now))
    .bind(&new.reason)
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}
