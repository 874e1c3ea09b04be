//! What is settled without anyone's doing: creations that nobody can carry out, or that a crash
//! left behind.

use sandbox::discord::{Reply, Who};

use crate::database::execute;
use crate::world::World;

#[tokio::test]
async fn a_day_without_connect_ends_an_approved_request_as_failed() {
    let mut world = World::start().await;
    world.ask(Who::Member, "accounting2").await;
    let card = world.card(1, "Approve or deny").await;
    world.connect.go_down().await;
    let answer = world.admin().press(&card, "Approve").await;
    assert_eq!(answer.reply, Reply::Acknowledged);
    world.card(1, "isn't created yet").await;
    world.stop_bot().await;
    let database = world.sandbox.database();
    execute(&database, "UPDATE requests SET decided = decided - 25 * 3600 * 1000, due = 1").await;
    world.start_bot().await;
    let card = world.card(1, "**Failed**").await;
    world.connect.come_up().await.unwrap();
    let answer = world.admin().press(&card, "Retry").await;
    assert_eq!(answer.reply, Reply::Acknowledged);
    world.card(1, "**Created**").await;
    assert_eq!(world.puts(), 1);
    world.end().await;
}

/// An admin's create as a crash leaves it behind.
async fn interrupted(world: &mut World) {
    let answer = world.ask(Who::Admin, "accounting2").await;
    assert!(answer.text().starts_with("Created"), "{}", answer.text());
    world.stop_bot().await;
    let database = world.sandbox.database();
    let sql = "UPDATE requests SET state = 'creating', due = 1; \
               UPDATE requested SET fate = 'waiting', guid = NULL, open = TRUE";
    execute(&database, sql).await;
    world.connect.clear_requests();
}

/// The newest step of the group's history, once it is another one than the creation itself.
async fn settled(world: &World) -> String {
    loop {
        let history = world.admin().slash("history", &[("name", "accounting2".into())]).await;
        let text = history.text();
        if text.starts_with("**3 steps**") {
            return text.lines().nth(1).unwrap().to_owned();
        }
    }
}

#[tokio::test]
async fn an_admins_create_that_a_crash_interrupted_is_created_if_the_group_is_there() {
    let mut world = World::start().await;
    interrupted(&mut world).await;
    world.start_bot().await;
    let step = crate::world::in_time(settled(&world)).await;
    assert!(step.contains("creating → **created** by the bot"), "{step}");
    assert_eq!(world.puts(), 0);
    world.end().await;
}

#[tokio::test]
async fn an_admins_create_that_a_crash_interrupted_is_not_sent_again() {
    let mut world = World::start().await;
    interrupted(&mut world).await;
    world.connect.remove_group("accounting2");
    world.start_bot().await;
    let step = crate::world::in_time(settled(&world)).await;
    assert!(step.contains("creating → **failed** by the bot: Connect's answer got lost"), "{step}");
    assert_eq!(world.puts(), 0);
    world.end().await;
}
