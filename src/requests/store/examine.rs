//! Looking at the database without changing it: for whoever wants to know before a start.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use secrecy::SecretString;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

use super::file::{Depth, beside, inspect, options};
use super::open::is_postgres;
use super::postgres;
use super::schema::{Condition, StoreError};

/// Whether the database at `url` can be used: it is sound, not from another version, and can be
/// written, or made if it is missing. Nothing is changed, and no file stays behind.
///
/// # Errors
///
/// When it can't be used.
pub(crate) async fn examine(url: &SecretString) -> Result<Condition, StoreError> {
    if is_postgres(url) {
        return postgres::examine(url).await;
    }
    let options = options(url)?;
    let path = options.get_filename();
    try_folder(path).map_err(StoreError::File)?;
    let length = match std::fs::metadata(path) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Condition::Missing);
        }
        Err(error) => return Err(StoreError::File(error)),
    };
    OpenOptions::new().append(true).open(path).map_err(StoreError::File)?;
    if length == 0 {
        return Ok(Condition::Missing);
    }
    let is_left_open = beside(path, "-wal").exists();
    let condition = match inspect(&options, Depth::All).await {
        Ok(condition) => condition,
        Err(error) => {
            if !is_left_open {
                evict_stale(&options).await;
            }
            return Err(error);
        }
    };
    try_to_write(&options).await?;
    Ok(condition)
}

/// `SQLite` makes files beside the database, so that the folder must be writable in any case.
fn try_folder(database: &Path) -> io::Result<()> {
    let probe = beside(database, &format!("-check-{}", Uuid::new_v4().simple()));
    OpenOptions::new().write(true).create_new(true).open(&probe)?;
    std::fs::remove_file(&probe)
}

/// Takes away the empty files that a look makes beside the database, which only a connection can
/// that might write. It reads, and doesn't.
async fn evict_stale(options: &SqliteConnectOptions) {
    let read_and_close = async {
        let mut connection = options.connect().await?;
        let read = sqlx::query("PRAGMA schema_version").execute(&mut connection).await;
        connection.close().await?;
        read.map(drop)
    };
    if let Err(error) = read_and_close.await {
        tracing::debug!(%error, "files may be left beside the database");
    }
}

/// Takes the lock that a write needs, writes, and takes it back.
async fn try_to_write(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.connect().await?;
    let mut write = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("CREATE TABLE check_probe (id INTEGER)").execute(&mut *write).await?;
    write.rollback().await?;
    Ok(connection.close().await?)
}
