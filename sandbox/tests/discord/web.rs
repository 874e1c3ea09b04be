//! The page's API: what a tab is told, and what it can't do.

use reqwest::{Client, Method, Response};
use sandbox::{
    Sandbox, connect,
    discord::{CONNECT, Options, REQUESTS, Who},
    web::Web,
};
use serde_json::{Value, json};

use super::bot::{Bot, text};

/// The page's server, and what it serves.
struct Site {
    sandbox: Sandbox,
    web: Web,
    http: Client,
}

impl Site {
    async fn start(options: Options) -> (Self, Bot) {
        let sandbox = Sandbox::start(connect::Options::default(), options).await;
        let sandbox = sandbox.expect("ports are free");
        let bot = Bot::join(&sandbox.discord).await;
        let web = Web::start(&sandbox, 0).await.expect("a port is free");
        (Self { sandbox, web, http: Client::new() }, bot)
    }

    async fn new() -> (Self, Bot) {
        Self::start(Options::default()).await
    }

    async fn get(&self, path: &str) -> Response {
        let answer = self.http.get(format!("{}{path}", self.web.url())).send().await;
        answer.expect("the server answers")
    }

    async fn state(&self, who: &str) -> Value {
        self.get(&format!("api/state?as={who}")).await.json().await.expect("the state is JSON")
    }

    /// The contents of the messages that somebody sees.
    async fn seen(&self, who: &str) -> Vec<String> {
        let state = self.state(who).await;
        let messages = state["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| message["content"].to_string()).collect()
    }

    async fn post(&self, route: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("{}api/{route}", self.web.url())).json(&body);
        let answer = request.send().await.expect("the server answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("in JSON"))
    }

    /// Sends a command as this person, and answers it with this message.
    async fn answered(&self, bot: &mut Bot, who: &str, data: Value) -> (u16, Value) {
        let slash = json!({"as": who, "channel": CONNECT.to_string(), "command": "search",
            "options": {"prefix": "a"}});
        let answer = async {
            let interaction = bot.interaction().await;
            bot.callback(&interaction, json!({"type": 4, "data": data})).await;
        };
        tokio::join!(self.post("slash", slash), answer).0
    }

    async fn listen(&self, who: &str) -> Events {
        let response = self.get(&format!("api/events?as={who}")).await;
        Events { response, read: String::new() }
    }
}

/// A stream of events.
struct Events {
    response: Response,
    read: String,
}

impl Events {
    /// The next event's name and data.
    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines.find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
                };
                let (name, data, rest) = (field("event: "), field("data: "), rest.to_owned());
                self.read = rest;
                if !name.is_empty() {
                    return (name, serde_json::from_str(&data).expect("data is JSON"));
                }
                continue;
            }
            let chunk = self.response.chunk().await.expect("the stream goes on");
            let chunk = chunk.expect("the stream has no end").to_vec();
            self.read += &String::from_utf8(chunk).expect("events are text");
        }
    }
}

fn private(content: &str) -> Value {
    let mut message = text(content);
    message["flags"] = json!(64);
    message
}

/// A message with two buttons and a menu of which two are picked.
fn card() -> Value {
    let mut card = text("A request");
    let options = ["a", "b", "c"].map(|name| json!({"label": name, "value": name}));
    card["components"] = json!([
        {"type": 1, "components": [
            {"type": 2, "style": 4, "label": "Deny", "custom_id": "deny:1"},
            {"type": 2, "style": 2, "label": "Later", "custom_id": "later", "disabled": true},
        ]},
        {"type": 1, "components": [
            {"type": 3, "custom_id": "pick", "min_values": 1, "max_values": 2, "options": options},
        ]},
    ]);
    card
}

