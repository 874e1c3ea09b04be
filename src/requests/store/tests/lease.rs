//! Whose turn it is to have a database in PostgreSQL.

use std::sync::Mutex;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::postgres::{execute, open};
use super::*;
use crate::proof::Proof;

/// Keeps the lock from everyone else, until it is dropped; waits for it if another has it.
async fn hold_lock(url: &SecretString) -> PgConnection {
    let mut session = PgConnection::connect(url.expose_secret()).await.unwrap();
    let lock = "SET lock_timeout = 0; \
         SELECT pg_advisory_lock(1818518895, current_schema()::regnamespace::oid::int4)";
    sqlx::raw_sql(lock).execute(&mut session).await.unwrap();
    session
}

/// The server's process that has the lock.
const LOCKED_BY: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted \
     AND classid = 1818518895 AND objid = current_schema()::regnamespace::oid";

async fn locked_by(url: &SecretString) -> Option<i32> {
    let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
    sqlx::query_scalar(LOCKED_BY).fetch_optional(&mut connection).await.unwrap()
}

/// Ends the session that has the lock.
async fn cut(url: &SecretString) {
    execute(url, sqlx::AssertSqlSafe(format!("SELECT pg_terminate_backend(({LOCKED_BY}))"))).await;
}

/// Opens the database once nobody else has it. What was waited for.
async fn open_when_free(url: &SecretString, proof: &Proof) -> (Store, Vec<Wait>) {
    let told = Mutex::new(Vec::new());
    let waits = |wait| told.lock().unwrap().push(wait);
    let store = waiting_for(url, proof, &waits).await.unwrap();
    (store, told.into_inner().unwrap())
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_mins(1), work).await.unwrap()
}

async fn asks(store: &Store, name: &str) -> bool {
    store.ask(&new(&[name], 1), 9, SystemTime::now(), CorrelationId::new()).await.is_ok()
}

/// Opens the database at `url` once no other bot has it.
async fn waiting_for(
    url: &SecretString,
    proof: &Proof,
    waits: &Waits<'_>,
) -> Result<Store, StoreError> {
    let database = (url, Sharing::Alone);
    Store::open_when_free(database, Arc::new(Metrics::new()), proof, Some(waits)).await
}

#[tokio::test]
async fn who_waits_for_another_changes_nothing_until_that_is_gone() {
    let Some(url) = in_postgres().await else { return };
    let (other, proof) = (hold_lock(&url).await, Proof::unproven());
    let told = Mutex::new(Vec::new());
    let waits = |wait| told.lock().unwrap().push(wait);
    let opened = waiting_for(&url, &proof, &waits);
    let ended = async {
        while told.lock().unwrap().is_empty() {
            sleep(Duration::from_millis(20)).await;
        }
        assert!(matches!(open(&url).await, Err(StoreError::InUse)));
        assert_eq!(examine(&url).await.unwrap(), Condition::Empty);
        assert!(!proof.holds());
        other.close().await.unwrap();
    };
    let (store, ()) = in_time(Box::pin(async { tokio::join!(opened, ended) })).await;
    assert!(proof.holds());
    assert!(asks(&store.unwrap(), "ABE").await);
    assert_eq!(*told.lock().unwrap(), [Wait::Another]);
}

#[tokio::test]
async fn who_waits_does_not_keep_what_is_deleted_from_being_cleared_away() {
    let Some(url) = in_postgres().await else { return };
    let _other = hold_lock(&url).await;
    let held = "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL \
         AND query LIKE '%advisory_lock(1818518895%' AND pid <> pg_backend_pid()";
    let told = Notify::new();
    let (waits, proof) = (|_| told.notify_one(), Proof::unproven());
    let opened = waiting_for(&url, &proof, &waits);
    let looked = async {
        told.notified().await;
        let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
        // What is between two tries says nothing of a moment in one.
        while sqlx::query_scalar::<_, i64>(held).fetch_one(&mut connection).await.unwrap() > 0 {}
    };
    tokio::select! {
        _ = Box::pin(opened) => panic!("another has the lock"),
        () = in_time(looked) => {}
    }
}

#[tokio::test]
async fn who_waits_goes_on_waiting_while_the_server_is_away() {
    let Some(mut server) = Server::for_test() else { return };
    let url = SecretString::new(server.schema("public"));
    let _gone_with_the_server = hold_lock(&url).await;
    let told = Notify::new();
    let (waits, proof) = (|_| told.notify_one(), Proof::unproven());
    let opened = waiting_for(&url, &proof, &waits);
    let restarted = async {
        told.notified().await;
        server.crash();
        // Nothing is to be found there for longer than between two tries.
        sleep(Duration::from_secs(4)).await;
        server.start_again();
    };
    let (store, ()) = in_time(Box::pin(async { tokio::join!(opened, restarted) })).await;
    assert!(asks(&store.unwrap(), "ABE").await);
}

#[tokio::test]
async fn after_one_that_did_not_let_go_nobody_begins_while_that_may_be_at_work() {
    let Some(url) = in_postgres().await else { return };
    let (first, waited) = open_when_free(&url, &Proof::unproven()).await;
    assert_eq!(waited, []);
    // The best that a process can have proved that is gone for the server and doesn't know it yet.
    let proof_of_first = Proof::unproven();
    proof_of_first.renew(Instant::now());
    drop(first);
    let (second, waited) = in_time(open_when_free(&url, &Proof::unproven())).await;
    assert!(!proof_of_first.holds());
    assert_eq!(waited.last(), Some(&Wait::Former));
    assert!(asks(&second, "ABE").await);
    second.close().await;
    let (_third, waited) = open_when_free(&url, &Proof::unproven()).await;
    assert_eq!(waited, [], "the second let go of it");
}

#[tokio::test]
async fn who_loses_the_lock_to_another_does_nothing_any_more_whatever_comes() {
    let Some(url) = in_postgres().await else { return };
    let proof = Proof::unproven();
    let (store, _) = open_when_free(&url, &proof).await;
    let mut tx = store.pool.begin().await.unwrap();
    let (other, ()) = tokio::join!(hold_lock(&url), async {
        while !is_waited_for(&url).await {
            sleep(Duration::from_millis(20)).await;
        }
        cut(&url).await;
    });
    in_time(store.lost()).await;
    assert!(!proof.holds());
    let forget = "UPDATE requests SET version = 0";
    assert!(query(forget).execute(&mut tx).await.is_err(), "not even what was begun is done");
    assert!(tx.commit().await.is_err());
    assert!(!asks(&store, "ABE").await);
    assert!(store.open_names("").await.is_err());
    other.close().await.unwrap();
    assert!(!asks(&store, "ABE").await);
}

async fn is_waited_for(url: &SecretString) -> bool {
    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
         AND classid = 1818518895 AND objid = current_schema()::regnamespace::oid";
    let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
    sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut connection).await.unwrap() > 0
}

#[tokio::test]
async fn a_session_that_ends_is_no_loss_as_long_as_no_other_comes() {
    let Some(url) = in_postgres().await else { return };
    let proof = Proof::unproven();
    let (store, _) = open_when_free(&url, &proof).await;
    let before = locked_by(&url).await.unwrap();
    cut(&url).await;
    in_time(async {
        while locked_by(&url).await.is_none_or(|now| now == before) {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(proof.holds());
    assert!(asks(&store, "ABE").await);
    store.close().await;
    assert_eq!(open_when_free(&url, &Proof::unproven()).await.1, []);
}
