//! What Discord tells of messages and of the interactions that they answer.

use reqwest::Method;
use sandbox::discord::{CONNECT, GUILD, Who};
use serde_json::{Value, json};

use super::bot::{Bot, Interaction, text};

const ORIGINAL: &str = "/messages/@original";

/// What the interaction's first answer is.
async fn original(bot: &Bot, of: &Interaction) -> Value {
    let (status, message) = bot.webhook(Method::GET, of, ORIGINAL, None).await;
    assert_eq!(status, 200, "{message}");
    message
}

fn with_button(content: &str) -> Value {
    let mut body = text(content);
    let button = json!({"type": 2, "style": 1, "label": "Press", "custom_id": "press"});
    body["components"] = json!([{"type": 1, "components": [button]}]);
    body
}

#[tokio::test]
async fn an_answer_tells_of_its_command_and_a_further_one_of_the_answer() {
    let (discord, mut bot) = Bot::new().await;
    let member = discord.person(Who::Member);
    let _pending = member.start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    bot.reply(&interaction, "first").await;
    let first = original(&bot, &interaction).await;
    let metadata = &first["interaction_metadata"];
    assert_eq!((&first["type"], &metadata["type"]), (&json!(20), &json!(2)));
    assert_eq!(metadata["id"], interaction.id);
    assert_eq!(metadata["authorizing_integration_owners"], json!({"0": GUILD.to_string()}));
    assert_eq!(metadata["user"]["id"], Who::Member.id().to_string());
    assert_eq!(metadata["user"]["primary_guild"], Value::Null);
    assert_eq!(first["interaction"]["name"], "ldapgroup search");
    assert_eq!(metadata.get("original_response_message_id"), None);
    let (_, next) = bot.webhook(Method::POST, &interaction, "", Some(text("next"))).await;
    assert_eq!(next["interaction_metadata"]["original_response_message_id"], first["id"]);
    let (_, same) = bot.webhook(Method::GET, &interaction, "/messages/%40original", None).await;
    assert_eq!(same["id"], first["id"]);
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn an_answer_to_a_press_or_a_form_tells_where_it_came_from() {
    let (discord, mut bot) = Bot::new().await;
    let path = format!("channels/{CONNECT}/messages");
    let (_, card) = bot.call(Method::POST, &path, Some(with_button("card"))).await;
    let shown = discord.messages(CONNECT).remove(0);
    let member = discord.person(Who::Member);
    let _pending = member.start_press(&shown, "Press");
    let press = bot.interaction().await;
    assert_eq!(press.json["data"]["id"], card["components"][0]["components"][0]["id"]);
    bot.reply(&press, "pressed").await;
    let answer = original(&bot, &press).await;
    let metadata = &answer["interaction_metadata"];
    assert_eq!((&answer["type"], &metadata["type"]), (&json!(0), &json!(3)));
    assert_eq!(metadata["interacted_message_id"], card["id"]);
    assert_eq!(answer["message_reference"]["message_id"], card["id"]);
    assert_eq!(answer.get("interaction"), None);

    let pending = member.start_press(&shown, "Press");
    let press = bot.interaction().await;
    let input = json!({"type": 4, "custom_id": "why", "style": 1});
    let label = json!({"type": 18, "label": "Why", "component": input});
    let form = json!({"custom_id": "form", "title": "Form", "components": [label]});
    assert_eq!(bot.callback(&press, json!({"type": 9, "data": form})).await.0, 204);
    let form = pending.answer().await.form().clone();
    assert_eq!(form.inputs[0].label, "Why");
    tokio::spawn(async move { member.submit(&form, &[("why", "because")]).await });
    let sent = bot.interaction().await;
    assert_eq!(sent.json["data"]["components"][0]["component"]["value"], "because");
    bot.reply(&sent, "filled").await;
    let metadata = &original(&bot, &sent).await["interaction_metadata"];
    assert_eq!((&metadata["type"], &metadata["id"]), (&json!(5), &json!(sent.id)));
    assert_eq!(metadata["triggering_interaction_metadata"]["id"], press.id);
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn after_an_acknowledged_press_original_is_the_message_that_was_pressed() {
    let (discord, mut bot) = Bot::new().await;
    let path = format!("channels/{CONNECT}/messages");
    let (_, card) = bot.call(Method::POST, &path, Some(with_button("card"))).await;
    let shown = discord.messages(CONNECT).remove(0);
    let _pending = discord.person(Who::Member).start_press(&shown, "Press");
    let press = bot.interaction().await;
    assert_eq!(bot.callback(&press, json!({"type": 6})).await.0, 204);
    assert_eq!(original(&bot, &press).await["id"], card["id"]);
    bot.webhook(Method::PATCH, &press, ORIGINAL, Some(text("changed"))).await;
    assert_eq!(discord.messages(CONNECT).remove(0).content, "changed");
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn what_was_not_given_is_absent_and_ids_may_be_numbers() {
    let (discord, mut bot) = Bot::new().await;
    let _pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    let who = Who::Member.id();
    let mut body = text(&format!("<@{who}>"));
    body["allowed_mentions"]["users"] = json!([who]);
    body["embeds"] = json!([{"title": "x", "url": null}]);
    let path =
        format!("interactions/{}/{}/callback?with_response=1", interaction.id, interaction.token);
    let (status, told) =
        bot.call(Method::POST, &path, Some(json!({"type": 4, "data": body}))).await;
    let message = &told["resource"]["message"];
    assert_eq!((status, &message["mentions"][0]["id"]), (200, &json!(who.to_string())));
    assert_eq!(message["embeds"][0].get("url"), None);
    assert_eq!(told["interaction"]["response_message_id"], message["id"]);
    let fields =
        ["message_reference", "nonce", "webhook_id"].map(|name| message.get(name).is_some());
    assert_eq!(fields, [false, false, true]);
    assert_eq!(discord.violations(), [""; 0]);
}
