//! The pages of a search, and the menu under each.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{MEMBER_ROLE, Message, Reply, Who};
use serde_json::json;

use crate::world::{
    World, is_over_http, labels, ldap_groups, masked, private, run_test_with, setup,
};

/// The label of the button that searches again.
const AGAIN: &str = "🔄 Search again";

fn teams(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("team-{n:03}")).collect()
}

/// The first page of a search; what Connect was asked for it is forgotten.
async fn search(world: &World, prefix: &str) -> Message {
    let answer = world.search(Who::Member, prefix).await;
    world.connect.clear_requests();
    answer.message().clone()
}

/// The message after a page was turned in it, for which the bot did nothing else.
async fn turn(world: &World, message: &Message, label: &str) -> Message {
    let before = world.discord.requests().len();
    let answer = world.member().press(message, label).await;
    let Reply::Update(turned) = answer.reply else { panic!("{label}: {:?}", answer.reply) };
    let callbacks = usize::from(!is_over_http());
    let made = world.discord.requests().len() - before;
    assert_eq!(made, callbacks, "one callback and nothing else");
    assert_eq!(turned.id, message.id);
    assert!(turned.pings.is_empty());
    turned
}

fn place(message: &Message) -> &str {
    let line = message.content.lines().find_map(|line| line.strip_prefix("-# page ")).unwrap();
    line.split_once(" · as of <t:").unwrap().0
}

/// What can be picked under a message.
fn options(message: &Message) -> Vec<String> {
    let menus = message.menus().into_iter();
    menus.flat_map(|menu| menu.options).map(|(label, _)| label).collect()
}

fn now(world: &World, message: &Message) -> Message {
    world.discord.message(message.id).unwrap()
}

