//! What people can do, and what they see.

use reqwest::Method;
use sandbox::discord::{
    ADMIN_ROLE, CONNECT, Change, DM, MEMBER_ROLE, OTHER_CHANNEL, OTHER_GUILD, Reply, THREAD, Who,
};
use serde_json::{Value, json};

use super::bot::{Bot, text};

/// A message with the buttons of a request and a menu.
fn card() -> Value {
    let mut card = text("A request of <@518402736190455808>");
    card["components"] = json!([
        {"type": 1, "components": [
            {"type": 2, "style": 3, "label": "Approve it", "custom_id": "approve:1"},
            {"type": 2, "style": 4, "label": "Deny", "custom_id": "deny:1"},
        ]},
        {"type": 1, "components": [{
            "type": 3, "custom_id": "pick",
            "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}],
        }]},
    ]);
    card
}

#[tokio::test]
async fn a_press_opens_a_form_whose_answer_updates_the_message() {
    let (discord, mut bot) = Bot::new().await;
    let path = format!("channels/{CONNECT}/messages");
    bot.call(Method::POST, &path, Some(card())).await;
    let card = discord.wait_for_message(CONNECT, |message| !message.buttons().is_empty()).await;
    assert!(card.pings.is_empty());
    let admin = discord.person(Who::Admin);
    let pending = admin.start_press(&card, "Deny");
    let interaction = bot.interaction().await;
    assert_eq!(interaction.json["data"]["custom_id"], "deny:1");
    assert_eq!(interaction.json["message"]["id"], card.id.to_string());
    let input = json!({"type": 4, "custom_id": "reason", "style": 2, "label": "Why?",
        "required": false, "max_length": 100});
    let form = json!({"custom_id": "deny:1", "title": "Deny", "components": [
        {"type": 1, "components": [input]},
    ]});
    assert_eq!(bot.callback(&interaction, json!({"type": 9, "data": form})).await.0, 204);
    let answer = pending.answer().await;
    let form = answer.form().clone();
    let sending = tokio::spawn(async move { admin.submit(&form, &[("reason", "no")]).await });
    let interaction = bot.interaction().await;
    assert_eq!(interaction.json["data"]["components"][0]["components"][0]["value"], "no");
    let mut update = text("Denied");
    update["components"] = json!([]);
    bot.callback(&interaction, json!({"type": 7, "data": update})).await;
    let answer = sending.await.expect("the task ends");
    assert!(matches!(answer.reply, Reply::Update(_)));
    let now = discord.message(card.id).expect("it is still there");
    assert!(now.edited && now.buttons().is_empty());
    assert_eq!(now.text(), "Denied");
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn what_follows_an_acknowledged_press_can_be_waited_for() {
    let (discord, mut bot) = Bot::new().await;
    let path = format!("channels/{CONNECT}/messages");
    bot.call(Method::POST, &path, Some(card())).await;
    let card = discord.messages(CONNECT).remove(0);
    let picking = discord.person(Who::Admin);
    let picked = tokio::spawn(async move { picking.pick(&card, &["b"]).await });
    let interaction = bot.interaction().await;
    assert_eq!(interaction.json["data"]["values"], json!(["b"]));
    bot.callback(&interaction, json!({"type": 6})).await;
    let answer = picked.await.expect("the task ends");
    assert_eq!(answer.reply, Reply::Acknowledged);
    let mut private = text("Only you see this");
    private["flags"] = json!(64);
    bot.webhook(Method::POST, &interaction, "", Some(private)).await;
    assert_eq!(answer.later(0).await.private_to, Some(Who::Admin));
}

#[tokio::test]
async fn roles_and_places_are_those_of_the_moment() {
    let (discord, mut bot) = Bot::new().await;
    let member = discord.person(Who::Member);
    let search = || [("prefix", Value::from("a"))];
    let _one = member.start_slash("search", &search());
    let roles = |json: &Value| json["member"]["roles"].clone();
    let first = bot.interaction().await.json;
    assert_eq!(roles(&first), json!([MEMBER_ROLE.to_string()]));
    discord.set_roles(Who::Member, &[ADMIN_ROLE]);
    let _two = member.clone().in_channel(THREAD).start_slash("search", &search());
    let second = bot.interaction().await.json;
    assert_eq!(roles(&second), json!([ADMIN_ROLE.to_string()]));
    assert_eq!(second["channel"]["parent_id"], CONNECT.to_string());
    let _three =
        member.clone().with_roles(&[]).in_channel(OTHER_CHANNEL).start_slash("search", &search());
    let third = bot.interaction().await.json;
    assert_eq!(roles(&third), json!([]));
    assert_eq!(third["guild_id"], OTHER_GUILD.to_string());
    let _four = member.in_channel(DM).start_slash("search", &search());
    let fourth = bot.interaction().await.json;
    assert_eq!(fourth["user"]["username"], "linus");
    assert!(fourth["member"].is_null() && fourth["guild_id"].is_null());
}

#[tokio::test]
async fn only_an_allowed_mention_pings_and_changes_are_told() {
    let (discord, bot) = Bot::new().await;
    let mut changes = discord.subscribe();
    let linus = Who::Member.id().to_string();
    let mut body = text(&format!("<@{linus}> and <@{}> and @everyone", Who::Admin.id()));
    body["allowed_mentions"] = json!({"parse": [], "users": [linus]});
    let path = format!("channels/{CONNECT}/messages");
    bot.call(Method::POST, &path, Some(body)).await;
    let message = discord.messages(CONNECT).remove(0);
    assert_eq!(message.pings.users, [Who::Member.id()]);
    assert!(!message.pings.everyone);
    assert_eq!(changes.recv().await, Ok(Change::Posted(message)));
}

#[tokio::test]
#[should_panic(expected = "has no option \"wrong\"")]
async fn an_option_that_the_command_does_not_have_is_the_testers_fault() {
    let (discord, _bot) = Bot::new().await;
    let values = [("prefix", "a".into()), ("wrong", "b".into())];
    let _pending = discord.person(Who::Member).start_slash("search", &values);
}

#[tokio::test]
#[should_panic(expected = "requires \"prefix\"")]
async fn a_required_option_that_is_missing_is_the_testers_fault() {
    let (discord, _bot) = Bot::new().await;
    let _pending = discord.person(Who::Member).start_slash("search", &[]);
}

#[tokio::test]
#[should_panic(expected = "has no button \"Retry\", only [\"Approve it\", \"Deny\"]")]
async fn a_button_that_is_not_there_is_the_testers_fault() {
    let (discord, bot) = Bot::new().await;
    let path = format!("channels/{CONNECT}/messages");
    bot.call(Method::POST, &path, Some(card())).await;
    let card = discord.messages(CONNECT).remove(0);
    let _pending = discord.person(Who::Admin).start_press(&card, "Retry");
}
