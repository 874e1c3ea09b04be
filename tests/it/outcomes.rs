//! What comes of a request: every way that one can end, on its message and for those who asked.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{CONNECT, Message, REQUESTS, Reply, Who};

use crate::database::{execute, number};
use crate::world::{in_time, labels, ldap_groups, masked, run_test, run_test_with, setup};

#[test]
fn an_approved_request_is_created_and_says_so_on_its_message_and_to_who_asked() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let answer = world.admin().press(&card, "Approve").await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        let card = world.card(1, "**Created**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ✅ **Created** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>. The group is in Connect now, with the guid `<guid>`.
        ");
        assert!(card.text().contains(&world.connect.guid_of("accounting2").unwrap()));
        assert!(card.buttons().is_empty());
        let notice = world.told(Who::Member, CONNECT, "request 1").await;
        assert_snapshot!(masked(&notice.text()), @"<@518402736190455808>: request 1 for `accounting2` is done, approved by <@391583201672822784>. The group is in Connect now, with the guid `<guid>`. Share content with it there; it can look empty until its members log in.");
        assert!(notice.text().contains(&world.connect.guid_of("accounting2").unwrap()));
        assert_eq!(notice.pings.users, [Who::Member.id()]);
        assert!(notice.pings.roles.is_empty() && !notice.pings.everyone);
        assert_eq!(world.puts(), 1);
        assert_eq!(world.cards(1).len(), 1);
    });
}

#[test]
fn a_definite_no_is_failed_and_an_admin_retries_it() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Failed**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ❌ **Failed** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>. It wasn't created: Connect's licence didn't allow it. Tell whoever runs Connect.
        ");
        assert_eq!(labels(&card), ["Retry"]);
        let notice = world.told(Who::Member, CONNECT, "request 1").await;
        assert_snapshot!(masked(&notice.text()), @"<@518402736190455808>: request 1 for `accounting2` was approved by <@391583201672822784>, but the group wasn't created: Connect's licence didn't allow it. Tell whoever runs Connect. An admin can retry it.");
        let retry = world.discord.person(Who::SecondAdmin).press(&card, "Retry").await;
        assert_eq!(retry.reply, Reply::Acknowledged);
        let card = world.card(1, "**Created**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ✅ **Created** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>, retried by <@402117948510502913> <t:<time>:f>. The group is in Connect now, with the guid `<guid>`.
        ");
        assert!(card.buttons().is_empty());
        world.told(Who::Member, CONNECT, "is done").await;
        assert_eq!(world.puts(), 2);
    });
}

#[test]
fn a_name_that_another_group_has_is_failed_with_connects_words() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.add_local_group("accounting2");
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Failed**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ❌ **Failed** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>. It wasn't created: The requested group name is already in use. The other group has the guid `<guid>`.
        ");
        assert_eq!(labels(&card), ["Retry"]);
        world.connect.remove_group("accounting2");
        world.admin().press(&card, "Retry").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn a_name_that_connect_got_in_other_case_meanwhile_is_failed_for_what_it_is() {
    run_test_with(ldap_groups(["Finance", "FINANCE"]), async |world| {
        world.ask(Who::Member, "FINANCE").await;
        let card = world.card(1, "Approve or deny").await;
        world.connect.import("Finance");
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Failed**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ❌ **Failed** · request 1
        <@518402736190455808> asked for `FINANCE` in Connect.
        Approved by <@391583201672822784> <t:<time>:f>. It wasn't created: Connect ignores case in names and has Finance already, so both can't be there. The other group has the guid `<guid>`.
        ");
        assert_eq!(world.puts(), 0);
    });
}

#[test]
fn what_a_retry_cannot_change_has_none() {
    run_test_with(ldap_groups(["Sales", "Finance", "FINANCE"]), async |world| {
        for name in ["Sales", "FINANCE"] {
            world.ask(Who::Member, name).await;
        }
        world.connect.add_ldap_group("Sales");
        world.connect.import("Finance");
        for (number, why) in [(1, "LDAP had several groups"), (2, "Connect ignores case in names")]
        {
            let card = world.card(number, "Approve or deny").await;
            world.admin().press(&card, "Approve").await;
            let card = world.card(number, "**Failed**").await;
            assert!(card.text().contains(why), "{}", card.text());
            assert!(card.buttons().is_empty(), "{why}");
            let notice = world.told(Who::Member, CONNECT, &format!("request {number} ")).await;
            let next = " Once that has changed, ask again with </ldapgroup create>.";
            assert!(masked(&notice.text()).ends_with(next), "{}", notice.text());
        }
        // Nothing of it is in the way of that.
        world.connect.remove_group("Finance");
        world.ask(Who::Member, "FINANCE").await;
        let card = world.card(3, "Approve or deny").await;
        world.admin().press(&card, "Approve").await;
        world.card(3, "**Created**").await;
    });
}

