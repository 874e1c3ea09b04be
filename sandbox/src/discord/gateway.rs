//! The gateway: a WebSocket per connection.
//! <https://discord.com/developers/docs/events/gateway>

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    select,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinSet,
    time::{Duration, Instant, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{
    Change, Shared,
    check::{
        Kind::{Any, Bool, Int, List, Map, Text},
        Problems, number,
    },
    sessions::Order,
    world::{APPLICATION, GUILD, OTHER_GUILD, bot_user},
};

/// Close codes.
/// <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>
mod close {
    pub(super) const UNKNOWN_OPCODE: u16 = 4001;
    pub(super) const DECODE: u16 = 4002;
    pub(super) const NOT_AUTHENTICATED: u16 = 4003;
    pub(super) const AUTHENTICATION_FAILED: u16 = 4004;
    pub(super) const ALREADY_AUTHENTICATED: u16 = 4005;
    pub(super) const SESSION_TIMED_OUT: u16 = 4009;
    pub(super) const INVALID_VERSION: u16 = 4012;
}

/// Accepts connections until the task is aborted, which ends them too.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(accept(stream, Arc::clone(&shared)));
            } else {
                // The machine may be out of file handles for a moment.
                sleep(Duration::from_millis(50)).await;
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn accept(mut stream: TcpStream, shared: Arc<Shared>) {
    let (refuse, hang) = {
        let gateway = &shared.lock().gateway;
        (gateway.refuse, gateway.hang_handshake)
    };
    if refuse {
        return;
    }
    if hang {
        shared.lock().gateway.hung += 1;
        shared.touch();
        let mut nothing = [0; 1024];
        while stream.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
        return;
    }
    let mut right_version = false;
    // The size of the error is the library's choice.
    #[expect(clippy::result_large_err, reason = "the library fixes this type")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let query = request.uri().query().unwrap_or_default();
        right_version = query.split('&').any(|pair| pair == "v=10");
        Ok(response)
    };
    let Ok(socket) = accept_hdr_async(stream, look).await else {
        return;
    };
    let (line, orders) = unbounded_channel();
    let number = shared.lock().gateway.connect(line);
    shared.touch();
    let mut connection = Connection {
        socket,
        orders,
        number,
        shared: Arc::clone(&shared),
        last_beat: Instant::now(),
    };
    let end = if right_version {
        connection.converse().await
    } else {
        shared.lock().violations.push("gateway: the version isn't 10".to_owned());
        End::Close(Some(close::INVALID_VERSION))
    };
    connection.finish(end).await;
}

/// Why a connection ends.
enum End {
    /// The stand-in closes it with this code, or without one.
    Close(Option<u16>),
    /// The bot closed it with this code, if it gave one.
    Closed(Option<u16>),
    /// It is cut, or was.
    Cut,
}

struct Connection {
    socket: WebSocketStream<TcpStream>,
    orders: UnboundedReceiver<Order>,
    number: u64,
    shared: Arc<Shared>,
    last_beat: Instant,
}

