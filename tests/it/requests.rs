//! Asking for a group: the request, the message that shows it, and joining it.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{
    ADMIN_ROLE, Answer, CONNECT, MEMBER_ROLE, Message, Pending, RANDOM, REQUESTS, THREAD, Who,
};

use crate::hostile;
use crate::world::{
    Setup, World, is_card, labels, masked, private, run_test, run_test_with, setup,
};

async fn ask_because(world: &World, name: &str, reason: &str) -> Answer {
    let options = [("name", name.into()), ("reason", reason.into())];
    world.member().slash("create", &options).await
}

#[test]
fn a_request_is_answered_privately_and_shown_to_the_admins() {
    run_test(async |world| {
        let answer = ask_because(world, "accounting2", "for the budget app").await;
        let text = private(&answer);
        assert_snapshot!(masked(&text), @"Request 1 for `accounting2` went to the admins, who can decide until <t:<time>:f>; you will be mentioned here.");
        let card = world.card(1, "Approve or deny").await;
        assert!(!text.contains("/channels/"), "they may not see where it is shown: {text}");
        assert_eq!(labels(answer.message()), ["Take back"]);
        assert_snapshot!(masked(&card.text()), @r"
        ⏳ **Waiting** · request 1
        <@518402736190455808> asks for `accounting2` in Connect.
        Reason: for the budget app
        <@&1098233105413124096>: Approve or deny it. It expires <t:<time>:R>.
        ");
        assert_eq!(labels(&card), ["Approve", "Deny"]);
        assert_eq!(card.pings.roles, [ADMIN_ROLE]);
        assert!(card.pings.users.is_empty() && !card.pings.everyone);
        assert_eq!(world.connect_calls(), ["GET v1/groups/remote"]);
        assert!(world.discord.messages(CONNECT).is_empty());
    });
}

#[test]
fn a_reason_is_not_needed_by_default() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        let card = world.card(1, "Approve or deny").await;
        assert_snapshot!(masked(&card.text()), @r"
        ⏳ **Waiting** · request 1
        <@518402736190455808> asks for `accounting2` in Connect.
        <@&1098233105413124096>: Approve or deny it. It expires <t:<time>:R>.
        ");
    });
}

#[test]
fn what_an_admin_could_not_create_nobody_can_ask_for() {
    let names = ["Sales", "SALES", "twin", "twin", "accounting", "accounting2"];
    let mut options = Setup::default();
    options.connect.groups = names.map(str::to_owned).to_vec();
    run_test_with(options, async |world| {
        for name in
            ["acounting2", "accounting", "ACCOUNTING", "sales", "twin", " ", "nobody-has-this"]
        {
            let asked = world.ask(Who::Member, name).await;
            let refused = world.ask(Who::Admin, name).await;
            assert_eq!(asked.text(), refused.text(), "{name:?}");
            assert!(asked.is_private() && asked.message().pings.is_empty());
        }
        assert!(world.discord.messages(REQUESTS).is_empty());
        let listed = world.admin().slash("requests", &[]).await;
        assert_eq!(private(&listed), "There are no open requests.");
    });
}

#[test]
fn with_connect_failing_there_is_no_request() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Error(30), Times::Always);
        let text = private(&world.ask(Who::Member, "accounting2").await);
        assert!(
            text.starts_with("Your request wasn't sent. Connect doesn't accept the bot's API key."),
            "{text}"
        );
        let listed = world.member().slash("requests", &[]).await;
        assert_eq!(private(&listed), "There are no open requests.");
        assert!(world.discord.messages(REQUESTS).is_empty());
    });
}

#[test]
fn a_reason_can_be_required_of_those_who_ask() {
    run_test_with(setup(&[("REASON_REQUIRED", "true")]), async |world| {
        assert_snapshot!(private(&world.ask(Who::Member, "accounting2").await), @"A request must say why. Use the option `reason` of </ldapgroup create>.");
        let blank = ask_because(world, "accounting2", " \n ").await;
        assert!(private(&blank).starts_with("A request must say why."));
        assert!(world.connect.requests().is_empty());
        let asked = ask_because(world, "accounting2", "why not").await;
        assert!(
            private(&asked).starts_with(
                "Request 1 for `accounting2` went to the admins, who can decide until"
            )
        );
        let created = world.ask(Who::Admin, "ABE-TEST").await;
        assert!(created.text().starts_with("Created `ABE-TEST`"), "{}", created.text());
    });
}

