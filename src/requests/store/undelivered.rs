//! What couldn't be said yet, for copies of the bot that don't say it themselves.

use std::borrow::Cow;
use std::time::SystemTime;

use super::rows::{count, millis, time};
use super::sql::{Row, query};
use super::{Outbox, StoreError};
use crate::ids::ChannelId;

/// What can't be said in a channel for one reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Undelivered {
    /// How many messages.
    pub messages: usize,
    /// Nothing, if Discord isn't the reason.
    pub channel: Option<ChannelId>,
    /// When it couldn't be said for the first time since the start.
    pub since: SystemTime,
    /// The reason.
    pub why: String,
    /// What whoever runs the bot can do.
    pub todo: Cow<'static, str>,
    /// Whether it may go better by itself.
    pub passes: bool,
}

impl Outbox {
    /// What the copy that says it couldn't say.
    pub(crate) async fn undelivered(&self) -> Result<Vec<Undelivered>, StoreError> {
        let rows = query(
            "SELECT channel, messages, since, why, todo, passes FROM undelivered ORDER BY position",
        );
        let read = |row: &Row| {
            let channel: Option<i64> = row.try_get("channel")?;
            let (messages, todo): (i64, String) = (row.try_get("messages")?, row.try_get("todo")?);
            Ok(Undelivered {
                messages: usize::try_from(messages).unwrap_or_default(),
                channel: channel.map(|channel| ChannelId(channel.cast_unsigned())),
                since: time(row.try_get("since")?),
                why: row.try_get("why")?,
                todo: todo.into(),
                passes: row.try_get("passes")?,
            })
        };
        rows.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Writes down what couldn't be said, in place of what was known of it.
    pub(crate) async fn note_undelivered(&self, all: &[Undelivered]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        query("DELETE FROM undelivered").execute(&mut tx).await?;
        for (position, one) in all.iter().enumerate() {
            query(
                "INSERT INTO undelivered (position, channel, messages, since, why, todo, passes) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(count(position))
            .bind(one.channel.map(|channel| channel.0.cast_signed()))
            .bind(count(one.messages))
            .bind(millis(one.since))
            .bind(&one.why)
            .bind(&*one.todo)
            .bind(one.passes)
            .execute(&mut tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }
}
