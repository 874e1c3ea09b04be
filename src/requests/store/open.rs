//! Opening the database that the address names, be it a file or PostgreSQL's.

use std::fs::File;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::time::{Instant, sleep};

use super::copies::Copies;
use super::lease::Lease;
use super::open_names::OpenNames;
use super::schema::StoreError;
use super::sql::{Connections, Pool};
use super::waiting::Waits;
use super::{Store, file, postgres};
use crate::metrics::Metrics;
use crate::proof::Proof;

/// Whether other processes have the database at the same time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sharing {
    /// None: each is kept from it.
    Alone,
    /// Copies of the same bot, if the database is in PostgreSQL: a file is one process's alone.
    Copies,
}

/// For so long a start tries again what passes by itself, from the first time that it failed: a server
/// that is started anew is back by then, and whoever has named a wrong one reads so soon.
const STARTED_ANEW: Duration = Duration::from_secs(10);

/// The pause between two tries.
const TRY_EVERY: Duration = Duration::from_millis(500);

/// What keeps every other bot from the database, or what it takes to share it.
#[derive(Clone)]
pub(super) enum Lock {
    File(Arc<File>),
    Session(Arc<Lease>),
    Shared(Arc<Copies>),
}

/// Whether this is the address of a database in PostgreSQL.
pub(super) fn is_postgres(url: &SecretString) -> bool {
    url.expose_secret().starts_with("postgres")
}

/// How long a start tries.
struct Patience {
    has_any: bool,
    until: Option<Instant>,
}

impl Patience {
    fn new(has_any: bool) -> Self {
        Self { has_any, until: None }
    }

    /// Whether it is tried again in spite of this.
    fn is_for(&mut self, error: &StoreError) -> bool {
        if !self.has_any || !postgres::passes(error) {
            return false;
        }
        if self.until.is_none() {
            tracing::warn!(%error, "trying again for {} s", STARTED_ANEW.as_secs());
        }
        let now = Instant::now();
        now < *self.until.get_or_insert(now + STARTED_ANEW)
    }
}

impl Store {
    /// Opens the database at `url`, making it if it is missing and bringing it up to date, unless another
    /// process has it.
    pub(crate) async fn open(
        url: &SecretString,
        sharing: Sharing,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        Self::open_when_free((url, sharing), metrics, &Proof::unproven(), None).await
    }

    /// The same once no other process has it that doesn't share it, if somebody is to be told that this one `waits`. From then
    /// on `proof` holds. Until then nothing is changed, and it may be dropped.
    pub(crate) async fn open_when_free(
        (url, sharing): (&SecretString, Sharing),
        metrics: Arc<Metrics>,
        proof: &Proof,
        waits: Option<&Waits<'_>>,
    ) -> Result<Self, StoreError> {
        if !is_postgres(url) {
            let store = Self::open_file(file::options(url)?, metrics, waits).await?;
            proof.hold_for_good();
            return Ok(store);
        }
        let (options, mut patience) = (postgres::options(url)?, Patience::new(waits.is_some()));
        let (connections, lock) = loop {
            match Self::open_server(&options, sharing, proof, waits).await {
                Err(error) if patience.is_for(&error) => sleep(TRY_EVERY).await,
                opened => break opened?,
            }
        };
        Ok(Self {
            pool: Pool::new(connections, metrics),
            lock,
            open: OpenNames::default(),
            clock: Arc::default(),
        })
    }

    async fn open_server(
        options: &PgConnectOptions,
        sharing: Sharing,
        proof: &Proof,
        waits: Option<&Waits<'_>>,
    ) -> Result<(Connections, Lock), StoreError> {
        postgres::look_at(options).await?;
        let (pool, prepare) =
            (postgres::pool(options.clone()), || postgres::migrate(options.clone()).boxed());
        if sharing == Sharing::Alone {
            let lease = Lease::take(options.clone(), proof.clone(), waits, prepare).await?;
            let lease = Arc::new(lease);
            let connections = Connections::Postgres(pool, Some(Arc::clone(&lease)));
            return Ok((connections, Lock::Session(lease)));
        }
        prepare().await?;
        proof.hold_for_good();
        let copies = Copies::new(pool.clone(), options.clone());
        Ok((Connections::Postgres(pool, None), Lock::Shared(Arc::new(copies))))
    }

    /// The processes that have the database, too, if it is shared.
    pub(in crate::requests) fn copies(&self) -> Option<&Copies> {
        match &self.lock {
            Lock::Shared(copies) => Some(copies),
            Lock::File(_) | Lock::Session(_) => None,
        }
    }

    pub(super) async fn open_file(
        options: SqliteConnectOptions,
        metrics: Arc<Metrics>,
        waits: Option<&Waits<'_>>,
    ) -> Result<Self, StoreError> {
        let (pool, lock) = file::open(options, waits).await?;
        let pool = Pool::new(Connections::Sqlite(pool), metrics);
        Ok(Self {
            pool,
            lock: Lock::File(Arc::new(lock)),
            open: OpenNames::default(),
            clock: Arc::default(),
        })
    }

    /// Until another process may have the database that this one has alone, which none can as long as this
    /// one has the lock of a file.
    pub(crate) async fn lost(&self) {
        match &self.lock {
            Lock::File(_) | Lock::Shared(_) => pending().await,
            Lock::Session(lease) => lease.lost().await,
        }
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
            Lock::Session(lease) => lease.release().await,
            Lock::Shared(copies) => copies.let_go().await,
        }
    }
}
