//! What the bot has written down.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox::Sandbox;
use sandbox::discord::Who;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, FromRow};
use tokio::time::{Instant, sleep};

/// How long after the last creation was due everything may take to be settled.
const PATIENCE: Duration = Duration::from_mins(1);

/// Every row of what is asked for, whichever database it is.
macro_rules! fetch {
    ($sandbox:expr, $sql:expr) => {{
        let url = $sandbox.database_url();
        if url.starts_with("postgres") {
            let mut database = PgConnection::connect(&url).await.unwrap();
            sqlx::query_as($sql).fetch_all(&mut database).await.unwrap()
        } else {
            let file = SqliteConnectOptions::new().filename($sandbox.database()).read_only(true);
            let mut database = SqliteConnection::connect_with(&file).await.unwrap();
            sqlx::query_as($sql).fetch_all(&mut database).await.unwrap()
        }
    }};
}

/// Says in the database what the campaign knows of a bot that it has killed: that it is at work no more.
/// The next one would wait for seconds until it can't be.
pub(crate) async fn let_go(sandbox: &Sandbox) {
    let url = sandbox.database_url();
    if url.starts_with("postgres") {
        let mut database = PgConnection::connect(&url).await.unwrap();
        sqlx::query("UPDATE lease SET released = TRUE").execute(&mut database).await.unwrap();
    }
}

/// All of it.
pub(crate) struct Rows {
    pub(crate) requests: Vec<Row>,
    pub(crate) askers: Vec<Asker>,
    /// Who has left which request, even if they joined it again: the person and the number.
    pub(crate) left: Vec<(i64, i64)>,
}

/// A request.
#[derive(FromRow)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) state: String,
    pub(crate) kind: String,
    pub(crate) channel: i64,
    pub(crate) requester: i64,
    /// Who made it, even if they have left it since.
    pub(crate) maker: i64,
    pub(crate) decider: Option<i64>,
    pub(crate) decided_at: Option<i64>,
    pub(crate) message_channel: Option<i64>,
    pub(crate) message: Option<i64>,
    #[sqlx(skip)]
    pub(crate) groups: Vec<Group>,
}

/// A group that is asked for.
#[derive(Debug, FromRow)]
pub(crate) struct Group {
    request_id: i64,
    position: i64,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) guid: Option<String>,
    pub(crate) open: bool,
    /// When something was written down to have come of it, in milliseconds since 1970, in order.
    #[sqlx(skip)]
    settled: Vec<i64>,
}

/// Who asked.
#[derive(FromRow)]
pub(crate) struct Asker {
    pub(crate) request_id: i64,
    pub(crate) person: i64,
    pub(crate) channel: i64,
    pub(crate) joined_at: i64,
}

impl Rows {
    pub(crate) async fn read(sandbox: &Sandbox) -> Self {
        let mut requests: Vec<Row> = fetch!(
            sandbox,
            "SELECT *, (SELECT person FROM history \
               WHERE request_id = requests.id AND before IS NULL) AS maker \
             FROM requests ORDER BY id"
        );
        let groups: Vec<Group> =
            fetch!(sandbox, "SELECT * FROM requested_groups ORDER BY request_id, position");
        let settled: Vec<(i64, i64, i64)> = fetch!(
            sandbox,
            "SELECT request_id, position, at FROM history WHERE position IS NOT NULL ORDER BY id"
        );
        for mut group in groups {
            let of_it = |(request, position, _): &&(i64, i64, i64)| {
                (*request, *position) == (group.request_id, group.position)
            };
            group.settled = settled.iter().filter(of_it).map(|(_, _, at)| *at).collect();
            let of = requests.iter_mut().find(|row| row.id == group.request_id).unwrap();
            of.groups.push(group);
        }
        let askers = fetch!(sandbox, "SELECT * FROM participants");
        let left =
            fetch!(sandbox, "SELECT person, request_id FROM history WHERE activity = 'left'");
        Self { requests, askers, left }
    }

    pub(crate) fn request(&self, id: i64) -> Option<&Row> {
        self.requests.iter().find(|row| row.id == id)
    }

    /// Whether somebody has left a request.
    pub(crate) fn has_left(&self, person: u64, request: i64) -> bool {
        self.left.contains(&(person.cast_signed(), request))
    }

    /// Whether somebody is in a request.
    pub(crate) fn is_in(&self, person: u64, request: i64) -> bool {
        let is_them = |a: &Asker| a.person.cast_unsigned() == person && a.request_id == request;
        self.askers.iter().any(is_them)
    }

    /// Whether somebody had asked for a request by the time it was decided.
    pub(crate) fn asked(&self, row: &Row, who: Who) -> bool {
        self.has_left(who.id(), row.id)
            || self.askers.iter().any(|asker| {
                asker.request_id == row.id
                    && asker.person.cast_unsigned() == who.id()
                    && row.decided_at.is_none_or(|decided| asker.joined_at < decided)
            })
    }
}

impl Row {
    /// Whether it is an admin's create, which nobody decides.
    pub(crate) fn is_direct(&self) -> bool {
        self.kind != "asked"
    }

    /// Whether it was made for several groups at once.
    pub(crate) fn is_batch(&self) -> bool {
        self.groups.len() > 1
    }

    /// Whether one of these moments lay between what came of one group and what came of another.
    pub(crate) fn was_cut(&self, moments: &[SystemTime]) -> bool {
        let settled = || self.groups.iter().flat_map(Group::settled);
        moments
            .iter()
            .any(|moment| settled().any(|at| at < *moment) && settled().any(|at| at > *moment))
    }
}

impl Group {
    /// When something was written down to have come of it.
    pub(crate) fn settled(&self) -> impl Iterator<Item = SystemTime> {
        self.settled.iter().map(|time| time_of(*time))
    }
}

/// Waits until nothing is left to be done. `false` if nothing of it comes off for too long.
pub(crate) async fn settled(sandbox: &Sandbox) -> bool {
    let due: Vec<(Option<i64>,)> = fetch!(sandbox, "SELECT MAX(due_at) FROM requests");
    let wait = time_of(due[0].0.unwrap_or_default()).duration_since(SystemTime::now());
    let mut deadline = Instant::now() + wait.unwrap_or_default() + PATIENCE;
    let mut least = i64::MAX;
    let sql = "SELECT (SELECT COUNT(*) FROM requests WHERE state = 'creating' OR shown_version <> version) \
         + (SELECT COUNT(*) FROM participants p JOIN requests r ON r.id = p.request_id \
            WHERE r.state <> 'pending' AND (p.told_state IS NULL OR p.told_state <> r.state))";
    while Instant::now() < deadline {
        let left: Vec<(i64,)> = fetch!(sandbox, sql);
        let left = left[0].0;
        if left == 0 {
            return true;
        }
        if left < least {
            (least, deadline) = (left, deadline.max(Instant::now() + PATIENCE));
        }
        sleep(Duration::from_millis(100)).await;
    }
    false
}

fn time_of(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.cast_unsigned())
}