#[test]
fn the_same_outcome_again_is_not_told_again_and_who_retried_is_not_who_approved() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::CreateGroup, Fault::Error(22), Times::Times(2));
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Failed**").await;
        world.told(Who::Member, CONNECT, "wasn't allowed to do this").await;
        // Until then it may be told again.
        let untold = "SELECT COUNT(*) FROM participants WHERE told_state IS NULL";
        in_time(async { while number(&world.sandbox, untold).await > 0 {} }).await;
        world.discord.person(Who::SecondAdmin).press(&card, "Retry").await;
        let card = world.discord.wait_for_message(REQUESTS, |message| {
            message.text().contains("**Failed**") && message.text().contains("retried")
        });
        let card = card.await;
        assert_snapshot!(masked(&card.text()), @r"
        ❌ **Failed** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>, retried by <@402117948510502913> <t:<time>:f>. It wasn't created: The bot's API key wasn't allowed to do this. Tell whoever runs the bot.
        ");
        world.admin().press(&card, "Retry").await;
        let notice = world.told(Who::Member, CONNECT, "licence").await;
        assert!(notice.text().contains("was approved by <@391583201672822784>"));
        assert_eq!(world.discord.messages(CONNECT).len(), 2, "news alone is told");
        let card = world.card(1, "licence").await;
        assert!(card.text().contains("retried by <@391583201672822784>"), "{}", card.text());
        assert_eq!(world.puts(), 3);
    });
}

#[test]
fn a_reason_that_only_a_newer_version_knows_breaks_no_message_and_no_list() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        world.admin().press(&card, "Approve").await;
        world.told(Who::Member, CONNECT, "An admin can retry it.").await;
        world.stop_bot().await;
        let newer = r#"UPDATE requested_groups SET failure = '{"code":"full_moon","phase":7}';
            UPDATE history SET cause = '{"code":"full_moon"}' WHERE cause IS NOT NULL;
            UPDATE requests SET shown_version = 0"#;
        execute(&world.sandbox, newer).await;
        world.start_bot().await;
        let card = world.card(1, "doesn't know the reason").await;
        assert_snapshot!(masked(&card.text()), @r"
        ❌ **Failed** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>. It wasn't created: This version of the bot doesn't know the reason.
        ");
        let history = world.admin().slash("history", &[("name", "accounting2".into())]).await;
        let failed = history.text().lines().nth(1).unwrap_or_default().to_owned();
        assert!(failed.contains("**failed**: This version of the bot doesn't"), "{failed}");
    });
}

#[test]
fn an_error_that_stays_is_not_hammered() {
    for (route, code) in [(Route::Search, 30), (Route::Search, 22), (Route::CreateGroup, 22)] {
        run_test(async |world| {
            let card = world.asked_by(Who::Member).await;
            world.connect.fail(route, Fault::Error(code), Times::Always);
            world.admin().press(&card, "Approve").await;
            let card = world.card(1, "**Failed**").await;
            assert_eq!(labels(&card), ["Retry"], "{code}");
            world.told(Who::Member, CONNECT, "An admin can retry it.").await;
            let refused = world.connect.requests().into_iter();
            assert_eq!(refused.filter(|seen| seen.route == Some(route)).count(), 1, "{code}");
        });
    }
}

