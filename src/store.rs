//! Requests and their history in SQL. What is written here is on disk before anything is done
//! because of it.
//!
//! Every change of state is a compare-and-swap, and its outcome an enum: of two who decide at once,
//! one has decided.

mod open;
mod read;
mod rows;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use sqlx::{Sqlite, SqlitePool, Transaction};

pub use self::open::StoreError;
pub use self::read::{Entry, Filter, Listed, Notice};
use self::rows::{millis, request};
use crate::access::{ChannelId, Place, UserId};
use crate::connect::CorrelationId;
use crate::group::{GroupName, Guid};
use crate::request::{Event, Request, State};

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// The group, as LDAP writes it.
    pub name: GroupName,
    /// Who asks.
    pub requester: UserId,
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: Option<String>,
}

/// What came of asking.
#[derive(Clone, Debug)]
pub enum Asked {
    /// There is a new request.
    Made(Request),
    /// There was one for this group, and the person has joined it.
    Joined(Request),
    /// The person had asked for this group already.
    AskedBefore(Request),
    /// An admin is creating the group at this moment, without a request.
    BeingCreated(Request),
    /// The person has as many open requests as one may have.
    TooMany,
}

/// What came of an admin's create.
#[derive(Clone, Debug)]
pub enum Begun {
    /// It is written down that the group is being created.
    Begun(Request),
    /// There is an open request for this group.
    Open(Request),
}

/// What came of a change of state.
#[derive(Clone, Debug)]
pub enum Swap {
    /// The request is changed.
    Done(Request),
    /// It was in another state: somebody or something else was first.
    Lost(Request),
    /// There is no such request.
    Unknown,
}

/// A change of state, and what is written with it.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happens.
    pub event: Event,
    /// Who does it; nobody if it is time or the bot itself.
    pub person: Option<UserId>,
    /// Why, in the words of whoever does it.
    pub why: Option<String>,
    /// The group that came of it.
    pub guid: Option<Guid>,
    /// What went wrong, or what else is to be said.
    pub note: Option<String>,
    /// Ties it to the logs.
    pub correlation: CorrelationId,
}

impl Change {
    /// A change without further words.
    #[must_use]
    pub fn new(event: Event, person: Option<UserId>, correlation: CorrelationId) -> Self {
        Self { event, person, why: None, guid: None, note: None, correlation }
    }
}

/// The database of requests.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
}

/// Whoever creates something at once is at work on it; only after this long it may have been left.
const SETTLE_AFTER_MILLIS: i64 = 60_000;

type Tx = Transaction<'static, Sqlite>;

