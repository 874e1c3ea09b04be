//! What is settled without anyone's doing: creations that nobody can carry out, or that a crash
//! left behind.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{Reply, Who};

use crate::database::execute;
use crate::world::{Setup, World, in_world, run_test};

#[test]
fn a_day_without_connect_ends_an_approved_request_as_failed() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.go_down().await;
        let answer = world.admin().press(&card, "Approve").await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        world.card(1, "Not created yet").await;
        world.stop_bot().await;
        execute(
            &world.sandbox,
            "UPDATE requests SET decided_at = decided_at - 25 * 3600 * 1000, due_at = 1",
        )
        .await;
        world.start_bot().await;
        let card = world.card(1, "**Failed**").await;
        world.connect.come_up().await.unwrap();
        let answer = world.admin().press(&card, "Retry").await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        world.card(1, "**Created**").await;
        assert_eq!(world.puts(), 1);
    });
}

/// An admin's create as a crash leaves it behind.
async fn interrupted(world: &mut World) {
    let answer = world.ask(Who::Admin, "accounting2").await;
    assert!(answer.text().starts_with("Created"), "{}", answer.text());
    world.stop_bot().await;
    let sql = "UPDATE requests SET state = 'creating', due_at = 1; \
               UPDATE requested_groups SET status = 'waiting', guid = NULL, open = TRUE";
    execute(&world.sandbox, sql).await;
    world.connect.clear_requests();
}

/// The newest step of the group's history, once it is another one than the creation itself.
pub(crate) async fn settled(world: &World, steps: usize) -> String {
    loop {
        let history = world.admin().slash("history", &[("name", "accounting2".into())]).await;
        let text = history.text();
        if text.contains(&format!(": {steps} steps, ")) {
            return text.lines().nth(1).unwrap().to_owned();
        }
    }
}

#[test]
fn an_admins_create_that_a_crash_interrupted_is_created_if_the_group_is_there() {
    run_test(async |world| {
        interrupted(world).await;
        world.start_bot().await;
        let step = crate::world::in_time(settled(world, 3)).await;
        assert!(step.starts_with("**created** by <@"), "{step}");
        assert_eq!(world.puts(), 0);
    });
}

#[test]
fn an_admins_create_that_a_crash_interrupted_is_not_sent_again() {
    run_test(async |world| {
        interrupted(world).await;
        world.connect.remove_group("accounting2");
        world.start_bot().await;
        let step = crate::world::in_time(settled(world, 3)).await;
        assert!(step.contains("**failed**: Connect's answer got lost"), "{step}");
        assert_eq!(world.puts(), 0);
    });
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Approves a request for these groups while Connect answers once like this. Its message then, and how
/// many seconds later than now the next try is.
async fn put_off(names: &str, fault: Fault) -> (String, RangeInclusive<u64>) {
    in_world(Setup::default(), async |world| {
        world.ask(Who::Member, names).await;
        let card = world.card(1, "Approve or deny").await;
        world.connect.clear_requests();
        world.connect.fail(Route::Search, fault, Times::Times(1));
        let before = now();
        world.admin().press(&card, "Approve").await;
        let content = world.card(1, "Next try:").await.text();
        let (_, due) = content.split_once("Next try: <t:").unwrap();
        let due: u64 = due.split_once(':').unwrap().0.parse().unwrap();
        let wait = due - now()..=due - before;
        assert_eq!(world.connect_calls(), ["GET v1/groups/remote"]);
        (content, wait)
    })
    .await
}

#[tokio::test]
async fn the_next_try_is_not_before_connect_or_a_proxy_in_front_of_it_wants_it() {
    for (fault, seconds) in [
        (Fault::RateLimited { retry_after: Some(300) }, 300),
        (Fault::RateLimited { retry_after: Some(86_400) }, 900),
        (Fault::Unavailable { back_in: Duration::from_mins(5) }, 300),
        (Fault::Unavailable { back_in: Duration::from_hours(24) }, 900),
    ] {
        let (_, wait) = put_off("accounting2", fault).await;
        // A date has whole seconds, and so has what the message says.
        let is_right = *wait.start() <= seconds && *wait.end() + 2 >= seconds;
        assert!(is_right, "{fault:?}: {wait:?}");
    }
}

#[tokio::test]
async fn connect_is_asked_for_no_other_group_when_it_wants_to_be_left_alone() {
    let fault = Fault::RateLimited { retry_after: Some(3600) };
    let (content, _) = put_off("accounting2, ABE-TEST", fault).await;
    assert!(content.contains("0 of 2 so far. Last try"), "{content}");
}
