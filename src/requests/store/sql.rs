//! One SQL for both databases. A statement is written once, in words and types that `SQLite` and
//! PostgreSQL take alike; which of them it is for is known here, and where one is opened.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Encode, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, Type};
use tokio::time::timeout;

use super::lease::Lease;
use super::postgres::schema;
use super::transaction::Transaction;
use crate::metrics::Metrics;

/// Has who writes to PostgreSQL wait for whoever does just now, as `SQLite` has it by itself: what a
/// transaction reads is so until its end. Discord takes 50 calls a second from a bot, and one writer
/// is many times faster than that. The lock is the schema's, so that each bot has its own.
const BEGIN_ALONE: &str = concat!(
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1818518896, ",
    schema!(),
    "::INT4)"
);

/// What is read from PostgreSQL with several statements is of one moment.
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How long PostgreSQL may take for a statement. A server that is gone without a word would be waited
/// for as long as the network does.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open database.
#[derive(Clone)]
pub(super) struct Pool {
    pub(super) connections: Connections,
    pub(super) metrics: Arc<Metrics>,
    changes: Arc<AtomicU64>,
}

/// The connections to it.
#[derive(Clone)]
pub(super) enum Connections {
    Sqlite(SqlitePool),
    /// And what keeps every other bot from it, if this one has to.
    Postgres(PgPool, Option<Arc<Lease>>),
}

impl Pool {
    /// A database with these connections.
    pub(super) fn new(connections: Connections, metrics: Arc<Metrics>) -> Self {
        Self { connections, metrics, changes: Arc::default() }
    }

    /// How often this process may have changed something as a whole: what begins or ends does so.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Whether other processes may write, too.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.connections, Connections::Postgres(_, None))
    }

    /// Begins what is written as a whole.
    pub(super) async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match &self.connections {
            Connections::Sqlite(pool) => Tx::Sqlite(pool.begin().await?, self.step()),
            Connections::Postgres(pool, lease) => {
                let begun =
                    in_time(lease.as_deref(), Transaction::begin(pool, BEGIN_ALONE)).await?;
                Tx::Postgres(begun, self.step(), lease.clone())
            }
        })
    }

    /// Begins what is read as a whole.
    pub(super) async fn begin_reading(&self) -> sqlx::Result<Tx> {
        match &self.connections {
            Connections::Sqlite(_) => self.begin().await,
            Connections::Postgres(pool, lease) => {
                let begun =
                    in_time(lease.as_deref(), Transaction::begin(pool, BEGIN_READING)).await?;
                Ok(Tx::Postgres(begun, self.step(), lease.clone()))
            }
        }
    }

    /// Closes all connections.
    pub(super) async fn close(&self) {
        match &self.connections {
            Connections::Sqlite(pool) => pool.close().await,
            Connections::Postgres(pool, _) => pool.close().await,
        }
    }

    fn step(&self) -> Step {
        let (metrics, changes) = (Arc::clone(&self.metrics), Arc::clone(&self.changes));
        Step { begun: Instant::now(), metrics, changes }
    }

    async fn hold(&self) -> sqlx::Result<Held<'_>> {
        Ok(match &self.connections {
            Connections::Sqlite(pool) => {
                Held::Alone(Alone::Sqlite(pool.acquire().await?), self.step())
            }
            Connections::Postgres(pool, lease) => {
                let alone = in_time(lease.as_deref(), pool.acquire()).await?;
                Held::Alone(Alone::Postgres(alone, lease.clone()), self.step())
            }
        })
    }
}

/// Measures how long a connection is held.
pub(super) struct Step {
    begun: Instant,
    metrics: Arc<Metrics>,
    changes: Arc<AtomicU64>,
}

impl Drop for Step {
    fn drop(&mut self) {
        self.metrics.stepped(self.begun.elapsed());
    }
}

