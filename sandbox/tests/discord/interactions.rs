//! Clocks and codes of interactions.

use std::time::Duration;

use reqwest::Method;
use sandbox::discord::{Reply, Who};
use serde_json::json;
use tokio::time::sleep;

use super::bot::{Bot, code, text};

const ORIGINAL: &str = "/messages/@original";

#[tokio::test]
async fn an_answer_in_time_is_seen() {
    let (discord, mut bot) = Bot::new().await;
    let member = discord.person(Who::Member);
    let pending = member.start_slash("search", &[("prefix", "accounting".into())]);
    let interaction = bot.interaction().await;
    assert_eq!(interaction.token.len().clamp(150, 300), interaction.token.len());
    assert_eq!(bot.reply(&interaction, "Here").await.0, 204);
    let answer = pending.answer().await;
    assert_eq!(answer.text(), "Here");
    assert!(!answer.is_private() && !answer.is_deferred());
    assert!(answer.first_answer_after < Some(Duration::from_secs(3)));
    let origin = answer.message().interaction.clone().expect("it is an answer");
    assert_eq!(origin.command, "/ldapgroup search");
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn an_answer_too_late_is_10062_and_nothing_is_seen() {
    let (discord, mut bot) = Bot::hurried().await;
    let pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    assert_eq!(pending.answer().await.reply, Reply::NoResponse);
    assert_eq!(code(&bot.reply(&interaction, "Late").await), (404, 10062));
    assert!(discord.messages(sandbox::discord::CONNECT).is_empty());
}

#[tokio::test]
async fn a_second_answer_is_40060() {
    let (discord, mut bot) = Bot::new().await;
    let pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    bot.reply(&interaction, "One").await;
    assert_eq!(code(&bot.reply(&interaction, "Two").await), (400, 40060));
    assert_eq!(pending.answer().await.text(), "One");
}

#[tokio::test]
async fn a_dead_token_is_50027() {
    let (discord, mut bot) = Bot::hurried().await;
    let _pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    bot.reply(&interaction, "One").await;
    let edit = Some(text("Two"));
    let early = bot.webhook(Method::PATCH, &interaction, ORIGINAL, edit.clone()).await;
    assert_eq!(early.0, 200);
    sleep(Duration::from_secs(1)).await;
    let late = bot.webhook(Method::PATCH, &interaction, ORIGINAL, edit).await;
    assert_eq!(code(&late), (401, 50027));
}

#[tokio::test]
async fn a_follow_up_before_the_answer_is_10015() {
    let (discord, mut bot) = Bot::new().await;
    let _pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    let early = bot.webhook(Method::POST, &interaction, "", Some(text("Early"))).await;
    assert_eq!(code(&early), (404, 10015));
}

#[tokio::test]
async fn the_first_follow_up_after_a_deferral_fills_the_placeholder_and_keeps_it_public() {
    let (discord, mut bot) = Bot::new().await;
    let pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    bot.callback(&interaction, json!({"type": 5})).await;
    let mut body = text("Meant to be private");
    body["flags"] = json!(64);
    bot.webhook(Method::POST, &interaction, "", Some(body)).await;
    let answer = pending.answer().await;
    assert!(!answer.is_private() && answer.is_deferred());
    assert!(!answer.message().edited);
}

#[tokio::test]
async fn after_the_placeholder_is_deleted_a_follow_up_has_its_own_flags() {
    let (discord, mut bot) = Bot::new().await;
    let pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    bot.callback(&interaction, json!({"type": 5})).await;
    assert_eq!(bot.webhook(Method::DELETE, &interaction, ORIGINAL, None).await.0, 204);
    let mut body = text("Private");
    body["flags"] = json!(64);
    bot.webhook(Method::POST, &interaction, "", Some(body)).await;
    let answer = pending.answer().await;
    assert!(answer.is_private());
    let gone = bot.webhook(Method::PATCH, &interaction, ORIGINAL, Some(text("x"))).await;
    assert_eq!(code(&gone), (404, 10008));
    assert_eq!(discord.private_messages(Who::Member).len(), 1);
}

#[tokio::test]
async fn a_private_deferral_stays_private_when_it_is_filled() {
    let (discord, mut bot) = Bot::new().await;
    let pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    bot.callback(&interaction, json!({"type": 5, "data": {"flags": 64}})).await;
    bot.webhook(Method::PATCH, &interaction, ORIGINAL, Some(text("Done"))).await;
    let answer = pending.answer().await;
    assert!(answer.is_private());
    let path = format!("channels/{}/messages/{}", sandbox::discord::CONNECT, answer.message().id);
    let by_channel = bot.call(Method::GET, &path, None).await;
    assert_eq!(code(&by_channel), (404, 10008));
}

#[tokio::test]
async fn what_is_answered_must_fit_what_was_done() {
    let (discord, mut bot) = Bot::new().await;
    let member = discord.person(Who::Member);
    let asking = member.clone();
    let offered =
        tokio::spawn(async move { asking.autocomplete("create", &[], ("name", "acc")).await });
    let interaction = bot.interaction().await;
    assert_eq!(interaction.json["data"]["options"][0]["options"][0]["focused"], true);
    assert_eq!(code(&bot.reply(&interaction, "No").await), (400, 50035));
    let choices = json!({"choices": [{"name": "Accounting", "value": "accounting"}]});
    assert_eq!(bot.callback(&interaction, json!({"type": 8, "data": choices})).await.0, 204);
    let offered = offered.await.expect("the task ends").expect("there is an answer");
    assert_eq!(offered[0].value, "accounting");
    let _pending = member.start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    for body in [
        json!({"type": 1}),
        json!({"type": 6}),
        json!({"type": 7, "data": {}}),
        json!({"type": 8, "data": {}}),
    ] {
        let refused = bot.callback(&interaction, body.clone()).await;
        assert_eq!(code(&refused), (400, 50035), "{body}");
    }
    let unknown = bot.callback(&interaction, json!({"type": 3, "data": {}})).await;
    assert_eq!(unknown.1["errors"]["type"]["_errors"][0]["code"], "UNION_TYPE_CHOICES");
    assert_eq!(discord.violations().len(), 6, "{:?}", discord.violations());
}

#[tokio::test]
async fn content_beside_components_v2_is_refused() {
    let (discord, mut bot) = Bot::new().await;
    let _pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    let mut data = text("x");
    data["flags"] = json!(32768);
    let refused = bot.callback(&interaction, json!({"type": 4, "data": data})).await;
    assert_eq!(code(&refused), (400, 50035));
    assert!(refused.1["errors"]["data"]["content"]["_errors"].is_array());
}
