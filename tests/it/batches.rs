//! Several groups at once: picked in a menu, written with commas, decided as one request.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{self, ADMIN_ROLE, Answer, CONNECT, Message, REQUESTS, Reply, Who};

use crate::world::{
    Setup, World, labels, ldap_groups, masked, private, run_test_with, setup, team,
};

/// A server whose LDAP has `team-01` and so on, and whose Connect has none of them.
fn teams(count: usize) -> Setup {
    ldap_groups((1..=count).map(team))
}

/// The names of these teams, with commas between them.
fn list(numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().map(team).collect::<Vec<_>>().join(", ")
}

/// An admin picks these in the menu under a search for `team`, and says yes.
async fn pick_and_create(world: &World, names: &[&str]) -> Answer {
    let asked = pick(world, Who::Admin, names).await;
    assert!(private(&asked).starts_with("Create "), "{}", asked.text());
    let answer = world.admin().press(asked.message(), "Create").await;
    assert!(matches!(answer.reply, Reply::Update(_)), "{answer:?}");
    assert!(answer.message().buttons().is_empty());
    answer
}

/// Picks these in the menu under a search for `team`.
async fn pick(world: &World, who: Who, names: &[&str]) -> Answer {
    let found = world.search(who, "team").await;
    world.connect.clear_requests();
    world.discord.person(who).pick(found.message(), names).await
}

/// The message that shows how an admin's batch goes, as soon as these words are in it.
async fn progress(world: &World, words: &str) -> Message {
    let wanted = |message: &Message| {
        message.text().contains(" into Connect.\n") && message.text().contains(words)
    };
    world.discord.wait_for_message(CONNECT, wanted).await
}

