//! The sockets: accepting, TLS, and HTTP that can cut a connection instead of answering.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;
use tokio_native_tls::TlsAcceptor;
use uuid::Uuid;

use super::answer::Answer;
use super::call::{self, Received};
use super::state::{Outcome, State};

/// What the connections and the handle share.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// The path that every call's path begins with, without a slash at its end.
    pub(super) base: String,
    pub(super) key: String,
    pub(super) arrived: Notify,
    pub(super) released: Notify,
    /// Marked whenever the groups of Connect or LDAP change.
    pub(super) changed: watch::Sender<()>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until `stop` is sent or dropped, then closes the listener and cuts every connection.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut stop: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, tls.clone(), Arc::clone(&shared)));
                }
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let Some(tls) = tls else {
        return http(stream, shared).await;
    };
    // A client that doesn't trust the authority ends the handshake: that is its right.
    if let Ok(stream) = tls.accept(stream).await {
        http(stream, shared).await;
    }
}

async fn http<S>(stream: S, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    // An error is a connection that a fault or the client has cut, and nobody is left to be told.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The answer is that there is none: hyper closes the connection upon an error of its service.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is to be cut")
    }
}

impl std::error::Error for Cut {}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    let received = Received {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or("").to_owned(),
        headers: head.headers,
        body: body.collect().await.map_err(|_| Cut)?.to_bytes().to_vec(),
    };
    let reading = call::read(&received, &shared.base, &shared.key);
    // Taken before the arrival shows, or a release right after it would be missed.
    let released = shared.released.notified();
    let (number, outcome, has_created) = {
        let mut state = shared.state();
        let before = state.groups.len();
        let (number, outcome) = state.arrive(&received, reading);
        (number, outcome, state.groups.len() > before)
    };
    shared.arrived.notify_waiters();
    if has_created {
        shared.changed.send_replace(());
    }
    let answer = match outcome {
        Outcome::Answer(answer) => answer,
        Outcome::AnswerAfter(delay, answer) => {
            tokio::time::sleep(delay).await;
            answer
        }
        Outcome::AnswerOnRelease(answer) => {
            released.await;
            answer
        }
        Outcome::Cut => return Err(Cut),
    };
    let mut state = shared.state();
    if let Some((_, seen)) = state.seen.iter_mut().rev().find(|(known, _)| *known == number) {
        seen.status = Some(answer.status);
    }
    drop(state);
    Ok(response(answer, received.header("x-correlation-id")))
}

fn response(answer: Answer, correlation_id: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    let retry_after = answer.retry_after.and_then(|after| HeaderValue::try_from(after).ok());
    headers.extend(retry_after.map(|after| (RETRY_AFTER, after)));
    if answer.by_connect {
        // Connect makes up an id for a caller that sends none.
        let id = match HeaderValue::from_str(correlation_id) {
            Ok(id) if !id.is_empty() => Some(id),
            Ok(_) | Err(_) => HeaderValue::from_str(&Uuid::new_v4().to_string()).ok(),
        };
        headers
            .extend(id.map(|id| (hyper::header::HeaderName::from_static("x-correlation-id"), id)));
    }
    response
}
