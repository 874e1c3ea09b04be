//! Names that a directory can hold and that were never meant to be shown.

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::Who;

use crate::world::{ldap_groups, masked, run_test, run_test_with};

pub(crate) const NAMES: [&str; 13] = [
    "x @everyone",
    "x <@&1098233105413124096> <@1> <#2>",
    "x ``` ends the block",
    "x `code` **bold** [link](https://example.com) ||spoiler||",
    "x \u{202e}gnp.exe",
    "x \u{200b}zero\u{2066}width",
    "x line\nbreak\r\ttab",
    "x \u{1b}[2J\u{7}",
    "x # heading\n> quote",
    "x 営業部 🦀",
    "x \u{2800}\u{3164}\u{a0}blank\u{fe0f}\u{3000}s",
    "x \\\\`",
    "x ````````````````````````````````````````````````````````````",
];

fn names() -> impl Iterator<Item = String> {
    NAMES.into_iter().map(str::to_owned)
}

#[test]
fn a_search_shows_them_as_they_are_and_pings_nobody() {
    run_test_with(ldap_groups(names()), async |world| {
        let answer = world.search(Who::Admin, "x").await;
        assert_snapshot!(masked(&answer.text()), @r"
        **13 LDAP groups** begin with `x`: ➕ 13 aren't in Connect yet.
        ➕ `x \u{1b}[2J\u{7}`
        ➕ `x # heading\u{a}> quote`
        ➕ `x <@&1098233105413124096> <@1> <#2>`
        ➕ `x @everyone`
        ➕ `x \\\u{60}`
        ➕ `x \u{60}\u{60}\u{60} ends the block`
        ➕ `x \u{60}\u{60}\u{60}\u{60}\u{60}\u{60}\u{60}\u{60}\u{60}\u{60}\u{6…60}\u{60}\u{60}\u{60}\u{60}\u{60}`
        ➕ `x \u{60}code\u{60} **bold** [link](https://example.com) ||spoiler||`
        ➕ `x line\u{a}break\u{d}\u{9}tab`
        ➕ `x \u{200b}zero\u{2066}width`
        ➕ `x \u{202e}gnp.exe`
        ➕ `x \u{2800}\u{3164}\u{a0}blank\u{fe0f}\u{3000}s`
        ➕ `x 営業部 🦀`
        1 name is cut, at `…`.
        3 names can't be in the menu: type them in </ldapgroup create>.
        -# as of <t:<time>:R>
        ");
        assert!(answer.message().pings.is_empty());
    });
}

#[test]
fn every_one_of_them_can_be_created_and_is_named_harmlessly() {
    run_test_with(ldap_groups(names()), async |world| {
        for name in NAMES {
            let answer = world.ask(Who::Admin, name).await;
            let text = answer.text();
            assert!(text.starts_with("Created `x "), "{text}");
            assert_eq!(text.matches('`').count(), 4, "nothing ends the code span: {text}");
            assert!(!text.contains(['\u{202e}', '\u{1b}', '\r']));
            assert!(answer.message().pings.is_empty());
            assert!(world.connect.guid_of(name).is_some(), "{name:?}");
        }
    });
}

#[test]
fn a_name_of_blanks_is_told_from_another_wherever_it_is_shown() {
    run_test_with(ldap_groups(["\u{2800}\u{115f}", "\u{1160}\u{ffa0}"]), async |world| {
        let shown = world.ask(Who::Admin, "\u{2800}\u{115f}").await;
        assert!(shown.text().starts_with(r"Created `\u{2800}\u{115f}`"), "{}", shown.text());
        let found = world.search(Who::Admin, "\u{1160}").await;
        assert!(found.text().contains(r"\u{1160}\u{ffa0}"), "{}", found.text());
        let menus = found.message().menus();
        assert_eq!(menus[0].options[0].0, r"\u{1160}\u{ffa0}");
    });
}

#[test]
fn every_one_that_a_field_can_carry_can_be_picked() {
    run_test_with(ldap_groups(names()), async |world| {
        world.search(Who::Admin, "x").await;
        let choices = world.admin().autocomplete("create", &[], ("name", "x ")).await.unwrap();
        let carried: Vec<_> =
            NAMES.iter().filter(|name| !name.contains(char::is_control)).collect();
        assert_eq!((choices.len(), &choices[0].name[..]), (carried.len() + 1, "x"));
        assert!(choices.iter().all(|choice| !choice.name.contains(['\u{202e}', '\n', '\u{1b}'])));
        for choice in &choices[1..] {
            let value = choice.value.as_str().unwrap();
            assert!(!value.contains(char::is_control), "no field is sure to carry {value:?}");
            let answer = world.admin().slash("create", &[("name", value.into())]).await;
            assert!(answer.text().starts_with("Created `x "), "{value:?}: {}", answer.text());
        }
        assert_eq!(world.connect.groups().len(), carried.len());
    });
}

#[test]
fn what_is_asked_for_is_named_harmlessly_too() {
    run_test_with(ldap_groups::<String>([]), async |world| {
        for name in NAMES {
            for (subcommand, option) in [("search", "prefix"), ("create", "name")] {
                let answer = world.admin().slash(subcommand, &[(option, name.into())]).await;
                assert!(answer.message().pings.is_empty());
                assert!(answer.text().contains("LDAP"), "{}", answer.text());
            }
        }
    });
}

#[test]
fn what_connect_says_is_named_harmlessly_too() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Error(14), Times::Always);
        let answer = world.search(Who::Admin, "@everyone `").await;
        assert!(answer.text().starts_with("Connect refused, with code 14: `"), "{}", answer.text());
        assert!(answer.message().pings.is_empty());
    });
}

