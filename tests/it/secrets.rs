//! Secrets stay secret: the token, the key, the tickets and the interaction tokens.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{self, RANDOM, Who};
use sandbox::web::Web;
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, query_scalar};
use tokio::process::Command;

use crate::shared::{database_url, on_two};
use crate::world::{Setup, in_time, sandbox};

#[tokio::test]
async fn none_is_in_the_most_detailed_log_in_a_message_in_a_file_or_on_the_page() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_ldapgroup-bot"))
        .env_clear()
        .envs(sandbox.variables())
        .env("RUST_LOG", "trace")
        .env("CONNECT_TIMEOUT", "3s")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    sandbox.discord.wait_ready().await;
    let page = Web::start(&sandbox, 0).await.unwrap();
    let told = Who::ALL.map(|who| tokio::spawn(listen(page.url(), who)));
    everything_happens(&sandbox).await;
    // The streams end with it.
    drop(page);
    let mut heard = Vec::new();
    for stream in told {
        heard.push(in_time(stream).await.unwrap());
    }
    let pid = child.id().unwrap();
    let kill = std::process::Command::new("sh").arg("-c").arg(format!("kill -TERM {pid}")).status();
    assert!(kill.unwrap().success());
    let output = in_time(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(0));

    let log = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is detailed: {log}");
    let bodies: Vec<_> =
        sandbox.discord.requests().into_iter().map(|request| request.body).collect();
    let files = files(folder.path());
    let (mut secrets, tickets) = (sandbox.discord.secrets(), sandbox.connect.tickets());
    assert!(secrets.len() > 10 && tickets.len() > 10, "there are secrets to look for");
    secrets.push(sandbox.connect.api_key().to_owned());
    secrets.extend(tickets);
    for secret in &secrets {
        assert!(!log.contains(secret), "a secret is in the log");
        assert!(!bodies.iter().any(|body| body.contains(secret)), "a secret went to Discord");
        assert!(!heard.iter().any(|told| told.contains(secret)), "a secret is on the page");
        assert!(!files.iter().any(|file| contains(file, secret)), "a secret is in a file");
    }
}

#[test]
fn none_is_in_the_database_that_copies_share_however_it_is_spelt() {
    on_two(Setup::default(), async |world, _, b| {
        world.search(Who::Admin, "accounting").await;
        b.is_next(world);
        // What is kept is sealed anew.
        world.ask(Who::Admin, "accounting2").await;
        let found = world.search(Who::Admin, "ABE").await;
        world.admin().pick(found.message(), &["ABE-TEST"]).await;
        world.admin().in_channel(RANDOM).slash("search", &[("prefix", "a".into())]).await;
        world.ask(Who::Member, "ABE-TEST-2").await;
        let (dump, sealed) = dump(&database_url(world)).await;
        assert!(sealed == 2 && dump.contains("ABE-TEST"), "there is something to look at");
        let mut secrets = [world.discord.secrets(), world.connect.tickets()].concat();
        assert!(secrets.len() > 10, "there are secrets to look for");
        secrets.push(world.connect.api_key().to_owned());
        for secret in secrets {
            let is_there = spellings(&secret).iter().any(|spelling| dump.contains(spelling));
            assert!(!is_there, "a secret is in the database");
        }
    });
}

/// All that is in a database, and in how many searches something is sealed.
async fn dump(url: &str) -> (String, i64) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = current_schema()";
    let tables: Vec<String> = query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    let mut dump = String::new();
    for table in tables {
        let rows = format!("SELECT COALESCE(string_agg(t::TEXT, ' '), '') FROM {table} t");
        let rows: String =
            query_scalar(AssertSqlSafe(rows)).fetch_one(&mut connection).await.unwrap();
        dump += &rows;
    }
    let sealed = "SELECT COUNT(*) FROM searches WHERE LENGTH(sealed) > 300";
    (dump, query_scalar(sealed).fetch_one(&mut connection).await.unwrap())
}

/// A text as it is, and what of it is in base64 wherever in the encoded it stands.
fn spellings(secret: &str) -> Vec<String> {
    let in_base64 = (0..3).map(|skipped| {
        let rest = &secret.as_bytes()[skipped..];
        BASE64.encode(&rest[..rest.len() / 3 * 3])
    });
    [secret.to_owned()].into_iter().chain(in_base64).collect()
}

/// Searches, creations, failures of both sides, unreadable interactions, reconnects.
async fn everything_happens(sandbox: &sandbox::Sandbox) {
    let admin = sandbox.discord.person(Who::Admin);
    admin.slash("search", &[("prefix", "accounting".into())]).await;
    admin.autocomplete("create", &[], ("name", "acc")).await.unwrap();
    admin.slash("create", &[("name", "accounting2".into())]).await;
    for fault in
        [Fault::Error(30), Fault::Garbage, Fault::Html(200), Fault::Slow(Duration::from_secs(9))]
    {
        sandbox.connect.fail(Route::Search, fault, Times::Times(1));
        admin.slash("search", &[("prefix", "ABE".into())]).await;
    }
    for fault in [Fault::LostAnswer, Fault::Error(127), Fault::Error(22)] {
        sandbox.connect.fail(Route::CreateGroup, fault, Times::Times(1));
        admin.slash("create", &[("name", "ABE-TEST".into())]).await;
    }
    let wrong = discord::Fault::Forbidden(50001);
    sandbox.discord.fail(discord::Route::Callback, wrong, discord::Times::Once);
    let unanswered = admin.start_slash("search", &[("prefix", "ABE".into())]);
    sandbox.discord.fail(discord::Route::Callback, discord::Fault::Cut, discord::Times::Times(3));
    admin.slash("search", &[("prefix", "ABE".into())]).await;
    unanswered.answer().await;
    let mut unreadable = admin.payload(2);
    unreadable["data"] = json!({"id": "1", "name": 7, "type": 1});
    admin.send_raw(unreadable).answer().await;
    sandbox.discord.drop_gateway();
    sandbox.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
    sandbox.discord.invalidate_session(false);
    sandbox.discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
}

/// Everything that the page of this person is told, until it ends.
async fn listen(page: String, who: Who) -> String {
    let who = serde_json::to_value(who).unwrap();
    let url = format!("{page}api/events?as={}", who.as_str().unwrap());
    let mut stream = reqwest::get(url).await.unwrap();
    let mut heard = Vec::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        heard.extend(chunk);
    }
    let heard = String::from_utf8(heard).unwrap();
    assert!(heard.contains("event: message"), "there is something to look at");
    heard
}

fn files(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn contains(file: &[u8], secret: &str) -> bool {
    file.windows(secret.len()).any(|window| window == secret.as_bytes())
}