#[test]
fn a_reason_is_as_long_as_discord_lets_it_be() {
    run_test(async |world| {
        let commands = world.discord.commands(sandbox::discord::GUILD).unwrap();
        assert_eq!(commands[0]["options"][1]["options"][1]["max_length"], 500);
        let reason = "🦀*".repeat(166);
        let answer = ask_because(world, "accounting2", &reason[..]).await;
        assert!(private(&answer).starts_with("Request "), "{}", answer.text());
        world.card(1, "Approve or deny").await;
    });
}

#[test]
fn one_person_has_so_many_open_requests_and_no_more() {
    run_test_with(setup(&[("MAX_OPEN_REQUESTS", "2")]), async |world| {
        world.ask(Who::OtherMember, "accounting-emea").await;
        for name in ["accounting2", "ABE-TEST"] {
            assert!(world.ask(Who::Member, name).await.text().starts_with("Request "));
        }
        assert_snapshot!(private(&world.ask(Who::Member, "ABE-TEST-2").await), @"You have 2 open requests already, the most that one person may have. Wait until one is decided, or cancel one with </ldapgroup cancel>.");
        let joined = world.ask(Who::Member, "accounting-emea").await;
        assert!(private(&joined).contains("You have joined it"), "{}", joined.text());
        world.cancel(Who::Member, 2).await;
        let asked = world.ask(Who::Member, "ABE-TEST-2").await;
        assert!(private(&asked).starts_with("Request 4 for "), "{}", asked.text());
    });
}

#[test]
fn who_may_not_search_may_not_ask() {
    run_test_with(setup(&[("REQUESTER_ROLE_IDS", MEMBER_ROLE)]), async |world| {
        let guest = world.ask(Who::Guest, "accounting2").await;
        assert!(private(&guest).starts_with("You can't use `/ldapgroup` yet."));
        assert!(world.connect.requests().is_empty());
        assert!(private(&world.ask(Who::Member, "accounting2").await).starts_with("Request "));
    });
}

#[test]
fn an_admins_create_can_need_another_admin() {
    run_test_with(setup(&[("ADMIN_CREATES", "approval")]), async |world| {
        let answer = world.ask(Who::Admin, "accounting2").await;
        assert!(
            private(&answer).starts_with(
                "Request 1 for `accounting2` went to the admins, who can decide until"
            )
        );
        let card = world.card(1, "Approve or deny").await;
        assert_eq!(world.puts(), 0);
        world.discord.person(Who::SecondAdmin).press(&card, "Approve").await;
        world.told(Who::Admin, CONNECT, "is done").await;
        assert!(world.connect.guid_of("accounting2").is_some());
    });
}

#[test]
fn without_a_channel_for_requests_they_are_shown_where_they_are_made() {
    run_test_with(setup(&[("REQUESTS_CHANNEL_ID", "")]), async |world| {
        for (number, channel, name) in [(1, RANDOM, "accounting2"), (2, THREAD, "ABE-TEST")] {
            let member = world.member().in_channel(channel);
            let answer = member.slash("create", &[("name", name.into())]).await;
            let card = world.discord.wait_for_message(channel, is_card(number, "")).await;
            assert!(
                private(&answer).contains(" went to the admins, who can decide until"),
                "{}",
                answer.text()
            );
            world.admin().press(&card, "Approve").await;
            world.told(Who::Member, channel, "is done").await;
        }
        assert!(world.discord.messages(REQUESTS).is_empty());
    });
}

#[test]
fn an_admins_direct_create_is_no_request_for_anybody() {
    run_test(async |world| {
        world.ask(Who::Admin, "accounting2").await;
        world.ask(Who::Member, "ABE-TEST").await;
        world.card(2, "Approve or deny").await;
        assert_eq!(world.discord.messages(REQUESTS).len(), 1);
        let listed = world.admin().slash("requests", &[("state", "created".into())]).await;
        assert_eq!(private(&listed), "There are no created requests.");
    });
}

