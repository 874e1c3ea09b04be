//! Lists and their pages, and the names that have a history. However much is stored, only the latest
//! is looked at.

use std::collections::HashSet;
use std::time::SystemTime;

use super::rows::{all, count, named, reason, requests, time, user};
use super::sql::{Row, Value, query};
use super::{Store, StoreError};
use crate::group::{GroupName, Guid};
use crate::ids::UserId;
use crate::request::{Activity, GroupStatus, Kind, Reason, Request, State};

/// A list of what is over ends after so many, and one person's requests are looked for among so many.
const LISTED: usize = 500;

/// A history has at most so many steps; names that hold what was typed are looked for among so many
/// requests.
const LATEST: usize = 1000;

/// The history of a group is that of so many requests for it.
const LATEST_OF_NAME: usize = 250;

/// Open requests. Whose they are is counted, or PostgreSQL may begin with all that somebody has asked for.
const OPEN: &str = "FROM requests WHERE state IN ('pending', 'creating') AND kind <> 'single' \
     AND ($1 IS NULL OR state = $1) \
     AND ($2 IS NULL OR (SELECT COUNT(*) FROM participants WHERE request_id = id AND person = $2) > 0)";

/// Everybody's requests in a state.
const OVER: &str = "FROM requests WHERE state = $1 AND (kind <> 'single') = TRUE";

/// The latest of everybody's requests.
const LATELY: &str =
    "FROM requests WHERE id > (SELECT MAX(id) FROM requests) - $3 AND kind <> 'single'";

/// One person's requests in a state, or in any. A cross join is made from the left by `SQLite`.
const OF_ONE: &str = "FROM (SELECT request_id FROM participants WHERE person = $2 \
       ORDER BY request_id DESC LIMIT $3) AS theirs CROSS JOIN requests \
     WHERE id = theirs.request_id AND ($1 IS NULL OR state = $1) AND kind <> 'single'";

/// Whether there are requests before the latest so many.
const HAS_OLDER: &str =
    "SELECT id FROM requests WHERE id <= (SELECT MAX(id) FROM requests) - $1 LIMIT 1";

/// Whether somebody has asked for more than so many.
const HAS_MADE: &str = "SELECT request_id FROM participants WHERE person = $1 LIMIT 1 OFFSET $2";

/// Whether a group was asked for more than so often.
const ASKED_FOR: &str =
    "SELECT request_id FROM requested_groups WHERE folded = $1 LIMIT 1 OFFSET $2";

/// The steps of the requests for a group, but for those that are about another group of theirs.
const OF_GROUP: &str = "FROM (SELECT request_id, position, status, guid FROM requested_groups \
       WHERE folded = $1 ORDER BY request_id DESC LIMIT $2) AS g CROSS JOIN history h \
     WHERE h.request_id = g.request_id AND (h.position IS NULL OR h.position = g.position)";

/// What is told of them.
const STEPS: &str = "SELECT h.request_id, h.at, h.person, h.before, h.after, h.activity, h.why, \
       h.cause, h.correlation_id, g.status, g.guid, \
       (SELECT decider FROM requests WHERE id = h.request_id) AS decider, \
       (SELECT kind FROM requests WHERE id = h.request_id) AS kind, \
       (SELECT approver FROM requests WHERE id = h.request_id) AS approver";

/// Names that begin so, each once, in their order: from one it is a step in the index to the next,
/// however often each was asked for.
const BEGUN: &str = "WITH RECURSIVE begun (folded, number) AS ( \
       SELECT (SELECT folded FROM requested_groups WHERE folded >= $1 AND folded < $2 \
         ORDER BY folded LIMIT 1), 1 \
       UNION ALL \
       SELECT (SELECT g.folded FROM requested_groups g WHERE g.folded > begun.folded AND g.folded < $2 \
         ORDER BY g.folded LIMIT 1), number + 1 \
       FROM begun WHERE begun.folded IS NOT NULL AND number < $3) \
     SELECT (SELECT name FROM requested_groups g WHERE g.folded = begun.folded \
       ORDER BY g.request_id DESC LIMIT 1) \
     FROM begun WHERE folded IS NOT NULL ORDER BY number";

/// Names that hold this, of the latest requests, the latest first.
const HELD: &str = "SELECT name FROM requested_groups \
     WHERE request_id > (SELECT MAX(id) FROM requests) - $2 AND folded LIKE $1 ESCAPE '!' \
     GROUP BY name ORDER BY MAX(request_id) DESC LIMIT $3";

/// What requests a list is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Listing {
    /// Those on which something is still to happen.
    Open,
    /// All of them.
    All,
    /// Those in a state.
    In(State),
}

