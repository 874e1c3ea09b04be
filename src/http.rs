//! What whoever runs the bot asks it over HTTP: whether it lives, whether it is ready, and what it has
//! counted. Nothing of it needs a right, and nothing secret is in it, nor who anybody is.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SERVER};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::discord::{Bot, Source, interactions};
use crate::discord_api::gateway::GatewayState;
use crate::metrics::{Metrics, Snapshot};
use crate::requests::Wait;
use crate::text::count;

/// A request is one line and a few headers from a machine nearby.
const HEADERS_WITHIN: Duration = Duration::from_secs(5);

/// A connection is for one request, and ends after so long whatever is going on.
const SERVED_WITHIN: Duration = Duration::from_secs(10);

/// So many connections at once. Further ones are cut: who needs more of them isn't a probe.
const MAX_CONNECTIONS: usize = 512;

/// The pause after a connection couldn't be taken: the process may be out of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The database is asked for no longer than this: who probes waits for a second or a few.
const DATABASE_WITHIN: Duration = Duration::from_secs(1);

/// By this whoever asks knows that it is the bot that answers, and no other program on that port.
pub(crate) const NAME: &str = env!("CARGO_PKG_NAME");

/// Version 0.0.4 of Prometheus' text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves at `address`, at first only that there is no bot yet.
///
/// # Errors
///
/// When the address can't be listened on.
pub(crate) async fn serve(address: SocketAddr, metrics: Arc<Metrics>) -> io::Result<Server> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    // With port 0 only this tells which it is.
    tracing::info!(%address, "serving /livez, /readyz and /metrics");
    let (served, current) = watch::channel(before(OPENING, &metrics));
    let connections = TaskTracker::new();
    let accepting =
        AbortOnDropHandle::new(tokio::spawn(accept(listener, current, connections.clone())));
    Ok(Server { address, served, metrics, accepting, connections })
}

/// What is served, for as long as this lives.
pub(crate) struct Server {
    /// Where.
    pub(crate) address: SocketAddr,
    served: watch::Sender<Router>,
    metrics: Arc<Metrics>,
    accepting: AbortOnDropHandle<()>,
    connections: TaskTracker,
}

/// What `/readyz` answers as long as there is no bot.
type Readiness = (StatusCode, &'static str);

const OPENING: Readiness =
    (StatusCode::SERVICE_UNAVAILABLE, "starting: the database is being opened\n");

/// A standby is as ready as it is to be.
const STANDBY: Readiness =
    (StatusCode::OK, "standby: another bot is connected; this one takes over when that one ends\n");

const FORMER: Readiness = (
    StatusCode::OK,
    "standby: another bot ended without a word; this one takes over within seconds\n",
);

/// It can't take over.
const AWAY: Readiness = (
    StatusCode::SERVICE_UNAVAILABLE,
    "standby: PostgreSQL can't be reached; this one goes on waiting\n",
);

/// What is served as long as there is no bot.
fn before((status, readiness): Readiness, metrics: &Arc<Metrics>) -> Router {
    let metrics = Arc::clone(metrics);
    Router::new()
        .route("/livez", get(async || verdict(&[])))
        .route("/readyz", get(async move || uncached(status, readiness.to_owned())))
        .route("/metrics", get(async move || measured(&metrics, &Snapshot::default())))
}

impl Server {
    /// Says from now on that this is waited for.
    pub(crate) fn wait(&self, wait: Wait) {
        let readiness = match wait {
            Wait::Another => STANDBY,
            Wait::Former => FORMER,
            Wait::Server => AWAY,
        };
        drop(self.served.send_replace(before(readiness, &self.metrics)));
    }

    /// Serves from now on what is so of the bot, and takes its interactions if they come over HTTP.
    pub(crate) fn turn_to(&self, bot: Arc<Bot>) {
        let router = match &bot.source {
            Source::Gateway(_) => Router::new(),
            Source::Http(_) => {
                tracing::info!(address = %self.address, "serving /interactions");
                Router::new().route("/interactions", interactions())
            }
        };
        let router = router
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics));
        drop(self.served.send_replace(router.with_state(bot)));
    }

    /// Takes no further connections, and waits until those that there are have ended.
    pub(crate) async fn close(self) {
        drop(self.accepting);
        self.connections.close();
        self.connections.wait().await;
    }
}

