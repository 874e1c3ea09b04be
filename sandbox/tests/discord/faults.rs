//! Faults on demand, and who may call at all.

use std::time::{Duration, Instant};

use reqwest::Method;
use sandbox::discord::{
    CONNECT, Discord, Fault, GUILD, OTHER_GUILD, Options, RANDOM, Route, STRANGE_CHANNEL,
    STRANGE_GUILD, Times, Who,
};
use serde_json::json;

use super::bot::{Bot, code, text};

fn messages() -> String {
    format!("channels/{CONNECT}/messages")
}

#[tokio::test]
async fn a_rate_limit_is_told_in_body_and_header() {
    let (discord, bot) = Bot::new().await;
    let limited = Fault::RateLimited { retry_after: 1.25, global: false };
    discord.fail(Route::CreateMessage, limited, Times::Times(2));
    for _ in 0..2 {
        let (status, body) = bot.call(Method::POST, &messages(), Some(text("x"))).await;
        assert_eq!(
            (status, &body["retry_after"], &body["global"]),
            (429, &json!(1.25), &json!(false))
        );
    }
    assert_eq!(bot.call(Method::POST, &messages(), Some(text("x"))).await.0, 200);
    assert_eq!(discord.rate_limited(), 0, "those were asked for");
}

#[tokio::test]
async fn a_cut_call_is_not_carried_out_and_a_lost_answer_is() {
    let (discord, bot) = Bot::new().await;
    discord.fail(Route::CreateMessage, Fault::Cut, Times::Once);
    assert_eq!(bot.try_call(Method::POST, &messages(), Some(text("one"))).await, None);
    assert!(discord.messages(CONNECT).is_empty());
    discord.fail(Route::CreateMessage, Fault::LostAnswer, Times::Once);
    assert_eq!(bot.try_call(Method::POST, &messages(), Some(text("two"))).await, None);
    assert_eq!(discord.messages(CONNECT).len(), 1);
    let requests = discord.requests();
    let last = requests.last().expect("requests are recorded");
    assert_eq!((last.route, last.status), (Some(Route::CreateMessage), None));
}

#[tokio::test]
async fn other_faults_answer_as_proxies_and_permissions_do() {
    let (discord, bot) = Bot::new().await;
    discord.fail(None, Fault::Status(502), Times::Once);
    let (status, body) = bot.call(Method::GET, "users/@me", None).await;
    assert!(status == 502 && body.as_str().is_some_and(|html| html.starts_with("<html>")));
    discord.fail(Route::CurrentUser, Fault::Forbidden(50013), Times::Always);
    assert_eq!(code(&bot.call(Method::GET, "users/@me", None).await), (403, 50013));
    discord.clear_faults();
    discord.fail(None, Fault::Slow(Duration::from_millis(50)), Times::Once);
    let begin = Instant::now();
    assert_eq!(bot.call(Method::GET, "users/@me", None).await.0, 200);
    assert!(begin.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_repeated_nonce_makes_one_message() {
    let (discord, bot) = Bot::new().await;
    let mut body = text("once");
    body["nonce"] = json!("request-7");
    body["enforce_nonce"] = json!(true);
    let first = bot.call(Method::POST, &messages(), Some(body.clone())).await;
    let second = bot.call(Method::POST, &messages(), Some(body)).await;
    assert_eq!(first.1["id"], second.1["id"]);
    assert_eq!(discord.messages(CONNECT).len(), 1);
}

#[tokio::test]
async fn only_own_messages_that_are_there_can_be_changed() {
    let (discord, bot) = Bot::new().await;
    let other = discord.person(Who::Member).say("hello");
    let path = format!("{}/{}", messages(), other.id);
    let edit = || Some(text("changed"));
    assert_eq!(code(&bot.call(Method::PATCH, &path, edit()).await), (403, 50005));
    let (_, own) = bot.call(Method::POST, &messages(), Some(text("own"))).await;
    let path = format!("{}/{}", messages(), own["id"].as_str().unwrap_or_default());
    let (status, edited) = bot.call(Method::PATCH, &path, edit()).await;
    assert!(status == 200 && edited["edited_timestamp"].is_string());
    assert_eq!(code(&bot.call(Method::PATCH, &path, Some(text(""))).await), (400, 50006));
    let elsewhere = path.replace(&CONNECT.to_string(), &RANDOM.to_string());
    assert_eq!(code(&bot.call(Method::PATCH, &elsewhere, edit()).await), (404, 10008));
    let id = own["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
    assert!(discord.delete_message(id));
    assert_eq!(code(&bot.call(Method::PATCH, &path, edit()).await), (404, 10008));
}

#[tokio::test]
async fn places_that_the_bot_is_not_in_are_refused() {
    let (discord, bot) = Bot::new().await;
    let get = async |path: String| code(&bot.call(Method::GET, &path, None).await);
    assert_eq!(get(format!("guilds/{OTHER_GUILD}/roles")).await, (200, 0));
    assert_eq!(get(format!("guilds/{STRANGE_GUILD}")).await, (403, 50001));
    assert_eq!(get("guilds/1".to_owned()).await, (404, 10004));
    assert_eq!(get(format!("channels/{STRANGE_CHANNEL}")).await, (403, 50001));
    assert_eq!(get("channels/1".to_owned()).await, (404, 10003));
    let application = sandbox::discord::APPLICATION;
    let path = format!("applications/{application}/guilds/{STRANGE_GUILD}/commands");
    let refused = bot.call(Method::PUT, &path, Some(json!([]))).await;
    assert_eq!(code(&refused), (403, 50001));
    assert!(discord.commands(STRANGE_GUILD).is_none());
    assert!(discord.commands(GUILD).is_some());
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn a_wrong_token_is_401() {
    let (discord, bot) = Bot::new().await;
    let url = format!("{}/api/v10/users/@me", discord.url());
    let unknown = reqwest::get(&url).await.expect("the stand-in answers");
    assert_eq!(unknown.status(), 401);
    discord.refuse_token(true);
    let (status, body) = bot.call(Method::GET, "users/@me", None).await;
    assert_eq!((status, body), (401, json!({"message": "401: Unauthorized", "code": 0})));
}

#[tokio::test]
async fn secrets_are_the_token_and_every_interactions() {
    let discord = Discord::start(Options::default()).await.expect("ports are free");
    let _raw = discord.person(Who::Guest).send_raw(json!({}));
    let secrets = discord.secrets();
    assert_eq!(secrets.len(), 2);
    assert!(secrets.contains(&discord.token().to_owned()));
}
