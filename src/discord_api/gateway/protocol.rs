//! What is said on the gateway, and what becomes of a connection by it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::session::Session;

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

/// Why a connection ended that is to be made again. Never holds anything that Discord or the bot
/// said: that has tokens in it.
pub(super) struct Lost(pub(super) &'static str);

/// How a connection ended.
pub(super) enum End {
    /// As wanted.
    Closed,
    /// It is to be made again.
    Lost(Lost),
    /// It must not be made again.
    Final(GatewayError),
}

/// One frame from Discord.
#[derive(Deserialize)]
pub(super) struct Frame<'a> {
    pub(super) op: u8,
    pub(super) s: Option<u64>,
    pub(super) t: Option<&'a str>,
    #[serde(borrow)]
    pub(super) d: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Hello {
    pub(super) heartbeat_interval: u64,
}

#[derive(Deserialize)]
pub(super) struct Ready {
    pub(super) session_id: String,
    #[serde(default)]
    pub(super) resume_gateway_url: Value,
}

/// The opcodes of the protocol.
pub(super) mod op {
    pub(in super::super) const DISPATCH: u8 = 0;
    pub(in super::super) const HEARTBEAT: u8 = 1;
    pub(in super::super) const IDENTIFY: u8 = 2;
    pub(in super::super) const RESUME: u8 = 6;
    pub(in super::super) const RECONNECT: u8 = 7;
    pub(in super::super) const INVALID_SESSION: u8 = 9;
    pub(in super::super) const HELLO: u8 = 10;
    pub(in super::super) const HEARTBEAT_ACK: u8 = 11;
}

pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, End> {
    serde_json::from_str(text).map_err(unreadable)
}

pub(super) fn unreadable(_: serde_json::Error) -> End {
    End::Lost(Lost("Discord said something unreadable"))
}

/// What a close of Discord's means: some codes are final, some end the session, after the others it
/// can be resumed.
pub(super) fn closed(frame: Option<&CloseFrame<'_>>, session: &mut Option<Session>) -> End {
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
