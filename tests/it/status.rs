//! `/ldapgroup status`: how the bot and what it depends on are.

use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use sandbox::connect::{Fault, Key, Role, Route, Times};
use sandbox::discord::{DM, Who};

use crate::database::execute;
use crate::world::{Setup, World, masked, private};

/// The answer with what differs from run to run made readable.
async fn status(world: &World) -> String {
    let answer = private(&world.admin().slash("status", &[]).await);
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

/// The line of it that is about this.
async fn line(world: &World, of: &str) -> String {
    let text = status(world).await;
    let found = text.lines().find(|line| line.starts_with(&format!("**{of}**")));
    found.unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[tokio::test]
async fn an_admin_sees_how_everything_is() {
    let world = World::start().await;
    assert_snapshot!(status(&world).await, @r"
    **ldapgroup-bot <version>**, started <t:<time>:R>
    **Connect**: version `2026.06.0`; it answered in <number> ms; LDAP search is on
    **API key**: of `ldapgroup-bot`, an administrator; it doesn't expire
    **Discord**: connected; how fast the gateway answers isn't measured yet
    **Requests**: none is open
    **Database**: it answers, and holds no request yet
    ");
    world.ask(Who::Member, "accounting2").await;
    assert_snapshot!(line(&world, "Requests").await, @"**Requests**: 1 is open: request [1](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>) for `accounting2`, made <t:<time>:R>");
    world.ask(Who::OtherMember, "ABE-TEST").await;
    assert_snapshot!(line(&world, "Requests").await, @"**Requests**: 2 are open; the oldest is request [1](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>) for `accounting2`, made <t:<time>:R>");
    assert_snapshot!(line(&world, "Database").await, @"**Database**: it answers; the latest request in it is number 2");
    world.end().await;
}

#[tokio::test]
async fn the_gateways_latency_is_that_of_the_latest_heartbeat_on_this_connection() {
    let world = World::start().await;
    world.discord.ask_heartbeat();
    // The answer to the heartbeat is on its way.
    while line(&world, "Discord").await.contains("isn't measured yet") {}
    assert_snapshot!(line(&world, "Discord").await, @"**Discord**: the gateway answers in <number> ms");
    world.discord.drop_gateway();
    world.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
    assert_snapshot!(line(&world, "Discord").await, @"**Discord**: connected; how fast the gateway answers isn't measured yet");
    world.end().await;
}

#[tokio::test]
async fn nobody_else_sees_it() {
    let world = World::start().await;
    let refused = private(&world.member().slash("status", &[]).await);
    assert_snapshot!(refused, @"Only an administrator can do this. Ask someone with the role <@&1098233105413124096>.");
    let elsewhere = world.admin().in_channel(DM).slash("status", &[]).await;
    assert!(private(&elsewhere).starts_with("This works in your team's server only."));
    assert!(world.connect.requests().is_empty());
    world.end().await;
}

#[tokio::test]
async fn what_fails_is_said_in_its_line_and_the_others_stay() {
    let world = World::start().await;
    world.connect.fail(Route::Settings, Fault::Html(502), Times::Times(1));
    assert_snapshot!(status(&world).await, @r"
    **ldapgroup-bot <version>**, started <t:<time>:R>
    **Connect**: Something in front of Connect answered instead of it, with status 502. Try again later; if it stays, tell whoever runs Connect.
    **API key**: of `ldapgroup-bot`, an administrator; it doesn't expire
    **Discord**: connected; how fast the gateway answers isn't measured yet
    **Requests**: none is open
    **Database**: it answers, and holds no request yet
    -# Reference for the logs: `<guid>`
    ");
    world.connect.fail(Route::User, Fault::Error(30), Times::Times(1));
    assert_snapshot!(line(&world, "API key").await, @"**API key**: Connect doesn't accept the bot's API key. Tell whoever runs the bot: `CONNECT_API_KEY` must be a valid key of an administrator.");
    world.connect.fail(Route::Keys, Fault::Error(4), Times::Times(1));
    assert_snapshot!(line(&world, "API key").await, @"**API key**: of `ldapgroup-bot`, an administrator; when it expires Connect doesn't say");
    world.connect.go_down().await;
    assert_snapshot!(status(&world).await, @r"
    **ldapgroup-bot <version>**, started <t:<time>:R>
    **Connect**: Connect can't be reached. Try again in a few minutes; if it stays, tell whoever runs Connect.
    **API key**: not known as long as Connect doesn't answer
    **Discord**: connected; how fast the gateway answers isn't measured yet
    **Requests**: none is open
    **Database**: it answers, and holds no request yet
    -# Reference for the logs: `<guid>`
    ");
    world.connect.come_up().await.unwrap();
    execute(&world.sandbox.database(), "ALTER TABLE requests RENAME TO away").await;
    let broken = status(&world).await;
    execute(&world.sandbox.database(), "ALTER TABLE away RENAME TO requests").await;
    assert_snapshot!(broken, @r"
    **ldapgroup-bot <version>**, started <t:<time>:R>
    **Connect**: version `2026.06.0`; it answered in <number> ms; LDAP search is on
    **API key**: of `ldapgroup-bot`, an administrator; it doesn't expire
    **Discord**: connected; how fast the gateway answers isn't measured yet
    **Requests**: not known as long as the database fails
    **Database**: The bot's database failed. Tell whoever runs the bot; its log says more.
    -# Reference for the logs: `<guid>`
    ");
    world.end().await;
}

#[tokio::test]
async fn a_connect_that_takes_long_is_waited_for() {
    let world = World::start().await;
    let slow = Fault::Slow(Duration::from_secs(2));
    world.connect.fail(Route::Settings, slow, Times::Times(1));
    let answer = world.admin().slash("status", &[]).await;
    assert!(answer.is_deferred());
    assert!(private(&answer).contains("**Connect**: version `2026.06.0`; it answered in 2"));
    world.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_key_or_with_ldap_is_said() {
    let key = async |change: &dyn Fn(&mut sandbox::connect::Options)| {
        let mut setup = Setup::default();
        change(&mut setup.connect);
        let world = World::with(setup).await;
        let line = line(&world, "API key").await;
        world.end().await;
        line
    };
    assert_snapshot!(key(&|connect| connect.user_role = Role::Publisher).await, @"**API key**: of `ldapgroup-bot`, a publisher: it can search, but creating needs an administrator's key; it doesn't expire");
    assert_snapshot!(key(&|connect| connect.key_role = Role::Publisher).await, @"**API key**: of `ldapgroup-bot`, an administrator, but the key itself has the role publisher: it can search, but creating needs an administrator's key; it doesn't expire");
    assert_snapshot!(key(&|connect| connect.key_role = Role::Viewer).await, @"**API key**: of `ldapgroup-bot`, an administrator, but the key itself has the role viewer: it can neither search nor create, which needs an administrator's key; it doesn't expire");
    let soon = Some(SystemTime::now() + Duration::from_hours(24));
    assert_snapshot!(key(&|connect| connect.key_expires = soon).await, @"**API key**: of `ldapgroup-bot`, an administrator; it expires <t:<time>:R>");
    let other = Key { role: Role::Administrator, expires: soon };
    assert_snapshot!(key(&|connect| connect.other_keys = vec![other]).await, @"**API key**: of `ldapgroup-bot`, an administrator; it is one of 2 keys, of which `key-2` expires <t:<time>:R>");
}

#[tokio::test]
async fn a_connect_without_ldap_is_said_so() {
    let connect = async |change: &dyn Fn(&mut sandbox::connect::Options)| {
        let mut setup = Setup::default();
        change(&mut setup.connect);
        let world = World::with(setup).await;
        let line = line(&world, "Connect").await;
        world.end().await;
        line
    };
    assert_snapshot!(connect(&|connect| connect.external_group_search = false).await, @"**Connect**: version `2026.06.0`; it answered in <number> ms; LDAP search is **off**: an administrator of Connect must set up LDAP groups");
    assert_snapshot!(connect(&|connect| connect.authentication = "SAML".to_owned()).await, @"**Connect**: version `2026.06.0`; it answered in <number> ms; its users come from `SAML`, **not LDAP**: the bot has nothing to search there");
    assert_snapshot!(connect(&|connect| connect.version = String::new()).await, @"**Connect**: its version is hidden; it answered in <number> ms; LDAP search is on");
}
