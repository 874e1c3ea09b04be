//! Requests and their history in SQL. What is written here is on disk before anything is done
//! because of it.
//!
//! Every change of state is a compare-and-swap, and its outcome an enum: of two who decide at once,
//! one has decided.

mod alerts;
mod asking;
mod changing;
mod clock;
mod copies;
mod copying;
mod examine;
mod exporting;
mod file;
mod forgetting;
mod interactions;
mod lease;
mod lists;
mod moving;
mod open;
mod open_names;
mod outbox;
mod overview;
mod people;
mod picks;
mod postgres;
mod read;
mod rows;
mod schema;
mod searches;
mod sql;
#[cfg(test)]
mod tests;
mod transaction;
mod undelivered;
mod waiting;

use std::sync::Arc;
use std::time::SystemTime;

pub(crate) use self::alerts::Alert;
pub(super) use self::asking::NewRequest;
pub(super) use self::changing::{Change, Transition};
use self::clock::Clock;
pub(crate) use self::clock::clocks_apart;
pub(super) use self::copies::{Copies, News};
pub(crate) use self::copying::back_up;
pub(crate) use self::examine::examine;
pub(crate) use self::exporting::{ExportError, export};
pub(super) use self::lease::Lease;
pub(super) use self::lists::Filter;
pub(crate) use self::lists::{Bringer, Entry, Listed, Listing};
pub(crate) use self::moving::{Moved, move_database};
use self::open::Lock;
pub(crate) use self::open::Sharing;
use self::open_names::OpenNames;
pub(crate) use self::outbox::{Notice, Outbox};
pub(crate) use self::overview::Overview;
use self::rows::{BY_ID, all};
pub(super) use self::rows::{millis, time};
pub(crate) use self::schema::{Condition, StoreError};
pub(super) use self::searches::{Fresh, KeptSearch};
use self::sql::{On, Pool, Tx, query};
pub(crate) use self::undelivered::Undelivered;
pub(crate) use self::waiting::{Wait, Waits};
use crate::correlation::CorrelationId;
use crate::ids::UserId;
use crate::request::{Activity, Reason, Request, State};

/// The database of requests.
#[derive(Clone)]
pub(super) struct Store {
    pool: Pool,
    /// Says to other processes that this one has the database.
    lock: Lock,
    open: OpenNames,
    clock: Arc<Clock>,
}

impl Store {
    /// What is to be shown and told.
    pub(super) fn outbox(&self) -> Outbox {
        Outbox { pool: self.pool.clone() }
    }

    /// The request of this number.
    pub(super) async fn request(&self, id: i64) -> Result<Option<Request>, StoreError> {
        by_id(&self.pool, id).await
    }
}

async fn by_id(on: impl Into<On<'_>>, id: i64) -> Result<Option<Request>, StoreError> {
    Ok(all(&query(BY_ID).bind(id).fetch_all(on).await?)?.pop())
}

async fn bump(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    query("UPDATE requests SET version = version + 1 WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

/// When something happens, and what ties it to the logs.
type Stamp = (SystemTime, CorrelationId);

/// What happens to a request, or to one of its groups.
#[derive(Clone, Copy)]
struct Step<'a> {
    person: Option<UserId>,
    before: Option<State>,
    after: State,
    /// If the state stays, what it is that somebody did.
    activity: Option<Activity>,
    /// Why, in the words of whoever did it.
    why: Option<&'a str>,
    /// Why, if it is the bot that did it.
    cause: Option<&'a Reason>,
}

impl Step<'_> {
    /// Without further words.
    fn of(person: Option<UserId>, before: Option<State>, after: State) -> Self {
        Self { person, before, after, activity: None, why: None, cause: None }
    }
}

async fn record(
    tx: &mut Tx,
    (id, position): (i64, Option<i64>),
    step: Step<'_>,
    (now, correlation): Stamp,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO history \
           (request_id, position, at, person, before, after, activity, why, cause, correlation_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(position)
    .bind(millis(now))
    .bind(step.person.map(|person| person.0.cast_signed()))
    .bind(step.before.map(State::as_str))
    .bind(step.after.as_str())
    .bind(step.activity.map(Activity::as_str))
    .bind(step.why)
    .bind(step.cause.map(Reason::to_json))
    .bind(correlation.to_string())
    .execute(tx)
    .await?;
    Ok(())
}
