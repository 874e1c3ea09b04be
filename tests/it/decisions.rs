//! Who may decide a request, and what comes of deciding it twice.

use futures_util::future::join_all;
use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{CONNECT, MEMBER_ROLE, OTHER_CHANNEL, REQUESTS, Reply, Who};
use sqlx::Connection;

use crate::database::lock;
use crate::world::{Setup, World, masked, private, run_test, run_test_with, setup};

/// Nothing has become of the request.
async fn is_undecided(world: &World) {
    let second = world.discord.person(Who::SecondAdmin);
    let listed = second.slash("requests", &[("state", "pending".into())]).await;
    assert!(listed.text().starts_with("**1 waiting request**"), "{}", listed.text());
    assert!(world.connect.requests().is_empty());
    assert_eq!(world.cards(1)[0].buttons().len(), 2);
}

#[test]
fn ten_presses_by_two_admins_at_once_send_one_put() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let admins = [world.admin(), world.discord.person(Who::SecondAdmin)];
        let presses: Vec<_> =
            (0..10).map(|n| admins[n % 2].start_press(&card, "Approve")).collect();
        let answers = join_all(presses.iter().map(sandbox::discord::Pending::answer)).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.reply == Reply::Acknowledged);
        assert_eq!((won.len(), lost.len()), (1, 9));
        for answer in lost {
            let text = private(answer);
            assert!(
                text.starts_with("Nothing was changed: ") && text.contains("approved by"),
                "{text}"
            );
        }
        world.card(1, "**Created**").await;
        world.told(Who::Member, CONNECT, "is done").await;
        assert_eq!(world.puts(), 1);
        let groups = world.connect.groups().into_iter();
        assert_eq!(groups.filter(|group| group.name == "accounting2").count(), 1);
    });
}

#[test]
fn of_an_approval_and_a_denial_at_once_one_holds() {
    for _ in 0..5 {
        run_test(async |world| {
            let card = world.asked_by(Who::Member).await;
            let second = world.discord.person(Who::SecondAdmin);
            let opened = second.press(&card, "Deny").await;
            let admin = world.admin();
            let (approved, denied) =
                tokio::join!(admin.press(&card, "Approve"), second.submit(opened.form(), &[]));
            let approved = approved.reply == Reply::Acknowledged;
            assert_ne!(approved, denied.reply == Reply::Acknowledged);
            world.card(1, if approved { "**Created**" } else { "**Denied**" }).await;
            assert_eq!(world.puts(), usize::from(approved));
            assert_eq!(world.connect.guid_of("accounting2").is_some(), approved);
        });
    }
}

#[test]
fn nobody_decides_their_own_request_not_even_an_admin() {
    run_test_with(setup(&[("ADMIN_CREATES", "approval")]), async |world| {
        let card = world.asked_by(Who::Admin).await;
        for button in ["Approve", "Deny"] {
            let answer = world.admin().press(&card, button).await;
            let own = "You asked for this yourself: another administrator must decide.";
            assert_eq!(private(&answer), own);
        }
        is_undecided(world).await;
        world.discord.person(Who::SecondAdmin).press(&card, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn an_admin_who_joined_a_request_does_not_decide_it() {
    run_test_with(setup(&[("ADMIN_CREATES", "approval")]), async |world| {
        world.asked_by(Who::Member).await;
        world.ask(Who::Admin, "ACCOUNTING2").await;
        let card = world.card(1, "Also asked").await;
        world.connect.clear_requests();
        for button in ["Approve", "Deny"] {
            let answer = world.admin().press(&card, button).await;
            assert!(private(&answer).starts_with("You asked for this yourself"));
        }
        is_undecided(world).await;
    });
}

#[test]
fn an_admin_who_asked_does_not_retry_it() {
    run_test_with(setup(&[("ADMIN_CREATES", "approval")]), async |world| {
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        let card = world.asked_by(Who::Admin).await;
        world.discord.person(Who::SecondAdmin).press(&card, "Approve").await;
        let card = world.card(1, "**Failed**").await;
        let answer = world.admin().press(&card, "Retry").await;
        assert!(private(&answer).starts_with("You asked for this yourself"));
        let answer = world.member().press(&card, "Retry").await;
        assert!(private(&answer).starts_with("Only an administrator"));
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn who_made_a_request_stays_out_even_if_made_an_admin_since() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.discord.set_roles(Who::Member, &[sandbox::discord::ADMIN_ROLE]);
        let answer = world.member().press(&card, "Approve").await;
        assert!(private(&answer).starts_with("You asked for this yourself"));
        is_undecided(world).await;
    });
}

#[test]
fn a_member_who_presses_decides_nothing() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        for who in [Who::Member, Who::OtherMember, Who::Guest] {
            for button in ["Approve", "Deny"] {
                let answer = world.discord.person(who).press(&card, button).await;
                let text = private(&answer);
                assert!(text.contains("administrator"), "{text}");
            }
        }
        let answer = world.discord.person(Who::OtherMember).press(&card, "Approve").await;
        assert_snapshot!(private(&answer), @"Only an administrator can do this. Ask someone with the role <@&1098233105413124096>.");
        is_undecided(world).await;
    });
}

#[test]
fn a_role_lost_between_posting_and_pressing_counts() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.discord.set_roles(Who::Admin, &[MEMBER_ROLE]);
        for button in ["Approve", "Deny"] {
            let answer = world.admin().press(&card, button).await;
            assert!(private(&answer).starts_with("Only an administrator"));
        }
        is_undecided(world).await;
    });
}

