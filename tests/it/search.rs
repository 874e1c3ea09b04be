//! `/ldapgroup search`.

use insta::assert_snapshot;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::Who;

use crate::world::{ldap_groups, run_test, run_test_with};

#[test]
fn hits_are_shown_with_the_guids_of_those_that_connect_has() {
    run_test(async |world| {
        let answer = world.search(Who::Admin, "accounting").await;
        let guid = world.connect.guid_of("accounting").unwrap();
        let text = answer.text().replace(&guid, "<the guid that Connect has>");
        assert_snapshot!(text, @r"
        **6 LDAP groups** begin with `accounting`; Connect has 1 of them, 5 not.
        ```
        NAME                 GUID
        accounting           <the guid that Connect has>
        accounting2          NULL
        accounting-apac      NULL
        accounting-emea      NULL
        Accounting Auditors  NULL
        accounting-readonly  NULL
        ```
        Pick below what to bring into Connect, or use `/ldapgroup create`.
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
        assert_snapshot!(answer.text(), @"No LDAP group begins with `nobody`. A search compares the beginning of the name, whatever the case: try fewer letters.");
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
            "**1 LDAP group** begins with `one`; Connect doesn't have it yet."
        );
        assert_eq!(
            head("two").await,
            "**2 LDAP groups** begin with `two`; Connect has none of them yet."
        );
        world.connect.import("one");
        world.connect.import("two1");
        assert_eq!(head("one").await, "**1 LDAP group** begins with `one`; Connect has it.");
        assert_eq!(
            head("two").await,
            "**2 LDAP groups** begin with `two`; Connect has 1 of them, 1 not."
        );
        world.connect.import("two2");
        assert_eq!(
            head("two").await,
            "**2 LDAP groups** begin with `two`; Connect has all of them."
        );
    });
}

#[test]
fn more_than_connect_lists_is_said_so() {
    run_test_with(ldap_groups((0..600).map(|n| format!("team-{n:03}"))), async |world| {
        let answer = world.search(Who::Admin, "team").await;
        let text = answer.text();
        let (head, rest) = text.split_once("```").unwrap();
        let (table, notes) = rest.split_once("```").unwrap();
        assert_snapshot!(head, @"**500 LDAP groups** begin with `team`; Connect has none of them yet.");
        assert_eq!(table.matches("NULL").count(), 20);
        assert_snapshot!(notes, @r"

        page 1 of 25 · 500 shown of at least 500
        Connect lists at most 500 groups for one prefix: search for a longer prefix to see others. Pick below what to bring into Connect, or use `/ldapgroup create`.
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
        assert_eq!(first.answer().await.text(), second.answer().await.text());
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
