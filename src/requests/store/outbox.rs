//! What is to be shown and told: the requests whose messages aren't as they are, who isn't told yet, and
//! what was done about that.

use std::time::{Duration, SystemTime};

use super::copies::tell_shown;
use super::rows::{all, millis, place, requests};
use super::sql::{Pool, Row, query};
use super::{StoreError, by_id};
use crate::ids::{ChannelId, GuildId, Place, UserId};
use crate::request::{Participant, Request, State};

/// The message of a failed request is looked after for this long: nobody retries it later.
const RETRIED_WITHIN: Duration = Duration::from_hours(7 * 24);

/// So many people at the most are told by one message: it has to hold their mentions.
const MAX_TOLD: usize = 10;

/// Those who are to be told what came of a request, and asked in the same place.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// The request, over now.
    pub request: Request,
    /// Who is to be told: at least one.
    pub people: Vec<UserId>,
    /// Where they asked.
    pub place: Place,
}

/// What is to be shown and told, and what was.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(super) pool: Pool,
}

impl Outbox {
    /// The request of this number.
    pub(crate) async fn request(&self, id: i64) -> Result<Option<Request>, StoreError> {
        by_id(&self.pool, id).await
    }

    /// Who asked and hasn't left, in the order in which they did.
    pub(crate) async fn people(&self, id: i64) -> Result<Vec<Participant>, StoreError> {
        let people = query(
            "SELECT person, reason FROM participants WHERE request_id = $1 ORDER BY joined_at, person",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        let asker = |row| {
            let person: i64 = Row::try_get(row, "person")?;
            let reason = row.try_get("reason")?;
            Ok(Participant { person: UserId(person.cast_unsigned()), reason })
        };
        people.iter().map(asker).collect()
    }

    /// Requests whose message doesn't show them as they are.
    pub(crate) async fn unshown(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        // What is over and can't be shown for a week needs no message any more, if there is none or
        // it is about what an admin has created: nobody waits for it. In the words of the index.
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests WHERE shown_version < version AND kind <> 'single' \
               AND (CASE \
                   WHEN state NOT IN ('pending', 'creating') AND (kind <> 'asked' OR message IS NULL) \
                     THEN COALESCE(decided_at, created_at) \
                   ELSE 9223372036854775807 END) >= $1) \
             ORDER BY r.id, g.position"
        );
        let lately = now.checked_sub(RETRIED_WITHIN).map_or(0, millis);
        all(&query(sql).bind(lately).fetch_all(&self.pool).await?)
    }

    /// Requests that wait for somebody's decision or press, whose message somebody may have deleted.
    pub(crate) async fn shown_and_open(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        let lately = now.checked_sub(RETRIED_WITHIN).map_or(0, millis);
        let sql = requests!(
            "WHERE r.id IN (SELECT id FROM requests WHERE state IN ('pending', 'creating') \
                 UNION ALL SELECT id FROM requests WHERE state = 'failed' AND decided_at > $1) \
               AND r.message IS NOT NULL AND r.kind <> 'single' \
             ORDER BY r.id, g.position"
        );
        all(&query(sql).bind(lately).fetch_all(&self.pool).await?)
    }

    /// Who is still to be told what came of their request.
    pub(crate) async fn untold(&self) -> Result<Vec<Notice>, StoreError> {
        let rows = query(
            "SELECT request_id, person, participants.guild, participants.channel \
             FROM participants JOIN requests ON id = request_id \
             WHERE told_state IS NULL AND state NOT IN ('pending', 'creating') \
             ORDER BY request_id, joined_at",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut notices: Vec<Notice> = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, person): (i64, i64) = (row.try_get("request_id")?, row.try_get("person")?);
            let (person, place) = (UserId(person.cast_unsigned()), place(row)?);
            let mut same = notices.iter_mut().filter(|notice| notice.request.id == id);
            match same.find(|known| known.place == place && known.people.len() < MAX_TOLD) {
                Some(known) => known.people.push(person),
                None => {
                    if let Some(request) = self.request(id).await? {
                        notices.push(Notice { request, people: vec![person], place });
                    }
                }
            }
        }
        Ok(notices)
    }

    /// Writes down which message shows a request, what of it, and in which server, if that is news.
    pub(crate) async fn note_shown(
        &self,
        id: i64,
        version: i64,
        message: (ChannelId, u64),
        guild: Option<GuildId>,
    ) -> Result<(), StoreError> {
        let shown = query(
            "UPDATE requests SET shown_version = $1, message_channel = $2, message = $3, \
               message_guild = COALESCE($5, message_guild) \
             WHERE id = $4",
        )
        .bind(version)
        .bind(message.0.0.cast_signed())
        .bind(message.1.cast_signed())
        .bind(id)
        .bind(guild.map(|guild| guild.0.cast_signed()));
        if !self.pool.is_shared() {
            shown.write(&self.pool).await?;
            return Ok(());
        }
        let mut tx = self.pool.begin().await?;
        shown.execute(&mut tx).await?;
        tell_shown(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// Writes down that the message of a request is gone, so that it is sent again.
    pub(crate) async fn note_gone(&self, id: i64) -> Result<(), StoreError> {
        query("UPDATE requests SET shown_version = 0, message_channel = NULL, message = NULL, message_guild = NULL, resent = resent + 1 WHERE id = $1")
            .bind(id)
            .write(&self.pool)
            .await?;
        Ok(())
    }

    /// Writes down that people were told an outcome, of a request in this version, unless the request
    /// has changed meanwhile: then they weren't told what it is now. Of all of them or of none, so that
    /// what is said again after a crash is the same message.
    pub(crate) async fn note_told(
        &self,
        (id, version): (i64, i64),
        people: &[UserId],
        state: State,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        for person in people {
            query(
                "UPDATE participants SET told_state = $1 WHERE request_id = $2 AND person = $3 AND EXISTS \
                   (SELECT 1 FROM requests WHERE id = $2 AND state = $1 AND version = $4)",
            )
            .bind(state.as_str())
            .bind(id)
            .bind(person.0.cast_signed())
            .bind(version)
            .execute(&mut tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Writes down that an undecided request was brought up again.
    pub(crate) async fn note_reminded(&self, id: i64, now: SystemTime) -> Result<(), StoreError> {
        query("UPDATE requests SET reminded_at = $1 WHERE id = $2")
            .bind(millis(now))
            .bind(id)
            .write(&self.pool)
            .await?;
        Ok(())
    }
}
