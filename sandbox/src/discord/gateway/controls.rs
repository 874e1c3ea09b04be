//! By which tests read and steer the gateway.

use serde_json::{Value, json};

use super::connection::frame;
use crate::discord::{Discord, Shared, State, sessions::Order};

/// A moment in the life of a gateway connection, at which a [`Misdeed`] can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// A connection has come, before its handshake. A close code is an HTTP status here.
    Dial,
    /// HELLO is to be sent.
    Hello,
    /// HELLO has been sent.
    Greeted,
    /// An IDENTIFY has come that is in order, and READY is to be sent.
    Identify,
    /// READY has been sent, with what follows it.
    Ready,
    /// A RESUME has come with the right token, and RESUMED is to be sent.
    Resume,
    /// RESUMED has been sent, after what was missed.
    Resumed,
    /// A heartbeat has come, and is to be acknowledged.
    Heartbeat,
    /// Op 7 or 9 has been sent.
    Ordered,
}

/// What the gateway does instead of going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdeed {
    /// Leaves out what is to be sent, and goes on with all else.
    Skip,
    /// Leaves the connection open, but says and takes nothing any more, not even a close frame.
    Mute,
    /// Closes with this code, or without one.
    Close(Option<u16>),
    /// Cuts the connection without a word.
    Cut,
}

/// What has happened at the gateway so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewayCounts {
    /// Connections that came, before their handshake.
    pub dials: u64,
    /// WebSocket handshakes that were completed.
    pub connections: u64,
    /// IDENTIFYs that were in order. Discord bears 1000 a day.
    pub starts: u64,
    /// Of those, the ones that began a session.
    pub identifies: u64,
    /// RESUMEs that came, whatever they were answered.
    pub resume_tries: u64,
    /// Of those, the ones that came to the address of `GET /gateway` and not to that which READY
    /// gave: Discord cuts these connections much sooner.
    /// <https://discord.com/developers/docs/change-log#session-specific-gateway-resume-urls>
    pub resumes_elsewhere: u64,
    /// RESUMEs that were accepted.
    pub resumes: u64,
    /// The most sessions that were connected at the same time.
    pub at_once: u64,
}

impl Discord {
    /// What has happened at the gateway so far.
    pub fn gateway_counts(&self) -> GatewayCounts {
        self.shared().lock().gateway.counts
    }

    /// The gateway's own addresses: for new sessions, and for those that are resumed.
    pub fn gateway_urls(&self) -> [&str; 2] {
        [&self.shared().gateway_url, &self.shared().session_url]
    }

    /// How many IDENTIFYs began a session.
    pub fn identifies(&self) -> u64 {
        self.gateway_counts().identifies
    }

    /// How many RESUMEs were accepted.
    pub fn resumes(&self) -> u64 {
        self.gateway_counts().resumes
    }

    /// The most sessions that were connected at the same time.
    pub fn sessions_at_once(&self) -> u64 {
        self.gateway_counts().at_once
    }

    /// How many WebSocket handshakes were completed.
    pub fn connections(&self) -> u64 {
        self.gateway_counts().connections
    }

    /// The intents of the latest IDENTIFY.
    pub fn intents(&self) -> Option<u64> {
        self.shared().lock().gateway.intents
    }

    /// Waits until the gateway's counts are as wanted: connections, identifies, resumes.
    ///
    /// # Panics
    ///
    /// If they aren't within [`Options::patience`](crate::discord::Options::patience).
    pub async fn wait_for_gateway(&self, wanted: impl Fn(u64, u64, u64) -> bool) {
        self.wait_for_counts(|counts| {
            wanted(counts.connections, counts.identifies, counts.resumes)
        })
        .await;
    }

    /// Waits until the gateway's counts are as wanted.
    ///
    /// # Panics
    ///
    /// If they aren't within [`Options::patience`](crate::discord::Options::patience).
    pub async fn wait_for_counts(&self, wanted: impl Fn(GatewayCounts) -> bool) {
        let look = |state: &State| wanted(state.gateway.counts).then_some(());
        self.shared().demand(look, || format!("{:?}", self.gateway_counts())).await;
    }

    /// Cuts every gateway connection without a close frame.
    pub fn drop_gateway(&self) {
        self.shared().lock().gateway.order_all(|| Order::Do(Misdeed::Cut));
    }

    /// Closes every gateway connection with this code, or without one.
    pub fn close_gateway(&self, code: impl Into<Option<u16>>) {
        let code = code.into();
        self.shared().lock().gateway.order_all(|| Order::Do(Misdeed::Close(code)));
    }

    /// Sends every connection a frame of an opcode that there isn't, with so many bytes in it.
    pub fn send_huge(&self, bytes: usize) {
        let huge = frame(u8::MAX, &json!(" ".repeat(bytes)));
        self.shared().lock().gateway.order_all(|| Order::Send(huge.clone()));
    }

    /// Asks every connection to reconnect and resume (op 7).
    pub fn send_reconnect(&self) {
        self.order(7, &Value::Null);
    }

    /// Asks every connection for a heartbeat at once (op 1).
    pub fn ask_heartbeat(&self) {
        let state = self.shared().lock();
        state.gateway.order_all(|| Order::Send(frame(1, &Value::Null)));
    }

    /// Tells every connection that its session is invalid (op 9), and whether it can be resumed.
    pub fn invalidate_session(&self, resumable: bool) {
        self.order(9, &json!(resumable));
        if !resumable {
            self.shared().lock().gateway.end_sessions();
        }
    }

    fn order(&self, op: u8, data: &Value) {
        let state = self.shared().lock();
        state.gateway.order_all(|| Order::Send(frame(op, data)));
        if let Some(misdeed) = state.gateway.misdeeds.get(&Moment::Ordered) {
            state.gateway.order_all(|| Order::Do(*misdeed));
        }
    }

    /// Lets the gateway do this at this moment of every connection, until [`Discord::behave`].
    pub fn misbehave(&self, moment: Moment, misdeed: Misdeed) {
        self.shared().lock().gateway.misdeeds.insert(moment, misdeed);
    }

    /// Ends all misdeeds, but for connections that are mute already.
    pub fn behave(&self) {
        self.shared().lock().gateway.misdeeds.clear();
    }

    /// Lets the next session begin at once, as if
    /// [`Options::identify_every`](crate::discord::Options::identify_every) had passed meanwhile.
    pub fn forget_identify(&self) {
        self.shared().lock().gateway.last_start = None;
    }
}

impl Shared {
    /// What the bot is told as the gateway's address.
    pub(in crate::discord) fn public_url(&self) -> &str {
        self.options.gateway_url.as_ref().unwrap_or(&self.gateway_url)
    }

    /// Takes the token away, and with it every connection, as Discord does after too many sessions in
    /// a day. <https://discord.com/developers/docs/events/gateway#identifying>
    pub(super) fn reset_token(&self) {
        let mut state = self.lock();
        state.token_refused = true;
        let close = Misdeed::Close(Some(super::close::AUTHENTICATION_FAILED));
        state.gateway.order_all(|| Order::Do(close));
    }
}
