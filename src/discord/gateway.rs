//! The connection over which Discord sends interactions.
//!
//! serenity 0.12.5 has a client for it, which isn't used: it spins without yielding after a close
//! that carries no code, hides the close codes that are final, and waits for ever for a handshake
//! that hangs. What the bot needs of the protocol is small, since it has no intents.

mod dial;
mod latency;
mod pace;
mod session;
mod start;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use serenity::all::Interaction;
use tokio::time::{Instant, interval_at, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_util::sync::CancellationToken;

pub use self::dial::{DialError, greeting};
use self::dial::{Socket, connect};
pub(super) use self::latency::Latency;
use self::pace::Pace;
use self::session::Session;
use super::Bot;
use crate::proxy::Proxies;

/// How long the handshake may take, Discord's first word after it, and then its word that the session
/// has begun or goes on, each.
const GREETING: Duration = Duration::from_secs(10);

/// How long Discord may take to say goodbye. Somebody may wait for the bot to stop.
const GOODBYE: Duration = Duration::from_secs(1);

/// Heartbeats come no faster, whatever Discord says: it bears 120 frames a minute.
/// <https://discord.com/developers/docs/events/gateway#rate-limiting>
const FASTEST: Duration = Duration::from_millis(600);

/// A longer message isn't Discord's: what comes without intents are interactions, of a few kilobytes,
/// and READY.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// A close with any other code than 1000 and 1001 keeps the session, so that it can be resumed.
const TO_RESUME: CloseCode = CloseCode::Library(4000);

/// Why the bot can't be connected, now or later.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GatewayError {
    /// The token isn't Discord's, or not any more.
    #[error(
        "DISCORD_TOKEN: Discord refuses this token; copy a new one from the application's page Bot"
    )]
    TokenRefused,
    /// Discord doesn't want this program, and says so with one of the codes 4010 to 4014.
    #[error(
        "Discord refuses the connection for good, with code {0}; a newer version of the bot is needed"
    )]
    Refused(u16),
}

/// How to reach the gateway.
struct Line<'a> {
    /// Where the latest session began, or was to begin.
    address: String,
    token: &'a SecretString,
}

/// Keeps the bot connected until `closing`.
///
/// # Errors
///
/// When only another token or another version can help.
pub async fn run(
    bot: &Arc<Bot>,
    token: &SecretString,
    proxies: &Proxies,
    closing: &CancellationToken,
) -> Result<(), GatewayError> {
    let mut line = Line { address: String::new(), token };
    let mut session: Option<Session> = None;
    let mut pace = Pace::default();
    loop {
        let resumed = session.as_mut().and_then(|session| session.resume(&line.address));
        if resumed.is_none() {
            session = None;
        }
        let connected = async {
            if let Some(address) = resumed {
                return connect(&address, proxies).await;
            }
            sleep(pace.wait(Instant::now())).await;
            line.address = start::address(bot.rest()).await?;
            connect(&line.address, proxies).await
        };
        let ended = tokio::select! {
            () = closing.cancelled() => return Ok(()),
            connected = connected => match connected {
                Ok(socket) => serve(bot, &line, socket, &mut session, &mut pace, closing).await,
                Err(end) => {
                    session = None;
                    end
                }
            },
        };
        let lost = match ended {
            End::Closed => return Ok(()),
            End::Final(error) => return Err(error),
            End::Lost(lost) => lost,
        };
        let pause = pace.pause();
        tracing::warn!(why = lost.0, ?pause, "the connection to Discord is lost; connecting again");
        tokio::select! {
            () = closing.cancelled() => return Ok(()),
            () = sleep(pause) => {}
        }
    }
}

