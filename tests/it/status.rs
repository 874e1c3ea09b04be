//! `/ldapgroup status`: what `check` finds, and what only a bot that runs knows.

use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use sandbox::connect::{self, Fault, Role, Route, Times};
use sandbox::discord::{self, Closed, DM, REQUESTS, THREAD, Who, permission};

use crate::database::execute;
use crate::program::{output, program};
use crate::world::{
    Setup, World, in_time, in_world, masked, private, run_test, run_test_with, setup,
};

/// The answer with what differs from run to run made readable.
async fn status(world: &World) -> String {
    let answer = private(&in_time(world.admin().slash("status", &[])).await);
    let words = masked(&answer);
    let words: Vec<_> = words.split(' ').collect();
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let shown = words.iter().enumerate().map(|(at, word)| match words.get(at + 1) {
        Some(next) if next.starts_with("ms") && is_number(word) => "<number>",
        Some(_) | None => word,
    });
    let text = shown.collect::<Vec<_>>().join(" ");
    text.replace(env!("CARGO_PKG_VERSION"), "<version>")
}

/// The lines of it that say that something isn't as it should be.
async fn problems(world: &World) -> String {
    let text = status(world).await;
    let of_problem = |line: &&str| line.starts_with("❌") || line.starts_with("⚠️");
    text.lines().filter(of_problem).collect::<Vec<_>>().join("\n")
}

/// The problems, each of which `check` says in the same words.
async fn shared_problems(world: &World) -> String {
    let problems = problems(world).await;
    let (_, said, _) = output(program(&["check"], &world.variables)).await;
    assert_ne!(problems, "", "{said}");
    for problem in problems.lines() {
        let (symbol, text) = problem.split_once(' ').unwrap();
        let level = if symbol == "❌" { "FAIL " } else { "warn " };
        let plain = text.replace("<#", "").replace(['`', '>'], "");
        let line = format!("{level} {plain}");
        assert!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
    problems
}

fn with_connect(change: impl Fn(&mut connect::Options)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.connect);
    setup
}

#[test]
fn an_admin_sees_how_everything_is() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        assert_snapshot!(status(world).await, @r"
        **ldapgroup-bot <version>**, started <t:<time>:R>
        No request is open.
        ✅ All is as it should be.
        -# Discord accepts the token of application `ldapgroup`; Discord sends interactions over the gateway; the bot is in server 1098231477641412618; the bot may write in the requests channel <#1098232018379395073>; Connect accepts the key of administrator `ldapgroup-bot`; Connect `2026.06.0` searches LDAP groups; the database holds no request yet; the gateway is connected
        ");
        world.ask(Who::Member, "accounting2").await;
        let open = async || status(world).await.lines().nth(1).unwrap().to_owned();
        assert_snapshot!(open().await, @"1 request is open: [request 1](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>) for `accounting2`, made <t:<time>:R>.");
        world.ask(Who::OtherMember, "ABE-TEST").await;
        assert_snapshot!(open().await, @"2 requests are open; the oldest is [request 1](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>) for `accounting2`, made <t:<time>:R>.");
    });
}

#[test]
fn the_gateways_latency_is_that_of_the_latest_heartbeat_on_this_connection() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.discord.ask_heartbeat();
        let is_measured =
            async || status(world).await.contains("the gateway answers in <number> ms");
        // The answer to the heartbeat is on its way.
        in_time(async { while !is_measured().await {} }).await;
        world.discord.drop_gateway();
        world.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
        assert!(!is_measured().await);
    });
}

#[test]
fn nobody_else_sees_it() {
    run_test(async |world| {
        let refused = private(&world.member().slash("status", &[]).await);
        assert_snapshot!(refused, @"Only an administrator can do this. Ask someone with the role <@&1098233105413124096>.");
        let elsewhere = world.admin().in_channel(DM).slash("status", &[]).await;
        assert!(private(&elsewhere).starts_with("This works in your team's server only."));
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn ldap_away_is_no_ldap_that_can_be_searched() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Error(63), Times::Always);
        assert_snapshot!(shared_problems(world).await, @"❌ Connect `2026.06.0` can't reach LDAP, so that nothing can be searched or created: its log says why, and whoever runs Connect can mend it");
        assert!(!status(world).await.contains("searches LDAP groups"));
        world.connect.heal();
        assert_eq!(problems(world).await, "");
    });
}

