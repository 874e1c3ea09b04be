//! Opening the database: made and brought up to date if it can be used, left alone if it can't.

use std::fs::{File, OpenOptions, TryLockError};
use std::future::ready;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use super::Store;
use crate::metrics::Metrics;

/// How long another program's lock is waited for: less than the 3 s within which a press must be
/// answered.
const BUSY: Duration = Duration::from_secs(2);

/// A database of so many bytes, some 20 000 requests, is looked through at every start; a larger one
/// only if it wasn't closed: a start mustn't take longer the more is stored.
const SMALL: u64 = 8 << 20;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Why the database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// This version speaks to `SQLite` only.
    #[error("DATABASE_URL: PostgreSQL can't be used yet; set it to sqlite://PATH")]
    Unsupported,
    /// The file can't be made or written.
    #[error("DATABASE_URL: the file can't be written ({0}); check the folder and its owner")]
    File(#[source] io::Error),
    /// Another process has it open for its whole life.
    #[error(
        "DATABASE_URL: another bot is running on this database; stop that one first, or name another file"
    )]
    InUse,
    /// Another version of the bot has been here, of which this one can't make its own.
    #[error(
        "DATABASE_URL: the database was made by another version of the bot, and nothing was changed; run that version, or name another file"
    )]
    OtherVersion,
    /// It isn't a database, or a broken one. It is left as it is.
    #[error(
        "DATABASE_URL: the file isn't a sound SQLite database ({0}); restore it from a backup, or name another file"
    )]
    Damaged(String),
    /// The database failed at its work.
    #[error("the database failed: {0}")]
    Sql(#[from] sqlx::Error),
}

impl Store {
    /// Opens the database at `url`, making it if it is missing and bringing it up to date.
    pub(crate) async fn open(
        url: &SecretString,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        Self::open_with(options(url)?, metrics).await
    }

    pub(super) async fn open_with(
        options: SqliteConnectOptions,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        let path = options.get_filename().to_owned();
        let size = prepare(&path).map_err(StoreError::File)?;
        let lock = Arc::new(claim(&path)?);
        if size > 0 {
            let is_small = size <= SMALL;
            let depth = if is_small || is_left_open(&path) { Depth::All } else { Depth::Schema };
            inspect(&options, depth).await?;
            protect(&path).map_err(StoreError::File)?;
        }
        let options =
            options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        // SQLite writes one at a time anyway. A file in the same machine needs no test whether it is
        // still there; and whoever is stopped in the midst of one, with sqlx 0.9, leaves the
        // connection to close by itself, so that `close` wouldn't wait for it.
        let begun = Arc::new(Mutex::new(None));
        let ended = Arc::clone(&begun);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .before_acquire(move |_, _| {
                *begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                Box::pin(ready(Ok(true)))
            })
            .after_release(move |connection, _| {
                let begun = ended.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(begun) = begun {
                    metrics.stepped(begun.elapsed());
                }
                Box::pin(is_clean(connection))
            })
            .connect_with(options)
            .await?;
        MIGRATIONS.run(&pool).await.map_err(refused)?;
        Ok(Self { pool, lock })
    }

    /// Closes the database. Then all of it is in the one file, which may be copied, and another
    /// process may open it.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the database stays locked until the process ends");
        }
    }
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
    let url = url.expose_secret();
    if !url.starts_with("sqlite:") {
        return Err(StoreError::Unsupported);
    }
    let options = SqliteConnectOptions::from_str(url)?;
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
fn claim(database: &Path) -> Result<File, StoreError> {
    let path = beside(&database.canonicalize().map_err(StoreError::File)?, "-lock");
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let file = file.map_err(StoreError::File)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(StoreError::File(error)),
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

/// How a sound database stands to this version of the bot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Version {
    /// It is to be brought up to date.
    Older,
    /// It is this version's.
    Ours,
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
) -> Result<Version, StoreError> {
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
pub(super) async fn version(connection: &mut SqliteConnection) -> Result<Version, StoreError> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table'";
    let tables: Vec<String> =
        sqlx::query_scalar(tables).fetch_all(&mut *connection).await.map_err(damaged)?;
    if tables.is_empty() {
        return Ok(Version::Older);
    }
    if !tables.iter().any(|table| table == "_sqlx_migrations") {
        return Err(StoreError::Damaged("it belongs to another program".to_owned()));
    }
    let made = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
    let made: Vec<(i64, Vec<u8>)> =
        sqlx::query_as(made).fetch_all(connection).await.map_err(damaged)?;
    let mut ours = MIGRATIONS.iter();
    let is_ours = |(version, checksum): &(i64, Vec<u8>)| {
        ours.next().is_some_and(|our| our.version == *version && *our.checksum == **checksum)
    };
    if !made.iter().all(is_ours) {
        Err(StoreError::OtherVersion)
    } else if ours.next().is_some() {
        Ok(Version::Older)
    } else {
        Ok(Version::Ours)
    }
}

/// What a database that can't be read comes to.
pub(super) fn damaged(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) => StoreError::Damaged(database.message().to_owned()),
        _ => StoreError::Sql(error),
    }
}

fn refused(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(_)
        | MigrateError::VersionMismatch(_)
        | MigrateError::VersionTooNew(..) => StoreError::OtherVersion,
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            StoreError::Sql(error)
        }
        other => StoreError::Damaged(other.to_string()),
    }
}
