//! `/ldapgroup create`.

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{REQUESTS, Who};

use crate::world::{World, ldap_groups, run_test, run_test_with};

const SEARCH: &str = "GET v1/groups/remote";
const PUT: &str = "PUT v1/groups";
const GROUPS: &str = "GET v1/groups";

/// What an admin reads after creating `name`, with Connect's guid of `group` made readable.
async fn create(world: &World, name: &str, group: &str) -> (String, bool) {
    let answer = world.ask(Who::Admin, name).await;
    let mut text = answer.text();
    if let Some(guid) = world.connect.guid_of(group) {
        text = text.replace(&guid, "<guid>");
    }
    (text, answer.is_private())
}

async fn search(world: &World, prefix: &str) {
    let answer = world.search(Who::Admin, prefix).await;
    assert!(answer.text().contains("\n➕ `"), "{}", answer.text());
    world.connect.clear_requests();
}

#[test]
fn what_was_just_found_is_created_by_one_call() {
    run_test(async |world| {
        search(world, "accounting").await;
        let (text, private) = create(world, "accounting2", "accounting2").await;
        assert_snapshot!(text, @r"
        Created `accounting2` in Connect, with the guid `<guid>`.
        It can look empty at first: members appear as they log in, or with Connect's next LDAP sync.
        ");
        assert!(!private);
        assert_eq!(world.connect_calls(), [PUT]);
    });
}

#[test]
fn without_a_search_the_exact_name_is_searched_first() {
    run_test(async |world| {
        let (text, _) = create(world, "ABE-TEST", "ABE-TEST").await;
        assert!(
            text.starts_with("Created `ABE-TEST` in Connect, with the guid `<guid>`."),
            "{text}"
        );
        assert_eq!(world.connect_calls(), [SEARCH, PUT]);
        assert_eq!(world.connect.requests()[0].params[0].1, "ABE-TEST");
    });
}

#[test]
fn a_search_in_another_channel_does_not_count() {
    run_test(async |world| {
        let elsewhere = world.admin().in_channel(sandbox::discord::RANDOM);
        elsewhere.slash("search", &[("prefix", "accounting".into())]).await;
        world.connect.clear_requests();
        create(world, "accounting2", "accounting2").await;
        assert_eq!(world.connect_calls(), [SEARCH, PUT]);
    });
}

#[test]
fn a_name_in_other_case_is_taken_if_it_is_the_only_one() {
    run_test(async |world| {
        search(world, "accounting").await;
        let (text, _) = create(world, "Accounting2", "accounting2").await;
        assert!(text.starts_with("Created `accounting2` in Connect"), "{text}");
        assert_eq!(world.connect_calls(), [PUT]);
    });
}

#[test]
fn of_names_that_differ_in_case_only_the_exact_one_is_created() {
    run_test_with(ldap_groups(["Sales", "SALES"]), async |world| {
        let (text, private) = create(world, "sales", "").await;
        assert_snapshot!(text, @r"
        Several LDAP groups are called `sales`, in different case. None was created: use the name exactly as it is written.
        - `SALES`
        - `Sales`
        ");
        assert!(private);
        let (text, _) = create(world, "SALES", "SALES").await;
        assert!(text.starts_with("Created `SALES`"), "{text}");
        assert_eq!(world.connect_calls(), [SEARCH, SEARCH, PUT]);
    });
}

#[test]
fn two_groups_of_one_name_are_not_chosen_between() {
    run_test_with(ldap_groups(["twin", "twin"]), async |world| {
        search(world, "twin").await;
        let (text, _) = create(world, "twin", "").await;
        assert_snapshot!(text, @"LDAP has 2 groups called `twin`, and Connect can't tell them apart here. None was created: ask whoever runs LDAP which one is meant, and to rename the other.");
        assert!(world.connect.groups().is_empty());
    });
}

#[test]
fn an_unknown_name_offers_near_ones_and_creates_nothing() {
    run_test(async |world| {
        search(world, "accounting").await;
        let (text, private) = create(world, "acounting2", "").await;
        assert_snapshot!(text, @r"
        LDAP has no group called `acounting2`. Did you mean one of these?
        - `accounting2`
        - `accounting`
        - `accounting-apac`
        - `accounting-emea`
        ");
        assert!(private);
        assert_eq!(world.connect_calls(), [SEARCH]);
    });
}

#[test]
fn a_mistyped_name_finds_near_ones_without_a_search_before() {
    run_test(async |world| {
        let (text, _) = create(world, "accuonting2", "").await;
        assert!(text.contains("- `accounting2`"), "{text}");
        assert_eq!(world.connect_calls(), [SEARCH, SEARCH]);
    });
}

#[test]
fn a_prefix_of_other_names_is_not_a_name() {
    run_test(async |world| {
        search(world, "ABE").await;
        let (text, _) = create(world, "AB", "").await;
        assert!(text.starts_with("LDAP has no group called `AB`. Did you mean"), "{text}");
        assert!(!world.connect_calls().contains(&PUT.to_owned()));
    });
}

#[test]
fn a_group_that_connect_has_is_in_use_without_a_call() {
    run_test(async |world| {
        search(world, "accounting").await;
        let (text, private) = create(world, "accounting", "accounting").await;
        assert_snapshot!(text, @r"
        The requested group name is already in use.
        `accounting` is in Connect, with the guid `<guid>`: share content with it there.
        ");
        assert!(private);
        assert!(world.connect_calls().is_empty());
    });
}

#[test]
fn what_was_created_is_in_use_afterwards() {
    run_test(async |world| {
        search(world, "accounting").await;
        create(world, "accounting2", "accounting2").await;
        let (text, _) = create(world, "accounting2", "accounting2").await;
        assert!(text.starts_with("The requested group name is already in use.\n"), "{text}");
        assert_eq!(world.connect_calls(), [PUT]);
    });
}

#[test]
fn a_group_imported_meanwhile_is_in_use_with_its_guid() {
    run_test(async |world| {
        search(world, "accounting").await;
        world.connect.import("accounting2");
        let (text, _) = create(world, "accounting2", "accounting2").await;
        assert_snapshot!(text, @r"
        The requested group name is already in use.
        `accounting2` is in Connect, with the guid `<guid>`: share content with it there.
        ");
        assert_eq!(world.connect_calls(), [PUT, SEARCH]);
    });
}

#[test]
fn a_name_taken_by_another_group_is_in_use_with_its_guid() {
    run_test(async |world| {
        search(world, "accounting").await;
        world.connect.add_local_group("accounting2");
        let (text, _) = create(world, "accounting2", "accounting2").await;
        assert_snapshot!(text, @r"
        The requested group name is already in use.
        Connect's `accounting2`, with the guid `<guid>`, isn't LDAP's: whoever runs Connect can rename or remove it.
        ");
        assert_eq!(world.connect_calls(), [PUT, GROUPS]);
    });
}

#[test]
fn a_name_that_connect_has_in_other_case_is_refused_for_what_it_is() {
    run_test_with(ldap_groups(["Finance", "FINANCE"]), async |world| {
        world.connect.import("Finance");
        let (text, private) = create(world, "FINANCE", "Finance").await;
        assert_snapshot!(text, @r"
        The requested group name is already in use.
        Connect has `Finance`, with the guid `<guid>`, and ignores case in names: it can't have `FINANCE` beside it. If that isn't the group you need, one of the two must get another name.
        ");
        assert!(private);
        assert_eq!(world.connect_calls(), [SEARCH], "nothing is sent that can't be carried out");
        search(world, "finance").await;
        assert_eq!(create(world, "FINANCE", "Finance").await.0, text);
        let guid = world.connect.guid_of("Finance").unwrap();
        let asked = world.ask(Who::Member, "FINANCE").await;
        assert_eq!(asked.text().replace(&guid, "<guid>"), text);
        let several = world.ask(Who::Member, "FINANCE, unknown").await;
        assert_snapshot!(several.text().replace(&guid, "<guid>"), @r"
        There is no new request.
        - `FINANCE` can't be beside `Finance`, which Connect has with the guid `<guid>`: it ignores case.
        - LDAP has no group called `unknown`.
        ");
        assert!(world.discord.messages(REQUESTS).is_empty());
    });
}

#[test]
fn a_name_that_connect_got_in_other_case_meanwhile_is_refused_for_what_it_is() {
    run_test_with(ldap_groups(["Finance", "FINANCE"]), async |world| {
        search(world, "finance").await;
        world.connect.import("Finance");
        let (text, _) = create(world, "FINANCE", "Finance").await;
        assert!(
            text.contains("Connect has `Finance`, with the guid `<guid>`, and ignores case"),
            "{text}"
        );
        assert_eq!(world.connect_calls(), [PUT, GROUPS]);
    });
}

#[test]
fn a_second_create_never_offers_another_group_for_the_one_of_ldap() {
    run_test(async |world| {
        search(world, "accounting").await;
        world.connect.add_local_group("accounting2");
        let (first, _) = create(world, "accounting2", "accounting2").await;
        assert!(first.contains("isn't LDAP's: whoever runs Connect can"), "{first}");
        let (second, _) = create(world, "accounting2", "accounting2").await;
        assert_eq!(second, first);
    });
}

#[test]
fn a_name_that_connect_has_beside_the_group_of_ldap_is_in_use_without_a_try() {
    run_test(async |world| {
        world.connect.add_local_group("accounting2");
        let (text, private) = create(world, "accounting2", "accounting2").await;
        assert_snapshot!(text, @r"
        The requested group name is already in use.
        Connect's `accounting2`, with the guid `<guid>`, isn't LDAP's: whoever runs Connect can rename or remove it.
        ");
        assert!(private);
        assert_eq!(world.connect_calls(), [SEARCH]);
    });
}

#[test]
fn of_two_groups_of_one_name_none_is_created_beside_the_one_that_is_there() {
    run_test_with(ldap_groups(["twin", "twin"]), async |world| {
        world.connect.import("twin");
        search(world, "twin").await;
        let (text, _) = create(world, "twin", "twin").await;
        assert!(text.starts_with("The requested group name is already in use.\n"), "{text}");
        assert!(text.contains("Connect's `twin`, with the guid `<guid>`, isn't LDAP's"), "{text}");
        assert_eq!(world.connect.groups().len(), 1);
    });
}

#[test]
fn a_stale_ticket_is_renewed_once() {
    run_test(async |world| {
        search(world, "accounting").await;
        world.connect.expire_tickets();
        let (text, _) = create(world, "accounting2", "accounting2").await;
        assert!(text.starts_with("Created `accounting2`"), "{text}");
        assert_eq!(world.connect_calls(), [PUT, SEARCH, PUT]);
    });
}

#[test]
fn a_ticket_that_is_never_taken_is_renewed_only_once() {
    run_test(async |world| {
        world.connect.fail(Route::CreateGroup, Fault::Error(127), Times::Always);
        let (text, private) = create(world, "accounting2", "").await;
        assert!(
            text.starts_with("No group was created. Connect refused, with code 127: `"),
            "{text}"
        );
        assert!(private);
        assert_eq!(world.connect_calls(), [SEARCH, PUT, SEARCH, PUT]);
    });
}

#[test]
fn a_lost_answer_is_found_out_by_looking() {
    run_test(async |world| {
        search(world, "accounting").await;
        world.connect.fail(Route::CreateGroup, Fault::LostAnswer, Times::Times(1));
        let (text, _) = create(world, "accounting2", "accounting2").await;
        assert_snapshot!(text, @r"
        Created `accounting2` in Connect, with the guid `<guid>`.
        Connect's answer got lost, but the group is there. It can look empty at first: members appear as they log in, or with Connect's next LDAP sync.
        ");
        assert_eq!(world.connect_calls(), [PUT, SEARCH]);
    });
}

#[test]
fn a_creation_that_may_still_come_about_is_not_called_failed_and_not_repeated() {
    run_test(async |world| {
        search(world, "accounting").await;
        world.connect.fail(Route::CreateGroup, Fault::Cut, Times::Always);
        let answer = world.ask(Who::Admin, "accounting2").await;
        let text = answer.text();
        assert_snapshot!(text.rsplit_once('\n').unwrap().0, @"The connection to Connect broke. The group is not there now, but may still come: search for it in a minute, before you create it again.");
        assert!(answer.is_private());
        assert!(answer.is_deferred());
        assert_eq!(world.connect_calls(), [PUT, SEARCH, SEARCH]);
    });
}

#[test]
fn any_answer_that_says_nothing_about_the_group_is_looked_into() {
    run_test(async |world| {
        for (name, fault) in [
            ("accounting2", Fault::Error(1)),
            ("accounting-emea", Fault::Html(502)),
            ("accounting-apac", Fault::Garbage),
        ] {
            search(world, "accounting").await;
            world.connect.fail(Route::CreateGroup, fault, Times::Times(1));
            let (text, private) = create(world, name, "").await;
            assert!(text.contains("The group is not there now, but may still come"), "{text}");
            assert!(private);
            assert_eq!(world.connect_calls(), [PUT, SEARCH, SEARCH]);
        }
    });
}

#[test]
fn a_creation_that_nobody_could_look_into_is_called_unknown() {
    run_test(async |world| {
        search(world, "accounting").await;
        world.connect.fail(Route::CreateGroup, Fault::LostAnswer, Times::Times(1));
        world.connect.fail(Route::Search, Fault::Error(22), Times::Always);
        let (text, private) = create(world, "accounting2", "").await;
        assert_snapshot!(text.rsplit_once('\n').unwrap().0, @"The connection to Connect broke. Whether the group was created isn't known: search for it before you create it again.");
        assert!(private);
        assert!(world.connect.guid_of("accounting2").is_some());
    });
}

#[test]
fn a_definite_no_says_that_nothing_was_changed() {
    run_test(async |world| {
        world.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        let (text, private) = create(world, "accounting2", "").await;
        assert_snapshot!(text.rsplit_once('\n').unwrap().0, @"No group was created. Connect's licence doesn't allow it. Tell whoever runs Connect.");
        assert!(private);
        assert_eq!(world.connect_calls(), [SEARCH, PUT]);
    });
}

#[test]
fn two_admins_at_once_create_one_group() {
    run_test(async |world| {
        search(world, "accounting").await;
        let second = world.discord.person(Who::SecondAdmin);
        let options = [("name", "accounting2".into())];
        let pending =
            [world.admin().start_slash("create", &options), second.start_slash("create", &options)];
        let (first, second) = tokio::join!(pending[0].answer(), pending[1].answer());
        let guid = world.connect.guid_of("accounting2").unwrap();
        let texts = [first.text(), second.text()];
        assert!(texts.iter().any(|text| text.contains(&guid)), "{texts:?}");
        let known =
            |text: &String| text.contains(&guid) || text.contains("is being created right now");
        assert!(texts.iter().all(known), "{texts:?}");
        let puts = world.connect.requests().into_iter().filter(|seen| seen.method == "PUT");
        let succeeded = puts.filter(|seen| seen.status == Some(200));
        assert_eq!(succeeded.count(), 1);
        let named = world.connect.groups().into_iter().filter(|group| group.name == "accounting2");
        assert_eq!(named.count(), 1);
    });
}
