//! What comes too late to be answered: nobody can be told of it, so it isn't done.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use insta::assert_snapshot;
use sandbox::connect;
use sandbox::discord::{Discord, Misdeed, Moment, Pending, REQUESTS, Reply, Request, Route, Who};
use serde_json::json;

use crate::database::execute;
use crate::settling::settled;
use crate::world::{Setup, World, in_time, masked, private, run_test, run_test_with};

/// How many first answers Discord took no more.
fn refused(requests: &[Request]) -> usize {
    let late = requests.iter().filter(|one| one.route == Some(Route::Callback));
    late.filter(|one| one.status == Some(404)).count()
}

/// Lets somebody act while the connection is away, for so long that Discord takes no answer any more.
/// Then the connection comes back, and with it what was missed.
async fn missed(world: &World, act: impl FnOnce(&Discord) -> Pending) {
    let before = refused(&world.discord.requests());
    let resumes = world.discord.resumes();
    world.discord.misbehave(Moment::Hello, Misdeed::Mute);
    world.discord.drop_gateway();
    let pending = act(&world.discord);
    assert_eq!(pending.answer().await.reply, Reply::NoResponse);
    world.discord.behave();
    world.discord.wait_for_gateway(|_, _, now| now == resumes + 1).await;
    world.discord.wait_for_requests(|requests| refused(requests) == before + 1).await;
}

#[test]
fn a_creation_that_is_replayed_too_late_is_not_carried_out() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        let create = [("name", "accounting2".into())];
        for who in [Who::Admin, Who::Member] {
            missed(world, |discord| discord.person(who).start_slash("create", &create)).await;
        }
        world.stop_bot().await;
        assert!(world.connect_calls().is_empty(), "{:?}", world.connect_calls());
        world.start_bot().await;
        let history = world.admin().slash("history", &create).await;
        assert!(history.text().starts_with("Nobody has asked for"), "{}", history.text());
        assert!(world.discord.messages(REQUESTS).is_empty());
    });
}

#[test]
fn a_press_that_is_replayed_too_late_decides_nothing() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        let card = world.asked_by(Who::Member).await;
        missed(world, |discord| discord.person(Who::Admin).start_press(&card, "Approve")).await;
        let open = world.admin().slash("requests", &[]).await;
        assert!(open.text().contains("· waiting ·"), "{}", open.text());
        assert_eq!(world.puts(), 0);
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn a_form_that_is_replayed_too_late_decides_nothing() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        let card = world.asked_by(Who::Member).await;
        let form = world.admin().press(&card, "Deny").await.form().clone();
        missed(world, |discord| {
            discord.person(Who::Admin).try_submit(&form, &[("reason", "no")]).unwrap()
        })
        .await;
        world.stop_bot().await;
        assert_eq!(world.cards(1), std::slice::from_ref(&card));
        world.start_bot().await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn what_cannot_be_announced_any_more_is_given_up_before_anything_is_changed() {
    let mut setup = Setup::default();
    setup.discord.answer_within = Duration::from_secs(1);
    run_test_with(setup, async |world| {
        world.connect.fail(connect::Route::Search, connect::Fault::Hold, connect::Times::Times(1));
        let pending = world.admin().start_slash("create", &[("name", "accounting2".into())]);
        world.discord.wait_for_requests(|requests| refused(requests) == 1).await;
        world.connect.release();
        assert_eq!(pending.answer().await.reply, Reply::NoResponse);
        world.stop_bot().await;
        assert_eq!(world.puts(), 0);
        world.start_bot().await;
    });
}

/// The id of something that happens so much later than now, as a clock that is wrong has it.
fn id(now: SystemTime) -> String {
    let since_2015 =
        now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() - 1_420_070_400_000;
    (since_2015 << 22).to_string()
}

#[test]
fn a_clock_that_is_wrong_keeps_nobody_from_being_served() {
    run_test(async |world| {
        let hour = Duration::from_hours(1);
        for (at, name) in
            [(SystemTime::now() - hour, "accounting2"), (SystemTime::now() + hour, "ABE-TEST")]
        {
            let mut payload = world.admin().payload(2);
            payload["id"] = id(at).into();
            payload["data"] = json!({"id": "1", "name": "ldapgroup", "type": 1, "options": [
                {"name": "create", "type": 1, "options": [{"name": "name", "type": 3, "value": name}]}
            ]});
            let answer = world.admin().send_raw(payload).answer().await;
            assert!(answer.text().starts_with("Created"), "{}", answer.text());
            assert!(answer.is_deferred());
        }
    });
}

/// Tokens that live 8 s, of which the bot works for 2.
fn short_lived() -> Setup {
    let mut setup = Setup { answers_within: Some(Duration::from_secs(2)), ..Setup::default() };
    setup.discord.token_lives = Duration::from_secs(8);
    setup
}

#[test]
fn what_takes_longer_than_a_token_lives_is_given_up_in_time_to_say_so() {
    run_test_with(short_lived(), async |world| {
        world.connect.fail(connect::Route::Search, connect::Fault::Hold, connect::Times::Always);
        let commands = [
            (Who::Admin, "search", ("prefix", "ab")),
            (Who::Admin, "create", ("name", "accounting2")),
            (Who::SecondAdmin, "create", ("name", "ABE-TEST, ABE-TEST-2")),
            (Who::Member, "create", ("name", "it")),
        ];
        let answers = commands.map(|(who, command, (option, value))| {
            let person = world.discord.person(who);
            async move { person.slash(command, &[(option, value.into())]).await }
        });
        let answers = join_all(answers).await;
        let read: HashSet<_> = answers.iter().map(|answer| masked(&private(answer))).collect();
        assert_snapshot!(read.into_iter().collect::<Vec<_>>().join("\n\n"), @r"
        Nothing was changed. Connect or LDAP takes longer than Discord waits for an answer, so the bot gave up. Try again later; if it stays, tell whoever runs Connect.
        -# Reference for the logs: `<guid>`
        ");
        world.connect.heal();
        world.connect.release();
        assert_eq!(world.puts(), 0);
        let open = world.admin().slash("requests", &[]).await;
        assert!(open.text().starts_with("There are no open requests"), "{}", open.text());
    });
}

#[test]
fn a_creation_that_takes_longer_than_a_token_lives_is_said_to_be_open_and_is_settled() {
    run_test_with(short_lived(), async |world| {
        world.connect.fail(
            connect::Route::CreateGroup,
            connect::Fault::Hold,
            connect::Times::Times(1),
        );
        let answer = world.ask(Who::Admin, "accounting2").await;
        assert_snapshot!(masked(&private(&answer)), @r"
        Whether the group was created isn't known yet. Connect or LDAP takes longer than Discord waits for an answer, so the bot looks for the group in a minute. Then </ldapgroup history> says what came of it: look there before you create it again.
        -# Reference for the logs: `<guid>`
        ");
        world.connect.release();
        world.stop_bot().await;
        execute(&world.sandbox, "UPDATE requests SET due_at = 1").await;
        world.start_bot().await;
        let step = in_time(settled(world, 2)).await;
        assert!(step.starts_with("**created** by <@"), "{step}");
        assert_eq!(world.puts(), 1);
    });
}
