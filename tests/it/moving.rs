//! The database is moved to another kind, and the bot goes on with it.

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{CONNECT, Who};
use sandbox::postgres::Server;
use serde_json::Value;

use crate::database::{execute, number};
use crate::program::{output, program};
use crate::world::{World, masked, private, run_test_in_file, sandbox_in_file};

async fn moved(from: &str, to: &str) -> (Option<i32>, String) {
    let (code, stdout, stderr) = output(program(&["move-database", from, to], &[])).await;
    (code, stdout + &stderr)
}

/// All that is in a database, but for the line that a moment changes.
async fn exported(url: &str) -> Vec<Value> {
    let url = [("DATABASE_URL", url.to_owned())];
    let (code, stdout, stderr) = output(program(&["export"], &url)).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Requests of each kind: one that failed, one that nobody has decided, and an admin's.
async fn asked(world: &mut World) {
    let card = world.asked_by(Who::Member).await;
    world.ask(Who::OtherMember, "accounting2").await;
    world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
    world.admin().press(&card, "Approve").await;
    world.told(Who::Member, CONNECT, "request 1").await;
    world.ask(Who::Member, "ABE-TEST").await;
    world.card(2, "Approve or deny").await;
    world.ask(Who::Admin, "ABE-TEST-2").await;
    world.all_noted().await;
}

#[test]
fn a_stopped_bots_database_goes_to_postgresql_and_back_with_all_that_is_in_it() {
    let Some(server) = Server::for_test() else { return };
    run_test_in_file(async |world| {
        asked(world).await;
        let (file, there) = (world.sandbox.database_url(), server.schema("public"));
        let (code, said) = moved(&file, &there).await;
        assert_eq!(code, Some(1));
        assert_snapshot!(said, @"The database was not moved: FROM: another bot is running on this database; stop that one first, or name another database.");
        world.stop_bot().await;
        let before = exported(&file).await;
        let (code, said) = moved(&file, &there).await;
        assert_snapshot!(said, @"Moved, and counted on both sides: requests 3, groups 3, people 3, steps of history 7. FROM is left as it was; start the bot with TO in DATABASE_URL.");
        assert_eq!(code, Some(0));
        assert_eq!(exported(&file).await, before, "it is left as it was");
        assert_eq!(exported(&there).await, before);
        assert_snapshot!(moved(&file, &there).await.1, @"The database was not moved: TO: there are requests in it already, and it is left as it is; name an empty one.");
        world.variables.push(("DATABASE_URL", there.clone()));
        world.start_bot().await;
        let card = world.card(2, "Approve or deny").await;
        world.admin().press(&card, "Approve").await;
        world.card(2, "**Created**").await;
        world.ask(Who::OtherMember, "accounting2").await;
        world.card(4, "Approve or deny").await;
        world.stop_bot().await;
        let elsewhere = sandbox_in_file().await;
        let back = elsewhere.database_url();
        assert_eq!(moved(&there, &back).await.0, Some(0));
        assert_eq!(exported(&back).await, exported(&there).await);
        world.variables.push(("DATABASE_URL", back));
        world.start_bot().await;
        let answer = world.cancel(Who::OtherMember, 4).await;
        assert_snapshot!(masked(&private(&answer)), @"Request 4 for `accounting2` is cancelled.");
    });
}

#[test]
fn what_cannot_be_moved_is_said_so_and_leaves_the_new_database_empty() {
    let Some(server) = Server::for_test() else { return };
    run_test_in_file(async |world| {
        asked(world).await;
        world.stop_bot().await;
        let (file, there) = (world.sandbox.database_url(), server.schema("public"));
        let refused = async |from: &str, to: &str| {
            let (code, said) = moved(from, to).await;
            assert_eq!(code, Some(1));
            said
        };
        assert_snapshot!(refused(&file, "sqlite://other.db").await, @"The database was not moved: FROM and TO are of one kind; one of them is to be a file, sqlite://PATH, and the other PostgreSQL.");
        assert_snapshot!(refused(&file, "mysql://bot:hush@db/bot").await, @"FROM and TO are addresses of databases: sqlite://PATH and postgres://…");
        assert_snapshot!(refused(&file, "postgres://bot:hush@127.0.0.1:1/bot").await, @"The database was not moved: TO: PostgreSQL can't be reached (Connection refused (os error 111)); check the address, and that it runs there.");
        let none = sandbox_in_file().await;
        assert_snapshot!(refused(&none.database_url(), &there).await, @"The database was not moved: FROM: there is no database of the bot's there.");
        assert!(!none.database().exists());
        // What PostgreSQL doesn't take, in the last of the tables.
        let odd = "UPDATE history SET request_id = request_id, at = 'never' WHERE id = (SELECT MAX(id) FROM history)";
        execute(&world.sandbox, odd).await;
        assert!(refused(&file, &there).await.starts_with("The database was not moved: FROM: "));
        let sandbox = sandbox_in_file().await.with_database(there.clone());
        for table in [
            "SELECT COUNT(*) FROM requests",
            "SELECT COUNT(*) FROM requested_groups",
            "SELECT COUNT(*) FROM participants",
            "SELECT COUNT(*) FROM history",
        ] {
            assert_eq!(number(&sandbox, table).await, 0, "{table}");
        }
        execute(&world.sandbox, "UPDATE history SET at = 1 WHERE at = 'never'").await;
        assert_eq!(moved(&file, &there).await.0, Some(0));
        world.start_bot().await;
    });
}
