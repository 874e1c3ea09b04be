//! What a start makes of the messages that are there, and the look at them.

use std::time::Duration;

use reqwest::{Client, Method};
use sandbox::connect;
use sandbox::discord::{
    CONNECT, ChannelId, Fault, Message, RANDOM, REQUESTS, Request, Route, Times, Who, permission,
};
use serde_json::{Value, json};

use crate::database::execute;
use crate::world::{
    Setup, World, is_card, labels, run_test, run_test_in_file, run_test_with, setup,
};

/// The messages that were called by this route, with the status of each, from this request on.
fn called(requests: &[Request], route: Route, from: usize) -> Vec<(u64, u16)> {
    let called = requests.iter().skip(from).filter(|request| request.route == Some(route));
    let pair =
        |request: &Request| Some((request.path.rsplit('/').next()?.parse().ok()?, request.status?));
    called.filter_map(pair).collect()
}

fn edits(world: &World, from: usize) -> Vec<(u64, u16)> {
    called(&world.discord.requests(), Route::EditMessage, from)
}

/// Waits until so many messages were looked at since.
async fn looked_at(world: &World, count: usize, from: usize) {
    let is_there = |requests: &[Request]| {
        let looks = called(requests, Route::GetMessage, from);
        looks.iter().filter(|(_, status)| *status == 200).count() >= count
    };
    world.discord.wait_for_requests(is_there).await;
}

