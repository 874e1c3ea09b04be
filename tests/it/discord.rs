//! The Discord edge: who is served where, what is answered, and the connection.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{Fault as ConnectFault, Route as ConnectRoute, Times as ConnectTimes};
use sandbox::discord::{
    ADMIN_ROLE, CONNECT, DM, Fault, GUILD, MEMBER_ROLE, Misdeed, Moment, OTHER_CHANNEL, RANDOM,
    Reply, Route, THREAD, Times, Who,
};
use serde_json::json;

use crate::world::{Setup, World, in_time, private, run_test, run_test_with, setup};

#[test]
fn the_command_is_registered_in_the_configured_server_alone() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        let commands = world.discord.commands(GUILD).unwrap();
        let subcommands = commands[0]["options"].as_array().unwrap();
        let names: Vec<_> = subcommands.iter().map(|option| &option["name"]).collect();
        assert_eq!(commands[0]["name"], "ldapgroup");
        assert_eq!(names, ["search", "create", "requests", "cancel", "history", "status"]);
        assert_eq!(world.discord.commands(sandbox::discord::OTHER_GUILD), None);
        assert_eq!(world.discord.intents(), Some(0));
    });
}

#[test]
fn direct_messages_other_servers_and_other_channels_are_refused_privately() {
    run_test_with(setup(&[("ALLOWED_CHANNEL_IDS", CONNECT)]), async |world| {
        let refused = async |channel| {
            let admin = world.admin().in_channel(channel);
            let answer = admin.slash("search", &[("prefix", "accounting".into())]).await;
            assert!(answer.is_private());
            answer.text()
        };
        assert_snapshot!(refused(DM).await, @"This works in your team's server only. Go to its channel and use `/ldapgroup` there.");
        assert_snapshot!(refused(OTHER_CHANNEL).await, @"This bot doesn't serve this server. Whoever runs it must add the server to `DISCORD_GUILD_IDS`.");
        assert_snapshot!(refused(RANDOM).await, @"`/ldapgroup` works in <#1098231940587810826> only. Use it there.");
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn a_thread_of_an_allowed_channel_is_served() {
    run_test_with(setup(&[("ALLOWED_CHANNEL_IDS", CONNECT)]), async |world| {
        let admin = world.admin().in_channel(THREAD);
        let answer = admin.slash("search", &[("prefix", "accounting".into())]).await;
        assert!(answer.text().contains("accounting2"), "{}", answer.text());
    });
}

#[test]
fn who_lacks_the_role_is_told_which_one_it_takes() {
    run_test_with(setup(&[("REQUESTER_ROLE_IDS", MEMBER_ROLE)]), async |world| {
        let answer = world.search(Who::Guest, "accounting").await;
        assert_snapshot!(answer.text(), @"You can't use `/ldapgroup` yet. Ask an administrator of this server for the role <@&1098233187902050324>.");
        assert!(answer.is_private());
        assert!(answer.message().pings.is_empty());
    });
}

#[test]
fn rights_are_those_of_the_moment() {
    run_test(async |world| {
        let create = async |name: &str| {
            let answer = world.ask(Who::Admin, name).await;
            answer.text()
        };
        assert!(create("accounting2").await.starts_with("Created"));
        world.discord.set_roles(Who::Admin, &[MEMBER_ROLE]);
        assert!(
            create("ABE-TEST")
                .await
                .starts_with("Request 2 for `ABE-TEST` went to the admins, who can decide until")
        );
        world.discord.set_roles(Who::Admin, &[MEMBER_ROLE, ADMIN_ROLE]);
        assert!(create("ABE-TEST-2").await.starts_with("Created"));
    });
}

#[test]
fn a_named_user_is_an_admin_without_a_role() {
    run_test_with(setup(&[("ADMIN_USER_IDS", Who::Guest.id())]), async |world| {
        let guest = world.discord.person(Who::Guest);
        let answer = guest.slash("create", &[("name", "accounting2".into())]).await;
        assert!(answer.text().starts_with("Created"), "{}", answer.text());
    });
}

#[test]
fn a_command_of_another_version_is_answered() {
    run_test(async |world| {
        let admin = world.admin();
        for data in [
            json!({"id": "1", "name": "groups", "type": 1}),
            json!({"id": "1", "name": "ldapgroup", "type": 1, "options": [
                {"name": "rename", "type": 1, "options": []}
            ]}),
            json!({"id": "1", "name": "ldapgroup", "type": 1, "options": [
                {"name": "search", "type": 1, "options": [
                    {"name": "prefix", "type": 3, "value": "a"},
                    {"name": "limit", "type": 4, "value": 3}
                ]}
            ]}),
            json!({"id": "1", "name": "ldapgroup", "type": 1, "options": [
                {"name": "search", "type": 1, "options": [{"name": "prefix", "type": 4, "value": 3}]}
            ]}),
        ] {
            let mut payload = admin.payload(2);
            payload["data"] = data;
            let answer = admin.send_raw(payload).answer().await;
            assert!(answer.is_private());
            assert!(
                answer.text().starts_with("This belongs to another version"),
                "{}",
                answer.text()
            );
        }
        assert!(world.connect.requests().is_empty());
    });
}

#[test]
fn an_interaction_that_cannot_be_read_is_answered() {
    run_test(async |world| {
        let admin = world.admin();
        let mut payload = admin.payload(2);
        payload.as_object_mut().unwrap().remove("entitlements");
        payload["data"] = json!({"id": "1", "name": 7, "type": 1});
        let answer = admin.send_raw(payload).answer().await;
        assert!(answer.is_private());
        assert!(answer.text().starts_with("This belongs to another version"), "{}", answer.text());
    });
}

#[test]
fn a_button_that_nobody_knows_is_answered() {
    run_test(async |world| {
        let message = world.search(Who::Admin, "accounting").await;
        let answer = world.member().press_custom_id("banish:17", message.message()).await;
        assert!(answer.is_private());
        assert!(answer.text().starts_with("This belongs to another version"), "{}", answer.text());
    });
}

#[test]
fn a_first_answer_that_got_lost_is_sent_again() {
    run_test(async |world| {
        for fault in [Fault::Cut, Fault::Status(502), Fault::LostAnswer] {
            world.discord.fail(Route::Callback, fault.clone(), Times::Once);
            let answer = world.search(Who::Admin, "accounting").await;
            assert!(answer.text().contains("accounting2"), "{fault:?}: {}", answer.text());
        }
    });
}

#[test]
fn a_late_answer_waits_as_long_as_discord_says() {
    run_test(async |world| {
        let slow = ConnectFault::Slow(Duration::from_secs(2));
        world.connect.fail(ConnectRoute::Search, slow, ConnectTimes::Always);
        for fault in [
            Fault::RateLimited { retry_after: 0.4, global: false },
            Fault::Status(503),
            Fault::LostAnswer,
        ] {
            world.discord.fail(Route::EditOriginal, fault.clone(), Times::Once);
            let answer = world.search(Who::Admin, "accounting").await;
            assert!(answer.is_deferred());
            assert!(answer.text().contains("accounting2"), "{fault:?}: {}", answer.text());
        }
    });
}

#[test]
fn an_answer_that_discord_takes_no_more_harms_nothing() {
    let mut setup = Setup::default();
    setup.discord.answer_within = Duration::from_millis(200);
    run_test_with(setup, async |world| {
        let slow = ConnectFault::Slow(Duration::from_millis(600));
        world.connect.fail(ConnectRoute::Search, slow, ConnectTimes::Times(1));
        let answer = world.search(Who::Admin, "ABE").await;
        assert_eq!(answer.reply, Reply::NoResponse);
        let answer = world.search(Who::Admin, "accounting").await;
        assert!(answer.text().contains("accounting2"));
    });
}

async fn still_serves(world: &World) {
    let answer = world.search(Who::Admin, "accounting").await;
    assert!(answer.text().contains("accounting2"), "{}", answer.text());
}

#[test]
fn a_connection_that_breaks_is_resumed() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.discord.drop_gateway();
        world.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
        still_serves(world).await;
        world.discord.send_reconnect();
        world.discord.wait_for_gateway(|_, _, resumes| resumes == 2).await;
        still_serves(world).await;
        assert_eq!(world.discord.identifies(), 1);
    });
}

