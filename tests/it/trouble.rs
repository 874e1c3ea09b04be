//! When Connect, or something on the way to it, fails.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{self, Fault, Role, Route, Times};
use sandbox::discord::{Answer, Who};

use crate::world::{Setup, World, in_world, masked, private, run_test, run_test_with, setup};

async fn search(world: &World) -> Answer {
    world.search(Who::Admin, "accounting").await
}

/// The words of a failed search, without the reference at their end.
async fn failure(world: &World) -> String {
    let answer = search(world).await;
    assert!(answer.is_private(), "{}", answer.text());
    let text = answer.text();
    let (words, reference) = text.rsplit_once('\n').unwrap();
    let id = reference.strip_prefix("-# Reference for the logs: `").unwrap().trim_end_matches('`');
    let seen = world.connect.requests();
    if let Some(last) = seen.last() {
        assert_eq!(id, last.correlation_id, "the reference is what Connect logged");
    }
    words.to_owned()
}

#[test]
fn a_slow_connect_is_announced_in_time_and_answered_later() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Slow(Duration::from_secs(5)), Times::Times(1));
        let answer = search(world).await;
        assert!(answer.is_deferred());
        assert!(!answer.is_private());
        assert!(answer.text().contains("accounting2"), "{}", answer.text());
    });
}

#[test]
fn a_late_failure_is_told_privately_and_leaves_nothing_behind() {
    run_test_with(setup(&[("CONNECT_TIMEOUT", "2s")]), async |world| {
        world.connect.fail(Route::Search, Fault::Slow(Duration::from_secs(30)), Times::Always);
        assert_snapshot!(failure(world).await, @"Connect didn't answer within 2s; it, or LDAP, is slow or stuck.");
        assert!(world.discord.messages(sandbox::discord::CONNECT).is_empty());
    });
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    run_test(async |world| {
        for fault in [
            Fault::Error(63),
            Fault::Error(1),
            Fault::Html(502),
            Fault::Cut,
            Fault::RateLimited { retry_after: Some(1) },
        ] {
            world.connect.clear_requests();
            world.connect.fail(Route::Search, fault, Times::Times(1));
            let answer = search(world).await;
            assert!(answer.text().contains("accounting2"), "{fault:?}: {}", answer.text());
            assert_eq!(world.connect.requests().len(), 2, "{fault:?}");
        }
    });
}

#[test]
fn a_wait_that_nobody_would_sit_through_is_not_begun() {
    run_test(async |world| {
        let fault = Fault::RateLimited { retry_after: Some(600) };
        world.connect.fail(Route::Search, fault, Times::Always);
        assert_snapshot!(failure(world).await, @"Connect gets too many calls right now. Try again in a minute.");
        assert_eq!(world.connect.requests().len(), 1);
    });
}

#[test]
fn what_will_not_pass_is_not_tried_again() {
    run_test(async |world| {
        for code in [22, 30, 132, 13] {
            world.connect.clear_requests();
            world.connect.fail(Route::Search, Fault::Error(code), Times::Times(1));
            failure(world).await;
            assert_eq!(world.connect.requests().len(), 1, "{code}");
        }
    });
}

#[test]
fn a_proxy_that_answers_is_told_from_connect() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Html(403), Times::Always);
        assert_snapshot!(failure(world).await, @"Something in front of Connect answered instead of it, with status 403. Try again later; if it stays, tell whoever runs Connect.");
    });
}

#[test]
fn an_answer_that_is_not_connects_is_said_so() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Garbage, Times::Always);
        assert_snapshot!(failure(world).await, @"Connect's answer can't be read. Tell whoever runs the bot: `CONNECT_SERVER` may not be a Connect server, or a new one.");
    });
}

#[test]
fn ldap_away_is_said_so_after_some_patience() {
    run_test(async |world| {
        world.connect.fail(Route::Search, Fault::Error(63), Times::Always);
        assert_snapshot!(failure(world).await, @"Connect can't reach LDAP at the moment. Try again in a few minutes.");
        assert!(world.connect.requests().len() > 3);
    });
}

#[test]
fn too_many_hits_ask_for_a_longer_prefix() {
    let mut setup = Setup::default();
    setup.connect.max_results = Some(2);
    run_test_with(setup, async |world| {
        let answer = search(world).await;
        assert_snapshot!(answer.text(), @"Too many LDAP groups begin like that for Connect to list them. Search for a longer prefix.");
    });
}

#[test]
fn connect_down_is_said_so_and_the_bot_serves_again_once_it_is_back() {
    run_test(async |world| {
        world.connect.go_down().await;
        assert_snapshot!(failure(world).await, @"Connect can't be reached. Try again in a few minutes; if it stays, tell whoever runs Connect.");
        world.connect.come_up().await.unwrap();
        assert!(search(world).await.text().contains("accounting2"));
    });
}

#[test]
fn a_wrong_key_names_the_variable_and_leaks_nothing() {
    let key = "wrongwrongwrongwrongwrongwrong12";
    run_test_with(setup(&[("CONNECT_API_KEY", key)]), async |world| {
        let words = failure(world).await;
        assert_snapshot!(words, @"Connect doesn't accept the bot's API key. Tell whoever runs the bot: `CONNECT_API_KEY` must be a valid key of an administrator.");
        assert!(!words.contains(key));
        assert_eq!(world.connect.requests().len(), 1);
    });
}

