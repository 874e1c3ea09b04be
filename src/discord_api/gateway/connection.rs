//! One connection, from Discord's first word to its end.

use std::future::pending;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::time::{Instant, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::dial::{HANDSHAKE_TIMEOUT, Socket, close, hello};
use super::protocol::{End, Frame, Lost, Ready, closed, op, read, unreadable};
use super::session::Session;
use super::state::GatewayState;
use crate::discord_api::rest::Rest;
use crate::discord_api::{Received, received};
use crate::metrics::Metrics;
use crate::proxy::Proxies;

/// A close with any other code than 1000 and 1001 keeps the session, so that it can be resumed.
const TO_RESUME: CloseCode = CloseCode::Library(4000);

/// How the gateway is reached.
pub(crate) struct GatewayConfig {
    pub(crate) rest: Arc<Rest>,
    pub(crate) token: SecretString,
    pub(crate) proxies: Proxies,
    pub(crate) metrics: Arc<Metrics>,
    /// What is kept of the connection for whoever looks at it.
    pub(crate) state: Arc<GatewayState>,
}

/// What outlives a connection.
#[derive(Default)]
pub(super) struct Shard {
    /// Where the latest session began, or was to begin.
    pub(super) url: String,
    pub(super) session: Option<Session>,
    pub(super) backoff: Backoff,
}

/// A connection and what is known about it.
pub(super) struct Connection<'a, H> {
    config: &'a GatewayConfig,
    handler: &'a H,
    shard: &'a mut Shard,
    socket: Socket,
    /// By when Discord is to say that the session has begun or goes on, until it has.
    awaited: Option<Instant>,
    /// Whether the last heartbeat of our own was answered.
    acknowledged: bool,
    /// When the oldest heartbeat was sent that isn't answered yet; Discord may ask for more.
    beaten: Option<Instant>,
}

impl<'a, H: Fn(Received)> Connection<'a, H> {
    pub(super) fn new(
        config: &'a GatewayConfig,
        handler: &'a H,
        shard: &'a mut Shard,
        socket: Socket,
    ) -> Self {
        let (awaited, acknowledged, beaten) = (None, true, None);
        Self { config, handler, shard, socket, awaited, acknowledged, beaten }
    }

    /// Serves until the connection ends.
    pub(super) async fn serve(mut self, closing: &CancellationToken) -> End {
        let greeted = tokio::select! {
            () = closing.cancelled() => return End::Closed,
            greeted = timeout(HANDSHAKE_TIMEOUT, hello(&mut self.socket)) => greeted,
        };
        let heartbeat = match greeted {
            Ok(Ok(heartbeat)) => heartbeat,
            Ok(Err(end)) => return end,
            Err(_) => return End::Lost(Lost("Discord's gateway says nothing")),
        };
        self.awaited = Some(Instant::now() + HANDSHAKE_TIMEOUT);
        self.config.state.greeted(heartbeat);
        if let Err(end) = self.identify_or_resume().await {
            return end;
        }
        // The first heartbeat comes at a random moment of the interval, as Discord asks; half will do.
        let mut heartbeats = interval_at(Instant::now() + heartbeat / 2, heartbeat);
        loop {
            let step = tokio::select! {
                () = closing.cancelled() => {
                    close(&mut self.socket, CloseCode::Normal).await;
                    return End::Closed;
                }
                () = passed(self.awaited) => {
                    Err(End::Lost(Lost("Discord neither began the session nor resumed it")))
                }
                _ = heartbeats.tick() => self.beat().await,
                message = self.socket.next() => self.receive(message).await,
            };
            if let Err(end) = step {
                if let End::Lost(_) = end {
                    close(&mut self.socket, TO_RESUME).await;
                }
                return end;
            }
        }
    }

    async fn identify_or_resume(&mut self) -> Result<(), End> {
        let token = self.config.token.expose_secret();
        if let Some(Session { id, seq, .. }) = self.shard.session.as_ref() {
            let resume = json!({ "token": token, "session_id": id, "seq": seq });
            return self.send(op::RESUME, resume).await;
        }
        let identify = json!({
            "token": token,
            "intents": 0,
            "properties": {
                "os": std::env::consts::OS,
                "browser": env!("CARGO_PKG_NAME"),
                "device": env!("CARGO_PKG_NAME"),
            },
        });
        self.shard.backoff.identified(Instant::now());
        self.config.metrics.identified();
        self.send(op::IDENTIFY, identify).await
    }

    async fn send(&mut self, op: u8, data: Value) -> Result<(), End> {
        let frame = json!({ "op": op, "d": data }).to_string();
        let sent = self.socket.send(Message::Text(frame)).await;
        sent.map_err(|_| End::Lost(Lost("the connection broke")))
    }

    /// Sends a heartbeat. That the last one went unanswered means that nobody is there any more.
    async fn beat(&mut self) -> Result<(), End> {
        if !self.acknowledged {
            return Err(End::Lost(Lost("Discord didn't answer a heartbeat")));
        }
        self.acknowledged = false;
        self.heartbeat().await
    }

    async fn heartbeat(&mut self) -> Result<(), End> {
        self.beaten.get_or_insert_with(Instant::now);
        let seq = self.shard.session.as_ref().map(|session| session.seq);
        self.send(op::HEARTBEAT, json!(seq)).await
    }

    async fn receive(&mut self, message: Option<Result<Message, SocketError>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(text))) => {
                let heard = self.hear(&text).await;
                self.config.state.heard(self.awaited.is_none());
                heard
            }
            Some(Ok(Message::Close(frame))) => Err(closed(frame.as_ref(), &mut self.shard.session)),
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => Err(End::Lost(Lost("the connection broke"))),
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), End> {
        let frame: Frame<'_> = read(text)?;
        match frame.op {
            op::DISPATCH => {
                self.dispatch(&frame)?;
                if let (Some(session), Some(seq)) = (self.shard.session.as_mut(), frame.s) {
                    session.seq = seq;
                }
                Ok(())
            }
            op::HEARTBEAT => self.heartbeat().await,
            op::HEARTBEAT_ACK => {
                self.acknowledged = true;
                if let Some(beaten) = self.beaten.take() {
                    self.config.state.acknowledged(beaten.elapsed());
                    if self.awaited.is_none() {
                        self.shard.backoff.lasts();
                    }
                }
                Ok(())
            }
            op::RECONNECT => Err(End::Lost(Lost("Discord asked for a new connection"))),
            op::INVALID_SESSION => {
                if frame.d.is_none_or(|resumable| resumable.get() != "true") {
                    self.shard.session = None;
                }
                Err(End::Lost(Lost("Discord ended the session")))
            }
            _ => Ok(()),
        }
    }

    fn dispatch(&mut self, frame: &Frame<'_>) -> Result<(), End> {
        let data = frame.d.map_or("null", RawValue::get);
        match frame.t {
            Some("INTERACTION_CREATE") => (self.handler)(received(data).map_err(unreadable)?),
            Some("READY") => {
                let Ready { session_id, resume_gateway_url } = read(data)?;
                let address = resume_gateway_url.as_str();
                self.shard.session = Some(Session::new(session_id, address, &self.shard.url));
                self.shard.backoff.ready(Instant::now());
                self.awaited = None;
                tracing::info!("connected to Discord");
            }
            Some("RESUMED") => {
                self.shard.session.iter_mut().for_each(Session::settle);
                self.shard.backoff.resumed();
                self.awaited = None;
                self.config.metrics.resumed();
                tracing::info!("the connection to Discord is resumed");
            }
            Some(_) | None => {}
        }
        Ok(())
    }
}

/// Ends at this moment; never, if there is none.
async fn passed(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
