//! What a wrong clock and another version leave behind.

use sandbox::discord::Who;

use crate::database::execute;
use crate::world::World;

#[tokio::test]
async fn a_clock_that_was_ahead_keeps_no_creation_waiting() {
    let mut world = World::start().await;
    world.ask(Who::Member, "accounting2").await;
    let card = world.card(1, "Approve or deny").await;
    world.connect.go_down().await;
    world.admin().press(&card, "Approve").await;
    world.card(1, "isn't created yet").await;
    world.stop_bot().await;
    execute(&world.sandbox.database(), "UPDATE requests SET due = due + 31536000000").await;
    world.connect.come_up().await.unwrap();
    world.start_bot().await;
    world.card(1, "**Created**").await;
    assert_eq!(world.puts(), 1);
    world.end().await;
}
