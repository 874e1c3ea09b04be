//! Discord's rate limits, and Cloudflare's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Method, Response};
use sandbox::discord::{CONNECT, Discord, Limits, Options, RANDOM, Rate, Who};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::bot::{Bot, code, text};

/// A stand-in with limits of its own, and a bot that is ready.
async fn limited(limits: Limits) -> (Discord, Bot) {
    Bot::start(Options { limits, ..Options::default() }).await
}

fn messages(channel: u64) -> String {
    format!("channels/{channel}/messages")
}

async fn post(bot: &Bot, channel: u64) -> Response {
    let response = bot.send(Method::POST, &messages(channel), Some(text("x"))).await;
    response.expect("the stand-in answers")
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn number(response: &Response, name: &str) -> f64 {
    let value = header(response, name).and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("{name} is no number: {:?}", response.headers()))
}

/// The path of a message that the bot has sent.
async fn sent(bot: &Bot, channel: u64) -> String {
    let (_, message) = bot.call(Method::POST, &messages(channel), Some(text("x"))).await;
    format!("{}/{}", messages(channel), message["id"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn each_answer_tells_how_many_calls_are_left_and_when_all_are_back() {
    let (_discord, bot) = limited(Limits::default()).await;
    let mut names = Vec::new();
    for left in (0..5).rev() {
        let answer = post(&bot, CONNECT).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, "via"), Some("1.1 google"));
        assert_eq!(header(&answer, "x-ratelimit-limit"), Some("5"));
        assert_eq!(header(&answer, "x-ratelimit-remaining"), Some(left.to_string().as_str()));
        let (after, missing) = (number(&answer, "x-ratelimit-reset-after"), f64::from(5 - left));
        assert!((missing - 1.0..=missing).contains(&after), "{after} with {left} left");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
        let reset = number(&answer, "x-ratelimit-reset") - now.as_secs_f64();
        assert!((after - 1.0..after + 0.001).contains(&reset), "{reset}, not {after}");
        assert_eq!(header(&answer, "x-ratelimit-scope"), None);
        names.extend(header(&answer, "x-ratelimit-bucket").map(str::to_owned));
    }
    names.dedup();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].len(), 32);
}

#[tokio::test]
async fn edits_have_the_name_of_new_messages_and_are_counted_apart() {
    let (_discord, bot) = limited(Limits::default()).await;
    let created = post(&bot, CONNECT).await;
    let path = sent(&bot, CONNECT).await;
    let edited = bot.send(Method::PATCH, &path, Some(text("y"))).await.expect("it answers");
    let name = "x-ratelimit-bucket";
    assert_eq!(header(&created, name), header(&edited, name));
    assert_eq!(header(&edited, "x-ratelimit-remaining"), Some("4"));
    let seen = bot.send(Method::GET, &path, None).await.expect("it answers");
    assert_ne!(header(&seen, name), header(&edited, name));
}

#[tokio::test]
async fn one_call_too_many_is_refused_until_one_has_come_back() {
    let create_message = Some(Rate::new(2, Duration::from_millis(600)));
    let (discord, bot) = limited(Limits { create_message, ..Limits::default() }).await;
    for _ in 0..2 {
        assert_eq!(post(&bot, CONNECT).await.status(), 200);
    }
    let refused = post(&bot, CONNECT).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header(&refused, "x-ratelimit-scope"), Some("user"));
    assert_eq!(header(&refused, "x-ratelimit-remaining"), Some("0"));
    assert_eq!(header(&refused, "x-ratelimit-global"), None);
    assert_eq!(header(&refused, "retry-after"), Some("1"));
    let reset = number(&refused, "x-ratelimit-reset-after");
    let body: Value = refused.json().await.expect("in JSON");
    let wait = body["retry_after"].as_f64().expect("a number of seconds");
    assert!(wait <= 0.3 && reset > wait, "{wait} until one is back, {reset} until all are");
    assert_eq!(body["message"], "You are being rate limited.");
    assert_eq!(body["global"], false);
    assert_eq!(post(&bot, RANDOM).await.status(), 200, "another channel");
    sleep(Duration::from_secs_f64(wait)).await;
    assert_eq!(post(&bot, CONNECT).await.status(), 200);
    assert_eq!(post(&bot, CONNECT).await.status(), 429, "one, not all");
    assert_eq!((discord.rate_limited(), discord.messages(CONNECT).len()), (2, 3));
}

