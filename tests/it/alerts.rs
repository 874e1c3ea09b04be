//! What admins are told of trouble that lasts, and of a key that expires: once, and where they can be told.

use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use sandbox::connect::{self, Fault, Key, Role, Route};
use sandbox::discord::{
    self, ADMIN_ROLE, CONNECT, ChannelId, Message, RANDOM, REQUESTS, Who, permission,
};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::check::{in_days, without_days};
use crate::database::{execute, lock, number};
use crate::http::{becomes, get, probed, value};
use crate::program::program;
use crate::world::{Setup, World, in_time, masked, run_test_with, sandbox, setup};

/// How long after the last call Connect is asked by itself here, and what failed is tried again.
const PACE: Duration = Duration::from_millis(200);

/// A world in which trouble is told of that lasts for this long, and in which Connect is asked often.
fn told_after(lasting: &str) -> Setup {
    hasty(setup(&[("ALERT_AFTER", lasting)]))
}

fn hasty(mut setup: Setup) -> Setup {
    // What is sent twice is there twice.
    setup.discord.nonces_live = Duration::ZERO;
    Setup { alert_pace: Some(PACE), ..setup }
}

const LASTS: &str = "⚠️";
const OVER: &str = "✅ **";
const EXPIRES: &str = "🔑";

/// What is said in a channel of trouble, or of keys.
fn said(world: &World, channel: ChannelId, what: &str) -> Vec<Message> {
    let mut messages = world.discord.messages(channel);
    messages.retain(|message| message.text().contains(what) && message.buttons().is_empty());
    messages
}

/// The message that trouble lasts, which notifies the admins.
async fn alert(world: &World, channel: ChannelId) -> String {
    let is_alert = |message: &Message| message.text().contains(LASTS);
    let message = world.discord.wait_for_message(channel, is_alert).await;
    assert_eq!(message.pings.roles, [ADMIN_ROLE]);
    assert!(message.pings.users.is_empty() && !message.pings.everyone);
    masked(&message.text())
}

/// The message that it is over, which notifies nobody.
async fn over(world: &World, channel: ChannelId) -> String {
    let is_over = |message: &Message| message.text().starts_with(OVER);
    let message = world.discord.wait_for_message(channel, is_over).await;
    assert!(message.pings.roles.is_empty() && message.pings.users.is_empty());
    masked(&message.text())
}

/// Waits until the bot has asked Connect by itself so often from now on.
async fn looks(world: &World, count: usize) {
    let before = world.connect.requests().len();
    let searches = |seen: &[connect::Seen]| {
        seen.iter().filter(|seen| seen.route == Some(Route::Search)).count()
    };
    let known = searches(&world.connect.requests());
    assert!(known <= before);
    world.connect.wait_for(known + count, Route::Search).await;
}

#[test]
fn a_key_that_is_refused_is_told_once_and_once_more_when_it_is_taken_again() {
    run_test_with(told_after("1s"), async |world| {
        world.connect.fail(Route::Any, Fault::Error(30), connect::Times::Always);
        assert_snapshot!(alert(world, REQUESTS).await, @"<@&1098233105413124096>: ⚠️ **Connect refuses the bot's API key**, since <t:<time>:f>. Nothing can be searched or created. Whoever runs the bot must set `CONNECT_API_KEY` to a valid key of an administrator, and start the bot again.");
        looks(world, 5).await;
        world.connect.heal();
        assert_snapshot!(over(world, REQUESTS).await, @"✅ **Connect accepts the bot's API key again**, after trouble since <t:<time>:f>. What failed meanwhile has a button **Retry**.");
        looks(world, 5).await;
        assert_eq!((said(world, REQUESTS, LASTS).len(), said(world, REQUESTS, OVER).len()), (1, 1));
        world.connect.fail(Route::Any, Fault::Error(30), connect::Times::Always);
        let again = async || said(world, REQUESTS, LASTS).len() == 2;
        in_time(async {
            while !again().await {
                looks(world, 1).await;
            }
        })
        .await;
        world.connect.heal();
    });
}

