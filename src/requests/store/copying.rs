//! A copy of the database in one file, made while a bot is at work on it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::file::{beside, damaged, options, version};
use super::open::is_postgres;
use super::postgres;
use super::schema::{Condition, StoreError};
use super::sql::{Connections, Pool};
use crate::metrics::Metrics;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    /// The database can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No bot has made one there.
    #[error(
        "DATABASE_URL: there is no database of the bot's there; run this in the bot's folder, with its settings"
    )]
    Missing,
    /// PostgreSQL has a program of its own for that.
    #[error("DATABASE_URL: this copies SQLite files; PostgreSQL is copied by its own pg_dump")]
    Postgres,
    /// There is something of the copy's name.
    #[error("the file is there already, and is left as it is; name another one")]
    Exists,
    /// The copy can't be written.
    #[error(
        "the copy can't be written ({0}); see that there is room, and that the folder is there and yours"
    )]
    File(#[from] io::Error),
    /// The database failed while it was copied.
    #[error("the database can't be copied ({0}); see that there is room for the copy")]
    Sql(String),
    /// Somebody has stopped it.
    #[error("it was stopped")]
    Stopped,
    /// `SQLite` takes no other names.
    #[error("the name of the copy isn't UTF-8; name another file")]
    Name,
}

/// Copies the database at `url` into a new file, for its owner alone: all that was committed when it
/// began. How many requests there are in the copy. A bot that has the database isn't held up: `SQLite`
/// reads a state of it while others write on. Once `stopping`, there is to be none.
///
/// # Errors
///
/// When there is no whole copy; then no file of that name has come into being.
pub(crate) async fn back_up(
    url: &SecretString,
    copy: &Path,
    stopping: &CancellationToken,
) -> Result<u64, CopyError> {
    if is_postgres(url) {
        return Err(CopyError::Postgres);
    }
    let copy = std::path::absolute(copy)?;
    if copy.symlink_metadata().is_ok() {
        return Err(CopyError::Exists);
    }
    let mut connection = reading_file(url).await?;
    // Whatever ends it in the midst leaves nothing of the copy's name: that is given to what is whole.
    let begun = Begun::beside(&copy)?;
    let copied = copy_into(&mut connection, &begun, stopping.clone()).await;
    // Who closes it last takes away the files beside the database.
    connection.close().await.map_err(StoreError::from)?;
    if stopping.is_cancelled() {
        return Err(CopyError::Stopped);
    }
    let requests = copied?;
    begun.finish(&copy)?;
    Ok(requests)
}

/// A connection to an existing database of the bot's, to read it. One that might write, since no other
/// can take away the files that it makes beside the database.
async fn reading_file(url: &SecretString) -> Result<SqliteConnection, CopyError> {
    let options = options(url)?.create_if_missing(false);
    match std::fs::metadata(options.get_filename()) {
        Ok(file) if file.len() > 0 => {}
        Ok(_) => return Err(CopyError::Missing),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(CopyError::Missing),
        Err(error) => return Err(StoreError::File(error).into()),
    }
    let mut connection = options.connect().await.map_err(damaged)?;
    match version(&mut connection).await {
        Ok(_) => Ok(connection),
        Err(error) => {
            drop(connection.close().await);
            Err(error.into())
        }
    }
}

/// An existing database of the bot's, to read it.
pub(super) async fn reading(url: &SecretString) -> Result<Pool, CopyError> {
    let connections = if is_postgres(url) {
        let options = postgres::options(url)?;
        let mut connection = postgres::connect(&options).await?;
        if postgres::inspect(&mut connection).await? == Condition::Empty {
            return Err(CopyError::Missing);
        }
        Connections::Postgres(postgres::pool(options), None)
    } else {
        reading_file(url).await?.close().await.map_err(StoreError::from)?;
        let one = SqlitePoolOptions::new().max_connections(1);
        Connections::Sqlite(one.connect_lazy_with(options(url)?.create_if_missing(false)))
    };
    Ok(Pool::new(connections, Arc::new(Metrics::new())))
}

async fn copy_into(
    connection: &mut SqliteConnection,
    begun: &Begun,
    stopping: CancellationToken,
) -> Result<u64, CopyError> {
    // Interrupted, `SQLite` takes its own files away.
    let goes_on = move || !stopping.is_cancelled();
    connection.lock_handle().await.map_err(StoreError::from)?.set_progress_handler(10_000, goes_on);
    let path = begun.path.to_str().ok_or(CopyError::Name)?;
    let failed = |error: sqlx::Error| match &error {
        sqlx::Error::Database(database) => CopyError::Sql(database.message().to_owned()),
        _ => StoreError::Sql(error).into(),
    };
    sqlx::query("VACUUM INTO $1").bind(path).execute(connection).await.map_err(failed)?;
    // Nobody else has it, and no files are to be made beside it.
    let options = SqliteConnectOptions::new().filename(path).immutable(true).read_only(true);
    let mut copy = options.connect().await.map_err(failed)?;
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM requests").fetch_one(&mut copy).await;
    let requests: i64 = count.map_err(failed)?;
    copy.close().await.map_err(failed)?;
    Ok(requests.cast_unsigned())
}

/// A copy that isn't whole yet, under another name. It is gone once it is dropped.
struct Begun {
    path: PathBuf,
    file: File,
}

impl Begun {
    fn beside(copy: &Path) -> io::Result<Self> {
        let path = beside(copy, &format!("-part-{}", Uuid::new_v4().simple()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path, file })
    }

    /// Gives it its name, once all of it is on the disk. No file of that name is written over.
    fn finish(self, copy: &Path) -> Result<(), CopyError> {
        self.file.sync_all()?;
        match std::fs::hard_link(&self.path, copy) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(CopyError::Exists);
            }
            // There are file systems without links.
            Err(_) if copy.symlink_metadata().is_err() => std::fs::rename(&self.path, copy)?,
            Err(error) => return Err(error.into()),
        }
        let folder = copy.parent().unwrap_or(copy);
        Ok(File::open(folder)?.sync_all()?)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // It has its name already where there are no links.
        let _ = std::fs::remove_file(&self.path);
    }
}
