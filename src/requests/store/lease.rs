//! What keeps every other bot from a database in PostgreSQL: a lock that its server gives to one
//! session, and takes back when that ends, however it does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{sleep, timeout};

use super::schema::StoreError;

/// The lock is the schema's, so that each bot has its own.
const LOCK: &str = "SELECT pg_advisory_lock(1818518895, current_schema()::regnamespace::oid::int4)";

/// The server may not have noticed yet that a process is dead.
const WAIT: &str = "3s";

/// How soon the end of the session is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The session, and whoever keeps it up.
pub(in crate::requests) struct Lease {
    is_anothers: Arc<AtomicBool>,
    keeper: AbortHandle,
}

impl Lease {
    /// Takes the lock, in a session of its own.
    pub(super) async fn take(options: PgConnectOptions) -> Result<Self, StoreError> {
        // The server's own way to notice that a machine is gone takes hours.
        let options = options.options([
            ("lock_timeout", WAIT),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "2"),
        ]);
        let session = lock(&options).await?;
        let is_anothers = Arc::new(AtomicBool::new(false));
        let keeper: JoinHandle<()> = tokio::spawn(keep(session, options, Arc::clone(&is_anothers)));
        Ok(Self { is_anothers, keeper: keeper.abort_handle() })
    }

    /// Fails if another bot has taken the lock.
    pub(super) fn check(lease: Option<&Self>) -> sqlx::Result<()> {
        if lease.is_some_and(|lease| lease.is_anothers.load(Ordering::Relaxed)) {
            let taken = "another bot has taken the database over";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, taken).into());
        }
        Ok(())
    }

    /// Until another bot may have taken the lock.
    pub(in crate::requests) async fn lost(&self) {
        while !self.is_anothers.load(Ordering::Relaxed) {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Ends the session, and with it the lock.
    pub(super) fn end(&self) {
        self.keeper.abort();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.end();
    }
}

async fn lock(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let lock = async {
        let mut session = PgConnection::connect_with(options).await?;
        sqlx::query(LOCK).execute(&mut session).await?;
        Ok(session)
    };
    match timeout(PATIENCE, lock).await {
        Ok(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some("55P03") => {
            Err(StoreError::InUse)
        }
        Ok(locked) => locked.map_err(StoreError::Sql),
        Err(_) => Err(StoreError::Sql(io::Error::from(io::ErrorKind::TimedOut).into())),
    }
}

/// Takes the lock anew once its session has ended, as it does when the server is started anew.
async fn keep(mut session: PgConnection, options: PgConnectOptions, is_anothers: Arc<AtomicBool>) {
    loop {
        sleep(LOOK_EVERY).await;
        if matches!(timeout(PATIENCE, session.ping()).await, Ok(Ok(()))) {
            continue;
        }
        tracing::warn!("the lock on the database is lost, and taken anew");
        session = loop {
            match lock(&options).await {
                Ok(session) => break session,
                Err(error) => {
                    let is_new = matches!(error, StoreError::InUse)
                        && !is_anothers.swap(true, Ordering::Relaxed);
                    if is_new {
                        tracing::error!("{error}");
                    }
                }
            }
            sleep(LOOK_EVERY).await;
        };
        is_anothers.store(false, Ordering::Relaxed);
        tracing::info!("the lock on the database is taken");
    }
}
