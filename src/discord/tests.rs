//! Whatever comes as an interaction is answered, and nothing panics over it.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Uri};
use axum::response::IntoResponse;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use proptest::prelude::*;
use sandbox::discord::{ADMIN_ROLE, Discord, GUILD, Options, Who};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use super::router::UNDER_WAY;
use super::{Bot, Source, dispatch};
use crate::access::Policy;
use crate::arbitrary::{Changes, ten_thousand};
use crate::connect::{Connect, Settings, api_base, http_client};
use crate::discord_api::gateway::GatewayState;
use crate::discord_api::received;
use crate::discord_api::rest::Rest;
use crate::ids::{GuildId, RoleId};
use crate::ldapgroup::LdapGroups;
use crate::metrics::Metrics;
use crate::proof::Proof;
use crate::proxy::Proxies;
use crate::requests::{AdminCreates, RequestSettings, Requests, Sharing, Start};

/// The bodies of the first answers that Discord got.
type Answers = Arc<Mutex<Vec<String>>>;

/// The bot, and a server in front of it that says yes to everything.
struct World {
    runtime: Runtime,
    bot: Arc<Bot>,
    answers: Answers,
    /// An interaction of each kind, as Discord sends them.
    interactions: Vec<Value>,
    _database: TempDir,
}

impl World {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (answers, database) = (Answers::default(), tempfile::tempdir().unwrap());
        let (bot, interactions) = runtime.block_on(async {
            let address = serve(Arc::clone(&answers)).await;
            let file = database.path().join("bot.db");
            let bot = bot(&address, format!("sqlite://{}", file.display())).await;
            let discord = Discord::start(Options::default()).await.unwrap();
            let interactions = [Who::Admin, Who::Member].map(|who| interactions(&discord, who));
            (bot, interactions.concat())
        });
        Self { runtime, bot, answers, interactions, _database: database }
    }

    /// What the bot answers first to this.
    fn answers(&self, payload: &str) -> Vec<String> {
        self.runtime.block_on(async {
            dispatch(&self.bot, received(payload).unwrap(), None);
            self.bot.finish().await;
        });
        std::mem::take(&mut self.answers.lock().unwrap())
    }
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

async fn bot(address: &str, database: String) -> Arc<Bot> {
    let (metrics, stopping) = (Arc::new(Metrics::new()), CancellationToken::new());
    let http = http_client(Vec::new(), &Proxies::default()).unwrap();
    let settings = Settings {
        api: api_base(address).unwrap(),
        key: SecretString::new("key".to_owned()),
        authorities: Vec::new(),
        timeout: Duration::from_secs(30),
        proxies: Proxies::default(),
    };
    let connect = Connect::new(settings, &http, Arc::clone(&metrics)).unwrap();
    let policy = Policy {
        guilds: vec![GuildId(GUILD)],
        admin_roles: vec![RoleId(ADMIN_ROLE)],
        ..Policy::default()
    };
    let settings = RequestSettings {
        channel: None,
        admin_creates: AdminCreates::Direct,
        reason_required: false,
        max_open: 10,
        ttl: Duration::from_hours(72),
        reminder: None,
        history_ttl: None,
    };
    let groups = LdapGroups::new(connect, Duration::from_mins(10));
    let (database, rules) = (SecretString::new(database), (policy, settings));
    let (database, start) =
        ((&database, Sharing::Alone), Start { proof: &Proof::unproven(), waits: &|_| {} });
    let opened = Requests::open(database, groups, rules, (start, stopping.clone()));
    let requests = opened.await.unwrap().unwrap();
    let token = SecretString::new("token".to_owned());
    let rest = Rest::new(http, address.parse().unwrap(), &token, metrics);
    let source = Source::Gateway(Arc::new(GatewayState::new()));
    let serving = (source, Duration::from_mins(12));
    Bot::new(requests, Arc::new(rest), serving, stopping)
}

/// Both Discord and Connect: the address.
async fn serve(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(answers);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let service = TowerToHyperService::new(router.clone());
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    address
}

async fn answer(
    State(answers): State<Answers>,
    method: Method,
    uri: Uri,
    body: String,
) -> impl IntoResponse {
    if method == Method::POST && uri.path().ends_with("/callback") {
        answers.lock().unwrap().push(body);
    }
    // Any name that begins like the alphabet is a group's.
    let prefix = uri.query().unwrap_or_default().strip_prefix("prefix=").unwrap_or_default();
    let name = prefix.split(['&', '%', '+']).next().filter(|name| name.starts_with('a'));
    let hit = name.map(|name| json!({ "name": name, "guid": null, "temp_ticket": "ticket" }));
    let results: Vec<_> = hit.into_iter().collect();
    let guid = "6f300623-1e0c-48e6-a473-ddf630c0c0c3";
    let all = json!({ "id": "1", "guid": guid, "name": "a", "results": results });
    ([(CONTENT_TYPE, "application/json")], all.to_string())
}

