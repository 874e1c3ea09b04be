//! A scripted user and a bot of a few lines, which answers with buttons, a menu and a form.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use reqwest::Client;
use rustyline::ExternalPrinter;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_tungstenite::{connect_async, tungstenite::Message as Frame};

use super::*;
use crate::{
    connect, discord,
    discord::{APPLICATION, REQUESTS},
};

/// Keeps what is drawn.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<String>>);

impl ExternalPrinter for Paper {
    fn print(&mut self, text: String) -> rustyline::Result<()> {
        self.0.lock().unwrap().push_str(&text);
        Ok(())
    }
}

/// What the user sees who types these lines.
async fn seen(lines: &'static [&'static str]) -> String {
    let sandbox = Sandbox::start(connect::Options::default(), discord::Options::default());
    let sandbox = sandbox.await.unwrap();
    let bot = start_bot(&sandbox).await;
    sandbox.discord.wait_ready().await;
    let mut lines = lines.iter();
    let reader = Reader::on_thread(false, move |_| {
        let heard = match lines.next() {
            Some(line) => Heard::Line((*line).to_owned()),
            None => Heard::End,
        };
        Ok((heard, None))
    });
    let paper = Paper::default();
    let canvas = Canvas::beside_editor(Box::new(paper.clone()), Some(80), false);
    Session::new(&sandbox, reader, canvas).run().await.unwrap();
    bot.abort();
    assert_eq!(sandbox.violations(), [""; 0]);
    paper.0.lock().unwrap().clone()
}

async fn start_bot(sandbox: &Sandbox) -> JoinHandle<()> {
    let agent = "DiscordBot (https://example.org, 1)";
    let http = Client::builder().user_agent(agent).build().unwrap();
    let base = format!("{}/api/v10", sandbox.discord.url());
    let token = sandbox.discord.token().to_owned();
    let commands = json!([{"name": "ask", "description": "Ask", "options": [
        {"type": 3, "name": "name", "description": "What for", "required": true},
    ]}]);
    let registration = http
        .put(format!("{base}/applications/{APPLICATION}/guilds/{GUILD}/commands"))
        .header("Authorization", format!("Bot {token}"))
        .json(&commands);
    assert_eq!(registration.send().await.unwrap().status(), 200);
    let answer = http.get(format!("{base}/gateway")).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let address = format!("{}/?v=10", answer["url"].as_str().unwrap());
    let (mut socket, _) = connect_async(address).await.unwrap();
    let properties = json!({"os": "linux", "browser": "test", "device": "test"});
    let identify = json!({"op": 2, "d": {"token": token, "intents": 0, "properties": properties}});
    socket.send(Frame::Text(identify.to_string())).await.unwrap();
    let token_of_bot = token;
    tokio::spawn(async move {
        while let Some(Ok(Frame::Text(text))) = socket.next().await {
            let frame: Value = serde_json::from_str(&text).unwrap();
            if frame["t"] == "INTERACTION_CREATE" {
                let of = &frame["d"];
                let (id, token) = (of["id"].as_str().unwrap(), of["token"].as_str().unwrap());
                let callback = http.post(format!("{base}/interactions/{id}/{token}/callback"));
                callback.json(&answer_to(of)).send().await.unwrap();
                if of["data"]["custom_id"] == "approve" {
                    let said = json!({"content": "Approved.", "allowed_mentions": {"parse": []}});
                    let message = http.post(format!("{base}/channels/{REQUESTS}/messages"));
                    let message = message.header("Authorization", format!("Bot {token_of_bot}"));
                    message.json(&said).send().await.unwrap();
                }
            }
        }
    })
}

