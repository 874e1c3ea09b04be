//! `/ldapgroup search`.

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::Who;

use crate::world::{ldap_groups, masked, private, run_test, run_test_with};

#[test]
fn hits_are_shown_with_the_guids_of_those_that_connect_has() {
    run_test(async |world| {
        let answer = world.search(Who::Admin, "accounting").await;
        let guid = world.connect.guid_of("accounting").unwrap();
        let text = answer.text().replace(&guid, "<the guid that Connect has>");
        assert_snapshot!(masked(&text), @r"
        **6 LDAP groups** begin with `accounting`: ✅ 1 is in Connect, ➕ 5 aren't yet.
        ✅ `accounting` · `<the guid that Connect has>`
        ➕ `Accounting Auditors`
        ➕ `accounting-apac`
        ➕ `accounting-emea`
        ➕ `accounting-readonly`
        ➕ `accounting2`
        -# as of <t:<time>:R>
        ");
        assert!(!answer.is_private());
        assert!(!answer.is_deferred());
    });
}

#[test]
fn everyone_may_search_where_no_role_is_asked_for() {
    run_test(async |world| {
        let answer = world.search(Who::Member, "ABE").await;
        assert!(answer.text().contains("ABE-TEST"), "{}", answer.text());
    });
}

#[test]
fn no_hit_says_how_a_search_works() {
    run_test(async |world| {
        let answer = world.search(Who::Admin, "nobody").await;
        assert_snapshot!(private(&answer), @"No LDAP group begins with `nobody`. A search compares the beginning of the name, whatever the case: try fewer letters.");
    });
}

#[test]
fn numbers_agree_with_what_they_count() {
    run_test_with(ldap_groups(["one", "two1", "two2"]), async |world| {
        let head = async |prefix: &str| {
            let answer = world.search(Who::Admin, prefix).await;
            answer.text().lines().next().unwrap().to_owned()
        };
        assert_eq!(
            head("one").await,
            "**1 LDAP group** begins with `one`: ➕ it isn't in Connect yet."
        );
        assert_eq!(
            head("two").await,
            "**2 LDAP groups** begin with `two`: ➕ 2 aren't in Connect yet."
        );
        world.connect.import("one");
        world.connect.import("two1");
        assert_eq!(head("one").await, "**1 LDAP group** begins with `one`: ✅ it is in Connect.");
        assert_eq!(
            head("two").await,
            "**2 LDAP groups** begin with `two`: ✅ 1 is in Connect, ➕ 1 isn't yet."
        );
        world.connect.import("two2");
        assert_eq!(head("two").await, "**2 LDAP groups** begin with `two`: ✅ 2 are in Connect.");
    });
}

#[test]
fn more_than_connect_lists_is_said_so() {
    run_test_with(ldap_groups((0..600).map(|n| format!("team-{n:03}"))), async |world| {
        let answer = world.search(Who::Admin, "team").await;
        let text = answer.text();
        assert_eq!(text.matches("\n➕ ").count(), 20);
        let (head, end) = (text.lines().next().unwrap(), text.lines().next_back().unwrap());
        assert_snapshot!(head, @"**At least 500 LDAP groups** begin with `team`: ➕ 500 aren't in Connect yet. Connect lists no more: type more letters.");
        assert_snapshot!(masked(end), @"-# page 1 of 25 · as of <t:<time>:R>");
    });
}

#[test]
fn names_are_in_alphabetical_order_whatever_their_case() {
    let names = ["x-long-name-of-all", "Xb", "xa", "xC", "XA", "x"];
    run_test_with(ldap_groups(names), async |world| {
        let text = world.search(Who::Member, "x").await.text();
        let shown: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("➕ ")).collect();
        assert_eq!(shown, ["`x`", "`x-long-name-of-all`", "`XA`", "`xa`", "`Xb`", "`xC`"]);
    });
}

#[test]
fn a_mistyped_prefix_is_answered_privately_with_the_nearest_names() {
    run_test(async |world| {
        let answer = world.search(Who::Member, "accuonting").await;
        assert_snapshot!(private(&answer), @r"
        No LDAP group begins with `accuonting`. Did you mean one of these?
        - `accounting`
        - `accounting2`
        - `accounting-apac`
        - `accounting-emea`
        ");
    });
}

#[test]
fn the_prefix_reaches_connect_untouched_and_the_limit_is_the_greatest() {
    run_test(async |world| {
        let prefix = "R&D = 100% + #1 (Zürich)";
        let answer = world.search(Who::Admin, prefix).await;
        assert!(answer.text().contains("R&D = 100% + #1 (Zürich)"), "{}", answer.text());
        let seen = &world.connect.requests()[0];
        let expected = [("prefix", prefix), ("limit", "500")];
        assert_eq!(seen.params, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    });
}

#[test]
fn identical_searches_at_the_same_time_share_one_call() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Hold, Times::Times(1));
        let first = world.admin().start_slash("search", &[("prefix", "acc".into())]);
        world.connect.wait_for(1, Route::Search).await;
        let second = world.member().start_slash("search", &[("prefix", "acc".into())]);
        let other = world.search(Who::Member, "ABE").await;
        assert!(other.text().contains("ABE"));
        world.connect.release();
        let texts = (first.answer().await.text(), second.answer().await.text());
        assert_eq!(masked(&texts.0), masked(&texts.1));
        assert_eq!(world.connect.requests().len(), 2);
    });
}

#[test]
fn a_blank_prefix_is_refused_without_a_call() {
    run_test(async |world| {
        let answer = world.search(Who::Admin, " ").await;
        assert!(answer.is_private());
        assert_snapshot!(answer.text(), @"A name has at least one letter. Type the beginning of the group's name.");
        assert!(world.connect.requests().is_empty());
    });
}
