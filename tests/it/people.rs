//! The people whom the settings name: looked for by `check` and at a start, with few calls.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::discord::{self, Fault, GUILD, Limits, OTHER_GUILD, Request, Route, Times, Who};
use sandbox::{Sandbox, connect};

use crate::check::{amiss, ids};
use crate::world::{run_test_with, sandbox, setup, stand_ins};

/// As many people of the server, then as many whom nobody knows.
fn people(there: usize, unknown: usize) -> String {
    let there = Who::ALL.into_iter().map(Who::id).take(there);
    ids(&there.chain((1..).take(unknown)).collect::<Vec<_>>())
}

/// How often it was asked about a person, the bot itself included.
fn asked(requests: &[Request]) -> usize {
    requests.iter().filter(|request| request.route == Some(Route::GuildMember)).count()
}

/// What `check` says of people, in this order of servers.
async fn said_of(sandbox: &Sandbox, guilds: &[u64], people: &str) -> String {
    let more = [("DISCORD_GUILD_IDS", ids(guilds)), ("ADMIN_USER_IDS", people.to_owned())];
    let said = amiss(sandbox, &more).await;
    let lines = said.lines().filter(|line| line.contains("ADMIN_USER_IDS"));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn who_is_in_no_server_is_named() {
    let sandbox = sandbox().await;
    assert_snapshot!(said_of(&sandbox, &[GUILD], &people(2, 1)).await, @"warn  ADMIN_USER_IDS names 1, who isn't in server 1098231477641412618 (Discord answered 404 Not Found with code 10013: Unknown User): right-click the person in Discord and copy their ID");
    let somewhere = people(1, 0);
    for guilds in [[GUILD, OTHER_GUILD], [OTHER_GUILD, GUILD]] {
        assert_eq!(said_of(&sandbox, &guilds, &somewhere).await, "");
    }
    assert_snapshot!(said_of(&sandbox, &[GUILD, OTHER_GUILD], &people(0, 1)).await, @"warn  ADMIN_USER_IDS names 1, who is in no server (Discord answered 404 Not Found with code 10013: Unknown User): right-click the person in Discord and copy their ID");
    assert_snapshot!(said_of(&sandbox, &[OTHER_GUILD], &somewhere).await, @"FAIL  ADMIN_USER_IDS names 391583201672822784, who isn't in server 1187403926518038529 (Discord answered 404 Not Found with code 10007: Unknown Member), so nobody is an admin: right-click the person in Discord and copy their ID");
}

#[tokio::test]
async fn nobody_being_an_admin_fails_and_one_who_is_left_is_enough() {
    let sandbox = sandbox().await;
    let with = async |roles: &str, users: String| {
        amiss(&sandbox, &[("ADMIN_ROLE_IDS", roles.to_owned()), ("ADMIN_USER_IDS", users)]).await
    };
    assert_snapshot!(with("", people(0, 2)).await, @r"
    FAIL  ADMIN_USER_IDS names 1, who isn't in server 1098231477641412618 (Discord answered 404 Not Found with code 10013: Unknown User), so nobody is an admin: right-click the person in Discord and copy their ID
    FAIL  ADMIN_USER_IDS names 2, who isn't in server 1098231477641412618 (Discord answered 404 Not Found with code 10013: Unknown User), so nobody is an admin: right-click the person in Discord and copy their ID
    exit 1
    ");
    assert_snapshot!(with("17", people(0, 1)).await, @r"
    FAIL  ADMIN_ROLE_IDS names role 17, which server 1098231477641412618 doesn't have, so nobody is an admin: right-click the role in Discord and copy its ID
    FAIL  ADMIN_USER_IDS names 1, who isn't in server 1098231477641412618 (Discord answered 404 Not Found with code 10013: Unknown User), so nobody is an admin: right-click the person in Discord and copy their ID
    exit 1
    ");
    assert_snapshot!(with("", people(1, 1)).await, @r"
    warn  ADMIN_USER_IDS names 1, who isn't in server 1098231477641412618 (Discord answered 404 Not Found with code 10013: Unknown User): right-click the person in Discord and copy their ID
    exit 0
    ");
}

#[tokio::test]
async fn people_who_cannot_be_looked_for_are_not_said_to_be_missing() {
    let sandbox = sandbox().await;
    // The bot itself is looked for first.
    for fault in [Fault::Slow(Duration::from_millis(1)), Fault::Status(502)] {
        sandbox.discord.fail(Route::GuildMember, fault, Times::Once);
    }
    assert_snapshot!(said_of(&sandbox, &[GUILD], &people(0, 2)).await, @"warn  the people of ADMIN_USER_IDS can't be looked for: the answer, with status 502 Bad Gateway, isn't Discord's. Try again later");
    assert_eq!(asked(&sandbox.discord.requests()), 2, "it isn't asked again");
    let both = [GUILD, discord::STRANGE_GUILD];
    assert_eq!(said_of(&sandbox, &both, &people(0, 1)).await, "", "nobody knows who is there");
}

#[tokio::test]
async fn no_more_people_are_looked_for_than_twenty_calls_do() {
    let limits = Limits { other: None, ..Limits::default() };
    let discord = discord::Options { limits, ..discord::Options::default() };
    let sandbox = stand_ins(connect::Options::default(), discord).await;
    let users = people(1, 22);
    let more = [("ADMIN_USER_IDS", users.clone())];
    let said = crate::check::all(&sandbox, &more).await;
    let left = said.lines().filter(|line| line.starts_with("ok ") && line.contains("USER_IDS"));
    assert_snapshot!(left.collect::<String>(), @"ok    Discord wasn't asked about 3 users of ADMIN_USER_IDS, so as to keep to 20 calls");
    let own = 1;
    assert_eq!(asked(&sandbox.discord.requests()), own + 20);
    // Of ten people one is found at the first call, and nine are asked for in both servers.
    said_of(&sandbox, &[GUILD, OTHER_GUILD], &users).await;
    assert_eq!(asked(&sandbox.discord.requests()), own + 20 + 2 * own + 19);
}

#[test]
fn a_start_looks_for_five() {
    run_test_with(setup(&[("ADMIN_USER_IDS", people(0, 7))]).alone(), async |world| {
        // Channels are looked at after people.
        let is_past = |requests: &[Request]| {
            requests.iter().any(|request| request.route == Some(Route::Channel))
        };
        world.discord.wait_for_requests(is_past).await;
        assert_eq!(asked(&world.discord.requests()), 1 + 5);
    });
}
