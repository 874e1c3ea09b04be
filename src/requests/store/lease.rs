//! What lets one process of several act on a database in PostgreSQL: a lock that its server gives to one
//! session, and takes back when that ends, however it does.
//!
//! The session is looked at each second, and the server ends one that it hasn't heard for 8 s, so that a
//! connection that nothing comes through holds up nobody for longer. Whoever has the lock counts for 5 s
//! after each look ([`Proof`]); whoever gets it waits longer than that, unless the one before has let go of
//! it by itself.

use std::io;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::postgres::{be_durable, can_write, connect, in_time, is_away, schema};
use super::schema::StoreError;
use super::waiting::{Wait, Waiting, Waits};
use crate::proof::{PROVEN, Proof};

/// The lock is the schema's, so that each bot has its own. It isn't waited for in the server: a statement
/// that waits there for weeks would keep VACUUM from its work in the whole database, and a connection that
/// is dead would look just like it. A server that takes no writes gives none.
const TRY_LOCK: &str = concat!(
    "SELECT CASE current_setting('transaction_read_only') WHEN 'off' THEN \
     pg_try_advisory_lock(1818518895, ",
    schema!(),
    "::INT4) END"
);

/// Without the table it is an older version's database, and so may be whoever had the lock; without any
/// it is nobody's yet.
const HAS_TABLE: &str = "SELECT BOOL_OR(tablename = 'lease') FROM pg_tables \
     WHERE schemaname = current_schema() AND tablename IN ('lease', 'requests')";

const SIGN: &str = "INSERT INTO lease (id, holder, released) VALUES (1, $1, FALSE) \
     ON CONFLICT (id) DO UPDATE SET holder = $1, released = FALSE";

const RELEASE: &str = "UPDATE lease SET released = TRUE WHERE id = 1 AND holder = $1";

/// How the session with the lock is set. The server's own way to notice that a machine is gone takes hours.
const SESSION: [(&str, &str); 4] = [
    ("idle_session_timeout", "8s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "2"),
];

/// How often the session with the lock is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often the lock is tried by whoever waits for it.
const TRY_EVERY: Duration = Duration::from_millis(500);

/// How often it is tried by whoever had it just now.
const RETRY_EVERY: Duration = Duration::from_millis(100);

/// How long whoever doesn't wait tries: the server may not have noticed yet that a process is dead.
const REFUSED_AFTER: Duration = Duration::from_secs(3);

/// How long after the lock was had nobody else can think any more that it has it.
const FORMER: Duration = PROVEN.saturating_add(Duration::from_secs(1));

/// After so long whoever waits tries again to reach a server that it couldn't: whoever had the lock
/// before a restart takes it anew by then.
const AWAY: Duration = Duration::from_secs(3);

/// The lock, and whoever keeps it.
pub(in crate::requests) struct Lease {
    proof: Proof,
    releasing: CancellationToken,
    keeping: TaskTracker,
    keeper: AbortHandle,
}

/// Why the lock isn't had.
enum Stop {
    /// The session with the server failed.
    Session(sqlx::Error),
    /// It won't be had.
    Store(StoreError),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Session(error)
    }
}

impl Lease {
    /// Takes the lock in a session of its own, and `prepare`s the database, which then has the table
    /// `lease`. From then on `proof` holds. Waits for as long as another has it, and through whatever
    /// happens to the server meanwhile, unless nobody is to be told that it `waits`. May be dropped at any
    /// time.
    ///
    /// # Errors
    ///
    /// When the server can't be reached at first, the database can't be prepared, or another has the lock
    /// and it isn't waited for.
    pub(super) async fn take(
        options: PgConnectOptions,
        proof: Proof,
        waits: Option<&Waits<'_>>,
        prepare: impl Fn() -> BoxFuture<'static, Result<(), StoreError>> + Send + Sync,
    ) -> Result<Self, StoreError> {
        let (options, holder) = (options.options(SESSION), Uuid::new_v4().to_string());
        let mut session = open(&options).await?;
        let mut waiting = Waiting::new(waits);
        let asked = loop {
            match come_to_it(&mut session, &holder, &mut waiting, &prepare).await {
                Ok(asked) => break asked,
                Err(Stop::Session(error)) if waiting.is_patient() && is_away(&error) => {
                    drop(session);
                    waiting.tell(Wait::Server);
                    session = reach(&options, &error.into()).await;
                }
                Err(Stop::Session(error)) => return Err(StoreError::Sql(error)),
                Err(Stop::Store(error)) => return Err(error),
            }
        };
        proof.renew(asked);
        let (releasing, keeping) = (CancellationToken::new(), TaskTracker::new());
        let holding =
            Holding { options, holder, proof: proof.clone(), releasing: releasing.clone() };
        let keeper = keeping.spawn(holding.keep(session)).abort_handle();
        Ok(Self { proof, releasing, keeping, keeper })
    }

    /// Fails unless nobody else can have the database.
    pub(super) fn check(lease: Option<&Self>) -> sqlx::Result<()> {
        if lease.is_none_or(|lease| lease.proof.holds()) {
            return Ok(());
        }
        let lost = "the lock on the database is lost, and another bot may have it";
        Err(io::Error::new(io::ErrorKind::PermissionDenied, lost).into())
    }

    /// Until nobody can prove any more that another hasn't the database.
    pub(in crate::requests) async fn lost(&self) {
        self.proof.lost().await;
    }

    /// Lets go of the lock, for another to have it at once. Nothing may be done any more.
    pub(super) async fn release(&self) {
        self.releasing.cancel();
        self.proof.lose();
        self.keeping.close();
        self.keeping.wait().await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.proof.lose();
        self.keeper.abort();
    }
}

