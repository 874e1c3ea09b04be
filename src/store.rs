//! Requests and their history in SQL. What is written here is on disk before anything is done
//! because of it.
//!
//! Every change of state is a compare-and-swap, and its outcome an enum: of two who decide at once,
//! one has decided.

mod asking;
mod changing;
mod examine;
mod lists;
mod look;
mod open;
mod people;
mod read;
mod rows;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;

use sqlx::{Sqlite, SqlitePool, Transaction};

pub use self::asking::{Asked, How, NewRequest, Standing};
pub use self::changing::{Change, GroupOutcome, Transition};
pub use self::examine::Condition;
pub use self::lists::{Entry, Filter, Listed};
pub use self::look::Overview;
pub use self::open::StoreError;
use self::read::BY_ID;
pub use self::read::Notice;
use self::rows::{all, millis};
use crate::correlation::CorrelationId;
use crate::ids::{ChannelId, GuildId, UserId};
use crate::request::{Activity, Request, State};

/// The database of requests.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    /// Says to other processes that this one has the database.
    lock: Arc<File>,
}

type Tx = Transaction<'static, Sqlite>;

impl Store {
    /// Writes down which message shows a request, what of it, and in which server, if that is news.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn note_shown(
        &self,
        id: i64,
        version: i64,
        message: (ChannelId, u64),
        guild: Option<GuildId>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE requests SET shown_version = $1, message_channel = $2, message = $3, \
               message_guild = COALESCE($5, message_guild) \
             WHERE id = $4",
        )
        .bind(version)
        .bind(message.0.0.cast_signed())
        .bind(message.1.cast_signed())
        .bind(id)
        .bind(guild.map(|guild| guild.0.cast_signed()))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Writes down that the message of a request is gone, so that it is sent again.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn note_gone(&self, id: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE requests SET shown_version = 0, message_channel = NULL, message = NULL, message_guild = NULL, resent = resent + 1 WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Writes down that a person was told an outcome, of a request in this version, unless the request
    /// has changed meanwhile: then they weren't told what it is now.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn note_told(
        &self,
        (id, version): (i64, i64),
        person: UserId,
        state: State,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE participants SET told_state = $1 WHERE request = $2 AND person = $3 AND EXISTS \
               (SELECT 1 FROM requests WHERE id = $2 AND state = $1 AND version = $4)",
        )
        .bind(state.as_str())
        .bind(id)
        .bind(person.0.cast_signed())
        .bind(version)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Writes down that an undecided request was brought up again.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn note_reminded(&self, id: i64, now: SystemTime) -> Result<(), StoreError> {
        sqlx::query("UPDATE requests SET reminded_at = $1 WHERE id = $2")
            .bind(millis(now))
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

async fn one(tx: &mut Tx, id: i64) -> Result<Option<Request>, StoreError> {
    let rows = sqlx::query(BY_ID).bind(id).fetch_all(&mut **tx).await?;
    Ok(all(&rows)?.pop())
}

async fn bump(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE requests SET version = version + 1 WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What happens to a request, or to one of its groups.
#[derive(Clone, Copy)]
struct Step<'a> {
    person: Option<UserId>,
    before: Option<State>,
    after: State,
    /// If the state stays, what it is that somebody did.
    activity: Option<Activity>,
    why: Option<&'a str>,
}

async fn record(
    tx: &mut Tx,
    id: i64,
    position: Option<i64>,
    step: Step<'_>,
    now: SystemTime,
    correlation: CorrelationId,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO history \
           (request, position, at, person, before, after, activity, why, correlation_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(position)
    .bind(millis(now))
    .bind(step.person.map(|person| person.0.cast_signed()))
    .bind(step.before.map(State::as_str))
    .bind(step.after.as_str())
    .bind(step.activity.map(Activity::as_str))
    .bind(step.why)
    .bind(correlation.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
