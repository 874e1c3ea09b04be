//! `/ldapgroup requests` and `/ldapgroup history`, their pages, and what is suggested.

use insta::assert_snapshot;
use sandbox::discord::{REQUESTS, Reply, Who};

use crate::world::{Setup, World, labels, masked, private, run_test_with, setup, team};

/// Many may be asked for.
fn roomy() -> Setup {
    setup(&[("MAX_OPEN_REQUESTS", "100")])
}

fn teams(count: usize) -> Vec<String> {
    (1..=count).map(team).collect()
}

async fn requests(world: &World, who: Who, state: Option<&str>) -> String {
    let options: Vec<_> = state.map(|state| ("state", state.into())).into_iter().collect();
    private(&world.discord.person(who).slash("requests", &options).await)
}

#[test]
fn members_see_their_own_requests_and_admins_everyones() {
    run_test_with(roomy(), async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.ask(Who::OtherMember, "ABE-TEST").await;
        world.ask(Who::Member, "abe-test").await;
        let card = world.card(1, "Approve or deny").await;
        world.card(2, "Also asked").await;
        let all = requests(world, Who::Admin, None).await;
        assert_snapshot!(masked(&all), @r"
        **2 open requests**
        [request 2](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>) · `ABE-TEST` · <@623940187264385034> · waiting · <t:<time>:R>
        [request 1](https://discord.com/channels/1098231477641412618/1098232018379395073/<id>) · `accounting2` · <@518402736190455808> · waiting · <t:<time>:R>
        ");
        assert!(all.contains(&format!("{REQUESTS}/{}", card.id)), "{all}");
        assert_eq!(requests(world, Who::Member, None).await, all, "who joined sees it too");
        let others = requests(world, Who::OtherMember, None).await;
        assert!(others.starts_with("**1 open request**\n"), "{others}");
        assert!(others.contains("`ABE-TEST`"), "{others}");
        assert_snapshot!(requests(world, Who::Guest, None).await, @"There are no open requests.");
    });
}

#[test]
fn the_state_is_a_choice() {
    run_test_with(roomy(), async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.ask(Who::Member, "ABE-TEST").await;
        let card = world.card(1, "Approve or deny").await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
        let created = requests(world, Who::Admin, Some("created")).await;
        assert!(created.starts_with("**1 created request**\n"), "{created}");
        assert!(created.contains("`accounting2`") && created.contains("· created ·"), "{created}");
        for (state, wanted) in [
            ("open", "**1 open request**\n"),
            ("pending", "**1 waiting request**\n"),
            ("creating", "There are no requests under way."),
            ("denied", "There are no denied requests."),
            ("all", "**2 requests**\n"),
        ] {
            let listed = requests(world, Who::Member, Some(state)).await;
            assert!(listed.starts_with(wanted), "{listed}");
        }
        assert_eq!(requests(world, Who::Guest, Some("all")).await, "There are no requests.");
    });
}

#[test]
fn buttons_turn_the_pages_of_many_requests() {
    run_test_with(roomy().ldap_groups(teams(21)), async |world| {
        for name in teams(21) {
            world.ask(Who::Member, &name).await;
        }
        let first = world.admin().slash("requests", &[]).await;
        assert!(private(&first).ends_with("\n-# page 1 of 3"), "{}", first.text());
        assert_eq!(labels(first.message()), ["▶"]);
        let second = world.admin().press(first.message(), "▶").await;
        assert!(matches!(second.reply, Reply::Update(_)));
        assert!(second.text().ends_with("\n-# page 2 of 3"), "{}", second.text());
        assert_eq!(labels(second.message()), ["◀", "▶"]);
        let third = world.admin().press(second.message(), "▶").await;
        assert!(third.text().contains("`team-01`"), "{}", third.text());
        assert_eq!(labels(third.message()), ["◀"]);

        // Those of the last page go, and whoever has the page before turns to it.
        for number in 1..=5 {
            world.cancel(Who::Member, number).await;
        }
        let back = world.admin().press(third.message(), "◀").await;
        assert!(back.text().ends_with("\n-# page 2 of 2"), "{}", back.text());
        let beyond = world.admin().press_custom_id("requests:open:2", back.message()).await;
        assert!(beyond.text().ends_with("\n-# page 2 of 2"), "{}", beyond.text());
    });
}