impl Listing {
    const OPEN: &str = "open";
    const ALL: &str = "all";

    /// The open ones, those in each state, and all.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        let states = State::ALL.map(Self::In);
        [Self::Open].into_iter().chain(states).chain([Self::All])
    }

    /// Its name for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => Self::OPEN,
            Self::All => Self::ALL,
            Self::In(state) => state.as_str(),
        }
    }

    /// The kind of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            Self::OPEN => Some(Self::Open),
            Self::ALL => Some(Self::All),
            state => State::parse(state).map(Self::In),
        }
    }

    fn state(self) -> Option<State> {
        match self {
            Self::In(state) => Some(state),
            Self::Open | Self::All => None,
        }
    }
}

/// Which requests are listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Filter {
    /// Of this kind.
    pub kind: Listing,
    /// This person's, as requester or joined; everybody's if `None`.
    pub person: Option<UserId>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub(crate) struct Listed<T> {
    /// What is on the page.
    pub entries: Vec<T>,
    /// How much there is on all pages.
    pub total: usize,
    /// Whether what is older isn't on them.
    pub is_cut: bool,
    /// Which page it is, counted from 0: the last one, if there are fewer than were asked for.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
}

/// By whose word the bot brought a group in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bringer {
    /// An admin's own create.
    Admin(UserId),
    /// Whoever approved that somebody asked for it.
    Approver(UserId),
    /// Whoever had it tried again.
    Retrier(UserId),
}

/// A step in the history of a group.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The request's id.
    pub request_id: i64,
    /// When.
    pub at: SystemTime,
    /// Who; nobody if it was time or the bot itself.
    pub person: Option<UserId>,
    /// The state before; none at the beginning.
    pub before: Option<State>,
    /// The state after.
    pub after: State,
    /// If the state stayed, what it is that they did.
    pub activity: Option<Activity>,
    /// Why, in their own words.
    pub why: Option<String>,
    /// Why, if it was the bot itself.
    pub cause: Option<Reason>,
    /// Whose doing it is that the group is in Connect, if this is that step.
    pub bringer: Option<Bringer>,
    /// The group's id, if this step brought it in.
    pub guid: Option<Guid>,
    /// Ties it to the logs.
    pub correlation: String,
}

