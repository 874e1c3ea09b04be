//! What happens in between, and what a wrong clock and another version leave behind.

use std::time::Duration;

use sandbox::connect;
use sandbox::discord::{CONNECT, Fault, Request, Route, Times, Who};

use crate::database::execute;
use crate::world::run_test;

/// How many messages were sent.
fn sent(requests: &[Request]) -> usize {
    requests.iter().filter(|one| one.route == Some(Route::CreateMessage)).count()
}

/// What somebody is told of a failure arrives at once, and the bot learns of it later.
#[test]
fn what_fails_again_while_the_first_failure_is_told_is_told_too() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let fails = |code| {
            let refused = connect::Fault::Error(code);
            world.connect.fail(connect::Route::CreateGroup, refused, connect::Times::Times(1));
        };
        fails(22);
        world.discord.fail(Route::CreateMessage, Fault::Slow(Duration::from_secs(3)), Times::Once);
        world.admin().press(&card, "Approve").await;
        let failed = world.card(1, "**Failed**").await;
        world.discord.wait_for_requests(|requests| sent(requests) == 2).await;
        fails(64);
        world.admin().press(&failed, "Retry").await;
        world.told(Who::Member, CONNECT, "wasn't allowed to do this").await;
        world.told(Who::Member, CONNECT, "licence").await;
    });
}

#[test]
fn a_clock_that_was_ahead_keeps_no_creation_waiting() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.go_down().await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "Not created yet").await;
        world.stop_bot().await;
        execute(&world.sandbox, "UPDATE requests SET due_at = due_at + 31536000000").await;
        world.connect.come_up().await.unwrap();
        world.start_bot().await;
        world.card(1, "**Created**").await;
        assert_eq!(world.puts(), 1);
    });
}

/// Of a process of another version, too: a crash may come with an upgrade.
#[test]
fn the_nonce_of_a_message_is_the_same_in_every_version() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.card(1, "Approve or deny").await;
        world.stop_bot().await;
        let unsent =
            "UPDATE requests SET created_at = 1790000000000, shown_version = 0, message = NULL";
        execute(&world.sandbox, unsent).await;
        world.variables.push(("REQUEST_REMINDER", "0".to_owned()));
        world.variables.push(("REQUEST_TTL", "365d".to_owned()));
        world.start_bot().await;
        world.discord.wait_for_requests(|requests| sent(requests) >= 2).await;
        let requests = world.discord.requests();
        let sent = requests.iter().filter(|one| one.route == Some(Route::CreateMessage));
        let sent: Vec<serde_json::Value> =
            sent.map(|one| serde_json::from_str(&one.body).unwrap()).collect();
        let shown = sent.iter().skip(1).find(|body| body["flags"] == 1 << 15);
        assert_eq!(shown.unwrap()["nonce"], "cb5283f6a3514dc2");
    });
}
