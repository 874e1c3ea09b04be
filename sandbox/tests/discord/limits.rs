//! Discord's limits, and what is a violation.

use reqwest::Method;
use sandbox::discord::{APPLICATION, CONNECT, Discord, GUILD, Who};
use serde_json::{Value, json};

use super::bot::{Bot, code, commands, text};

/// Sends a message with these fields added; gives what was refused and how often.
async fn refused(discord: &Discord, bot: &Bot, fields: Value) -> (u16, u64, usize) {
    let before = discord.violations().len();
    let mut body = text("x");
    for (name, value) in fields.as_object().expect("fields are an object") {
        body[name] = value.clone();
    }
    let path = format!("channels/{CONNECT}/messages");
    let (status, code) = code(&bot.call(Method::POST, &path, Some(body)).await);
    (status, code, discord.violations().len() - before)
}

#[tokio::test]
async fn contents_are_counted_in_utf16() {
    let (discord, bot) = Bot::new().await;
    let fits = refused(&discord, &bot, json!({"content": "😀".repeat(1000)})).await;
    assert_eq!(fits, (200, 0, 0));
    let long = refused(&discord, &bot, json!({"content": "😀".repeat(1000) + "x"})).await;
    assert_eq!(long, (400, 50035, 1));
    let empty = refused(&discord, &bot, json!({"content": " "})).await;
    assert_eq!(empty, (400, 50006, 0));
}

#[tokio::test]
async fn wrong_types_are_refused_and_unknown_fields_and_flags_pass_as_violations() {
    let (discord, bot) = Bot::new().await;
    for fields in [
        json!({"content": 7}),
        json!({"tts": "no"}),
        json!({"nonce": "x".repeat(26)}),
        json!({"message_reference": {"message_id": "x"}}),
    ] {
        let told = refused(&discord, &bot, fields.clone()).await;
        assert_eq!(told, (400, 50035, 1), "{fields}");
    }
    for fields in [
        json!({"contents": "y"}),
        json!({"flags": 64}),
        json!({"allowed_mentions": {"parse": [], "user": ["1"]}}),
        json!({"allowed_mentions": {}}),
    ] {
        assert_eq!(refused(&discord, &bot, fields.clone()).await, (200, 0, 1), "{fields}");
    }
    let before = discord.violations().len();
    let path = format!("channels/{CONNECT}/messages?wait=true");
    assert_eq!(bot.call(Method::POST, &path, Some(text("x"))).await.0, 200);
    let unknown = bot.call(Method::GET, "users/@you", None).await;
    assert_eq!(code(&unknown), (404, 0));
    let unknown = bot.call(Method::DELETE, "users/@me", None).await;
    assert_eq!(code(&unknown), (405, 0));
    assert_eq!(discord.violations().len(), before + 3, "{:?}", discord.violations());
}

#[tokio::test]
async fn nobody_is_allowed_to_be_mentioned_twice_nor_more_than_a_hundred() {
    let (discord, bot) = Bot::new().await;
    let roles = |ids: Vec<String>| json!({"allowed_mentions": {"parse": [], "roles": ids}});
    let hundred = |most: usize| (1..=most).map(|id| id.to_string()).collect();
    assert_eq!(refused(&discord, &bot, roles(hundred(100))).await, (200, 0, 0));
    assert_eq!(refused(&discord, &bot, roles(hundred(101))).await, (400, 50035, 1));
    let mut body = text("x");
    body["allowed_mentions"] = json!({"parse": [], "users": ["1", "2", "1"]});
    let path = format!("channels/{CONNECT}/messages");
    let (status, told) = bot.call(Method::POST, &path, Some(body)).await;
    let code = &told["errors"]["allowed_mentions"]["users"]["2"]["_errors"][0]["code"];
    assert_eq!((status, code), (400, &json!("SET_TYPE_ALREADY_CONTAINS_VALUE")));
}

#[tokio::test]
async fn embeds_are_bounded_one_by_one_and_together() {
    let (discord, bot) = Bot::new().await;
    let embed = |length: usize| json!({"description": "x".repeat(length)});
    let embeds = |list: Value| json!({"embeds": list});
    let fits = refused(&discord, &bot, embeds(json!([embed(4096), embed(1904)]))).await;
    assert_eq!(fits.0, 200);
    let one = refused(&discord, &bot, embeds(json!([embed(4097)]))).await;
    assert_eq!(one, (400, 50035, 1));
    let together = refused(&discord, &bot, embeds(json!([embed(4096), embed(1905)]))).await;
    assert_eq!(together, (400, 50035, 1));
    let field = json!([{"fields": [{"name": "x".repeat(257), "value": "x"}]}]);
    assert_eq!(refused(&discord, &bot, embeds(field)).await, (400, 50035, 1));
}

fn rows(components: &[Value]) -> Value {
    let row = |part: &Value| json!({"type": 1, "components": part});
    json!({"components": components.iter().map(row).collect::<Vec<_>>()})
}