#[test]
fn ldap_that_is_off_is_told_as_such() {
    run_test_with(told_after("1s"), async |world| {
        world.connect.fail(Route::Search, Fault::Error(63), connect::Times::Always);
        assert_snapshot!(alert(world, REQUESTS).await, @"<@&1098233105413124096>: ⚠️ **Connect can't search LDAP**, since <t:<time>:f>. Nothing can be searched or created. Whoever runs Connect can mend it: Connect's log says why.");
        world.connect.heal();
        assert_snapshot!(over(world, REQUESTS).await, @"✅ **Connect searches LDAP again**, after trouble since <t:<time>:f>. What failed meanwhile has a button **Retry**.");
    });
}

#[test]
fn a_connect_that_is_away_is_told_and_so_is_one_in_whose_place_another_answers() {
    run_test_with(told_after("1s"), async |world| {
        world.connect.go_down().await;
        assert_snapshot!(alert(world, REQUESTS).await, @"<@&1098233105413124096>: ⚠️ **Connect doesn't answer as it should**, since <t:<time>:f>. Nothing can be searched or created; what is approved meanwhile is created once Connect is back, within a day. </ldapgroup status> says more.");
        world.connect.come_up().await.unwrap();
        assert_snapshot!(over(world, REQUESTS).await, @"✅ **Connect answers again**, after trouble since <t:<time>:f>.");
        world.connect.fail(Route::Any, Fault::Html(502), connect::Times::Always);
        in_time(async {
            while said(world, REQUESTS, LASTS).len() < 2 {
                looks(world, 1).await;
            }
        })
        .await;
        world.connect.heal();
    });
}

#[test]
fn trouble_that_a_person_met_is_noticed_without_asking_connect() {
    // Of several copies the one that tells admins notices it when it asks by itself.
    run_test_with(setup(&[("ALERT_AFTER", "1s")]).alone(), async |world| {
        world.connect.fail(Route::Search, Fault::Error(132), connect::Times::Always);
        world.search(Who::Member, "acc").await;
        alert(world, REQUESTS).await;
        assert_eq!(world.connect.requests().len(), 1, "it isn't asked again for a minute");
        world.connect.heal();
        world.search(Who::Member, "acc").await;
        over(world, REQUESTS).await;
    });
}

#[test]
fn trouble_that_is_short_is_not_told_nor_any_if_the_setting_says_never() {
    for lasting in ["10m", "0"] {
        run_test_with(told_after(lasting), async |world| {
            world.connect.fail(Route::Any, Fault::Error(30), connect::Times::Always);
            looks(world, 10).await;
            world.connect.heal();
            looks(world, 3).await;
            assert!(world.discord.messages(REQUESTS).is_empty(), "{lasting}");
        });
    }
}

#[test]
fn a_start_in_the_midst_of_trouble_tells_it_to_nobody_again() {
    run_test_with(told_after("1s"), async |world| {
        world.connect.fail(Route::Any, Fault::Error(30), connect::Times::Always);
        alert(world, REQUESTS).await;
        // Until then it is Discord that takes a second one for the first.
        let told = "SELECT COUNT(*) FROM alerts WHERE told_at IS NOT NULL";
        in_time(async { while number(&world.sandbox, told).await == 0 {} }).await;
        for _ in 0..2 {
            world.stop_bot().await;
            world.start_bot().await;
            looks(world, 10).await;
        }
        assert_eq!(said(world, REQUESTS, LASTS).len(), 1);
        world.stop_bot().await;
        world.connect.heal();
        world.start_bot().await;
        over(world, REQUESTS).await;
        looks(world, 3).await;
        assert_eq!(said(world, REQUESTS, OVER).len(), 1);
    });
}

