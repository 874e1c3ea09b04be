//! Where messages are, and where they go when a thread is closed.

use sandbox::discord::{Closed, REQUESTS, THREAD, Who};

use crate::world::{World, setup};

#[tokio::test]
async fn who_asked_in_a_thread_that_is_locked_since_is_told_where_the_request_is_shown() {
    for closed in [Closed::Locked, Closed::ArchivedAndLocked] {
        let world = World::start().await;
        let member = world.member().in_channel(THREAD);
        member.slash("create", &[("name", "accounting2".into())]).await;
        let card = world.card(1, "Approve or deny").await;
        world.discord.close_thread(THREAD, closed);
        world.admin().press(&card, "Approve").await;
        let notice = world.told(Who::Member, REQUESTS, "is done").await;
        assert_eq!(notice.pings.users, [Who::Member.id()], "{closed:?}");
        world.end().await;
    }
}

#[tokio::test]
async fn a_message_in_a_thread_that_is_closed_is_sent_to_the_channel_that_is_configured() {
    for closed in [Closed::Archived, Closed::Locked, Closed::ArchivedAndLocked] {
        let mut world = World::with(setup(&[("REQUESTS_CHANNEL_ID", THREAD)])).await;
        world.ask(Who::Member, "accounting2").await;
        world.discord.wait_for_message(THREAD, |of| of.content.contains("Approve or deny")).await;
        world.stop_bot().await;
        world.discord.close_thread(THREAD, closed);
        world.variables.push(("REQUESTS_CHANNEL_ID", REQUESTS.to_string()));
        world.start_bot().await;
        world.ask(Who::OtherMember, "accounting2").await;
        let card = world.card(1, "Also asked").await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
        world.end().await;
    }
}
