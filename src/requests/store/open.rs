//! Opening the database that the address names, be it a file or PostgreSQL's.

use std::fs::File;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::SqliteConnectOptions;

use super::lease::Lease;
use super::schema::StoreError;
use super::sql::{Connections, Pool};
use super::{Store, file, postgres};
use crate::metrics::Metrics;

/// What keeps every other bot from the database.
#[derive(Clone)]
pub(super) enum Lock {
    File(Arc<File>),
    Session(Arc<Lease>),
}

/// Whether this is the address of a database in PostgreSQL.
pub(super) fn is_postgres(url: &SecretString) -> bool {
    url.expose_secret().starts_with("postgres")
}

impl Store {
    /// Opens the database at `url`, making it if it is missing and bringing it up to date.
    pub(crate) async fn open(
        url: &SecretString,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        if !is_postgres(url) {
            return Self::open_file(file::options(url)?, metrics).await;
        }
        let (pool, lease) = postgres::open(postgres::options(url)?).await?;
        let lease = Arc::new(lease);
        let connections = Connections::Postgres(pool, Some(Arc::clone(&lease)));
        Ok(Self { pool: Pool { connections, metrics }, lock: Lock::Session(lease) })
    }

    pub(super) async fn open_file(
        options: SqliteConnectOptions,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        let (pool, lock) = file::open(options).await?;
        let pool = Pool { connections: Connections::Sqlite(pool), metrics };
        Ok(Self { pool, lock: Lock::File(Arc::new(lock)) })
    }

    /// Closes the database. Then all of it is in the one file, if it is one, which may be copied, and
    /// another process may open it.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
        match &self.lock {
            Lock::File(file) => {
                if let Err(error) = file.unlock() {
                    tracing::warn!(%error, "the database stays locked until the process ends");
                }
            }
            Lock::Session(lease) => lease.end(),
        }
    }
}