#[test]
fn a_denial_asks_why_and_says_it_to_who_asked() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let opened = world.admin().press(&card, "Deny").await;
        let form = opened.form();
        assert_eq!(form.title, "Deny request 1");
        let who = Who::Member.id();
        let what = format!("<@{who}> asks for `accounting2`.\nReason: for the budget app");
        assert_eq!(form.texts, [what], "people forget what they have pressed");
        assert_eq!(form.inputs[0].label, "Why not? It is shown with the request.");
        assert!(!form.inputs[0].required);
        let why = " use accounting, it has *everybody* @everyone\nnow ";
        let answer = world.admin().submit(form, &[("reason", why)]).await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        let card = world.card(1, "**Denied**").await;
        assert_snapshot!(masked(&card.text()), @r"
        🚫 **Denied** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Denied by <@391583201672822784> <t:<time>:f>: use accounting, it has \*everybody\* \@everyone now
        ");
        assert!(card.buttons().is_empty());
        let notice = world.told(Who::Member, CONNECT, "request 1").await;
        assert_snapshot!(masked(&notice.text()), @r"<@518402736190455808>: request 1 for `accounting2` was denied by <@391583201672822784>: use accounting, it has \*everybody\* \@everyone now");
        assert_eq!(notice.pings.users, [Who::Member.id()]);
        assert!(!notice.pings.everyone);
        assert_eq!(world.puts(), 0);
        assert!(world.connect.guid_of("accounting2").is_none());
    });
}

#[test]
fn a_denial_need_not_say_why() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let opened = world.admin().press(&card, "Deny").await;
        world.admin().submit(opened.form(), &[]).await;
        let card = world.card(1, "**Denied**").await;
        assert_snapshot!(masked(&card.text()), @r"
        🚫 **Denied** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Denied by <@391583201672822784> <t:<time>:f>.
        ");
        let notice = world.told(Who::Member, CONNECT, "request 1").await;
        assert_snapshot!(masked(&notice.text()), @"<@518402736190455808>: request 1 for `accounting2` was denied by <@391583201672822784>.");
    });
}

#[test]
fn the_longest_reasons_for_and_against_fit_the_message() {
    run_test_with(ldap_groups(["営`".repeat(2000)]), async |world| {
        let name = "営`".repeat(2000);
        let reason = "*".repeat(500);
        let options = [("name", name.as_str().into()), ("reason", reason.as_str().into())];
        world.member().slash("create", &options).await;
        let card = world.card(1, "Approve or deny").await;
        let opened = world.admin().press(&card, "Deny").await;
        world.admin().submit(opened.form(), &[("reason", &"_".repeat(500))]).await;
        let card = world.card(1, "**Denied**").await;
        assert!(card.buttons().is_empty());
        world.told(Who::Member, CONNECT, "was denied").await;
    });
}

#[test]
fn what_nobody_decides_in_time_is_called_expired_and_not_denied() {
    run_test_with(setup(&[("REQUEST_TTL", "2s")]), async |world| {
        world.asked_by(Who::Member).await;
        let card = world.card(1, "**Expired**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ⏰ **Expired** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Nobody decided it in time. It can be asked for again.
        ");
        assert!(card.buttons().is_empty());
        let notice = world.told(Who::Member, CONNECT, "request 1").await;
        assert_snapshot!(masked(&notice.text()), @"<@518402736190455808>: request 1 for `accounting2` has expired: nobody decided it in time. Ask again with </ldapgroup create>.");
        assert_eq!(world.cards(1).len(), 1);
        let again = world.ask(Who::Member, "accounting2").await;
        assert!(again.text().starts_with("Request 2 for "), "{}", again.text());
    });
}

#[test]
fn who_made_it_takes_it_back() {
    run_test(async |world| {
        world.asked_by(Who::Member).await;
        let answer = world.cancel(Who::Member, 1).await;
        assert_snapshot!(answer.text(), @"Request 1 for `accounting2` is cancelled.");
        assert!(answer.is_private());
        let card = world.card(1, "**Cancelled**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ↩️ **Cancelled** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Cancelled by <@518402736190455808> <t:<time>:f>.
        ");
        assert!(card.buttons().is_empty());
        let again = world.cancel(Who::Member, 1).await;
        assert_snapshot!(again.text(), @"Nothing was changed: request 1 for `accounting2` was cancelled by <@518402736190455808>.");
        // Whoever does it needn't be told: the outcome of a later request comes first.
        world.ask(Who::Member, "accounting2").await;
        world.cancel(Who::Admin, 2).await;
        world.told(Who::Member, CONNECT, "request 2 ").await;
        assert_eq!(world.discord.messages(CONNECT).len(), 1);
    });
}

#[test]
fn an_admin_cancels_anything_and_a_member_nothing_of_others() {
    run_test(async |world| {
        world.asked_by(Who::Member).await;
        world.ask(Who::OtherMember, "accounting2").await;
        let refused = world.cancel(Who::Guest, 1).await;
        assert_snapshot!(refused.text(), @"This is somebody else's request: who asked for it can leave it, and administrators can cancel it.");
        assert!(refused.is_private());
        let unknown = world.cancel(Who::Guest, 17).await;
        assert_snapshot!(masked(&unknown.text()), @"There is no such request. </ldapgroup requests> lists those there are.");
        assert!(world.card(1, "Also asked").await.text().contains("Approve or deny"));
        world.cancel(Who::Admin, 1).await;
        world.card(1, "**Cancelled**").await;
        for who in [Who::Member, Who::OtherMember] {
            let notice = world.told(who, CONNECT, "was cancelled").await;
            assert!(notice.text().contains(&Who::Admin.id().to_string()), "{}", notice.text());
        }
    });
}

#[test]
fn a_group_that_came_into_being_meanwhile_ends_well() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        let guid = world.connect.import("accounting2");
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Created**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ✅ **Created** · request 1
        <@518402736190455808> asked for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>. The group was in Connect already, with the guid `<guid>`.
        ");
        assert!(card.text().contains(&guid));
        assert!(world.told(Who::Member, CONNECT, "is done").await.text().contains(&guid));
        assert_eq!(world.puts(), 0);
    });
}

