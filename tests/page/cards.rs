//! What a bot lays out by Components V2, drawn and used.
//! <https://discord.com/developers/docs/components/reference>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Client, Method};
use sandbox::discord::{ADMIN_ROLE, CONNECT, GUILD, Who};
use serde_json::{Value, json};

use crate::browser::{Browser, TAB, until};
use crate::looks::Look;
use crate::scenes::end;
use crate::stage::Stage;
use crate::tab::{COMPOSER, Seen, Tab};

/// The flag of a message that is made of components alone.
const IS_COMPONENTS_V2: u64 = 1 << 15;

fn text(content: &str) -> Value {
    json!({"type": 10, "content": content})
}

fn button(style: u64, label: &str, id: &str) -> Value {
    json!({"type": 2, "style": style, "label": label, "custom_id": id})
}

/// What became of a group, with a button at the right.
fn failed(name: &str, why: &str) -> Value {
    let words = format!("**{name}** failed: {why}.");
    json!({"type": 9, "components": [text(&words)], "accessory": button(2, "Retry", name)})
}

/// Wider than a telephone.
const TABLE: &str = "NAME             OUTCOME     GUID
accounting2      created     9dd1b45a-5c3e-4b3f-8a51-0d5a0c6a3e10
accounting-apac  was there   57f0a6e2-2d0c-4c39-b7d8-7f5e6b1f0a11";

/// A request as a container, with everything that stands in one.
fn components(head: &str) -> Value {
    let mut done = button(3, "Approve", "approve");
    done["disabled"] = json!(true);
    let help = json!({"type": 2, "style": 5, "label": "Help", "url": "https://example.org/help"});
    let portrait = json!({"type": 11, "description": "Ada as a drawing",
        "media": {"url": "https://example.org/ada.png"}});
    let options = ["Later", "Sooner"].map(|name| json!({"label": name, "value": name}));
    let menu = json!({"type": 3, "custom_id": "when", "placeholder": "When?", "options": options});
    let picture = |name: &str, is_spoiler: bool| {
        let media = json!({"url": format!("https://example.org/{name}.png")});
        json!({"media": media, "description": name, "spoiler": is_spoiler})
    };
    let table = format!("```\n{TABLE}\n```");
    let asked = format!("-# <@{}> asks <@&{ADMIN_ROLE}>", Who::Member.id());
    json!([
        text(head),
        {"type": 17, "accent_color": 0x3b_a5_5d, "components": [
            {"type": 9, "components": [text("### Request 7: 2 LDAP groups"), text(&asked)],
             "accessory": portrait},
            {"type": 14, "spacing": 2},
            text(&table),
            failed("accounting-emea", "Connect has another group of this name, from elsewhere"),
            failed("ABE-TEST", "LDAP has it no more"),
            {"type": 14},
            {"type": 1, "components": [done, button(4, "Deny", "deny"), help]},
            {"type": 1, "components": [menu]},
        ]},
        {"type": 14, "divider": false},
        {"type": 12, "items": [picture("Before", false), picture("After", true)]},
        {"type": 17, "spoiler": true, "components": [text("The audit is on Monday.")]},
    ])
}

const HEAD: &str = "A request has come in.";

/// Calls a route of the channel's messages as the bot would.
async fn call(stage: &Stage, method: Method, message: &str, components: Value) {
    let discord = &stage.sandbox.discord;
    let agent = "DiscordBot (https://example.org, 1)";
    let client = Client::builder().user_agent(agent).build().unwrap();
    let body = json!({"flags": IS_COMPONENTS_V2, "components": components,
        "allowed_mentions": {"parse": [], "roles": [ADMIN_ROLE.to_string()]}});
    let route = format!("{}/api/v10/channels/{CONNECT}/messages{message}", discord.url());
    let sent = client
        .request(method, route)
        .header("Authorization", format!("Bot {}", discord.token()))
        .json(&body)
        .send()
        .await
        .unwrap();
    let status = sent.status();
    assert!(status.is_success(), "{status}: {}", sent.text().await.unwrap());
}

/// The part of the page that is this message.
fn of(message: &Seen) -> String {
    format!("[data-id=\"{}\"]", message.id)
}

/// Posts the card, and waits until it is seen.
pub(crate) async fn card(stage: &Stage, tab: &Tab<'_>) -> Seen {
    call(stage, Method::POST, "", components(HEAD)).await;
    tab.words(HEAD).await
}

