//! What a step reads doesn't grow with what is stored.

mod in_postgres;

use std::collections::BTreeSet;
use std::io::{Result as Io, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sqlx::{ConnectOptions, SqlitePool};

use super::*;
use crate::request::Delay;
use crate::requests::outcome::Skipped;
use crate::requests::store::file::options;
use crate::requests::store::sql::Connections;

/// Whoever asks for `team-again` over and over in what is filled in.
const PERSON: u64 = 77;

/// Indices that have only what is still to be done.
const BOUNDED: [&str; 4] =
    ["requests_open", "requests_unshown", "participants_untold", "requested_groups_open"];

async fn filled(folder: &TempDir, count: u32, log: &str) -> Store {
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let options = options(&SecretString::new(url)).unwrap();
    let options = options.log_slow_statements(log.parse().unwrap(), Duration::ZERO);
    let store = Store::open_file(options, Arc::new(Metrics::new()), None).await.unwrap();
    sqlx::raw_sql(fill(count)).execute(pool(&store)).await.unwrap();
    store
}

/// What fills either database with so many requests.
fn fill(count: u32) -> sqlx::AssertSqlSafe<String> {
    let fill = include_str!("../../../../benches/whole/fill.sql");
    let now = millis(SystemTime::now());
    let values = [(":count", i64::from(count)), (":person", PERSON.cast_signed()), (":now", now)];
    let put_in = |sql: String, (name, value): (&str, i64)| sql.replace(name, &value.to_string());
    sqlx::AssertSqlSafe(values.into_iter().fold(fill.to_owned(), put_in))
}

fn pool(store: &Store) -> &SqlitePool {
    match &store.pool.connections {
        Connections::Sqlite(pool) => pool,
        Connections::Postgres(..) => unreachable!("it is a file"),
    }
}

/// Has the instructions of `SQLite`'s machine counted, and gives what takes the count.
async fn instructions(store: &Store) -> impl Fn() -> u64 {
    let counted = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&counted);
    let mut connection = pool(store).acquire().await.unwrap();
    let count = move || counting.fetch_add(1, Ordering::Relaxed) < u64::MAX;
    connection.lock_handle().await.unwrap().set_progress_handler(1, count);
    move || counted.swap(0, Ordering::Relaxed)
}

/// Does all that steps of the bot do with the store, and takes for each what is counted of it.
async fn steps(store: &Store, take: impl Fn() -> u64) -> Vec<(String, u64)> {
    let mut steps = Vec::new();
    macro_rules! step {
        ($name:expr, $work:expr) => {{
            take();
            let done = $work.await.unwrap();
            steps.push(($name.to_string(), take()));
            done
        }};
    }
    let (now, id) = (SystemTime::now(), CorrelationId::new());
    let (person, admin, day) = (UserId(PERSON), UserId(9), Duration::from_hours(24));
    let decide = |event| Change::new(event, Some(admin), id);
    let failure = Some(Reason::Ambiguous);
    let settled =
        |status| GroupOutcome { status, guid: None, failure: failure.clone(), correlation: id };

    let ask = async |name: &str, person: u64| {
        let asked = store.ask(&new(&[name], person), 99, now, id).await?.unwrap();
        let number = match (&asked.request, &asked.skipped[..]) {
            (Some(request), _) | (None, [Skipped::Asked { request, .. }]) => request.id,
            _ => panic!("{asked:?}"),
        };
        Ok::<_, StoreError>(number)
    };
    let outbox = store.outbox();
    let first = step!("ask", ask("team-again", PERSON));
    step!("join", ask("team-again", 5));
    let second = step!("ask for another", ask("Team-New", PERSON));
    let third = step!("ask for a third", ask("Team-3", PERSON));
    let single = NewRequest { kind: Kind::Single, ..new(&["ABE"], 9) };
    step!("create", store.begin(&single, now, id));
    step!("show", outbox.note_shown(first, 2, (ChannelId(3), 4), None));
    step!("what is undecided", store.pending_made_by(now));
    step!("what is to be brought up", store.unreminded_made_by(now));
    step!("bring up", outbox.note_reminded(first, now));
    step!("what one may leave", store.pending_of(person, 25));
    step!("what one may cancel", store.pending_of_others(admin, 25));
    step!("somebody's part", store.involvement(first, person));
    let reworded = NewRequest { reason: Some("for more".to_owned()), ..new(&["team-again"], 5) };
    step!("say something else", store.ask(&reworded, 99, now, id));
    step!("leave as who asked first", store.leave(first, person, now, id));
    step!("ask once more", ask("team-again", PERSON));
    step!("leave", store.leave(first, UserId(5), now, id));
    step!("what is begun", store.begun_by(id));
    step!("cancel", store.change(first, &Change::new(Event::Cancel, Some(person), id), now));
    step!("deny", store.change(second, &decide(Event::Deny), now));
    step!("approve", store.change(third, &decide(Event::Approve), now));
    step!("what is due", store.creating_due(now));
    let has_come = async |name: &str| store.has_come(&GroupName::parse(name).unwrap()).await;
    step!("whether a group has come", has_come("team-again"));
    step!("be at work on it", store.hold(third, Some(now), now + day));
    step!("send", store.note_sent(third, 0));
    let delay = Delay { why: Reason::Unreachable, tried_at: Some(now) };
    step!("put off", store.postpone(third, &delay, now + day));
    step!("fail", store.settle(third, 0, &settled(GroupStatus::Failed), now));
    step!("retry", store.change(third, &decide(Event::Retry), now));
    step!("create what was approved", store.settle(third, 0, &settled(GroupStatus::Created), now));
    step!("who is to be told", outbox.untold());
    step!("tell", outbox.note_told((third, 7), &[person], State::Created));
    step!("what is to be shown", outbox.unshown(now));
    step!("what may be deleted", outbox.shown_and_open(now));
    step!("lose a message", outbox.note_gone(third));
    step!("what is next", store.next_due(day, Some(day), now));
    step!("a request", store.request(third));
    step!("who asked", outbox.people(third));
    step!("the overview", store.overview());
    step!("forget what is old", store.forget(now - 30 * day));
    step!("what is open, by state", store.open_by_state());
    step!("what is about no request", others(store, now));
    for kind in Listing::each() {
        for person in [None, Some(person)] {
            for page in [0, 1000] {
                let name = format!("list {kind:?} of {person:?}, page {page}");
                step!(name, store.list(Filter { kind, person }, page, 8));
            }
        }
    }
    for name in ["team-again", "team-3"] {
        for page in [0, 1000] {
            step!(format!("history of {name}, page {page}"), store.history(name, page, 8));
        }
    }
    step!("names", names(store));
    steps
}

