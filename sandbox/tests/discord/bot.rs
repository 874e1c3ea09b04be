//! A bot of a few lines, which does just what a test says.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method, Response};
use sandbox::discord::{APPLICATION, Discord, GUILD, Limits, Options};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::CloseFrame},
};

/// What a bot of this stand-in calls itself.
const USER_AGENT: &str = "DiscordBot (https://example.org, 1)";

/// A connection to the gateway.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn connect(url: &str) -> Self {
        Self::dial(&format!("{url}/?v=10")).await
    }

    /// Connects to the address as it is.
    pub(crate) async fn dial(url: &str) -> Self {
        Self(connect_async(url).await.expect("the gateway accepts").0)
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        let sent = self.0.send(Message::Text(frame.to_string())).await;
        sent.expect("the gateway takes frames");
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::Binary(bytes)).await.expect("the gateway takes frames");
    }

    /// The next message as it came.
    pub(crate) async fn message(&mut self) -> Message {
        self.0.next().await.expect("the gateway is open").expect("the gateway sends messages")
    }

    /// The next frame, or the code with which the connection was closed; `None` if it was cut.
    pub(crate) async fn next(&mut self) -> Result<Value, Option<u16>> {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => {
                Ok(serde_json::from_str(&text).expect("frames are JSON"))
            }
            Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => Err(Some(code.into())),
            _ => Err(None),
        }
    }

    pub(crate) async fn identify(&mut self, token: &str) {
        self.send(&identify(token, &json!({}))).await;
    }
}

/// An IDENTIFY with these fields beside those that it must have, or in their place.
pub(crate) fn identify(token: &str, more: &Value) -> Value {
    let properties = json!({"os": "linux", "browser": "test", "device": "test"});
    let mut data = json!({"token": token, "intents": 0, "properties": properties});
    for (name, value) in more.as_object().expect("fields are wanted") {
        data[name] = value.clone();
    }
    json!({"op": 2, "d": data})
}

/// An interaction as the bot got it.
pub(crate) struct Interaction {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) json: Value,
}

pub(crate) struct Bot {
    http: Client,
    url: String,
    token: String,
    pub(crate) socket: Socket,
}

/// A command with every kind of option that the tests use.
pub(crate) fn commands() -> Value {
    json!([{
        "name": "ldapgroup",
        "description": "LDAP groups",
        "options": [
            {"type": 1, "name": "search", "description": "Search", "options": [
                {"type": 3, "name": "prefix", "description": "Prefix", "required": true},
            ]},
            {"type": 1, "name": "create", "description": "Create", "options": [
                {
                    "type": 3, "name": "name", "description": "Name", "required": true,
                    "autocomplete": true,
                },
                {"type": 3, "name": "reason", "description": "Why"},
            ]},
            {"type": 1, "name": "cancel", "description": "Cancel", "options": [
                {"type": 4, "name": "request", "description": "Number", "required": true,
                    "autocomplete": true},
            ]},
        ],
    }])
}

fn client() -> Client {
    let client = Client::builder().user_agent(USER_AGENT).build();
    client.expect("the client is sound")
}

/// The gateway's address as REST tells it.
pub(crate) async fn gateway_url(discord: &Discord) -> String {
    let request = client().get(format!("{}/api/v10/gateway", discord.url()));
    let answer = request.send().await.expect("the stand-in answers");
    let answer: Value = answer.json().await.expect("in JSON");
    answer["url"].as_str().unwrap_or_default().to_owned()
}

/// A message that pings nobody.
pub(crate) fn text(content: &str) -> Value {
    json!({"content": content, "allowed_mentions": {"parse": []}})
}

impl Bot {
    /// Starts a stand-in and a bot that is ready.
    pub(crate) async fn start(options: Options) -> (Discord, Self) {
        let discord = Discord::start(options).await.expect("ports are free");
        let bot = Self::join(&discord).await;
        (discord, bot)
    }

    /// A bot of this stand-in that is ready.
    pub(crate) async fn join(discord: &Discord) -> Self {
        let http = client();
        let url = discord.url();
        let mut socket = Socket::connect(&gateway_url(discord).await).await;
        let hello = socket.next().await.expect("HELLO comes first");
        assert_eq!(hello["op"], 10);
        socket.identify(discord.token()).await;
        let mut bot = Self { http, url, token: discord.token().to_owned(), socket };
        assert_eq!(bot.event().await["t"], "READY");
        let path = format!("applications/{APPLICATION}/guilds/{GUILD}/commands");
        let (status, answer) = bot.call(Method::PUT, &path, Some(commands())).await;
        assert_eq!(status, 200, "{answer}");
        discord.wait_ready().await;
        bot
    }

    /// As [`Self::start`], with Discord's own clocks, for calls at any pace.
    pub(crate) async fn new() -> (Discord, Self) {
        let limits = Limits {
            create_message: None,
            edit_message: None,
            get_message: None,
            commands: None,
            ..Limits::default()
        };
        Self::start(Options { limits, ..Options::default() }).await
    }

    /// As [`Self::start`], with clocks so short that a test can outwait them.
    pub(crate) async fn hurried() -> (Discord, Self) {
        Self::start(Options {
            answer_within: Duration::from_millis(400),
            token_lives: Duration::from_millis(900),
            ..Options::default()
        })
        .await
    }

    /// The next dispatched event.
    pub(crate) async fn event(&mut self) -> Value {
        loop {
            let frame = self.socket.next().await.expect("the gateway stays open");
            if frame["op"] == 0 {
                return frame;
            }
        }
    }

    pub(crate) async fn interaction(&mut self) -> Interaction {
        let frame = self.event().await;
        assert_eq!(frame["t"], "INTERACTION_CREATE");
        let json = frame["d"].clone();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Interaction { id: text("id"), token: text("token"), json }
    }

    /// Makes a call below `/api/v10/` with the bot's token; `None` if the connection was cut.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<Response> {
        let mut request = self
            .http
            .request(method, format!("{}/api/v10/{path}", self.url))
            .header("Authorization", format!("Bot {}", self.token));
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.ok()
    }

    /// As [`Self::send`]: the answer's status and body.
    pub(crate) async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let response = self.send(method, path, body).await?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(json!(text))))
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let answer = self.try_call(method, path, body).await;
        answer.expect("the stand-in answers")
    }

    pub(crate) async fn callback(&self, to: &Interaction, body: Value) -> (u16, Value) {
        let path = format!("interactions/{}/{}/callback", to.id, to.token);
        self.call(Method::POST, &path, Some(body)).await
    }

    pub(crate) async fn reply(&self, to: &Interaction, content: &str) -> (u16, Value) {
        self.callback(to, json!({"type": 4, "data": text(content)})).await
    }

    /// Calls a route of the interaction's webhook: `""` follows up.
    pub(crate) async fn webhook(
        &self,
        method: Method,
        to: &Interaction,
        rest: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let path = format!("webhooks/{APPLICATION}/{}{rest}", to.token);
        self.call(method, &path, body).await
    }
}

/// What a refusal says: its status and its code.
pub(crate) fn code((status, body): &(u16, Value)) -> (u16, u64) {
    (*status, body["code"].as_u64().unwrap_or_default())
}
