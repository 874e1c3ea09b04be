//! All of a stopped bot's database, written into an empty one of the other kind.

use std::sync::Arc;

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Row as _, TypeInfo as _};

use super::Store;
use super::examine::examine;
use super::open::{Sharing, is_postgres};
use super::schema::{Condition, StoreError};
use super::sql::{Connections, Pool, Query, Row, Tx, Value, query};
use crate::metrics::Metrics;

/// What there is, in an order in which nothing comes before what it is about; and which column says
/// which request that is.
pub(super) const TABLES: [(&str, &str); 4] = [
    ("requests", "id"),
    ("requested_groups", "request_id"),
    ("participants", "request_id"),
    ("history", "request_id"),
];

/// What is about no request, and little. The latest searches stay: they are for other copies of the
/// same bot, and for minutes.
pub(super) const OTHERS: [&str; 4] = ["interactions", "alerts", "undelivered", "picks"];

/// So many requests are read at once.
const PAGE: i64 = 500;

/// So many rows are written at once: a statement takes 32766 values.
const ROWS: usize = 100;

/// PostgreSQL's own numbers go on where these end.
const NUMBERS: [&str; 2] = [
    "SELECT setval(pg_get_serial_sequence('requests', 'id'), (SELECT MAX(id) FROM requests))",
    "SELECT setval(pg_get_serial_sequence('history', 'id'), (SELECT MAX(id) FROM history))",
];

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MoveError {
    /// One is a copy of the other's kind.
    #[error(
        "FROM and TO are of one kind; one of them is to be a file, sqlite://PATH, and the other PostgreSQL"
    )]
    SameKind,
    /// There is nothing to be moved.
    #[error("FROM: there is no database of the bot's there")]
    Missing,
    /// Only this version's own tables are known.
    #[error("FROM: an older version made the database; start this version on it once")]
    Outdated,
    /// Nothing is written over.
    #[error("TO: there are requests in it already, and it is left as it is; name an empty one")]
    NotEmpty,
    /// The old database can't be used.
    #[error("{}", of("FROM", .0))]
    From(#[source] StoreError),
    /// The new one can't be used.
    #[error("{}", of("TO", .0))]
    To(#[source] StoreError),
    /// Not as much arrived as was sent.
    #[error("of {table} {from} rows are in FROM and {to} in TO; TO is left empty")]
    Lost {
        /// Of what.
        table: &'static str,
        /// How many there were.
        from: i64,
        /// How many there are.
        to: i64,
    },
}

/// The words about a setting, said about an argument.
fn of(argument: &str, error: &StoreError) -> String {
    match error {
        StoreError::Sql(error) => format!("{argument}: {error}"),
        error => error.to_string().replacen("DATABASE_URL", argument, 1),
    }
}

/// How much was moved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Moved {
    /// Requests.
    pub requests: i64,
    /// Their groups.
    pub groups: i64,
    /// Who asked.
    pub people: i64,
    /// Steps of their history.
    pub steps: i64,
}

/// Writes all that is in the database at `from`, which stays as it is, into the empty one at `to`. No
/// bot may be running on either.
///
/// # Errors
///
/// When not all of it is there; then `to` is empty.
pub(crate) async fn move_database(
    from: &SecretString,
    to: &SecretString,
) -> Result<Moved, MoveError> {
    if is_postgres(from) == is_postgres(to) {
        return Err(MoveError::SameKind);
    }
    match examine(from).await.map_err(MoveError::From)? {
        Condition::Current => {}
        Condition::Newer => return Err(MoveError::From(StoreError::OtherVersion)),
        Condition::Outdated => return Err(MoveError::Outdated),
        Condition::Missing | Condition::Empty => return Err(MoveError::Missing),
    }
    let metrics = Arc::new(Metrics::new());
    let from =
        Store::open(from, Sharing::Alone, Arc::clone(&metrics)).await.map_err(MoveError::From)?;
    let to = match Store::open(to, Sharing::Alone, metrics).await {
        Ok(to) => to,
        Err(error) => {
            from.close().await;
            return Err(MoveError::To(error));
        }
    };
    let moved = fill(&from.pool, &to.pool).await;
    from.close().await;
    to.close().await;
    moved
}

