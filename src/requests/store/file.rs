//! A database in a file, by `SQLite`: made and brought up to date if it can be used, left alone if it
//! can't.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tokio::time::sleep;

use super::schema::{Condition, MIGRATIONS, StoreError, refused, stands};
use super::waiting::{Wait, Waiting, Waits};

/// How long another program's lock is waited for: less than the 3 s within which a press must be
/// answered.
const BUSY: Duration = Duration::from_secs(2);

/// How often it is tried whether another process has let go of the database: a wait for the system's lock
/// couldn't be given up.
const TRY_EVERY: Duration = Duration::from_millis(250);

/// A database of so many bytes, some 20 000 requests, is looked through at every start; a larger one
/// only if it wasn't closed: a start mustn't take longer the more is stored.
const SMALL: u64 = 8 << 20;

/// Opens the file, making it if it is missing and bringing it up to date. And what says to other
/// processes that this one has it. If another has, it is waited for, unless nobody is to be told that this
/// one `waits`; then it is refused.
pub(super) async fn open(
    options: SqliteConnectOptions,
    waits: Option<&Waits<'_>>,
) -> Result<(SqlitePool, File), StoreError> {
    let path = options.get_filename().to_owned();
    prepare(&path).map_err(StoreError::File)?;
    let lock = claim(&path, Waiting::new(waits)).await?;
    // Whoever had it may have filled it meanwhile, or have removed it.
    let size = prepare(&path).map_err(StoreError::File)?;
    if size > 0 {
        let is_small = size <= SMALL;
        let depth = if is_small || is_left_open(&path) { Depth::All } else { Depth::Schema };
        inspect(&options, depth).await?;
        protect(&path).map_err(StoreError::File)?;
    }
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    // SQLite writes one at a time anyway. A file in the same machine needs no test whether it is
    // still there; and whoever is stopped in the midst of one, with sqlx 0.9, leaves the
    // connection to close by itself, so that `close` wouldn't wait for it.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .connect_with(options)
        .await?;
    MIGRATIONS.run(&pool).await.map_err(refused)?;
    Ok((pool, lock))
}

/// Whether nothing is left in the connection of whoever had it. After a COMMIT that fails for want of
/// room `SQLite` has rolled back by itself; then sqlx's ROLLBACK fails, and sqlx takes whatever
/// follows for part of that transaction, which nobody would ever commit.
async fn is_clean(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    // Commands are carried out in turn: by its answer, what was dropped is rolled back, or couldn't be.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// How the database at `url` is opened.
pub(super) fn options(url: &SecretString) -> Result<SqliteConnectOptions, StoreError> {
    let options = SqliteConnectOptions::from_str(url.expose_secret())?;
    Ok(options.foreign_keys(true).busy_timeout(BUSY).disable_statement_logging())
}

/// Makes the file, for the bot's eyes only, if it is missing. Its size in bytes.
fn prepare(path: &Path) -> io::Result<u64> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    Ok(file.metadata()?.len())
}

/// Whether whoever had the database last didn't close it.
fn is_left_open(database: &Path) -> bool {
    std::fs::metadata(beside(database, "-wal")).is_ok_and(|file| file.len() > 0)
}

/// Keeps every other bot from the database for as long as the file is open: the system lets go of it
/// however the process ends. It is a file of its own, since whoever closes the database's would take
/// `SQLite`'s locks of it along (<https://www.sqlite.org/howtocorrupt.html>), and it stays, since
/// whoever removes it may remove another's.
async fn claim(database: &Path, mut waiting: Waiting<'_>) -> Result<File, StoreError> {
    let path = beside(&database.canonicalize().map_err(StoreError::File)?, "-lock");
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let file = file.map_err(StoreError::File)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if waiting.is_patient() => {
                waiting.tell(Wait::Another);
                sleep(TRY_EVERY).await;
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => return Err(StoreError::File(error)),
        }
    }
}

/// A file that belongs to the database.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Keeps an existing file of the bot's from everyone else.
fn protect(path: &Path) -> io::Result<()> {
    let mut permissions = std::fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o600);
        std::fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// How much of a file is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Depth {
    /// Each page.
    All,
    /// Whether it is a database, as long as it says, and whose.
    Schema,
}

/// Looks at an existing file without changing it.
pub(super) async fn inspect(
    options: &SqliteConnectOptions,
    depth: Depth,
) -> Result<Condition, StoreError> {
    let mut connection = options.clone().read_only(true).connect().await.map_err(damaged)?;
    let sound = match depth {
        Depth::All => is_sound(&mut connection).await,
        Depth::Schema => Ok(()),
    };
    let version = match sound {
        Ok(()) => version(&mut connection).await,
        Err(error) => Err(error),
    };
    // Only the last one that closes, and may write, takes away the files beside the database.
    connection.close().await.map_err(damaged)?;
    version
}

async fn is_sound(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let verdict = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(connection).await;
    let verdict: String = verdict.map_err(damaged)?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(verdict)) }
}

/// How the database stands to this version of the bot, if it is one of the bot's.
pub(super) async fn version(connection: &mut SqliteConnection) -> Result<Condition, StoreError> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table'";
    let tables: Vec<String> =
        sqlx::query_scalar(tables).fetch_all(&mut *connection).await.map_err(damaged)?;
    if tables.is_empty() {
        return Ok(Condition::Empty);
    }
    if !tables.iter().any(|table| table == "_sqlx_migrations") {
        return Err(StoreError::Damaged("it belongs to another program".to_owned()));
    }
    let made = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
    let made: Vec<(i64, Vec<u8>)> =
        sqlx::query_as(made).fetch_all(connection).await.map_err(damaged)?;
    stands(&made, &MIGRATIONS)
}

/// What a database that can't be read comes to.
pub(super) fn damaged(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) => StoreError::Damaged(database.message().to_owned()),
        _ => StoreError::Sql(error),
    }
}