#[test]
fn a_key_whose_owner_is_kept_out_is_told_from_one_that_is_unknown() {
    run_test(async |world| {
        for code in [50, 95, 98, 99] {
            world.connect.clear_requests();
            world.connect.fail(Route::Search, Fault::Error(code), Times::Times(1));
            let words = failure(world).await;
            assert!(words.starts_with("Connect blocks the bot's API key."), "{code}: {words}");
            assert_eq!(world.connect.requests().len(), 1, "{code}");
        }
    });
}

#[test]
fn a_publishers_key_may_search_and_not_create() {
    let mut setup = Setup::default();
    setup.connect.key_role = Role::Publisher;
    run_test_with(setup, async |world| {
        assert!(search(world).await.text().contains("accounting2"));
        let answer = world.ask(Who::Admin, "accounting2").await;
        assert_snapshot!(answer.text().rsplit_once('\n').unwrap().0, @"No group was created. The bot's API key isn't allowed to do this. Tell whoever runs the bot: `CONNECT_API_KEY` must be a key of an administrator.");
    });
}

#[test]
fn a_server_without_ldap_is_said_so() {
    let mut setup = Setup::default();
    setup.connect.authentication = "SAML".to_owned();
    run_test_with(setup, async |world| {
        assert_snapshot!(failure(world).await, @"This Connect server doesn't take its groups from LDAP, so the bot can't do anything with it. Tell whoever runs the bot.");
    });
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_its_file_is_named_and_not_otherwise() {
    let stand_in = connect::Connect::start(connect::Options { tls: true, ..Default::default() });
    let stand_in = stand_in.await.unwrap();
    let variables = |more: Option<String>| {
        let server = ("CONNECT_SERVER", stand_in.url());
        let key = ("CONNECT_API_KEY", stand_in.api_key().to_owned());
        [server, key].into_iter().chain(more.map(|path| ("CONNECT_CA_FILE", path))).collect()
    };
    let distrusting = Setup { variables: variables(None), ..Setup::default() };
    in_world(distrusting, async |world| {
    assert_snapshot!(failure(world).await, @"The connection to Connect fails over its certificate. Tell whoever runs the bot: it may have expired, or be from a private authority that belongs in `CONNECT_CA_FILE`.");
    }).await;

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), stand_in.ca_pem().unwrap()).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let trusting = Setup { variables: variables(Some(path)), ..Setup::default() };
    in_world(trusting, async |world| {
        assert!(search(world).await.text().contains("accounting2"));
    })
    .await;
    assert!(stand_in.violations().is_empty(), "{:?}", stand_in.violations());
}

#[test]
fn with_connect_away_who_asks_reads_that_their_request_was_not_sent() {
    run_test(async |world| {
        world.connect.go_down().await;
        let words = |answer: &Answer| private(answer).rsplit_once('\n').unwrap().0.to_owned();
        let asked = words(&world.ask(Who::Member, "accounting2").await);
        assert_snapshot!(asked, @"Your request wasn't sent. Connect can't be reached. Try again in a few minutes; if it stays, tell whoever runs Connect.");
        assert_eq!(words(&world.ask(Who::Member, "accounting2, ABE-TEST").await), asked);
        let created = words(&world.ask(Who::Admin, "accounting2").await);
        assert_snapshot!(created, @"No group was created. Connect can't be reached. Try again in a few minutes; if it stays, tell whoever runs Connect.");
        world.connect.come_up().await.unwrap();
        let listed = world.member().slash("requests", &[]).await;
        assert_eq!(private(&listed), "There are no open requests.");
    });
}

#[test]
fn a_card_says_what_was_so_at_the_last_try_and_when_the_next_one_is() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.go_down().await;
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "Next try").await;
        assert_snapshot!(masked(&card.text()), @r"
        🔄 **Approved and under way** · request 1
        <@518402736190455808> asks for `accounting2` in Connect.
        Reason: for the budget app
        Approved by <@391583201672822784> <t:<time>:f>. Not created yet. Last try <t:<time>:T>: Connect couldn't be reached. Next try: <t:<time>:T>.
        ");
        world.connect.come_up().await.unwrap();
        world.card(1, "**Created**").await;
    });
}

#[test]
fn a_proxys_error_page_is_not_called_connects_answer_on_a_card() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.connect.fail(Route::Search, Fault::Html(403), Times::Always);
        world.admin().press(&card, "Approve").await;
        let card = world.card(1, "Next try").await;
        let last = card.text().lines().last().unwrap_or_default().to_owned();
        assert_snapshot!(masked(&last), @"Approved by <@391583201672822784> <t:<time>:f>. Not created yet. Last try <t:<time>:T>: Something in front of Connect answered instead of it, with status 403. Next try: <t:<time>:T>.");
        world.connect.heal();
    });
}

/// Connect's own words tell people to ask the administrator, who may be the one that reads them.
#[test]
fn what_connect_refuses_is_worded_for_who_reads_it() {
    for (code, words) in [
        (63, "Connect couldn't reach LDAP. Whoever runs Connect finds out why in its log."),
        (64, "Connect's licence didn't allow it. Tell whoever runs Connect."),
        (30, "Connect didn't accept the bot's API key. Tell whoever runs the bot."),
    ] {
        run_test(async |world| {
            let card = world.asked_by(Who::Member).await;
            world.connect.fail(Route::CreateGroup, Fault::Error(code), Times::Always);
            world.admin().press(&card, "Approve").await;
            let card = world.card(1, words).await;
            assert!(!card.text().contains("administrator"), "{}", card.text());
            world.connect.heal();
        });
    }
}