#[test]
fn a_role_lost_while_the_form_is_open_counts() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let opened = world.admin().press(&card, "Deny").await;
        world.discord.set_roles(Who::Admin, &[MEMBER_ROLE]);
        let answer = world.admin().submit(opened.form(), &[("reason", "no")]).await;
        assert!(private(&answer).starts_with("Only an administrator"));
        is_undecided(world).await;
    });
}

#[test]
fn what_is_decided_while_the_form_is_open_stays_decided() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let opened = world.admin().press(&card, "Deny").await;
        world.discord.person(Who::SecondAdmin).press(&card, "Approve").await;
        let created = world.card(1, "**Created**").await;
        let answer = world.admin().submit(opened.form(), &[("reason", "no")]).await;
        assert_snapshot!(masked(&private(&answer)), @"Nothing was changed: request 1 for `accounting2` is done, approved by <@402117948510502913>. The group is in Connect now, with the guid `<guid>`.");
        assert_eq!(world.cards(1), [created]);
    });
}

#[test]
fn a_channel_for_requests_needs_no_mention_among_those_for_commands() {
    run_test_with(setup(&[("ALLOWED_CHANNEL_IDS", CONNECT)]), async |world| {
        let card = world.asked_by(Who::Member).await;
        let opened = world.admin().press(&card, "Deny").await;
        world.admin().submit(opened.form(), &[]).await;
        world.card(1, "**Denied**").await;
        world.ask(Who::Member, "accounting2").await;
        let card = world.card(2, "Approve or deny").await;
        world.admin().press(&card, "Approve").await;
        world.card(2, "**Created**").await;
        let command = world.admin().in_channel(REQUESTS).slash("requests", &[]).await;
        assert!(private(&command).starts_with("`/ldapgroup` works in"));
    });
}

#[test]
fn an_admin_of_another_server_decides_nothing() {
    run_test(async |world| {
        world.asked_by(Who::Member).await;
        let message = world.admin().in_channel(OTHER_CHANNEL).say("hello");
        let answer = world.admin().press_custom_id("approve:1", &message).await;
        assert!(private(&answer).starts_with("This bot doesn't serve this server."));
        is_undecided(world).await;
    });
}

#[test]
fn an_admins_own_create_meets_the_open_request() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let answer = world.ask(Who::Admin, "accounting2").await;
        let text = private(&answer);
        assert_snapshot!(masked(&text), @"<@518402736190455808> has asked for `accounting2` with [request 1](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>): approve it there.");
        assert!(text.contains(&card.id.to_string()), "{text}");
        assert_eq!(world.puts(), 0);
        assert_eq!(world.cards(1)[0].buttons().len(), 2);
    });
}

