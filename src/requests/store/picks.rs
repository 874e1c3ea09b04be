//! What admins have picked and not yet said yes to.

use std::time::SystemTime;

use super::rows::millis;
use super::sql::query;
use super::{Store, StoreError};
use crate::ids::UserId;

/// So many of a person's are kept; the oldest make room for new ones.
const OF_A_PERSON: i64 = 20;

impl Store {
    /// Keeps the names that somebody has picked, under the id of that interaction.
    pub(crate) async fn keep_pick(
        &self,
        (id, person): (u64, UserId),
        names: &[String],
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let person = person.0.cast_signed();
        let mut tx = self.pool.begin().await?;
        query(
            "INSERT INTO picks (id, person, names, picked_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.cast_signed())
        .bind(person)
        .bind(serde_json::Value::from(names).to_string())
        .bind(millis(now))
        .execute(&mut tx)
        .await?;
        // Discord's ids grow with time.
        query(
            "DELETE FROM picks WHERE person = $1 AND id <= \
               (SELECT id FROM picks WHERE person = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
        )
        .bind(person)
        .bind(OF_A_PERSON)
        .execute(&mut tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Takes out the names that this person picked after `since`, if nobody has taken them yet: once,
    /// whoever asks at the same time.
    pub(crate) async fn take_pick(
        &self,
        (id, person): (u64, UserId),
        since: SystemTime,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let names: Option<String> = query(
            "DELETE FROM picks WHERE id = $1 AND person = $2 AND picked_at > $3 RETURNING names",
        )
        .bind(id.cast_signed())
        .bind(person.0.cast_signed())
        .bind(millis(since))
        .fetch_if_any(&mut tx)
        .await?;
        tx.commit().await?;
        let read = |names: String| {
            let damaged = |_| StoreError::Damaged("what somebody picked is no list".to_owned());
            serde_json::from_str(&names).map_err(damaged)
        };
        names.map(read).transpose()
    }

    /// Deletes what was picked before `before`.
    pub(crate) async fn forget_picks(&self, before: SystemTime) -> Result<(), StoreError> {
        query("DELETE FROM picks WHERE picked_at < $1")
            .bind(millis(before))
            .write(&self.pool)
            .await?;
        Ok(())
    }
}
