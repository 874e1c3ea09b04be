//! Buttons of every age: each press is answered, privately, and does nothing that it may not do.

use insta::assert_snapshot;
use sandbox::discord::{REQUESTS, Reply, Who};

use crate::world::{private, run_test};

#[test]
fn buttons_of_what_is_over_say_so() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let opened = world.admin().press(&card, "Deny").await;
        world.admin().submit(opened.form(), &[]).await;
        let over = world.card(1, "**Denied**").await;
        let denied = "Nothing was changed: request 1 for `accounting2` was denied by <@";
        for button in ["approve:1", "deny:1", "retry:1"] {
            let answer = world.admin().press_custom_id(button, &over).await;
            assert!(private(&answer).starts_with(denied), "{}", answer.text());
        }
        let answer = world.admin().submit(opened.form(), &[]).await;
        assert!(private(&answer).starts_with(denied), "{}", answer.text());
        assert_eq!(world.cards(1), [over]);
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn a_retry_of_what_has_not_failed_does_nothing() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let answer = world.admin().press_custom_id("retry:1", &card).await;
        assert_snapshot!(private(&answer), @"Nothing was changed: request 1 for `accounting2` hasn't been decided yet.");
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn a_button_of_a_request_that_never_was_says_so() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        for button in ["approve:2", "deny:99", "retry:9223372036854775807", "approve:-1", "deny:0"]
        {
            let answer = world.admin().press_custom_id(button, &card).await;
            let text = private(&answer);
            assert!(text.starts_with("There is no such request."), "{button}: {text}");
        }
    });
}

#[test]
fn what_is_no_button_of_ours_is_answered_all_the_same() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        for button in [
            "approve:",
            "approve:x",
            "approve: 1",
            "approve:1.0",
            "approve:99999999999999999999",
            "deny:1:2",
            "approve",
            ":",
            "",
            "page:1",
            "page:x:team",
            "page:-1:team",
            "requests:open",
            "requests:nowhere:0",
            "requests:open:-1",
            "requests:open:99999999999999999999",
            "history:0",
            "Approve:1",
            "approve:１",
        ] {
            let answer = world.admin().press_custom_id(button, &card).await;
            let text = private(&answer);
            assert!(
                text.starts_with("This belongs to another version of the bot"),
                "{button}: {text}"
            );
        }
        assert_eq!(world.cards(1), [card]);
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn a_page_beyond_every_list_is_no_trouble() {
    run_test(async |world| {
        world.asked_by(Who::Member).await;
        let list = world.admin().slash("requests", &[]).await;
        let page = usize::MAX;
        for (button, words) in [("requests:open", "**1 open"), ("history:accounting2", "**History")]
        {
            let answer =
                world.admin().press_custom_id(&format!("{button}:{page}"), list.message()).await;
            assert!(matches!(answer.reply, Reply::Update(_)), "{button}: {answer:?}");
            assert!(answer.text().starts_with(words), "{button}: {}", answer.text());
        }
    });
}

#[test]
fn a_button_of_another_message_with_this_number_is_out_of_date() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let old = world.discord.person(Who::OtherMember).in_channel(REQUESTS).say("of long ago");
        for button in ["approve:1", "deny:1", "retry:1"] {
            let answer = world.admin().press_custom_id(button, &old).await;
            let text = private(&answer);
            assert!(text.starts_with("This message is out of date"), "{button}: {text}");
        }
        assert_eq!(world.cards(1), [card]);
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn after_a_reinstallation_the_buttons_of_before_decide_nothing() {
    run_test(async |world| {
        let old = world.asked_by(Who::Member).await;
        world.reinstall().await;
        let answer = world.admin().press(&old, "Approve").await;
        assert!(private(&answer).starts_with("There is no such request."));

        world.ask(Who::Member, "ABE-TEST").await;
        let new = world.card(1, "`ABE-TEST`").await;
        assert_ne!(new.id, old.id);
        let answer = world.admin().press(&old, "Approve").await;
        assert!(private(&answer).starts_with("This message is out of date"));
        assert_eq!(world.puts(), 0);
        world.admin().press(&new, "Approve").await;
        world.card(1, "**Created**").await;
        assert!(world.connect.guid_of("ABE-TEST").is_some());
        assert!(world.connect.guid_of("accounting2").is_none());
    });
}

#[test]
fn the_buttons_of_before_a_restart_work() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.stop_bot().await;
        world.start_bot().await;
        let answer = world.admin().press(&card, "Approve").await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        let created = world.card(1, "**Created**").await;
        assert_eq!(created.id, card.id);
        world.told(Who::Member, sandbox::discord::CONNECT, "is done").await;
        assert_eq!(world.cards(1).len(), 1);
    });
}

#[test]
fn a_form_opened_before_a_restart_counts_after_it() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let opened = world.admin().press(&card, "Deny").await;
        world.stop_bot().await;
        world.start_bot().await;
        world.admin().submit(opened.form(), &[("reason", "not now")]).await;
        assert!(world.card(1, "**Denied**").await.text().ends_with(": not now"));
    });
}

#[test]
fn a_form_whose_message_is_gone_decides_all_the_same() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let opened = world.admin().press(&card, "Deny").await;
        assert!(world.discord.delete_message(card.id));
        let answer = world.admin().submit(opened.form(), &[]).await;
        assert_eq!(private(&answer), "Request 1 for `accounting2` is denied.");
        world.card(1, "**Denied**").await;
    });
}