#[tokio::test]
async fn all_calls_together_are_limited_but_those_of_an_interaction() {
    let global = Rate::new(8, Duration::from_secs(1));
    let (discord, mut bot) = limited(Limits { global, ..Limits::default() }).await;
    let pending = discord.person(Who::Member).start_slash("search", &[("prefix", json!("a"))]);
    let interaction = bot.interaction().await;
    sleep(Duration::from_secs(1)).await;
    for channel in [CONNECT, RANDOM] {
        for _ in 0..4 {
            assert_eq!(post(&bot, channel).await.status(), 200);
        }
    }
    let refused = post(&bot, CONNECT).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header(&refused, "x-ratelimit-global"), Some("true"));
    assert_eq!(header(&refused, "x-ratelimit-scope"), Some("global"));
    assert_eq!(header(&refused, "x-ratelimit-bucket"), None);
    assert_eq!(bot.reply(&interaction, "now").await.0, 204);
    assert_eq!(bot.webhook(Method::POST, &interaction, "", Some(text("then"))).await.0, 200);
    assert_eq!(pending.answer().await.text(), "now");
    let body: Value = refused.json().await.expect("in JSON");
    assert_eq!(body["global"], true);
    sleep(Duration::from_secs_f64(body["retry_after"].as_f64().expect("seconds"))).await;
    assert_eq!(post(&bot, CONNECT).await.status(), 200);
}

#[tokio::test]
async fn old_messages_can_be_edited_a_few_times_only() {
    let limits = Limits {
        edit_old_message: Some(Rate::new(1, Duration::from_millis(400))),
        old_after: Duration::from_millis(300),
        ..Limits::default()
    };
    let (_discord, bot) = limited(limits).await;
    let old = sent(&bot, CONNECT).await;
    sleep(Duration::from_millis(300)).await;
    let young = sent(&bot, CONNECT).await;
    let edit = async |path| {
        bot.send(Method::PATCH, path, Some(text("y"))).await.expect("the stand-in answers")
    };
    assert_eq!(edit(&old).await.status(), 200);
    let refused = edit(&old).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header(&refused, "x-ratelimit-scope"), Some("shared"));
    assert!(number(&refused, "x-ratelimit-remaining") > 0.0);
    let body: Value = refused.json().await.expect("in JSON");
    assert_eq!((&body["code"], &body["global"]), (&json!(30046), &json!(false)));
    assert_eq!(edit(&young).await.status(), 200);
    sleep(Duration::from_secs_f64(body["retry_after"].as_f64().expect("seconds"))).await;
    assert_eq!(edit(&old).await.status(), 200);
}

#[tokio::test]
async fn after_too_many_refusals_cloudflare_refuses_everything_for_a_while() {
    let limits = Limits {
        edit_old_message: Some(Rate::new(1, Duration::from_mins(1))),
        old_after: Duration::ZERO,
        invalid: Rate::new(3, Duration::from_mins(10)),
        banned_for: Duration::from_secs(1),
        ..Limits::default()
    };
    let (discord, mut bot) = limited(limits).await;
    let _pending = discord.person(Who::Member).start_slash("search", &[("prefix", json!("a"))]);
    let interaction = bot.interaction().await;
    let path = sent(&bot, CONNECT).await;
    let edits = async || bot.call(Method::PATCH, &path, Some(text("y"))).await;
    assert_eq!(edits().await.0, 200);
    for _ in 0..3 {
        assert_eq!(code(&edits().await), (429, 30046), "everybody's limit isn't held against one");
    }
    for _ in 0..3 {
        let (status, _) = bot.call(Method::GET, "guilds/1098230000000000000/roles", None).await;
        assert_eq!(status, 404, "nor is what isn't there");
    }
    discord.refuse_token(true);
    for _ in 0..3 {
        assert_eq!(bot.call(Method::GET, "users/@me", None).await.0, 401);
    }
    discord.refuse_token(false);
    let banned = post(&bot, CONNECT).await;
    assert_eq!(banned.status(), 429);
    assert_eq!(header(&banned, "via"), None);
    assert_eq!(header(&banned, "retry-after"), Some("1"));
    assert_eq!(header(&banned, "content-type"), Some("text/html"));
    let page = banned.text().await.expect("a page");
    assert!(page.starts_with("<html>"), "{page}");
    assert_eq!(bot.reply(&interaction, "x").await.0, 429);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(post(&bot, CONNECT).await.status(), 200);
}