#[tokio::test]
async fn buttons_and_menus_are_bounded() {
    let (discord, bot) = Bot::new().await;
    let button =
        |label: &str, id: &str| json!({"type": 2, "style": 1, "label": label, "custom_id": id});
    let menu = |options: usize| {
        let option = |index: usize| json!({"label": "x", "value": index.to_string()});
        let options: Vec<_> = (0..options).map(option).collect();
        json!({"type": 3, "custom_id": "m", "options": options})
    };
    let six: Vec<_> = (0..6).map(|index| button("x", &index.to_string())).collect();
    let fits = rows(&[json!(six[..5]), json!([menu(25)])]);
    assert_eq!(refused(&discord, &bot, fits).await, (200, 0, 0));
    for components in [
        rows(&[json!(six)]),
        rows(&[json!([button(&"x".repeat(81), "a")])]),
        rows(&[json!([button("x", &"a".repeat(101))])]),
        rows(&[json!([button("x", "a"), button("x", "a")])]),
        rows(&[json!([menu(26)])]),
        rows(&[json!([menu(1), button("x", "a")])]),
        rows(&[json!([{"type": 2, "style": 1, "label": "x"}])]),
        rows(&[json!([{"type": 4, "custom_id": "a", "style": 1, "label": "x"}])]),
    ] {
        let told = refused(&discord, &bot, components.clone()).await;
        assert_eq!(told, (400, 50035, 1), "{components}");
    }
}

#[tokio::test]
async fn commands_are_checked() {
    let (_discord, bot) = Bot::new().await;
    let path = format!("applications/{APPLICATION}/guilds/{GUILD}/commands");
    let with = |pointer: &str, value: Value| {
        let mut body = commands();
        *body.pointer_mut(pointer).expect("the field is there") = value;
        body
    };
    let option = "/0/options/1/options/0";
    for body in [
        with("/0/name", json!("LdapGroup")),
        with("/0/name", json!("ldap group")),
        with("/0/description", json!("x".repeat(101))),
        with("/0/options/1/options/0/required", json!(false)),
        with("/0/options/1/options/0/name", json!("reason")),
        with("/0/options/0", json!({"type": 3, "name": "x", "description": "x"})),
        with(
            option,
            json!({"type": 3, "name": "x", "description": "x", "autocomplete": true,
            "choices": [{"name": "x", "value": "x"}]}),
        ),
        with(
            option,
            json!({"type": 3, "name": "x", "description": "x",
            "choices": [{"name": "x", "value": "x".repeat(101)}]}),
        ),
        with(
            option,
            json!({"type": 4, "name": "x", "description": "x",
            "choices": [{"name": "x", "value": "7"}]}),
        ),
    ] {
        let mut body = body;
        if body["0"].is_null() && body[0]["options"][1]["options"][0]["required"] == false {
            body[0]["options"][1]["options"][1]["required"] = json!(true);
        }
        let told = bot.call(Method::PUT, &path, Some(body.clone())).await;
        assert_eq!(code(&told), (400, 50035), "{body}");
    }
}

#[tokio::test]
async fn forms_are_bounded() {
    let (discord, mut bot) = Bot::new().await;
    let _pending = discord.person(Who::Admin).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    let input = |label: &str, value: &str| json!({"type": 4, "custom_id": "i", "style": 1, "label": label, "value": value});
    let form = |title: &str, inputs: &[Value]| {
        let row = |input: &Value| json!({"type": 1, "components": [input]});
        let rows: Vec<_> = inputs.iter().map(row).collect();
        json!({"type": 9, "data": {"custom_id": "f", "title": title, "components": rows}})
    };
    let with_text = |text: &str| {
        let mut form = form("x", &[input("x", "")]);
        let texts = form["data"]["components"].as_array_mut().expect("a form has components");
        texts.insert(0, json!({"type": 10, "content": text}));
        form
    };
    let long = "x".repeat(46);
    for body in [
        form(&long, &[input("x", "")]),
        form("x", &[]),
        form("x", &[input(&long, "")]),
        form("x", &[input("x", &"x".repeat(4001))]),
        form("x", &[input("x", ""), input("x", "")]),
        form("x", &[json!({"type": 2, "style": 1, "label": "x", "custom_id": "b"})]),
        with_text(" "),
        with_text(&"x".repeat(4001)),
    ] {
        let told = bot.callback(&interaction, body.clone()).await;
        assert_eq!(code(&told), (400, 50035), "{body}");
    }
    let fits = form(&"x".repeat(45), &[input(&"x".repeat(45), &"x".repeat(4000))]);
    assert_eq!(bot.callback(&interaction, fits).await.0, 204);
}

#[tokio::test]
async fn offered_choices_are_bounded() {
    let (discord, mut bot) = Bot::new().await;
    let member = discord.person(Who::Member);
    tokio::spawn(async move { member.autocomplete("create", &[], ("name", "a")).await });
    let interaction = bot.interaction().await;
    let choice = |name: &str, value: Value| json!({"name": name, "value": value});
    let offer = |choices: Vec<Value>| json!({"type": 8, "data": {"choices": choices}});
    let long = "x".repeat(101);
    for body in [
        offer(vec![choice("x", json!("x")); 26]),
        offer(vec![choice(&long, json!("x"))]),
        offer(vec![choice("x", json!(long))]),
        offer(vec![choice("x", json!(7))]),
        offer(vec![choice("", json!("x"))]),
    ] {
        let told = bot.callback(&interaction, body.clone()).await;
        assert_eq!(code(&told), (400, 50035), "{body}");
    }
    let fits = offer(vec![choice(&"x".repeat(100), json!("x".repeat(100))); 25]);
    assert_eq!(bot.callback(&interaction, fits).await.0, 204);
}
