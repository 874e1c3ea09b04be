//! What Discord refuses, where, and with which code.

#![expect(clippy::needless_pass_by_value, reason = "bodies are written where they are sent")]

use reqwest::Method;
use sandbox::discord::{APPLICATION, CONNECT, Discord, GUILD, Options, REQUESTS};
use serde_json::{Value, json};

use super::bot::{Bot, code, commands, text};

/// Sends a message with these fields added, and gives the answer.
async fn send(bot: &Bot, fields: Value) -> (u16, Value) {
    let mut body = text("x");
    for (name, value) in fields.as_object().expect("fields are an object") {
        body[name] = value.clone();
    }
    bot.call(Method::POST, &format!("channels/{CONNECT}/messages"), Some(body)).await
}

/// The code of the only thing that is wrong, at this place.
fn wrong<'a>((status, body): &'a (u16, Value), pointer: &str) -> &'a str {
    assert_eq!((*status, body["code"].as_u64()), (400, Some(50035)), "{body}");
    let at = format!("/errors{pointer}/_errors/0/code");
    body.pointer(&at).and_then(Value::as_str).unwrap_or_else(|| panic!("nothing at {at}: {body}"))
}

fn row(parts: Value) -> Value {
    json!({"components": [{"type": 1, "components": parts}]})
}

fn button(fields: Value) -> Value {
    let mut button = json!({"type": 2, "style": 1, "label": "x", "custom_id": "a"});
    for (name, value) in fields.as_object().expect("fields are an object") {
        button[name] = value.clone();
    }
    row(json!([button]))
}

fn menu(fields: Value) -> Value {
    let option = |value: &str| json!({"label": value, "value": value, "default": true});
    let options = json!([option("a"), option("b")]);
    let mut menu =
        json!({"type": 3, "custom_id": "m", "options": options, "min_values": 0, "max_values": 2});
    for (name, value) in fields.as_object().expect("fields are an object") {
        menu[name] = value.clone();
    }
    row(json!([menu]))
}

#[tokio::test]
async fn a_set_with_a_value_twice_is_refused() {
    let (_discord, bot) = Bot::new().await;
    let twice = json!({"allowed_mentions": {"parse": [], "roles": ["1", "1"]}});
    let code = send(&bot, twice).await;
    assert_eq!(wrong(&code, "/allowed_mentions/roles/1"), "SET_TYPE_ALREADY_CONTAINS_VALUE");
}

#[tokio::test]
async fn links_images_and_emoji_must_be_some() {
    let (_discord, bot) = Bot::new().await;
    let first = "/components/0/components/0";
    let link = button(json!({"style": 5, "custom_id": null, "url": "accounting"}));
    assert_eq!(wrong(&send(&bot, link).await, &format!("{first}/url")), "URL_TYPE_INVALID_URL");
    let local = button(json!({"style": 5, "custom_id": null, "url": "http://connect:3939"}));
    assert_eq!(wrong(&send(&bot, local).await, &format!("{first}/url")), "URL_TYPE_INVALID_URL");
    let number = button(json!({"style": 5, "custom_id": null, "url": "http://10.1.2.3:3939/a"}));
    assert_eq!(send(&bot, number).await.0, 200);
    let image = json!({"embeds": [{"image": {"url": "ftp://example.org/a.png"}}]});
    let told = send(&bot, image).await;
    assert_eq!(wrong(&told, "/embeds/0/image/url"), "URL_TYPE_INVALID_SCHEME");
    let emoji = button(json!({"emoji": {"name": "tick"}}));
    let told = send(&bot, emoji).await;
    assert_eq!(wrong(&told, &format!("{first}/emoji/name")), "COMPONENT_INVALID_EMOJI");
    for emoji in ["✅", "◀️", "◀", "👩‍🔬"] {
        let told = send(&bot, button(json!({"emoji": {"name": emoji}}))).await;
        assert_eq!(told.0, 200, "{emoji}: {}", told.1);
    }
}

