//! Several processes on one database in PostgreSQL: whose turn it is to do what only one may do at a
//! time, and how one wakes the others. The turn is that of the lock which, in a database of one process,
//! is that process's.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::time::{sleep, timeout};

use super::StoreError;
use super::lease::Lease;
use super::postgres::{CONNECT_WITHIN, in_time, schema};
use super::sql::{Tx, query};
use crate::proof::Proof;

/// The channel is the database's, and each bot has a schema of its own, whose name may be too long for one.
const TELL: &str = concat!("SELECT pg_notify('ldapgroup-bot ' || ", schema!(), ", $1)");

/// What is told of a change.
const CHANGED: &str = "changed";

/// What is told of a request that a message shows, before its number.
const SHOWN: &str = "shown ";

/// The same of one that can't be shown for now.
const UNSHOWN: &str = "unshown ";

const CHANNEL: &str = concat!("SELECT 'ldapgroup-bot ' || ", schema!());

/// After so long without a word it is asked whether the connection is there.
const SILENT: Duration = Duration::from_secs(15);

/// The pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What one process tells the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::requests) enum News {
    /// Something is to be done, shown or told.
    Changed,
    /// Whether a message shows the request of this number as it is, or can't for now.
    Shown(i64, bool),
}

impl News {
    fn parse(said: &str) -> Option<Self> {
        let of = |is_shown| move |id: &str| Some(Self::Shown(id.parse().ok()?, is_shown));
        let shown = said.strip_prefix(SHOWN).and_then(of(true));
        let unshown = said.strip_prefix(UNSHOWN).and_then(of(false));
        shown.or(unshown).or((said == CHANGED).then_some(Self::Changed))
    }
}

/// Tells every process, once the transaction has come about, that a message shows a request.
pub(super) async fn tell_shown(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    query(TELL).bind(format!("{SHOWN}{id}")).fetch_optional(tx).await?;
    Ok(())
}

/// What makes processes copies of one bot.
pub(in crate::requests) struct Copies {
    pool: PgPool,
    options: PgConnectOptions,
    /// The turn, while it is this process's.
    turn: Mutex<Option<Arc<Lease>>>,
}

impl Copies {
    pub(super) fn new(pool: PgPool, options: PgConnectOptions) -> Self {
        Self { pool, options, turn: Mutex::default() }
    }

    /// Waits until it is this process's turn: until [`Lease::lost`].
    pub(in crate::requests) async fn take_turn(&self) -> Arc<Lease> {
        self.let_go().await;
        loop {
            let (options, proof) = (self.options.clone(), Proof::unproven());
            // The tables are there, and nobody need be told.
            let is_ready = || async { Ok(()) }.boxed();
            match Lease::take(options, proof, Some(&|_| {}), is_ready).await {
                Ok(lease) => {
                    let lease = Arc::new(lease);
                    let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
                    *turn = Some(Arc::clone(&lease));
                    return lease;
                }
                Err(error) => tracing::debug!(%error, "it is not this process's turn"),
            }
            sleep(AFTER_FAILURE).await;
        }
    }

    /// Leaves the turn to another process.
    pub(super) async fn let_go(&self) {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(turn) = turn {
            turn.release().await;
        }
    }

    /// Tells every process, this one too, that something has changed.
    pub(in crate::requests) async fn tell_changed(&self) {
        self.tell(CHANGED.to_owned()).await;
    }

    /// Tells every process that a request can't be shown for now.
    pub(in crate::requests) async fn tell_unshown(&self, id: i64) {
        self.tell(format!("{UNSHOWN}{id}")).await;
    }

    /// That it fails does no harm: they look now and then, anyway.
    async fn tell(&self, what: String) {
        let told = in_time(sqlx::query(TELL).bind(what).execute(&self.pool)).await;
        if let Err(error) = told {
            tracing::debug!(%error, "the other processes could not be told");
        }
    }

    /// Hears what any process tells, and of a change whenever something may have been missed.
    pub(in crate::requests) async fn listen(&self, hear: impl Fn(News)) -> Infallible {
        loop {
            if let Err(error) = Box::pin(self.hear_until_it_fails(&hear)).await {
                tracing::debug!(%error, "the other processes can not be heard");
            }
            sleep(AFTER_FAILURE).await;
        }
    }

    /// In a connection of its own: one that is dead without a word holds up nobody else.
    async fn hear_until_it_fails(&self, hear: impl Fn(News)) -> sqlx::Result<()> {
        let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(&self.pool).await?;
        let only = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_WITHIN);
        let only = only.max_lifetime(None).connect_lazy_with(self.options.clone());
        let mut listener = PgListener::connect_with(&only).await?;
        in_time(listener.listen(&channel)).await?;
        hear(News::Changed);
        loop {
            match timeout(SILENT, listener.try_recv()).await {
                Ok(Ok(Some(said))) => News::parse(said.payload()).into_iter().for_each(&hear),
                Ok(Ok(None)) => hear(News::Changed),
                Ok(Err(error)) => return Err(error),
                // Nothing was said, or the connection is dead.
                Err(_) => {
                    in_time(sqlx::query("SELECT 1").execute(&mut listener)).await?;
                }
            }
        }
    }
}