#[test]
fn rights_are_asked_again_at_every_page() {
    run_test_with(roomy().ldap_groups(teams(11)), async |world| {
        for name in teams(11) {
            world.ask(Who::Member, &name).await;
        }
        let first = world.admin().slash("requests", &[]).await;
        world.discord.set_roles(Who::Admin, &[]);
        let second = world.admin().press(first.message(), "▶").await;
        assert_eq!(second.text(), "There are no open requests.");
    });
}

#[test]
fn pages_of_the_longest_names_fit() {
    let long = |n: usize| format!("{n:02}{}", "営`".repeat(2000));
    run_test_with(roomy().ldap_groups((0..12).map(long)), async |world| {
        for n in 0..12 {
            world.ask(Who::Member, &long(n)).await;
        }
        let first = world.admin().slash("requests", &[]).await;
        assert!(private(&first).starts_with("**12 open requests**"), "{}", first.text());
        let second = world.admin().press(first.message(), "▶").await;
        assert!(second.text().contains("\n-# page 2 of "), "{}", second.text());
    });
}

#[test]
fn the_history_of_a_group_says_who_did_what_for_admins_alone() {
    run_test_with(roomy(), async |world| {
        let options = [("name", "accounting2".into()), ("reason", "for the budget app".into())];
        world.member().slash("create", &options).await;
        let card = world.card(1, "Approve or deny").await;
        let opened = world.admin().press(&card, "Deny").await;
        world.admin().submit(opened.form(), &[("reason", "use *accounting*")]).await;
        world.card(1, "**Denied**").await;
        world.ask(Who::Admin, "accounting2").await;
        let history = world.admin().slash("history", &[("name", "Accounting2".into())]).await;
        assert_snapshot!(masked(&private(&history)), @r"
        **History of `Accounting2`**: 4 steps, the latest first
        **created** by <@391583201672822784> · guid `<guid>` · <t:<time>:f>
        -# request 2 · reference `<guid>`
        **begun** by <@391583201672822784> · <t:<time>:f>
        -# request 2 · reference `<guid>`
        **denied** by <@391583201672822784>: use \*accounting\* · <t:<time>:f>
        -# request 1 · reference `<guid>`
        **asked for** by <@518402736190455808>: for the budget app · <t:<time>:f>
        -# request 1 · reference `<guid>`
        ");
        let refused = world.member().slash("history", &[("name", "accounting2".into())]).await;
        assert!(private(&refused).starts_with("Only an administrator"), "{}", refused.text());
        let none = world.admin().slash("history", &[("name", "ABE-TEST".into())]).await;
        assert_snapshot!(private(&none), @"Nobody has asked for `ABE-TEST` here.");
    });
}

#[test]
fn a_step_names_the_correlation_id_that_connect_got() {
    run_test_with(roomy(), async |world| {
        world.ask(Who::Admin, "accounting2").await;
        let requests = world.connect.requests();
        let put = requests.iter().find(|seen| seen.method == "PUT").unwrap();
        let history = world.admin().slash("history", &[("name", "accounting2".into())]).await;
        assert_eq!(history.text().matches(&put.correlation_id).count(), 2, "{}", history.text());
    });
}

#[test]
fn buttons_turn_the_pages_of_a_long_history_whose_name_a_button_can_carry() {
    let name = format!("x:{}", "営`:".repeat(29));
    run_test_with(roomy().ldap_groups([name.clone()]), async |world| {
        let reason = "*".repeat(500);
        for number in 1..=6 {
            let options = [("name", name.as_str().into()), ("reason", reason.as_str().into())];
            world.member().slash("create", &options).await;
            world.cancel(Who::Member, number).await;
        }
        let typed = world.admin().autocomplete("history", &[], ("name", "x:")).await.unwrap();
        assert_eq!(typed.len(), 1);
        let first = world.admin().slash("history", &[("name", typed[0].value.clone())]).await;
        assert!(private(&first).starts_with("**History of `x:営"), "{}", first.text());
        let second = world.admin().press(first.message(), "▶").await;
        assert!(second.text().contains("\n-# page 2 of "), "{}", second.text());
        assert_ne!(first.text(), second.text());
    });
}

#[test]
fn only_what_one_may_cancel_or_leave_is_suggested() {
    let long = format!("Z{}", "営".repeat(300));
    let names = ["accounting2", "ABE-TEST", "ABE-TEST-2", "IT", &long];
    run_test_with(roomy().ldap_groups(names), async |world| {
        for (who, name) in [
            (Who::Member, "accounting2"),
            (Who::OtherMember, "ABE-TEST"),
            (Who::Member, "ABE-TEST-2"),
            (Who::Member, "IT"),
            (Who::Member, "abe-test"),
        ] {
            world.ask(who, name).await;
        }
        let card = world.card(4, "Approve or deny").await;
        world.admin().press(&card, "Approve").await;
        world.card(4, "**Created**").await;
        let offered = async |who: Who, typed: &str| {
            let person = world.discord.person(who);
            let choices = person.autocomplete("cancel", &[], ("request", typed)).await.unwrap();
            choices.into_iter().map(|choice| choice.name).collect::<Vec<_>>()
        };
        let others = |number: u32, name: &str| format!("{number}: {name} (somebody else's)");
        assert_eq!(
            offered(Who::Admin, "").await,
            [others(3, "ABE-TEST-2"), others(2, "ABE-TEST"), others(1, "accounting2")]
        );
        assert_eq!(
            offered(Who::Member, "").await,
            ["3: ABE-TEST-2 (yours)", "2: ABE-TEST (joined by you)", "1: accounting2 (yours)"]
        );
        assert_eq!(offered(Who::Member, "1").await, ["1: accounting2 (yours)"]);
        assert_eq!(
            offered(Who::Admin, "test").await,
            [others(3, "ABE-TEST-2"), others(2, "ABE-TEST")]
        );
        assert_eq!(offered(Who::OtherMember, "").await, ["2: ABE-TEST (yours)"]);
        assert!(offered(Who::Guest, "").await.is_empty());
        world.cancel(Who::Member, 2).await;
        assert_eq!(offered(Who::Member, "test").await, ["3: ABE-TEST-2 (yours)"]);
        world.ask(Who::Guest, &format!("{long}, accounting2")).await;
        let [longest, _] = &offered(Who::Guest, "").await[..] else { panic!() };
        assert!(longest.starts_with("5: Z営") && longest.ends_with("… (yours)"), "{longest}");
        assert!(longest.chars().count() <= 100, "{longest}");
    });
}

#[test]
fn an_admins_own_requests_are_suggested_first_and_none_that_they_have_left() {
    run_test_with(setup(&[("ADMIN_CREATES", "approval")]), async |world| {
        for (who, name) in [
            (Who::Admin, "accounting2"),
            (Who::Admin, "ABE-TEST-2"),
            (Who::Member, "ABE-TEST-2"),
            (Who::Member, "ABE-TEST"),
        ] {
            world.ask(who, name).await;
        }
        world.cancel(Who::Admin, 2).await;
        let choices = world.admin().autocomplete("cancel", &[], ("request", "")).await.unwrap();
        let names: Vec<_> = choices.into_iter().map(|choice| choice.name).collect();
        assert_eq!(names, ["1: accounting2 (yours)", "3: ABE-TEST (somebody else's)"]);
    });
}

#[test]
fn groups_with_a_history_are_suggested_to_admins() {
    run_test_with(roomy(), async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.ask(Who::Admin, "ABE-TEST").await;
        let offered = async |who: Who, typed: &str| {
            let person = world.discord.person(who);
            let choices = person.autocomplete("history", &[], ("name", typed)).await.unwrap();
            choices.into_iter().map(|choice| choice.name).collect::<Vec<_>>()
        };
        assert_eq!(offered(Who::Admin, "").await, ["ABE-TEST", "accounting2"]);
        assert_eq!(offered(Who::Admin, "COUNT").await, ["accounting2"]);
        assert!(offered(Who::Admin, "%").await.is_empty());
        assert!(offered(Who::Member, "").await.is_empty());
    });
}