async fn fill(from: &Pool, to: &Pool) -> Result<Moved, MoveError> {
    let theirs = |error: sqlx::Error| MoveError::To(error.into());
    let mut tx = to.begin().await.map_err(theirs)?;
    for (table, _) in TABLES {
        if count(table).fetch_value::<i64>(&mut tx).await.map_err(theirs)? > 0 {
            return Err(MoveError::NotEmpty);
        }
    }
    copy(from, &mut tx).await?;
    for table in OTHERS {
        let rows = query(AssertSqlSafe(format!("SELECT * FROM {table}"))).fetch_all(from).await;
        write(&mut tx, table, &rows.map_err(|error| MoveError::From(error.into()))?).await?;
    }
    let mut counts = [0; TABLES.len()];
    for ((table, _), counted) in TABLES.iter().zip(&mut counts) {
        let sent = count(table).fetch_value(from).await;
        let sent = sent.map_err(|error| MoveError::From(error.into()))?;
        *counted = count(table).fetch_value(&mut tx).await.map_err(theirs)?;
        if sent != *counted {
            return Err(MoveError::Lost { table, from: sent, to: *counted });
        }
    }
    if matches!(to.connections, Connections::Postgres(..)) {
        for number_on in NUMBERS {
            query(number_on).execute(&mut tx).await.map_err(theirs)?;
        }
    }
    tx.commit().await.map_err(theirs)?;
    let [requests, groups, people, steps] = counts;
    Ok(Moved { requests, groups, people, steps })
}

fn count(table: &str) -> Query {
    query(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
}

async fn copy(from: &Pool, to: &mut Tx) -> Result<(), MoveError> {
    let ours = |error: sqlx::Error| MoveError::From(error.into());
    let mut after = 0;
    loop {
        let page = query("SELECT id FROM requests WHERE id > $1 ORDER BY id LIMIT $2");
        let page: Vec<i64> = page.bind(after).bind(PAGE).fetch_values(from).await.map_err(ours)?;
        let Some(last) = page.last() else { return Ok(()) };
        for (table, key) in TABLES {
            let rows = format!("SELECT * FROM {table} WHERE {key} > $1 AND {key} <= $2");
            let rows = query(AssertSqlSafe(rows)).bind(after).bind(*last);
            write(to, table, &rows.fetch_all(from).await.map_err(ours)?).await?;
        }
        after = *last;
    }
}

async fn write(to: &mut Tx, table: &str, rows: &[Row]) -> Result<(), MoveError> {
    for rows in rows.chunks(ROWS) {
        let insert = insert(table, rows).map_err(|error| MoveError::From(error.into()))?;
        insert.execute(to).await.map_err(|error| MoveError::To(error.into()))?;
    }
    Ok(())
}

/// What writes these rows of a table.
fn insert(table: &str, rows: &[Row]) -> sqlx::Result<Query> {
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for row in rows {
        columns.clear();
        for (column, value) in cells(row)? {
            columns.push(column);
            values.push(value);
        }
    }
    let row = |number: usize| {
        let first = number * columns.len() + 1;
        let places: Vec<_> = (first..first + columns.len()).map(|at| format!("${at}")).collect();
        format!("({})", places.join(", "))
    };
    let places: Vec<_> = (0..rows.len()).map(row).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES {}", columns.join(", "), places.join(", "));
    Ok(values.into_iter().fold(query(AssertSqlSafe(sql)), Query::bind))
}

/// The columns of a row, and what stands in each.
fn cells(row: &Row) -> sqlx::Result<Vec<(String, Value)>> {
    let columns: Vec<(String, String)> = match row {
        Row::Sqlite(row) => named(row.columns()),
        Row::Postgres(row) => named(row.columns()),
    };
    let cell = |(column, kind): (String, String)| {
        let value = match kind.as_str() {
            "BOOLEAN" | "BOOL" => Value::Flag(row.try_get(&column)?),
            "TEXT" => Value::Text(row.try_get(&column)?),
            _ => Value::Number(row.try_get(&column)?),
        };
        Ok((column, value))
    };
    columns.into_iter().map(cell).collect()
}

fn named<C: sqlx::Column>(columns: &[C]) -> Vec<(String, String)> {
    let pair = |column: &C| (column.name().to_owned(), column.type_info().name().to_owned());
    columns.iter().map(pair).collect()
}
