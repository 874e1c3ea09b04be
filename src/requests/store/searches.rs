//! The latest search of each channel, for the other copies of the bot: sealed, but for what it is found
//! by.

use std::time::SystemTime;

use super::rows::{millis, place};
use super::sql::{Row, query};
use super::{Store, StoreError};
use crate::group::GroupName;
use crate::ids::Place;

/// So many are kept; the oldest make room for new ones.
const MAX: i64 = 1000;

/// A search as it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::requests) struct KeptSearch {
    /// The channel.
    pub place: Place,
    /// What was looked for, in the form in which names are compared.
    pub prefix: String,
    /// When Connect answered, in milliseconds since 1970.
    pub taken_at: i64,
    /// What it was sealed with, in base64: another one each time.
    pub nonce: String,
    /// What was found, sealed, in base64.
    pub sealed: String,
}

/// The time within which a search was made that is still trusted: after the first, up to the second. A
/// clock that was set back since makes it a search of the future, which isn't trusted, either.
pub(in crate::requests) type Fresh = (SystemTime, SystemTime);

impl Store {
    /// Keeps a search as the latest of its channel.
    pub(crate) async fn keep_search(&self, search: &KeptSearch) -> Result<(), StoreError> {
        query(
            "INSERT INTO searches (guild, channel, prefix, taken_at, nonce, sealed) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (guild, channel) DO UPDATE SET prefix = excluded.prefix, \
               taken_at = excluded.taken_at, nonce = excluded.nonce, sealed = excluded.sealed",
        )
        .bind(search.place.guild.0.cast_signed())
        .bind(search.place.channel.0.cast_signed())
        .bind(&search.prefix)
        .bind(search.taken_at)
        .bind(&search.nonce)
        .bind(&search.sealed)
        .write(&self.pool)
        .await?;
        Ok(())
    }

    /// The latest search of a channel, unless it is the one of this nonce.
    pub(crate) async fn other_search(
        &self,
        place: Place,
        nonce: &str,
        (after, until): Fresh,
    ) -> Result<Option<KeptSearch>, StoreError> {
        let row = query(
            "SELECT guild, channel, prefix, taken_at, nonce, sealed FROM searches WHERE guild = $1 AND channel = $2 AND nonce <> $3 \
               AND taken_at > $4 AND taken_at <= $5",
        )
        .bind(place.guild.0.cast_signed())
        .bind(place.channel.0.cast_signed())
        .bind(nonce)
        .bind(millis(after))
        .bind(millis(until))
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(kept).transpose()
    }

    /// The channels whose latest search would have found a group of this name.
    pub(crate) async fn searched_for(
        &self,
        name: &GroupName,
        (after, until): Fresh,
    ) -> Result<Vec<Place>, StoreError> {
        let rows = query(
            "SELECT guild, channel FROM searches WHERE taken_at > $1 AND taken_at <= $2 \
               AND SUBSTR($3, 1, LENGTH(prefix)) = prefix",
        )
        .bind(millis(after))
        .bind(millis(until))
        .bind(name.folded())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(place).collect()
    }

    /// Puts a search in the place of what it was made of, unless another one stands there by now.
    /// Whether it did.
    pub(crate) async fn replace_search(
        &self,
        nonce: &str,
        search: &KeptSearch,
    ) -> Result<bool, StoreError> {
        let replaced = query(
            "UPDATE searches SET nonce = $1, sealed = $2 \
             WHERE guild = $3 AND channel = $4 AND nonce = $5",
        )
        .bind(&search.nonce)
        .bind(&search.sealed)
        .bind(search.place.guild.0.cast_signed())
        .bind(search.place.channel.0.cast_signed())
        .bind(nonce)
        .write(&self.pool)
        .await?;
        Ok(replaced == 1)
    }

    /// Deletes searches up to `before`, and those from after `after`, which is yet to come: a clock was
    /// set back.
    pub(crate) async fn forget_searches(
        &self,
        (before, after): (SystemTime, SystemTime),
    ) -> Result<(), StoreError> {
        query(
            "DELETE FROM searches WHERE taken_at <= $1 OR taken_at > $2 OR taken_at < \
               (SELECT taken_at FROM searches ORDER BY taken_at DESC LIMIT 1 OFFSET $3)",
        )
        .bind(millis(before))
        .bind(millis(after))
        .bind(MAX - 1)
        .write(&self.pool)
        .await?;
        Ok(())
    }
}

fn kept(row: &Row) -> Result<KeptSearch, StoreError> {
    Ok(KeptSearch {
        place: place(row)?,
        prefix: row.try_get("prefix")?,
        taken_at: row.try_get("taken_at")?,
        nonce: row.try_get("nonce")?,
        sealed: row.try_get("sealed")?,
    })
}