#[test]
fn names_of_4000_characters_fit_and_their_cut_is_said() {
    let long = |n: usize| format!("{n:02}{}", "営🦀`".repeat(1333));
    run_test_with(ldap_groups((0..40).map(long)), async |world| {
        let admin = world.admin();
        let answer = world.search(Who::Admin, "0").await;
        assert!(answer.text().contains("names are cut, at `…`."), "{}", answer.text());
        let choices = admin.autocomplete("create", &[], ("name", "03")).await.unwrap();
        assert!(choices.is_empty());
        let whole = long(4);
        let answer = admin.slash("create", &[("name", whole.as_str().into())]).await;
        assert!(answer.text().starts_with("Created `04営"), "{}", answer.text());
        let answer = admin.slash("create", &[("name", format!("{whole}!").into())]).await;
        assert!(answer.text().starts_with("LDAP has no group called"), "{}", answer.text());
    });
}

#[test]
fn five_hundred_names_of_any_kind_fit() {
    let name = |n: usize| format!("{}{n}", NAMES[n % NAMES.len()].repeat(1 + n % 40));
    run_test_with(ldap_groups((0..700).map(name)), async |world| {
        let answer = world.search(Who::Admin, "x").await;
        let place = "\n-# page 1 of 25 · as of <t:";
        assert!(answer.text().contains(place), "{}", answer.text());
        let mut page = answer.message().clone();
        for _ in 2..=25 {
            page = world.admin().press(&page, "▶").await.message().clone();
            let picked = page.menus().first().map_or(0, |menu| menu.options.len());
            assert_eq!(picked + unpickable(&page.content), 20, "{}", page.content);
        }
    });
}

/// How many names a page of a search says that its menu can't carry.
fn unpickable(page: &str) -> usize {
    let said = page.split_once(" can't be in the menu").map(|(before, _)| before);
    let number = said.and_then(|said| {
        said.trim_end_matches(" names").trim_end_matches(" name").rsplit(' ').next()
    });
    number.map_or(0, |number| number.trim().rsplit('\n').next().unwrap().parse().unwrap())
}