#[test]
fn what_is_said_while_the_connection_is_away_is_answered_after_the_resume() {
    run_test(async |world| {
        world.discord.misbehave(Moment::Dial, Misdeed::Cut);
        world.discord.drop_gateway();
        let pending = world.admin().start_slash("search", &[("prefix", "accounting".into())]);
        world.discord.behave();
        let answer = pending.answer().await;
        assert!(answer.text().contains("accounting2"), "{answer:?}");
    });
}

#[test]
fn a_session_that_discord_forgot_is_begun_anew() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.discord.invalidate_session(false);
        world.discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
        world.discord.wait_ready().await;
        still_serves(world).await;
        world.discord.invalidate_session(true);
        world.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
        still_serves(world).await;
        assert_eq!(world.discord.identifies(), 2);
    });
}

#[test]
fn a_session_that_begins_too_soon_is_begun_again() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.stop_bot().await;
        world.start_bot_at_once().await;
        still_serves(world).await;
        let counts = world.discord.gateway_counts();
        assert_eq!((counts.starts, counts.identifies), (3, 2));
    });
}

#[test]
fn a_close_without_a_code_or_with_a_passing_one_is_resumed() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        for (done, code) in [None, Some(4000), Some(4008), Some(1001)].into_iter().enumerate() {
            world.discord.close_gateway(code);
            world.discord.wait_for_gateway(|_, _, resumes| resumes == done as u64 + 1).await;
            still_serves(world).await;
        }
        assert_eq!(world.discord.identifies(), 1);
    });
}

