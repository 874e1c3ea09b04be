//! What interactions are served with, and what is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::reconciler::Reconciler;
use super::responder::ResponderConfig;
use super::turns::Turns;
use crate::check::{FEW_LOOKUPS, Places};
use crate::discord_api::gateway::GatewayState;
use crate::discord_api::rest::Rest;
use crate::discord_api::signature::PublicKey;
use crate::metrics::Metrics;
use crate::requests::Requests;

/// How interactions come.
pub(crate) enum Source {
    /// Over the gateway, whose connection is like this.
    Gateway(Arc<GatewayState>),
    /// Over HTTP, signed so that this key verifies it.
    Http(Box<PublicKey>),
}

/// The bot as Discord knows it.
pub(crate) struct Bot {
    /// What people can do.
    pub(crate) requests: Arc<Requests>,
    pub(super) rest: Arc<Rest>,
    pub(crate) reconciler: Reconciler,
    pub(super) responders: Arc<ResponderConfig>,
    pub(super) started: SystemTime,
    /// How interactions come.
    pub(crate) source: Source,
    /// Whether the application signs interactions for another key than the settings have.
    has_wrong_key: AtomicBool,
    pub(crate) metrics: Arc<Metrics>,
    /// Whose turn it is.
    pub(super) turns: Turns,
    /// Whose turn it is to have an interaction over HTTP written down.
    pub(super) taking: Turns,
    /// Whose turn it is to be suggested something.
    pub(super) suggestions: Turns,
    pub(super) under_way: TaskTracker,
    pub(super) stopping: CancellationToken,
}

impl Bot {
    /// A bot that tells whoever it works for how it stands after so long, and takes on nothing new once
    /// `stopping`.
    pub(crate) fn new(
        requests: Arc<Requests>,
        rest: Arc<Rest>,
        (source, answers_within): (Source, Duration),
        stopping: CancellationToken,
    ) -> Arc<Self> {
        let reconciler = Reconciler::new(Arc::clone(&requests), Arc::clone(&rest));
        let (leaving, metrics) = (CancellationToken::new(), Arc::clone(&rest.metrics));
        let responders = ResponderConfig { rest: Arc::clone(&rest), answers_within, leaving };
        Arc::new(Self {
            requests,
            rest,
            reconciler,
            responders: Arc::new(responders),
            started: SystemTime::now(),
            source,
            has_wrong_key: AtomicBool::new(false),
            metrics,
            turns: Turns::of_work(),
            taking: Turns::of_taking(),
            suggestions: Turns::of_suggestions(),
            under_way: TaskTracker::new(),
            stopping,
        })
    }

    /// Where it is to work.
    pub(crate) fn places(&self) -> Places<'_> {
        let requests = self.requests.settings().channel;
        let public_key = match &self.source {
            Source::Gateway(_) => None,
            Source::Http(key) => Some(&**key),
        };
        let (policy, lookups) = (self.requests.policy(), FEW_LOOKUPS);
        Places { policy, requests, public_key, lookups }
    }

    /// Notes that no interaction can be verified for as long as the bot runs.
    pub(crate) fn note_wrong_key(&self) {
        self.has_wrong_key.store(true, Ordering::Relaxed);
    }

    /// Whether it is known that no interaction can be verified.
    pub(crate) fn has_wrong_key(&self) -> bool {
        self.has_wrong_key.load(Ordering::Relaxed)
    }

    /// How the connection is over which interactions come, if they come over the gateway.
    pub(crate) fn gateway(&self) -> Option<&GatewayState> {
        match &self.source {
            Source::Gateway(state) => Some(state),
            Source::Http(_) => None,
        }
    }

    /// Waits until every interaction that was taken on is answered, and what came of them is done.
    pub(crate) async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
        self.requests.finish().await;
        // And whoever was told meanwhile that the bot restarts.
        self.under_way.wait().await;
    }

    /// Whether it takes nothing new on.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Lets go of what is still under way: whoever waits is told so.
    pub(crate) fn leave(&self) {
        self.responders.leaving.cancel();
    }
}