/// Everything that somebody can do.
fn interactions(discord: &Discord, who: Who) -> Vec<Value> {
    let person = discord.person(who);
    let with = |kind, data: Value| {
        let mut payload = person.payload(kind);
        if kind == 3 || kind == 5 {
            payload["message"] = message(&payload);
        }
        payload["data"] = data;
        payload
    };
    let slash = |kind, name: &str, options: Value| {
        let subcommand = json!([{ "name": name, "type": 1, "options": options }]);
        with(kind, json!({ "id": "7", "name": "ldapgroup", "type": 1, "options": subcommand }))
    };
    let text = |name: &str, value: &str| json!({ "name": name, "type": 3, "value": value });
    let focused = |name: &str, kind: u64, value: &str| json!([{ "name": name, "type": kind, "value": value, "focused": true }]);
    let press = |custom_id: &str| with(3, json!({ "component_type": 2, "custom_id": custom_id }));
    let input = |name: &str, value: &str| json!({ "type": 1, "components": [{ "type": 4, "custom_id": name, "value": value }] });
    let form = |custom_id: &str, inputs: Value| {
        with(5, json!({ "custom_id": custom_id, "components": inputs }))
    };
    vec![
        slash(2, "search", json!([text("prefix", "acc")])),
        slash(2, "create", json!([text("name", "accounting"), text("reason", "why")])),
        slash(2, "create", json!([text("name", "accounting, b, c")])),
        slash(2, "requests", json!([text("state", "open")])),
        slash(2, "cancel", json!([{ "name": "request", "type": 4, "value": 1 }])),
        slash(2, "history", json!([text("name", "accounting")])),
        slash(2, "status", json!([])),
        slash(4, "create", focused("name", 3, "acc")),
        slash(4, "history", focused("name", 3, "acc")),
        slash(4, "cancel", focused("request", 4, "1")),
        press("approve:1"),
        press("deny:1"),
        press("retry:1"),
        press("takeback:1:1790000000000"),
        press("page:1:acc"),
        press("again:0:acc"),
        press("create:7"),
        press("leave:7"),
        press("requests:open:1"),
        press("history:accounting:1"),
        with(3, json!({ "component_type": 3, "custom_id": "pick", "values": ["accounting", "b"] })),
        form("ask", json!([input("names", "accounting\nb"), input("reason", "why")])),
        form("deny:1", json!([input("reason", "why")])),
    ]
}

/// The message whose component was used.
fn message(payload: &Value) -> Value {
    json!({
        "id": "7", "channel_id": payload["channel_id"], "author": payload["member"]["user"],
        "content": "", "timestamp": "2026-11-27T00:00:00Z", "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "pinned": false, "type": 0, "components": [],
    })
}

/// The id of something that happens now.
fn now() -> String {
    let since_2015 =
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() - 1_420_070_400_000;
    (since_2015 << 22).to_string()
}

/// Whether it says how to answer it.
fn can_be_answered(payload: &Value) -> bool {
    let id = &payload["id"];
    let has_id = id.as_u64().is_some() || id.as_str().is_some_and(|id| id.parse::<u64>().is_ok());
    has_id && payload["token"].is_string()
}

#[test]
fn the_interactions_are_such_as_can_be_read() {
    for payload in &WORLD.interactions {
        assert!(received(&payload.to_string()).unwrap().is_ok(), "{payload:#}");
    }
}

#[test]
fn what_serenity_panics_at_is_answered_as_what_cannot_be_read() {
    let world = World::new();
    let hash = format!("a{}a", "é".repeat(15));
    for payload in &world.interactions {
        let mut payload = payload.clone();
        payload["id"] = now().into();
        payload["member"]["user"]["avatar"] = hash.clone().into();
        let payload = payload.to_string();
        assert!(received(&payload).unwrap().is_err());
        assert_eq!(world.answers(&payload).len(), 1);
    }
}

#[test]
fn however_much_comes_what_waits_to_be_answered_is_bounded() {
    let world = World::new();
    let mut answers = 0;
    for _ in 0..2 {
        world.runtime.block_on(async {
            for _ in 0..UNDER_WAY + 100 {
                let mut payload = world.interactions[0].clone();
                payload["id"] = now().into();
                dispatch(&world.bot, received(&payload.to_string()).unwrap(), None);
            }
            assert_eq!(world.bot.under_way.len(), UNDER_WAY);
            world.bot.finish().await;
        });
        answers += std::mem::take(&mut *world.answers.lock().unwrap()).len();
    }
    assert_eq!(answers, 2 * UNDER_WAY);
}

proptest! {
    #![proptest_config(ten_thousand())]

    #[test]
    fn whatever_comes_as_an_interaction_is_answered_if_it_can_be_and_nothing_panics(
        which in any::<prop::sample::Index>(),
        is_late in prop::bool::weighted(0.1),
        changes in Changes::any(),
    ) {
        let world = &*WORLD;
        let mut payload = which.get(&world.interactions).clone();
        if !is_late {
            payload["id"] = now().into();
        }
        let payload = changes.applied(payload);
        let answers = world.answers(&payload.to_string());
        prop_assert!(answers.len() == 1 || !can_be_answered(&payload), "{:?}", answers);
        for answer in answers {
            prop_assert!(!answer.contains("The bot failed at this"), "{}", answer);
        }
    }
}
