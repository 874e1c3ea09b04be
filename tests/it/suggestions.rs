//! Suggestions for the name of `/ldapgroup create`.

use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{Choice, Who};

use crate::world::{Setup, World, in_time, ldap_groups, run_test, run_test_with, setup};

async fn suggested(world: &World, typed: &str) -> Vec<Choice> {
    world.admin().autocomplete("create", &[], ("name", typed)).await.unwrap()
}

fn names(choices: &[Choice]) -> Vec<&str> {
    choices.iter().map(|choice| choice.name.as_str()).collect()
}

#[test]
fn they_come_from_the_latest_search_of_the_channel_without_a_call() {
    run_test(async |world| {
        world.search(Who::Admin, "ABE").await;
        world.connect.clear_requests();
        let choices = suggested(world, "").await;
        assert_eq!(names(&choices), ["ABE-TEST", "ABE-TEST-2", "ABE · already in Connect"]);
        assert_eq!(choices[2].value, "ABE");
        assert_eq!(names(&suggested(world, "abe-t").await), ["abe-t", "ABE-TEST", "ABE-TEST-2"]);
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn without_a_search_they_are_looked_up_from_two_letters_on() {
    run_test_with(Setup::default().alone(), async |world| {
        assert!(suggested(world, "a").await.is_empty());
        assert!(world.connect.requests().is_empty());
        assert!(names(&suggested(world, "ac").await).contains(&"accounting2"));
        assert!(names(&suggested(world, "accounting2").await).contains(&"accounting2"));
        assert_eq!(world.connect.requests().len(), 1, "typing on asks Connect no more");
    });
}

#[test]
fn what_was_picked_from_a_live_search_is_created_by_one_call() {
    run_test(async |world| {
        let choices = suggested(world, "accounting2").await;
        world.connect.clear_requests();
        let answer = world.admin().slash("create", &[("name", choices[0].value.clone())]).await;
        assert!(answer.text().starts_with("Created `accounting2`"), "{}", answer.text());
        assert_eq!(world.connect_calls(), ["PUT v1/groups"]);
    });
}

#[test]
fn a_live_search_never_takes_the_place_of_a_real_one() {
    run_test(async |world| {
        world.search(Who::Admin, "accounting").await;
        assert!(names(&suggested(world, "ABE-").await).contains(&"ABE-TEST"));
        world.connect.clear_requests();
        world.ask(Who::Admin, "accounting2").await;
        assert_eq!(world.connect_calls(), ["PUT v1/groups"]);
    });
}

/// A test after a search that has *Accounting Auditors* in it.
fn after_a_search(test: impl AsyncFnOnce(&mut World)) {
    let groups = ["Accounting Auditors", "IT", "IT-Ops", "legal", "ABE-TEST"];
    run_test_with(ldap_groups(groups), async |world| {
        world.connect.import("IT");
        world.search(Who::Admin, "acc").await;
        test(world).await;
    });
}

#[test]
fn the_exact_name_comes_first_then_those_that_begin_so_then_those_that_hold_it() {
    after_a_search(async |world| {
        let offered = suggested(world, "it").await;
        assert_eq!(names(&offered), ["IT · already in Connect", "IT-Ops", "Accounting Auditors"]);
    });
}

#[test]
fn what_was_typed_comes_first_if_no_name_is_exactly_so() {
    after_a_search(async |world| {
        for (typed, whole) in [("audit", "Accounting Auditors"), ("IT-O", "IT-Ops")] {
            let offered = suggested(world, typed).await;
            assert_eq!(names(&offered), [typed, whole]);
            let values: Vec<_> = offered.iter().map(|choice| &choice.value).collect();
            assert_eq!(values, [typed, whole]);
        }
        assert_eq!(names(&suggested(world, "legal, ABE").await), ["legal, ABE", "legal, ABE-TEST"]);
        // Who stops at the comma gets no name that they didn't type.
        let offered = suggested(world, "legal, ").await;
        assert_eq!(names(&offered), ["legal", "legal, Accounting Auditors"]);
    });
}

#[test]
fn a_person_has_one_search_for_suggestions_at_a_time() {
    run_test_with(Setup::default().alone(), async |world| {
        world.connect.fail(Route::Search, Fault::Hold, Times::Always);
        for typed in ["acc", "fin", "sal"] {
            assert!(suggested(world, typed).await.is_empty());
        }
        assert_eq!(world.connect_calls().len(), 1);
        let other = world.member().autocomplete("create", &[], ("name", "bil")).await.unwrap();
        assert!(other.is_empty());
        assert_eq!(world.connect_calls().len(), 2, "others have their own");
        world.connect.release();
    });
}

#[test]
fn a_stop_waits_for_no_suggestion() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Hold, Times::Always);
        assert!(suggested(world, "acc").await.is_empty());
        world.stop_bot_soon().await;
        world.start_bot().await;
        world.connect.release();
    });
}