#[test]
fn requests_that_cannot_be_posted_are_told_where_commands_may_be_used() {
    let variables =
        [("ALERT_AFTER", "1s".to_owned()), ("ALLOWED_CHANNEL_IDS", format!("{CONNECT}"))];
    run_test_with(hasty(setup(&variables)), async |world| {
        world.discord.forbid(REQUESTS, permission::SEND_MESSAGES);
        world.ask(Who::Member, "accounting2").await;
        assert_snapshot!(alert(world, CONNECT).await, @"<@&1098233105413124096>: ⚠️ **Discord takes no requests in <#1098232018379395073>**, since <t:<time>:f>. Admins don't see what is asked for. Give the bot View Channel and Send Messages there; </ldapgroup status> says what else it may be.");
        world.discord.forbid(REQUESTS, 0);
        world.card(1, "Approve or deny").await;
        assert_snapshot!(over(world, REQUESTS).await, @"✅ **Discord takes requests again**, after trouble since <t:<time>:f>.");
        assert_eq!(said(world, CONNECT, LASTS).len(), 1);
    });
}

#[test]
fn that_requests_are_posted_again_is_told_only_where_they_are() {
    let variables =
        [("ALERT_AFTER", "1s".to_owned()), ("ALLOWED_CHANNEL_IDS", format!("{CONNECT}"))];
    run_test_with(hasty(setup(&variables)), async |world| {
        world.discord.forbid(REQUESTS, permission::SEND_MESSAGES);
        world.ask(Who::Member, "accounting2").await;
        alert(world, CONNECT).await;
        // As after a week, from when on it isn't posted any more.
        let shown = "UPDATE requests SET shown_version = version";
        execute(&world.sandbox, shown).await;
        let refused = |requests: &[discord::Request]| {
            let path = format!("/channels/{REQUESTS}/messages");
            let tries = requests.iter().filter(|of| of.path.ends_with(&path));
            tries.filter(|of| of.body.contains("takes requests again")).count() > 2
        };
        world.discord.wait_for_requests(refused).await;
        assert!(said(world, CONNECT, OVER).is_empty());
        world.discord.forbid(REQUESTS, 0);
        over(world, REQUESTS).await;
    });
}

#[test]
fn without_a_channel_for_requests_trouble_is_told_where_somebody_asked_last() {
    let variables = [("ALERT_AFTER", "1s"), ("REQUESTS_CHANNEL_ID", "")];
    run_test_with(hasty(setup(&variables)), async |world| {
        world.ask(Who::Member, "accounting2").await;
        let elsewhere = world.member().in_channel(RANDOM);
        elsewhere.slash("create", &[("name", "ABE-TEST".into())]).await;
        world.connect.fail(Route::Any, Fault::Error(30), connect::Times::Always);
        alert(world, RANDOM).await;
        world.connect.heal();
        over(world, RANDOM).await;
        assert!(said(world, CONNECT, LASTS).is_empty());
    });
}

#[test]
fn a_database_that_fails_is_told_and_so_is_that_it_works_again() {
    run_test_with(told_after("1s").in_file(), async |world| {
        let locked = lock(&world.sandbox.database()).await;
        world.ask(Who::Member, "accounting2").await;
        assert_snapshot!(alert(world, REQUESTS).await, @"<@&1098233105413124096>: ⚠️ **The bot's database fails**, since <t:<time>:f>. Nothing can be asked for, decided or created. Whoever runs the bot: see that the disk isn't full; the bot's log says more.");
        drop(locked);
        assert_snapshot!(over(world, REQUESTS).await, @"✅ **The bot's database works again**, after trouble since <t:<time>:f>.");
        looks(world, 5).await;
        assert_eq!((said(world, REQUESTS, LASTS).len(), said(world, REQUESTS, OVER).len()), (1, 1));
    });
}

#[tokio::test]
async fn who_can_be_told_nowhere_is_told_by_the_log() {
    let sandbox = sandbox().await;
    let mut variables = sandbox.variables();
    variables.push(("ALERT_AFTER", "1s".to_owned()));
    let mut bot = program(&["run"], &variables).spawn().unwrap();
    sandbox.discord.wait_ready().await;
    sandbox.discord.forbid(REQUESTS, permission::SEND_MESSAGES);
    sandbox.connect.fail(Route::Search, Fault::Error(132), connect::Times::Always);
    let member = sandbox.discord.person(Who::Member);
    member.slash("search", &[("prefix", "acc".into())]).await;
    let mut lines = BufReader::new(bot.stderr.take().unwrap()).lines();
    let line = in_time(async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if line.contains("the admins can't be told") {
                break line;
            }
        }
    });
    let line = line.await;
    assert!(line.contains("ERROR") && line.contains("ldap"), "{line}");
}

