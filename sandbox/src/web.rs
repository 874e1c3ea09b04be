//! The team's channel in a browser: a page on loopback, and the API by which it acts as people and
//! shows what they see.
//!
//! A page knows what Discord's client would know. Tickets, the API key and tokens never reach it.

mod acts;
mod events;
mod files;
mod guard;
mod view;

use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{RawQuery, State},
    middleware,
    routing::{get, post},
};
use tokio::{net::TcpListener, spawn, sync::watch, task::JoinHandle};

use self::guard::{Refused, Spoken};
use crate::{
    Sandbox,
    discord::{Form, Who},
};

/// The page's server. It stops when this is dropped.
pub struct Web {
    address: SocketAddr,
    task: JoinHandle<()>,
    /// Dropped with this, which ends the streams of events.
    _running: watch::Sender<()>,
}

impl Web {
    /// Serves the page of this sandbox on a port of 127.0.0.1; 0 is any free one.
    ///
    /// # Errors
    ///
    /// If the port can't be had.
    pub async fn start(sandbox: &Sandbox, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (running, until) = watch::channel(());
        let site = Site { sandbox: sandbox.clone(), forms: Mutex::default(), until };
        let router = router(Arc::new(site));
        let task = spawn(async move {
            // It ends only with the task.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { address, task, _running: running })
    }

    /// The page's address, as a browser takes it.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the requests have in common.
struct Site {
    sandbox: Sandbox,
    forms: Mutex<OpenForms>,
    /// Closed when the server ends.
    until: watch::Receiver<()>,
}

/// The forms that are open in some tab, the oldest first, with their ids and whom they are for.
type OpenForms = VecDeque<(String, Who, Form)>;

impl Site {
    fn forms(&self) -> MutexGuard<'_, OpenForms> {
        self.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(files::index))
        .route("/assets/{name}", get(files::asset))
        .route("/api/state", get(state))
        .route("/api/events", get(events::events))
        .route("/api/slash", post(acts::slash))
        .route("/api/autocomplete", post(acts::autocomplete))
        .route("/api/press", post(acts::press))
        .route("/api/pick", post(acts::pick))
        .route("/api/submit", post(acts::submit))
        .route("/api/say", post(acts::say))
        .route("/api/fault", post(acts::fault))
        .route("/api/setting", post(acts::setting))
        .route("/api/do", post(acts::act))
        .fallback(async || Refused::not_found())
        .method_not_allowed_fallback(async || Refused::wrong_method())
        .layer(middleware::from_fn(guard::guard))
        .with_state(site)
}

/// `GET /api/state?as=admin`
async fn state(
    State(site): State<Arc<Site>>,
    RawQuery(query): RawQuery,
) -> Result<Spoken, Refused> {
    let who = guard::who(query.as_deref())?;
    Ok(Spoken(view::state(&site.sandbox, who)))
}
