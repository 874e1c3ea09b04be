//! Interactions over HTTP, to a bot of a few lines that listens for them.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use openssl::{
    pkey::{Id, PKey},
    sign::Verifier,
};
use reqwest::Method;
use sandbox::discord::{CONNECT, Discord, First, Options, Pending, Reply, SignedRequest, Who};
use serde_json::{Value, json};
use tokio::{
    join,
    net::TcpListener,
    spawn,
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
};

use super::bot::{Bot, Interaction, code, text};

const JSON: &str = "application/json";

/// How the bot answers what is no interaction.
#[derive(Clone, Copy)]
struct Manner {
    refuses_wrong_signatures: bool,
    pong: (u16, &'static str, &'static str),
}

const RIGHT: Manner = Manner { refuses_wrong_signatures: true, pong: (200, JSON, r#"{"type":1}"#) };

/// What came, and with which status it was answered, if it was at once.
type Seen = Arc<Mutex<Vec<(HeaderMap, Option<u16>)>>>;

#[derive(Clone)]
struct Server {
    public_key: String,
    manner: Manner,
    seen: Seen,
    arrivals: UnboundedSender<Arrival>,
}

/// An interaction that waits for its response.
struct Arrival {
    headers: HeaderMap,
    json: Value,
    respond: oneshot::Sender<Response>,
}

impl Arrival {
    fn interaction(&self) -> Interaction {
        let text = |name: &str| self.json[name].as_str().unwrap_or_default().to_owned();
        Interaction { id: text("id"), token: text("token"), json: self.json.clone() }
    }

    fn respond(self, status: u16, kind: &str, body: &str) {
        // Whoever asked may have gone.
        drop(self.respond.send(response(status, kind, body)));
    }

    fn answer(self, callback: &Value) {
        self.respond(200, JSON, &callback.to_string());
    }
}

fn response(status: u16, kind: &str, body: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(CONTENT_TYPE, kind)], body.to_owned()).into_response()
}

/// The server, and what came to it.
struct Web {
    url: String,
    seen: Seen,
    arrivals: UnboundedReceiver<Arrival>,
}

impl Web {
    async fn start(discord: &Discord, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/interactions", listener.local_addr().expect("it is bound"));
        let (sender, arrivals) = unbounded_channel();
        let seen = Seen::default();
        let server = Server {
            public_key: discord.public_key(),
            manner,
            seen: Arc::clone(&seen),
            arrivals: sender,
        };
        let router = Router::new().route("/interactions", post(receive)).with_state(server);
        spawn(async move { axum::serve(listener, router).await });
        Self { url, seen, arrivals }
    }

    async fn next(&mut self) -> Arrival {
        self.arrivals.recv().await.expect("the server runs")
    }

    fn statuses(&self) -> Vec<Option<u16>> {
        self.seen.lock().expect("nobody panicked").iter().map(|(_, status)| *status).collect()
    }
}

async fn receive(State(server): State<Server>, headers: HeaderMap, body: String) -> Response {
    let json: Value = serde_json::from_str(&body).unwrap_or_default();
    let now = if server.manner.refuses_wrong_signatures
        && !is_signed(&server.public_key, &headers, &body)
    {
        Some(response(401, "text/plain", "invalid request signature"))
    } else {
        let (status, kind, body) = server.manner.pong;
        (json["type"] == 1).then(|| response(status, kind, body))
    };
    let status = now.as_ref().map(|response| response.status().as_u16());
    server.seen.lock().expect("nobody panicked").push((headers.clone(), status));
    if let Some(now) = now {
        return now;
    }
    let (respond, later) = oneshot::channel();
    server.arrivals.send(Arrival { headers, json, respond }).expect("the test listens");
    later.await.unwrap_or_else(|_| response(500, "text/plain", "the test dropped it"))
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().expect("headers are text"))
}

fn is_signed(public_key: &str, headers: &HeaderMap, body: &str) -> bool {
    let bytes = |hex: &str| -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("ASCII"));
        pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
    };
    let key = PKey::public_key_from_raw_bytes(&bytes(public_key), Id::ED25519).expect("a key");
    let signed = format!("{}{body}", header(headers, "X-Signature-Timestamp"));
    let signature = bytes(header(headers, "X-Signature-Ed25519"));
    let mut verifier = Verifier::new_without_digest(&key).expect("Ed25519 has no digest");
    verifier.verify_oneshot(&signature, signed.as_bytes()).expect("it can be verified")
}

