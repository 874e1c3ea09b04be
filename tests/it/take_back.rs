//! The button under the private answer to whoever asked: it takes the request back, at whatever age.

use insta::assert_snapshot;
use sandbox::discord::{Answer, CONNECT, Message, Reply, Who};

use crate::world::{labels, masked, private, run_test, run_test_with, setup};

const TAKE_BACK: &str = "Take back";

/// What stands in place of the answer whose button was pressed.
fn in_place(pressed: &Answer) -> &Message {
    let Reply::Update(message) = &pressed.reply else { panic!("{pressed:?}") };
    assert!(message.private_to.is_some() && message.pings.is_empty());
    message
}

/// What the button sends.
fn button(answer: &Answer) -> String {
    let [button] = &answer.message().buttons()[..] else { panic!("{answer:?}") };
    assert_eq!(button.label, TAKE_BACK);
    button.custom_id.clone().unwrap()
}

#[test]
fn who_asked_takes_it_back_with_one_press_and_what_was_said_is_what_is_so() {
    run_test(async |world| {
        let asked = world.ask(Who::Member, "accounting2").await;
        let pressed = world.member().press(asked.message(), TAKE_BACK).await;
        let now = in_place(&pressed);
        assert_snapshot!(now.text(), @"You have taken back request 1 for `accounting2`.");
        assert!(labels(now).is_empty(), "there is nothing left to take back");
        let by = format!("Cancelled by <@{}>", Who::Member.id());
        assert!(labels(&world.card(1, &by).await).is_empty());
        // On a screen that wasn't looked at for an hour the button is still there.
        let again = world.member().press_custom_id(&button(&asked), now).await;
        assert_snapshot!(private(&again), @"Nothing was changed: request 1 for `accounting2` was cancelled by <@518402736190455808>.");
        world.ask(Who::Member, "accounting2").await;
        world.card(2, "Approve or deny").await;
        assert_eq!(world.pinged(Who::Member, CONNECT), 0, "who takes it back knows");
    });
}

#[test]
fn what_is_decided_is_not_taken_back() {
    run_test(async |world| {
        let asked = world.ask(Who::Member, "accounting2").await;
        let card = world.card(1, "Approve or deny").await;
        world.admin().press(&card, "Approve").await;
        world.told(Who::Member, CONNECT, "is done").await;
        let late = world.member().press(asked.message(), TAKE_BACK).await;
        assert_snapshot!(masked(&private(&late)), @"Nothing was changed: request 1 for `accounting2` is done, approved by <@391583201672822784>. The group is in Connect now, with the guid `<guid>`.");
        assert!(world.connect.guid_of("accounting2").is_some());
    });
}

#[test]
fn who_joined_leaves_it_to_the_others() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        let joined = world.ask(Who::OtherMember, "accounting2").await;
        world.card(1, "Also asked by").await;
        let other = world.discord.person(Who::OtherMember);
        let pressed = other.press(joined.message(), TAKE_BACK).await;
        assert_snapshot!(in_place(&pressed).text(), @"You have left request 1 for `accounting2`. It stays for the others who asked, and you won't be told what comes of it.");
        let again = other.press_custom_id(&button(&joined), in_place(&pressed)).await;
        assert_snapshot!(private(&again), @"You have left request 1 already, and it stays for the others who asked. Nothing was done.");
        let cards = world.cards(1);
        assert_eq!(labels(&cards[0]), ["Approve", "Deny"]);
    });
}

/// An admin cancels what others asked for by the command, where it is named, and not by this.
#[test]
fn nobody_takes_back_what_others_asked_for() {
    run_test(async |world| {
        let asked = world.ask(Who::Member, "accounting2").await;
        let card = world.card(1, "Approve or deny").await;
        for who in [Who::OtherMember, Who::Admin] {
            let person = world.discord.person(who);
            let refused = person.press_custom_id(&button(&asked), &card).await;
            let text = private(&refused);
            assert!(text.starts_with("This is somebody else's request"), "{who:?}: {text}");
        }
        assert_eq!(world.cards(1), [card]);
    });
}

#[test]
fn who_may_ask_no_more_takes_nothing_back() {
    run_test_with(setup(&[("REQUESTER_ROLE_IDS", sandbox::discord::MEMBER_ROLE)]), async |world| {
        let asked = world.ask(Who::Member, "accounting2").await;
        world.card(1, "Approve or deny").await;
        world.discord.set_roles(Who::Member, &[]);
        let refused = world.member().press(asked.message(), TAKE_BACK).await;
        let text = private(&refused);
        assert!(text.starts_with("You can't use `/ldapgroup` yet."), "{text}");
        assert_eq!(labels(&world.cards(1)[0]), ["Approve", "Deny"]);
    });
}

#[test]
fn after_a_reinstallation_it_takes_back_no_other_request_of_that_number() {
    run_test(async |world| {
        let asked = world.ask(Who::Member, "accounting2").await;
        world.card(1, "Approve or deny").await;
        world.reinstall().await;
        world.ask(Who::Member, "ABE-TEST").await;
        let card = world.card(1, "`ABE-TEST`").await;
        let late = world.member().press(asked.message(), TAKE_BACK).await;
        assert!(private(&late).starts_with("This message is out of date"), "{}", late.text());
        assert_eq!(world.discord.message(card.id), Some(card));
    });
}
