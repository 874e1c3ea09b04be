//! The store against a plain model, and what opening it promises.

mod forgetting;
mod model;
mod size;

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use tempfile::TempDir;

use super::*;
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Guid};
use crate::ids::{ChannelId, GuildId, Place};
use crate::metrics::Metrics;
use crate::request::{Event, GroupStatus, Kind};
use crate::requests::outcome::GroupOutcome;

async fn open(folder: &TempDir) -> Result<Store, StoreError> {
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    Store::open(&SecretString::new(url), Arc::new(Metrics::new())).await
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

#[tokio::test]
async fn every_step_is_in_the_history_with_who_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
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
}

#[tokio::test]
async fn the_history_of_a_group_tells_what_came_of_it_and_of_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
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
}

#[tokio::test]
async fn what_is_due_next_is_the_earliest_thing_still_to_come() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
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
}

#[tokio::test]
async fn a_database_is_for_the_bot_alone_and_keeps_what_it_was_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    store.ask(&new(&["ABE"], 1), 1, SystemTime::now(), CorrelationId::new()).await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(store);
    let store = open(&folder).await.unwrap();
    assert_eq!(store.request(1).await.unwrap().unwrap().state, State::Pending);
}

/// Why a database can't be opened, which is as it was then.
async fn refused_and_left(folder: &TempDir) -> StoreError {
    let file = folder.path().join("test.db");
    let before = std::fs::read(&file).unwrap();
    let refused = open(folder).await.unwrap_err();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    refused
}

#[tokio::test]
async fn what_is_no_sound_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    std::fs::write(&file, "not a database, but somebody's notes".repeat(500)).unwrap();
    assert!(matches!(refused_and_left(&folder).await, StoreError::Damaged(_)));
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .execute(&store.pool)
    .await
    .unwrap();
    store.close().await;
    assert!(matches!(refused_and_left(&folder).await, StoreError::OtherVersion));
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    sqlx::query("ALTER TABLE _sqlx_migrations RENAME TO somebody_elses")
        .execute(&store.pool)
        .await
        .unwrap();
    store.close().await;
    assert!(matches!(refused_and_left(&folder).await, StoreError::Damaged(_)));
}

#[tokio::test]
async fn postgresql_is_refused_with_a_sentence() {
    let url = SecretString::new("postgres://u:secret@h/db".to_owned());
    let error = Store::open(&url, Arc::new(Metrics::new())).await.unwrap_err();
    assert!(matches!(error, StoreError::Unsupported));
    assert!(!error.to_string().contains("secret"));
}
