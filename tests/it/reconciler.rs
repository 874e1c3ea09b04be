//! What the bot does without being asked: messages that go wrong, notices, reminders, restarts.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use sandbox::connect;
use sandbox::discord::{
    ADMIN_ROLE, CONNECT, Fault, Message, REQUESTS, Reply, Request, Route, STRANGE_CHANNEL, Times,
    Who,
};

use crate::world::{Setup, World, masked, run_test, run_test_with, setup};

/// How often Discord answered so when a message was sent.
fn answered(requests: &[Request], status: u16) -> usize {
    let of_route = requests.iter().filter(|one| one.route == Some(Route::CreateMessage));
    of_route.filter(|one| one.status == Some(status)).count()
}

#[test]
fn a_message_that_a_moderator_deleted_is_sent_again_at_the_next_change() {
    run_test(async |world| {
        let first = world.asked_by(Who::Member).await;
        assert!(world.discord.delete_message(first.id));
        world.ask(Who::OtherMember, "accounting2").await;
        let second = world.card(1, "Also asked").await;
        world.all_noted().await;
        assert_ne!(second.id, first.id);
        assert_eq!(second.pings.roles, [ADMIN_ROLE]);
        let late = world.admin().press(&first, "Approve").await;
        assert!(late.text().starts_with("This message is out of date"), "{}", late.text());
        world.admin().press(&second, "Approve").await;
        world.card(1, "**Created**").await;
        assert_eq!(world.cards(1).len(), 1);
    });
}

/// Discord keeps a nonce also when its message is gone, and then says so.
#[test]
fn a_message_that_was_deleted_before_it_was_noted_is_sent_again() {
    run_test(async |world| {
        world.discord.fail(Route::CreateMessage, Fault::LostAnswer, Times::Once);
        let asking = world.member().start_slash("create", &[("name", "accounting2".into())]);
        let first = world.card(1, "Approve or deny").await;
        assert!(world.discord.delete_message(first.id));
        let answer = asking.answer().await;
        let second = world.card(1, "Approve or deny").await;
        assert!(
            answer.text().contains(" went to the admins, who can decide until"),
            "{}",
            answer.text()
        );
        assert_ne!(second.id, first.id);
        world.admin().press(&second, "Approve").await;
        world.card(1, "**Created**").await;
        assert_eq!(world.cards(1).len(), 1);
    });
}

#[test]
fn what_somebody_was_told_and_a_moderator_deleted_is_not_told_again() {
    let mut setup = Setup::default();
    setup.discord.nonces_live = Duration::from_secs(2);
    run_test_with(setup, async |world| {
        let card = world.asked_by(Who::Member).await;
        world.discord.fail(Route::CreateMessage, Fault::LostAnswer, Times::Once);
        let form = world.admin().press(&card, "Deny").await.form().clone();
        world.admin().submit(&form, &[("reason", "no")]).await;
        let notice = world.told(Who::Member, CONNECT, "denied").await;
        assert!(world.discord.delete_message(notice.id));
        world.discord.wait_for_requests(|requests| answered(requests, 404) == 1).await;
        // By then Discord has forgotten the nonce.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(
            (world.pinged(Who::Member, CONNECT), answered(&world.discord.requests(), 404)),
            (0, 1)
        );
    });
}

#[test]
fn what_is_over_is_sent_again_without_a_ping() {
    run_test(async |world| {
        let first = world.asked_by(Who::Member).await;
        assert!(world.discord.delete_message(first.id));
        world.cancel(Who::Member, 1).await;
        let second = world.card(1, "**Cancelled**").await;
        assert!(second.pings.is_empty());
        assert!(second.buttons().is_empty());
        assert_eq!(world.cards(1).len(), 1);
    });
}