#[tokio::test]
async fn no_step_does_more_the_more_is_stored() {
    let (folders, mut counted) = ([(); 2].map(|()| tempfile::tempdir().unwrap()), Vec::new());
    // Of 9000 each state has more than a list shows.
    for (folder, count) in folders.iter().zip([9_000, 27_000]) {
        let store = filled(folder, count, "off").await;
        let take = instructions(&store).await;
        counted.push(steps(&store, take).await);
    }
    let [few, many] = &counted[..] else { panic!() };
    assert_none_grows(few, many, |few| few / 10 + 100);
}

/// Of no step more is counted than with few and this beyond it.
fn assert_none_grows(few: &[(String, u64)], many: &[(String, u64)], beyond: fn(u64) -> u64) {
    let grown = few.iter().zip(many).filter(|((_, few), (_, many))| *many > few + beyond(*few));
    assert_eq!(grown.collect::<Vec<_>>(), []);
}

#[tokio::test]
async fn a_list_ends_with_what_is_latest_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(&folder, 9_000, "off").await;
    let ended = async |kind, person| {
        let filter = Filter { kind, person };
        let listed = store.list(filter, 1000, 9).await.unwrap();
        (listed.total, listed.is_cut, listed.page, listed.entries.len())
    };
    assert_eq!(
        ended(Listing::In(State::Cancelled), Some(UserId(PERSON))).await,
        (500, true, 55, 5)
    );
    assert_eq!(ended(Listing::In(State::Denied), Some(UserId(PERSON))).await, (0, true, 0, 0));
    assert_eq!(ended(Listing::In(State::Denied), None).await, (500, true, 55, 5));
    assert_eq!(ended(Listing::In(State::Denied), Some(UserId(5))).await, (0, false, 0, 0));
    assert_eq!(ended(Listing::All, Some(UserId(PERSON))).await, (500, true, 55, 5));
    // One in eight is shown by no message.
    assert_eq!(ended(Listing::All, None).await, (437, true, 48, 5));
}

/// Keeps a log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> Io<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Io<()> {
        Ok(())
    }
}

impl Log {
    /// The statements that were carried out on connections that log at this level.
    fn statements(&self, level: &str) -> BTreeSet<String> {
        let bytes = self.0.lock().unwrap().clone();
        let lines = String::from_utf8(bytes).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
        let ours = lines.filter(|line: &serde_json::Value| line["level"] == level);
        let statement = |line: serde_json::Value| {
            let fields = &line["fields"];
            let text = |field: &str| fields[field].as_str().unwrap().trim().to_owned();
            Some(text("db.statement")).filter(|sql| !sql.is_empty()).unwrap_or(text("summary"))
        };
        ours.map(statement).collect()
    }
}

/// The SQL in the store's code, each up to where something is put in. What opens and examines the
/// database, copies and exports it is no part of a step.
fn written() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/requests");
    let files = std::fs::read_dir(root.join("store")).unwrap().map(|file| file.unwrap().path());
    let is_for_steps = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap();
        path.is_file()
            && ![
                "lease.rs",
                "moving.rs",
                "examine.rs",
                "copying.rs",
                "exporting.rs",
                "file.rs",
                "postgres.rs",
                "copies.rs",
                "sql.rs",
                "tests.rs",
            ]
            .iter()
            .any(|other| name == *other)
    };
    let files = files.filter(is_for_steps).chain([root.join("store.rs")]);
    let code: Vec<_> = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let texts = code.iter().flat_map(|code| code.split('"'));
    let begins = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "FROM ", "WHERE "];
    let sql = texts.filter(|text| begins.iter().any(|begin| text.starts_with(begin)));
    let joined = sql.map(|text| text.split("\\\n").map(str::trim_start).collect::<String>());
    joined.map(|text| text.split('{').next().unwrap_or_default().to_owned()).collect()
}

