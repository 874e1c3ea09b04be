//! The database of requests: who may read it, and what isn't touched.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use insta::assert_snapshot;
use sandbox::Sandbox;
use sandbox::discord::Who;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, SqlSafeStr};

use crate::program::{output, program, serving, terminate};
use crate::world::{in_time, run_test_in_file as run_test, sandbox_in_file as sandbox};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Does something to the database of a world, be it a file or not.
pub(crate) async fn execute(sandbox: &Sandbox, sql: impl SqlSafeStr) {
    let url = sandbox.database_url();
    if !url.starts_with("postgres") {
        return execute_in(&sandbox.database(), sql).await;
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The one number that is asked for.
pub(crate) async fn number(sandbox: &Sandbox, sql: &'static str) -> i64 {
    let url = sandbox.database_url();
    if !url.starts_with("postgres") {
        return number_in(&sandbox.database(), sql).await;
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    number
}

/// The one number that is asked for, of a file.
pub(crate) async fn number_in(database: &Path, sql: &'static str) -> i64 {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    number
}

/// Does something to a file.
pub(crate) async fn execute_in(database: &Path, sql: impl SqlSafeStr) {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Keeps everyone else from writing, until it is dropped.
pub(crate) async fn lock(database: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
    connection
}

/// The bot refuses to start, with these words, and leaves the file as it is.
async fn is_refused(sandbox: &Sandbox) -> String {
    let before = std::fs::read(sandbox.database()).unwrap();
    let (code, stdout, stderr) = output(program(&["run"], &sandbox.variables())).await;
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_eq!(std::fs::read(sandbox.database()).unwrap(), before, "it is untouched");
    assert!(sandbox.discord.requests().is_empty(), "Discord isn't even asked");
    let at = stderr.find("DATABASE_URL").unwrap_or_else(|| panic!("{stderr}"));
    stderr[at..].trim_end().to_owned()
}

#[test]
fn nobody_else_reads_it() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.card(1, "Approve or deny").await;
        let folder = world.sandbox.database().parent().unwrap().to_owned();
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
        world.stop_bot().await;
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(world.sandbox.database(), open).unwrap();
        world.start_bot().await;
        assert_eq!(mode(&world.sandbox.database()), 0o600);
    });
}

#[test]
fn once_the_bot_has_stopped_all_of_it_is_in_the_one_file() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.stop_bot().await;
        let folder = world.sandbox.database().parent().unwrap().to_owned();
        let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap());
        let filled = files.filter(|file| file.metadata().unwrap().len() > 0);
        assert_eq!(filled.count(), 1);
        let backup = std::fs::read(world.sandbox.database()).unwrap();
        std::fs::remove_file(world.sandbox.database()).unwrap();
        std::fs::write(world.sandbox.database(), backup).unwrap();
        world.start_bot().await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[tokio::test]
async fn whoever_asks_in_a_terminal_waits_for_no_bot_to_end() {
    let sandbox = sandbox().await;
    let _bot = serving(&sandbox).await;
    for arguments in [&["check"][..], &["search", "abe"], &["create", "ABE-TEST"]] {
        let (code, _, stderr) = output(program(arguments, &sandbox.variables())).await;
        assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
    }
    assert_eq!(sandbox.discord.identifies(), 1);
}

#[test]
fn one_of_a_newer_version_is_refused_and_left_alone() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.stop_bot().await;
        let newer = "INSERT INTO _sqlx_migrations \
            (version, description, installed_on, success, checksum, execution_time) \
            VALUES (99990101, 'of the future', CURRENT_TIMESTAMP, TRUE, x'00', 1)";
        let sandbox = sandbox().await;
        std::fs::copy(world.sandbox.database(), sandbox.database()).unwrap();
        execute(&sandbox, newer).await;
        assert_snapshot!(is_refused(&sandbox).await, @"DATABASE_URL: the database was made by another version of the bot, and nothing was changed; run that version, or name another database");
        world.start_bot().await;
    });
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let sandbox = sandbox().await;
    std::fs::write(sandbox.database(), "These are my notes.\n".repeat(300)).unwrap();
    assert_snapshot!(is_refused(&sandbox).await, @"DATABASE_URL: the file isn't a sound SQLite database (file is not a database); restore it from a backup, or name another file");
    std::fs::write(sandbox.database(), "short").unwrap();
    assert!(is_refused(&sandbox).await.contains("isn't a sound SQLite database"));
}

#[test]
fn a_torn_database_is_refused_and_left_alone() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.stop_bot().await;
        let mut bytes = std::fs::read(world.sandbox.database()).unwrap();
        assert!(bytes.len() > 3 * 4096, "{}", bytes.len());
        bytes[4096..3 * 4096].fill(0xA5);
        let sandbox = sandbox().await;
        std::fs::write(sandbox.database(), bytes).unwrap();
        assert!(is_refused(&sandbox).await.contains("isn't a sound SQLite database"));
        world.start_bot().await;
    });
}

#[tokio::test]
async fn of_a_large_one_each_page_is_looked_at_only_if_it_was_not_closed() {
    let sandbox = sandbox().await;
    let mut bot = serving(&sandbox).await;
    terminate(&bot);
    in_time(bot.wait()).await.unwrap();
    let blob = "CREATE TABLE filler AS SELECT zeroblob(9 * 1048576)";
    execute(&sandbox, blob).await;
    let mut bytes = std::fs::read(sandbox.database()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xA5);
    std::fs::write(sandbox.database(), bytes).unwrap();
    sandbox.discord.forget_identify();
    let mut bot = program(&["run"], &sandbox.variables()).spawn().unwrap();
    sandbox.discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
    sandbox.discord.wait_ready().await;
    let member = sandbox.discord.person(Who::Member);
    member.slash("create", &[("name", "accounting2".into())]).await;
    bot.kill().await.unwrap();
    let before = sandbox.discord.requests().len();
    let (code, _, stderr) = output(program(&["run"], &sandbox.variables())).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("isn't a sound SQLite database"), "{stderr}");
    assert_eq!(sandbox.discord.requests().len(), before, "Discord isn't even asked");
}

#[test]
fn one_whose_tables_another_version_made_is_refused_and_left_alone() {
    run_test(async |world| {
        world.stop_bot().await;
        let sandbox = sandbox().await;
        std::fs::copy(world.sandbox.database(), sandbox.database()).unwrap();
        execute(&sandbox, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
        assert!(is_refused(&sandbox).await.contains("made by another version of the bot"));
        world.start_bot().await;
    });
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_said_so() {
    let sandbox = sandbox().await;
    let mut variables = sandbox.variables();
    variables.push(("DATABASE_URL", "sqlite:///nowhere/at/all.db".to_owned()));
    let (code, _, stderr) = output(program(&["run"], &variables)).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("DATABASE_URL: the file can't be written"), "{stderr}");
    variables.push(("DATABASE_URL", "postgres://bot:hush@127.0.0.1:1/bot".to_owned()));
    let (code, _, stderr) = output(program(&["run"], &variables)).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("DATABASE_URL: PostgreSQL can't be reached"), "{stderr}");
    assert!(!stderr.contains("hush"));
}
