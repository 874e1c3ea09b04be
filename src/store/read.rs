//! What is read from the database: lists, and what is still to be done.

use std::time::{Duration, SystemTime};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::rows::{all, millis, place, requests, state, time, user};
use super::{Store, StoreError};
use crate::access::{Place, UserId};
use crate::connect::CorrelationId;
use crate::group::GroupName;
use crate::request::{LONGEST_PAUSE, Request, State};

/// The message of a failed request is looked after for this long: nobody retries it later.
const RETRIED_WITHIN: Duration = Duration::from_hours(7 * 24);

/// The request of a number.
pub(super) const BY_ID: &str = requests!("WHERE r.id = $1 ORDER BY g.position");

/// The steps of the requests for a group, but for those that are about another group of theirs.
const OF_GROUP: &str = "FROM history h JOIN requested g ON g.request = h.request \
     WHERE g.folded = $1 AND (h.position IS NULL OR h.position = g.position)";

/// Somebody who is to be told what came of a request.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The request, over now.
    pub request: Request,
    /// Who is to be told.
    pub person: UserId,
    /// Where they asked.
    pub place: Place,
}

/// Which requests are listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Filter {
    /// In this state; the open ones if `None`.
    pub state: Option<State>,
    /// This person's, as requester or joined; everybody's if `None`.
    pub person: Option<UserId>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// What is on the page.
    pub entries: Vec<T>,
    /// How much there is on all pages.
    pub total: usize,
    /// Which page it is, counted from 0: the last one, if there are fewer than were asked for.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
}

/// A step in the history of a group.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The request.
    pub request: i64,
    /// The group.
    pub name: GroupName,
    /// When.
    pub at: SystemTime,
    /// Who; nobody if it was time or the bot itself.
    pub person: Option<UserId>,
    /// The state before; none at the beginning.
    pub before: Option<State>,
    /// The state after.
    pub after: State,
    /// Why.
    pub why: Option<String>,
    /// Ties it to the logs.
    pub correlation: String,
}

