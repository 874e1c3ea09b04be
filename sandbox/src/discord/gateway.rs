//! The gateway: a WebSocket per connection, at one address for new sessions and at another for those
//! that are resumed.
//! <https://discord.com/developers/docs/events/gateway>

mod connection;
mod controls;
mod events;
pub(super) mod intent;
mod received;
mod transport;

use std::{future::pending, sync::Arc};

use tokio::{net::TcpListener, sync::mpsc::unbounded_channel};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
    },
};

pub use self::controls::{GatewayCounts, Misdeed, Moment};
use self::{
    connection::{Connection, End, hold},
    transport::Transport,
};
use super::Shared;
use crate::server::{Stream, accept};

/// Close codes.
/// <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>
mod close {
    pub(super) const UNKNOWN_OPCODE: u16 = 4001;
    pub(super) const DECODE: u16 = 4002;
    pub(super) const NOT_AUTHENTICATED: u16 = 4003;
    pub(super) const AUTHENTICATION_FAILED: u16 = 4004;
    pub(super) const ALREADY_AUTHENTICATED: u16 = 4005;
    pub(super) const INVALID_SEQUENCE: u16 = 4007;
    pub(super) const RATE_LIMITED: u16 = 4008;
    pub(super) const SESSION_TIMED_OUT: u16 = 4009;
    pub(super) const INVALID_SHARD: u16 = 4010;
    pub(super) const INVALID_VERSION: u16 = 4012;
    pub(super) const INVALID_INTENTS: u16 = 4013;
    pub(super) const DISALLOWED_INTENTS: u16 = 4014;
}

/// Accepts connections until the task is aborted, which ends them too; `is_public`: at the address of
/// `GET /gateway`, for new sessions, and not at that of READY's `resume_gateway_url`.
pub(super) async fn serve(listener: TcpListener, is_public: bool, shared: Arc<Shared>) {
    let connect = move |stream| connect(stream, is_public, Arc::clone(&shared));
    accept(listener, None, pending(), connect).await;
}

async fn connect(mut stream: Box<dyn Stream>, is_public: bool, shared: Arc<Shared>) {
    let misdeed = {
        let gateway = &mut shared.lock().gateway;
        gateway.counts.dials += 1;
        gateway.misdeeds.get(&Moment::Dial).copied()
    };
    shared.touch();
    let refusal = match misdeed {
        None => None,
        Some(Misdeed::Close(Some(status))) => Some(status),
        Some(Misdeed::Close(None) | Misdeed::Cut) => return,
        Some(Misdeed::Skip | Misdeed::Mute) => return hold(&mut stream).await,
    };
    let mut transport = Transport::asked_for("");
    // The size of the error is the library's choice.
    #[expect(clippy::result_large_err, reason = "the library fixes this type")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        transport = Transport::asked_for(request.uri().query().unwrap_or_default());
        refusal.map_or(Ok(response), |status| Err(refused(status)))
    };
    let Ok(socket) = accept_hdr_async(stream, look).await else {
        return;
    };
    let (line, orders) = unbounded_channel();
    let number = shared.lock().gateway.connect(line);
    shared.touch();
    let connection = Connection::new(socket, orders, (number, is_public), shared);
    match transport {
        Ok((transport, None)) => connection.run(transport).await,
        Ok((transport, Some(careless))) => {
            connection.violation(careless);
            connection.run(transport).await;
        }
        Err((code, problem)) => {
            connection.violation(problem);
            connection.finish(End::Close(Some(code))).await;
        }
    }
}

fn refused(status: u16) -> ErrorResponse {
    let mut response = ErrorResponse::new(None);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    response
}