#[test]
fn a_failed_request_whose_group_was_asked_for_again_is_not_retried() {
    run_test(async |world| {
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        let card = world.asked_by(Who::Member).await;
        world.admin().press(&card, "Approve").await;
        let failed = world.card(1, "**Failed**").await;
        world.ask(Who::OtherMember, "accounting2").await;
        world.card(2, "Approve or deny").await;
        let answer = world.admin().press(&failed, "Retry").await;
        assert_snapshot!(private(&answer), @"Request 1 failed, and there is another open request for its group: decide that one.");
        let late = world.admin().press(&card, "Approve").await;
        let late = private(&late);
        assert!(
            late.starts_with("Nothing was changed: ") && late.ends_with("An admin can retry it."),
            "{late}"
        );
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn an_admin_who_has_left_neither_decides_it_nor_cancels_it_for_the_others() {
    run_test_with(setup(&[("ADMIN_CREATES", "approval")]), async |world| {
        world.asked_by(Who::Admin).await;
        world.ask(Who::Member, "accounting2").await;
        let left = private(&world.cancel(Who::Admin, 1).await);
        assert!(left.starts_with("You have left request 1"), "{left}");
        let card = world.card(1, &format!("<@{}> asks", Who::Member.id())).await;
        world.connect.clear_requests();
        for button in ["Approve", "Deny"] {
            let answer = world.admin().press(&card, button).await;
            assert!(private(&answer).starts_with("You asked for this yourself"));
        }
        let again = private(&world.cancel(Who::Admin, 1).await);
        assert!(again.starts_with("You have left request 1 already"), "{again}");
        is_undecided(world).await;
        world.discord.person(Who::SecondAdmin).press(&card, "Approve").await;
        world.told(Who::Member, CONNECT, "is done").await;
    });
}

#[test]
fn of_an_approval_and_a_leave_at_once_both_say_what_is_so() {
    for _ in 0..5 {
        run_test(async |world| {
            let card = world.asked_by(Who::Member).await;
            world.ask(Who::OtherMember, "accounting2").await;
            let (admin, member) = (world.admin(), world.member());
            let options = [("request", 1.into())];
            let (approved, left) =
                tokio::join!(admin.press(&card, "Approve"), member.slash("cancel", &options));
            assert_eq!(approved.reply, Reply::Acknowledged);
            world.told(Who::OtherMember, CONNECT, "is done").await;
            let left = private(&left);
            if left.starts_with("You have left request 1") {
                let messages = world.discord.messages(CONNECT).into_iter();
                assert!(
                    messages
                        .flat_map(|message| message.pings.users)
                        .all(|id| id != Who::Member.id())
                );
            } else {
                assert!(left.starts_with("Nothing was changed: "), "{left}");
                world.told(Who::Member, CONNECT, "is done").await;
            }
        });
    }
}

#[test]
fn nobody_leaves_what_is_being_created() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.ask(Who::OtherMember, "accounting2").await;
        world.connect.fail(Route::CreateGroup, Fault::Hold, Times::Times(1));
        world.admin().press(&card, "Approve").await;
        world.connect.wait_for(1, Route::CreateGroup).await;
        for who in [Who::Member, Who::OtherMember, Who::SecondAdmin] {
            let refused = private(&world.cancel(who, 1).await);
            assert!(refused.ends_with(" and is being carried out."), "{refused}");
        }
        world.connect.release();
        for who in [Who::Member, Who::OtherMember] {
            world.told(who, CONNECT, "is done").await;
        }
    });
}

#[test]
fn a_decision_that_waits_for_the_database_is_deferred_and_a_form_refused_in_time() {
    // Over HTTP the interaction itself is written down first, and fails in time.
    run_test_with(Setup::default().in_file().over_gateway(), async |world| {
        let card = world.asked_by(Who::Member).await;
        let locked = lock(&world.sandbox.database()).await;
        let admin = world.admin();
        // Each waits for the others before it, for longer than Discord does.
        let pending = [(); 3].map(|()| admin.start_press(&card, "Approve"));
        pending[0].first().await;
        let answer = admin.press(&card, "Deny").await;
        assert_snapshot!(private(&answer), @"Too much is under way at once. Nothing was changed; try again in a moment.");
        for pending in pending {
            assert_eq!(pending.answer().await.reply, Reply::Acknowledged);
        }
        // What came of each is said privately.
        let all_said = |requests: &[sandbox::discord::Request]| {
            requests
                .iter()
                .filter(|call| call.route == Some(sandbox::discord::Route::FollowUp))
                .count()
                == 3
        };
        world.discord.wait_for_requests(all_said).await;
        locked.close().await.unwrap();
        is_undecided(world).await;
    });
}
