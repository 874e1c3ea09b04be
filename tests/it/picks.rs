//! What an admin picks in a menu is created once they have said yes, and once.

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{Answer, Message, Reply, Who};

use crate::database::execute;
use crate::world::{World, in_time, labels, ldap_groups, private, run_test_with, team};

fn with_teams(test: impl AsyncFnOnce(&mut World)) {
    run_test_with(ldap_groups((1..=25).map(team)), test);
}

/// The question that an admin gets who picks these.
async fn asked(world: &World, names: &[&str]) -> Answer {
    let found = world.search(Who::Admin, "team").await;
    world.connect.clear_requests();
    world.admin().pick(found.message(), names).await
}

fn now(world: &World, message: &Message) -> Message {
    world.discord.message(message.id).unwrap()
}

#[test]
fn a_pick_is_asked_back_privately_and_creates_nothing_by_itself() {
    with_teams(async |world| {
        let several = asked(world, &["team-02", "team-01"]).await;
        assert_snapshot!(private(&several), @r"
        Create these 2 in Connect?
        - `team-02`
        - `team-01`
        ");
        assert_eq!(labels(several.message()), ["Create", "Cancel"]);
        let one = asked(world, &["team-03"]).await;
        assert_snapshot!(private(&one), @"Create `team-03` in Connect?");
        assert!(world.connect.requests().is_empty());
        assert!(world.connect.groups().is_empty());
    });
}

#[test]
fn who_cancels_creates_nothing_then_or_later() {
    with_teams(async |world| {
        let question = asked(world, &["team-01"]).await;
        let answer = world.admin().press(question.message(), "Cancel").await;
        assert!(matches!(answer.reply, Reply::Update(_)), "{answer:?}");
        assert_snapshot!(answer.text(), @"Nothing was created.");
        assert!(answer.message().buttons().is_empty());
        let late = world.admin().press(question.message(), "Create").await;
        assert_snapshot!(private(&late), @"This press did nothing: what you picked was dealt with already, or is too long ago. Search again to see what is in Connect.");
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn who_presses_twice_creates_once_and_reads_what_came_of_it() {
    with_teams(async |world| {
        let question = asked(world, &["team-01"]).await;
        world.connect.fail(Route::CreateGroup, Fault::Hold, Times::Times(1));
        let first = world.admin().start_press(question.message(), "Create");
        world.connect.wait_for(1, Route::CreateGroup).await;
        let second = world.admin().press(question.message(), "Create").await;
        assert!(private(&second).starts_with("This press did nothing"), "{}", second.text());
        world.connect.release();
        let first = first.answer().await;
        let created = first.later(0).await;
        assert!(created.content.starts_with("Created `team-01`"), "{}", created.content);
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn nobody_else_creates_what_an_admin_picked() {
    with_teams(async |world| {
        let question = asked(world, &["team-01"]).await;
        let create = question.message().buttons()[0].custom_id.clone().unwrap();
        let found = world.search(Who::Member, "team").await;
        let answer = world.member().press_custom_id(&create, found.message()).await;
        assert!(private(&answer).starts_with("This press did nothing"), "{}", answer.text());
        world.discord.set_roles(Who::Admin, &[]);
        let answer = world.admin().press(question.message(), "Create").await;
        assert!(answer.text().starts_with("Only an administrator"), "{}", answer.text());
        assert_eq!(now(world, question.message()).content, answer.text());
        assert_eq!(world.puts(), 0);
    });
}

#[test]
fn a_failure_takes_the_place_of_the_question() {
    with_teams(async |world| {
        let question = asked(world, &["team-01"]).await;
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Always);
        let answer = world.admin().press(question.message(), "Create").await;
        assert!(
            answer.text().starts_with("No group was created. Connect's licence"),
            "{}",
            answer.text()
        );
        assert_eq!(now(world, question.message()).content, answer.text());
        assert!(now(world, question.message()).buttons().is_empty());
    });
}

#[test]
fn a_question_of_before_a_restart_is_answered_after_it_and_once() {
    with_teams(async |world| {
        let question = asked(world, &["team-01"]).await;
        world.stop_bot().await;
        world.start_bot().await;
        let pressed = world.admin().press(question.message(), "Create").await;
        let created = pressed.later(0).await;
        assert!(created.content.starts_with("Created `team-01`"), "{}", created.content);
        let custom_id = question.message().buttons()[0].custom_id.clone().unwrap();
        let again = world.admin().press_custom_id(&custom_id, question.message()).await;
        assert!(private(&again).starts_with("This press did nothing"), "{}", again.text());
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn what_cannot_be_kept_or_taken_is_told_and_nothing_is_created() {
    with_teams(async |world| {
        let question = asked(world, &["team-01"]).await;
        execute(&world.sandbox, "ALTER TABLE picks RENAME TO elsewhere").await;
        let pressed = world.admin().press(question.message(), "Create").await;
        let failed = "The bot's database failed. Tell whoever runs the bot; its log says more. Nothing was changed.";
        assert!(private(&pressed).starts_with(failed), "{}", pressed.text());
        let picked = asked(world, &["team-02"]).await;
        assert!(private(&picked).starts_with(failed), "{}", picked.text());
        assert_eq!(world.puts(), 0);
        // The question is as it was.
        execute(&world.sandbox, "ALTER TABLE elsewhere RENAME TO picks").await;
        let pressed = world.admin().press(question.message(), "Create").await;
        let created = pressed.later(0).await;
        assert!(created.content.starts_with("Created `team-01`"), "{}", created.content);
    });
}

/// As by a typed create.
#[test]
fn everyone_sees_what_an_admin_creates_by_a_pick_and_the_question_is_gone() {
    with_teams(async |world| {
        let question = asked(world, &["team-01"]).await;
        let pressed = world.admin().press(question.message(), "Create").await;
        assert_eq!(pressed.reply, Reply::Acknowledged);
        let created = pressed.later(0).await;
        assert!(created.content.starts_with("Created `team-01` in Connect"), "{}", created.content);
        assert!(created.private_to.is_none() && created.pings.is_empty());
        in_time(async {
            while world.discord.message(question.message().id).is_some() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    });
}
