//! A connection to the gateway, directly or through a proxy.

use std::error::Error;

use hyper_tls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use tower_service::Service;

use super::{End, GREETING, Lost, MAX_MESSAGE, drain, hello};
use crate::proxy::Proxies;
use crate::text::innermost;

/// What carries the WebSocket: a line to the gateway or through a proxy to it, the latter encrypted
/// by itself if the proxy is an `https://` one.
type Line = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<Line>>;

/// Why the gateway can't be spoken with. Nothing secret has been said by then, and the proxy's user
/// and password aren't in it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DialError {
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

/// Dials the gateway, waits for its first word and hangs up: no session begins.
///
/// # Errors
///
/// When it can't be dialled, or hasn't said its first word after 10 s.
pub async fn greeting(address: &str, proxies: &Proxies) -> Result<(), DialError> {
    let greeted = async {
        let mut socket = dial(address, proxies).await?;
        hello(&mut socket).await.map_err(|_| DialError::Silent)?;
        Ok(socket)
    };
    let mut socket = timeout(GREETING, greeted).await.unwrap_or(Err(DialError::Silent))?;
    drain(&mut socket, CloseCode::Normal).await;
    Ok(())
}

/// Connects, if it takes no longer than [`GREETING`].
pub(super) async fn connect(address: &str, proxies: &Proxies) -> Result<Socket, End> {
    let dialled = timeout(GREETING, dial(address, proxies)).await;
    dialled.unwrap_or(Err(DialError::Silent)).map_err(|error| {
        tracing::warn!(%error, "no connection to Discord's gateway");
        End::Lost(Lost("there is no connection to Discord's gateway"))
    })
}

async fn dial(address: &str, proxies: &Proxies) -> Result<Socket, DialError> {
    let address = format!("{}/?v=10&encoding=json", address.trim_end_matches('/'));
    let uri: Uri = address.parse().map_err(|_| DialError::Address)?;
    let (scheme, usual) = match uri.scheme_str() {
        Some("wss") => ("https", 443),
        Some("ws") => ("http", 80),
        Some(_) | None => return Err(DialError::Address),
    };
    let host = uri.host().ok_or(DialError::Address)?;
    let gateway = format!("{host}:{}", uri.port_u16().unwrap_or(usual));
    let line = line(scheme, &gateway, proxies).await?;
    let limits = WebSocketConfig {
        max_message_size: Some(MAX_MESSAGE),
        max_frame_size: Some(MAX_MESSAGE),
        ..WebSocketConfig::default()
    };
    let spoken = client_async_tls_with_config(address, line, Some(limits), None).await;
    let (socket, _) =
        spoken.map_err(|error| DialError::Handshake { cause: innermost(&error), gateway })?;
    Ok(socket)
}

async fn line(scheme: &str, gateway: &str, proxies: &Proxies) -> Result<Line, DialError> {
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
        let line = connector.call(plain).await.map_err(|error| unreachable(&*error))?;
        return Ok(TokioIo::new(line));
    };
    let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
    if let Some(credentials) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(credentials.clone());
    }
    let line = tunnel.call(address).await.map_err(|error| DialError::Proxy {
        proxy: proxies.name().unwrap_or_default().to_owned(),
        gateway: gateway.to_owned(),
        cause: innermost(&error),
    })?;
    Ok(TokioIo::new(line))
}