fn answer_to(interaction: &Value) -> Value {
    let data = &interaction["data"];
    let none = json!({"parse": []});
    match interaction["type"].as_u64().unwrap() {
        2 => json!({"type": 4, "data": {
            "content": format!("Request for `{}`", data["options"][0]["value"].as_str().unwrap()),
            "allowed_mentions": none,
            "components": [
                {"type": 1, "components": [
                    {"type": 2, "style": 3, "label": "Approve", "custom_id": "approve"},
                    {"type": 2, "style": 4, "label": "Deny", "custom_id": "deny"},
                    {"type": 2, "style": 2, "label": "Seen", "custom_id": "seen"},
                ]},
                {"type": 1, "components": [{"type": 3, "custom_id": "how", "max_values": 2, "options": [
                    {"label": "Later", "value": "l"}, {"label": "Sooner", "value": "s"},
                ]}]},
            ],
        }}),
        3 if data["custom_id"] == "approve" || data["custom_id"] == "seen" => json!({"type": 6}),
        3 if data["custom_id"] == "deny" => json!({"type": 9, "data": {
            "custom_id": "form", "title": "Deny the request", "components": [
                {"type": 1, "components": [{
                    "type": 4, "style": 1, "custom_id": "why", "label": "Why", "min_length": 3,
                }]},
                {"type": 1, "components": [{
                    "type": 4, "style": 2, "custom_id": "what", "label": "What", "value": "a\nb",
                }]},
            ],
        }}),
        3 => json!({"type": 7, "data": {
            "content": format!("Picked {}", data["values"]), "allowed_mentions": none,
        }}),
        _ => json!({"type": 7, "data": {
            "content": format!(
                "Denied: {} {}",
                data["components"][0]["components"][0]["value"].as_str().unwrap(),
                data["components"][1]["components"][0]["value"],
            ),
            "components": [], "allowed_mentions": none,
        }}),
    }
}

#[tokio::test]
async fn buttons_menus_and_forms_can_be_used() {
    let seen = seen(&[
        "@linus /ask ABE",
        "@ada press appr on abe",
        "press seen",
        "pick sooner",
        "pick sooner, later",
        "pick sooner, never",
        "press Deny",
        "no",
        "not now",
        "",
        "press Deny",
    ])
    .await;
    let parts = [
        "ada › @linus /ask ABE\n#connect  linus (member) used /ask\n  ldapgroup APP  ",
        "  Request for `ABE`\n  [ Approve ]  [ Deny ]  [ Seen ]\n  [ Make a selection ▾ Later / Sooner ]\n",
        "linus › @ada press appr on abe\n#connect-requests\n",
        "  Approved.\n",
        "ada › press seen\nThe bot took note of it.\n",
        "  Picked [\"s\"] (edited)\n",
        "  Picked [\"s\",\"l\"] (edited)\n",
        "No message here has a menu with \"sooner, never\".\n",
        "ada › press Deny\n  Deny the request\n",
        "  Why › no\nIt takes 3 to 4000 characters; Ctrl-D closes.\n  Why › not now\n",
        "  What (Enter for a, b) ›",
        "  Denied: not now \"a\\nb\" (edited)\n",
        "ada › press Deny\nNo message here has a button \"Deny\".\n",
    ];
    let mut rest = seen.as_str();
    for part in parts {
        let found = rest.split_once(part);
        (_, rest) = found.unwrap_or_else(|| panic!("{part:?} isn't seen in\n{seen}"));
    }
}

#[tokio::test]
async fn a_closed_form_sends_nothing() {
    let seen = seen(&["/ask ABE", "press Deny"]).await;
    assert!(seen.contains("You closed the form; nothing was sent.\n"), "{seen}");
}

#[tokio::test]
async fn what_is_wrong_with_a_line_is_said_and_the_next_is_heard() {
    let seen = seen(&["/ask", "/aks ABE", "break gatewya", "who", "quit", "who"]).await;
    let parts = [
        "/ask needs name: What for.\n",
        "The bot has no command /aks ABE. It has /ask name:\n",
        "What can be broken: break connect slow,",
        "@linus",
        "ada › quit\n",
    ];
    for part in parts {
        assert!(seen.contains(part), "{part:?} isn't seen in\n{seen}");
    }
    assert!(seen.ends_with("ada › quit\n"), "{seen}");
}