#[test]
fn a_requests_channel_that_the_bot_cannot_use_is_said_so() {
    run_test(async |world| {
        world.discord.forbid(REQUESTS, permission::VIEW_CHANNEL);
        assert_snapshot!(shared_problems(world).await, @"❌ the bot can't see channel <#1098232018379395073> (`Discord answered 403 Forbidden with code 50001: Missing Access`), so no admin sees requests: check `REQUESTS_CHANNEL_ID`, and give the bot View Channel there");
        world.discord.forbid(REQUESTS, permission::SEND_MESSAGES);
        assert_snapshot!(shared_problems(world).await, @"❌ the bot lacks Send Messages in the requests channel <#1098232018379395073>, so no admin sees requests: change that in the channel's permissions");
        world.discord.forbid(REQUESTS, 0);
        assert_eq!(problems(world).await, "");
    });
}

#[test]
fn what_cannot_be_delivered_is_said_with_how_much_since_when_and_why() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.discord.forbid(REQUESTS, permission::SEND_MESSAGES);
        world.ask(Who::Member, "accounting2").await;
        world.ask(Who::OtherMember, "ABE-TEST").await;
        assert_snapshot!(status(world).await, @r"
        **ldapgroup-bot <version>**, started <t:<time>:R>
        2 requests are open; the oldest is request 1 for `accounting2`, made <t:<time>:R>.
        ❌ the bot lacks Send Messages in the requests channel <#1098232018379395073>, so no admin sees requests: change that in the channel's permissions
        ❌ 2 messages can't be delivered in <#1098232018379395073> since <t:<time>:R> (`Discord answered 403 Forbidden with code 50013: Missing Permissions`): allow the bot View Channel, Send Messages and Send Messages in Threads there
        -# ✅ Discord accepts the token of application `ldapgroup`; Discord sends interactions over the gateway; the bot is in server 1098231477641412618; Connect accepts the key of administrator `ldapgroup-bot`; Connect `2026.06.0` searches LDAP groups; the latest request in the database is number 2; the gateway is connected
        -# Reference for the logs: `<guid>`
        ");
        world.discord.forbid(REQUESTS, 0);
        world.card(1, "Approve or deny").await;
        world.card(2, "Approve or deny").await;
        in_time(async { while !problems(world).await.is_empty() {} }).await;
    });
}

#[tokio::test]
async fn what_waits_for_a_thread_that_is_closed_is_said_so() {
    let waits = async |closed: Closed| {
        in_world(setup(&[("REQUESTS_CHANNEL_ID", THREAD)]), async |world| {
            world.discord.close_thread(THREAD, closed);
            let answer = world.ask(Who::Member, "accounting2").await;
            assert!(answer.text().contains("no admin sees it yet"), "{}", answer.text());
            problems(world).await
        })
        .await
    };
    assert_snapshot!(waits(Closed::Locked).await, @"❌ 1 message can't be delivered in <#<id>> since <t:<time>:R> (`Discord answered 403 Forbidden with code 160005: Thread is locked`): open the thread again, which is archived or locked");
    assert_snapshot!(waits(Closed::ArchivedAndLocked).await, @"❌ 1 message can't be delivered in <#<id>> since <t:<time>:R> (`Discord answered 403 Forbidden with code 50083: Thread is archived`): open the thread again, which is archived or locked");
}

