//! Where messages are: threads that are closed, and links across servers.

use sandbox::discord::{Closed, GUILD, OTHER_CHANNEL, OTHER_GUILD, REQUESTS, THREAD, Who};

use crate::world::{run_test, run_test_with, setup};

#[test]
fn who_asked_in_a_thread_that_is_locked_since_is_told_where_the_request_is_shown() {
    for closed in [Closed::Locked, Closed::ArchivedAndLocked] {
        run_test(async |world| {
            let member = world.member().in_channel(THREAD);
            member.slash("create", &[("name", "accounting2".into())]).await;
            let card = world.card(1, "Approve or deny").await;
            world.discord.close_thread(THREAD, closed);
            world.admin().press(&card, "Approve").await;
            let notice = world.told(Who::Member, REQUESTS, "is done").await;
            assert_eq!(notice.pings.users, [Who::Member.id()], "{closed:?}");
        });
    }
}

#[test]
fn a_message_in_a_thread_that_is_closed_is_sent_to_the_channel_that_is_configured() {
    for closed in [Closed::Archived, Closed::Locked, Closed::ArchivedAndLocked] {
        run_test_with(setup(&[("REQUESTS_CHANNEL_ID", THREAD)]), async |world| {
            world.ask(Who::Member, "accounting2").await;
            world
                .discord
                .wait_for_message(THREAD, |of| of.text().contains("Approve or deny"))
                .await;
            world.stop_bot().await;
            world.discord.close_thread(THREAD, closed);
            world.variables.push(("REQUESTS_CHANNEL_ID", REQUESTS.to_string()));
            world.start_bot().await;
            world.ask(Who::OtherMember, "accounting2").await;
            let card = world.card(1, "Also asked").await;
            world.all_noted().await;
            world.admin().press(&card, "Approve").await;
            world.card(1, "**Created**").await;
        });
    }
}

#[test]
fn a_link_names_the_server_that_has_the_message_wherever_somebody_asked() {
    let guilds = format!("{GUILD},{OTHER_GUILD}");
    run_test_with(setup(&[("DISCORD_GUILD_IDS", guilds)]), async |world| {
        let member = world.member().in_channel(OTHER_CHANNEL);
        member.slash("create", &[("name", "accounting2".into())]).await;
        world.ask(Who::Member, "ABE-TEST").await;
        let mut links = Vec::new();
        for number in [1, 2] {
            let card = world.card(number, "Approve or deny").await;
            links.push(format!("https://discord.com/channels/{GUILD}/{REQUESTS}/{}", card.id));
        }
        for _ in 0..2 {
            let listed = member.slash("requests", &[]).await;
            assert!(links.iter().all(|link| listed.text().contains(link)), "{}", listed.text());
            world.stop_bot().await;
            world.start_bot().await;
        }
    });
}
