//! Requests are held against a description of the interface.

use reqwest::Method;
use sandbox::discord::{CONNECT, Discord, Options};

use super::bot::{Bot, text};

#[tokio::test]
async fn a_difference_from_the_description_is_a_violation() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/discord/openapi.json");
    let (discord, bot) =
        Bot::start(Options { openapi: Some(file.into()), ..Options::default() }).await;
    let path = format!("channels/{CONNECT}/messages");
    bot.call(Method::POST, &path, Some(text("short"))).await;
    assert_eq!(discord.violations(), [""; 0]);
    bot.call(Method::POST, &path, Some(text("longer"))).await;
    let path = format!("POST /channels/{CONNECT}/messages");
    assert_eq!(
        discord.violations(),
        [format!("{path}: create_message: /content: \"longer\" is longer than 5 characters")]
    );
}

#[tokio::test]
async fn a_description_that_cannot_be_read_is_an_error() {
    let options = Options { openapi: Some("/nowhere/openapi.json".into()), ..Options::default() };
    assert!(Discord::start(options).await.is_err());
}