async fn accept(listener: TcpListener, served: watch::Receiver<Router>, connections: TaskTracker) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            let router = served.borrow().clone();
            let served = timeout(SERVED_WITHIN, serve_one(stream, router));
            connections.spawn(async move {
                drop(served.await);
                drop(place);
            });
        }
    }
}

/// That a client breaks off or speaks nonsense is nobody's business.
async fn serve_one(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    drop(connection.await);
}

/// Whether a new start would help: not as long as Discord is heard.
async fn livez(State(bot): State<Arc<Bot>>) -> Response {
    verdict(silence(&bot).as_slice())
}

/// Whether commands can be served, or each reason why not. That Discord sends them elsewhere is none: it
/// takes the address only of a bot that answers, and who balances load sends nothing to one that isn't
/// ready.
async fn readyz(State(bot): State<Arc<Bot>>) -> Response {
    let mut reasons: Vec<_> = silence(&bot).into_iter().collect();
    if reasons.is_empty() && bot.gateway().is_some_and(|gateway| !gateway.is_ready()) {
        reasons.push("gateway: there is no session with Discord".to_owned());
    }
    if bot.has_wrong_key() {
        reasons.push("interactions: DISCORD_PUBLIC_KEY isn't this application's key".to_owned());
    }
    if open_requests(&bot).await.is_none() {
        reasons.push("database: it doesn't answer; the log says why".to_owned());
    }
    if bot.is_stopping() {
        reasons.push("draining: the bot is being stopped".to_owned());
    }
    verdict(&reasons)
}

async fn metrics(State(bot): State<Arc<Bot>>) -> Response {
    let undelivered = bot.reconciler.undelivered().await;
    let snapshot = Snapshot {
        open: open_requests(&bot).await,
        undelivered: undelivered.iter().map(|these| these.messages).sum(),
        undelivered_for: undelivered
            .iter()
            .filter_map(|these| these.since.elapsed().ok())
            .max()
            .unwrap_or_default(),
        is_connected: bot.gateway().map(GatewayState::is_ready),
        last_event: bot.gateway().and_then(GatewayState::heard_at),
    };
    measured(&bot.metrics, &snapshot)
}

fn measured(metrics: &Metrics, snapshot: &Snapshot) -> Response {
    ([(CONTENT_TYPE, PROMETHEUS)], metrics.render(snapshot)).into_response()
}

fn silence(bot: &Bot) -> Option<String> {
    let silent = bot.gateway()?.silent_for()?;
    let seconds = usize::try_from(silent.as_secs()).unwrap_or(usize::MAX);
    Some(format!("gateway: Discord has said nothing for {}", count(seconds, "second")))
}

/// How many requests wait for a decision, and how many are under way.
async fn open_requests(bot: &Bot) -> Option<[(&'static str, u64); 2]> {
    match timeout(DATABASE_WITHIN, bot.requests.open_by_state()).await {
        Ok(Ok(open)) => Some(open),
        Ok(Err(error)) => {
            bot.metrics.database_failed();
            tracing::error!(%error, "the database could not be asked by a probe");
            None
        }
        Err(_) => None,
    }
}

fn verdict(reasons: &[String]) -> Response {
    let (status, text) = if reasons.is_empty() {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
    };
    uncached(status, text)
}

fn uncached(status: StatusCode, text: String) -> Response {
    (status, [(CACHE_CONTROL, "no-store"), (SERVER, NAME)], text).into_response()
}
