//! Commands that an answer or a notice names: whoever reads it can click them.

use std::time::Duration;

use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{CONNECT, GUILD, Who};

use crate::world::{World, ldap_groups, run_test, run_test_with, setup};

/// A subcommand as something to click.
fn mention(world: &World, subcommand: &str) -> String {
    let commands = world.discord.commands(GUILD).unwrap();
    format!("</ldapgroup {subcommand}:{}>", commands[0]["id"].as_str().unwrap())
}

#[test]
fn a_refusal_names_a_command_that_can_be_clicked() {
    run_test(async |world| {
        let refused = world.cancel(Who::Member, 17).await;
        let requests = mention(world, "requests");
        let wanted = format!("There is no such request. {requests} lists those there are.");
        assert_eq!(refused.text(), wanted);
    });
}

#[test]
fn so_does_an_answer_that_was_deferred() {
    run_test(async |world| {
        let slow = Fault::Slow(Duration::from_secs(2));
        world.connect.fail(Route::Search, slow, Times::Times(1));
        let refused = world.ask(Who::Member, "no-such-group").await;
        assert!(refused.is_deferred());
        assert!(refused.text().contains(&mention(world, "search")), "{}", refused.text());
    });
}

#[test]
fn a_notice_names_a_command_that_can_be_clicked() {
    run_test_with(setup(&[("REQUEST_TTL", "2s")]), async |world| {
        world.asked_by(Who::Member).await;
        let notice = world.told(Who::Member, CONNECT, "has expired").await;
        let create = mention(world, "create");
        assert!(notice.text().ends_with(&format!("Ask again with {create}.")), "{}", notice.text());
    });
}

#[test]
fn a_group_that_is_called_like_a_command_cannot_be_clicked() {
    const NAMES: [&str; 4] = [
        "/ldapgroup create",
        "/ldapgroup create\u{1}",
        "</ldapgroup create:18446744073709551615>",
        "</ldapgroup create:\u{1}18446744073709551615>",
    ];
    const SHOWN: [[&str; 2]; 2] = [
        ["`/ldapgroup create`", r"`/ldapgroup create\u{1}`"],
        [
            "`</ldapgroup create:18446744073709551615>`",
            r"`</ldapgroup create:\u{1}18446744073709551615>`",
        ],
    ];
    run_test_with(ldap_groups(NAMES), async |world| {
        let create = mention(world, "create");
        for (prefix, shown) in ["/", "<"].into_iter().zip(SHOWN) {
            let page = world.search(Who::Member, prefix).await.text();
            for name in shown {
                assert!(page.contains(&format!("➕ {name}\n")), "{page}");
            }
            assert!(page.contains(&format!("type it in {create}.")), "{page}");
        }
    });
}
