//! A socket to the gateway, directly or through a proxy: how it is opened, and closed.

use std::error::Error;
use std::time::Duration;

use futures_util::StreamExt;
use hyper_tls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use tower_service::Service;

use super::protocol::{End, Frame, Hello, Lost, closed, op, read};
use crate::proxy::Proxies;
use crate::text::innermost;

/// How long the handshake may take, Discord's first word after it, and then its word that the session
/// has begun or goes on, each.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A longer frame isn't Discord's: what comes without intents are interactions, of a few kilobytes,
/// and READY.
const MAX_FRAME: usize = 4 * 1024 * 1024;

/// How long Discord may take to close the connection. Somebody may wait for the bot to stop.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Heartbeats come no faster, whatever Discord says: it bears 120 frames a minute.
/// <https://discord.com/developers/docs/events/gateway#rate-limiting>
const MIN_HEARTBEAT_INTERVAL: Duration = Duration::from_millis(600);

/// What carries the WebSocket: a stream to the gateway or through a proxy to it, the latter encrypted
/// by itself if the proxy is an `https://` one.
type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<Stream>>;

/// Why the gateway can't be spoken with. Nothing secret has been said by then, and the proxy's user
/// and password aren't in it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum DialError {
    /// What Discord gave as its gateway's address isn't one.
    #[error("Discord's gateway has no address that can be dialled")]
    Address,
    /// The proxy isn't there, or doesn't want to.
    #[error("the proxy {proxy} doesn't connect to {gateway} ({cause})")]
    Proxy {
        /// The proxy's host and port.
        proxy: String,
        /// The gateway's host and port.
        gateway: String,
        /// The innermost reason.
        cause: String,
    },
    /// No connection came about.
    #[error("Discord's gateway {gateway} can't be reached ({cause})")]
    Unreachable {
        /// Its host and port.
        gateway: String,
        /// The innermost reason.
        cause: String,
    },
    /// There is a connection, but what answers has a wrong certificate or takes no WebSocket.
    #[error("Discord's gateway {gateway} can't be spoken with ({cause})")]
    Handshake {
        /// Its host and port.
        gateway: String,
        /// The innermost reason.
        cause: String,
    },
    /// It took too long, or the connection ended without a word.
    #[error("Discord's gateway says nothing")]
    Silent,
}

/// Dials the gateway, waits for its first word and hangs up: no session begins. Fails when it can't be
/// dialled, or hasn't said its first word after 10 s.
pub(crate) async fn probe(url: &str, proxies: &Proxies) -> Result<(), DialError> {
    let greeted = async {
        let mut socket = dial(url, proxies).await?;
        hello(&mut socket).await.map_err(|_| DialError::Silent)?;
        Ok(socket)
    };
    let greeted = timeout(HANDSHAKE_TIMEOUT, greeted).await;
    let mut socket = greeted.unwrap_or(Err(DialError::Silent))?;
    close(&mut socket, CloseCode::Normal).await;
    Ok(())
}

/// Connects, if it takes no longer than [`HANDSHAKE_TIMEOUT`].
pub(super) async fn connect(url: &str, proxies: &Proxies) -> Result<Socket, End> {
    let dialled = timeout(HANDSHAKE_TIMEOUT, dial(url, proxies)).await;
    dialled.unwrap_or(Err(DialError::Silent)).map_err(|error| {
        tracing::warn!(%error, "no connection to Discord's gateway");
        End::Lost(Lost("there is no connection to Discord's gateway"))
    })
}

async fn dial(url: &str, proxies: &Proxies) -> Result<Socket, DialError> {
    let url = format!("{}/?v=10&encoding=json", url.trim_end_matches('/'));
    let uri: Uri = url.parse().map_err(|_| DialError::Address)?;
    let (scheme, usual) = match uri.scheme_str() {
        Some("wss") => ("https", 443),
        Some("ws") => ("http", 80),
        Some(_) | None => return Err(DialError::Address),
    };
    let host = uri.host().ok_or(DialError::Address)?;
    let gateway = format!("{host}:{}", uri.port_u16().unwrap_or(usual));
    let stream = stream(scheme, &gateway, proxies).await?;
    let limits = WebSocketConfig {
        max_message_size: Some(MAX_FRAME),
        max_frame_size: Some(MAX_FRAME),
        ..WebSocketConfig::default()
    };
    let spoken = client_async_tls_with_config(url, stream, Some(limits), None).await;
    let (socket, _) =
        spoken.map_err(|error| DialError::Handshake { cause: innermost(&error), gateway })?;
    Ok(socket)
}

async fn stream(scheme: &str, gateway: &str, proxies: &Proxies) -> Result<Stream, DialError> {
    let uri = |scheme: &str| format!("{scheme}://{gateway}").parse::<Uri>();
    // `https` only decides about the proxy; the WebSocket brings its own TLS.
    let (Ok(address), Ok(plain)) = (uri(scheme), uri("http")) else {
        return Err(DialError::Address);
    };
    let unreachable = |error: &dyn Error| DialError::Unreachable {
        gateway: gateway.to_owned(),
        cause: innermost(error),
    };
    let tls = native_tls::TlsConnector::new().map_err(|error| unreachable(&error))?;
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    let mut connector = HttpsConnector::from((http, tls.into()));
    let Some(proxy) = proxies.intercept(&address) else {
        let stream = connector.call(plain).await.map_err(|error| unreachable(&*error))?;
        return Ok(TokioIo::new(stream));
    };
    let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
    if let Some(credentials) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(credentials.clone());
    }
    let stream = tunnel.call(address).await.map_err(|error| DialError::Proxy {
        proxy: proxies.name().unwrap_or_default().to_owned(),
        gateway: gateway.to_owned(),
        cause: innermost(&error),
    })?;
    Ok(TokioIo::new(stream))
}

/// Waits for Discord's first word: the interval of heartbeats.
pub(super) async fn hello(socket: &mut Socket) -> Result<Duration, End> {
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
            return Ok(Duration::from_millis(heartbeat_interval).max(MIN_HEARTBEAT_INTERVAL));
        }
    }
}

/// Says goodbye, and waits a little for the other side's.
pub(super) async fn close(socket: &mut Socket, code: CloseCode) {
    let frame = CloseFrame { code, reason: "".into() };
    let goodbye = async {
        socket.close(Some(frame)).await?;
        while socket.next().await.transpose()?.is_some() {}
        Ok::<_, SocketError>(())
    };
    // A connection that is broken can't be closed, and needn't.
    drop(timeout(CLOSE_TIMEOUT, goodbye).await);
}
