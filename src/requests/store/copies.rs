//! Several processes on one database in PostgreSQL: whose turn it is to do what only one may do at a
//! time, and how one wakes the others. The turn is that of the lock which, in a database of one process,
//! is that process's.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool};
use tokio::time::sleep;

use super::lease::Lease;

/// The channel is the database's, and each bot has a schema of its own.
const TELL: &str = "SELECT pg_notify('ldapgroup-bot ' || current_schema(), $1)";

const CHANNEL: &str = "SELECT 'ldapgroup-bot ' || current_schema()";

/// The pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What one process tells the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::requests) enum News {
    /// Something is to be done, shown or told.
    Changed,
    /// A message shows a request as it is.
    Shown,
}

impl News {
    fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Shown => "shown",
        }
    }
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
        self.let_go();
        loop {
            match Lease::take(self.options.clone()).await {
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
    pub(super) fn let_go(&self) {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(turn) = turn {
            turn.end();
        }
    }

    /// Tells every process, this one too. That it fails does no harm: they look now and then, anyway.
    pub(in crate::requests) async fn tell(&self, news: News) {
        let told = sqlx::query(TELL).bind(news.as_str()).execute(&self.pool).await;
        if let Err(error) = told {
            tracing::debug!(%error, "the other processes could not be told");
        }
    }

    /// Hears what any process tells, and both after something may have been missed.
    pub(in crate::requests) async fn listen(&self, hear: impl Fn(News)) -> Infallible {
        loop {
            if let Err(error) = self.hear_until_it_fails(&hear).await {
                tracing::debug!(%error, "the other processes can not be heard");
            }
            sleep(AFTER_FAILURE).await;
        }
    }

    async fn hear_until_it_fails(&self, hear: impl Fn(News)) -> sqlx::Result<()> {
        let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(&self.pool).await?;
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(&channel).await?;
        loop {
            hear(News::Changed);
            hear(News::Shown);
            while let Some(said) = listener.try_recv().await? {
                [News::Changed, News::Shown]
                    .into_iter()
                    .filter(|news| news.as_str() == said.payload())
                    .for_each(&hear);
            }
        }
    }
}