/// A transaction. Dropped, it is as if it had never begun.
pub(super) enum Tx {
    Sqlite(sqlx::Transaction<'static, Sqlite>, Step),
    Postgres(Transaction, Step, Option<Arc<Lease>>),
}

impl Tx {
    /// Ends it; what was written is on the disk then.
    pub(super) async fn commit(self) -> sqlx::Result<()> {
        let (committed, step) = match self {
            Self::Sqlite(tx, step) => (tx.commit().await, step),
            Self::Postgres(tx, step, lease) => (in_time(lease.as_deref(), tx.commit()).await, step),
        };
        // Also if it failed: an answer may be lost.
        step.changes.fetch_add(1, Ordering::Release);
        committed
    }
}

/// Where a statement is carried out.
pub(super) enum On<'a> {
    /// By itself.
    Pool(&'a Pool),
    /// As a part of something.
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Pool> for On<'a> {
    fn from(pool: &'a Pool) -> Self {
        Self::Pool(pool)
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

impl<'a> On<'a> {
    async fn hold(self) -> sqlx::Result<Held<'a>> {
        match self {
            Self::Pool(pool) => Box::pin(pool.hold()).await,
            Self::Tx(tx) => Ok(Held::Tx(tx)),
        }
    }
}

/// A connection for as long as a statement is carried out.
enum Held<'a> {
    Alone(Alone, #[expect(dead_code, reason = "it measures until it is dropped")] Step),
    Tx(&'a mut Tx),
}

enum Alone {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>, Option<Arc<Lease>>),
}

enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection, Option<&'a Lease>),
}

impl Held<'_> {
    fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Alone(Alone::Sqlite(connection), _) => Connection::Sqlite(connection),
            Self::Alone(Alone::Postgres(connection, lease), _) => {
                Connection::Postgres(connection, lease.as_deref())
            }
            Self::Tx(Tx::Sqlite(tx, _)) => Connection::Sqlite(tx),
            Self::Tx(Tx::Postgres(tx, _, lease)) => Connection::Postgres(tx, lease.as_deref()),
        }
    }
}

/// Goes no further once another bot may have the database: a process that stood still may be in the midst
/// of it. What is waited for lies on the heap, so that the other database's futures are no larger for it.
fn in_time<'a, T: 'a>(
    lease: Option<&'a Lease>,
    answer: impl Future<Output = sqlx::Result<T>> + Send + 'a,
) -> Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'a>> {
    Box::pin(async move {
        let mut answer = pin!(timeout(PATIENCE, answer));
        let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
        poll_fn(|context| match Lease::check(lease) {
            Ok(()) => answer.as_mut().poll(context).map(|answer| answer.unwrap_or_else(late)),
            Err(lost) => Poll::Ready(Err(lost)),
        })
        .await
    })
}

/// What is bound to a statement. That there is nothing has a type, too, for PostgreSQL.
pub(super) enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Flag(Option<bool>),
}

macro_rules! value {
    ($($from:ty => $kind:ident($given:ident) $value:expr;)+) => {
        $(impl From<$from> for Value {
            fn from($given: $from) -> Self {
                Self::$kind($value)
            }
        })+
    };
}

value! {
    i64 => Number(number) Some(number);
    Option<i64> => Number(number) number;
    String => Text(text) Some(text);
    Option<String> => Text(text) text;
    &Option<String> => Text(text) text.clone();
    &String => Text(text) Some(text.clone());
    &str => Text(text) Some(text.to_owned());
    Option<&str> => Text(text) text.map(str::to_owned);
    bool => Flag(flag) Some(flag);
}

/// What both databases have, in a row.
pub(super) trait Column:
    for<'r> sqlx::Decode<'r, Sqlite>
    + Type<Sqlite>
    + for<'r> sqlx::Decode<'r, Postgres>
    + Type<Postgres>
{
}

impl<T> Column for T where
    T: for<'r> sqlx::Decode<'r, Sqlite>
        + Type<Sqlite>
        + for<'r> sqlx::Decode<'r, Postgres>
        + Type<Postgres>
{
}

/// A row that was read.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// What stands in the column of this name.
    pub(super) fn try_get<T: Column>(&self, column: &str) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    fn first<T: Column>(&self) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(row) => row.try_get(0),
            Self::Postgres(row) => row.try_get(0),
        }
    }
}

