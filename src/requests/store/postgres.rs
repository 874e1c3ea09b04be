//! A database in PostgreSQL: whether it can be used, and the connections to it.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;

use super::schema::{Condition, IN_POSTGRES, StoreError, refused, stands, unmade};

/// The number of the schema that the bot's tables are in, by which its locks and its channel are its own
/// among other bots' in the same database. Its name may need quotes.
macro_rules! schema {
    () => {
        "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    };
}
pub(super) use schema;

/// One writes at a time, and who reads is soon done.
const CONNECTIONS: u32 = 5;

/// How long a connection, or an answer of one, is waited for: a server that is started anew is back by then.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the server is waited for by who could do without it.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The oldest release of the server that ends a session which it doesn't hear any more, of which
/// [`Lease`](super::lease::Lease) makes use.
const OLDEST: i32 = 14;

/// How long somebody else's lock is waited for, and how long a transaction may stand still: a process
/// on a machine that is gone holds up the others no longer.
const LIMITS: [(&str, &str); 3] = [
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    // Whoever has waited for another to write must see what that has written.
    ("default_transaction_isolation", "read committed"),
];

/// What a statement reads it finds by an index, whatever the server takes the tables for: it knows little
/// of them at first, and guesses too many of what an index of a few rows has. Pages cost nothing, since
/// else it walks along an index that lies in the tables' order, and passes what isn't asked for.
const BY_INDEX: [(&str, &str); 7] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
    ("seq_page_cost", "0"),
    ("random_page_cost", "0"),
];

/// A table of the bot's that it may not read and write. Another's may be there, as extensions make them.
const BARRED: &str = concat!(
    "SELECT relname::TEXT FROM pg_class WHERE relkind = 'r' AND relnamespace = ",
    schema!(),
    " AND relname IN ('requests', 'requested_groups', 'participants', 'history', 'interactions', \
       'alerts', 'searches', 'picks', 'lease', 'undelivered', '_sqlx_migrations') \
       AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') \
       AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')) \
     ORDER BY relname LIMIT 1"
);

/// Migrations of processes that start at once take more than a moment.
const WAIT: &str = "SET lock_timeout = '30s'";

/// The lock of whoever writes, for a whole session.
const WRITE_ALONE: &str = concat!("SELECT pg_advisory_lock(1818518896, ", schema!(), "::INT4)");

/// How the database at `url` is opened.
pub(super) fn options(url: &SecretString) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url.expose_secret())?;
    Ok(options.application_name("ldapgroup-bot").options(LIMITS).disable_statement_logging())
}

/// Fails unless the bot's tables are there or can be.
pub(super) async fn look_at(options: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = connect(options).await?;
    inspect(&mut connection).await?;
    if !can_write(&mut connection).await? {
        return Err(StoreError::ReadOnly);
    }
    Ok(connection.close().await?)
}

/// Makes the tables, or brings them up to date, while nobody else writes.
pub(super) async fn migrate(options: PgConnectOptions) -> Result<(), StoreError> {
    // It would say at each start that its table of migrations is there.
    let options = options.options([("client_min_messages", "warning")]);
    let session = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    sqlx::query(WAIT).execute(&session).await?;
    sqlx::query(WRITE_ALONE).execute(&session).await?;
    let migrated = IN_POSTGRES.run(&session).await.map_err(refused);
    session.close().await;
    migrated
}

/// Connections to the database, made once they are needed.
pub(super) fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(be_durable(connection)))
        .before_acquire(|connection, _| Box::pin(can_write(connection)))
        .after_release(|connection, _| Box::pin(is_there(connection)))
        .connect_lazy_with(options.options(BY_INDEX))
}

/// What is committed is on the server's disk, also where that is set otherwise.
pub(super) async fn be_durable(connection: &mut PgConnection) -> sqlx::Result<()> {
    let set = "SELECT set_config('synchronous_commit', 'on', FALSE) \
         WHERE current_setting('synchronous_commit') = 'off'";
    sqlx::query(set).execute(connection).await?;
    Ok(())
}

/// Whether the server is still there, and still the primary: another may have become it.
pub(super) async fn can_write(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let is_read_only = "SELECT current_setting('transaction_read_only') = 'on'";
    Ok(!sqlx::query_scalar::<_, bool>(is_read_only).fetch_one(connection).await?)
}

/// Whether a connection still answers. One that is dead without a word would keep its place in the pool for
/// as long as the system takes to notice.
async fn is_there(connection: &mut PgConnection) -> sqlx::Result<bool> {
    in_time(connection.ping()).await?;
    Ok(true)
}

