//! Interactions over HTTP: what Discord hasn't signed, has signed long ago or has sent before comes to
//! nothing, and what it has is served as over the gateway.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use insta::assert_snapshot;
use reqwest::StatusCode;
use sandbox::Sandbox;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{self, First, SignedRequest, Who};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::sleep;

use crate::database::lock;
use crate::http::{get, probed};
use crate::program::{output, program};
use crate::sharing::Copy;
use crate::world::{Setup, World, chosen, in_time, masked, run_test_with, sandbox};

/// The public key of another application.
const ANOTHER_KEY: &str = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";

fn over_http(test: impl AsyncFnOnce(&mut World)) {
    run_test_with(Setup::default().over_http(), test);
}

/// What an admin's `create` is sent as, before it is sent.
fn held_creation(world: &World, name: &str) -> (discord::Pending, SignedRequest) {
    world.discord.hold_deliveries(true);
    let pending = world.admin().start_slash("create", &[("name", name.into())]);
    let request = world.discord.delivery(pending.id());
    (pending, request)
}

/// The status that a request gets.
async fn status(world: &World, request: &SignedRequest) -> u16 {
    in_time(world.discord.send(request)).await.expect("a response").status
}

#[test]
fn a_search_and_a_creation_are_answered_in_the_response_and_by_no_call() {
    over_http(async |world| {
        let found = world.search(Who::Admin, "accounting").await;
        assert!(found.text().contains("accounting2"), "{}", found.text());
        let created = world.ask(Who::Admin, "accounting2").await;
        assert!(created.text().starts_with("Created `accounting2`"), "{}", created.text());
        let answers =
            [discord::Route::Callback, discord::Route::EditOriginal, discord::Route::FollowUp];
        let requests = world.discord.requests();
        assert!(!requests.iter().any(|call| call.route.is_some_and(|it| answers.contains(&it))));
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn what_takes_long_is_deferred_in_the_response_and_edited_by_a_call() {
    over_http(async |world| {
        world.connect.fail(Route::Search, Fault::Hold, Times::Once);
        let pending = world.member().start_slash("search", &[("prefix", "acc".into())]);
        assert_eq!(in_time(pending.first()).await, First::Thinking);
        world.connect.release();
        let answer = pending.answer().await;
        assert!(answer.is_deferred() && answer.text().contains("accounting2"), "{answer:?}");
    });
}

#[test]
fn an_edit_that_comes_before_discord_has_taken_the_response_is_sent_again() {
    let mut setup = Setup::default().over_http();
    setup.discord.takes_responses_after = Duration::from_millis(600);
    run_test_with(setup, async |world| {
        world.connect.fail(Route::Search, Fault::Slow(Duration::from_millis(1600)), Times::Once);
        let answer = world.search(Who::Member, "acc").await;
        assert!(answer.is_deferred() && answer.text().contains("accounting2"), "{answer:?}");
        let requests = world.discord.requests();
        let is_early = |call: &discord::Request| {
            call.route == Some(discord::Route::EditOriginal) && call.status == Some(404)
        };
        assert!(requests.iter().any(is_early));
    });
}

#[test]
fn what_is_old_when_it_comes_is_served_if_discord_takes_its_announcement_and_else_not() {
    over_http(async |world| {
        for (name, age, first, puts) in
            [("accounting2", 1600, First::Thinking, 1), ("ABE-TEST", 3100, First::NoAnswer, 1)]
        {
            let (pending, _) = held_creation(world, name);
            sleep(Duration::from_millis(age)).await;
            let response = world.discord.deliver(pending.id()).await.unwrap();
            assert_eq!((response.status, response.body.as_str()), (202, ""));
            assert_eq!(pending.first().await, first);
            pending.answer().await;
            assert_eq!(world.puts(), puts);
        }
    });
}

#[test]
fn two_copies_of_a_request_and_later_ones_come_to_one_creation() {
    over_http(async |world| {
        let (pending, request) = held_creation(world, "accounting2");
        // Either may be the first, and neither is Discord's own, which must be answered.
        let (first, second) = tokio::join!(status(world, &request), status(world, &request));
        let mut statuses = [first, second];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        assert_eq!(status(world, &request).await, 409);
        // Nor after a restart.
        world.stop_bot().await;
        world.start_bot().await;
        assert_eq!(status(world, &request).await, 409);
        assert_eq!(world.puts(), 1);
        drop(pending);
    });
}

#[test]
fn what_is_not_signed_for_now_is_refused_before_anything_is_read_of_it() {
    over_http(async |world| {
        let (pending, request) = held_creation(world, "accounting2");
        let body = &request.body;
        let other = world.discord.sign(&body.replace("accounting2", "accounting3"), Duration::ZERO);
        let old = Duration::from_secs(301);
        for forged in [
            SignedRequest { body: other.body.clone(), ..request.clone() },
            SignedRequest { signature: other.signature.clone(), ..request.clone() },
            SignedRequest { timestamp: "0".to_owned(), ..request.clone() },
            SignedRequest { signature: String::new(), ..request.clone() },
            SignedRequest { signature: "é".repeat(64), ..request.clone() },
            world.discord.sign(body, old),
        ] {
            assert_eq!(status(world, &forged).await, 401, "{forged:?}");
        }
        let unread = [("", 400), ("{", 400), ("null", 400), ("{\"type\": 2}", 400)];
        for (body, refused) in unread {
            let signed = world.discord.sign(body, Duration::ZERO);
            assert_eq!(status(world, &signed).await, refused, "{body}");
        }
        let long = world.discord.sign(&" ".repeat(300 << 10), Duration::ZERO);
        assert_eq!(status(world, &long).await, 413);
        assert_eq!((world.puts(), world.connect.requests().len()), (0, 0));
        world.discord.deliver(pending.id()).await;
        assert_eq!(world.puts(), 1);
    });
}

/// How many requests somebody forges, repeats or breaks: 100 000 with `FORGED=100000`.
fn forged() -> usize {
    chosen("FORGED").and_then(|count| count.parse().ok()).unwrap_or(600)
}

/// The memory of a process that no file stands for, in KiB.
fn memory(process: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id().unwrap()));
    let status = status.unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[expect(clippy::print_stdout, reason = "its figures are written down")]
#[tokio::test]
async fn whoever_forges_repeats_and_breaks_requests_by_the_thousand_reaches_nothing() {
    let sandbox = sandbox().await;
    let copy = Copy::start(&sandbox);
    copy.serve(&sandbox).await;
    sandbox.discord.hold_deliveries(true);
    let admin = sandbox.discord.person(Who::Admin);
    let pending = admin.start_slash("create", &[("name", "accounting2".into())]);
    let request = sandbox.discord.delivery(pending.id());
    sandbox.discord.deliver(pending.id()).await;
    pending.answer().await;
    sandbox.connect.clear_requests();
    let forged_as = |number: usize| {
        let body = format!("{{\"id\": \"{number}\", \"type\": 2");
        let signed = sandbox.discord.sign(&body, Duration::ZERO);
        match number % 4 {
            0 => (SignedRequest { body, ..request.clone() }, 401),
            1 => (SignedRequest { timestamp: number.to_string(), ..request.clone() }, 401),
            2 => (signed, 400),
            // A signature counts for 5 minutes, and many take longer.
            _ => (sandbox.discord.sign(&request.body, Duration::ZERO), 409),
        }
    };
    println!("0: {} KiB", memory(&copy.process));
    for some in (1..=forged()).collect::<Vec<_>>().chunks(50) {
        let all = some.iter().map(|number| async {
            let (request, refused) = forged_as(*number);
            let response = in_time(sandbox.discord.send(&request)).await.expect("a response");
            assert_eq!(response.status, refused);
        });
        join_all(all).await;
        let sent = some[some.len() - 1];
        if sent % 10_000 == 0 {
            println!("{sent}: {} KiB", memory(&copy.process));
        }
    }
    assert_eq!(sandbox.connect.requests().len(), 0);
    sandbox.discord.hold_deliveries(false);
    let member = sandbox.discord.person(Who::Member);
    let answer = member.slash("search", &[("prefix", "acc".into())]).await;
    assert!(answer.text().contains("accounting"), "{}", answer.text());
    println!("in the end: {} KiB", memory(&copy.process));
}

#[test]
fn what_cannot_be_written_down_is_not_done_and_who_asks_is_told() {
    run_test_with(Setup::default().over_http().in_file(), async |world| {
        let database = world.sandbox.database();
        let connection = lock(&database).await;
        let answer = world.ask(Who::Admin, "accounting2").await;
        assert_eq!(world.puts(), 0);
        assert_snapshot!(masked(&answer.text()), @r"
        The bot's database failed. Tell whoever runs the bot; its log says more. Nothing was changed.
        -# Reference for the logs: `<guid>`
        ");
        drop(connection);
    });
}

#[test]
fn an_address_that_discord_checks_now_and_then_stays_set() {
    over_http(async |world| {
        let response = world.discord.check_interactions_endpoint().await.unwrap();
        assert_eq!(response.status, StatusCode::UNAUTHORIZED.as_u16());
        world.search(Who::Member, "acc").await;
    });
}

#[tokio::test]
async fn what_does_not_fit_together_is_found_by_check() {
    let sandbox = sandbox().await;
    let checked = async |key: String| {
        let mut variables = sandbox.variables();
        variables.push(("HTTP_ADDR", "127.0.0.1:0".to_owned()));
        variables.push(("DISCORD_PUBLIC_KEY", key));
        let (_, said, _) = output(program(&["check"], &variables)).await;
        let is_about = |line: &&str| {
            ["interactions", "DISCORD_PUBLIC_KEY", "gateway"].iter().any(|it| line.contains(it))
        };
        said.lines().filter(is_about).collect::<Vec<_>>().join("\n")
    };
    let key = sandbox.discord.public_key();
    assert_snapshot!(checked(key.clone()).await, @"warn  Discord sends interactions over the gateway, and the bot waits for them over HTTP: set Interactions Endpoint URL on the application's page General Information to the address at which Discord reaches /interactions of HTTP_ADDR, or unset DISCORD_PUBLIC_KEY");
    assert_snapshot!(checked(ANOTHER_KEY.to_owned()).await, @"FAIL  DISCORD_PUBLIC_KEY isn't the key of this application, so every interaction is refused: copy Public Key from the application's page General Information");
    sandbox
        .discord
        .set_interactions_endpoint(Some("https://bot.example.com/interactions".to_owned()));
    assert_snapshot!(checked(key).await, @"ok    Discord sends interactions to https://bot.example.com/interactions");
}

/// A bot that waits for interactions over HTTP, where, and the line with these words that it has logged.
async fn waiting(sandbox: &Sandbox, key: &str, words: &str) -> (Child, SocketAddr, String) {
    let (mut variables, (_, address)) = (sandbox.variables(), probed());
    variables.push(("HTTP_ADDR", address.to_string()));
    variables.push(("DISCORD_PUBLIC_KEY", key.to_owned()));
    let mut bot = program(&["run"], &variables).spawn().unwrap();
    let mut lines = BufReader::new(bot.stderr.take().unwrap()).lines();
    let line = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if line.contains(words) {
                break line;
            }
        }
    };
    let line = in_time(line).await;
    (bot, address, line)
}

#[tokio::test]
async fn another_applications_key_is_an_error_at_a_start_and_makes_it_unready() {
    let sandbox = sandbox().await;
    let said = "DISCORD_PUBLIC_KEY isn't the key of this application";
    let (_bot, address, line) = waiting(&sandbox, ANOTHER_KEY, said).await;
    assert!(line.contains("ERROR"), "{line}");
    let (status, reasons) = get(address, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_snapshot!(reasons, @"interactions: DISCORD_PUBLIC_KEY isn't this application's key");
    assert_eq!(get(address, "/livez").await.0, StatusCode::OK);
}

/// Discord takes the address only of a bot that answers, which a load balancer must let it reach.
#[tokio::test]
async fn who_has_no_address_at_discord_yet_is_ready_and_warned() {
    let sandbox = sandbox().await;
    let key = sandbox.discord.public_key();
    let (_bot, address, line) = waiting(&sandbox, &key, "set Interactions Endpoint URL").await;
    assert!(line.contains("WARN"), "{line}");
    assert_eq!(get(address, "/readyz").await, (StatusCode::OK, "ok\n".to_owned()));
}

#[tokio::test]
async fn interactions_over_http_without_an_address_are_a_wrong_configuration() {
    let sandbox = sandbox().await;
    let mut variables = sandbox.variables();
    variables.push(("DISCORD_PUBLIC_KEY", sandbox.discord.public_key()));
    let (code, _, said) = output(program(&["check"], &variables)).await;
    assert_eq!(code, Some(78));
    assert_snapshot!(said, @"HTTP_ADDR: is off, but with DISCORD_PUBLIC_KEY interactions come there: name an address");
}
