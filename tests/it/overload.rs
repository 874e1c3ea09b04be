//! More at once than anybody does by hand: one person's flood is nobody else's, and Connect isn't
//! flooded either.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{Answer, Discord, Limits, Pending, Reply, Who};
use serde_json::Value;
use tokio::task::yield_now;

use crate::program::serving;
use crate::world::{
    Setup, World, assert_no_violations, in_time, private, run_test_with, setup, stand_ins, team,
};

/// What somebody is told who has too much under way.
const CROWDED: &str = "Too much is under way at once.";

/// A world in which an answer has more time: this machine may have other things to do. How much is under
/// way each process counts for itself.
fn patient() -> Setup {
    let mut setup = Setup::default().alone();
    setup.discord.answer_within = Duration::from_secs(30);
    setup
}

/// So many searches at once, each for another prefix, by these people in turn.
async fn flood(discord: &Discord, people: &[Who], count: usize) -> Vec<Pending> {
    let mut pending = Vec::new();
    for number in 0..count {
        let person = discord.person(people[number % people.len()]);
        let prefix = format!("flood-{number}").into();
        pending.push(person.start_slash("search", &[("prefix", prefix)]));
        // The stand-in takes answers meanwhile, which it does on this thread.
        yield_now().await;
    }
    pending
}

async fn answers(pending: Vec<Pending>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for pending in pending {
        answers.push(in_time(pending.answer()).await);
    }
    answers
}

/// Whether somebody was answered so.
fn is_said(answer: &Answer, words: &str) -> bool {
    answer.reply != Reply::NoResponse && answer.text().contains(words)
}

/// How many of a flood were searched for.
fn served(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| is_said(answer, "No LDAP group begins with ")).count()
}

/// How many of them were told to try again.
fn told(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| is_said(answer, CROWDED)).count()
}

#[test]
fn whoever_floods_the_bot_keeps_nobody_else_waiting_and_is_told_so() {
    run_test_with(patient(), async |world| {
        world.connect.fail(Route::Search, Fault::Hold, Times::Always);
        let flood = flood(&world.discord, &[Who::Member], 300).await;
        world.connect.wait_for(4, Route::Search).await;
        world.connect.heal();
        let answer = world.search(Who::OtherMember, "accounting").await;
        assert!(answer.text().contains("accounting2"), "{}", answer.text());
        // Not one call of the flood is answered by now.
        let calls = world.connect.requests();
        let answered: Vec<_> = calls.iter().filter(|call| call.status.is_some()).collect();
        assert!(answered.iter().all(|call| call.query.contains("accounting")), "{answered:?}");
        assert_eq!(world.connect.most_at_once(), 5);
        world.connect.release();
        let answers = answers(flood).await;
        let (served, told) = (served(&answers), told(&answers));
        assert_eq!(served + told, 300);
        // Over HTTP they come one after the other, some of them when others are answered.
        assert!(served >= 32 && told > 0, "{served}");
        let crowded = answers.iter().find(|answer| is_said(answer, CROWDED)).unwrap();
        assert_snapshot!(private(crowded), @"Too much is under way at once. Nothing was changed; try again in a moment.");
    });
}

/// Everybody's four creations of ten groups each, which makes a hundred calls at once.
async fn create_much(world: &World) -> Vec<Answer> {
    let names: Vec<_> = (0..10).map(|number| format!("nobody-has-this-{number}")).collect();
    let names = Value::from(names.join(","));
    let people = Who::ALL.into_iter().flat_map(|who| [who; 4]);
    let create = people.map(|who| {
        let person = world.discord.person(who);
        person.start_slash("create", &[("name", names.clone())])
    });
    answers(create.collect()).await
}

#[test]
fn connect_gets_no_more_than_32_calls_at_once_whoever_creates_however_much() {
    run_test_with(patient(), async |world| {
        world.connect.fail(Route::Any, Fault::Slow(Duration::from_millis(100)), Times::Always);
        let answers = create_much(world).await;
        assert_eq!(told(&answers), 0);
        assert_eq!(world.connect.most_at_once(), 32);
    });
}

#[test]
fn whoever_waits_too_long_for_others_calls_is_told_so_and_nothing_is_sent_for_them() {
    let mut setup = patient();
    setup.variables.push(("CONNECT_TIMEOUT", "2s".to_owned()));
    run_test_with(setup, async |world| {
        world.connect.fail(Route::Any, Fault::Slow(Duration::from_millis(1500)), Times::Always);
        let answers = create_much(world).await;
        let crowded = |answer: &&Answer| is_said(answer, "Connect wasn't asked");
        let text = answers.iter().find(crowded).unwrap().text();
        let words = text.split_once("\n-# Reference for the logs: ").unwrap().0;
        // Before it stands what an admin reads, or who asks.
        let words = words.split_once(". ").unwrap().1;
        assert_snapshot!(words, @"Connect wasn't asked: too many other calls were before this one for 2s. Try again in a few minutes.");
        assert!(world.connect.most_at_once() <= 32);
    });
}

#[test]
fn what_is_carried_out_leaves_connect_to_whoever_waits_and_is_done_all_the_same() {
    let groups = (1..=12).map(team);
    let mut setup = setup(&[("MAX_OPEN_REQUESTS", 12)]).ldap_groups(groups).alone();
    setup.discord.limits = Limits { create_message: None, edit_message: None, ..Limits::default() };
    run_test_with(setup, async |world| {
        for number in 1..=12 {
            world.ask(Who::Member, &team(number)).await;
        }
        world.connect.clear_requests();
        world.connect.fail(Route::Search, Fault::Hold, Times::Always);
        for number in 1..=12 {
            let card = world.card(number, "Approve or deny").await;
            world.admin().press(&card, "Approve").await;
        }
        world.connect.wait_for(8, Route::Search).await;
        world.connect.heal();
        let answer = world.search(Who::OtherMember, "team-01").await;
        assert!(answer.text().contains("team-01"), "{}", answer.text());
        assert_eq!(world.connect.most_at_once(), 9);
        world.connect.release();
        for number in 1..=12 {
            world.card(number, "**Created**").await;
        }
    });
}

#[tokio::test]
async fn of_two_thousand_commands_at_once_each_is_answered_or_told_to_try_again() {
    let Setup { connect, discord, .. } = patient();
    let sandbox = stand_ins(connect, discord).await;
    let _bot = serving(&sandbox).await;
    let slow = Fault::Slow(Duration::from_millis(50));
    sandbox.connect.fail(Route::Search, slow, Times::Always);
    sandbox.connect.clear_requests();
    let answers = answers(flood(&sandbox.discord, &Who::ALL, 2000).await).await;
    let (served, told) = (served(&answers), told(&answers));
    assert_eq!(served + told, 2000);
    // Five people wait with 32 commands each, and go on as these are answered.
    assert!(served >= 160, "{served}");
    let most = sandbox.connect.most_at_once();
    assert!(most <= 32, "{most}");
    assert_no_violations(&sandbox);
}