impl Store {
    /// The request of this number.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn request(&self, id: i64) -> Result<Option<Request>, StoreError> {
        let rows = sqlx::query(BY_ID).bind(id).fetch_all(&self.pool).await?;
        Ok(all(&rows)?.pop())
    }

    /// Whether a person made a request or joined it.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn has_asked(&self, id: i64, person: UserId) -> Result<bool, StoreError> {
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM people WHERE request = $1 AND person = $2")
                .bind(id)
                .bind(person.0.cast_signed())
                .fetch_one(&self.pool)
                .await?;
        Ok(count > 0)
    }

    /// The request that was made or begun under this correlation id, if it is open.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn begun_by(
        &self,
        correlation: CorrelationId,
    ) -> Result<Option<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.id = (SELECT h.request FROM requested o JOIN history h ON h.request = o.request \
               WHERE o.open AND h.before IS NULL AND h.correlation = $1 LIMIT 1) \
             ORDER BY g.position"
        );
        let rows = sqlx::query(sql).bind(correlation.to_string()).fetch_all(&self.pool).await?;
        Ok(all(&rows)?.pop())
    }

    /// Whether a group of this name, whatever its case, is in Connect according to some request.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn has_come(&self, name: &GroupName) -> Result<bool, StoreError> {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM requested WHERE folded = $1 AND fate IN ('created', 'existed')",
        )
        .bind(name.folded())
        .fetch_one(&self.pool)
        .await?;
        Ok(count > 0)
    }

    /// Who asked, in the order in which they did.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn people(&self, id: i64) -> Result<Vec<UserId>, StoreError> {
        let people: Vec<i64> = sqlx::query_scalar(
            "SELECT person FROM people WHERE request = $1 ORDER BY joined, person",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        Ok(people.into_iter().map(|id| UserId(id.cast_unsigned())).collect())
    }

    /// Undecided requests that were made at or before `made`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn pending_since(&self, made: SystemTime) -> Result<Vec<Request>, StoreError> {
        let sql = requests!("WHERE r.state = 'pending' AND r.made <= $1 ORDER BY r.id, g.position");
        self.requests(sql, made).await
    }

    /// Of these, the ones that weren't brought up again yet.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn unreminded_since(&self, made: SystemTime) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.state = 'pending' AND r.made <= $1 AND r.reminded IS NULL \
             ORDER BY r.id, g.position"
        );
        self.requests(sql, made).await
    }

    /// Requests whose creation is due, by [`Request::is_due`].
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn creating_due(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        let sql = requests!(
            "WHERE r.state = 'creating' AND (r.due <= $1 OR r.due > $2) \
             ORDER BY r.due, r.id, g.position"
        );
        let latest = millis(now + LONGEST_PAUSE);
        all(&sqlx::query(sql).bind(millis(now)).bind(latest).fetch_all(&self.pool).await?)
    }

    async fn requests(
        &self,
        sql: &'static str,
        at: SystemTime,
    ) -> Result<Vec<Request>, StoreError> {
        all(&sqlx::query(sql).bind(millis(at)).fetch_all(&self.pool).await?)
    }

    /// Requests whose message doesn't show them as they are.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn unshown(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        // Where an admin's creation can't be shown for a week, nobody waits for its message.
        let sql = requests!(
            "WHERE r.shown < r.version AND NOT r.quiet \
               AND NOT (r.direct AND r.state IN ('created', 'failed') AND r.decided < $1) \
             ORDER BY r.id, g.position"
        );
        let lately = now.checked_sub(RETRIED_WITHIN).map_or(0, millis);
        all(&sqlx::query(sql).bind(lately).fetch_all(&self.pool).await?)
    }

    /// Requests that wait for somebody's decision or press, whose message somebody may have deleted.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn shown_and_open(&self, now: SystemTime) -> Result<Vec<Request>, StoreError> {
        let lately = now.checked_sub(RETRIED_WITHIN).map_or(0, millis);
        let sql = requests!(
            "WHERE r.message IS NOT NULL AND NOT r.quiet \
               AND (r.state IN ('pending', 'creating') OR r.state = 'failed' AND r.decided > $1) \
             ORDER BY r.id, g.position"
        );
        all(&sqlx::query(sql).bind(lately).fetch_all(&self.pool).await?)
    }

    /// Who is still to be told what came of their request.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn untold(&self) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT request, person, people.guild, people.channel \
             FROM people JOIN requests ON id = request \
             WHERE state NOT IN ('pending', 'creating') AND (told IS NULL OR told <> state) \
             ORDER BY id, joined",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut notices = Vec::with_capacity(rows.len());
        for row in &rows {
            let (number, person): (i64, i64) = (row.try_get("request")?, row.try_get("person")?);
            if let Some(request) = self.request(number).await? {
                let person = UserId(person.cast_unsigned());
                notices.push(Notice { request, person, place: place(row)? });
            }
        }
        Ok(notices)
    }

    /// When, after `now`, the next thing is due that happens by itself.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn next_due(
        &self,
        ttl: Duration,
        reminder: Option<Duration>,
        now: SystemTime,
    ) -> Result<Option<SystemTime>, StoreError> {
        // What was made after these moments is not yet due at `now`.
        let before = |after: Duration| now.checked_sub(after).map_or(0, millis);
        let row = sqlx::query(
            "SELECT MIN(CASE WHEN state = 'pending' AND made > $1 THEN made END) AS expiring, \
               MIN(CASE WHEN state = 'pending' AND reminded IS NULL AND made > $2 THEN made END) \
                 AS quiet, \
               MIN(CASE WHEN state = 'creating' AND due > $3 THEN due END) AS due \
             FROM requests WHERE state IN ('pending', 'creating')",
        )
        .bind(before(ttl))
        .bind(before(reminder.unwrap_or_default()))
        .bind(millis(now))
        .fetch_one(&self.pool)
        .await?;
        let at = |column: &str| row.try_get::<Option<i64>, _>(column).map(|at| at.map(time));
        let expiry = at("expiring")?.map(|made| made + ttl);
        let reminder = at("quiet")?.zip(reminder).map(|(made, after)| made + after);
        Ok([expiry, reminder, at("due")?].into_iter().flatten().min())
    }

    /// A page of requests, the newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn list(
        &self,
        filter: Filter,
        page: usize,
        per_page: usize,
    ) -> Result<Listed<Request>, StoreError> {
        let condition = "WHERE NOT quiet \
             AND ($1 IS NULL AND state IN ('pending', 'creating') OR state = $1) \
             AND ($2 IS NULL OR EXISTS (SELECT 1 FROM people WHERE request = id AND person = $2))";
        let state = filter.state.map(State::as_str);
        let person = filter.person.map(|person| person.0.cast_signed());
        let total: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT COUNT(*) FROM requests {condition}"
        )))
        .bind(state)
        .bind(person)
        .fetch_one(&self.pool)
        .await?;
        let (page, pages, offset) = turned_to(page, per_page, total);
        let sql = format!(
            "{} (SELECT id FROM requests {condition} ORDER BY id DESC LIMIT $3 OFFSET $4) \
             ORDER BY r.id DESC, g.position",
            requests!("WHERE r.id IN")
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(state)
            .bind(person)
            .bind(count(per_page))
            .bind(count(offset))
            .fetch_all(&self.pool)
            .await?;
        let entries = all(&rows)?;
        Ok(Listed { entries, total: usize::try_from(total).unwrap_or_default(), page, pages })
    }

    /// A page of what happened to the group of a name, whatever its case, the newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn history(
        &self,
        folded: &str,
        page: usize,
        per_page: usize,
    ) -> Result<Listed<Entry>, StoreError> {
        let total: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) {OF_GROUP}")))
                .bind(folded)
                .fetch_one(&self.pool)
                .await?;
        let (page, pages, offset) = turned_to(page, per_page, total);
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT h.*, g.name {OF_GROUP} ORDER BY h.id DESC LIMIT $2 OFFSET $3"
        )))
        .bind(folded)
        .bind(count(per_page))
        .bind(count(offset))
        .fetch_all(&self.pool)
        .await?;
        let entries = rows.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(Listed { entries, total: usize::try_from(total).unwrap_or_default(), page, pages })
    }

    /// Names of groups that have a history and hold `typed`, whatever the case, the latest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn names_like(
        &self,
        typed: &str,
        limit: usize,
    ) -> Result<Vec<GroupName>, StoreError> {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM requested WHERE $1 = '' OR INSTR(folded, $1) > 0 \
             GROUP BY name ORDER BY MAX(request) DESC LIMIT $2",
        )
        .bind(typed.to_lowercase())
        .bind(count(limit))
        .fetch_all(&self.pool)
        .await?;
        Ok(names.into_iter().map(GroupName::trusted).collect())
    }
}

/// The page that there is, how many there are, and how many entries come before it. Buttons outlive
/// what they led to.
fn turned_to(page: usize, per_page: usize, total: i64) -> (usize, usize, usize) {
    let pages = usize::try_from(total).unwrap_or_default().div_ceil(per_page);
    let page = page.min(pages.saturating_sub(1));
    (page, pages, page * per_page)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let before: Option<String> = row.try_get("before")?;
    Ok(Entry {
        request: row.try_get("request")?,
        name: GroupName::trusted(row.try_get("name")?),
        at: time(row.try_get("at")?),
        person: user(row, "person")?,
        before: before.as_deref().and_then(State::parse),
        after: state(row, "after")?,
        why: row.try_get("why")?,
        correlation: row.try_get("correlation")?,
    })
}
