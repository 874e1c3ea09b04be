//! One connection, from HELLO to its end.

use std::{collections::VecDeque, convert::Infallible, sync::Arc};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt,
    select,
    sync::mpsc::UnboundedReceiver,
    time::{Duration, Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error as SocketError, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{Misdeed, Moment, close, transport::Transport};
use crate::{
    discord::{Change, Shared, sessions::Order},
    server::Stream,
};

/// How long a bot is waited for that is told an interval of 0.
const LONGEST_SILENCE: Duration = Duration::from_mins(2);

/// Why a connection ends.
pub(super) enum End {
    /// The stand-in closes it with this code, or without one.
    Close(Option<u16>),
    /// The bot closed it with this code, if it gave one.
    Closed(Option<u16>),
    /// It is cut, or was.
    Cut,
    /// Nothing is said or heard any more until the bot goes.
    Mute,
}

impl Misdeed {
    fn end(self) -> Option<End> {
        match self {
            Self::Skip => None,
            Self::Mute => Some(End::Mute),
            Self::Close(code) => Some(End::Close(code)),
            Self::Cut => Some(End::Cut),
        }
    }
}

pub(super) struct Connection {
    socket: WebSocketStream<Box<dyn Stream>>,
    transport: Transport,
    /// Whether the session wants its large frames compressed.
    pub(super) compress: bool,
    orders: UnboundedReceiver<Order>,
    pub(super) number: u64,
    /// Whether it came to the address for new sessions.
    pub(super) is_public: bool,
    pub(super) shared: Arc<Shared>,
    pub(super) last_beat: Instant,
    /// When the frames of the last minute came.
    pub(super) received: VecDeque<Instant>,
}

impl Connection {
    pub(super) fn new(
        socket: WebSocketStream<Box<dyn Stream>>,
        orders: UnboundedReceiver<Order>,
        (number, is_public): (u64, bool),
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            socket,
            transport: Transport::Plain,
            compress: false,
            orders,
            number,
            is_public,
            shared,
            last_beat: Instant::now(),
            received: VecDeque::new(),
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn run(mut self, transport: Transport) {
        self.transport = transport;
        let Err(mut end) = self.converse().await;
        if let End::Mute = end {
            self.fall_mute().await;
            end = End::Cut;
        }
        self.finish(end).await;
    }

    async fn converse(&mut self) -> Result<Infallible, End> {
        let interval = self.shared.options.heartbeat_interval;
        if self.reach(Moment::Hello)? {
            let hello = json!({
                "heartbeat_interval": interval.as_millis(),
                "_trace": ["[\"gateway-stand-in\"]"],
            });
            self.send(frame(10, &hello)).await?;
        }
        self.reach(Moment::Greeted)?;
        let patience = if interval.is_zero() { LONGEST_SILENCE } else { interval * 3 };
        self.last_beat = Instant::now();
        loop {
            select! {
                order = self.orders.recv() => self.obey(order).await?,
                message = self.socket.next() => self.hear(message).await?,
                () = sleep_until(self.last_beat + patience) => {
                    return Err(End::Close(Some(close::SESSION_TIMED_OUT)));
                }
            }
        }
    }

    async fn obey(&mut self, order: Option<Order>) -> Result<(), End> {
        match order {
            Some(Order::Send(frame)) => self.send(frame).await,
            Some(Order::Do(misdeed)) => misdeed.end().map_or(Ok(()), Err),
            None => Err(End::Cut),
        }
    }

    async fn hear(&mut self, message: Option<Result<Message, SocketError>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(text))) => self.receive(text.as_bytes()).await,
            Some(Ok(Message::Binary(bytes))) => self.receive(&bytes).await,
            Some(Ok(Message::Close(frame))) => {
                Err(End::Closed(frame.map(|frame| frame.code.into())))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Err(_)) | None => Err(End::Cut),
        }
    }

    /// Does what was asked for at this moment. `false` if what comes next is to be left out.
    pub(super) fn reach(&self, moment: Moment) -> Result<bool, End> {
        let misdeed = self.shared.lock().gateway.misdeeds.get(&moment).copied();
        misdeed.map_or(Ok(true), |misdeed| misdeed.end().map_or(Ok(false), Err))
    }

    pub(super) async fn send(&mut self, frame: String) -> Result<(), End> {
        let packed = self.transport.pack(frame, self.compress).map_err(|_| End::Cut)?;
        self.socket.send(packed).await.map_err(|_| End::Cut)
    }

    /// Stays open and does nothing any more, until the bot goes or the line is cut.
    async fn fall_mute(&mut self) {
        let cut = async {
            while !matches!(self.orders.recv().await, None | Some(Order::Do(Misdeed::Cut))) {}
        };
        select! {
            () = hold(self.socket.get_mut()) => {}
            () = cut => {}
        }
    }

    pub(super) async fn finish(mut self, end: End) {
        let over = match end {
            End::Close(code) => matches!(code, Some(4004 | 4007 | 4009..=4014)),
            // Who says goodbye properly doesn't come back for the session.
            End::Closed(code) => matches!(code, Some(1000 | 1001)),
            End::Cut | End::Mute => false,
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
            End::Cut | End::Mute => return,
        };
        let frame = code.map(|code| CloseFrame { code: CloseCode::from(code), reason: "".into() });
        if self.socket.close(frame).await.is_ok() {
            // Until the bot has taken the code, and no longer than a moment.
            let drained = async { while let Some(Ok(_)) = self.socket.next().await {} };
            drop(timeout(Duration::from_secs(1), drained).await);
        }
    }

    pub(super) fn violation(&self, text: &str) {
        self.shared.lock().violations.push(format!("gateway: {text}"));
    }
}

/// A frame that isn't an event.
pub(super) fn frame(op: u8, data: &Value) -> String {
    json!({"op": op, "s": null, "t": null, "d": data}).to_string()
}

/// Takes what comes and says nothing, until the other end goes.
pub(super) async fn hold(stream: &mut Box<dyn Stream>) {
    let mut nothing = [0; 1024];
    while stream.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
}