#[test]
fn a_handshake_that_hangs_is_given_up() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.discord.misbehave(Moment::Dial, Misdeed::Mute);
        world.discord.drop_gateway();
        world.discord.wait_for_counts(|counts| counts.dials == 2).await;
        world.discord.behave();
        world.discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
        still_serves(world).await;
    });
}

/// A world in which READY gives this as the address at which the session is resumed.
fn resumed_at(url: &str) -> Setup {
    let mut setup = Setup::default();
    setup.discord.resume_url = Some(url.to_owned());
    setup
}

#[test]
fn a_session_whose_own_address_is_dead_is_followed_by_a_new_one() {
    run_test_with(resumed_at("ws://127.0.0.1:1").over_gateway(), async |world| {
        world.discord.drop_gateway();
        world.discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
        still_serves(world).await;
        let counts = world.discord.gateway_counts();
        assert_eq!((counts.dials, counts.resume_tries), (2, 0));
        world.stop_bot_soon().await;
    });
}

#[test]
fn a_session_without_a_readable_address_of_its_own_is_resumed_at_the_gateways() {
    run_test_with(resumed_at("not an address").over_gateway(), async |world| {
        world.discord.drop_gateway();
        world.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
        still_serves(world).await;
        let counts = world.discord.gateway_counts();
        assert_eq!((counts.dials, counts.identifies, counts.resumes_elsewhere), (2, 1, 1));
        world.stop_bot_soon().await;
    });
}

#[test]
fn after_three_resumes_that_come_to_nothing_a_new_session_begins() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.discord.misbehave(Moment::Resume, Misdeed::Close(Some(4000)));
        world.discord.drop_gateway();
        world.discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
        assert_eq!(world.discord.gateway_counts().resume_tries, 3);
        still_serves(world).await;
        world.discord.behave();
        world.discord.drop_gateway();
        world.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
        still_serves(world).await;
    });
}