impl Store {
    /// A page of requests, the newest first. Of those that are over, and of all, the latest 500 are
    /// listed; of one person's, those among their latest 500 of any state.
    pub(crate) async fn list(
        &self,
        filter: Filter,
        page: usize,
        per_page: usize,
    ) -> Result<Listed<Request>, StoreError> {
        let (source, most) = match (filter.kind, filter.person) {
            (Listing::Open | Listing::In(State::Pending | State::Creating), _) => {
                (OPEN, usize::MAX - 1)
            }
            (Listing::In(_), None) => (OVER, LISTED),
            (Listing::All, None) => (LATELY, LISTED),
            (Listing::All | Listing::In(_), Some(_)) => (OF_ONE, LISTED),
        };
        let person = filter.person.map(|person| person.0.cast_signed());
        let of_list = |sql| {
            query(sqlx::AssertSqlSafe(sql))
                .bind(filter.kind.state().map(State::as_str))
                .bind(person)
                .bind(count(LISTED))
        };
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 {source} LIMIT $4) AS latest");
        let counted = of_list(sql).bind(count(most + 1)).fetch_value(&self.pool).await?;
        let turned = Turned::to(page, per_page, counted, most);
        let sql = format!(
            "{} (SELECT id {source} ORDER BY id DESC LIMIT $4 OFFSET $5) \
             ORDER BY r.id DESC, g.position",
            requests!("WHERE r.id IN")
        );
        let page = of_list(sql).bind(turned.limit).bind(turned.offset);
        let entries = all(&page.fetch_all(&self.pool).await?)?;
        let is_cut = match person {
            Some(person) if source == OF_ONE => self.has_more(HAS_MADE, person, LISTED).await?,
            None if source == LATELY => {
                let older = query(HAS_OLDER).bind(count(LISTED));
                older.fetch_optional(&self.pool).await?.is_some()
            }
            Some(_) | None => false,
        };
        Ok(turned.listed(entries, is_cut))
    }

    /// A page of what happened to the group of a name, whatever its case, the newest first: in the
    /// latest 250 requests for it, and at most the latest 1000 steps.
    pub(crate) async fn history(
        &self,
        folded: &str,
        page: usize,
        per_page: usize,
    ) -> Result<Listed<Entry>, StoreError> {
        let of_name =
            |sql| query(sqlx::AssertSqlSafe(sql)).bind(folded).bind(count(LATEST_OF_NAME));
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 {OF_GROUP} LIMIT $3) AS latest");
        let counted = of_name(sql).bind(count(LATEST + 1)).fetch_value(&self.pool).await?;
        let turned = Turned::to(page, per_page, counted, LATEST);
        let sql = format!("{STEPS} {OF_GROUP} ORDER BY h.id DESC LIMIT $3 OFFSET $4");
        let page = of_name(sql).bind(turned.limit).bind(turned.offset);
        let rows = page.fetch_all(&self.pool).await?;
        let entries = rows.iter().map(entry).collect::<Result<_, _>>()?;
        let is_cut = self.has_more(ASKED_FOR, folded, LATEST_OF_NAME).await?;
        Ok(turned.listed(entries, is_cut))
    }

    /// Whether a query that has a row for each request of `whose` has more than this.
    async fn has_more(
        &self,
        sql: &'static str,
        whose: impl Into<Value>,
        than: usize,
    ) -> Result<bool, StoreError> {
        let next = query(sql).bind(whose).bind(count(than));
        Ok(next.fetch_optional(&self.pool).await?.is_some())
    }

    /// Names of groups that have a history, whatever the case: those that begin with `typed`, in
    /// their order, then those that hold it, of the latest 1000 requests, the latest first.
    pub(crate) async fn names_like(
        &self,
        typed: &str,
        limit: usize,
    ) -> Result<Vec<GroupName>, StoreError> {
        let folded = typed.to_lowercase();
        let mut names: Vec<GroupName> = Vec::new();
        if !folded.is_empty() {
            let begun = query(BEGUN)
                .bind(&folded)
                .bind(format!("{folded}{}", char::MAX))
                .bind(count(limit));
            let begun: Vec<String> = begun.fetch_values(&self.pool).await?;
            names.extend(begun.into_iter().map(GroupName::trusted));
        }
        if names.len() < limit {
            let held = query(HELD).bind(holds(&folded)).bind(count(LATEST)).bind(count(limit));
            let held: Vec<String> = held.fetch_values(&self.pool).await?;
            let mut known: HashSet<_> = names.iter().map(GroupName::folded).collect();
            let held = held.into_iter().map(GroupName::trusted);
            names.extend(held.filter(|name| known.insert(name.folded())));
            names.truncate(limit);
        }
        Ok(names)
    }
}

/// The pattern of what holds a text, whatever that is made of.
fn holds(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The page that there is. Buttons outlive what they led to.
struct Turned {
    page: usize,
    pages: usize,
    total: usize,
    is_cut: bool,
    limit: i64,
    offset: i64,
}

impl Turned {
    /// Of a list of at most so many entries, of which one more was counted if there are more.
    fn to(page: usize, per_page: usize, counted: i64, most: usize) -> Self {
        let counted = usize::try_from(counted).unwrap_or_default();
        let total = counted.min(most);
        let pages = total.div_ceil(per_page);
        let page = page.min(pages.saturating_sub(1));
        let offset = page * per_page;
        let limit = count(per_page.min(total - offset));
        Self { page, pages, total, is_cut: counted > most, limit, offset: count(offset) }
    }

    fn listed<T>(self, entries: Vec<T>, is_cut: bool) -> Listed<T> {
        let Self { page, pages, total, .. } = self;
        Listed { entries, total, is_cut: is_cut || self.is_cut, page, pages }
    }
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let before: Option<String> = row.try_get("before")?;
    let activity: Option<String> = row.try_get("activity")?;
    let after = named(row, "after", State::parse)?;
    let status = named(row, "status", GroupStatus::parse)?;
    let has_come =
        after == State::Created && matches!(status, GroupStatus::Created | GroupStatus::Existed);
    let guid: Option<String> = row.try_get("guid")?;
    let bringer = match named(row, "kind", Kind::parse)? {
        _ if user(row, "approver")?.is_some() => Bringer::Retrier,
        Kind::Asked => Bringer::Approver,
        Kind::Batch | Kind::Single => Bringer::Admin,
    };
    Ok(Entry {
        request_id: row.try_get("request_id")?,
        at: time(row.try_get("at")?),
        person: user(row, "person")?,
        before: before.as_deref().and_then(State::parse),
        after,
        bringer: user(row, "decider")?.filter(|_| has_come).map(bringer),
        guid: guid.map(Guid::trusted).filter(|_| has_come),
        activity: activity.as_deref().and_then(Activity::parse),
        why: row.try_get("why")?,
        cause: reason(row, "cause")?,
        correlation: row.try_get("correlation_id")?,
    })
}