#[test]
fn how_long_trouble_lasts_is_among_the_metrics() {
    let (setup, address) = probed();
    run_test_with(hasty(setup), async |world| {
        let name = r#"ldapgroup_trouble_age_seconds{trouble="key"}"#;
        let lasts = async || value_of(&get(address, "/metrics").await.1, name) > 0.0;
        assert!(!lasts().await);
        world.connect.fail(Route::Any, Fault::Error(30), connect::Times::Always);
        in_time(async { while !lasts().await {} }).await;
        world.connect.heal();
        in_time(async { while lasts().await {} }).await;
        becomes(address, "/livez", "ok").await;
        assert_eq!(value(&get(address, "/metrics").await.1, name), 0);
    });
}

fn value_of(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().parse().unwrap()
}

/// A world whose key expires in so many hours.
fn expiring(hours: u64) -> Setup {
    let mut setup = hasty(setup(&[("ALERT_AFTER", "1h")]));
    let expires = SystemTime::now() + Duration::from_secs(hours * 3600 + 60);
    setup.connect.key_expires = Some(expires);
    setup
}

/// Waits until the bot has looked so often when the key expires.
async fn looks_for_expiry(world: &World, count: usize) {
    let keys = world.connect.requests();
    let known = keys.iter().filter(|seen| seen.route == Some(Route::Keys)).count();
    world.connect.wait_for(known + count, Route::Keys).await;
}

#[test]
fn a_key_that_expires_in_two_weeks_or_in_a_day_is_told_once_each() {
    for hours in [13 * 24, 20] {
        run_test_with(expiring(hours), async |world| {
            let is_told = |message: &Message| message.text().contains(EXPIRES);
            let message = world.discord.wait_for_message(REQUESTS, is_told).await;
            assert_eq!(message.pings.roles, [ADMIN_ROLE]);
            let text = message.text();
            let (words, day) = text.split_once(" expires on ").unwrap();
            assert!(words.ends_with("🔑 `CONNECT_API_KEY`"), "{words}");
            assert!(day.contains(": create a new one under API Keys in Connect"), "{day}");
            looks_for_expiry(world, 3).await;
            world.stop_bot().await;
            world.start_bot().await;
            looks_for_expiry(world, 3).await;
            assert_eq!(said(world, REQUESTS, EXPIRES).len(), 1);
        });
    }
}

#[test]
fn of_several_keys_the_first_that_expires_is_told_once_and_not_said_to_be_the_bots() {
    let mut setup = hasty(setup(&[("ALERT_AFTER", "1h")]));
    let key = |expires| Key { role: Role::Administrator, expires };
    setup.connect.other_keys = vec![key(Some(in_days(13))), key(None), key(Some(in_days(3)))];
    run_test_with(setup, async |world| {
        let is_told = |message: &Message| message.text().contains(EXPIRES);
        let message = world.discord.wait_for_message(REQUESTS, is_told).await;
        assert_snapshot!(without_days(&message.text()), @"<@&1098233105413124096>: 🔑 of the 4 API keys of `ldapgroup-bot`, `key-4` expires on <day>: if it is `CONNECT_API_KEY`, create a new one under API Keys in Connect, and set `CONNECT_API_KEY` to it.");
        looks_for_expiry(world, 3).await;
        assert_eq!(said(world, REQUESTS, EXPIRES).len(), 1);
    });
}

#[test]
fn a_key_that_lasts_is_not_spoken_of() {
    run_test_with(expiring(15 * 24), async |world| {
        looks_for_expiry(world, 3).await;
        assert!(world.discord.messages(REQUESTS).is_empty());
    });
}