/// Why a connection ended that is to be made again. Never holds anything that Discord or the bot
/// said: that has tokens in it.
struct Lost(&'static str);

/// How a connection ended.
enum End {
    /// As wanted.
    Closed,
    /// It is to be made again.
    Lost(Lost),
    /// It must not be made again.
    Final(GatewayError),
}

/// One frame from Discord.
#[derive(Deserialize)]
struct Frame<'a> {
    op: u8,
    s: Option<u64>,
    t: Option<&'a str>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Hello {
    heartbeat_interval: u64,
}

#[derive(Deserialize)]
struct Ready {
    session_id: String,
    #[serde(default)]
    resume_gateway_url: Value,
}

/// The opcodes of the protocol.
mod op {
    pub(super) const DISPATCH: u8 = 0;
    pub(super) const HEARTBEAT: u8 = 1;
    pub(super) const IDENTIFY: u8 = 2;
    pub(super) const RESUME: u8 = 6;
    pub(super) const RECONNECT: u8 = 7;
    pub(super) const INVALID_SESSION: u8 = 9;
    pub(super) const HELLO: u8 = 10;
    pub(super) const HEARTBEAT_ACK: u8 = 11;
}

/// A connection and what is known about it.
struct Connection<'a> {
    bot: &'a Arc<Bot>,
    line: &'a Line<'a>,
    socket: Socket,
    session: &'a mut Option<Session>,
    pace: &'a mut Pace,
    /// By when Discord is to say that the session has begun or goes on, until it has.
    awaited: Option<Instant>,
    /// Whether the last heartbeat of our own was answered.
    acknowledged: bool,
    /// When the oldest heartbeat was sent that isn't answered yet; Discord may ask for more.
    beaten: Option<Instant>,
}

/// Serves over one connection until it ends.
async fn serve(
    bot: &Arc<Bot>,
    line: &Line<'_>,
    mut socket: Socket,
    session: &mut Option<Session>,
    pace: &mut Pace,
    closing: &CancellationToken,
) -> End {
    let greeted = tokio::select! {
        () = closing.cancelled() => return End::Closed,
        greeted = timeout(GREETING, hello(&mut socket)) => greeted,
    };
    let heartbeat = match greeted {
        Ok(Ok(heartbeat)) => heartbeat,
        Ok(Err(end)) => return end,
        Err(_) => return End::Lost(Lost("Discord's gateway says nothing")),
    };
    let (awaited, acknowledged, beaten) = (Some(Instant::now() + GREETING), true, None);
    let mut connection =
        Connection { bot, line, socket, session, pace, awaited, acknowledged, beaten };
    bot.latency.forget();
    if let Err(end) = connection.register().await {
        return end;
    }
    // The first heartbeat comes at a random moment of the interval, as Discord asks; half will do.
    let mut heartbeats = interval_at(Instant::now() + heartbeat / 2, heartbeat);
    loop {
        let step = tokio::select! {
            () = closing.cancelled() => {
                drain(&mut connection.socket, CloseCode::Normal).await;
                return End::Closed;
            }
            () = passed(connection.awaited) => {
                Err(End::Lost(Lost("Discord neither began the session nor resumed it")))
            }
            _ = heartbeats.tick() => connection.beat().await,
            message = connection.socket.next() => connection.receive(message).await,
        };
        if let Err(end) = step {
            if let End::Lost(_) = end {
                drain(&mut connection.socket, TO_RESUME).await;
            }
            return end;
        }
    }
}