impl Store {
    /// Makes a request, or joins the open one for the same group. One person has at most `max_open`.
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
    ) -> Result<Asked, StoreError> {
        let mut tx = self.pool.begin().await?;
        if let Some(open) = open_request(&mut tx, &new.name).await? {
            if open.direct {
                return Ok(Asked::BeingCreated(open));
            }
            let joined = add_person(&mut tx, open.id, new, now).await?;
            if joined {
                bump(&mut tx, open.id).await?;
            }
            tx.commit().await?;
            return Ok(if joined { Asked::Joined(open) } else { Asked::AskedBefore(open) });
        }
        if open_count(&mut tx, new.requester).await? >= i64::from(max_open) {
            return Ok(Asked::TooMany);
        }
        let made = insert(&mut tx, new, State::Pending, now, correlation).await?;
        add_person(&mut tx, made.id, new, now).await?;
        tx.commit().await?;
        Ok(Asked::Made(made))
    }

    /// Writes down that an admin's create begins, unless there is an open request for the group.
    ///
    /// # Errors
    ///
    /// When the database fails; then nothing is written.
    pub async fn begin(
        &self,
        new: &NewRequest,
        now: SystemTime,
        correlation: CorrelationId,
    ) -> Result<Begun, StoreError> {
        let mut tx = self.pool.begin().await?;
        if let Some(open) = open_request(&mut tx, &new.name).await? {
            return Ok(Begun::Open(open));
        }
        let begun = insert(&mut tx, new, State::Creating, now, correlation).await?;
        tx.commit().await?;
        Ok(Begun::Begun(begun))
    }

    /// Changes the state of a request, if it is the one in which the event applies.
    ///
    /// # Errors
    ///
    /// When the database fails; then nothing is written.
    pub async fn change(
        &self,
        id: i64,
        change: &Change,
        now: SystemTime,
    ) -> Result<Swap, StoreError> {
        let from = change.event.from();
        let Some(to) = from.after(change.event) else { return Ok(Swap::Unknown) };
        let mut tx = self.pool.begin().await?;
        let decides = match change.event {
            Event::Approve | Event::Deny | Event::Cancel | Event::Retry => true,
            Event::Expire | Event::Succeed | Event::Fail => false,
        };
        let swapped = sqlx::query(
            "UPDATE requests SET state = $1, version = version + 1, attempts = 0, \
               decider = CASE WHEN $2 THEN $3 ELSE decider END, \
               decided = CASE WHEN $2 THEN $4 ELSE decided END, \
               verdict = COALESCE($5, verdict), guid = $6, note = $7, \
               due = CASE WHEN $1 = 'creating' THEN $4 ELSE NULL END \
             WHERE id = $8 AND state = $9 \
               AND ($9 <> 'failed' OR NOT EXISTS (SELECT 1 FROM requests other \
                 WHERE other.folded = requests.folded AND other.state IN ('pending', 'creating'))) \
             RETURNING *",
        )
        .bind(to.as_str())
        .bind(decides)
        .bind(change.person.map(|person| person.0.cast_signed()))
        .bind(millis(now))
        .bind(&change.why)
        .bind(change.guid.as_ref().map(Guid::as_str))
        .bind(&change.note)
        .bind(id)
        .bind(from.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = swapped else {
            drop(tx);
            return Ok(self.request(id).await?.map_or(Swap::Unknown, Swap::Lost));
        };
        let changed = request(&row)?;
        let why = change.why.as_deref().or(change.note.as_deref());
        record(&mut tx, id, change.person, Some(from), to, why, now, change.correlation).await?;
        match change.event {
            // Whoever cancels it needn't be told.
            Event::Cancel => {
                sqlx::query("UPDATE people SET told = $1 WHERE request = $2 AND person = $3")
                    .bind(to.as_str())
                    .bind(id)
                    .bind(change.person.map(|person| person.0.cast_signed()))
                    .execute(&mut *tx)
                    .await?;
            }
            // If it fails again, that is news.
            Event::Retry => {
                sqlx::query("UPDATE people SET told = NULL WHERE request = $1")
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
            }
            Event::Approve | Event::Deny | Event::Expire | Event::Succeed | Event::Fail => {}
        }
        tx.commit().await?;
        Ok(Swap::Done(changed))
    }

    /// Writes down that a creation didn't come off this time, what the matter is, and when it is
    /// tried next.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn postpone(
        &self,
        id: i64,
        note: &str,
        due: SystemTime,
    ) -> Result<Option<Request>, StoreError> {
        let row = sqlx::query(
            "UPDATE requests SET attempts = attempts + 1, due = $1, version = version + 1, note = $2 \
             WHERE id = $3 AND state = 'creating' RETURNING *",
        )
        .bind(millis(due))
        .bind(note)
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(request).transpose()
    }

    /// Writes down which message shows a request, and what of it.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn note_shown(
        &self,
        id: i64,
        version: i64,
        message: (ChannelId, u64),
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE requests SET shown = $1, message_channel = $2, message = $3 WHERE id = $4",
        )
        .bind(version)
        .bind(message.0.0.cast_signed())
        .bind(message.1.cast_signed())
        .bind(id)
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
        sqlx::query("UPDATE requests SET shown = 0, message_channel = NULL, message = NULL, resent = resent + 1 WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets what the messages of open requests show, so that each is made equal to its row: after
    /// a start nobody knows what happened meanwhile, or which backup this is.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn distrust_messages(&self) -> Result<(), StoreError> {
        sqlx::query("UPDATE requests SET shown = 0 WHERE state IN ('pending', 'creating')")
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Writes down that a person was told an outcome.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn note_told(&self, id: i64, person: UserId, state: State) -> Result<(), StoreError> {
        sqlx::query("UPDATE people SET told = $1 WHERE request = $2 AND person = $3")
            .bind(state.as_str())
            .bind(id)
            .bind(person.0.cast_signed())
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
        sqlx::query("UPDATE requests SET reminded = $1 WHERE id = $2")
            .bind(millis(now))
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

async fn open_request(tx: &mut Tx, name: &GroupName) -> Result<Option<Request>, StoreError> {
    let row = sqlx::query(
        "SELECT * FROM requests WHERE folded = $1 AND state IN ('pending', 'creating')",
    )
    .bind(name.folded())
    .fetch_optional(&mut **tx)
    .await?;
    row.as_ref().map(request).transpose()
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

async fn insert(
    tx: &mut Tx,
    new: &NewRequest,
    state: State,
    now: SystemTime,
    correlation: CorrelationId,
) -> Result<Request, StoreError> {
    let row = sqlx::query(
        "INSERT INTO requests (name, folded, state, direct, guild, channel, requester, reason, made, due) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $4 THEN $9 + $10 ELSE NULL END) \
         RETURNING *",
    )
    .bind(new.name.as_str())
    .bind(new.name.folded())
    .bind(state.as_str())
    .bind(state == State::Creating)
    .bind(new.place.guild.0.cast_signed())
    .bind(new.place.channel.0.cast_signed())
    .bind(new.requester.0.cast_signed())
    .bind(&new.reason)
    .bind(millis(now))
    .bind(SETTLE_AFTER_MILLIS)
    .fetch_one(&mut **tx)
    .await?;
    let made = request(&row)?;
    let why = new.reason.as_deref();
    record(tx, made.id, Some(new.requester), None, state, why, now, correlation).await?;
    Ok(made)
}

/// Whether the person wasn't among those who asked yet.
async fn add_person(
    tx: &mut Tx,
    id: i64,
    new: &NewRequest,
    now: SystemTime,
) -> Result<bool, StoreError> {
    let added = sqlx::query(
        "INSERT INTO people (request, person, guild, channel, joined) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(new.requester.0.cast_signed())
    .bind(new.place.guild.0.cast_signed())
    .bind(new.place.channel.0.cast_signed())
    .bind(millis(now))
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

async fn bump(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE requests SET version = version + 1 WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "they are the columns of the table")]
async fn record(
    tx: &mut Tx,
    id: i64,
    person: Option<UserId>,
    before: Option<State>,
    after: State,
    why: Option<&str>,
    now: SystemTime,
    correlation: CorrelationId,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO history (request, at, person, before, after, why, correlation) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(millis(now))
    .bind(person.map(|person| person.0.cast_signed()))
    .bind(before.map(State::as_str))
    .bind(after.as_str())
    .bind(why)
    .bind(correlation.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
