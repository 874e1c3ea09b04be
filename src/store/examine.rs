//! Looking at the database without changing it: for whoever wants to know before a start.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use secrecy::SecretString;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

use super::Store;
use super::open::{StoreError, Version, inspect, options};

/// What a start makes of the database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// There is none yet: it is made.
    Missing,
    /// It is brought up to date.
    Outdated,
    /// It is used as it is.
    Current,
}

impl Store {
    /// Whether the database at `url` can be used: it is sound, not from a newer version, and can be
    /// written, or made if it is missing. Nothing is changed, and no file stays behind.
    ///
    /// # Errors
    ///
    /// When it can't be used.
    pub async fn examine(url: &SecretString) -> Result<Condition, StoreError> {
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
        let version = inspect(&options).await?;
        try_to_write(&options).await?;
        Ok(match version {
            Version::Older => Condition::Outdated,
            Version::Ours => Condition::Current,
        })
    }
}

/// `SQLite` makes files beside the database, so that the folder must be writable in any case.
fn try_folder(database: &Path) -> io::Result<()> {
    let mut probe = database.as_os_str().to_owned();
    probe.push(format!("-check-{}", Uuid::new_v4().simple()));
    OpenOptions::new().write(true).create_new(true).open(&probe)?;
    std::fs::remove_file(&probe)
}

/// Takes the lock that a write needs, writes, and takes it back.
async fn try_to_write(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.connect().await?;
    let mut write = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("CREATE TABLE check_probe (id INTEGER)").execute(&mut *write).await?;
    write.rollback().await?;
    Ok(connection.close().await?)
}
