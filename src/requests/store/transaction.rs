//! A transaction in PostgreSQL that is over whenever it is given up.
//!
//! Whoever stops waiting for an answer of the server's doesn't stop the server. sqlx takes a transaction
//! for one only once the server has said that it began: given up before, it would stay open, with the lock
//! of whoever writes, in a connection that is used again.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, Postgres};

use super::postgres::in_time;

/// Dropped, it is as if it had never begun.
pub(super) struct Transaction(Option<PoolConnection<Postgres>>);

impl Transaction {
    /// Begins it in a connection of its own, by these statements.
    pub(super) async fn begin(pool: &PgPool, statements: &'static str) -> sqlx::Result<Self> {
        let mut begun = Self(Some(pool.acquire().await?));
        sqlx::raw_sql(statements).execute(&mut *begun).await?;
        Ok(begun)
    }

    /// Ends it; what was written is on the server's disk then.
    pub(super) async fn commit(mut self) -> sqlx::Result<()> {
        sqlx::raw_sql("COMMIT").execute(&mut *self).await?;
        self.0 = None;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_deref().expect("a connection until it is committed")
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_deref_mut().expect("a connection until it is committed")
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut connection) = self.0.take() else { return };
        tokio::spawn(async move {
            // The answer to whatever was under way comes before.
            let over = in_time(sqlx::raw_sql("ROLLBACK").execute(&mut *connection)).await;
            if over.is_err() {
                connection.close_on_drop();
            }
        });
    }
}
