//! Whatever answers in Connect's place, a call comes to what was asked or to an error with a name.

use std::sync::{Arc, LazyLock, Mutex};

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::arbitrary::{Changes, ten_thousand, text};
use crate::text::utf16_len;

const KEY: &str = "the-api-key";

/// A client, and a server that answers whatever it is told to.
struct World {
    runtime: Runtime,
    connect: Connect,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl World {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let answer = Arc::<Mutex<Vec<u8>>>::default();
        let address = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(serve(listener, Arc::clone(&answer)));
            address
        });
        let settings = Settings {
            api: api_base(&address).unwrap(),
            key: SecretString::new(KEY.to_owned()),
            authorities: Vec::new(),
            timeout: Duration::from_secs(30),
            proxies: Proxies::default(),
        };
        let http = http_client(Vec::new(), &Proxies::default()).unwrap();
        let connect = Connect::new(settings, &http, Arc::new(Metrics::new())).unwrap();
        Self { runtime, connect, answer }
    }

    /// What a call of this kind comes to once.
    fn call(&self, call: Call, answer: &[u8]) -> Result<(), ConnectError> {
        answer.clone_into(&mut self.answer.lock().unwrap());
        let (connect, id) = (&self.connect, CorrelationId::new());
        let get = |path| connect.request(Method::GET, path, &[], id);
        self.runtime.block_on(async {
            match call {
                Call::Search => {
                    let sent = connect.send::<Page<RemoteGroup>>("search", get("v1/groups/remote"));
                    sent.await.map(drop)
                }
                Call::Groups => {
                    connect.send::<Page<Group>>("groups", get("v1/groups")).await.map(drop)
                }
                Call::Create => {
                    let hit = json!({ "name": "a", "guid": null, "temp_ticket": "t" });
                    let hit: RemoteGroup = serde_json::from_value(hit).unwrap();
                    connect.create_group(&hit.temp_ticket, id).await.map(drop)
                }
                Call::Trial => connect.try_search(id).await,
                Call::Settings => connect.server_settings(id).await.map(|settings| {
                    settings.ldap_search();
                }),
                Call::Key => connect.key_in_use(id).await.map(|in_use| {
                    let now = SystemTime::now();
                    in_use.role(now);
                    in_use.candidates(now);
                }),
            }
        })
    }
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// Every call that the bot makes.
#[derive(Clone, Copy, Debug)]
enum Call {
    Search,
    Groups,
    Create,
    Trial,
    Settings,
    /// Two calls.
    Key,
}

const CALLS: [Call; 6] =
    [Call::Search, Call::Groups, Call::Create, Call::Trial, Call::Settings, Call::Key];

async fn serve(listener: TcpListener, answer: Arc<Mutex<Vec<u8>>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let answer = answer.lock().unwrap().clone();
        tokio::spawn(answer_one(stream, answer));
    }
}

/// Reads a whole request, answers it and hangs up.
async fn answer_one(mut stream: TcpStream, answer: Vec<u8>) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
        }
    }
    drop(stream.write_all(&answer).await);
    drop(stream.shutdown().await);
    // Until the other end has read it: a connection that is dropped with something unread is reset.
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// An answer as Connect gives them: to a call, or a refusal.
fn proper() -> impl Strategy<Value = serde_json::Value> {
    let guid = "6f300623-1e0c-48e6-a473-ddf630c0c0c3";
    let results = json!([
        { "name": "accounting", "guid": guid, "temp_ticket": "t" },
        { "name": "accounting2", "guid": null, "temp_ticket": "t" },
    ]);
    let code = prop_oneof![any::<u32>(), prop::sample::select(vec![15, 22, 30, 63, 83, 127, 131])];
    let refusal = (code, text());
    prop_oneof![
        Just(json!({ "results": results, "total": 2, "current_page": 1 })),
        Just(json!({ "guid": guid, "name": "accounting" })),
        Just(json!({ "guid": guid, "username": "ada", "user_role": "administrator" })),
        Just(
            json!([{ "name": "bot", "expires_at": "2026-11-27T09:20:00Z", "user_role": "viewer" }])
        ),
        Just(json!({ "version": "2026.06", "authentication": { "name": "LDAP" } })),
        refusal.prop_map(|(code, text)| json!({ "code": code, "error": text, "payload": null })),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (proper(), Changes::any())
            .prop_map(|(json, changes)| changes.applied(json).to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => text().prop_map(String::into_bytes),
    ]
}

/// A whole answer, or one that breaks off.
fn answer() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let status = prop_oneof![3 => Just(200), 3 => 200_u16..600, 1 => 100_u16..1000];
    let content_type = prop_oneof![
        3 => Just("application/json; charset=utf-8".to_owned()),
        1 => "[ -~]{0,60}",
    ];
    let retry_after = prop_oneof![
        Just(None),
        "[0-9]{1,40}".prop_map(Some),
        "[ -~]{0,40}".prop_map(Some),
        Just(Some("Fri, 27 Nov 2026 00:00:00 GMT".to_owned())),
    ];
    let headers = (content_type, retry_after);
    (status, headers, body(), prop::option::weighted(0.1, 0_usize..400)).prop_map(
        |(status, (content_type, retry_after), body, end)| {
            let retry_after = retry_after.map(|after| format!("Retry-After: {after}\r\n"));
            let mut answer = format!(
                "HTTP/1.1 {status} Something\r\nContent-Type: {content_type}\r\n{}\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                retry_after.unwrap_or_default(),
                body.len()
            )
            .into_bytes();
            answer.extend(body);
            answer.truncate(end.unwrap_or(usize::MAX));
            (status, answer)
        },
    )
}

proptest! {
    #![proptest_config(ten_thousand())]

    #[test]
    fn whatever_answers_in_connects_place_comes_to_an_answer_or_to_an_error_with_a_name(
        call in prop::sample::select(CALLS.to_vec()),
        (status, answer) in answer(),
    ) {
        match WORLD.call(call, &answer) {
            Ok(()) => prop_assert!((200..300).contains(&status) || matches!(call, Call::Trial)),
            Err(error) => {
                if let ConnectError::Refused { text, status, .. } = &error {
                    prop_assert!(!status.is_success() && utf16_len(text) <= MAX_WORDS);
                }
                let is_named = |c: char| c.is_ascii_alphanumeric() || c == '_';
                prop_assert!(error.label().chars().all(is_named), "{}", error.label());
                let said = format!("{error:?} {} {}", error.reason(), error.chain());
                prop_assert!(!said.contains(KEY), "{}", said);
                let is_there = matches!(
                    &error,
                    ConnectError::Refused { .. }
                        | ConnectError::NotConnect { .. }
                        | ConnectError::Unreadable(_)
                        | ConnectError::Interrupted(_)
                );
                prop_assert!(is_there, "{}", said);
            }
        }
    }
}