#[test]
fn who_asks_for_what_was_asked_for_joins_the_request() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        let card = world.card(1, "Approve or deny").await;
        let other = world.discord.person(Who::OtherMember).in_channel(RANDOM);
        let joined = other.slash("create", &[("name", "ACCOUNTING2".into())]).await;
        let text = private(&joined);
        assert_snapshot!(masked(&text), @"`accounting2` is asked for already, with request 1. You have joined it. You will be mentioned here once it is over.");
        assert_eq!(labels(joined.message()), ["Take back"]);
        let again = other.slash("create", &[("name", "Accounting2".into())]).await;
        assert_snapshot!(masked(&private(&again)), @"`accounting2` is asked for already, with request 1. You asked for it before. You will be mentioned here once it is over.");
        let own = world.ask(Who::Member, "accounting2").await;
        assert!(private(&own).contains("You asked for it before"), "{}", own.text());
        let joined = world.card(1, "Also asked").await;
        assert_snapshot!(masked(&joined.text()), @r"
        ⏳ **Waiting** · request 1
        <@518402736190455808> asks for `accounting2` in Connect.
        Also asked by <@623940187264385034>.
        <@&1098233105413124096>: Approve or deny it. It expires <t:<time>:R>.
        ");
        assert_eq!((joined.id, labels(&joined).len()), (card.id, 2));

        world.admin().press(&joined, "Approve").await;
        for (who, channel) in [(Who::Member, CONNECT), (Who::OtherMember, RANDOM)] {
            let notice = world.told(who, channel, "is done").await;
            assert_eq!(notice.pings.users, [who.id()]);
            let told = world.discord.messages(channel).into_iter();
            assert_eq!(told.filter(|message| message.text().contains("request 1")).count(), 1);
        }
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn who_asks_while_it_is_being_created_joins_too() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::Search, Fault::Hold, Times::Times(1));
        world.admin().press(&card, "Approve").await;
        world.connect.wait_for(1, Route::Search).await;
        let joined = world.ask(Who::OtherMember, "accounting2").await;
        assert!(private(&joined).contains("You have joined it"), "{}", joined.text());
        let direct = world.ask(Who::SecondAdmin, "accounting2").await;
        assert_snapshot!(private(&direct), @"`accounting2` is being created right now, for <@518402736190455808>. Search for it in a moment.");
        world.connect.release();
        for who in [Who::Member, Who::OtherMember] {
            world.told(who, CONNECT, "is done").await;
        }
        assert_eq!(world.puts(), 1);
    });
}

/// What an admin's create comes to that has looked this often when a member's request for the same
/// groups is approved and carried out.
async fn outrun(world: &World, names: &str, looks: u32) -> Answer {
    world.ask(Who::Member, names).await;
    let card = world.card(1, "Approve or deny").await;
    world.connect.clear_requests();
    let (before, last) = (Times::Times(looks - 1), Times::Times(1));
    world.connect.fail(Route::Search, Fault::Slow(Duration::ZERO), before);
    world.connect.fail(Route::Search, Fault::Hold, last);
    let second = world.discord.person(Who::SecondAdmin);
    let pending = second.start_slash("create", &[("name", names.into())]);
    world.connect.wait_for(looks.try_into().unwrap(), Route::Search).await;
    world.admin().press(&card, "Approve").await;
    world.told(Who::Member, CONNECT, "is done").await;
    world.connect.release();
    pending.answer().await
}

