//! What is given up in its midst, and connections to PostgreSQL that are dead without a word: whatever
//! becomes of them, others go on.

use std::process::Command;

use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::postgres::execute;
use super::*;

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A copy of a bot.
async fn copy(url: &SecretString) -> Store {
    Store::open(url, Sharing::Copies, Arc::new(Metrics::new())).await.unwrap()
}

/// Processes of the server that stand still as long as this is there: to whoever is connected with them
/// the line is dead.
struct Stopped(Vec<String>);

impl Stopped {
    async fn those(url: &SecretString, whose: &'static str) -> Self {
        let mut other = PgConnection::connect(url.expose_secret()).await.unwrap();
        let sql = format!(
            "SELECT pid::TEXT FROM pg_stat_activity \
             WHERE application_name = 'ldapgroup-bot' AND {whose}"
        );
        let whose = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut other);
        let stopped = Self(whose.await.unwrap());
        stopped.signal("STOP");
        stopped
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name]).args(&self.0).status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("CONT");
    }
}

#[tokio::test]
async fn who_gives_up_before_it_could_write_keeps_nobody_from_it() {
    let Some(url) = in_postgres().await else { return };
    let (store, other) = (copy(&url).await, copy(&url).await);
    let writes = other.pool.begin().await.unwrap();
    let gives_up = timeout(Duration::from_millis(100), store.pool.begin()).await;
    assert!(gives_up.is_err(), "it waits for the other");
    drop(writes);
    for _ in 0..8 {
        other.pool.begin().await.unwrap().commit().await.unwrap();
        store.pool.begin().await.unwrap().commit().await.unwrap();
    }
    // What comes after it over the same connection isn't a part of it.
    for id in 0..8 {
        assert!(store.take_interaction(id, SystemTime::now()).await.unwrap());
        assert!(!other.take_interaction(id, SystemTime::now()).await.unwrap());
    }
}

#[tokio::test]
async fn whose_connections_are_all_dead_gets_others() {
    let Some(server) = Server::for_test() else { return };
    let url = SecretString::new(server.schema("public"));
    let store = copy(&url).await;
    let reads = (0..5).map(async |_| store.pool.begin_reading().await.unwrap());
    let reading = join_all(reads).await;
    let dead = Stopped::those(&url, "state = 'idle in transaction'").await;
    assert_eq!(dead.0.len(), 5);
    drop(reading);
    let works = async { while store.request(1).await.is_err() {} };
    timeout(PATIENCE, works).await.unwrap();
}

#[tokio::test]
async fn who_hears_others_over_a_dead_connection_makes_it_anew() {
    let Some(server) = Server::for_test() else { return };
    let url = SecretString::new(server.schema("public"));
    let (store, other) = (copy(&url).await, copy(&url).await);
    let (tell, mut heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let copies = store.copies().unwrap();
        copies.listen(|news| tell.send(news).unwrap()).await;
    });
    timeout(PATIENCE, heard.recv()).await.unwrap();
    let dead = Stopped::those(&url, "query LIKE 'LISTEN%'").await;
    assert_eq!(dead.0.len(), 1);
    let until_then = async {
        while heard.is_empty() {
            other.copies().unwrap().tell_changed().await;
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, until_then).await.unwrap();
}

#[tokio::test]
async fn a_schema_may_have_any_name() {
    let Some(server) = Server::for_test() else { return };
    let url = SecretString::new(server.schema("public"));
    let names = ["bot", "Bot", "my bot", "b\"o't"];
    let mut stores = Vec::new();
    for name in names {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        execute(&url, sqlx::AssertSqlSafe(format!("CREATE SCHEMA {quoted}"))).await;
        let url = SecretString::new(server.schema(&quoted.replace('"', "%22").replace(' ', "%20")));
        let open = || Store::open(&url, Sharing::Alone, Arc::new(Metrics::new()));
        let store = open().await.unwrap();
        assert!(matches!(open().await, Err(StoreError::InUse)), "{name}");
        assert!(store.request(1).await.unwrap().is_none());
        stores.push(store);
    }
    for store in &stores {
        let asked = store.ask(&new(&["ABE"], 1), 9, SystemTime::now(), CorrelationId::new()).await;
        assert_eq!(asked.unwrap().unwrap().request.unwrap().id, 1);
    }
}

#[tokio::test]
async fn who_writes_sees_what_was_written_before_however_the_server_is_set() {
    let Some(url) = in_postgres().await else { return };
    let role = "CREATE ROLE repeatable SUPERUSER LOGIN; \
         ALTER ROLE repeatable SET default_transaction_isolation = 'repeatable read'";
    execute(&url, role).await;
    let url = SecretString::new(format!("{}&user=repeatable", url.expose_secret()));
    let (one, other) = (copy(&url).await, copy(&url).await);
    let asked = (0..12).map(async |person| {
        let store = if person % 2 == 0 { &one } else { &other };
        store.ask(&new(&["ABE"], person), 9, SystemTime::now(), CorrelationId::new()).await
    });
    let made = join_all(asked).await.into_iter().map(|asked| asked.unwrap().unwrap().request);
    assert_eq!(made.flatten().count(), 1);
}
