//! Rows as the database has them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::StoreError;
use super::sql::Row;
use crate::group::{GroupName, Guid};
use crate::ids::{ChannelId, GuildId, Place, UserId};
use crate::request::{Delay, GroupStatus, Kind, Reason, Request, RequestedGroup, State};

/// Reads requests with their groups, a row for each group. What follows must put
/// those of one request together, in the order of their positions. Columns are named, here as everywhere:
/// PostgreSQL carries out no statement of before any more once a newer version has added one that it has.
macro_rules! requests {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.state, r.kind, r.guild, r.channel, r.requester, r.reason, r.created_at, \
               r.approver, r.approved_at, r.decider, r.decided_at, r.denial_reason, r.delay, \
               r.attempts, r.due_at, r.version, r.shown_version, r.resent, r.message_guild, \
               r.message_channel, r.message, g.name, g.status, g.guid, g.failure, g.sent \
             FROM requests r JOIN requested_groups g ON g.request_id = r.id ",
            $rest
        )
    };
}
pub(super) use requests;

/// The request of a number.
pub(super) const BY_ID: &str = requests!("WHERE r.id = $1 ORDER BY g.position");

/// Milliseconds since 1970.
pub(in crate::requests) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A position, or how many.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(in crate::requests) fn time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.max(0).cast_unsigned())
}

/// What `parse` makes of a name that only the bot writes.
pub(super) fn named<T>(
    row: &Row,
    column: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let name: String = row.try_get(column)?;
    parse(&name).ok_or_else(|| StoreError::Damaged(format!("a {column} has an unknown name")))
}

pub(super) fn user(row: &Row, column: &str) -> Result<Option<UserId>, StoreError> {
    let id: Option<i64> = row.try_get(column)?;
    Ok(id.map(|id| UserId(id.cast_unsigned())))
}

pub(super) fn place(row: &Row) -> Result<Place, StoreError> {
    let (guild, channel): (i64, i64) = (row.try_get("guild")?, row.try_get("channel")?);
    Ok(Place { guild: GuildId(guild.cast_unsigned()), channel: ChannelId(channel.cast_unsigned()) })
}

/// A reason that a newer version has written isn't known, and everything else about the row is.
pub(super) fn reason(row: &Row, column: &str) -> Result<Option<Reason>, StoreError> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.as_deref().map(Reason::from_json))
}

fn opt_time(row: &Row, column: &str) -> Result<Option<SystemTime>, StoreError> {
    Ok(row.try_get::<Option<i64>>(column)?.map(time))
}

/// The requests of rows as [`requests!`] reads them.
pub(super) fn all(rows: &[Row]) -> Result<Vec<Request>, StoreError> {
    rows.chunk_by(is_of_same).map(request).collect()
}

fn is_of_same(a: &Row, b: &Row) -> bool {
    let id = |row: &Row| row.try_get::<i64>("id").ok();
    id(a) == id(b)
}

fn requested(row: &Row) -> Result<RequestedGroup, StoreError> {
    Ok(RequestedGroup {
        name: GroupName::trusted(row.try_get("name")?),
        status: named(row, "status", GroupStatus::parse)?,
        guid: row.try_get::<Option<String>>("guid")?.map(Guid::trusted),
        failure: reason(row, "failure")?,
        was_sent: row.try_get("sent")?,
    })
}

/// The request of these rows, each about one of its groups.
pub(super) fn request(rows: &[Row]) -> Result<Request, StoreError> {
    let row = rows.first().ok_or(StoreError::Damaged("a request has no group".to_owned()))?;
    let channel: Option<i64> = row.try_get("message_channel")?;
    let message: Option<i64> = row.try_get("message")?;
    let guild: Option<i64> = row.try_get("message_guild")?;
    let requester: i64 = row.try_get("requester")?;
    let approver = user(row, "approver")?;
    let attempts: i64 = row.try_get("attempts")?;
    let delay: Option<String> = row.try_get("delay")?;
    Ok(Request {
        id: row.try_get("id")?,
        groups: rows.iter().map(requested).collect::<Result<_, _>>()?,
        state: named(row, "state", State::parse)?,
        kind: named(row, "kind", Kind::parse)?,
        place: place(row)?,
        requester: UserId(requester.cast_unsigned()),
        reason: row.try_get("reason")?,
        created_at: time(row.try_get("created_at")?),
        approval: approver.zip(opt_time(row, "approved_at")?),
        decider: user(row, "decider")?,
        decided_at: opt_time(row, "decided_at")?,
        denial_reason: row.try_get("denial_reason")?,
        delay: delay.as_deref().map(Delay::from_json),
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        due_at: opt_time(row, "due_at")?,
        version: row.try_get("version")?,
        shown_version: row.try_get("shown_version")?,
        resent: row.try_get("resent")?,
        message_guild: guild.map(|id| GuildId(id.cast_unsigned())),
        message: channel.zip(message).map(|(channel, message)| {
            (ChannelId(channel.cast_unsigned()), message.cast_unsigned())
        }),
    })
}
