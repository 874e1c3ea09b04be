//! What is stored is copied, written out and deleted while the bot serves.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{CONNECT, Who};
use serde_json::Value;

use crate::database::{execute, execute_in, number, number_in};
use crate::program::{BOT, output, program, terminate};
use crate::world::{
    World, in_time, run_test, run_test_in_file, run_test_with, sandbox_in_file, setup,
};

/// What the program reads of the settings.
fn only(database: &Path) -> [(&'static str, String); 1] {
    [("DATABASE_URL", format!("sqlite://{}", database.display()))]
}

async fn back_up(database: &Path, copy: &Path) -> (Option<i32>, String, String) {
    output(program(&["backup", copy.to_str().unwrap()], &only(database))).await
}

fn files(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder for copies.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    (folder, copy)
}

/// A database of a stopped bot's with so many requests beside the one in it.
async fn filled(world: &mut World, count: u32) -> PathBuf {
    world.stop_bot().await;
    let fill = include_str!("../../benches/whole/fill.sql").replace(":count", &count.to_string());
    let fill = fill.replace(":person", "77").replace(":now", "1800000000000");
    let database = world.sandbox.database();
    execute_in(&database, sqlx::AssertSqlSafe(fill)).await;
    database
}

#[test]
fn a_copy_made_while_people_ask_and_an_admin_decides_is_whole_and_a_bot_goes_on_with_it() {
    run_test_in_file(async |world| {
        use std::os::unix::fs::PermissionsExt;
        let card = world.asked_by(Who::Member).await;
        let (folder, copy) = folder();
        let database = world.sandbox.database();
        let decides = async {
            world.ask(Who::OtherMember, "ABE-TEST").await;
            world.ask(Who::Admin, "ABE-TEST-2").await;
        };
        let ((code, stdout, stderr), ()) = tokio::join!(back_up(&database, &copy), decides);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        let count = number_in(&copy, "SELECT COUNT(*) FROM requests").await;
        let noun = if count == 1 { "request" } else { "requests" };
        assert_eq!(stdout, format!("Copied {count} {noun} into {}\n", copy.display()));
        assert_eq!(files(folder.path()), ["copy.db"]);
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        world.stop_bot().await;
        std::fs::rename(&copy, &database).unwrap();
        world.start_bot().await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn a_stopped_bots_database_is_copied_and_nothing_is_left_beside_it() {
    run_test_in_file(async |world| {
        world.asked_by(Who::Member).await;
        world.stop_bot().await;
        let database = world.sandbox.database();
        let (bytes, beside) =
            (std::fs::read(&database).unwrap(), files(database.parent().unwrap()));
        let (_folder, copy) = folder();
        let (code, stdout, _) = back_up(&database, &copy).await;
        assert_eq!(
            (code, stdout),
            (Some(0), format!("Copied 1 request into {}\n", copy.display()))
        );
        assert_eq!(files(database.parent().unwrap()), beside);
        assert_eq!(std::fs::read(&database).unwrap(), bytes);
        world.start_bot().await;
    });
}

#[test]
fn a_copy_that_cannot_be_made_is_said_so_and_leaves_nothing() {
    run_test_in_file(async |world| {
        world.asked_by(Who::Member).await;
        let database = world.sandbox.database();
        let (folder, copy) = folder();
        let refused = async |database: &Path, copy: &Path| {
            let (code, stdout, stderr) = back_up(database, copy).await;
            assert_eq!((code, stdout.as_str()), (Some(1), ""));
            stderr.replace(folder.path().to_str().unwrap(), "<folder>")
        };
        assert_snapshot!(refused(&folder.path().join("none.db"), &copy).await, @"No backup was made: DATABASE_URL: there is no database of the bot's there; run this in the bot's folder, with its settings.");
        assert_snapshot!(refused(&database, &folder.path().join("none/copy.db")).await, @"No backup was made: the copy can't be written (No such file or directory (os error 2)); see that there is room, and that the folder is there and yours.");
        let notes = folder.path().join("notes.db");
        std::fs::write(&notes, "These are my notes.\n".repeat(300)).unwrap();
        assert_snapshot!(refused(&notes, &copy).await, @"No backup was made: DATABASE_URL: the file isn't a sound SQLite database (file is not a database); restore it from a backup, or name another file.");
        let theirs = folder.path().join("theirs.db");
        std::fs::write(&theirs, "").unwrap();
        execute_in(&theirs, "CREATE TABLE theirs (id INTEGER)").await;
        assert_snapshot!(refused(&theirs, &copy).await, @"No backup was made: DATABASE_URL: the file isn't a sound SQLite database (it belongs to another program); restore it from a backup, or name another file.");
        assert_snapshot!(refused(&database, &notes).await, @"No backup was made: the file is there already, and is left as it is; name another one.");
        assert!(std::fs::read_to_string(&notes).unwrap().starts_with("These are my notes."));
        // Neither may the program write as much as it would.
        let limited = format!("ulimit -f 8; trap '' XFSZ; exec {BOT} backup \"$0\"");
        let mut command = tokio::process::Command::new("sh");
        command.arg("-c").arg(limited).arg(&copy).envs(only(&database));
        let (code, _, stderr) = output_of(command).await;
        assert_eq!(code, Some(1));
        assert_snapshot!(stderr, @"No backup was made: the database can't be copied (disk I/O error); see that there is room for the copy.");
        assert_eq!(files(folder.path()), ["notes.db", "theirs.db"]);
    });
}

async fn output_of(mut command: tokio::process::Command) -> (Option<i32>, String, String) {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    output(command).await
}

/// What a kill leaves has another name than the copy.
fn remove_parts(folder: &Path) {
    for name in files(folder).iter().filter(|name| name.starts_with("copy.db-part-")) {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
}

#[test]
fn a_backup_that_is_stopped_or_killed_leaves_no_copy_or_a_whole_one() {
    run_test_in_file(async |world| {
        let database = filled(world, 20_000).await;
        let (folder, copy) = folder();
        let (mut whole, mut killed) = (0, 0);
        for step in 0..40 {
            let mut backup = program(&["backup", copy.to_str().unwrap()], &only(&database));
            let mut backup = backup.spawn().unwrap();
            let pause = Duration::from_millis(step * 5);
            if tokio::time::timeout(pause, backup.wait()).await.is_err() {
                if step % 2 == 0 {
                    backup.kill().await.unwrap();
                    remove_parts(folder.path());
                } else {
                    terminate(&backup);
                    in_time(backup.wait()).await.unwrap();
                }
            }
            let left = files(folder.path());
            assert!(left.iter().all(|name| name == "copy.db"), "{left:?}");
            if copy.exists() {
                assert_eq!(number_in(&copy, "SELECT COUNT(*) FROM requests").await, 20_000);
                std::fs::remove_file(&copy).unwrap();
                whole += 1;
            } else {
                killed += 1;
            }
        }
        assert!(killed > 0, "{whole} copies are whole");
        std::fs::remove_file(&database).unwrap();
        world.start_bot().await;
    });
}

#[test]
fn everything_about_the_requests_is_exported_while_the_bot_runs() {
    run_test(async |world| {
        let options = [("name", "accounting2".into()), ("reason", "for the\n\"app\"".into())];
        world.member().slash("create", &options).await;
        let card = world.card(1, "Approve or deny").await;
        world.ask(Who::OtherMember, "accounting2").await;
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        world.admin().press(&card, "Approve").await;
        world.told(Who::Member, CONNECT, "request 1").await;
        world.ask(Who::Member, "ABE-TEST").await;
        let (code, stdout, stderr) =
            output(program(&["export"], &[("DATABASE_URL", world.sandbox.database_url())])).await;
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        let lines: Vec<Value> =
            stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let numbers: Vec<_> = lines.iter().map(|line| line["request"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [1, 2]);
        assert_eq!(lines[0]["requester"], Who::Member.id().to_string());
        let made = lines[0]["created_at"].as_str().unwrap();
        assert!(made.ends_with('Z') && made.len() == "2026-01-01T00:00:00.000Z".len(), "{made}");
        let readme = include_str!("../../README.md");
        for field in fields(&lines[0]) {
            assert!(readme.contains(&format!("`{field}`")), "the README says what {field} is");
        }
        assert_snapshot!(readable(without_chance(lines[0].clone())), @r#"
        {"approved_at":null,"approver":null,"channel":"1098231940587810826","created_at":"<time>","decided_at":"<time>","decider":"391583201672822784","denial_reason":null,"kind":"asked","reason":"for the\n\"app\"","request":1,"requester":"518402736190455808","server":"1098231477641412618","state":"failed"}
        groups: {"failure":{"code":"refused","number":64,"text":"The number of users permitted by this license has been exceeded. Please contact your administrator."},"guid":null,"name":"accounting2","status":"failed"}
        people: {"channel":"1098231940587810826","joined_at":"<time>","person":"518402736190455808","reason":"for the\n\"app\"","server":"1098231477641412618","told":"<told>"}
        people: {"channel":"1098231940587810826","joined_at":"<time>","person":"623940187264385034","reason":null,"server":"1098231477641412618","told":"<told>"}
        history: {"activity":null,"after":"pending","at":"<time>","before":null,"cause":null,"correlation_id":"<correlation>","group":null,"person":"518402736190455808","why":"for the\n\"app\""}
        history: {"activity":"joined","after":"pending","at":"<time>","before":"pending","cause":null,"correlation_id":"<correlation>","group":null,"person":"623940187264385034","why":null}
        history: {"activity":null,"after":"creating","at":"<time>","before":"pending","cause":null,"correlation_id":"<correlation>","group":null,"person":"391583201672822784","why":null}
        history: {"activity":null,"after":"failed","at":"<time>","before":"creating","cause":{"code":"refused","number":64,"text":"The number of users permitted by this license has been exceeded. Please contact your administrator."},"correlation_id":"<correlation>","group":"accounting2","person":null,"why":null}
        "#);
    });
}

/// What the fields of a request are called, and those of its groups, people and history.
fn fields(request: &Value) -> Vec<&String> {
    let of_lists = ["groups", "people", "history"].map(|list| &request[list][0]);
    let objects = [request].into_iter().chain(of_lists);
    objects.flat_map(|object| object.as_object().unwrap().keys()).collect()
}

/// A request, and a line for each of its groups, people and steps.
fn readable(mut request: Value) -> String {
    let mut lines = Vec::new();
    for list in ["groups", "people", "history"] {
        let items = request.as_object_mut().unwrap().remove(list).unwrap();
        lines.extend(items.as_array().unwrap().iter().map(|item| format!("{list}: {item}")));
    }
    format!("{request}\n{}", lines.join("\n"))
}

/// With what differs from run to run made readable, and people's outcomes left out: who is told when is
/// Discord's to say.
fn without_chance(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                *field = match name.as_str() {
                    "correlation_id" => "<correlation>".into(),
                    "told" => "<told>".into(),
                    _ if name.ends_with("at") && !field.is_null() => "<time>".into(),
                    _ => without_chance(field.take()),
                };
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_chance(item.take());
            }
        }
        _ => {}
    }
    value
}

#[test]
fn an_export_of_many_pages_has_each_request_once_and_ends_quietly_when_nobody_reads_on() {
    run_test_in_file(async |world| {
        let database = filled(world, 1_234).await;
        let (code, stdout, _) = output(program(&["export"], &only(&database))).await;
        assert_eq!(code, Some(0));
        let number = |line: &str| serde_json::from_str::<Value>(line).unwrap()["request"].as_u64();
        let numbers: Vec<_> = stdout.lines().map(|line| number(line).unwrap()).collect();
        assert_eq!(numbers, (1..=1_234).collect::<Vec<_>>());
        let through = async |shell: &str| {
            let mut command = tokio::process::Command::new("bash");
            command.arg("-c").arg(shell.replace("EXPORT", &format!("{BOT} export")));
            output_of({
                command.envs(only(&database));
                command
            })
            .await
        };
        let (code, stdout, stderr) = through("EXPORT | head -n 1; exit ${PIPESTATUS[0]}").await;
        assert_eq!((code, stdout.lines().count(), stderr.as_str()), (Some(1), 1, ""));
        let (code, _, stderr) = through("EXPORT > /dev/full").await;
        assert_eq!(code, Some(1));
        assert_snapshot!(stderr, @"Not everything was exported: the output can't be written (No space left on device (os error 28)).");
        std::fs::remove_file(&database).unwrap();
        world.start_bot().await;
    });
}

#[tokio::test]
async fn an_export_without_a_database_is_said_so_and_makes_none() {
    let sandbox = sandbox_in_file().await;
    let (code, stdout, stderr) = output(program(&["export"], &only(&sandbox.database()))).await;
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_snapshot!(stderr, @"Not everything was exported: DATABASE_URL: there is no database of the bot's there; run this in the bot's folder, with its settings.");
    assert!(!sandbox.database().exists());
}

#[test]
fn what_was_over_long_ago_is_deleted_and_its_buttons_are_refused() {
    run_test_with(setup(&[("HISTORY_TTL", "7days")]), async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Failed**").await;
        world.ask(Who::Member, "ABE-TEST").await;
        world.card(2, "Approve or deny").await;
        world.stop_bot().await;
        let age = "UPDATE requests SET created_at = created_at - 864000000, \
                     decided_at = decided_at - 864000000 WHERE id = 1; \
                   UPDATE history SET at = at - 864000000 WHERE request_id = 1";
        execute(&world.sandbox, age).await;
        world.start_bot().await;
        let left =
            async || number(&world.sandbox, "SELECT COUNT(*) FROM requests WHERE id = 1").await;
        in_time(async {
            while left().await > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        for of_it in [
            "SELECT COUNT(*) FROM history WHERE request_id = 1",
            "SELECT COUNT(*) FROM participants WHERE request_id = 1",
            "SELECT COUNT(*) FROM requested_groups WHERE request_id = 1",
        ] {
            assert_eq!(number(&world.sandbox, of_it).await, 0, "{of_it}");
        }
        assert_eq!(number(&world.sandbox, "SELECT COUNT(*) FROM requests").await, 1);
        let answer = world.admin().press(&card, "Retry").await;
        assert!(answer.text().starts_with("There is no such request."), "{}", answer.text());
        assert_eq!(world.puts(), 1);
    });
}