#[test]
fn what_a_member_picks_is_one_request_and_an_admins_yes_creates_all_of_it() {
    run_test_with(teams(4), async |world| {
        let opened = pick(world, Who::Member, &["team-01", "team-03"]).await;
        let form = opened.form();
        assert_eq!(form.title, "Ask for 2 groups");
        let inputs: Vec<_> =
            form.inputs.iter().map(|input| (&input.label[..], input.required)).collect();
        assert_eq!(
            inputs,
            [("Groups, one on each line", true), ("Why? It is shown with the request.", false)]
        );
        let answer = world.member().submit(form, &[("reason", "the new project")]).await;
        assert_snapshot!(masked(&private(&answer)), @"Request 1 for `team-01` and 1 more went to the admins, who can decide until <t:<time>:f>; you will be mentioned here.");
        assert!(
            world.connect_calls().is_empty(),
            "the search knew them: {:?}",
            world.connect_calls()
        );
        let card = world.card(1, "Approve or deny").await;
        assert_snapshot!(masked(&card.text()), @r"
        ⏳ **Waiting** · request 1
        <@518402736190455808> asks for 2 LDAP groups in Connect.
        Reason: the new project
        • `team-01`
        • `team-03`
        <@&1098233105413124096>: Approve or deny all of them. It expires <t:<time>:R>.
        ");
        assert_eq!(card.pings.roles, [ADMIN_ROLE]);
        assert_eq!(labels(&card), ["Approve", "Deny"]);
        let answer = world.admin().press(&card, "Approve").await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        let card = world.card(1, "**Created**").await;
        assert_snapshot!(masked(&card.text()), @r"
        ✅ **Created** · request 1
        <@518402736190455808> asked for 2 LDAP groups in Connect.
        Reason: the new project
        ✅ `team-01` · `<guid>`
        ✅ `team-03` · `<guid>`
        Approved by <@391583201672822784> <t:<time>:f>. Both are in Connect now.
        ");
        assert!(card.buttons().is_empty());
        for name in ["team-01", "team-03"] {
            assert!(card.text().contains(&world.connect.guid_of(name).unwrap()), "{name}");
        }
        let notice = world.told(Who::Member, CONNECT, "is done").await;
        assert_snapshot!(masked(&notice.text()), @r"
        <@518402736190455808>: request 1 for `team-01` and 1 more is done, approved by <@391583201672822784>. Both are in Connect now.
        ✅ `team-01` · `<guid>`
        ✅ `team-03` · `<guid>`
        ");
        assert_eq!(notice.pings.users, [Who::Member.id()]);
        assert_eq!((world.puts(), world.connect.groups().len()), (2, 2));
    });
}

#[test]
fn what_an_admin_picks_is_created_after_a_yes_and_one_message_tells_how_it_goes() {
    run_test_with(teams(4), async |world| {
        let answer = pick_and_create(world, &["team-02", "team-04", "team-01"]).await;
        assert_snapshot!(masked(&private(&answer)), @"https://discord.com/channels/1098231477641412618/1098231940587810826/<id> shows what becomes of `team-02` and 2 more.");
        let message = progress(world, "**Created**").await;
        assert_snapshot!(masked(&message.text()), @r"
        ✅ **Created**
        <@391583201672822784> brought 3 LDAP groups into Connect.
        ✅ `team-02` · `<guid>`
        ✅ `team-04` · `<guid>`
        ✅ `team-01` · `<guid>`
        Begun <t:<time>:f>. All 3 are in Connect now.
        ");
        assert!(message.buttons().is_empty());
        assert!(answer.text().contains(&message.id.to_string()), "the answer leads to it");
        assert_eq!(
            world.connect_calls(),
            ["PUT v1/groups"; 3],
            "the tickets of the search are used"
        );
        assert!(world.discord.messages(REQUESTS).is_empty());
    });
}

#[test]
fn one_that_an_admin_picks_is_created_after_a_yes_too() {
    run_test_with(teams(2), async |world| {
        let asked = pick(world, Who::Admin, &["team-02"]).await;
        let pressed = world.admin().press(asked.message(), "Create").await;
        let created = pressed.later(0).await;
        assert!(created.content.starts_with("Created `team-02` in Connect"), "{}", created.content);
        assert_eq!(world.connect_calls(), ["PUT v1/groups"]);
    });
}

#[test]
fn one_that_a_member_picks_is_asked_for_like_any() {
    run_test_with(setup(&[("REASON_REQUIRED", "true")]), async |world| {
        let found = world.search(Who::Member, "accounting2").await;
        let opened = world.member().pick(found.message(), &["accounting2"]).await;
        let form = opened.form();
        assert_eq!((&form.title[..], form.inputs[1].required), ("Ask for 1 group", true));
        let answer = world.member().submit(form, &[("reason", "budget")]).await;
        assert!(
            private(&answer).starts_with(
                "Request 1 for `accounting2` went to the admins, who can decide until"
            )
        );
        assert!(world.card(1, "Approve or deny it").await.text().contains("budget"));
    });
}

/// Two of 25 are in use, one is denied by Connect, and of one the answer is lost.
fn troubled(world: &World) {
    world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
    world.connect.fail(Route::CreateGroup, Fault::LostAnswer, Times::Times(1));
}

/// The first is denied, the second's answer is lost, and so on: see [`troubled`].
fn is_right(world: &World, message: &Message) {
    let guid = |name: &str| world.connect.guid_of(name).unwrap();
    let expected = (1..=25).map(|number| match (number, team(number)) {
        (1, name) => format!(
            "❌ `{name}` · Connect's licence didn't allow it. Tell whoever runs Connect."
        ),
        (5, name) => format!("✅ `{name}` · `{}` · was there already", guid(&name)),
        (6, name) => format!(
            "❌ `{name}` · The requested group name is already in use. The other group has the guid \
             `{}`.",
            guid(&name)
        ),
        (_, name) => format!("✅ `{name}` · `{}`", guid(&name)),
    });
    let text = message.text();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with(['✅', '❌'])).collect();
    assert_eq!(lines, expected.collect::<Vec<_>>());
    assert!(world.puts() <= 25, "{} PUTs", world.puts());
    assert!(text.contains("23 of 25 are in Connect, 2 weren't created."));
    assert_eq!(labels(message), ["Retry"]);
}

#[test]
fn twenty_five_groups_of_a_request_have_twenty_five_right_outcomes() {
    run_test_with(teams(25), async |world| {
        troubled(world);
        let options = [("name", list(1..=25).into()), ("reason", "all of them".into())];
        world.member().slash("create", &options).await;
        let card = world.card(1, "Approve or deny all of them").await;
        world.connect.import("team-05");
        world.connect.add_local_group("team-06");
        world.connect.clear_requests();
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "**Failed in part**").await;
        is_right(world, &card);
        let notice = world.told(Who::Member, CONNECT, "2 weren't created").await;
        assert_snapshot!(masked(&notice.text()), @r"
        <@518402736190455808>: request 1 for `team-01` and 24 more was approved by <@391583201672822784>: 23 of 25 are in Connect, 2 weren't created. An admin can retry it.
        ❌ `team-01` · Connect's licence didn't allow it. Tell whoever runs Connect.
        ✅ `team-02` · `<guid>`
        ✅ `team-03` · `<guid>`
        ✅ `team-04` · `<guid>`
        ✅ `team-05` · `<guid>` · was there already
        ❌ `team-06` · The requested group name is already in use. The other group has the guid `<guid>`.
        ✅ `team-07` · `<guid>`
        ✅ `team-08` · `<guid>`
        ✅ `team-09` · `<guid>`
        ✅ `team-10` · `<guid>`
        ✅ `team-11` · `<guid>`
        ✅ `team-12` · `<guid>`
        ✅ `team-13` · `<guid>`
        ✅ `team-14` · `<guid>`
        ✅ `team-15` · `<guid>`
        ✅ `team-16` · `<guid>`
        ✅ `team-17` · `<guid>`
        ✅ `team-18` · `<guid>`
        ✅ `team-19` · `<guid>`
        ✅ `team-20` · `<guid>`
        ✅ `team-21` · `<guid>`
        ✅ `team-22` · `<guid>`
        ✅ `team-23` · `<guid>`
        ✅ `team-24` · `<guid>`
        ✅ `team-25` · `<guid>`
        ");
        // What failed is tried again, and nothing else.
        world.connect.remove_group("team-06");
        let before = world.puts();
        world.discord.person(Who::SecondAdmin).press(&card, "Retry").await;
        let card = world.card(1, "**Created**").await;
        assert!(card.text().contains("All 25 are in Connect now; 1 of them was there already."));
        assert_eq!(world.puts(), before + 2);
        world.told(Who::Member, CONNECT, "is done").await;
    });
}

#[test]
fn a_batch_never_takes_another_group_for_the_one_of_ldap() {
    run_test_with(teams(3), async |world| {
        world.search(Who::Admin, "team").await;
        let guid = world.connect.add_local_group("team-02");
        world.ask(Who::Admin, "team-02").await;
        world.ask(Who::Admin, &list(1..=3)).await;
        let message = progress(world, "**Failed in part**").await;
        let other = format!(
            "❌ `team-02` · The requested group name is already in use. The other group has the guid \
             `{guid}`.\n"
        );
        assert!(message.text().contains(&other), "{}", message.text());
    });
}

#[test]
fn of_a_batch_only_what_a_retry_can_change_is_tried_again() {
    let groups = ["team-01", "team-x", "TEAM-X", "team-02"];
    run_test_with(ldap_groups(groups), async |world| {
        world.search(Who::Admin, "team").await;
        world.connect.import("team-x");
        world.connect.fail(Route::CreateGroup, Fault::Error(22), Times::Times(1));
        world.ask(Who::Admin, "team-01, TEAM-X, team-02").await;
        let message = progress(world, "**Failed in part**").await;
        assert_eq!(labels(&message), ["Retry"]);
        world.connect.clear_requests();
        world.admin().press(&message, "Retry").await;
        let message = progress(world, "2 of 3 are in Connect, 1 wasn't created").await;
        assert!(message.buttons().is_empty(), "Connect has it in other case");
        assert_eq!(world.connect_calls(), ["GET v1/groups/remote", "PUT v1/groups"]);
    });
}

#[test]
fn twenty_five_groups_of_an_admin_have_twenty_five_right_outcomes() {
    run_test_with(teams(25), async |world| {
        troubled(world);
        // What the search says of these two is out of date.
        world.search(Who::Admin, "team").await;
        world.connect.import("team-05");
        world.connect.add_local_group("team-06");
        let answer = world.ask(Who::Admin, &list(1..=25)).await;
        assert!(private(&answer).contains("what becomes of"), "{}", answer.text());
        let message = progress(world, "**Failed in part**").await;
        is_right(world, &message);
        // Whoever may create at once needs nobody else's word to try again.
        world.connect.remove_group("team-06");
        let retry = world.admin().press(&message, "Retry").await;
        assert_eq!(retry.reply, Reply::Acknowledged);
        progress(world, "All 25 are in Connect now").await;
    });
}

#[test]
fn commas_separate_names_unless_a_group_is_called_so() {
    let names = ["Sales, EMEA", "Sales", "EMEA", "R&D"];
    run_test_with(ldap_groups(names), async |world| {
        let answer = world.ask(Who::Admin, "sales, EMEA").await;
        assert!(answer.text().starts_with("Created `Sales, EMEA` in Connect"), "{}", answer.text());
        let answer = world.ask(Who::Admin, " SALES ,, emea , R&D, Sales,").await;
        assert!(private(&answer).contains("what becomes of"), "{}", answer.text());
        let message = progress(world, "All 3 are in Connect now.").await;
        for name in ["Sales", "EMEA", "R&D"] {
            assert!(message.text().contains(&world.connect.guid_of(name).unwrap()), "{name}");
        }
        assert_eq!(world.connect.groups().len(), 4);
        let answer = world.ask(Who::Admin, ",").await;
        assert_snapshot!(private(&answer), @"A name has at least one letter. Type the beginning of the group's name.");
    });
}

#[test]
fn a_member_reads_what_became_of_each_group_that_is_not_in_the_new_request() {
    run_test_with(teams(6), async |world| {
        let guid = world.connect.import("team-02");
        world.ask(Who::OtherMember, &list([3, 4])).await;
        world.card(1, "Approve or deny").await;
        let answer = world.ask(Who::Member, "team-01, team-02, team-03, team-4, TEAM-04").await;
        let text = private(&answer);
        assert!(text.contains(&guid));
        assert_snapshot!(masked(&text), @r"
        Request 2 for `team-01` went to the admins, who can decide until <t:<time>:f>; you will be mentioned here.
        Of the 5 names, 4 are left out:
        - `team-03` is asked for already, with request 1. You have joined it.
        - `team-04` is asked for already, with request 1. You have joined it.
        - `team-02` is in Connect already, with the guid `<guid>`.
        - LDAP has no group called `team-4`. Did you mean `team-04` or `team-01` or `team-02`?
        ");
        world.card(1, &format!("Also asked by <@{}>", Who::Member.id())).await;
        assert!(world.card(2, "Approve or deny it").await.text().contains("`team-01`"));
        let again = world.ask(Who::Member, "team-03, team-01, team-02").await;
        assert_snapshot!(masked(&private(&again)), @r"
        There is no new request.
        - `team-03` is asked for already, with request 1. You asked for it before.
        - `team-01` is asked for already, with request 2. You asked for it before.
        - `team-02` is in Connect already, with the guid `<guid>`.
        ");
        let by_admin = world.ask(Who::Admin, "team-01, team-03, team-05").await;
        let text = masked(&private(&by_admin));
        let (first, others) = text.split_once('\n').unwrap();
        assert!(first.ends_with(" shows what becomes of `team-05`."), "{first}");
        assert_snapshot!(others, @r"
        Of the 3 names, 2 are left out:
        - <@518402736190455808> has asked for `team-01` with [request 2](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>): approve it there.
        - <@623940187264385034> has asked for `team-03` with [request 1](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>): approve it there.
        ");
        progress(world, "**Created**").await;
    });
}

#[test]
fn a_request_for_several_is_denied_cancelled_and_listed_as_a_whole() {
    run_test_with(teams(5), async |world| {
        world.ask(Who::Member, &list([1, 2])).await;
        world.ask(Who::Member, &list([3, 4, 5])).await;
        let card = world.card(1, "Approve or deny").await;
        let listed = world.admin().slash("requests", &[]).await;
        assert_snapshot!(masked(&private(&listed)), @r"
        **2 open requests**
        [request 2](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>) · `team-03` and 2 more · <@518402736190455808> · waiting · <t:<time>:R>
        [request 1](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>) · `team-01` and 1 more · <@518402736190455808> · waiting · <t:<time>:R>
        ");
        let offered = world.member().autocomplete("cancel", &[], ("request", "")).await.unwrap();
        let offered: Vec<_> = offered.into_iter().map(|choice| choice.name).collect();
        assert_eq!(offered, ["2: team-03 and 2 more (yours)", "1: team-01 and 1 more (yours)"]);
        let opened = world.admin().press(&card, "Deny").await;
        world.admin().submit(opened.form(), &[("reason", "use the old ones")]).await;
        assert_snapshot!(masked(&world.card(1, "**Denied**").await.text()), @r"
        🚫 **Denied** · request 1
        <@518402736190455808> asked for 2 LDAP groups in Connect.
        • `team-01`
        • `team-02`
        Denied by <@391583201672822784> <t:<time>:f>: use the old ones
        ");
        let notice = world.told(Who::Member, CONNECT, "was denied").await;
        assert_snapshot!(masked(&notice.text()), @"<@518402736190455808>: request 1 for `team-01` and 1 more was denied by <@391583201672822784>: use the old ones");
        let answer = world.cancel(Who::Member, 2).await;
        assert_eq!(private(&answer), "Request 2 for `team-03` and 2 more is cancelled.");
        assert_eq!(world.puts(), 0);
        world.ask(Who::Member, &list([1, 5])).await;
        world.card(3, "Approve or deny").await;
    });
}

#[test]
fn with_connect_away_a_batch_waits_and_goes_on_where_it_was() {
    run_test_with(teams(4), async |world| {
        world.ask(Who::Member, &list(1..=4)).await;
        let card = world.card(1, "Approve or deny").await;
        // The first two are created; then LDAP is away for as long as a search is tried.
        for _ in 0..2 {
            world.connect.fail(Route::Search, Fault::Slow(Duration::ZERO), Times::Times(1));
        }
        world.connect.fail(Route::Search, Fault::Cut, Times::Always);
        world.connect.clear_requests();
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "Next try").await;
        assert_snapshot!(masked(&card.text()), @r"
        🔄 **Approved and under way** · request 1
        <@518402736190455808> asks for 4 LDAP groups in Connect.
        ✅ `team-01` · `<guid>`
        ✅ `team-02` · `<guid>`
        ⏳ `team-03`
        ⏳ `team-04`
        Approved by <@391583201672822784> <t:<time>:f>. 2 of 4 so far. Last try <t:<time>:T>: The connection to Connect broke. Next try: <t:<time>:T>.
        ");
        world.connect.heal();
        world.card(1, "All 4 are in Connect now.").await;
        assert_eq!(world.puts(), 4);
    });
}

#[test]
fn a_batch_that_a_stop_interrupts_goes_on_after_the_start() {
    run_test_with(teams(6), async |world| {
        world.connect.fail(
            Route::CreateGroup,
            Fault::Slow(Duration::from_millis(300)),
            Times::Times(6),
        );
        world.ask(Who::Admin, &list(1..=6)).await;
        progress(world, "of 6 so far").await;
        world.connect.wait_for(2, Route::CreateGroup).await;
        world.stop_bot().await;
        let there = world.connect.groups().len();
        assert!((2..6).contains(&there), "{there}");
        world.start_bot().await;
        progress(world, "All 6 are in Connect now.").await;
        assert_eq!((world.puts(), world.connect.groups().len()), (6, 6));
    });
}

#[test]
fn more_than_twenty_five_are_refused_and_nothing_is_done() {
    run_test_with(teams(26), async |world| {
        let answer = world.ask(Who::Admin, &list(1..=26)).await;
        assert_snapshot!(private(&answer), @"These are 26 groups, and one request takes at most 25. Ask for them in several steps.");
        assert_eq!(private(&world.ask(Who::Member, &list(1..=26)).await), answer.text());
        assert!(world.connect.groups().is_empty());
        assert!(world.discord.messages(REQUESTS).is_empty());
    });
}

#[test]
fn who_has_too_many_open_requests_gets_none_of_a_batch_and_joins_nothing() {
    let setup = setup(&[("MAX_OPEN_REQUESTS", "1")]).ldap_groups((1..=4).map(team));
    run_test_with(setup, async |world| {
        world.ask(Who::OtherMember, "team-01").await;
        world.ask(Who::Member, "team-02").await;
        let answer = world.ask(Who::Member, &list([1, 3, 4])).await;
        assert!(
            private(&answer).starts_with("You have 1 open request already"),
            "{}",
            answer.text()
        );
        assert!(!world.card(1, "Approve").await.text().contains("Also asked"));
    });
}

#[test]
fn who_may_do_nothing_may_not_pick() {
    run_test_with(setup(&[("REQUESTER_ROLE_IDS", discord::MEMBER_ROLE)]), async |world| {
        let found = world.search(Who::Member, "accounting2").await;
        let guest = world.discord.person(Who::Guest);
        let answer = guest.pick(found.message(), &["accounting2"]).await;
        assert!(
            private(&answer).starts_with("You can't use `/ldapgroup` yet."),
            "{}",
            answer.text()
        );
    });
}

#[test]
fn a_batch_that_cannot_be_shown_is_created_all_the_same() {
    run_test_with(teams(2), async |world| {
        let (route, fault) = (discord::Route::CreateMessage, discord::Fault::Forbidden(50013));
        world.discord.fail(route, fault, discord::Times::Always);
        let answer = world.ask(Who::Admin, &list([1, 2])).await;
        assert_snapshot!(private(&answer), @"The message that shows what becomes of `team-01` and 1 more couldn't be posted at once: the bot goes on trying. If it doesn't come, see whether the bot may send messages in this channel.");
        world.connect.wait_for(2, Route::CreateGroup).await;
        world.discord.clear_faults();
    });
}

#[test]
fn the_longest_names_of_a_menu_are_picked_and_their_request_fits_a_message() {
    let names: Vec<_> = (0..20).map(|number| format!("{}{number:02}", "営`".repeat(49))).collect();
    let mut setup = ldap_groups(names.clone());
    // So much text takes both sides their time on a busy machine.
    setup.discord.answer_within = Duration::from_secs(30);
    setup.discord.patience = Duration::from_mins(2);
    run_test_with(setup, async |world| {
        let found = world.search(Who::Member, "営").await;
        let menus = found.message().menus();
        let values: Vec<_> = menus[0].options.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values.len(), 20);
        let opened = world.member().pick(found.message(), &values).await;
        let reason = "*".repeat(500);
        let answer = world.member().submit(opened.form(), &[("reason", &reason)]).await;
        assert!(private(&answer).contains("and 19 more went to the admins, who can decide until"));
        let card = world.card(1, "Approve or deny").await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "All 20 are in Connect now.").await;
        let mut there: Vec<_> =
            world.connect.groups().into_iter().map(|group| group.name).collect();
        there.sort();
        assert_eq!(there, names);
    });
}

#[test]
fn one_group_that_never_comes_off_does_not_keep_the_others() {
    run_test_with(teams(4), async |world| {
        world.ask(Who::Member, &list(1..=4)).await;
        let card = world.card(1, "Approve or deny").await;
        world.connect.fail(Route::Search, Fault::Html(404), Times::Times(1));
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "All 4 are in Connect now.").await;
        assert!(!card.text().contains("already in use"), "{}", card.text());
        assert_eq!(world.puts(), 4);
    });
}

#[test]
fn the_longest_names_of_a_menu_are_shown_whole() {
    let name = |end: &str| format!("app-analytics-production-eu-west-1-finance-controlling-{end}");
    let pair = ["readers", "admins"].map(name);
    run_test_with(ldap_groups(pair.clone()), async |world| {
        world.ask(Who::Member, &pair.join(",")).await;
        let card = world.card(1, "Approve or deny").await;
        assert!(pair.iter().all(|name| card.text().contains(name)), "{}", card.text());
    });
    let many: Vec<_> = (0..20).map(|at| name(&format!("{}{at:02}", "x".repeat(40)))).collect();
    run_test_with(ldap_groups(many.clone()), async |world| {
        let found = world.search(Who::Member, "app").await;
        let menus = found.message().menus();
        let values: Vec<_> = menus[0].options.iter().map(|(_, value)| value.as_str()).collect();
        let opened = world.member().pick(found.message(), &values).await;
        world.member().submit(opened.form(), &[]).await;
        let card = world.card(1, "Approve or deny").await;
        assert!(many.iter().all(|name| card.text().contains(name)), "{}", card.text());
    });
}

#[test]
fn what_a_batch_created_itself_is_not_called_in_use_after_a_stop() {
    run_test_with(teams(2), async |world| {
        let found = world.search(Who::Admin, "team").await;
        world.connect.fail(Route::CreateGroup, Fault::LostAnswer, Times::Times(1));
        world.connect.fail(Route::Search, Fault::Error(30), Times::Times(2));
        let asked = world.admin().pick(found.message(), &["team-01", "team-02"]).await;
        world.admin().press(asked.message(), "Create").await;
        progress(world, "1 of 2 so far. Last try").await;
        world.stop_bot().await;
        world.start_bot().await;
        let message = progress(world, "**Created**").await;
        assert!(message.text().contains("Both are in Connect now."), "{}", message.text());
        assert_eq!(world.puts(), 2);
    });
}

#[test]
fn an_admins_batch_of_which_nothing_can_be_created_is_their_business_alone() {
    run_test_with(teams(3), async |world| {
        let guid = world.connect.import("team-03");
        let answer = world.ask(Who::Admin, "team-1, team-02x, team-03").await;
        assert!(private(&answer).contains(&guid));
        assert_snapshot!(masked(&private(&answer)), @r"
        Nothing was created:
        - LDAP has no group called `team-1`. Did you mean `team-01` or `team-02` or `team-03`?
        - LDAP has no group called `team-02x`. Did you mean `team-02` or `team-01` or `team-03`?
        - `team-03` is in Connect already, with the guid `<guid>`.
        ");
        assert!(world.discord.messages(CONNECT).is_empty());
        assert_eq!(world.puts(), 0);
        let history = world.admin().slash("history", &[("name", "team-1".into())]).await;
        assert!(private(&history).starts_with("Nobody has asked for"), "{}", history.text());
    });
}

#[test]
fn an_admin_reads_what_is_left_out_and_the_message_is_about_the_others() {
    run_test_with(teams(4), async |world| {
        world.connect.import("team-03");
        let answer = world.ask(Who::Admin, "team-01, team-2, team-03, team-04").await;
        assert_snapshot!(masked(&private(&answer)), @r"
        https://discord.com/channels/1098231477641412618/1098231940587810826/<id> shows what becomes of `team-01` and 1 more.
        Of the 4 names, 2 are left out:
        - LDAP has no group called `team-2`. Did you mean `team-02` or `team-01` or `team-03`?
        - `team-03` is in Connect already, with the guid `<guid>`.
        ");
        let message = progress(world, "**Created**").await;
        assert_snapshot!(masked(&message.text()), @r"
        ✅ **Created**
        <@391583201672822784> brought 2 LDAP groups into Connect.
        ✅ `team-01` · `<guid>`
        ✅ `team-04` · `<guid>`
        Begun <t:<time>:f>. Both are in Connect now.
        ");
        assert_eq!(world.puts(), 2);
    });
}

#[test]
fn who_finds_a_group_there_has_not_brought_it() {
    run_test_with(teams(3), async |world| {
        world.connect.fail(Route::CreateGroup, Fault::Hold, Times::Times(1));
        world.ask(Who::Admin, &list(1..=3)).await;
        world.connect.wait_for(1, Route::CreateGroup).await;
        world.connect.import("team-02");
        world.connect.release();
        let message = progress(world, "**Created**").await;
        assert_snapshot!(masked(&message.text()), @r"
        ✅ **Created**
        <@391583201672822784> brought 2 LDAP groups into Connect.
        ✅ `team-01` · `<guid>`
        ✅ `team-02` · `<guid>` · was there already
        ✅ `team-03` · `<guid>`
        Begun <t:<time>:f>. All 3 are in Connect now; 1 of them was there already.
        ");
        let history = world.admin().slash("history", &[("name", "team-02".into())]).await;
        let happened = history.text().lines().nth(1).unwrap_or_default().to_owned();
        assert_snapshot!(masked(&happened), @"**was in Connect already** · guid `<guid>` · <t:<time>:f>");
    });
}