pub(crate) async fn what_the_bot_lays_out_is_drawn_and_its_mentions_ping(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    let card = card(&stage, &tab).await;
    assert!(card.is_ping, "a text display mentions her role: {card:?}");
    assert!(card.text.contains("\n@Linus asks @Connect admins\n"), "{card:?}");
    assert_eq!(card.buttons, ["Retry", "Retry", "Approve", "Deny"]);
    assert!(!card.text.contains("Monday"), "a spoiler is covered: {card:?}");
    tab.find(&of(&card), "link", "Help").await;
    let disabled = "return document.querySelector('.container button:disabled').innerText;";
    assert_eq!(browser.script(disabled, json!([])).await, "Approve");
    for spoiler in 0..2 {
        until("uncover a spoiler", async || browser.try_click("[data-testid=spoiler]").await).await;
        let left = "return document.querySelectorAll('.covered').length;";
        assert_eq!(browser.script(left, json!([])).await, 1 - spoiler);
    }
    tab.words("The audit is on Monday.").await;
    let places = "const place = (what) => document.querySelector(what).getBoundingClientRect();
        const [text, accessory, box] = ['.section-words', '.accessory', '.container'].map(place);
        return accessory.left >= text.right && accessory.right <= box.right;";
    assert_eq!(browser.script(places, json!([])).await, true, "an accessory is at the right");
    end(browser, stage).await;
}

pub(crate) async fn a_command_that_is_mentioned_is_begun_and_code_wraps_on_a_telephone(
    browser: &Browser,
) {
    let stage = Stage::start().await;
    Look::ALL[0].take_on(browser).await;
    let tab = Tab::open(browser, &stage, "admin").await;
    let registered = stage.sandbox.discord.commands(GUILD).unwrap();
    let id = registered[0]["id"].as_str().unwrap();
    let soon = SystemTime::now() + Duration::from_hours(72);
    let soon = soon.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let words = format!("Expires <t:{soon}:R>. Use </ldapgroup create:{id}>.\n```\n{TABLE}\n```");
    call(&stage, Method::POST, "", json!([text(&words)])).await;
    let told = tab.words("Expires in 3 days.").await;
    let wraps = "const [code] = document.querySelectorAll('[data-testid=code-block]');
        const {right, height} = code.getBoundingClientRect();
        return code.scrollWidth === code.clientWidth && right < innerWidth && height > 80;";
    assert_eq!(browser.script(wraps, json!([])).await, true);
    tab.click(&of(&told), "button", "/ldapgroup create").await;
    tab.find(COMPOSER, "combobox", "name").await;
    Look::ALL[3].take_on(browser).await;
    end(browser, stage).await;
}

pub(crate) async fn what_the_bot_lays_out_is_pressed_picked_and_changed(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    let card = card(&stage, &tab).await;
    let path = format!("/{}", card.id);
    tab.press(&card, "Retry").await;
    let told = tab.message("what the bot says of it", |message| message.is_private).await;
    let above = format!("{} [data-testid=replied]", of(&told));
    tab.wait_for(&above, |text| text.contains("A request has come in. Request 7")).await;
    tab.keys(TAB).await;
    call(&stage, Method::PATCH, &path, components("A request is waiting.")).await;
    tab.words("A request is waiting.").await;
    let focused = "const all = [...document.querySelectorAll('[data-testid=section] button')];
        return all.indexOf(document.activeElement);";
    assert_eq!(browser.script(focused, json!([])).await, 1, "the second Retry keeps the focus");
    tab.click(&of(&card), "combobox", "When?").await;
    tab.click(&of(&card), "option", "Sooner").await;
    let other = |message: &Seen| message.is_private && message.id != told.id;
    tab.message("what the bot says of that", other).await;
    let decided = json!([{"type": 17, "components": [text("Denied by somebody else.")]}]);
    call(&stage, Method::PATCH, &path, decided).await;
    let denied = tab.words("Denied by somebody else.").await;
    assert_eq!((&denied.id, denied.is_ping), (&card.id, false), "it mentions nobody now");
    assert!(denied.buttons.is_empty(), "{denied:?}");
    tab.wait_for(&format!("{} .components + p", of(&card)), |text| text == "(edited)").await;
    end(browser, stage).await;
}
