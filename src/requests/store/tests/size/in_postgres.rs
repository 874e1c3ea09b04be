//! The same in PostgreSQL, which says itself by what plan it has carried out each statement, and how many
//! pages it has looked at.

use std::cell::RefCell;

use serde_json::Value;

use super::*;
use crate::requests::store::sql::Connections;

/// Has the server say every plan, with what it came to.
const SAY_PLANS: [(&str, &str); 6] = [
    ("session_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_level", "notice"),
    ("auto_explain.log_format", "json"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_buffers", "on"),
];

/// The ways in which the server makes a plan: for the values at hand, or once for all.
const WAYS: [&str; 2] = ["force_custom_plan", "force_generic_plan"];

/// What autovacuum does by itself after a while.
const LOOK: &str = "ANALYZE requests, requested_groups, participants, history, interactions";

/// The plans that the server has said on connections of this thread.
#[derive(Clone, Default)]
struct Plans(Log);

impl Plans {
    /// What was said since this was last asked.
    fn take(&self) -> Vec<Value> {
        let bytes = std::mem::take(&mut *self.0.0.lock().unwrap());
        let lines = String::from_utf8(bytes).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let said = lines.map(|line| line["fields"]["message"].as_str().unwrap().to_owned());
        let plans = said.filter_map(|said| Some(said.split_once("plan:\n")?.1.to_owned()));
        plans.map(|plan| serde_json::from_str(&plan).unwrap()).collect()
    }
}

/// How many pages were looked at.
fn pages(plan: &Value) -> u64 {
    let pages = |field: &str| plan["Plan"][field].as_u64().unwrap();
    pages("Shared Hit Blocks") + pages("Shared Read Blocks")
}

/// A plan's steps.
fn nodes(plan: &Value) -> Vec<&Value> {
    let below = plan["Plans"].as_array().map_or(&[][..], Vec::as_slice);
    [plan].into_iter().chain(below.iter().flat_map(nodes)).collect()
}

/// Whether it reads a table from one end to the other.
fn reads_a_whole_table(plan: &Value) -> bool {
    let reads = |node: &&Value| node["Node Type"].as_str().unwrap().ends_with("Seq Scan");
    let is_small = |node: &Value| SMALL.iter().any(|table| node["Relation Name"] == *table);
    nodes(&plan["Plan"]).iter().filter(|node| reads(node)).any(|node| !is_small(node))
}

/// A database in which so many requests are over, whose plans are made in this way.
async fn filled(count: u32, way: &str) -> Option<Store> {
    let url = in_postgres().await?;
    let plans = SAY_PLANS.into_iter().chain([("plan_cache_mode", way)]);
    let options = plans.map(|(name, value)| format!("&options[{name}]={value}"));
    let url = SecretString::new(format!("{}{}", url.expose_secret(), options.collect::<String>()));
    let store = Store::open(&url, Sharing::Alone, Arc::new(Metrics::new())).await.unwrap();
    let Connections::Postgres(pool, _) = &store.pool.connections else { panic!() };
    sqlx::raw_sql(fill(count)).execute(pool).await.unwrap();
    sqlx::raw_sql(LOOK).execute(pool).await.unwrap();
    Some(store)
}

#[tokio::test]
async fn in_postgres_no_step_reads_a_whole_table_or_more_the_more_is_stored() {
    let plans = Plans::default();
    let log = plans.0.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter("sqlx::postgres::notice=info")
        .with_writer(move || log.clone());
    let _said_here = tracing::subscriber::set_default(subscriber.finish());
    for way in WAYS {
        let (mut counted, whole) = (Vec::new(), RefCell::new(Vec::new()));
        for count in [9_000, 36_000] {
            let Some(store) = filled(count, way).await else { return };
            plans.take();
            let take = || {
                let said = plans.take();
                whole
                    .borrow_mut()
                    .extend(said.iter().filter(|plan| reads_a_whole_table(plan)).cloned());
                said.iter().map(pages).sum()
            };
            counted.push(steps(&store, take).await);
            store.close().await;
        }
        assert_eq!(whole.take(), Vec::<Value>::new(), "{way}");
        let [few, many] = &counted[..] else { panic!() };
        assert!(few.iter().all(|(_, pages)| *pages > 0), "{few:?}");
        // An index that is four times as large may be a page higher, of two or three. Now and then a full
        // page of one is cleared of what is gone, for which the rows are looked at.
        assert_none_grows(few, many, |few| few / 2 + 150);
    }
}

#[tokio::test]
async fn what_a_newer_version_adds_to_the_tables_is_nothing_to_one_that_serves() {
    let Some(url) = in_postgres().await else { return };
    let store = Store::open(&url, Sharing::Copies, Arc::new(Metrics::new())).await.unwrap();
    steps(&store, || 0).await;
    let tables = "SELECT tablename::TEXT FROM pg_tables \
         WHERE schemaname = current_schema() AND tablename <> '_sqlx_migrations'";
    let tables: Vec<String> = query(tables).fetch_values(&store.pool).await.unwrap();
    assert!(tables.len() >= 9, "{tables:?}");
    for table in tables {
        let add = format!("ALTER TABLE {table} ADD COLUMN added TEXT; TRUNCATE {table} CASCADE");
        postgres::execute(&url, sqlx::AssertSqlSafe(add)).await;
    }
    steps(&store, || 0).await;
}
