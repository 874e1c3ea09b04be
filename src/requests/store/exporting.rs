//! Everything about the requests, for auditors, while a bot is at work on them.

use std::collections::HashMap;
use std::io;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::StoreError;
use super::copying::{CopyError, reading};
use super::rows::time;
use super::sql::{Pool, Row, query};

/// So many requests are read at once.
const PAGE: i64 = 100;

/// Why not everything was exported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// The database can't be read.
    #[error(transparent)]
    Database(#[from] CopyError),
    /// The output can't be written.
    #[error("the output can't be written ({0})")]
    Output(#[from] io::Error),
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(StoreError::Sql(error).into())
    }
}

/// Hands each request that there is at the beginning to `write`, the oldest first, with its groups,
/// people and history. A page is read in one transaction, and no transaction stays open while something
/// is written: a reader that takes its time would have the database's log grow.
///
/// # Errors
///
/// When something can't be read or written; what came before is written.
pub(crate) async fn export(
    url: &SecretString,
    mut write: impl FnMut(&Value) -> io::Result<()>,
) -> Result<(), ExportError> {
    let pool = reading(url).await?;
    let exported = pages(&pool, &mut write).await;
    pool.close().await;
    exported
}

async fn pages(
    pool: &Pool,
    write: &mut impl FnMut(&Value) -> io::Result<()>,
) -> Result<(), ExportError> {
    let latest: Option<i64> = query("SELECT MAX(id) FROM requests").fetch_value(pool).await?;
    let mut after = 0;
    while after < latest.unwrap_or(0) {
        let requests = page(pool, after, latest.unwrap_or(0)).await?;
        let Some((last, _)) = requests.last() else { break };
        after = *last;
        for (_, request) in &requests {
            write(request)?;
        }
    }
    Ok(())
}

/// The requests whose numbers follow `after`, up to `latest`.
async fn page(pool: &Pool, after: i64, latest: i64) -> Result<Vec<(i64, Value)>, sqlx::Error> {
    let mut tx = pool.begin_reading().await?;
    let rows = query(REQUESTS).bind(after).bind(latest).bind(PAGE).fetch_all(&mut tx).await?;
    let last: i64 = rows.last().map_or(Ok(after), |row| row.try_get("id"))?;
    let mut of_each = HashMap::new();
    for (name, sql, value) in [
        ("groups", GROUPS, group as fn(&Row) -> sqlx::Result<Value>),
        ("people", PEOPLE, person),
        ("history", HISTORY, step),
    ] {
        let rows = query(sql).bind(after).bind(last).fetch_all(&mut tx).await?;
        for row in &rows {
            let id: i64 = row.try_get("request_id")?;
            of_each.entry((id, name)).or_insert_with(Vec::new).push(value(row)?);
        }
    }
    tx.commit().await?;
    let with_all = |row: &Row| {
        let (id, mut request) = (row.try_get("id")?, request(row)?);
        for name in ["groups", "people", "history"] {
            request[name] = of_each.remove(&(id, name)).unwrap_or_default().into();
        }
        Ok((id, request))
    };
    rows.iter().map(with_all).collect()
}

const REQUESTS: &str = "SELECT id, state, kind, guild, channel, requester, reason, created_at, \
       approver, approved_at, decider, decided_at, denial_reason \
     FROM requests WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3";

const GROUPS: &str = "SELECT request_id, name, status, guid, failure FROM requested_groups \
     WHERE request_id > $1 AND request_id <= $2 ORDER BY request_id, position";

const PEOPLE: &str = "SELECT request_id, person, guild, channel, joined_at, reason, told_state \
     FROM participants WHERE request_id > $1 AND request_id <= $2 \
     ORDER BY request_id, joined_at, person";

const HISTORY: &str = "SELECT h.request_id, h.at, h.person, h.before, h.after, h.activity, h.why, \
       h.cause, h.correlation_id, g.name FROM history h LEFT JOIN requested_groups g \
       ON g.request_id = h.request_id AND g.position = h.position \
     WHERE h.request_id > $1 AND h.request_id <= $2 ORDER BY h.request_id, h.id";

fn request(row: &Row) -> sqlx::Result<Value> {
    Ok(json!({
        "request": row.try_get::<i64>("id")?,
        "state": text(row, "state")?,
        "kind": text(row, "kind")?,
        "server": id(row, "guild")?,
        "channel": id(row, "channel")?,
        "requester": id(row, "requester")?,
        "reason": text(row, "reason")?,
        "created_at": at(row, "created_at")?,
        "approver": id(row, "approver")?,
        "approved_at": at(row, "approved_at")?,
        "decider": id(row, "decider")?,
        "decided_at": at(row, "decided_at")?,
        "denial_reason": text(row, "denial_reason")?,
    }))
}

fn group(row: &Row) -> sqlx::Result<Value> {
    Ok(json!({
        "name": text(row, "name")?,
        "status": text(row, "status")?,
        "guid": text(row, "guid")?,
        "failure": object(row, "failure")?,
    }))
}

fn person(row: &Row) -> sqlx::Result<Value> {
    Ok(json!({
        "person": id(row, "person")?,
        "server": id(row, "guild")?,
        "channel": id(row, "channel")?,
        "joined_at": at(row, "joined_at")?,
        "reason": text(row, "reason")?,
        "told": text(row, "told_state")?,
    }))
}

fn step(row: &Row) -> sqlx::Result<Value> {
    Ok(json!({
        "at": at(row, "at")?,
        "group": text(row, "name")?,
        "person": id(row, "person")?,
        "before": text(row, "before")?,
        "after": text(row, "after")?,
        "activity": text(row, "activity")?,
        "why": text(row, "why")?,
        "cause": object(row, "cause")?,
        "correlation_id": text(row, "correlation_id")?,
    }))
}

fn text(row: &Row, column: &str) -> sqlx::Result<Option<String>> {
    row.try_get(column)
}

/// As text: many programs take numbers for floating point, which ends at 2^53.
fn id(row: &Row, column: &str) -> sqlx::Result<Option<String>> {
    let id: Option<i64> = row.try_get(column)?;
    Ok(id.map(|id| id.cast_unsigned().to_string()))
}

fn at(row: &Row, column: &str) -> sqlx::Result<Option<String>> {
    let at: Option<i64> = row.try_get(column)?;
    Ok(at.map(|at| humantime::format_rfc3339_millis(time(at)).to_string()))
}

/// What the bot keeps as JSON; as it stands, should it be none.
fn object(row: &Row, column: &str) -> sqlx::Result<Option<Value>> {
    let kept = text(row, column)?;
    Ok(kept.map(|kept| serde_json::from_str(&kept).unwrap_or(Value::String(kept))))
}