async fn post_card(bot: &Bot) -> String {
    let path = format!("channels/{REQUESTS}/messages");
    let (_, card) = bot.call(Method::POST, &path, Some(card())).await;
    card["id"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_only_one_may_see_reaches_nobody_else() {
    let (site, mut bot) = Site::new().await;
    let (mut admins, mut members) = (site.listen("admin").await, site.listen("member").await);
    assert_eq!(admins.next().await.0, "state");
    assert_eq!(members.next().await.0, "state");
    let answer = site.answered(&mut bot, "admin", private("for ada")).await;
    assert_eq!(answer, (200, json!({"result": "message"})));
    site.answered(&mut bot, "member", text("for all")).await;
    let (name, first) = admins.next().await;
    assert_eq!((name.as_str(), &first["content"]), ("message", &json!("for ada")));
    assert_eq!((&first["private"], &first["command"]["who"]), (&json!(true), &json!("admin")));
    assert_eq!(members.next().await.1["content"], "for all");
    assert_eq!(site.seen("admin").await, ["\"for ada\"", "\"for all\""]);
    assert_eq!(site.seen("member").await, ["\"for all\""]);
    assert_eq!(site.seen("second_admin").await, ["\"for all\""]);
}

#[tokio::test]
async fn a_stream_tells_of_edits_and_deletions() {
    let (site, bot) = Site::new().await;
    let card = post_card(&bot).await;
    let mut events = site.listen("guest").await;
    let (_, state) = events.next().await;
    assert_eq!(state["messages"][0]["components"][0]["components"][0]["label"], "Deny");
    let path = format!("channels/{REQUESTS}/messages/{card}");
    bot.call(Method::PATCH, &path, Some(text("Denied"))).await;
    let (name, edited) = events.next().await;
    assert_eq!((name.as_str(), &edited["content"]), ("message", &json!("Denied")));
    assert_eq!((&edited["id"], &edited["edited"]), (&json!(card), &json!(true)));
    bot.call(Method::DELETE, &path, None).await;
    assert_eq!(events.next().await, ("gone".to_owned(), json!({"id": card})));
}

#[tokio::test]
async fn a_stream_tells_of_groups_and_of_what_breaks() {
    let (site, _bot) = Site::new().await;
    let mut events = site.listen("admin").await;
    let (_, before) = events.next().await;
    assert_eq!(before["faults"]["connect_down"], false);
    let body = json!({"what": "import", "name": "accounting2"});
    assert_eq!(site.post("do", body).await, (200, json!({})));
    let (name, after) = events.next().await;
    let count = |state: &Value| state["connect"]["groups"].as_array().map(Vec::len);
    assert_eq!((name.as_str(), count(&after)), ("state", count(&before).map(|count| count + 1)));
    for is_on in [true, false] {
        site.post("fault", json!({"fault": "connect_down", "on": is_on})).await;
        let (_, state) = events.next().await;
        assert_eq!(state["faults"]["connect_down"], is_on);
        assert_eq!(state["connect"]["up"], !is_on);
        let knock = site.http.get(site.sandbox.connect.url()).send().await;
        assert_eq!(knock.is_err(), is_on);
    }
}

#[tokio::test]
async fn a_command_without_an_answer_fails_for_whoever_sent_it() {
    let (site, _bot) = Site::start(Options {
        answer_within: std::time::Duration::from_millis(200),
        ..Options::default()
    })
    .await;
    let mut events = site.listen("member").await;
    events.next().await;
    let slash = json!({"as": "member", "channel": CONNECT.to_string(), "command": "search",
        "options": {"prefix": "a"}});
    let (status, answer) = site.post("slash", slash).await;
    assert_eq!((status, &answer["result"]), (200, &json!("no_answer")));
    let (_, failed) = events.next().await;
    assert_eq!(failed["failed"], "The application did not respond");
    assert_eq!(failed["command"]["text"], "/ldapgroup search");
    assert_eq!(site.state("member").await["messages"], json!([failed]));
    assert_eq!(site.state("admin").await["messages"], json!([]));
}

#[tokio::test]
async fn a_form_is_sent_once_by_whom_it_opened_for() {
    let (site, mut bot) = Site::new().await;
    let card = post_card(&bot).await;
    let press = json!({"as": "admin", "message": card, "custom_id": "deny:1"});
    let opens = async {
        let interaction = bot.interaction().await;
        let input = json!({"type": 4, "custom_id": "reason", "style": 2, "label": "Why?",
            "required": false, "max_length": 100, "placeholder": "They read it"});
        let form = json!({"custom_id": "deny:1", "title": "Deny", "components": [
            {"type": 1, "components": [input]},
        ]});
        bot.callback(&interaction, json!({"type": 9, "data": form})).await;
    };
    let (_, answer) = tokio::join!(site.post("press", press), opens).0;
    let form = &answer["form"];
    assert_eq!((&answer["result"], &form["title"]), (&json!("form"), &json!("Deny")));
    assert_eq!(form["inputs"][0]["placeholder"], "They read it");
    assert_eq!((&form["inputs"][0]["style"], &form["inputs"][0]["max"]), (&json!(2), &json!(100)));
    let submit = |who: &str, reason: &str| {
        site.post("submit", json!({"as": who, "form": form["id"], "values": {"reason": reason}}))
    };
    let closed = (
        400,
        json!({"error": "The form isn't open any more. Copy what you wrote, close it, and open it anew."}),
    );
    assert_eq!(submit("second_admin", "no").await, closed);
    assert_eq!(submit("admin", &"x".repeat(101)).await.0, 400);
    let takes = async {
        let interaction = bot.interaction().await;
        assert_eq!(interaction.json["data"]["components"][0]["components"][0]["value"], "no");
        bot.callback(&interaction, json!({"type": 6})).await;
    };
    let (sent, ()) = tokio::join!(submit("admin", "no"), takes);
    assert_eq!(sent, (200, json!({"result": "acknowledged"})));
    assert_eq!(submit("admin", "no").await, closed);
}

#[tokio::test]
async fn suggestions_are_the_bots_and_keep_their_type() {
    let (site, mut bot) = Site::new().await;
    let typing = json!({"as": "admin", "channel": CONNECT.to_string(), "command": "cancel",
        "options": {}, "focused": {"name": "request", "value": "1"}});
    let offers = async {
        let interaction = bot.interaction().await;
        assert_eq!(interaction.json["data"]["options"][0]["options"][0]["value"], "1");
        let choices = json!([{"name": "1: accounting2", "value": 1}]);
        bot.callback(&interaction, json!({"type": 8, "data": {"choices": choices}})).await;
    };
    let (offered, ()) = tokio::join!(site.post("autocomplete", typing), offers);
    assert_eq!(offered, (200, json!({"choices": [{"name": "1: accounting2", "value": 1}]})));
}

#[tokio::test]
async fn what_discords_client_would_not_send_is_refused_with_a_sentence() {
    let (site, mut bot) = Site::new().await;
    let card = post_card(&bot).await;
    let connect = CONNECT.to_string();
    site.answered(&mut bot, "admin", private("for ada")).await;
    let whisper = site.sandbox.discord.private_messages(Who::Admin)[0].id.to_string();
    let slash = |command: &str, options: Value| {
        (
            "slash",
            json!({"as": "admin", "channel": connect, "command": command, "options": options}),
        )
    };
    let press = |message: &str, custom_id: &str| {
        ("press", json!({"as": "member", "message": message, "custom_id": custom_id}))
    };
    let pick = |values: Value| {
        ("pick", json!({"as": "member", "message": card, "custom_id": "pick", "values": values}))
    };
    let say = |channel: &str, content: &str| {
        ("say", json!({"as": "guest", "channel": channel, "content": content}))
    };
    let gone = "The message isn't there any more.";
    for ((route, body), sentence) in [
        (slash("search", json!({})), "/ldapgroup search requires \"prefix\"."),
        (
            slash("search", json!({"prefix": ""})),
            "The option \"prefix\" takes 1 to 6000 characters, not 0.",
        ),
        (
            slash("search", json!({"prefix": 1})),
            "The option \"prefix\" of /ldapgroup search is of type 3, which 1 isn't.",
        ),
        (
            slash("search", json!({"prefix": "a", "x": "y"})),
            "/ldapgroup search has no option \"x\", only [\"prefix\"].",
        ),
        (press(&card, "approve:1"), "The message has no such button."),
        (press(&card, "later"), "The button \"Later\" is disabled."),
        (press(&whisper, "deny:1"), gone),
        (press("1", "deny:1"), gone),
        (press("x", "deny:1"), gone),
        (pick(json!([])), "The menu takes 1 to 2 different values, not 0."),
        (pick(json!(["a", "a"])), "The menu takes 1 to 2 different values, not 2."),
        (pick(json!(["a", "b", "c"])), "The menu takes 1 to 2 different values, not 3."),
        (say("7", "hello"), "There is no such channel."),
        (say(&connect, "  "), "A message takes 1 to 2000 characters, not 0."),
        (("do", json!({"what": "import", "name": "nowhere"})), "LDAP has no group \"nowhere\"."),
        (("do", json!({"what": "remove", "name": "nowhere"})), "Connect has no group \"nowhere\"."),
    ] {
        let answer = site.post(route, body.clone()).await;
        assert_eq!(answer, (400, json!({"error": sentence})), "{route} {body}");
    }
    for (route, body) in [
        slash("dance", json!({})),
        pick(json!(["d"])),
        ("press", json!({"as": "eve", "message": card, "custom_id": "deny:1"})),
        ("press", json!([])),
        ("fault", json!({"fault": "fire", "on": true})),
        ("do", json!({"what": "dance"})),
    ] {
        let (status, answer) = site.post(route, body.clone()).await;
        let sentence = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && sentence.ends_with('.'), "{route} {body}: {status} {sentence}");
    }
    assert_eq!(site.get("api/state?as=eve").await.status(), 400);
    assert_eq!(site.get("api/events").await.status(), 400);
    assert_eq!(site.sandbox.discord.violations(), [""; 0]);
}

#[tokio::test]
async fn nobody_reaches_it_by_a_name_from_elsewhere_or_without_saying_json() {
    let (site, _bot) = Site::new().await;
    let host = |name: &'static str| {
        site.http.get(format!("{}api/state?as=admin", site.web.url())).header("Host", name).send()
    };
    for name in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "0.0.0.0"] {
        let answer = host(name).await.expect("the server answers");
        assert_eq!(answer.status(), 403, "{name}");
        let body = answer.text().await.expect("there is a body");
        assert!(!body.contains("messages"), "{body}");
    }
    for name in ["localhost:1234", "127.0.0.1", "[::1]:80"] {
        assert_eq!(host(name).await.expect("the server answers").status(), 200, "{name}");
    }
    let say = json!({"as": "admin", "channel": CONNECT.to_string(), "content": "hello"});
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let request = site.http.post(format!("{}api/say", site.web.url()));
        let request = request.header("Content-Type", kind).body(say.to_string());
        assert_eq!(request.send().await.expect("the server answers").status(), 415, "{kind}");
    }
    assert_eq!(site.sandbox.discord.messages(CONNECT), []);
    assert_eq!(site.post("say", say).await.0, 200);
    assert_eq!(site.sandbox.discord.messages(CONNECT)[0].content, "hello");
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere_and_is_never_kept() {
    let (site, _bot) = Site::new().await;
    for (path, kind) in [
        ("", "text/html; charset=utf-8"),
        ("assets/app.js", "text/javascript; charset=utf-8"),
        ("assets/icon.svg", "image/svg+xml"),
        ("assets/nothing.js", "application/json"),
        ("nowhere", "application/json"),
    ] {
        let answer = site.get(path).await;
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        assert_eq!(header("content-type"), kind, "{path}");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").starts_with("default-src 'self';"));
        assert_eq!(header("access-control-allow-origin"), "");
    }
}
