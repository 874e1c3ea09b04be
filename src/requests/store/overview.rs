//! The database at a glance.

use super::sql::query;
use super::{Store, StoreError};
use crate::request::{Request, State};

/// What is in the database.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    /// Requests on which something is still to happen.
    pub open: usize,
    /// The one of these that was made first.
    pub oldest: Option<Request>,
    /// The number of the latest request, also if an admin created a single group at once.
    pub latest: Option<i64>,
}

impl Store {
    /// How many requests wait for a decision, and how many are under way, also those of single groups
    /// that admins create at once.
    pub(crate) async fn open_by_state(&self) -> Result<[(&'static str, u64); 2], StoreError> {
        let mut open = [State::Pending, State::Creating].map(|state| (state.as_str(), 0));
        for (state, number) in &mut open {
            let count: i64 = query("SELECT COUNT(*) FROM requests WHERE state = $1")
                .bind(*state)
                .fetch_value(&self.pool)
                .await?;
            *number = u64::try_from(count).unwrap_or_default();
        }
        Ok(open)
    }

    /// The requests at a glance. Open ones are counted without the single groups that admins create
    /// at once.
    pub(crate) async fn overview(&self) -> Result<Overview, StoreError> {
        let open: i64 = query(
            "SELECT COUNT(*) FROM requests WHERE kind <> 'single' AND state IN ('pending', 'creating')",
        )
        .fetch_value(&self.pool)
        .await?;
        let oldest: Option<i64> = query(
            "SELECT id FROM requests WHERE kind <> 'single' AND state IN ('pending', 'creating') \
             ORDER BY created_at, id LIMIT 1",
        )
        .fetch_if_any(&self.pool)
        .await?;
        let oldest = match oldest {
            Some(id) => self.request(id).await?,
            None => None,
        };
        let latest: Option<i64> =
            query("SELECT MAX(id) FROM requests").fetch_value(&self.pool).await?;
        Ok(Overview { open: usize::try_from(open).unwrap_or_default(), oldest, latest })
    }
}