/// A statement with what is bound to it.
pub(super) struct Query {
    sql: SqlStr,
    values: Vec<Value>,
}

/// A statement for both databases.
pub(super) fn query(sql: impl SqlSafeStr) -> Query {
    Query { sql: sql.into_sql_str(), values: Vec::new() }
}

impl Query {
    /// With this for the next of `$1`, `$2` and so on.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Every row.
    pub(super) async fn fetch_all(self, on: impl Into<On<'_>>) -> sqlx::Result<Vec<Row>> {
        let mut held = on.into().hold().await?;
        Ok(match held.connection() {
            Connection::Sqlite(connection) => {
                let rows = self.sqlite().fetch_all(connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(connection, lease) => {
                let rows = in_time(lease, self.postgres().fetch_all(connection)).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row, if there is one.
    pub(super) async fn fetch_optional(self, on: impl Into<On<'_>>) -> sqlx::Result<Option<Row>> {
        let mut held = on.into().hold().await?;
        Ok(match held.connection() {
            Connection::Sqlite(connection) => {
                self.sqlite().fetch_optional(connection).await?.map(Row::Sqlite)
            }
            Connection::Postgres(connection, lease) => {
                in_time(lease, self.postgres().fetch_optional(connection)).await?.map(Row::Postgres)
            }
        })
    }

    /// The first row, which there is.
    pub(super) async fn fetch_one(self, on: impl Into<On<'_>>) -> sqlx::Result<Row> {
        self.fetch_optional(on).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// What stands first in the first row.
    pub(super) async fn fetch_value<T: Column>(self, on: impl Into<On<'_>>) -> sqlx::Result<T> {
        self.fetch_one(on).await?.first()
    }

    /// The same, if there is a row.
    pub(super) async fn fetch_if_any<T: Column>(
        self,
        on: impl Into<On<'_>>,
    ) -> sqlx::Result<Option<T>> {
        self.fetch_optional(on).await?.as_ref().map(Row::first).transpose()
    }

    /// What stands first in each row.
    pub(super) async fn fetch_values<T: Column>(
        self,
        on: impl Into<On<'_>>,
    ) -> sqlx::Result<Vec<T>> {
        self.fetch_all(on).await?.iter().map(Row::first).collect()
    }

    /// Changes something as a part of a transaction. How many rows.
    pub(super) async fn execute(self, tx: &mut Tx) -> sqlx::Result<u64> {
        self.execute_on(Held::Tx(tx)).await
    }

    /// Changes something by itself. How many rows.
    pub(super) async fn write(self, pool: &Pool) -> sqlx::Result<u64> {
        if matches!(pool.connections, Connections::Sqlite(_)) {
            return self.execute_on(pool.hold().await?).await;
        }
        let mut tx = pool.begin().await?;
        let changed = self.execute(&mut tx).await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn execute_on(self, mut held: Held<'_>) -> sqlx::Result<u64> {
        Ok(match held.connection() {
            Connection::Sqlite(connection) => {
                self.sqlite().execute(connection).await?.rows_affected()
            }
            Connection::Postgres(connection, lease) => {
                in_time(lease, self.postgres().execute(connection)).await?.rows_affected()
            }
        })
    }

    fn sqlite(self) -> sqlx::query::Query<'static, Sqlite, sqlx::sqlite::SqliteArguments> {
        self.bound()
    }

    /// PostgreSQL has no text with a NUL in it: it gets the sign for one.
    fn postgres(mut self) -> sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments> {
        for value in &mut self.values {
            if let Value::Text(Some(text)) = value
                && text.contains('\0')
            {
                *text = text.replace('\0', "\u{2400}");
            }
        }
        self.bound()
    }

    fn bound<DB: sqlx::Database>(self) -> sqlx::query::Query<'static, DB, DB::Arguments>
    where
        Option<i64>: Encode<'static, DB> + Type<DB>,
        Option<String>: Encode<'static, DB> + Type<DB>,
        Option<bool>: Encode<'static, DB> + Type<DB>,
    {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Flag(flag) => query.bind(flag),
        })
    }
}