#[test]
fn pages_turn_to_the_last_and_back_by_one_callback_each_and_no_call_to_connect() {
    run_test_with(ldap_groups(teams(60)), async |world| {
        for team in teams(12) {
            world.connect.import(&team);
        }
        let first = search(world, "team").await;
        assert_snapshot!(first.content.lines().next().unwrap(), @"**60 LDAP groups** begin with `team`: ✅ 12 are in Connect, ➕ 48 aren't yet.");
        assert_eq!(
            (place(&first), labels(&first)),
            ("1 of 3", vec!["▶".to_owned(), AGAIN.to_owned()])
        );
        let second = turn(world, &first, "▶").await;
        assert_snapshot!(masked(&second.content), @r"
        **60 LDAP groups** begin with `team`: ✅ 12 are in Connect, ➕ 48 aren't yet.
        ➕ `team-021`
        ➕ `team-022`
        ➕ `team-023`
        ➕ `team-024`
        ➕ `team-025`
        ➕ `team-026`
        ➕ `team-027`
        ➕ `team-028`
        ➕ `team-029`
        ➕ `team-030`
        ➕ `team-031`
        ➕ `team-032`
        ➕ `team-033`
        ➕ `team-034`
        ➕ `team-035`
        ➕ `team-036`
        ➕ `team-037`
        ➕ `team-038`
        ➕ `team-039`
        ➕ `team-040`
        -# page 2 of 3 · as of <t:<time>:R>
        ");
        assert_eq!(labels(&second), ["◀", "▶", AGAIN]);
        let third = turn(world, &second, "▶").await;
        assert_eq!(
            (place(&third), labels(&third)),
            ("3 of 3", vec!["◀".to_owned(), AGAIN.to_owned()])
        );
        assert!(third.content.contains("\n➕ `team-060`\n"), "{}", third.content);
        let back = turn(world, &third, "◀").await;
        assert_eq!(back.content, second.content);
        let again = turn(world, &back, "◀").await;
        assert_eq!((&again.content, &again.components), (&first.content, &first.components));
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn a_turned_page_never_shows_another_group_for_the_one_of_ldap() {
    run_test_with(ldap_groups(teams(30)), async |world| {
        let first = search(world, "team").await;
        world.connect.add_local_group("team-025");
        world.ask(Who::Admin, "team-025").await;
        let second = turn(world, &first, "▶").await;
        assert!(second.content.contains("\n➕ `team-025`\n"), "{}", second.content);
        assert!(options(&second).contains(&"team-025".to_owned()));
    });
}

#[test]
fn five_hundred_hits_say_that_there_may_be_more_on_each_of_their_25_pages() {
    run_test_with(ldap_groups(teams(600)), async |world| {
        let mut page = search(world, "team").await;
        for n in 2..=25 {
            page = turn(world, &page, "▶").await;
            assert_eq!(place(&page), format!("{n} of 25"));
            assert_eq!(page.content.matches("\n➕ ").count(), 20);
        }
        assert_eq!(labels(&page), ["⏮", "◀", AGAIN]);
        let page = turn(world, &page, "⏮").await;
        assert_eq!(
            (place(&page), labels(&page)),
            ("1 of 25", ["▶", "⏭", AGAIN].map(str::to_owned).to_vec())
        );
        let page = turn(world, &page, "⏭").await;
        let notes = masked(page.content.lines().next_back().unwrap());
        assert_snapshot!(notes, @"-# page 25 of 25 · as of <t:<time>:R>");
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn what_fits_one_page_has_no_number_and_no_button() {
    run_test_with(ldap_groups(teams(20)), async |world| {
        let page = search(world, "team").await;
        assert!(!page.content.contains("page "), "{}", page.content);
        assert_eq!(labels(&page), [AGAIN]);
        assert_eq!(options(&page), teams(20));
    });
}

#[test]
fn a_search_that_went_stale_is_made_again_silently() {
    run_test_with(setup(&[("TICKET_TTL", "1s")]).ldap_groups(teams(60)), async |world| {
        let first = search(world, "team").await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        world.connect.import("team-021");
        let second = turn(world, &first, "▶").await;
        assert_eq!(world.connect_calls(), ["GET v1/groups/remote"]);
        let guid = world.connect.guid_of("team-021").unwrap();
        assert!(
            second.content.contains(&format!("\n✅ `team-021` · `{guid}`\n")),
            "{}",
            second.content
        );
    });
}

#[test]
fn a_search_that_another_took_the_place_of_is_made_again_and_is_the_latest_then() {
    run_test_with(ldap_groups([teams(60), vec!["other".to_owned()]].concat()), async |world| {
        let first = search(world, "team").await;
        search(world, "other").await;
        let second = turn(world, &first, "▶").await;
        assert_eq!(place(&second), "2 of 3");
        assert_eq!(world.connect_calls(), ["GET v1/groups/remote"]);
        turn(world, &second, "▶").await;
        assert_eq!(world.connect.requests().len(), 1);
    });
}

#[test]
fn a_page_past_the_end_is_the_last() {
    run_test_with(ldap_groups(teams(45)), async |world| {
        let first = search(world, "team").await;
        for page in ["3", "24", "18446744073709551615"] {
            let pressed = format!("page:{page}:team");
            let answer = world.member().press_custom_id(&pressed, &first).await;
            assert!(matches!(answer.reply, Reply::Update(_)), "{page}: {answer:?}");
            assert_eq!(place(answer.message()), "3 of 3");
        }
    });
}

#[test]
fn a_prefix_too_long_for_a_button_has_one_page_which_says_so() {
    let prefix = "研究 ".repeat(40) + "x";
    let groups = (1..=30).map(|n| format!("{prefix}{n:02}"));
    run_test_with(ldap_groups(groups), async |world| {
        let page = search(world, &prefix).await;
        assert!(page.buttons().is_empty());
        let said: Vec<_> = page.content.lines().skip(21).collect();
        assert_snapshot!(masked(&said.join("\n")), @r"
        20 names are cut, at `…`.
        20 names can't be in the menu: type them in </ldapgroup create>.
        No button can carry this prefix to the other pages: type a longer one.
        -# page 1 of 2 · as of <t:<time>:R>
        ");
    });
}

#[test]
fn whoever_may_not_search_turns_no_page() {
    let setup = setup(&[("REQUESTER_ROLE_IDS", MEMBER_ROLE)]).ldap_groups(teams(60));
    run_test_with(setup, async |world| {
        let first = search(world, "team").await;
        let guest = world.discord.person(Who::Guest);
        let answer = guest.press(&first, "▶").await;
        let words = private(&answer);
        assert!(words.starts_with("You can't use `/ldapgroup` yet."), "{words}");
        assert_eq!(now(world, &first), first);
        assert!(world.connect.requests().is_empty());
    });
}

/// The words of a failure, without the reference at their end.
fn failure(text: &str) -> &str {
    let (words, reference) = text.rsplit_once('\n').unwrap();
    assert!(reference.starts_with("-# Reference for the logs: `"), "{text}");
    words
}

/// The first page of a search that the bot has forgotten by now.
async fn forgotten(world: &World) -> Message {
    let first = search(world, "team").await;
    search(world, "nobody").await;
    first
}

#[test]
fn a_connect_that_says_no_is_told_privately_and_the_page_stays() {
    run_test_with(ldap_groups(teams(60)), async |world| {
        let first = forgotten(world).await;
        world.connect.fail(Route::Search, Fault::Error(30), Times::Always);
        let answer = world.member().press(&first, "▶").await;
        assert_snapshot!(failure(&private(&answer)), @"Connect doesn't accept the bot's API key. Tell whoever runs the bot: `CONNECT_API_KEY` must be a valid key of an administrator.");
        assert_eq!(now(world, &first), first);
        world.connect.heal();
        assert_eq!(place(&turn(world, &first, "▶").await), "2 of 3");
    });
}

#[test]
fn a_connect_that_is_away_is_told_privately_later_and_the_page_stays() {
    run_test_with(ldap_groups(teams(60)), async |world| {
        let first = forgotten(world).await;
        world.connect.go_down().await;
        let answer = world.member().press(&first, "▶").await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        let told = answer.later(0).await;
        assert_eq!(told.private_to, Some(Who::Member));
        assert_snapshot!(failure(&told.content), @"Connect can't be reached. Try again in a few minutes; if it stays, tell whoever runs Connect.");
        assert_eq!(now(world, &first), first);
        world.connect.come_up().await.unwrap();
        assert_eq!(place(&turn(world, &first, "▶").await), "2 of 3");
    });
}

#[test]
fn a_slow_connect_is_acknowledged_in_time_and_the_page_turns_later() {
    run_test_with(ldap_groups(teams(60)), async |world| {
        let first = forgotten(world).await;
        world.connect.fail(Route::Search, Fault::Hold, Times::Times(1));
        let answer = world.member().press(&first, "▶").await;
        assert_eq!(answer.reply, Reply::Acknowledged);
        assert_eq!(now(world, &first), first);
        world.connect.release();
        let turned = answer.later(0).await;
        assert_eq!((turned.id, place(&turned)), (first.id, "2 of 3"));
        assert_eq!(labels(&turned), ["◀", "▶", AGAIN]);
        assert_eq!(options(&turned), teams(60)[20..40]);
    });
}

#[test]
fn the_menu_offers_what_connect_lacks_on_its_page_each_name_once() {
    let mut groups = teams(22);
    groups[1] = groups[0].clone();
    groups.push("team   ".to_owned());
    run_test_with(ldap_groups(groups), async |world| {
        for name in ["team-004", "team-005"] {
            world.connect.import(name);
        }
        let first = search(world, "team").await;
        let menu = &first.components[0]["components"][0];
        assert_eq!(menu["custom_id"], "pick");
        assert_eq!(menu["placeholder"], "Pick groups to bring into Connect");
        assert_eq!(menu["min_values"], json!(1));
        let offered = options(&first);
        assert_eq!(menu["max_values"], json!(offered.len()));
        for (name, count) in [("team-001", 1), ("team-003", 1), ("team-004", 0), ("team-005", 0)] {
            let found = offered.iter().filter(|offered| *offered == name).count();
            assert_eq!(found, count, "{name} in {offered:?}");
        }
        assert_eq!(labels(&first), ["▶", AGAIN], "the buttons are under the menu");
    });
}

#[test]
fn a_menu_of_one_says_so_and_where_connect_has_all_there_is_none() {
    run_test_with(ldap_groups(teams(2)), async |world| {
        world.connect.import("team-001");
        let page = search(world, "team").await;
        let placeholder = &page.components[0]["components"][0]["placeholder"];
        assert_eq!(placeholder, "Pick the group to bring into Connect");
        assert_eq!(options(&page), ["team-002"]);
        world.connect.import("team-002");
        let page = search(world, "team").await;
        assert!(page.menus().is_empty(), "{:?}", page.components);
        let page = search(world, "nobody").await;
        assert!(page.components.is_empty(), "{:?}", page.components);
    });
}

#[test]
fn a_group_that_was_created_meanwhile_has_its_guid_on_the_page_and_leaves_the_menu() {
    run_test_with(ldap_groups(teams(40)), async |world| {
        let first = search(world, "team").await;
        world.ask(Who::Admin, "team-022").await;
        world.connect.clear_requests();
        let second = turn(world, &first, "▶").await;
        let guid = world.connect.guid_of("team-022").unwrap();
        assert!(
            second.content.contains(&format!("\n✅ `team-022` · `{guid}`\n")),
            "{}",
            second.content
        );
        assert!(
            second.content.contains(": ✅ 1 is in Connect, ➕ 39 aren't yet."),
            "{}",
            second.content
        );
        let offered = options(&second);
        assert_eq!(offered.len(), 19);
        assert!(!offered.contains(&"team-022".to_owned()), "{offered:?}");
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn a_name_of_over_100_characters_is_not_in_the_menu_and_can_be_typed() {
    let long = |end: &str| format!("team {}{end}", "and so on ".repeat(12));
    run_test_with(ldap_groups([long("1"), long("2"), "team".to_owned()]), async |world| {
        let page = search(world, "team").await;
        assert_eq!(options(&page), ["team"]);
        let said: Vec<_> = page.content.lines().skip(4).collect();
        assert_snapshot!(masked(&said.join("\n")), @r"
        2 names are cut, at `…`.
        2 names can't be in the menu: type them in </ldapgroup create>.
        -# as of <t:<time>:R>
        ");
        let answer = world.ask(Who::Admin, &long("1")).await;
        assert!(answer.text().starts_with("Created `team and so on"), "{}", answer.text());
    });
}

#[test]
fn a_search_that_finds_nothing_any_more_says_so_in_place_of_its_page() {
    run_test_with(ldap_groups(["other".to_owned()]), async |world| {
        let page = search(world, "other").await;
        let answer = world.member().press_custom_id("page:1:gone", &page).await;
        let Reply::Update(turned) = answer.reply else { panic!("{:?}", answer.reply) };
        assert!(
            turned.content.starts_with("No LDAP group begins with `gone`."),
            "{}",
            turned.content
        );
        assert!(turned.components.is_empty());
    });
}

#[test]
fn a_button_searches_again_in_place_and_stays_on_its_page() {
    run_test_with(ldap_groups(teams(45)), async |world| {
        let first = search(world, "team").await;
        let second = turn(world, &first, "▶").await;
        world.connect.import("team-030");
        let again = turn(world, &second, AGAIN).await;
        assert_eq!(world.connect_calls(), ["GET v1/groups/remote"]);
        let guid = world.connect.guid_of("team-030").unwrap();
        assert_eq!(place(&again), "2 of 3");
        assert!(
            again.content.contains(&format!("\n✅ `team-030` · `{guid}`\n")),
            "{}",
            again.content
        );
        assert!(!options(&again).contains(&"team-030".to_owned()));
    });
}

#[test]
fn what_is_requested_has_its_symbol_and_leaves_the_menu_until_it_is_decided() {
    run_test_with(ldap_groups(["One", "one-2", "other"]), async |world| {
        world.ask(Who::Member, "one").await;
        world.ask(Who::Member, "other").await;
        let page = search(world, "on").await;
        assert_snapshot!(masked(&page.content), @r"
        **2 LDAP groups** begin with `on`: ➕ 1 isn't in Connect yet, ⏳ 1 is requested.
        ⏳ `One`
        ➕ `one-2`
        -# as of <t:<time>:R>
        ");
        assert_eq!(options(&page), ["one-2"]);
        world.cancel(Who::Member, 1).await;
        let again = world.member().press(&page, AGAIN).await;
        assert_eq!(options(again.message()), ["One", "one-2"]);
    });
}

#[test]
fn what_came_by_another_channels_request_is_known_without_a_call() {
    run_test_with(ldap_groups(teams(40)), async |world| {
        let first = search(world, "team").await;
        let elsewhere = world.member().in_channel(sandbox::discord::RANDOM);
        elsewhere.slash("create", &[("name", "team-022".into())]).await;
        let card = world.card(1, "Approve").await;
        world.admin().press(&card, "Approve").await;
        world.card(1, "Created").await;
        world.connect.clear_requests();
        let second = world.member().press(&first, "▶").await.text();
        assert!(second.contains("\n✅ `team-022` · `"), "{second}");
        assert!(world.connect.requests().is_empty());
    });
}