/// All that is done with what is about no request.
async fn others(store: &Store, now: SystemTime) -> Result<(), StoreError> {
    alert(&store.outbox(), now).await?;
    undelivered(&store.outbox(), now).await?;
    interactions(store, now).await?;
    pick(store, now).await?;
    search(store, now).await
}

/// All that is done with what couldn't be said.
async fn undelivered(outbox: &Outbox, since: SystemTime) -> Result<(), StoreError> {
    let (why, todo) = ("missing permissions".to_owned(), "wait".into());
    let channel = Some(ChannelId(3));
    let one = Undelivered { messages: 1, channel, since, why, todo, passes: true };
    outbox.note_undelivered(&[one]).await?;
    assert_eq!(outbox.undelivered().await?.len(), 1);
    Ok(())
}

/// All that is suggested, and whatever is open.
async fn names(store: &Store) -> Result<(), StoreError> {
    for prefix in ["t", "nobody has this"] {
        let asked = store.open_names_between(prefix.to_owned()).await?;
        assert_eq!(store.open_names(prefix).await?, asked);
    }
    for typed in ["", "t", "team-", "again", "nobody has this"] {
        store.names_like(typed, 25).await?;
    }
    Ok(())
}

/// All that is done with interactions over HTTP.
async fn interactions(store: &Store, now: SystemTime) -> Result<(), StoreError> {
    assert!(store.take_interaction(1, now).await?);
    assert!(!store.take_interaction(1, now).await?);
    store.forget_interactions(now - Duration::from_hours(24)).await
}

/// All that is done with what admins are told.
async fn alert(outbox: &Outbox, since: SystemTime) -> Result<(), StoreError> {
    let alert = Alert { kind: "key".to_owned(), since, told_at: None };
    outbox.note_alert(&alert).await?;
    outbox.alerts().await?;
    outbox.asked_last_in().await?;
    outbox.forget_alert(&alert.kind).await
}

/// All that is done with what somebody picks.
async fn pick(store: &Store, now: SystemTime) -> Result<(), StoreError> {
    store.keep_pick((5, UserId(9)), &["ABE".to_owned()], now).await?;
    store.take_pick((5, UserId(9)), now - Duration::from_mins(15)).await?;
    store.forget_picks(now).await
}

/// All that is done with the search of a channel.
async fn search(store: &Store, now: SystemTime) -> Result<(), StoreError> {
    let fresh = (now - Duration::from_mins(10), now);
    let kept = searches::kept((1, 2), "team", now);
    store.keep_search(&kept).await?;
    store.other_search(kept.place, "", fresh).await?;
    store.searched_for(&GroupName::parse("team-1").unwrap(), fresh).await?;
    store.replace_search(&kept.nonce, &kept).await?;
    store.forget_searches(fresh).await
}

/// Tables with a row for each of a few kinds, and of a thousand channels at most.
const SMALL: [&str; 3] = ["alerts", "undelivered", "searches"];

/// Whether a line of a plan reads a whole table, or an index of all there is.
fn scans(line: &str, plan: &[String]) -> bool {
    if line.contains("AUTOMATIC") {
        return true;
    }
    let Some(scan) = line.strip_prefix("SCAN ") else { return false };
    let (what, how) = scan.split_once(' ').unwrap_or((scan, ""));
    let is_step_of_ours =
        ["CO-ROUTINE", "MATERIALIZE"].iter().any(|way| plan.contains(&format!("{way} {what}")));
    let is_bounded = how.split(' ').any(|word| BOUNDED.contains(&word));
    !is_step_of_ours && !is_bounded && !SMALL.contains(&what) && scan != "CONSTANT ROW"
}

#[tokio::test]
async fn no_statement_of_a_step_reads_a_whole_table() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().json().with_env_filter("sqlx::query=trace").with_writer({
            let log = log.clone();
            move || log.clone()
        });
    // The connection has a thread of its own. Other tests' connections log at other levels.
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = filled(&folder, 10, "trace").await;
    log.0.lock().unwrap().clear();
    steps(&store, || 0).await;
    let statements = log.statements("TRACE");
    for sql in written() {
        let is_run = statements.iter().any(|statement| statement.contains(&sql));
        assert!(is_run, "`steps` must come to this, so that its plan is looked at: {sql}");
    }
    let mut scanning = Vec::new();
    for statement in statements {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let rows = sqlx::query(explain).fetch_all(pool(&store)).await.unwrap();
        let plan: Vec<String> =
            rows.iter().map(|row| sqlx::Row::get::<String, _>(row, "detail")).collect();
        if plan.iter().any(|line| scans(line, &plan)) {
            scanning.push((statement, plan));
        }
    }
    assert!(scanning.is_empty(), "{scanning:#?}");
}
