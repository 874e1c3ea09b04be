//! That the API key is about to expire, as far as Connect says so: since 2026.06 it lists when the keys
//! of the key's owner expire, and not which of them is in use.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::teller::{Heard, Teller};
use crate::check;
use crate::correlation::CorrelationId;
use crate::discord::bot::Bot;
use crate::discord::messages::alerts as messages;
use crate::requests::{Alert, StoreError};

const DAY: Duration = Duration::from_hours(24);

/// How long before it is told, the shortest first, and as what that is written down.
const STAGES: [(&str, Duration); 2] = [("key_1_day", DAY), ("key_14_days", DAY.saturating_mul(14))];

/// Who tells that the key is about to expire.
pub(super) struct Expiry<'a> {
    bot: &'a Bot,
    teller: &'a Teller<'a>,
}

impl<'a> Expiry<'a> {
    pub(super) fn new(bot: &'a Bot, teller: &'a Teller<'a>) -> Self {
        Self { bot, teller }
    }

    /// Looks when the key expires, and tells if it is soon. Whether all that was to be done is done.
    pub(super) async fn look(&self, now: SystemTime) -> bool {
        let connect = self.bot.requests.groups().connect();
        let Ok(in_use) = connect.key_in_use(CorrelationId::new()).await else { return false };
        let Some((at, finding)) = check::key_expiry(&in_use, now) else { return true };
        let left = at.duration_since(now).unwrap_or_default();
        // As the database keeps it.
        let at = UNIX_EPOCH
            + Duration::from_secs(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
        let Some((stage, _)) = STAGES.into_iter().find(|(_, before)| left <= *before) else {
            return true;
        };
        match self.tell(stage, at, finding.markdown()).await {
            Ok(heard) => heard == Heard::Yes,
            Err(error) => {
                self.bot.metrics.database_failed();
                tracing::error!(%error, "that the API key expires could not be told");
                false
            }
        }
    }

    async fn tell(&self, stage: &str, at: SystemTime, words: &str) -> Result<Heard, StoreError> {
        let outbox = self.bot.requests.outbox();
        let told = outbox.alerts().await?;
        if told.iter().any(|alert| alert.kind == stage && alert.since == at) {
            return Ok(Heard::Yes);
        }
        let alert = Alert { kind: stage.to_owned(), since: at, told_at: Some(SystemTime::now()) };
        let heard = self.teller.tell(&alert, &messages::expires(words)).await;
        if heard == Heard::Yes {
            outbox.note_alert(&alert).await?;
        }
        Ok(heard)
    }
}