impl Connection {
    async fn converse(&mut self) -> End {
        let interval = self.shared.options.heartbeat_interval;
        let hello = json!({
            "op": 10,
            "s": null,
            "t": null,
            "d": {"heartbeat_interval": interval.as_millis(), "_trace": ["[\"gateway-stand-in\"]"]},
        });
        if self.send(hello.to_string()).await.is_err() {
            return End::Cut;
        }
        self.last_beat = Instant::now();
        loop {
            let step = select! {
                order = self.orders.recv() => match order {
                    Some(Order::Send(frame)) => self.send(frame).await,
                    Some(Order::Close(code)) => Err(End::Close(code)),
                    Some(Order::Cut) | None => Err(End::Cut),
                },
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.receive(&text).await,
                    Some(Ok(Message::Close(frame))) => {
                        Err(End::Closed(frame.map(|frame| frame.code.into())))
                    }
                    Some(Ok(Message::Binary(_))) => Err(End::Close(Some(close::DECODE))),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
                    Some(Err(_)) | None => Err(End::Cut),
                },
                () = sleep_until(self.last_beat + interval * 3) => {
                    Err(End::Close(Some(close::SESSION_TIMED_OUT)))
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn finish(mut self, end: End) {
        let over = match end {
            End::Close(code) => matches!(code, Some(4004 | 4007 | 4009..=4014)),
            // Who says goodbye properly doesn't come back for the session.
            End::Closed(code) => matches!(code, Some(1000 | 1001)),
            End::Cut => false,
        };
        {
            let mut state = self.shared.lock();
            state.gateway.disconnect(self.number, over);
            state.tell(Change::Disconnected);
        }
        self.shared.touch();
        let code = match end {
            End::Close(code) => code,
            End::Closed(_) => Some(1000),
            End::Cut => return,
        };
        let frame = code.map(|code| CloseFrame { code: CloseCode::from(code), reason: "".into() });
        if self.socket.close(frame).await.is_ok() {
            // Until the bot has taken the code, and no longer than a moment.
            let drained = async { while let Some(Ok(_)) = self.socket.next().await {} };
            drop(timeout(Duration::from_secs(1), drained).await);
        }
    }

    async fn send(&mut self, frame: String) -> Result<(), End> {
        let sent = self.socket.send(Message::Text(frame)).await;
        sent.map_err(|_| End::Cut)
    }

    async fn receive(&mut self, text: &str) -> Result<(), End> {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            self.violation("a frame isn't JSON");
            return Err(End::Close(Some(close::DECODE)));
        };
        let data = &frame["d"];
        match frame["op"].as_u64() {
            Some(1) => self.beat(data).await,
            Some(2) => self.identify(data),
            Some(6) => self.resume(data).await,
            Some(3) if self.is_identified() => Ok(()),
            Some(3) => Err(End::Close(Some(close::NOT_AUTHENTICATED))),
            Some(_) | None => {
                self.violation(&format!("a bot without intents has no use for op {}", frame["op"]));
                Err(End::Close(Some(close::UNKNOWN_OPCODE)))
            }
        }
    }

    async fn beat(&mut self, data: &Value) -> Result<(), End> {
        if !data.is_null() && !data.is_u64() {
            self.violation("a heartbeat's data is the last sequence number, or null");
            return Err(End::Close(Some(close::DECODE)));
        }
        self.last_beat = Instant::now();
        if self.shared.lock().gateway.mute_acks {
            return Ok(());
        }
        self.send(json!({"op": 11, "s": null, "t": null, "d": null}).to_string()).await
    }

    fn identify(&self, data: &Value) -> Result<(), End> {
        let mut problems = Problems::default();
        let known = [
            ("token", Text),
            ("intents", Int),
            ("properties", Map),
            ("compress", Bool),
            ("large_threshold", Int),
            ("shard", List),
            ("presence", Any),
        ];
        if let Some(object) = problems.fields("", data, &known) {
            problems.required("", object, &["token", "intents", "properties"]);
            problems.range("", object, "large_threshold", (50, 250));
            if let Some(properties) = object.get("properties").and_then(Value::as_object) {
                problems.required("properties", properties, &["os", "browser", "device"]);
            }
        }
        self.accept(&problems, data)?;
        if self.is_identified() {
            return Err(End::Close(Some(close::ALREADY_AUTHENTICATED)));
        }
        let mut state = self.shared.lock();
        state.gateway.identifies += 1;
        state.gateway.intents = Some(number(data, "intents"));
        let session = state.gateway.begin(self.number);
        let ready = ready(&session, &self.shared.gateway_url);
        state.gateway.dispatch_to(self.number, "READY", &ready);
        state.tell(Change::Ready);
        drop(state);
        self.shared.touch();
        Ok(())
    }

    async fn resume(&mut self, data: &Value) -> Result<(), End> {
        let mut problems = Problems::default();
        let known = [("token", Text), ("session_id", Text), ("seq", Int)];
        if let Some(object) = problems.fields("", data, &known) {
            problems.required("", object, &["token", "session_id", "seq"]);
        }
        self.accept(&problems, data)?;
        let id = data["session_id"].as_str().unwrap_or_default();
        let resumed = {
            let mut state = self.shared.lock();
            let resumed = state.gateway.resume(id, number(data, "seq"), self.number);
            if resumed {
                let data = json!({"_trace": ["[\"gateway-stand-in\"]"]});
                state.gateway.dispatch_to(self.number, "RESUMED", &data);
                state.tell(Change::Ready);
            }
            resumed
        };
        self.shared.touch();
        if resumed {
            return Ok(());
        }
        self.send(json!({"op": 9, "s": null, "t": null, "d": false}).to_string()).await
    }

    /// Checks the shape of IDENTIFY or RESUME, then its token.
    fn accept(&self, problems: &Problems, data: &Value) -> Result<(), End> {
        for sentence in problems.sentences() {
            self.violation(&sentence);
        }
        if problems.are_refused() {
            return Err(End::Close(Some(close::DECODE)));
        }
        let token = data["token"].as_str().unwrap_or_default();
        // Discord's gateway takes the prefix of REST too, which serenity leaves in place.
        let token = token.strip_prefix("Bot ").unwrap_or(token);
        let right = token == self.shared.token && !self.shared.lock().token_refused;
        if right { Ok(()) } else { Err(End::Close(Some(close::AUTHENTICATION_FAILED))) }
    }

    fn is_identified(&self) -> bool {
        self.shared.lock().gateway.is_identified(self.number)
    }

    fn violation(&self, text: &str) {
        self.shared.lock().violations.push(format!("gateway: {text}"));
    }
}

fn ready(session: &str, url: &str) -> Value {
    json!({
        "v": 10,
        "user": bot_user(),
        "user_settings": {},
        "session_type": "normal",
        "session_id": session,
        "resume_gateway_url": url,
        "relationships": [],
        "private_channels": [],
        "presences": [],
        "guilds": [
            {"id": GUILD.to_string(), "unavailable": true},
            {"id": OTHER_GUILD.to_string(), "unavailable": true},
        ],
        "guild_join_requests": [],
        "geo_ordered_rtc_regions": ["rotterdam", "frankfurt"],
        "shard": [0, 1],
        "application": {"id": APPLICATION.to_string(), "flags": 0},
        "_trace": ["[\"gateway-stand-in\"]"],
    })
}