async fn point(bot: &Bot, url: Value) -> (u16, Value) {
    let body = json!({"interactions_endpoint_url": url});
    bot.call(Method::PATCH, "applications/@me", Some(body)).await
}

/// Points Discord at a server that does all as it must.
async fn listen(discord: &Discord, bot: &Bot) -> Web {
    let web = Web::start(discord, RIGHT).await;
    let told = point(bot, json!(web.url)).await;
    assert_eq!(told.0, 200, "{}", told.1);
    web
}

fn search(discord: &Discord) -> Pending {
    discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())])
}

fn message(content: &str) -> Value {
    json!({"type": 4, "data": text(content)})
}

#[tokio::test]
async fn an_address_is_kept_once_it_greets_back_and_refuses_a_wrong_signature() {
    let (discord, bot) = Bot::new().await;
    let web = listen(&discord, &bot).await;
    let (_, application) = bot.call(Method::GET, "applications/@me", None).await;
    assert_eq!(application["interactions_endpoint_url"], web.url);
    assert_eq!(application["verify_key"], discord.public_key());
    assert_eq!(web.statuses(), [Some(200), Some(401)]);
    for (headers, _) in web.seen.lock().expect("nobody panicked").iter() {
        let agent = "Discord-Interactions/1.0 (+https://discord.com)";
        assert_eq!((header(headers, "User-Agent"), header(headers, "Content-Type")), (agent, JSON));
    }
    let cleared = point(&bot, Value::Null).await;
    assert_eq!((cleared.0, &cleared.1["interactions_endpoint_url"]), (200, &Value::Null));
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn an_address_that_fails_the_questions_is_refused_and_the_old_one_stays() {
    let (discord, bot) = Bot::new().await;
    let kept = listen(&discord, &bot).await;
    let mut addresses = vec!["http://example.org/".to_owned(), "http://127.0.0.1:1/".to_owned()];
    for manner in [
        Manner { refuses_wrong_signatures: false, ..RIGHT },
        Manner { pong: (202, JSON, ""), ..RIGHT },
        Manner { pong: (200, "text/plain", r#"{"type":1}"#), ..RIGHT },
        Manner { pong: (200, JSON, r#"{"type":4}"#), ..RIGHT },
    ] {
        addresses.push(Web::start(&discord, manner).await.url);
    }
    for address in addresses {
        let refused = point(&bot, json!(address)).await;
        assert_eq!(code(&refused), (400, 50035), "{address}");
        let error = &refused.1["errors"]["interactions_endpoint_url"]["_errors"][0];
        assert_eq!(error["code"], "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID");
        assert!(discord.verify_interactions_endpoint(&address).await.is_err());
        let (_, application) = bot.call(Method::GET, "applications/@me", None).await;
        assert_eq!(application["interactions_endpoint_url"], kept.url);
    }
}

#[tokio::test]
async fn a_command_is_answered_by_the_response_and_the_gateway_brings_nothing() {
    let (discord, mut bot) = Bot::new().await;
    let mut web = listen(&discord, &bot).await;
    let pending = search(&discord);
    let arrival = web.next().await;
    assert_eq!(arrival.interaction().id, pending.id().to_string());
    arrival.answer(&message("Here"));
    let answer = pending.answer().await;
    assert_eq!(answer.text(), "Here");
    assert!(answer.first_answer_after.is_some() && !answer.is_deferred());
    discord.set_interactions_endpoint(None);
    let next = search(&discord);
    assert_eq!(bot.interaction().await.id, next.id().to_string());
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn what_a_response_defers_is_filled_by_the_webhook() {
    let (discord, bot) = Bot::new().await;
    let mut web = listen(&discord, &bot).await;
    let pending = search(&discord);
    let arrival = web.next().await;
    let interaction = arrival.interaction();
    arrival.answer(&json!({"type": 5, "data": {"flags": 64}}));
    assert_eq!(pending.first().await, First::Thinking);
    let original = "/messages/@original";
    let edit = bot.webhook(Method::PATCH, &interaction, original, Some(text("Done"))).await;
    assert_eq!(edit.0, 200);
    let answer = pending.answer().await;
    assert!(answer.is_deferred() && answer.is_private());
    assert_eq!(answer.text(), "Done");
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn a_callback_counts_before_202_and_after_it() {
    let (discord, bot) = Bot::new().await;
    let mut web = listen(&discord, &bot).await;
    for is_first in [true, false] {
        let pending = search(&discord);
        let arrival = web.next().await;
        let interaction = arrival.interaction();
        if is_first {
            assert_eq!(bot.reply(&interaction, "Here").await.0, 204);
            arrival.respond(202, JSON, "");
        } else {
            arrival.respond(202, JSON, "");
            assert_eq!(bot.reply(&interaction, "Here").await.0, 204);
        }
        assert_eq!(pending.answer().await.text(), "Here");
    }
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn autocomplete_presses_and_forms_go_there_too() {
    let (discord, bot) = Bot::new().await;
    let mut web = listen(&discord, &bot).await;
    let member = discord.person(Who::Member);
    let choices = json!({"choices": [{"name": "Accounting", "value": "accounting"}]});
    let (offered, ()) = join!(member.autocomplete("create", &[], ("name", "acc")), async {
        web.next().await.answer(&json!({"type": 8, "data": choices}));
    });
    assert_eq!(offered.expect("there is an answer")[0].value, "accounting");
    let pending = search(&discord);
    let mut data = text("Press");
    let button = json!({"type": 2, "style": 1, "label": "Go", "custom_id": "go"});
    data["components"] = json!([{"type": 1, "components": [button]}]);
    web.next().await.answer(&json!({"type": 4, "data": data}));
    let shown = pending.answer().await.message().clone();
    let pressed = member.start_press(&shown, "Go");
    let input = json!({"type": 4, "custom_id": "why", "style": 1, "label": "Why"});
    let rows = json!([{"type": 1, "components": [input]}]);
    let form = json!({"custom_id": "form", "title": "Why?", "components": rows});
    web.next().await.answer(&json!({"type": 9, "data": form}));
    let form = pressed.answer().await.form().clone();
    let (answer, ()) = join!(member.submit(&form, &[("why", "Because")]), async {
        web.next().await.answer(&json!({"type": 7, "data": text("Done")}));
    });
    assert!(matches!(&answer.reply, Reply::Update(message) if message.id == shown.id));
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn a_response_too_late_is_nothing_and_nothing_is_sent_again() {
    let within = Duration::from_secs(1);
    let (discord, bot) = Bot::start(Options { answer_within: within, ..Options::default() }).await;
    let mut web = Web::start(&discord, RIGHT).await;
    discord.set_interactions_endpoint(Some(web.url.clone()));
    let pending = search(&discord);
    let arrival = web.next().await;
    assert_eq!(pending.answer().await.reply, Reply::NoResponse);
    assert_eq!(code(&bot.reply(&arrival.interaction(), "Late").await), (404, 10062));
    arrival.answer(&message("Later"));
    let next = search(&discord);
    assert_eq!(web.next().await.interaction().id, next.id().to_string());
    assert_eq!(web.statuses(), [None, None]);
    assert!(discord.messages(CONNECT).is_empty());
}

#[tokio::test]
async fn a_response_that_is_no_answer_fails_the_interaction() {
    let (discord, bot) = Bot::new().await;
    let mut web = listen(&discord, &bot).await;
    discord.hold_deliveries(true);
    let right = message("Here").to_string();
    let long = message(&"x".repeat(2001)).to_string();
    for (index, (status, kind, body)) in [
        (500, JSON, right.as_str()),
        (204, JSON, ""),
        (202, JSON, &right),
        (200, "text/plain", &right),
        (200, JSON, "Here"),
        (200, JSON, r#"{"type": 1}"#),
        (200, JSON, r#"{"type": 6}"#),
        (200, JSON, &long),
    ]
    .into_iter()
    .enumerate()
    {
        let pending = search(&discord);
        let (delivered, interaction) = join!(discord.deliver(pending.id()), async {
            let arrival = web.next().await;
            let interaction = arrival.interaction();
            arrival.respond(status, kind, body);
            interaction
        });
        assert_eq!(delivered.map(|response| response.status), Some(status));
        assert_eq!(discord.violations().len(), index + 1, "{:?}", discord.violations());
        assert_eq!(code(&bot.reply(&interaction, "Still here").await), (404, 10062));
    }
    assert!(discord.messages(CONNECT).is_empty());
}

#[tokio::test]
async fn an_answer_in_the_response_after_a_callback_is_a_violation() {
    let (discord, bot) = Bot::new().await;
    let mut web = listen(&discord, &bot).await;
    discord.hold_deliveries(true);
    let pending = search(&discord);
    let (_, called) = join!(discord.deliver(pending.id()), async {
        let arrival = web.next().await;
        let called = bot.reply(&arrival.interaction(), "One").await;
        arrival.answer(&message("Two"));
        called
    });
    assert_eq!(called.0, 204);
    assert_eq!(pending.answer().await.text(), "One");
    assert_eq!(discord.messages(CONNECT).len(), 1);
    assert_eq!(discord.violations().len(), 1, "{:?}", discord.violations());
}

#[tokio::test]
async fn with_the_way_cut_what_is_sent_is_lost_and_what_follows_arrives() {
    let (discord, bot) = Bot::new().await;
    let mut web = listen(&discord, &bot).await;
    discord.cut_deliveries(true);
    assert!(!discord.is_reached());
    let lost = search(&discord);
    discord.cut_deliveries(false);
    assert!(discord.is_reached());
    let next = search(&discord);
    let arrival = web.next().await;
    assert_eq!(arrival.interaction().id, next.id().to_string());
    arrival.answer(&message("Here"));
    assert_eq!(next.answer().await.text(), "Here");
    assert_eq!(lost.first().await, First::NoAnswer);
}

#[tokio::test]
async fn requests_can_be_forged_aged_doubled_and_replayed() {
    let (discord, bot) = Bot::new().await;
    let mut web = listen(&discord, &bot).await;
    discord.hold_deliveries(true);
    let pending = search(&discord);
    let request = discord.delivery(pending.id());
    let body = request.body.replace(r#""value":"a""#, r#""value":"b""#);
    assert_ne!(body, request.body);
    let signature = discord.sign("{}", Duration::ZERO).signature;
    for wrong in [
        SignedRequest { body, ..request.clone() },
        SignedRequest { signature, ..request.clone() },
        SignedRequest { timestamp: "1".to_owned(), ..request.clone() },
    ] {
        let refused = discord.send(&wrong).await.expect("there is a response");
        assert_eq!((refused.status, &*refused.body), (401, "invalid request signature"));
    }

    let hour = Duration::from_hours(1);
    let old = discord.sign(&request.body, hour);
    let (refused, age) = join!(discord.send(&old), async {
        let arrival = web.next().await;
        let then = header(&arrival.headers, "X-Signature-Timestamp").parse().expect("seconds");
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(then);
        arrival.respond(401, "text/plain", "too old");
        then.elapsed().expect("it is past")
    });
    assert_eq!(refused.map(|response| response.body).as_deref(), Some("too old"));
    assert!(age >= hour && age < hour + Duration::from_mins(1), "{age:?}");

    let (own, copy, ()) = join!(discord.deliver(pending.id()), discord.send(&request), async {
        let (one, two) = (web.next().await, web.next().await);
        assert_eq!((&one.headers, &one.json), (&two.headers, &two.json));
        one.answer(&message("Here"));
        two.answer(&message("Here"));
    });
    assert_eq!(own, copy);
    assert_eq!(pending.answer().await.text(), "Here");

    let (replayed, ()) = join!(discord.send(&request), async {
        web.next().await.answer(&message("Again"));
    });
    assert!(replayed.is_some_and(|response| response.body.contains("Again")));
    assert_eq!(discord.messages(CONNECT).len(), 1);
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn an_address_that_fails_a_routine_check_is_cleared() {
    let (discord, mut bot) = Bot::new().await;
    let web = listen(&discord, &bot).await;
    let checked = discord.check_interactions_endpoint().await;
    assert_eq!(checked.map(|response| response.status), Some(401));
    let (_, application) = bot.call(Method::GET, "applications/@me", None).await;
    assert_eq!(application["interactions_endpoint_url"], web.url);
    let careless = Manner { refuses_wrong_signatures: false, ..RIGHT };
    let careless = Web::start(&discord, careless).await;
    discord.set_interactions_endpoint(Some(careless.url));
    let checked = discord.check_interactions_endpoint().await;
    assert_eq!(checked.map(|response| response.status), Some(200));
    let pending = search(&discord);
    assert_eq!(bot.interaction().await.id, pending.id().to_string());
}
