//! The Discord edge, and the only place that says `serenity`: [`router`] finds what serves an
//! interaction, a file of [`commands`] or [`components`] reads it, asks the service and words the
//! answer, and [`responder`] gives it.

mod actor;
mod cards;
pub mod commands;
mod components;
mod context;
mod custom_id;
mod desk;
pub mod gateway;
mod options;
pub mod permissions;
pub mod render;
mod responder;
pub mod rest;
mod router;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::desk::{Desk, Waiting};
use self::gateway::Latency;
use self::rest::Rest;
use self::router::Suggesting;
use crate::check::Places;
use crate::ids::{ChannelId, GuildId};
use crate::requests::Requests;

/// The bot as Discord knows it.
pub struct Bot {
    requests: Arc<Requests>,
    rest: Rest,
    places: Places,
    /// How long the work for an interaction is waited for.
    answers_within: Duration,
    started: SystemTime,
    latency: Latency,
    /// One at a time looks after the messages, or two would post one.
    desk: tokio::sync::Mutex<Desk>,
    /// What that couldn't say yet.
    waiting: Waiting,
    suggesting: Suggesting,
    /// The servers of channels.
    guilds: Mutex<HashMap<ChannelId, GuildId>>,
    under_way: TaskTracker,
    stopping: CancellationToken,
    leaving: CancellationToken,
}

impl Bot {
    /// A bot that serves `requests` in these places, tells whoever it works for how it stands after so
    /// long, and takes on nothing new once `stopping`.
    #[must_use]
    pub fn new(
        requests: Arc<Requests>,
        rest: Rest,
        (places, answers_within): (Places, Duration),
        stopping: CancellationToken,
    ) -> Arc<Self> {
        let (under_way, leaving) = (TaskTracker::new(), CancellationToken::new());
        let (waiting, guilds) = (Waiting::default(), Mutex::default());
        let desk = tokio::sync::Mutex::new(Desk::new(waiting.clone()));
        let (started, latency) = (SystemTime::now(), Latency::default());
        let suggesting = Suggesting::default();
        Arc::new(Self {
            requests,
            rest,
            places,
            answers_within,
            started,
            latency,
            desk,
            waiting,
            suggesting,
            guilds,
            under_way,
            stopping,
            leaving,
        })
    }

    /// Discord's REST API, as the bot speaks to it.
    #[must_use]
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// Where it is to work.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// What people can do.
    #[must_use]
    pub fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    /// Waits until every interaction that was taken on is answered, and what came of them is done.
    pub async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
        self.requests.finish().await;
    }

    /// Lets go of what is still under way: whoever waits is told so.
    pub fn leave(&self) {
        self.leaving.cancel();
    }
}