/// Calls Discord with the bot's token and without its knowledge. What is answered.
async fn call(world: &World, method: Method, path: &str, mut body: Value) -> Value {
    body["allowed_mentions"] = json!({"parse": []});
    let route = format!("{}/api/v10/channels/{path}", world.discord.url());
    let client = Client::builder().user_agent("DiscordBot (https://example.org, 1)");
    let call = client.build().unwrap().request(method, route).json(&body);
    let call = call.header("Authorization", format!("Bot {}", world.discord.token()));
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// Changes one of the bot's messages.
async fn change(world: &World, message: &Message, body: Value) {
    let path = format!("{}/messages/{}", message.channel, message.id);
    call(world, Method::PATCH, &path, body).await;
}

/// A test without a channel for requests, with one in each of these channels, where they were made.
fn asked_in(channels: &[ChannelId], test: impl AsyncFnOnce(&mut World, Vec<Message>)) {
    run_test_with(setup(&[("REQUESTS_CHANNEL_ID", "")]), async |world| {
        let mut cards = Vec::new();
        let names = ["accounting2", "ABE-TEST", "accounting-apac"];
        for (number, (channel, name)) in (1..).zip(channels.iter().zip(names)) {
            let member = world.member().in_channel(*channel);
            member.slash("create", &[("name", name.into())]).await;
            cards.push(shown_in(world, *channel, number).await);
        }
        test(world, cards).await;
    });
}

/// The message that shows a request in this channel.
async fn shown_in(world: &World, channel: ChannelId, number: u32) -> Message {
    world.discord.wait_for_message(channel, is_card(number, "")).await
}

#[test]
fn what_is_shown_as_it_should_be_is_not_edited() {
    run_test(async |world| {
        let odd = "  a **bold** `word`,\n\u{202e}@everyone 🦀 <@1> \\_ ||no||  ";
        let asked = [("name", "accounting2".into()), ("reason", odd.into())];
        world.member().slash("create", &asked).await;
        world.ask(Who::OtherMember, "accounting2").await;
        world.card(1, "Also asked").await;
        world.ask(Who::Member, "accounting-apac, accounting-emea").await;
        world.card(2, "Approve or deny").await;
        let refused = connect::Fault::Error(22);
        world.connect.fail(connect::Route::CreateGroup, refused, connect::Times::Times(1));
        world.ask(Who::Member, "ABE-TEST").await;
        world.admin().press(&world.card(3, "Approve or deny").await, "Approve").await;
        world.told(Who::Member, CONNECT, "An admin can retry it").await;
        assert_eq!(labels(&world.card(3, "**Failed**").await), ["Retry"]);
        world.stop_bot().await;
        let from = world.discord.requests().len();
        world.start_bot().await;
        looked_at(world, 3, from).await;
        // What comes of a later request shows that nothing else was to be done.
        world.ask(Who::Member, "ABE-TEST-2").await;
        world.card(4, "Approve or deny").await;
        assert_eq!(edits(world, from), []);
    });
}

#[test]
fn a_message_that_shows_something_else_is_edited_once_and_no_other() {
    run_test(async |world| {
        let mut cards = Vec::new();
        for name in ["accounting2", "ABE-TEST", "accounting-apac", "accounting-emea"] {
            world.ask(Who::Member, name).await;
            let number = u32::try_from(cards.len()).unwrap() + 1;
            cards.push(world.card(number, "Approve or deny").await);
        }
        world.stop_bot().await;
        let mut unusable = cards[2].components.clone();
        unusable[0]["components"][2]["components"][1]["disabled"] = json!(true);
        let another = json!([{"type": 10, "content": "written by another"}]);
        change(world, &cards[0], json!({"components": another})).await;
        let mut bare = cards[1].components.clone();
        bare[0]["components"].as_array_mut().unwrap().truncate(2);
        change(world, &cards[1], json!({"components": bare})).await;
        change(world, &cards[2], json!({"components": unusable})).await;
        let from = world.discord.requests().len();
        world.start_bot().await;
        looked_at(world, 4, from).await;
        let is_mended =
            |requests: &[Request]| called(requests, Route::EditMessage, from).len() >= 3;
        world.discord.wait_for_requests(is_mended).await;
        world.ask(Who::Member, "ABE-TEST-2").await;
        world.card(5, "Approve or deny").await;
        let mut edited = edits(world, from);
        edited.sort_unstable();
        assert_eq!(edited, [0, 1, 2].map(|at: usize| (cards[at].id, 200)));
        for card in &cards {
            let now = world.discord.message(card.id).unwrap();
            assert_eq!(
                (now.text(), now.components.clone()),
                (card.text(), card.components.clone())
            );
        }
    });
}

/// A card can't be told from content, but by its flag.
#[test]
fn a_message_that_is_a_text_still_becomes_a_card_in_its_place() {
    run_test(async |world| {
        let card = world.asked_by(Who::Member).await;
        world.stop_bot().await;
        let row = card.components[0]["components"][2].clone();
        let old = json!({"content": "**Request 1**: as it was said before", "components": [row]});
        let old = call(world, Method::POST, &format!("{REQUESTS}/messages"), old).await;
        let id: u64 = old["id"].as_str().unwrap().parse().unwrap();
        let sql = format!("UPDATE requests SET message = {id}");
        execute(&world.sandbox, sqlx::AssertSqlSafe(sql)).await;
        assert!(world.discord.delete_message(card.id));
        world.start_bot().await;
        let turned = world.card(1, "Approve or deny").await;
        assert_eq!((turned.id, &turned.content[..]), (id, ""));
        assert_eq!((turned.text(), labels(&turned)), (card.text(), labels(&card)));
        world.admin().press(&turned, "Approve").await;
        assert_eq!(world.card(1, "**Created**").await.id, id);
    });
}

#[test]
fn a_restored_backup_gets_its_messages_back() {
    run_test_in_file(async |world| {
        for name in ["accounting2", "ABE-TEST"] {
            world.ask(Who::Member, name).await;
        }
        let card = world.card(1, "Approve or deny").await;
        world.card(2, "Approve or deny").await;
        world.stop_bot().await;
        let backup = std::fs::read(world.sandbox.database()).unwrap();
        world.start_bot().await;
        let form = world.admin().press(&card, "Deny").await.form().clone();
        world.admin().submit(&form, &[("reason", "no")]).await;
        world.card(1, "**Denied**").await;
        world.told(Who::Member, CONNECT, "denied").await;
        world.stop_bot().await;
        std::fs::write(world.sandbox.database(), backup).unwrap();
        let from = world.discord.requests().len();
        world.start_bot().await;
        let again = world.card(1, "Approve or deny").await;
        assert_eq!(edits(world, from).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [card.id]);
        world.admin().press(&again, "Approve").await;
        world.card(1, "**Created**").await;
    });
}

#[test]
fn a_text_that_discord_changes_is_edited_once_after_a_start() {
    let mut setup = Setup::default();
    setup.discord.as_read = |content| content.replace("**", "");
    run_test_with(setup, async |world| {
        let card = world.asked_by(Who::Member).await;
        world.stop_bot().await;
        let from = world.discord.requests().len();
        world.start_bot().await;
        let is_edited =
            |requests: &[Request]| called(requests, Route::EditMessage, from).len() == 1;
        world.discord.wait_for_requests(is_edited).await;
        world.ask(Who::Member, "ABE-TEST").await;
        world.card(2, "Approve or deny").await;
        assert_eq!(edits(world, from), [(card.id, 200)]);
    });
}

#[test]
fn a_channel_that_the_bot_lost_keeps_no_newer_message_from_being_looked_at() {
    asked_in(&[RANDOM, CONNECT], async |world, cards| {
        world.stop_bot().await;
        world.discord.forbid(RANDOM, permission::VIEW_CHANNEL);
        assert!(world.discord.delete_message(cards[1].id));
        let from = world.discord.requests().len();
        world.start_bot().await;
        let second = shown_in(world, CONNECT, 2).await;
        world.all_noted().await;
        world.admin().press(&second, "Approve").await;
        world.told(Who::Member, CONNECT, "is done").await;
        let looks = called(&world.discord.requests(), Route::GetMessage, from);
        assert_eq!(looks, [(cards[0].id, 403), (cards[1].id, 404)]);
        assert!(
            edits(world, from).iter().all(|(id, _)| *id == second.id),
            "{:?}",
            edits(world, from)
        );
    });
}

#[test]
fn nor_does_a_channel_that_is_gone() {
    asked_in(&[RANDOM, CONNECT], async |world, cards| {
        world.stop_bot().await;
        for route in [Route::GetMessage, Route::CreateMessage] {
            world.discord.fail(route, Fault::Forbidden(10003), Times::Once);
        }
        assert!(
            world.discord.delete_message(cards[0].id) && world.discord.delete_message(cards[1].id)
        );
        world.start_bot().await;
        shown_in(world, CONNECT, 2).await;
        shown_in(world, RANDOM, 1).await;
    });
}

#[test]
fn after_a_429_the_look_goes_on_where_it_stopped() {
    asked_in(&[CONNECT, CONNECT, CONNECT], async |world, cards| {
        world.stop_bot().await;
        let limited = Fault::RateLimited { retry_after: 1.0, global: false };
        for fault in [Fault::Slow(Duration::from_millis(1)), limited] {
            world.discord.fail(Route::GetMessage, fault, Times::Once);
        }
        let from = world.discord.requests().len();
        world.start_bot().await;
        looked_at(world, 3, from).await;
        let looks = called(&world.discord.requests(), Route::GetMessage, from);
        let [first, second, third] = [0, 1, 2].map(|at: usize| cards[at].id);
        assert_eq!(looks, [(first, 200), (second, 429), (second, 200), (third, 200)]);
    });
}

#[test]
fn what_nobody_can_see_any_more_moves_to_the_channel_that_is_configured_now() {
    run_test(async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.card(1, "Approve or deny").await;
        world.stop_bot().await;
        world.discord.forbid(REQUESTS, permission::VIEW_CHANNEL);
        world.variables.push(("REQUESTS_CHANNEL_ID", RANDOM.to_string()));
        world.start_bot().await;
        let card = shown_in(world, RANDOM, 1).await;
        world.all_noted().await;
        world.admin().in_channel(RANDOM).press(&card, "Approve").await;
        world.told(Who::Member, CONNECT, "is done").await;
    });
}