#[tokio::test]
async fn a_menus_numbers_must_fit_each_other() {
    let (_discord, bot) = Bot::new().await;
    let at = |name: &str| format!("/components/0/components/0/{name}");
    assert_eq!(send(&bot, menu(json!({}))).await.0, 200);
    let told = send(&bot, menu(json!({"max_values": 1}))).await;
    assert_eq!(wrong(&told, &at("options")), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES");
    let told = send(
        &bot,
        menu(json!({"min_values": 2, "max_values": 1, "options": [
            {"label": "a", "value": "a"}, {"label": "b", "value": "b"},
        ]})),
    )
    .await;
    assert_eq!(wrong(&told, &at("min_values")), "NUMBER_TYPE_MAX");
    let told = send(&bot, menu(json!({"max_values": 3}))).await;
    assert_eq!(wrong(&told, &at("options")), "BASE_TYPE_MIN_LENGTH");
}

#[tokio::test]
async fn rows_must_hold_something_of_a_known_type() {
    let (_discord, bot) = Bot::new().await;
    let told = send(&bot, row(json!([]))).await;
    assert_eq!(wrong(&told, "/components/0/components"), "BASE_TYPE_MIN_LENGTH");
    let told = send(&bot, row(json!([{"type": 99}]))).await;
    assert_eq!(wrong(&told, "/components/0/components/0/type"), "UNION_TYPE_CHOICES");
    let told = send(&bot, json!({"components": [{"type": 99}]})).await;
    assert_eq!(wrong(&told, "/components/0/type"), "UNION_TYPE_CHOICES");
}

#[tokio::test]
async fn a_reply_to_an_unknown_message_is_refused_unless_that_does_not_matter() {
    let (_discord, bot) = Bot::new().await;
    let told = send(&bot, json!({"message_reference": {"message_id": "17"}})).await;
    assert_eq!(wrong(&told, "/message_reference"), "REPLIES_UNKNOWN_MESSAGE");
    let reference = json!({"message_id": 17, "fail_if_not_exists": false});
    assert_eq!(send(&bot, json!({"message_reference": reference})).await.0, 200);
    let (_, there) = send(&bot, json!({})).await;
    let reference = json!({"message_reference": {"message_id": there["id"]}});
    let (status, reply) = send(&bot, reference.clone()).await;
    assert_eq!((status, &reply["type"]), (200, &json!(19)), "{reply}");
    assert_eq!(reply["message_reference"]["message_id"], there["id"]);
    let mut elsewhere = text("x");
    elsewhere["message_reference"] = reference["message_reference"].clone();
    let path = format!("channels/{REQUESTS}/messages");
    let told = bot.call(Method::POST, &path, Some(elsewhere)).await;
    assert_eq!(wrong(&told, "/message_reference"), "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL");
}

#[tokio::test]
async fn commands_with_what_is_not_of_the_description_are_refused() {
    let (_discord, bot) = Bot::new().await;
    let path = format!("applications/{APPLICATION}/guilds/{GUILD}/commands");
    let put = async |pointer: &str, value: Value| {
        let mut body = commands();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
        body.pointer_mut(parent).expect("the parent is there")[name] = value;
        bot.call(Method::PUT, &path, Some(body)).await
    };
    let told = put("/0/contexts", json!([9])).await;
    assert_eq!(wrong(&told, "/0/contexts/0"), "BASE_TYPE_CHOICES");
    let told = put("/0/type", json!(9)).await;
    assert_eq!(code(&told), (400, 50035));
    let told = put("/0/name_localizations", json!({"de": "x".repeat(33)})).await;
    assert_eq!(wrong(&told, "/0/name_localizations/de"), "BASE_TYPE_BAD_LENGTH");
    let told = put("/0/options/0/options/0/type", json!(99)).await;
    assert_eq!(wrong(&told, "/0/options/0/options/0/type"), "UNION_TYPE_CHOICES");
    let twice = json!([{"name": "x", "value": "a"}, {"name": "x", "value": "b"}]);
    let told = put("/0/options/0/options/0/choices", twice).await;
    assert_eq!(
        wrong(&told, "/0/options/0/options/0/choices/1"),
        "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS"
    );
}

#[tokio::test]
async fn ids_that_are_not_numbers_and_wrong_methods_are_refused() {
    let (_discord, bot) = Bot::new().await;
    let told = bot.call(Method::GET, "channels/connect", None).await;
    assert_eq!(wrong(&told, "/channel_id"), "NUMBER_TYPE_COERCE");
    let told = bot.call(Method::PUT, "gateway", Some(json!({}))).await;
    assert_eq!(code(&told), (405, 0));
    let told = bot.call(Method::DELETE, "gateway/bot", None).await;
    assert_eq!(code(&told), (405, 0));
    let told = bot.call(Method::GET, "webhooks/1/token", None).await;
    assert_eq!(code(&told), (404, 0), "Discord has it, the stand-in hasn't");
}

#[tokio::test]
async fn a_nonce_is_kept_for_a_while_and_not_answered_with_a_deleted_message() {
    let nonces_live = std::time::Duration::from_millis(300);
    let (discord, bot) = Bot::start(Options { nonces_live, ..Options::default() }).await;
    let once = json!({"nonce": "n", "enforce_nonce": true});
    let (_, first) = send(&bot, once.clone()).await;
    let (_, second) = send(&bot, once.clone()).await;
    assert_eq!((&first["id"], &second["nonce"]), (&second["id"], &json!("n")));
    let id: u64 = first["id"].as_str().and_then(|id| id.parse().ok()).expect("it has an id");
    assert!(discord.delete_message(id));
    assert_eq!(code(&send(&bot, once.clone()).await), (404, 10008));
    tokio::time::sleep(nonces_live).await;
    let (status, third) = send(&bot, once).await;
    assert!(status == 200 && third["id"] != first["id"]);
    assert_eq!(discord.violations(), [""; 0]);
}

/// A message that consists of components.
fn v2(components: Value) -> Value {
    let parse = json!({"parse": []});
    json!({"flags": 1 << 15, "components": components, "allowed_mentions": parse})
}

async fn post(bot: &Bot, body: Value) -> (u16, Value) {
    bot.call(Method::POST, &format!("channels/{CONNECT}/messages"), Some(body)).await
}

#[tokio::test]
async fn components_v2_are_taken_within_their_limits() {
    let (discord, bot) = Bot::new().await;
    let display = |content: &str| json!({"type": 10, "content": content});
    let card = |content: &str| json!([{"type": 17, "accent_color": 255, "components": [display(content)]}]);
    let (status, message) = post(&bot, v2(card(&"x".repeat(4000)))).await;
    assert_eq!(status, 200, "{message}");
    assert_eq!(message["components"][0]["components"][0]["id"], 2);
    let told =
        post(&bot, v2(json!([display(&"x".repeat(2001)), display(&"x".repeat(2000))]))).await;
    assert_eq!(wrong(&told, "/components"), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED");
    let told = post(&bot, v2(json!([{"type": 17, "components": vec![display("x"); 40]}]))).await;
    assert_eq!(wrong(&told, "/components"), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED");
    let told = send(&bot, json!({"components": card("x")})).await;
    assert_eq!(wrong(&told, "/components/0/type"), "UNION_TYPE_CHOICES");
    for (content, code) in [("", "BASE_TYPE_BAD_LENGTH"), (" \n", "BASE_TYPE_REQUIRED")] {
        let told = post(&bot, v2(card(content))).await;
        assert_eq!(wrong(&told, "/components/0/components/0/content"), code, "{content:?}");
    }
    for (colour, code) in [(0x0100_0000, "NUMBER_TYPE_MAX"), (-1, "NUMBER_TYPE_MIN")] {
        let mut body = v2(card("x"));
        body["components"][0]["accent_color"] = json!(colour);
        assert_eq!(wrong(&post(&bot, body).await, "/components/0/accent_color"), code);
    }
    let told = post(&bot, v2(json!([{"type": 17, "components": card("x")}]))).await;
    assert_eq!(wrong(&told, "/components/0/components/0/type"), "UNION_TYPE_CHOICES");
    for (name, value) in [("content", json!("x")), ("embeds", json!([{"title": "x"}]))] {
        let mut body = v2(card("x"));
        body[name] = value;
        let told = post(&bot, body).await;
        let code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2";
        assert_eq!(wrong(&told, &format!("/{name}")), code);
    }
    assert_eq!(discord.messages(CONNECT).len(), 1);
}

#[tokio::test]
async fn an_edit_may_set_the_flag_of_components_v2_but_not_take_it_away() {
    let (_discord, bot) = Bot::new().await;
    let (_, message) = send(&bot, json!({})).await;
    let path = format!("channels/{CONNECT}/messages/{}", message["id"].as_str().expect("an id"));
    let edit = async |body: Value| bot.call(Method::PATCH, &path, Some(body)).await;
    let display = json!([{"type": 10, "content": "x"}]);
    let told = edit(v2(display.clone())).await;
    let code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2";
    assert_eq!(wrong(&told, "/content"), code, "the old content is still there");
    let mut whole = v2(display);
    whole["content"] = Value::Null;
    whole["embeds"] = json!([]);
    assert_eq!(edit(whole).await.1["flags"], 1 << 15);
    let told = edit(json!({"flags": 0})).await;
    assert_eq!(wrong(&told, "/flags"), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG");
    assert_eq!(wrong(&edit(json!({"content": "x"})).await, "/content"), code);
}

#[tokio::test]
async fn what_pings_depends_on_what_the_bot_may_mention() {
    use sandbox::discord::{ADMIN_ROLE, BOT_ROLE, MEMBER_ROLE, permission};
    let (discord, bot) = Bot::new().await;
    let names = format!("<@&{ADMIN_ROLE}> <@&{MEMBER_ROLE}> @everyone");
    let pings = async |discord: &Discord| {
        let body = json!({"content": names, "allowed_mentions": {"parse": ["roles", "everyone"]}});
        bot.call(Method::POST, &format!("channels/{CONNECT}/messages"), Some(body)).await;
        discord.messages(CONNECT).pop().expect("it was posted").pings
    };
    let first = pings(&discord).await;
    assert_eq!((&first.roles[..], first.everyone), (&[ADMIN_ROLE][..], false));
    discord.forbid_mentions(ADMIN_ROLE);
    assert!(pings(&discord).await.is_empty());
    let may = permission::VIEW_CHANNEL | permission::SEND_MESSAGES | permission::MENTION_EVERYONE;
    discord.set_permissions(BOT_ROLE, may);
    let all = pings(&discord).await;
    assert_eq!((&all.roles[..], all.everyone), (&[ADMIN_ROLE, MEMBER_ROLE][..], true));
}

#[tokio::test]
async fn a_command_that_is_registered_again_keeps_its_id() {
    let (discord, bot) = Bot::new().await;
    let path = format!("applications/{APPLICATION}/guilds/{GUILD}/commands");
    let ids = |list: &Value| list[0]["id"].clone();
    let (_, first) = bot.call(Method::GET, &path, None).await;
    let (_, second) = bot.call(Method::PUT, &path, Some(commands())).await;
    assert_eq!(ids(&first), ids(&second));
    let one = json!({"name": "other", "description": "x"});
    assert_eq!(bot.call(Method::POST, &path, Some(one.clone())).await.0, 201);
    let (status, other) = bot.call(Method::POST, &path, Some(one)).await;
    assert_eq!(status, 200);
    let one = format!("{path}/{}", other["id"].as_str().expect("an id"));
    let told = bot.call(Method::PATCH, &one, Some(json!({"description": "y"}))).await;
    assert_eq!((told.0, &told.1["description"]), (200, &json!("y")));
    assert_eq!(bot.call(Method::DELETE, &one, None).await.0, 204);
    assert_eq!(code(&bot.call(Method::GET, &one, None).await), (404, 10063));
    assert_eq!(discord.violations(), [""; 0]);
}
