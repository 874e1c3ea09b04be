//! The store on each database, against a plain model, and what opening one promises.

mod clock;
mod file;
mod forgetting;
mod given_up;
mod lease;
mod many;
mod model;
mod picks;
mod postgres;
mod searches;
mod size;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use sandbox::postgres::Server;
use secrecy::{ExposeSecret, SecretString};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tempfile::TempDir;

use super::*;
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Guid};
use crate::ids::{ChannelId, GuildId, Place};
use crate::metrics::Metrics;
use crate::request::{Event, GroupStatus, Kind};
use crate::requests::outcome::GroupOutcome;

/// The address of a file in this folder.
fn in_folder(folder: &TempDir) -> SecretString {
    SecretString::new(format!("sqlite://{}", folder.path().join("test.db").display()))
}

/// The server that the tests share, where PostgreSQL is installed.
fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::for_test).as_ref()
}

/// The address of a new database in PostgreSQL, where that is installed.
async fn in_postgres() -> Option<SecretString> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (server, name) = (server()?, format!("s{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let schema = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
    sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
    Some(SecretString::new(server.schema(&name)))
}

/// Lets something happen in an empty database, of each kind that there is.
#[expect(clippy::print_stderr, reason = "a test that fails says where")]
fn on_each(happens: impl AsyncFn(Store)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        for url in [Some(in_folder(&folder)), in_postgres().await].into_iter().flatten() {
            eprintln!("on {}", url.expose_secret());
            let store = Store::open(&url, Sharing::Alone, Arc::new(Metrics::new())).await.unwrap();
            happens(store.clone()).await;
            store.close().await;
        }
    });
}

fn new(names: &[&str], person: u64) -> NewRequest {
    NewRequest {
        names: names.iter().map(|name| GroupName::parse(name).unwrap()).collect(),
        requester: UserId(person),
        place: Place { guild: GuildId(1), channel: ChannelId(2) },
        reason: None,
        kind: Kind::Asked,
    }
}

#[test]
fn every_step_is_in_the_history_with_who_and_why() {
    on_each(async |store| {
        let now = SystemTime::now();
        let id = CorrelationId::new();
        let asked = store.ask(&new(&["ABE"], 1), 1, now, id).await.unwrap();
        assert!(asked.unwrap().request.is_some());
        let why = Some("not now".to_owned());
        let change = Change { why, ..Change::new(Event::Deny, Some(UserId(9)), id) };
        store.change(1, &change, now).await.unwrap();
        let history = store.history("abe", 0, 10).await.unwrap();
        let steps: Vec<_> = history
            .entries
            .iter()
            .map(|entry| (entry.before, entry.after, entry.person, entry.why.as_deref()))
            .collect();
        assert_eq!(
            steps,
            [
                (Some(State::Pending), State::Denied, Some(UserId(9)), Some("not now")),
                (None, State::Pending, Some(UserId(1)), None),
            ]
        );
        assert!(history.entries.iter().all(|entry| entry.correlation == id.to_string()));
    });
}

#[test]
fn the_history_of_a_group_tells_what_came_of_it_and_of_no_other() {
    on_each(async |store| {
        let (now, id) = (SystemTime::now(), CorrelationId::new());
        let batch = NewRequest { kind: Kind::Batch, ..new(&["ABE", "accounting"], 1) };
        store.begin(&batch, now, id).await.unwrap();
        let failed = GroupOutcome {
            status: GroupStatus::Failed,
            guid: None,
            failure: Some(Reason::Ambiguous),
            correlation: id,
        };
        let guid = Some(Guid::trusted("g".to_owned()));
        let created =
            GroupOutcome { status: GroupStatus::Created, guid, failure: None, correlation: id };
        store.settle(1, 0, &failed, now).await.unwrap();
        let request = store.settle(1, 1, &created, now).await.unwrap().unwrap();
        assert_eq!(request.state, State::Failed);
        let told = async |name: &str| {
            let history = store.history(name, 0, 10).await.unwrap();
            let steps = history.entries.into_iter();
            steps.map(|step| (step.after, step.cause)).collect::<Vec<_>>()
        };
        let begun = (State::Creating, None);
        let failed = (State::Failed, Some(Reason::Ambiguous));
        assert_eq!(told("abe").await, [failed, begun.clone()]);
        assert_eq!(told("accounting").await, [(State::Created, None), begun]);
    });
}

#[test]
fn what_is_due_next_is_the_earliest_thing_still_to_come() {
    on_each(async |store| {
        let (now, hour) = (SystemTime::now(), Duration::from_hours(1));
        let due = async |after: Duration| {
            let due = store.next_due(3 * hour, Some(hour), now + after).await.unwrap();
            due.map(|due| due.duration_since(now).unwrap().as_secs_f64().round())
        };
        assert_eq!(due(Duration::ZERO).await, None);
        store.ask(&new(&["ABE"], 1), 1, now, CorrelationId::new()).await.unwrap();
        assert_eq!(due(Duration::ZERO).await, Some(3600.0), "the reminder");
        assert_eq!(due(hour + Duration::from_secs(1)).await, Some(3.0 * 3600.0), "the expiry");
        assert_eq!(due(4 * hour).await, None, "nothing that is past");
    });
}

#[test]
fn the_names_that_are_open_are_those_of_now_however_many_there_are() {
    on_each(async |store| {
        let (now, id) = (SystemTime::now(), CorrelationId::new());
        let open = async |prefix: &str| store.open_names(prefix).await.unwrap();
        assert!(open("").await.is_empty());
        store.ask(&new(&["ABE", "zoo"], 1), 999, now, id).await.unwrap();
        assert_eq!(open("").await.len(), 2);
        assert_eq!(open("Ab").await.into_iter().collect::<Vec<_>>(), ["abe"]);
        store.change(1, &Change::new(Event::Deny, Some(UserId(2)), id), now).await.unwrap();
        assert!(open("").await.is_empty());
        for many in 0..81 {
            let names: Vec<_> = (0..25).map(|each| format!("{many}-{each}")).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            store.ask(&new(&names, 1), 999, now, id).await.unwrap();
            assert_eq!(open(&format!("{many}-")).await.len(), 25);
        }
        assert_eq!(open("").await.len(), 81 * 25);
    });
}
