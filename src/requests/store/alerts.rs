//! What admins are told of trouble that lasts, so that no start tells them again.

use std::time::SystemTime;

use super::rows::{millis, time};
use super::sql::{Row, query};
use super::{Outbox, StoreError};
use crate::ids::ChannelId;

/// Something that admins are told of once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Alert {
    /// What it is about.
    pub kind: String,
    /// Since when it is so or, of what is to come, when that will be.
    pub since: SystemTime,
    /// When they were told.
    pub told_at: Option<SystemTime>,
}

impl Outbox {
    /// All that is so, and whether it was told.
    pub(crate) async fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let rows = query("SELECT kind, since, told_at FROM alerts");
        let rows = rows.fetch_all(&self.pool).await?;
        let alert = |row: &Row| {
            let told: Option<i64> = row.try_get("told_at")?;
            let (kind, since) = (row.try_get("kind")?, time(row.try_get("since")?));
            Ok(Alert { kind, since, told_at: told.map(time) })
        };
        rows.iter().map(alert).collect()
    }

    /// Writes one down, in place of what was known of it.
    pub(crate) async fn note_alert(&self, alert: &Alert) -> Result<(), StoreError> {
        query(
            "INSERT INTO alerts (kind, since, told_at) VALUES ($1, $2, $3) \
             ON CONFLICT (kind) DO UPDATE SET since = excluded.since, told_at = excluded.told_at",
        )
        .bind(&alert.kind)
        .bind(millis(alert.since))
        .bind(alert.told_at.map(millis))
        .write(&self.pool)
        .await?;
        Ok(())
    }

    /// Writes down that something isn't so any more.
    pub(crate) async fn forget_alert(&self, kind: &str) -> Result<(), StoreError> {
        query("DELETE FROM alerts WHERE kind = $1").bind(kind).write(&self.pool).await?;
        Ok(())
    }

    /// Where somebody asked last for what is still open.
    pub(crate) async fn asked_last_in(&self) -> Result<Option<ChannelId>, StoreError> {
        let channel: Option<i64> = query(
            "SELECT channel FROM requests WHERE kind <> 'single' AND state IN ('pending', 'creating') \
             ORDER BY created_at DESC, id DESC LIMIT 1",
        )
        .fetch_if_any(&self.pool)
        .await?;
        Ok(channel.map(|channel| ChannelId(channel.cast_unsigned())))
    }
}