#[test]
fn a_connection_on_which_nobody_answers_is_made_again() {
    let mut setup = Setup::default();
    setup.discord.heartbeat_interval = Duration::from_millis(300);
    run_test_with(setup.over_gateway(), async |world| {
        world.discord.ask_heartbeat();
        world.discord.misbehave(Moment::Heartbeat, Misdeed::Skip);
        world.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
        world.discord.behave();
        still_serves(world).await;
    });
}

#[test]
fn a_discord_that_is_away_at_the_start_is_waited_for() {
    let faults = vec![
        (Route::Application, Fault::Status(502), Times::Once),
        (Route::GatewayBot, Fault::Cut, Times::Once),
        (Route::SetCommands, Fault::RateLimited { retry_after: 1.0, global: true }, Times::Once),
    ];
    let setup = Setup { faults, ..Setup::default() };
    run_test_with(setup.over_gateway(), async |world| {
        let called = |route| {
            world.discord.requests().iter().filter(|request| request.route == Some(route)).count()
        };
        assert_eq!(called(Route::Application), 2);
        assert_eq!(called(Route::GatewayBot), 2);
        assert_eq!(called(Route::SetCommands), 2);
        still_serves(world).await;
    });
}

#[test]
fn a_server_without_the_bot_does_not_keep_it_from_the_others() {
    let guilds = format!("{},{GUILD}", sandbox::discord::STRANGE_GUILD);
    run_test_with(setup(&[("DISCORD_GUILD_IDS", guilds)]), async |world| {
        still_serves(world).await;
    });
}

#[test]
fn a_private_answer_comes_even_if_its_placeholder_cannot_be_deleted() {
    run_test(async |world| {
        let slow = ConnectFault::Slow(Duration::from_secs(2));
        world.connect.fail(ConnectRoute::Search, slow, ConnectTimes::Times(1));
        world.discord.fail(Route::DeleteOriginal, Fault::Forbidden(50001), Times::Once);
        let options = [("name", "nobody-has-this".into())];
        let pending = world.admin().start_slash("create", &options);
        world
            .discord
            .wait_for_requests(|requests| {
                let is_said = |body: &str| body.contains("LDAP has no group called");
                requests.iter().any(|request| {
                    request.route == Some(Route::FollowUp)
                        && request.status == Some(200)
                        && is_said(&request.body)
                })
            })
            .await;
        drop(pending);
    });
}

#[test]
fn a_private_answer_whose_placeholder_is_gone_is_said_until_discord_takes_it() {
    run_test(async |world| {
        let slow = ConnectFault::Slow(Duration::from_secs(2));
        world.connect.fail(ConnectRoute::Search, slow, ConnectTimes::Times(1));
        world.discord.fail(Route::FollowUp, Fault::Status(502), Times::Times(2));
        let options = [("name", "nobody-has-this".into())];
        let answer = in_time(world.admin().slash("create", &options)).await;
        assert!(private(&answer).contains("LDAP has no group called"), "{answer:?}");
    });
}

#[test]
fn wording_that_discord_refuses_is_replaced_by_wording_that_it_takes() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.discord.fail(Route::Callback, Fault::Forbidden(50035), Times::Once);
        let answer = world.search(Who::Admin, "accounting").await;
        assert!(answer.is_private());
        assert!(answer.text().starts_with("The bot failed at this"), "{}", answer.text());
    });
}

#[test]
fn while_a_creation_ends_newcomers_are_told_and_the_bot_ends_after_it() {
    run_test(async |world| {
        world.connect.fail(ConnectRoute::CreateGroup, ConnectFault::Hold, ConnectTimes::Times(1));
        let pending = world.admin().start_slash("create", &[("name", "accounting2".into())]);
        world.connect.wait_for(1, ConnectRoute::CreateGroup).await;
        world.stop();
        let newcomer = world.search(Who::Member, "accounting").await;
        assert_snapshot!(newcomer.text(), @"The bot is restarting. Nothing was changed; try again in a minute.");
        assert!(newcomer.is_private());
        world.connect.release();
        let answer = pending.answer().await;
        assert!(answer.text().starts_with("Created `accounting2`"), "{}", answer.text());
    });
}
