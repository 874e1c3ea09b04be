//! The database at a glance.

use super::{Store, StoreError};
use crate::request::Request;

/// What is in the database.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Requests on which something is still to happen.
    pub open: usize,
    /// The one of these that was made first.
    pub oldest: Option<Request>,
    /// Requests in all, those that are over too.
    pub all: usize,
}

impl Store {
    /// The requests at a glance; without the single groups that admins created at once.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let (open, all): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(CASE WHEN state IN ('pending', 'creating') THEN 1 END), COUNT(*) \
             FROM requests WHERE NOT quiet",
        )
        .fetch_one(&self.pool)
        .await?;
        let oldest: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM requests WHERE NOT quiet AND state IN ('pending', 'creating') \
             ORDER BY made, id LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        let number = |count: i64| usize::try_from(count).unwrap_or_default();
        let oldest = match oldest {
            Some(id) => self.request(id).await?,
            None => None,
        };
        Ok(Overview { open: number(open), oldest, all: number(all) })
    }
}