#[test]
fn an_admin_who_looked_too_early_creates_nothing_again() {
    run_test(async |world| {
        let answer = outrun(world, "accounting2", 1).await;
        assert_snapshot!(masked(&answer.text()), @r"
        The requested group name is already in use.
        `accounting2` is in Connect, with the guid `<guid>`: share content with it there.
        ");
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn an_admin_who_looked_too_early_for_several_creates_none_again() {
    run_test(async |world| {
        outrun(world, "accounting2, accounting-apac", 3).await;
        let is_over = |message: &Message| message.text().contains("**Created**");
        let card = world.discord.wait_for_message(CONNECT, is_over).await;
        assert!(card.text().ends_with("Both were in Connect already."), "{}", card.text());
        assert_eq!(world.puts(), 2);
    });
}

#[test]
fn two_who_ask_at_once_make_one_request() {
    run_test(async |world| {
        let options = [("name", "accounting2".into())];
        let pending = [Who::Member, Who::OtherMember, Who::Guest]
            .map(|who| world.discord.person(who).start_slash("create", &options));
        let answers = futures_util::future::join_all(pending.iter().map(Pending::answer)).await;
        let texts: Vec<_> = answers.iter().map(private).collect();
        let made = texts
            .iter()
            .filter(|text| text.contains(" went to the admins, who can decide until"))
            .count();
        let joined = texts.iter().filter(|text| text.contains("You have joined it")).count();
        assert_eq!((made, joined), (1, 2), "{texts:#?}");
        world.card(1, "Also asked").await;
        assert_eq!(world.discord.messages(REQUESTS).len(), 1);
    });
}

#[test]
fn hostile_names_and_reasons_ping_nobody_and_break_nothing() {
    let setup = setup(&[("MAX_OPEN_REQUESTS", "100")]).ldap_groups(hostile::NAMES);
    run_test_with(setup, async |world| {
        let reason = |name: &str| format!("{name} @here <@{}> <@&{MEMBER_ROLE}>", Who::Guest.id());
        for (number, name) in (1..).zip(hostile::NAMES) {
            let answer = ask_because(world, name, &reason(name)).await;
            let asked = format!("Request {number} for ");
            assert!(private(&answer).starts_with(&asked), "{}", answer.text());
            let card = world.card(number, "Approve or deny").await;
            assert_eq!(card.pings.roles, [ADMIN_ROLE]);
            assert!(card.pings.users.is_empty() && !card.pings.everyone);
            assert!(!card.text().contains(['\u{202e}', '\u{1b}', '\r']), "{}", card.text());
            assert_eq!(card.text().lines().count(), 4, "{}", card.text());
            world.connect.fail(Route::Search, Fault::Error(64), Times::Times(1));
            world.admin().press(&card, "Approve").await;
            world.card(number, "**Failed**").await;
            let notice = world.told(Who::Member, CONNECT, &format!("request {number} ")).await;
            assert_eq!(notice.pings.users, [Who::Member.id()]);
            assert!(notice.pings.roles.is_empty() && !notice.pings.everyone);
        }
        for name in hostile::NAMES {
            let history = world.admin().slash("history", &[("name", name.into())]).await;
            assert!(
                private(&history).contains(": 3 steps, the latest first"),
                "{}",
                history.text()
            );
        }
        let listed = world.admin().slash("requests", &[("state", "failed".into())]).await;
        assert!(private(&listed).starts_with("**13 failed requests**"), "{}", listed.text());
    });
}

#[test]
fn a_role_named_twice_among_more_than_discord_lets_be_mentioned_is_pinged() {
    let others = (1..=120).map(|id: u64| id.to_string());
    let roles: Vec<_> =
        [ADMIN_ROLE, ADMIN_ROLE].map(|id| id.to_string()).into_iter().chain(others).collect();
    let variables = [("ADMIN_ROLE_IDS", roles.join(",")), ("REQUEST_REMINDER", "1s".to_owned())];
    run_test_with(setup(&variables), async |world| {
        let card = world.asked_by(Who::Member).await;
        assert_eq!(card.pings.roles[0], ADMIN_ROLE);
        let is_reminder = |message: &Message| message.text().contains("a reminder of");
        let reminder = world.discord.wait_for_message(REQUESTS, is_reminder).await;
        assert_eq!(reminder.pings.roles[0], ADMIN_ROLE);
    });
}

/// Somebody asks in #random, and why.
async fn join_because(world: &World, who: Who, name: &str, reason: &str) -> Answer {
    let options = [("name", name.into()), ("reason", reason.into())];
    world.discord.person(who).in_channel(RANDOM).slash("create", &options).await
}

#[test]
fn the_reason_of_who_joins_is_shown_and_the_latest_counts() {
    run_test(async |world| {
        ask_because(world, "accounting2", "for the budget app").await;
        world.card(1, "Approve or deny").await;
        let joined = join_because(world, Who::OtherMember, "accounting2", "for *my* taxes").await;
        assert!(private(&joined).contains("You have joined it"), "{}", joined.text());
        world.ask(Who::Guest, "accounting2").await;
        let card = world.card(1, &format!("<@{}>", Who::Guest.id())).await;
        assert_snapshot!(masked(&card.text()), @r"
        ⏳ **Waiting** · request 1
        <@518402736190455808> asks for `accounting2` in Connect.
        Reason: for the budget app
        Also asked by <@623940187264385034>: for \*my\* taxes
        Also asked by <@1306228104775073802>.
        <@&1098233105413124096>: Approve or deny it. It expires <t:<time>:R>.
        ");
        let again = join_because(world, Who::OtherMember, "accounting2", "for the audit").await;
        assert_snapshot!(masked(&private(&again)), @"`accounting2` is asked for already, with request 1. You asked for it before; the reason that you give now counts. You will be mentioned here once it is over.");
        let card = world.card(1, "for the audit").await;
        assert!(!card.text().contains("taxes"), "{}", card.text());
        let silent = world.ask(Who::OtherMember, "accounting2").await;
        assert!(private(&silent).contains("You asked for it before."), "{}", silent.text());
        ask_because(world, "accounting2", "for the year's end").await;
        let card = world.card(1, "Reason: for the year's end").await;
        assert!(card.text().contains("for the audit"), "{}", card.text());
        let history = world.admin().slash("history", &[("name", "accounting2".into())]).await;
        assert_snapshot!(masked(&private(&history)), @r"
        **History of `accounting2`**: 5 steps, the latest first
        **another reason** by <@518402736190455808>: for the year's end · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **another reason** by <@623940187264385034>: for the audit · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **joined** by <@1306228104775073802> · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **joined** by <@623940187264385034>: for \*my\* taxes · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **asked for** by <@518402736190455808>: for the budget app · <t:<time>:f>
        -# request 1 · reference `<guid>`
        ");
    });
}

#[test]
fn who_joins_must_say_why_where_who_asks_must() {
    run_test_with(setup(&[("REASON_REQUIRED", "true")]), async |world| {
        ask_because(world, "accounting2", "for the budget app").await;
        let joined = world.ask(Who::OtherMember, "accounting2").await;
        assert!(private(&joined).starts_with("A request must say why."), "{}", joined.text());
        join_because(world, Who::OtherMember, "accounting2", "me too").await;
        world.card(1, ": me too").await;
    });
}

#[test]
fn when_the_requester_cancels_the_request_stays_for_those_who_joined() {
    run_test(async |world| {
        ask_because(world, "accounting2", "for the budget app").await;
        let before = world.card(1, "Approve or deny").await;
        join_because(world, Who::OtherMember, "accounting2", "for my taxes").await;
        world.ask(Who::Guest, "accounting2").await;
        world.card(1, &format!("<@{}>", Who::Guest.id())).await;
        assert_snapshot!(private(&world.cancel(Who::Member, 1).await), @"You have left request 1 for `accounting2`. It stays for the others who asked, and you won't be told what comes of it.");
        let asks = format!("<@{}> asks", Who::OtherMember.id());
        let card = world.card(1, &asks).await;
        assert_snapshot!(masked(&card.text()), @r"
        ⏳ **Waiting** · request 1
        <@623940187264385034> asks for `accounting2` in Connect.
        Reason: for my taxes
        Also asked by <@1306228104775073802>.
        <@&1098233105413124096>: Approve or deny it. It expires <t:<time>:R>.
        ");
        let expiry = |text: &str| text.rsplit("expires ").next().map(str::to_owned);
        assert_eq!(expiry(&card.text()), expiry(&before.text()), "it keeps its age");
        assert_eq!((card.id, labels(&card).len()), (before.id, 2));
        assert_snapshot!(private(&world.cancel(Who::Member, 1).await), @"You have left request 1 already, and it stays for the others who asked. Nothing was done.");
        let listed = world.member().slash("requests", &[]).await;
        assert_eq!(private(&listed), "There are no open requests.");

        world.admin().press(&card, "Approve").await;
        world.told(Who::OtherMember, RANDOM, "is done").await;
        world.told(Who::Guest, CONNECT, "is done").await;
        assert_eq!(world.pinged(Who::Member, CONNECT), 0, "who has left is told nothing");
        let history = world.admin().slash("history", &[("name", "accounting2".into())]).await;
        assert_snapshot!(masked(&private(&history)), @r"
        **History of `accounting2`**: 6 steps, the latest first
        **created**, approved by <@391583201672822784> · guid `<guid>` · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **approved** by <@391583201672822784> · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **left** by <@518402736190455808> · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **joined** by <@1306228104775073802> · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **joined** by <@623940187264385034>: for my taxes · <t:<time>:f>
        -# request 1 · reference `<guid>`
        -# page 1 of 2
        ");
    });
}

#[test]
fn who_joined_can_leave_and_the_last_to_leave_cancels() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        join_because(world, Who::OtherMember, "accounting2", "for my taxes").await;
        world.card(1, "for my taxes").await;
        let stranger = private(&world.cancel(Who::Guest, 1).await);
        assert_snapshot!(stranger, @"This is somebody else's request: who asked for it can leave it, and administrators can cancel it.");
        let left = private(&world.cancel(Who::OtherMember, 1).await);
        assert!(left.starts_with("You have left request 1 for `accounting2`."), "{left}");
        let is_alone = |message: &Message| {
            message.text().contains(" · request 1\n") && !message.text().contains("Also asked")
        };
        let card = world.discord.wait_for_message(REQUESTS, is_alone).await;
        assert_eq!(labels(&card).len(), 2);
        assert_eq!(
            private(&world.cancel(Who::Member, 1).await),
            "Request 1 for `accounting2` is cancelled."
        );
        world.card(1, "**Cancelled**").await;
        let listed = world.ask(Who::Guest, "accounting2").await;
        assert!(private(&listed).starts_with("Request 2 for "), "{}", listed.text());
        world.card(2, "Approve or deny").await;
        assert_eq!(world.pinged(Who::Member, CONNECT) + world.pinged(Who::OtherMember, RANDOM), 0);
    });
}

#[test]
fn of_all_who_leave_at_once_the_last_cancels_and_none_is_told() {
    for _ in 0..3 {
        run_test(async |world| {
            let people = [Who::Member, Who::OtherMember, Who::Guest];
            for who in people {
                world.ask(who, "accounting2").await;
            }
            let options = [("request", 1.into())];
            let pending =
                people.map(|who| world.discord.person(who).start_slash("cancel", &options));
            let answers = futures_util::future::join_all(pending.iter().map(Pending::answer)).await;
            let texts: Vec<_> = answers.iter().map(private).collect();
            let left = texts.iter().filter(|text| text.starts_with("You have left")).count();
            let cancelled = texts.iter().filter(|text| text.ends_with("is cancelled.")).count();
            assert_eq!((left, cancelled), (2, 1), "{texts:#?}");
            world.card(1, "**Cancelled**").await;
            assert!(people.iter().all(|who| world.pinged(*who, CONNECT) == 0));
        });
    }
}

#[test]
fn who_leaves_one_of_the_requests_that_a_batch_joined_stays_in_the_others() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.ask(Who::Member, "ABE-TEST, ABE-TEST-2").await;
        join_because(world, Who::OtherMember, "accounting2, ABE-TEST, accounting-apac", "audit")
            .await;
        for number in [1, 2] {
            world.card(number, &format!("Also asked by <@{}>: audit", Who::OtherMember.id())).await;
        }
        world.card(3, "Reason: audit").await;
        assert!(private(&world.cancel(Who::Member, 2).await).contains("`ABE-TEST` and 1 more"));
        let card =
            world.card(2, &format!("<@{}> asks for 2 LDAP groups", Who::OtherMember.id())).await;
        world.admin().press(&card, "Approve").await;
        world.told(Who::OtherMember, RANDOM, "request 2 for `ABE-TEST` and 1 more is done").await;
        let listed = world.discord.person(Who::OtherMember).slash("requests", &[]).await;
        assert!(private(&listed).starts_with("**2 open requests**"), "{}", listed.text());
    });
}

#[test]
fn the_reasons_of_many_who_join_fit_the_message() {
    run_test(async |world| {
        ask_because(world, "accounting2", &"*".repeat(500)).await;
        for who in [Who::OtherMember, Who::Guest] {
            join_because(world, who, "accounting2", &"_".repeat(500)).await;
        }
        let card = world.card(1, &format!("Also asked by <@{}>: ", Who::Guest.id())).await;
        assert_eq!(card.text().matches('…').count(), 2, "{}", card.text());
    });
}

#[test]
fn who_asked_in_one_channel_is_told_by_one_message() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.ask(Who::OtherMember, "accounting2").await;
        let elsewhere = world.discord.person(Who::Guest).in_channel(RANDOM);
        elsewhere.slash("create", &[("name", "accounting2".into())]).await;
        let card = world.card(1, &format!("<@{}>", Who::Guest.id())).await;
        world.admin().press(&card, "Approve").await;
        let notice = world.told(Who::OtherMember, CONNECT, "is done").await;
        assert_snapshot!(masked(&notice.text()), @"<@518402736190455808> <@623940187264385034>: request 1 for `accounting2` is done, approved by <@391583201672822784>. The group is in Connect now, with the guid `<guid>`. Share content with it there; it can look empty until its members log in.");
        assert_eq!(notice.pings.users, [Who::Member.id(), Who::OtherMember.id()]);
        assert_eq!(world.told(Who::Guest, RANDOM, "is done").await.pings.users, [Who::Guest.id()]);
        // A restart finds nobody left to tell.
        world.stop_bot().await;
        world.start_bot().await;
        world.ask(Who::Member, "ABE-TEST").await;
        world.card(2, "Approve or deny").await;
        let told = [world.discord.messages(CONNECT).len(), world.discord.messages(RANDOM).len()];
        assert_eq!(told, [1, 1]);
    });
}