/// The answer, unless it takes too long.
pub(super) async fn in_time<T>(answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
    timeout(PATIENCE, answer).await.unwrap_or_else(late)
}

/// A connection, or why there is none.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    match timeout(CONNECT_WITHIN, options.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(shut_out(error)),
        Err(_) => {
            Err(StoreError::Unreachable(io::Error::from(io::ErrorKind::TimedOut).to_string()))
        }
    }
}

/// What a server comes to that can't be connected to.
fn shut_out(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Io(error) => StoreError::Unreachable(error.to_string()),
        sqlx::Error::Tls(error) => StoreError::Unreachable(format!("TLS: {error}")),
        sqlx::Error::Database(said) => match said.code().as_deref() {
            Some("28000" | "28P01" | "3D000") => StoreError::LockedOut(said.message().to_owned()),
            // Of PgBouncer, in its own words.
            Some("08P01") if said.message().contains("startup parameter") => StoreError::Pooler,
            _ => StoreError::Unreachable(said.message().to_owned()),
        },
        _ => StoreError::Sql(error),
    }
}

/// Whether this passes by itself: the connection broke, or the server ended it or is overloaded.
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(said) = error else { return true };
    said.code().is_some_and(|code| ["08", "53", "57"].iter().any(|class| code.starts_with(class)))
}

/// The same of what a start comes to.
pub(super) fn passes(error: &StoreError) -> bool {
    match error {
        StoreError::Unreachable(_) => true,
        StoreError::Sql(error) => is_away(error),
        _ => false,
    }
}

/// Looks at the database without changing it. How its tables stand to this version, if there are any.
pub(super) async fn inspect(connection: &mut PgConnection) -> Result<Condition, StoreError> {
    let version = "SELECT current_setting('server_version_num')::INT / 10000";
    let version: i32 = sqlx::query_scalar(version).fetch_one(&mut *connection).await?;
    if version < OLDEST {
        return Err(StoreError::TooOld { version, oldest: OLDEST });
    }
    let set = "SELECT current_setting('lock_timeout'), current_setting('server_encoding')";
    let (limit, encoding): (String, String) =
        sqlx::query_as(set).fetch_one(&mut *connection).await?;
    if limit != LIMITS[0].1 {
        return Err(StoreError::Pooler);
    }
    if encoding != "UTF8" {
        return Err(StoreError::NotUnicode(encoding));
    }
    let schema: Option<String> =
        sqlx::query_scalar("SELECT current_schema()::TEXT").fetch_one(&mut *connection).await?;
    if schema.is_none() {
        return Err(StoreError::NoSchema("no schema of its search_path is there".to_owned()));
    }
    let tables = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = current_schema()";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut *connection).await?;
    if tables.is_empty() {
        return Ok(Condition::Empty);
    }
    if !tables.iter().any(|table| table == "_sqlx_migrations") {
        return Err(StoreError::NotOurs);
    }
    let barred: Option<String> =
        sqlx::query_scalar(BARRED).fetch_optional(&mut *connection).await?;
    if let Some(table) = barred {
        return Err(StoreError::NoRights(format!("permission denied for table {table}")));
    }
    let made = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
    let mut made: Vec<(i64, Vec<u8>)> = sqlx::query_as(made).fetch_all(connection).await?;
    let (all, newest) = (made.len(), IN_POSTGRES.iter().map(|our| our.version).max());
    made.retain(|(version, _)| Some(*version) <= newest);
    let is_newer = made.len() < all;
    stands(&made, &IN_POSTGRES).map(|stands| if is_newer { Condition::Newer } else { stands })
}

/// What a start would make of the database. It makes a table, and takes it back.
pub(super) async fn examine(url: &SecretString) -> Result<Condition, StoreError> {
    let mut connection = connect(&options(url)?).await?;
    let condition = inspect(&mut connection).await?;
    try_to_write(&mut connection).await?;
    connection.close().await?;
    Ok(condition)
}

async fn try_to_write(connection: &mut PgConnection) -> Result<(), StoreError> {
    if !can_write(connection).await? {
        return Err(StoreError::ReadOnly);
    }
    let mut write = connection.begin().await?;
    let made = sqlx::query("CREATE TABLE check_probe (id BIGINT)").execute(&mut *write).await;
    write.rollback().await?;
    made.map(drop).map_err(unmade)
}