/// Ends at this moment; never, if there is none.
async fn passed(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// Waits for Discord's first word: the interval of heartbeats.
async fn hello(socket: &mut Socket) -> Result<Duration, End> {
    loop {
        let text = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => return Err(closed(frame.as_ref(), &mut None)),
            Some(Ok(_)) => continue,
            Some(Err(_)) | None => return Err(End::Lost(Lost("the connection broke"))),
        };
        let frame: Frame<'_> = read(&text)?;
        if let (op::HELLO, Some(hello)) = (frame.op, frame.d) {
            let Hello { heartbeat_interval } = read(hello.get())?;
            return Ok(Duration::from_millis(heartbeat_interval).max(FASTEST));
        }
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, End> {
    serde_json::from_str(text).map_err(|_| End::Lost(Lost("Discord said something unreadable")))
}

impl Connection<'_> {
    /// Takes the session up again, or begins one.
    async fn register(&mut self) -> Result<(), End> {
        let token = self.line.token.expose_secret();
        if let Some(Session { id, seq, .. }) = self.session.as_ref() {
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
        self.pace.begin(Instant::now());
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
        let seq = self.session.as_ref().map(|session| session.seq);
        self.send(op::HEARTBEAT, json!(seq)).await
    }

    async fn receive(&mut self, message: Option<Result<Message, SocketError>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(text))) => self.hear(&text).await,
            Some(Ok(Message::Close(frame))) => Err(closed(frame.as_ref(), self.session)),
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => Err(End::Lost(Lost("the connection broke"))),
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), End> {
        let frame: Frame<'_> = read(text)?;
        match frame.op {
            op::DISPATCH => {
                self.dispatch(&frame)?;
                if let (Some(session), Some(seq)) = (self.session.as_mut(), frame.s) {
                    session.seq = seq;
                }
                Ok(())
            }
            op::HEARTBEAT => self.heartbeat().await,
            op::HEARTBEAT_ACK => {
                self.acknowledged = true;
                if let Some(beaten) = self.beaten.take() {
                    self.bot.latency.note(beaten.elapsed());
                    if self.awaited.is_none() {
                        self.pace.settle();
                    }
                }
                Ok(())
            }
            op::RECONNECT => Err(End::Lost(Lost("Discord asked for a new connection"))),
            op::INVALID_SESSION => {
                if frame.d.is_none_or(|resumable| resumable.get() != "true") {
                    *self.session = None;
                }
                Err(End::Lost(Lost("Discord ended the session")))
            }
            _ => Ok(()),
        }
    }

    fn dispatch(&mut self, frame: &Frame<'_>) -> Result<(), End> {
        let data = frame.d.map_or("null", RawValue::get);
        match frame.t {
            Some("INTERACTION_CREATE") => match serde_json::from_str::<Interaction>(data) {
                Ok(interaction) => self.bot.take_on(interaction),
                Err(_) => self.bot.take_on_unreadable(&read(data)?),
            },
            Some("READY") => {
                let Ready { session_id, resume_gateway_url } = read(data)?;
                let address = resume_gateway_url.as_str();
                *self.session = Some(Session::new(session_id, address, &self.line.address));
                self.pace.begun(Instant::now());
                self.awaited = None;
                tracing::info!("connected to Discord");
            }
            Some("RESUMED") => {
                self.session.iter_mut().for_each(Session::settle);
                self.awaited = None;
                tracing::info!("the connection to Discord is resumed");
            }
            Some(_) | None => {}
        }
        Ok(())
    }
}

/// Says goodbye, and waits a little for the other side's.
async fn drain(socket: &mut Socket, code: CloseCode) {
    let frame = CloseFrame { code, reason: "".into() };
    let goodbye = async {
        socket.close(Some(frame)).await?;
        while socket.next().await.transpose()?.is_some() {}
        Ok::<_, SocketError>(())
    };
    // A connection that is broken can't be closed, and needn't.
    drop(timeout(GOODBYE, goodbye).await);
}

/// What a close of Discord's means: some codes are final, some end the session, after the others it
/// can be resumed.
fn closed(frame: Option<&CloseFrame<'_>>, session: &mut Option<Session>) -> End {
    match frame.map(|frame| u16::from(frame.code)) {
        Some(4004) => End::Final(GatewayError::TokenRefused),
        Some(code @ 4010..=4014) => End::Final(GatewayError::Refused(code)),
        Some(4003 | 4007 | 4009) => {
            *session = None;
            End::Lost(Lost("Discord closed the connection and ended the session"))
        }
        Some(_) | None => End::Lost(Lost("Discord closed the connection")),
    }
}