#[test]
fn a_slow_connect_suggests_nothing_rather_than_too_late_and_the_next_letter_finds_it() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Hold, Times::Times(1));
        assert!(suggested(world, "acc").await.is_empty());
        world.connect.release();
        in_time(async { while suggested(world, "acco").await.is_empty() {} }).await;
        assert_eq!(world.connect.requests()[0].params[0].1, "acc");
    });
}

#[test]
fn a_failing_connect_suggests_nothing() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Error(1), Times::Always);
        assert!(suggested(world, "acc").await.is_empty());
    });
}

#[test]
fn there_are_never_more_than_discord_takes() {
    run_test_with(ldap_groups((0..200).map(|n| format!("team-{n:03}"))), async |world| {
        assert_eq!(suggested(world, "team").await.len(), 25);
    });
}

#[test]
fn a_name_longer_than_discord_takes_is_typed_instead() {
    let long = "研究開発 ".repeat(60) + "1";
    run_test_with(ldap_groups([long.clone()]), async |world| {
        assert!(suggested(world, "研究").await.is_empty());
        let answer = world.ask(Who::Admin, &long).await;
        assert!(answer.text().starts_with("Created `研究開発"), "{}", answer.text());
        assert!(world.connect.guid_of(&long).is_some());
    });
}

#[test]
fn who_may_not_search_is_suggested_nothing() {
    run_test_with(setup(&[("REQUESTER_ROLE_IDS", sandbox::discord::MEMBER_ROLE)]), async |world| {
        let guest = world.discord.person(Who::Guest);
        let choices = guest.autocomplete("create", &[], ("name", "accounting")).await.unwrap();
        assert!(choices.is_empty());
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn after_a_comma_the_next_name_is_suggested() {
    let names = ["accounting", "admins", "Sales, EMEA"];
    run_test_with(ldap_groups(names), async |world| {
        let offered = async |typed: &str| {
            let choices =
                world.member().autocomplete("create", &[], ("name", typed)).await.unwrap();
            choices.into_iter().map(|choice| (choice.name, choice.value)).collect::<Vec<_>>()
        };
        let same = |text: &str| (text.to_owned(), serde_json::Value::from(text));
        let both = |typed: &str, whole: &str| [same(typed), same(whole)];
        let offer = offered("accounting, ad").await;
        assert_eq!(offer, both("accounting, ad", "accounting, admins"));
        assert_eq!(offered("x,y,  ADM").await, both("x,y, ADM", "x,y, admins"));
        assert_eq!(offered("x, ADMINS").await, [same("x, admins")]);
        // Nobody wants one twice.
        assert_eq!(offered("Accounting, acc").await, []);
        // A name with a comma of its own can't be one of several.
        assert_eq!(offered("accounting, sal").await, []);
        world.search(Who::Member, "sales").await;
        assert_eq!(offered("Sales, E").await, both("Sales, E", "Sales, EMEA"));
    });
}

#[test]
fn a_mistyped_name_is_offered_the_nearest_ones_after_itself_and_said_to_be_no_more() {
    run_test(async |world| {
        suggested(world, "ac").await;
        world.connect.clear_requests();
        let offered = suggested(world, "acounting2").await;
        assert_eq!(
            names(&offered)[..2],
            ["acounting2", "Did you mean accounting2?"],
            "who presses Enter sends what they typed"
        );
        let values: Vec<_> = offered.iter().map(|choice| &choice.value).take(2).collect();
        assert_eq!(values, ["acounting2", "accounting2"]);
        assert!(world.connect.requests().is_empty(), "Connect isn't asked for it");
        assert_eq!(names(&suggested(world, "acxyz").await), Vec::<&str>::new());
        let second = suggested(world, "ABE, acounting2").await;
        assert_eq!(names(&second)[..2], ["ABE, acounting2", "ABE, Did you mean accounting2?"]);
        assert_eq!(second[1].value, "ABE, accounting2");
    });
}
