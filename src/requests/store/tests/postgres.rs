//! What opening a database in PostgreSQL promises.

use std::collections::{BTreeMap, HashSet};

use super::*;
use crate::requests::store::sql::Connections;

pub(super) async fn open(url: &SecretString) -> Result<Store, StoreError> {
    Store::open(url, Sharing::Alone, Arc::new(Metrics::new())).await
}

/// The address with something else after it.
fn with(url: &SecretString, more: &str) -> SecretString {
    SecretString::new(format!("{}{more}", url.expose_secret()))
}

pub(super) async fn execute(url: &SecretString, sql: impl sqlx::SqlSafeStr) {
    let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

/// The tables of a database: each column with its type, and each index.
async fn tables(store: &Store) -> BTreeMap<String, String> {
    let sql = match store.pool.connections {
        Connections::Sqlite(_) => {
            "SELECT t.name || '.' || c.name AS name, \
               UPPER(c.type) || CASE WHEN c.\"notnull\" OR c.pk THEN ' NOT NULL' ELSE '' END AS kind \
             FROM sqlite_master t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE '!_%' ESCAPE '!' \
             UNION ALL SELECT name, 'index of ' || tbl_name FROM sqlite_master \
             WHERE type = 'index' AND sql IS NOT NULL"
        }
        Connections::Postgres(..) => {
            "SELECT table_name || '.' || column_name AS name, \
               UPPER(data_type) || CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END AS kind \
             FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name NOT LIKE '!_%' ESCAPE '!' \
             UNION ALL SELECT indexname, 'index of ' || tablename FROM pg_indexes \
             WHERE schemaname = current_schema() AND indexname NOT LIKE '%!_pkey' ESCAPE '!'"
        }
    };
    let rows = query(sql).fetch_all(&store.pool).await.unwrap();
    let pair = |row: &sql::Row| {
        let kind: String = row.try_get("kind").unwrap();
        (row.try_get("name").unwrap(), kind.replace("INTEGER", "BIGINT"))
    };
    rows.iter().map(pair).collect()
}

#[tokio::test]
async fn the_tables_are_the_same_in_both() {
    let Some(url) = in_postgres().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let of_file = tables(&open(&in_folder(&folder)).await.unwrap()).await;
    assert!(of_file.len() > 50, "{of_file:#?}");
    assert_eq!(tables(&open(&url).await.unwrap()).await, of_file);
}

#[tokio::test]
async fn a_second_bot_is_refused_until_the_first_is_gone() {
    let Some(url) = in_postgres().await else { return };
    let first = open(&url).await.unwrap();
    assert!(matches!(open(&url).await, Err(StoreError::InUse)));
    let elsewhere = in_postgres().await.unwrap();
    open(&elsewhere).await.unwrap().close().await;
    first.close().await;
    open(&url).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_what_to_do() {
    let Some(url) = in_postgres().await else { return };
    let refused = async |url: &SecretString| {
        let error = open(url).await.err().unwrap();
        assert_eq!(error.to_string(), examine(url).await.unwrap_err().to_string());
        error.to_string()
    };
    let server = server().unwrap();
    insta::assert_snapshot!(refused(&with(&url, "&user=nobody-of-that-name")).await, @r#"DATABASE_URL: PostgreSQL doesn't let the bot in (role "nobody-of-that-name" does not exist); check user, password and database, and its pg_hba.conf"#);
    insta::assert_snapshot!(refused(&with(&url, "&dbname=none")).await, @r#"DATABASE_URL: PostgreSQL doesn't let the bot in (database "none" does not exist); check user, password and database, and its pg_hba.conf"#);
    insta::assert_snapshot!(refused(&SecretString::new(server.schema("missing"))).await, @"DATABASE_URL: the bot can make no tables there (no schema of its search_path is there); let its user own the database, or a schema of its own");
    insta::assert_snapshot!(refused(&SecretString::new("postgres://bot:hush@127.0.0.1:1/db".to_owned())).await, @"DATABASE_URL: PostgreSQL can't be reached (Connection refused (os error 111)); check the address, and that it runs there");
    insta::assert_snapshot!(refused(&with(&url, "&options[default_transaction_read_only]=on")).await, @"DATABASE_URL: PostgreSQL takes no writes there: it is a standby, or set read-only; name the primary");
    execute(&url, "CREATE ROLE guarded LOGIN PASSWORD 'right'").await;
    insta::assert_snapshot!(refused(&with(&url, "&user=guarded&password=hush")).await, @r#"DATABASE_URL: PostgreSQL doesn't let the bot in (password authentication failed for user "guarded"); check user, password and database, and its pg_hba.conf"#);
    execute(&url, "CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA public TO guest").await;
    insta::assert_snapshot!(refused(&with(&SecretString::new(server.schema("public")), "&user=guest")).await, @"DATABASE_URL: the bot can make no tables there (permission denied for schema public); let its user own the database, or a schema of its own");
    let latin =
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    execute(&url, latin).await;
    insta::assert_snapshot!(refused(&SecretString::new(server.schema("public").replace("/postgres?", "/latin?"))).await, @"DATABASE_URL: the database's encoding is LATIN1, which lacks most characters; make one with ENCODING 'UTF8'");
    let ours = in_postgres().await.unwrap();
    open(&ours).await.unwrap().close().await;
    let name = ours.expose_secret().rsplit('=').next().unwrap().to_owned();
    let grant = format!(
        "GRANT ALL ON SCHEMA {name} TO guest; GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO guest"
    );
    execute(&ours, sqlx::AssertSqlSafe(grant)).await;
    insta::assert_snapshot!(refused(&with(&ours, "&user=guest")).await, @"DATABASE_URL: the bot may not use its tables there (permission denied for table _sqlx_migrations); let its user own them, as with ALTER TABLE … OWNER TO");
    let grant = format!(
        "GRANT ALL ON ALL TABLES IN SCHEMA {name} TO guest; CREATE TABLE theirs (id BIGINT)"
    );
    execute(&ours, sqlx::AssertSqlSafe(grant)).await;
    assert_eq!(examine(&with(&ours, "&user=guest")).await.unwrap(), Condition::Current);
    execute(&url, "CREATE TABLE notes (id BIGINT)").await;
    insta::assert_snapshot!(refused(&url).await, @"DATABASE_URL: another program's tables are there, and nothing was changed; give the bot a database, or a schema, of its own");
}

#[tokio::test]
async fn what_a_newer_version_has_added_is_left_alone_and_the_rest_used() {
    let Some(url) = in_postgres().await else { return };
    open(&url).await.unwrap().close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99990101, 'of the future', TRUE, '\\x00', 1)";
    execute(&url, newer).await;
    assert_eq!(examine(&url).await.unwrap(), Condition::Newer);
    open(&url).await.unwrap().close().await;
    assert_eq!(examine(&url).await.unwrap(), Condition::Newer);
}

#[tokio::test]
async fn one_that_was_made_otherwise_is_refused_and_left_as_it_is() {
    let Some(url) = in_postgres().await else { return };
    open(&url).await.unwrap().close().await;
    execute(&url, "UPDATE _sqlx_migrations SET checksum = '\\x00'").await;
    assert!(matches!(open(&url).await, Err(StoreError::OtherVersion)));
    assert!(matches!(examine(&url).await, Err(StoreError::OtherVersion)));
}

#[tokio::test]
async fn what_a_start_makes_of_it_is_said_before() {
    let Some(url) = in_postgres().await else { return };
    assert_eq!(examine(&url).await.unwrap(), Condition::Empty);
    let store = open(&url).await.unwrap();
    assert_eq!(examine(&url).await.unwrap(), Condition::Current);
    store.close().await;
    execute(&url, "DELETE FROM _sqlx_migrations").await;
    assert_eq!(examine(&url).await.unwrap(), Condition::Outdated);
}

#[tokio::test]
async fn text_with_a_nul_in_it_is_no_failure() {
    let Some(url) = in_postgres().await else { return };
    let store = open(&url).await.unwrap();
    assert!(store.names_like("a\0b", 9).await.unwrap().is_empty());
    let asked = NewRequest { reason: Some("a\0b".to_owned()), ..new(&["ABE"], 1) };
    let asked = store.ask(&asked, 9, SystemTime::now(), CorrelationId::new()).await.unwrap();
    assert_eq!(asked.unwrap().request.unwrap().reason.unwrap(), "a\u{2400}b");
}

#[tokio::test]
async fn after_a_crash_of_the_server_all_that_was_said_is_there_and_the_store_goes_on() {
    let Some(mut server) = Server::for_test() else { return };
    let url = SecretString::new(server.schema("public"));
    let store = open(&url).await.unwrap();
    let (now, id) = (SystemTime::now(), CorrelationId::new());
    let names: Vec<_> = (0..20).map(|number| format!("team-{number}")).collect();
    for name in &names {
        store.ask(&new(&[name], 1), 99, now, id).await.unwrap();
    }
    server.crash();
    server.start_again();
    assert_eq!(store.open_names("team-").await.unwrap().len(), 20);
    store.ask(&new(&["one-more"], 1), 99, now, id).await.unwrap();
    // The lock is taken again: nobody else comes in.
    let is_refused = async || matches!(open(&url).await, Err(StoreError::InUse));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(is_refused().await);
    assert_eq!(store.open_names("").await.unwrap().len(), 21);
}

#[tokio::test]
async fn every_table_is_moved_but_that_of_searches() {
    let folder = tempfile::tempdir().unwrap();
    let store =
        Store::open(&in_folder(&folder), Sharing::Alone, Arc::new(Metrics::new())).await.unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '!_%' ESCAPE '!' \
         ORDER BY name";
    let tables: Vec<String> = query(tables).fetch_values(&store.pool).await.unwrap();
    let of_requests = moving::TABLES.iter().map(|(table, _)| *table);
    // Searches are for other copies of the same bot, and whose turn it is isn't a matter of what is stored.
    let others = moving::OTHERS.into_iter().chain(["searches", "lease"]);
    let mut moved: Vec<_> = of_requests.chain(others).collect();
    moved.sort_unstable();
    assert_eq!(tables, moved);
}

#[tokio::test]
async fn whoever_writes_for_too_long_holds_up_nobody_for_ever() {
    let Some(url) = in_postgres().await else { return };
    let store = open(&url).await.unwrap();
    let mut other = PgConnection::connect(url.expose_secret()).await.unwrap();
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(1818518896, current_schema()::regnamespace::oid::int4)";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
    let ask = async |name: &str| {
        store.ask(&new(&[name], 1), 9, SystemTime::now(), CorrelationId::new()).await
    };
    let said = ask("ABE").await.unwrap_err().to_string();
    assert!(said.contains("lock timeout"), "{said}");
    assert!(store.open_names("").await.unwrap().is_empty());
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert!(ask("ABE").await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_that_is_too_old_is_said_so() {
    let Some(url) = in_postgres().await else { return };
    let old = "CREATE FUNCTION current_setting(text) RETURNS text LANGUAGE sql AS \
         $$ SELECT CASE $1 WHEN 'server_version_num' THEN '130012' \
            ELSE pg_catalog.current_setting($1) END $$";
    execute(&url, old).await;
    let url = with(&url, ",pg_catalog");
    let error = open(&url).await.err().unwrap();
    insta::assert_snapshot!(error.to_string(), @"DATABASE_URL: PostgreSQL 13 runs there, and the bot needs 14 or newer; upgrade the server, or name another");
    assert_eq!(examine(&url).await.unwrap_err().to_string(), error.to_string());
}

#[tokio::test]
async fn what_a_connection_promises_is_so_whatever_the_server_is_set_to() {
    let Some(url) = in_postgres().await else { return };
    let store = open(&with(&url, "&options[synchronous_commit]=off")).await.unwrap();
    for (setting, expected) in [
        ("SHOW synchronous_commit", "on"),
        ("SHOW idle_in_transaction_session_timeout", "10s"),
        ("SHOW lock_timeout", "2s"),
        ("SHOW default_transaction_isolation", "read committed"),
    ] {
        let is: String = query(setting).fetch_value(&store.pool).await.unwrap();
        assert_eq!(is, expected, "{setting}");
    }
}

#[tokio::test]
async fn a_connection_to_a_server_that_takes_no_writes_any_more_is_made_anew() {
    let Some(server) = Server::for_test() else { return };
    let url = SecretString::new(server.schema("public"));
    let store = open(&url).await.unwrap();
    let connection = async || {
        let whose = query("SELECT pg_backend_pid()::BIGINT").fetch_value::<i64>(&store.pool);
        whose.await.unwrap()
    };
    let mut known = HashSet::new();
    while known.len() < 20 && known.insert(connection().await) {}
    assert!(known.len() < 20, "they are used again");
    execute(&url, "ALTER SYSTEM SET default_transaction_read_only = on").await;
    execute(&url, "SELECT pg_reload_conf()").await;
    while known.contains(&connection().await) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(matches!(examine(&url).await, Err(StoreError::ReadOnly)));
}

#[tokio::test]
async fn a_name_that_no_index_takes_is_too_long_and_every_shorter_one_is_kept() {
    let Some(url) = in_postgres().await else { return };
    let store = open(&url).await.unwrap();
    // As chance has it, or the server would keep it in fewer bytes.
    let mut rng = fastrand::Rng::with_seed(1);
    let mut name = |bytes: usize| -> String { (0..bytes).map(|_| rng.alphanumeric()).collect() };
    let (shorter, longer) = (name(2600), name(4095));
    let ask = async |name: &str| {
        store.ask(&new(&[name], 1), 9, SystemTime::now(), CorrelationId::new()).await
    };
    assert!(ask(&longer).await.unwrap_err().is_too_long());
    for name in [&shorter, &"x".repeat(4095)] {
        assert!(ask(name).await.unwrap().unwrap().request.is_some());
    }
}