#[test]
fn a_group_that_comes_into_being_at_the_last_moment_ends_well_too() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::Search, Fault::Slow(Duration::from_secs(1)), Times::Times(1));
        world.admin().press(&card, "Approve").await;
        world.connect.wait_for(1, Route::Search).await;
        let guid = world.connect.import("accounting2");
        assert!(world.card(1, "**Created**").await.text().contains(&guid));
    });
}

#[test]
fn a_name_that_ldap_has_given_to_two_groups_meanwhile_is_failed() {
    run_test_with(ldap_groups(["Sales"]), async |world| {
        world.ask(Who::Member, "Sales").await;
        let card = world.card(1, "Approve or deny").await;
        world.connect.add_ldap_group("Sales");
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Failed**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ❌ **Failed** · request 1
        <@518402736190455808> asked for `Sales` in Connect.
        Approved by <@391583201672822784> <t:<time>:f>. It wasn't created: LDAP had several groups of this name.
        ");
        assert_eq!(world.puts(), 0);
    });
}

#[test]
fn with_connect_away_it_is_created_once_connect_is_back() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.go_down().await;
        let answer = world.admin().press(&card, "Approve").await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        let card = world.card(1, "Not created yet").await;
        assert_snapshot!(masked(&card.text()), @r"
        🔄 **Approved and under way** · request 1
        <@518402736190455808> asks for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>. Not created yet. Last try <t:<time>:T>: Connect couldn't be reached. Next try: <t:<time>:T>.
        ");
        assert!(card.buttons().is_empty());
        world.connect.come_up().await.unwrap();
        world.card(1, "**Created**").await;
        world.told(Who::Member, CONNECT, "is done").await;
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn the_next_try_that_the_message_names_is_the_next_one() {
    run_test_with(setup(&[("CONNECT_TIMEOUT", "1s")]), async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::Search, Fault::Slow(Duration::from_secs(3)), Times::Times(2));
        world.admin().press(&card, "Approve").await;
        let first = world.card(1, "Not created yet").await;
        let is_later = |message: &Message| {
            message.text().contains("Not created yet") && message.text() != first.text()
        };
        world.discord.wait_for_message(REQUESTS, is_later).await;
    });
}

#[test]
fn a_lost_answer_is_looked_into_and_nothing_is_sent_twice() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::CreateGroup, Fault::LostAnswer, Times::Times(1));
        world.connect.fail(Route::Search, Fault::Slow(Duration::ZERO), Times::Times(1));
        world.connect.fail(Route::Search, Fault::Error(1), Times::Times(2));
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Created**").await;
        assert!(card.text().contains(&world.connect.guid_of("accounting2").unwrap()));
        assert_eq!(world.puts(), 1);
    });
}