#[tokio::test]
async fn a_connect_that_hangs_keeps_nothing_else_from_being_said() {
    let hanging = async |route: Route| {
        in_world(setup(&[("CONNECT_TIMEOUT", "5m")]).over_gateway(), async |world| {
            world.connect.fail(route, Fault::Hold, Times::Always);
            let text = status(world).await;
            world.connect.release();
            text
        })
        .await
    };
    let (all, ldap) = tokio::join!(hanging(Route::Any), hanging(Route::Search));
    assert_snapshot!(all, @r"
    **ldapgroup-bot <version>**, started <t:<time>:R>
    No request is open.
    ❌ `Connect didn't answer within 10s`: check `CONNECT_SERVER` and the network
    -# ✅ Discord accepts the token of application `ldapgroup`; Discord sends interactions over the gateway; the bot is in server 1098231477641412618; the bot may write in the requests channel <#1098232018379395073>; the database holds no request yet; the gateway is connected
    -# Reference for the logs: `<guid>`
    ");
    assert_snapshot!(ldap, @r"
    **ldapgroup-bot <version>**, started <t:<time>:R>
    No request is open.
    ❌ LDAP groups can't be searched (`Connect didn't answer within 10s`): Connect's log says more
    -# ✅ Discord accepts the token of application `ldapgroup`; Discord sends interactions over the gateway; the bot is in server 1098231477641412618; the bot may write in the requests channel <#1098232018379395073>; Connect accepts the key of administrator `ldapgroup-bot`; the database holds no request yet; the gateway is connected
    -# Reference for the logs: `<guid>`
    ");
}

#[test]
fn a_discord_that_hangs_keeps_nothing_else_from_being_said() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        let slow = discord::Fault::Slow(Duration::from_secs(30));
        world.discord.fail(discord::Route::GuildMember, slow, discord::Times::Always);
        assert_snapshot!(status(world).await, @r"
        **ldapgroup-bot <version>**, started <t:<time>:R>
        No request is open.
        ❌ Discord didn't answer everything within 10s, so that servers, roles and channels aren't known: try again later
        -# ✅ Connect accepts the key of administrator `ldapgroup-bot`; Connect `2026.06.0` searches LDAP groups; the database holds no request yet; the gateway is connected
        -# Reference for the logs: `<guid>`
        ");
        world.discord.clear_faults();
    });
}

#[test]
fn a_connect_and_a_database_that_fail_are_said_so_and_the_rest_stays() {
    run_test_with(Setup::default().over_gateway().in_file(), async |world| {
        world.connect.fail(Route::Any, Fault::Html(502), Times::Always);
        execute(&world.sandbox, "ALTER TABLE requests RENAME TO away").await;
        let broken = status(world).await;
        execute(&world.sandbox, "ALTER TABLE away RENAME TO requests").await;
        assert_snapshot!(broken, @r"
        **ldapgroup-bot <version>**, started <t:<time>:R>
        ❌ `the answer isn't Connect's: status 502 Bad Gateway, content type text/html; charset=utf-8`: check `CONNECT_SERVER`, and what stands in front of Connect
        ❌ `DATABASE_URL`: the database can't be used (`error returned from database: (code: 1) no such table: requests`); see that its disk isn't full, that the bot's user owns it, and that no other program keeps it locked
        -# ✅ Discord accepts the token of application `ldapgroup`; Discord sends interactions over the gateway; the bot is in server 1098231477641412618; the bot may write in the requests channel <#1098232018379395073>; the gateway is connected
        -# Reference for the logs: `<guid>`
        ");
    });
}

#[tokio::test]
async fn what_is_wrong_with_the_key_or_with_ldap_is_said_as_by_check() {
    let said = async |change: &dyn Fn(&mut connect::Options)| {
        in_world(with_connect(change), async |world| shared_problems(world).await).await
    };
    assert_snapshot!(said(&|connect| connect.user_role = Role::Publisher).await, @"⚠️ `CONNECT_API_KEY` is that of `ldapgroup-bot`, a publisher: searches work, but creating needs an administrator's key");
    assert_snapshot!(said(&|connect| connect.key_role = Role::Viewer).await, @"❌ `CONNECT_API_KEY` has the role viewer, though `ldapgroup-bot` is an administrator: it can neither search nor create, so use an administrator's key");
    assert_snapshot!(said(&|connect| connect.external_group_search = false).await, @"❌ Connect `2026.06.0` has its LDAP group search turned off: an administrator of Connect must set up LDAP groups");
    assert_snapshot!(said(&|connect| connect.authentication = "SAML".to_owned()).await, @"❌ Connect `2026.06.0` takes its users from `SAML`, not LDAP: the bot has nothing to search there, so name another server in `CONNECT_SERVER`");
    let soon = Some(SystemTime::now() + Duration::from_hours(24));
    let expiring = said(&|connect| connect.key_expires = soon).await;
    assert!(expiring.starts_with("⚠️ `CONNECT_API_KEY` expires on "), "{expiring}");
}

#[test]
fn what_does_not_fit_is_counted() {
    let channels: Vec<_> = (1..=30).map(|id| id.to_string()).collect();
    let allowed = [channels.join(","), discord::CONNECT.to_string()].join(",");
    // More copies that start at once look at more channels than Discord takes calls in a second.
    run_test_with(setup(&[("ALLOWED_CHANNEL_IDS", allowed)]).alone(), async |world| {
        let text = status(world).await;
        let shown = text.lines().filter(|line| line.starts_with("⚠️")).count();
        assert!((5..30).contains(&shown), "{text}");
        let left = format!("-# {} more don't fit here: the bot's log has them.", 30 - shown);
        assert!(text.contains(&left), "{text}");
        assert!(text.contains("✅"), "{text}");
    });
}