#[test]
fn a_message_deleted_while_the_bot_was_away_is_sent_again_at_the_start() {
    run_test(async |world| {
        let first = world.asked_by(Who::Member).await;
        world.stop_bot().await;
        assert!(world.discord.delete_message(first.id));
        world.start_bot().await;
        let second = world.card(1, "Approve or deny").await;
        world.all_noted().await;
        world.admin().press(&second, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn a_message_in_a_channel_that_is_gone_is_sent_to_the_one_that_is_configured() {
    run_test(async |world| {
        let first = world.asked_by(Who::Member).await;
        world.discord.fail(Route::EditMessage, Fault::Forbidden(10003), Times::Once);
        world.ask(Who::OtherMember, "accounting2").await;
        let second = world.card(1, "Also asked").await;
        world.all_noted().await;
        assert_ne!(second.id, first.id);
        world.admin().press(&second, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn a_message_refused_twice_is_sent_once_in_the_end() {
    run_test(async |world| {
        world.discord.fail(Route::CreateMessage, Fault::Forbidden(50013), Times::Times(2));
        let answer = world.ask(Who::Member, "accounting2").await;
        assert_snapshot!(answer.text(), @"Request 1 for `accounting2` is kept, but no admin sees it yet: it couldn't be posted in the channel for requests. The bot goes on trying; tell an admin of this server if it stays so.");
        assert!(answer.is_private());
        let card = world.card(1, "Approve or deny").await;
        world.all_noted().await;
        assert_eq!(answered(&world.discord.requests(), 403), 2);
        world.admin().press(&card, "Approve").await;
        world.told(Who::Member, CONNECT, "is done").await;
        assert_eq!(world.cards(1).len(), 1);
    });
}

#[test]
fn a_channel_for_requests_that_the_bot_cannot_use_is_said_so_and_loses_nothing() {
    run_test_with(setup(&[("REQUESTS_CHANNEL_ID", STRANGE_CHANNEL)]), async |world| {
        let answer = world.ask(Who::Member, "accounting2").await;
        assert!(answer.text().contains("no admin sees it yet"), "{}", answer.text());
        let joined = world.ask(Who::OtherMember, "accounting2").await;
        assert_snapshot!(joined.text(), @"`accounting2` is asked for already, with request 1. You have joined it. You will be mentioned here once it is over.");
        world.stop_bot().await;
        world.variables.push(("REQUESTS_CHANNEL_ID", REQUESTS.to_string()));
        world.start_bot().await;
        let card = world.card(1, "Also asked").await;
        world.all_noted().await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn a_message_whose_answer_is_lost_is_there_once() {
    run_test(async |world| {
        world.discord.fail(Route::CreateMessage, Fault::LostAnswer, Times::Once);
        let card = world.asked_by(Who::Member).await;
        world.discord.fail(Route::EditMessage, Fault::LostAnswer, Times::Once);
        world.discord.fail(Route::CreateMessage, Fault::LostAnswer, Times::Once);
        world.admin().press(&card, "Approve").await;
        let created = world.card(1, "**Created**").await;
        assert_eq!(created.id, card.id);
        world.told(Who::Member, CONNECT, "is done").await;
        // A later request's outcome shows that nothing more comes of this one.
        world.ask(Who::Member, "ABE-TEST").await;
        world.admin().press(&world.card(2, "Approve or deny").await, "Approve").await;
        world.told(Who::Member, CONNECT, "request 2 ").await;
        assert_eq!(world.cards(1).len(), 1);
        assert_eq!(world.pinged(Who::Member, CONNECT), 2);
    });
}

#[test]
fn a_discord_that_fails_for_a_while_gets_every_message_once() {
    run_test(async |world| {
        for fault in [Fault::Status(502), Fault::Cut] {
            world.discord.fail(Route::CreateMessage, fault, Times::Once);
        }
        let card = world.asked_by(Who::Member).await;
        world.discord.fail(Route::EditMessage, Fault::Status(503), Times::Once);
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
        assert_eq!(world.cards(1).len(), 1);
    });
}

#[test]
fn discords_wish_to_be_left_alone_is_honoured() {
    run_test(async |world| {
        let limited = Fault::RateLimited { retry_after: 2.0, global: false };
        world.discord.fail(Route::CreateMessage, limited, Times::Once);
        let pending = world.member().start_slash("create", &[("name", "accounting2".into())]);
        world.discord.wait_for_requests(|requests| answered(requests, 429) == 1).await;
        let since = Instant::now();
        world.card(1, "Approve or deny").await;
        assert!(since.elapsed() > Duration::from_millis(1900), "{:?}", since.elapsed());
        assert!(pending.answer().await.text().starts_with("Request "));
        assert_eq!(world.cards(1).len(), 1);
    });
}

#[test]
fn so_is_a_wish_for_longer_than_anybody_waits() {
    run_test_with(setup(&[("REQUEST_TTL", "3s")]), async |world| {
        let limited = Fault::RateLimited { retry_after: 120.0, global: false };
        world.discord.fail(Route::CreateMessage, limited, Times::Once);
        for name in ["accounting2", "ABE-TEST"] {
            let answer = world.ask(Who::Member, name).await;
            assert!(!answer.is_deferred(), "nobody waits for what can't come");
            assert!(answer.text().contains("no admin sees it yet"), "{}", answer.text());
        }
        // It is about that channel alone.
        world.told(Who::Member, CONNECT, "request 2 ").await;
        assert!(world.discord.messages(REQUESTS).is_empty(), "it isn't time yet");
    });
}

#[test]
fn who_cannot_be_told_where_they_asked_is_told_where_the_request_is_shown() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.discord.fail(Route::CreateMessage, Fault::Forbidden(50001), Times::Once);
        world.admin().press(&card, "Approve").await;
        let notice = world.told(Who::Member, REQUESTS, "is done").await;
        assert_eq!(notice.pings.users, [Who::Member.id()]);
        assert_eq!(world.pinged(Who::Member, CONNECT), 0);
        let sent = world.discord.requests().into_iter().map(|request| request.path);
        assert!(!sent.into_iter().any(|path| path.contains("@me/channels")), "no direct message");
    });
}

#[test]
fn what_nobody_could_be_told_before_a_restart_is_told_after_it_once() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.discord.fail(Route::CreateMessage, Fault::Forbidden(50001), Times::Always);
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
        world.discord.wait_for_requests(|requests| answered(requests, 403) >= 2).await;
        world.stop_bot().await;
        world.discord.clear_faults();
        world.start_bot().await;
        world.told(Who::Member, CONNECT, "is done").await;
        world.stop_bot().await;
        world.start_bot().await;
        world.ask(Who::Member, "ABE-TEST").await;
        world.card(2, "Approve or deny").await;
        assert_eq!(world.pinged(Who::Member, CONNECT), 1);
    });
}

#[test]
fn an_approval_that_connect_never_got_is_carried_out_after_a_restart() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.go_down().await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "Not created yet").await;
        world.stop_bot().await;
        world.connect.come_up().await.unwrap();
        world.start_bot().await;
        world.card(1, "**Created**").await;
        world.told(Who::Member, CONNECT, "is done").await;
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn what_is_being_created_while_the_bot_stops_is_shown_as_it_is_after_the_restart() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.clear_requests();
        world.connect.fail(
            connect::Route::CreateGroup,
            connect::Fault::Hold,
            connect::Times::Times(1),
        );
        world.admin().press(&card, "Approve").await;
        world.connect.wait_for(1, connect::Route::CreateGroup).await;
        world.stop();
        let late = world.admin().press_custom_id("deny:1", &card).await;
        assert!(late.text().starts_with("The bot is restarting"), "{}", late.text());
        world.connect.release();
        world.stop_bot().await;
        world.start_bot().await;
        world.card(1, "**Created**").await;
        world.told(Who::Member, CONNECT, "is done").await;
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn an_approval_that_could_not_be_acknowledged_is_carried_out() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        let card = world.asked_by(Who::Member).await;
        world.discord.fail(Route::Callback, Fault::Status(502), Times::Always);
        let answer = world.admin().press(&card, "Approve").await;
        assert_eq!(answer.reply, Reply::NoResponse);
        world.card(1, "**Created**").await;
        world.told(Who::Member, CONNECT, "is done").await;
        world.discord.clear_faults();
        let again = world.admin().press(&card, "Approve").await;
        assert!(again.text().starts_with("Nothing was changed: "), "{}", again.text());
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn what_expired_while_the_bot_was_away_is_expired_at_the_start() {
    run_test_with(setup(&[("REQUEST_TTL", "1s")]), async |world| {
        let asked = Instant::now();
        world.ask(Who::Member, "accounting2").await;
        world.stop_bot().await;
        tokio::time::sleep(Duration::from_millis(1200).saturating_sub(asked.elapsed())).await;
        world.start_bot().await;
        world.card(1, "**Expired**").await;
        world.told(Who::Member, CONNECT, "has expired").await;
        assert_eq!(world.cards(1).len(), 1);
    });
}

fn reminders(world: &World, number: u32) -> Vec<Message> {
    let mut messages = world.discord.messages(REQUESTS);
    messages.retain(|message| message.text().contains(&format!("request {number} ")));
    messages
}

#[test]
fn what_waits_for_long_is_brought_up_once() {
    run_test_with(setup(&[("REQUEST_REMINDER", "1s")]), async |world| {
        let card = world.asked_by(Who::Member).await;
        let still = |message: &Message| message.text().contains("a reminder of");
        let reminder = world.discord.wait_for_message(REQUESTS, still).await;
        assert_snapshot!(masked(&reminder.text()), @"<@&1098233105413124096>: a reminder of request 1 for `accounting2`, made <t:<time>:R>. If it still waits, approve or deny it at https://discord.com/channels/1098231477641412618/1098232018379395073/<id> before <t:<time>:f>.");
        assert!(reminder.text().contains(&format!("{REQUESTS}/{}", card.id)));
        assert_eq!(reminder.pings.roles, [ADMIN_ROLE]);
        assert!(reminder.pings.users.is_empty());
        world.ask(Who::Member, "ABE-TEST").await;
        let second = |message: &Message| still(message) && message.text().contains("request 2 ");
        world.discord.wait_for_message(REQUESTS, second).await;
        assert_eq!(reminders(world, 1).len(), 1);
        assert_eq!(world.cards(1), [card]);
    });
}

#[test]
fn what_is_decided_in_time_is_not_brought_up_and_0_never_brings_up_anything() {
    for (reminder, ttl) in [("1s", "72h"), ("0", "2s")] {
        let variables = [("REQUEST_REMINDER", reminder), ("REQUEST_TTL", ttl)];
        run_test_with(setup(&variables), async |world| {
            let card = world.asked_by(Who::Member).await;
            if ttl == "2s" {
                world.card(1, "**Expired**").await;
            } else {
                world.admin().press(&card, "Approve").await;
                world.ask(Who::Member, "ABE-TEST").await;
                let second = |message: &Message| message.text().contains("request 2 for");
                world.discord.wait_for_message(REQUESTS, second).await;
            }
            assert!(reminders(world, 1).is_empty());
        });
    }
}