/// A session for the lock.
async fn open(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let mut session = connect(options).await?;
    in_time(be_durable(&mut session)).await?;
    Ok(session)
}

/// The same, however long it takes.
async fn reach(options: &PgConnectOptions, error: &StoreError) -> PgConnection {
    tracing::warn!(%error, "PostgreSQL is away while its lock is waited for");
    loop {
        sleep(AWAY).await;
        match open(options).await {
            Ok(session) => {
                tracing::info!("PostgreSQL is back, and its lock is waited for");
                return session;
            }
            Err(error) => tracing::debug!(%error, "PostgreSQL is still away"),
        }
    }
}

/// Gets the lock, and signs for it once nobody else can act and the database is prepared. When that was
/// asked for.
async fn come_to_it(
    session: &mut PgConnection,
    holder: &str,
    waiting: &mut Waiting<'_>,
    prepare: &(impl Fn() -> BoxFuture<'static, Result<(), StoreError>> + Send + Sync),
) -> Result<Instant, Stop> {
    let begun = Instant::now();
    while !try_lock(session).await? {
        if !waiting.is_patient() && begun.elapsed() > REFUSED_AFTER {
            return Err(Stop::Store(StoreError::InUse));
        }
        waiting.tell(Wait::Another);
        sleep(TRY_EVERY).await;
    }
    if is_left(session).await? {
        waiting.tell(Wait::Former);
        keep_up(session, sleep(FORMER)).await?;
    }
    keep_up(session, prepare()).await?.map_err(|error| match error {
        StoreError::Sql(error) => Stop::Session(error),
        error => Stop::Store(error),
    })?;
    let asked = Instant::now();
    in_time(sqlx::query(SIGN).bind(holder).execute(session)).await?;
    Ok(asked)
}

async fn try_lock(session: &mut PgConnection) -> sqlx::Result<bool> {
    let locked = in_time(sqlx::query_scalar::<_, Option<bool>>(TRY_LOCK).fetch_one(session));
    Ok(locked.await?.unwrap_or_default())
}

/// Whether somebody has had the lock who didn't let go of it by itself.
async fn is_left(session: &mut PgConnection) -> sqlx::Result<bool> {
    let has_table = sqlx::query_scalar::<_, Option<bool>>(HAS_TABLE).fetch_one(&mut *session);
    match in_time(has_table).await? {
        Some(true) => {
            let left = "SELECT NOT released FROM lease WHERE id = 1";
            let left = sqlx::query_scalar::<_, bool>(left).fetch_optional(session);
            Ok(in_time(left).await?.unwrap_or_default())
        }
        Some(false) => Ok(true),
        None => Ok(false),
    }
}

/// Looks at the session while something is done, so that the server doesn't end it.
async fn keep_up<T>(session: &mut PgConnection, work: impl Future<Output = T>) -> sqlx::Result<T> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            () = sleep(LOOK_EVERY) => {}
        }
        look(session).await?;
    }
}

/// Fails unless the session is there, and its server still the one that is written to.
async fn look(session: &mut PgConnection) -> sqlx::Result<()> {
    if in_time(can_write(session)).await? {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "it takes no writes any more").into())
}

/// Whoever has the lock.
struct Holding {
    options: PgConnectOptions,
    holder: String,
    proof: Proof,
    releasing: CancellationToken,
}

impl Holding {
    /// Proves each second that the lock is there, and takes it anew once its session has ended, as it
    /// does when the server is started anew, until it is lost or to be let go of.
    async fn keep(self, mut session: PgConnection) {
        loop {
            tokio::select! {
                () = self.proof.lost() => break,
                () = sleep(LOOK_EVERY) => {}
            }
            let asked = Instant::now();
            let looked = tokio::select! {
                looked = look(&mut session) => looked,
                () = self.proof.lost() => continue,
            };
            let Err(error) = looked else {
                self.proof.renew(asked);
                continue;
            };
            tracing::warn!(%error, "the session with the lock on the database ended; taking it anew");
            drop(session);
            let retaken = tokio::select! {
                () = self.proof.lost() => return,
                retaken = self.retake() => retaken,
            };
            let Some((again, asked)) = retaken else {
                return self.proof.lose();
            };
            self.proof.renew(asked);
            tracing::info!("the lock on the database is taken anew");
            session = again;
        }
        if self.releasing.is_cancelled() {
            self.release(session).await;
        }
    }

    /// Takes the lock anew, unless another has had it meanwhile. And when it was asked for.
    async fn retake(&self) -> Option<(PgConnection, Instant)> {
        loop {
            match self.try_again().await {
                Ok(taken) => return taken,
                Err(error) => tracing::debug!(%error, "the lock can't be taken anew yet"),
            }
            sleep(RETRY_EVERY).await;
        }
    }

    async fn try_again(&self) -> Result<Option<(PgConnection, Instant)>, StoreError> {
        let mut session = open(&self.options).await?;
        loop {
            let asked = Instant::now();
            let is_locked = try_lock(&mut session).await?;
            // A statement of its own: what it reads is no older than the lock.
            let last = "SELECT holder FROM lease WHERE id = 1";
            let last = sqlx::query_scalar::<_, String>(last).fetch_optional(&mut session);
            if in_time(last).await?.as_ref() != Some(&self.holder) {
                return Ok(None);
            }
            if is_locked {
                return Ok(Some((session, asked)));
            }
            sleep(RETRY_EVERY).await;
        }
    }

    /// Says that nothing will be done any more, and ends the session.
    async fn release(&self, mut session: PgConnection) {
        let release = async move {
            sqlx::query(RELEASE).bind(&self.holder).execute(&mut session).await?;
            session.close().await
        };
        if let Err(error) = in_time(release).await {
            tracing::warn!(%error, "the next bot waits some seconds, since the lock wasn't let go of");
        }
    }
}
