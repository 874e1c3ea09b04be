//! A strict stand-in for Discord: its REST interface and its gateway on loopback, and the people of a
//! team's server.
//!
//! The bot talks to [`Discord::url`] as it would to `https://discord.com`. Tests, the page and the demo
//! act as people by [`Discord::person`]. Whatever the bot does that Discord doesn't document is
//! answered as Discord would, and stands in [`Discord::violations`].

mod answers;
mod callback;
mod channels;
mod check;
pub(crate) mod clock;
mod commands;
pub(crate) mod components;
mod controls;
mod description;
mod endpoint;
mod facts;
mod faults;
pub(crate) mod fields;
mod forms;
mod gateway;
mod interactions;
mod messages;
mod payloads;
mod people;
mod permissions;
mod quota;
mod replies;
mod rest;
mod routes;
mod rules;
mod sending;
mod sessions;
mod webhooks;
mod world;

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
    task::JoinSet,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

pub use self::{
    answers::{Answer, Fate, First, NoAnswer, Pending, Reply},
    components::{Button, Menu},
    endpoint::{EndpointResponse, SignedRequest},
    faults::Fault,
    forms::{Form, Input},
    gateway::{GatewayCounts, Misdeed, Moment},
    interactions::Choice,
    messages::{Message, Origin, Pings},
    people::Person,
    permissions::{Closed, For, Overwrite, permission},
    quota::{Limits, Rate},
    rest::Request,
    routes::Route,
    sending::Unsendable,
    world::{
        ADMIN_ROLE, APPLICATION, BOT_ROLE, BOT_USER, CATEGORY, CONNECT, ChannelId, DM, GUILD,
        MEMBER_ROLE, OTHER_CHANNEL, OTHER_GUILD, RANDOM, REQUESTS, ROLES, STRANGE_CHANNEL,
        STRANGE_GUILD, THREAD, Who,
    },
};
use self::{
    channels::Nonce,
    commands::Scope,
    endpoint::{Endpoint, Sender},
    interactions::Interaction,
    permissions::Grants,
    quota::Quota,
    sessions::Gateway,
};

use crate::faults::Faults;

/// How many requests meet a fault.
pub type Times = crate::faults::Times;

/// How the stand-in behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long the bot has for its first answer. Discord's 3 s.
    pub answer_within: Duration,
    /// How long Discord is at work on a response of the Interactions Endpoint URL. Not documented; a call
    /// that follows the response at once may come earlier.
    pub takes_responses_after: Duration,
    /// How long an interaction's token lives. Discord's 15 minutes.
    pub token_lives: Duration,
    /// The gateway's heartbeat interval. Discord's 41.25 s.
    pub heartbeat_interval: Duration,
    /// The time between two sessions that begin, within which an IDENTIFY gets op 9. Discord's 5 s
    /// for applications with a `max_concurrency` of 1.
    pub identify_every: Duration,
    /// How many sessions may begin in a day; the next takes the token away. Discord's 1000.
    pub sessions_a_day: u64,
    /// How long a day is, from the first session on. Discord's 24 hours.
    pub day: Duration,
    /// What `GET /gateway` gives as the gateway's address, in place of the right one.
    pub gateway_url: Option<String>,
    /// What READY gives as the address at which the session is resumed, in place of the right one.
    pub resume_url: Option<String>,
    /// How long the `wait_…` methods wait before they panic. 30 s.
    pub patience: Duration,
    /// How long the nonce of a message is heeded. Discord says "the past few minutes"; 3 of them.
    pub nonces_live: Duration,
    /// How often the bot may call what. Discord's numbers.
    pub limits: Limits,
    /// What a message's text is when it is read again. Discord takes the space around it away, and
    /// documents nothing of what else it changes.
    pub as_read: fn(&str) -> String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(3),
            takes_responses_after: Duration::from_millis(20),
            token_lives: Duration::from_mins(15),
            heartbeat_interval: Duration::from_millis(41_250),
            identify_every: Duration::from_secs(5),
            sessions_a_day: 1000,
            day: Duration::from_hours(24),
            gateway_url: None,
            resume_url: None,
            patience: Duration::from_secs(30),
            nonces_live: Duration::from_mins(3),
            limits: Limits::default(),
            as_read: |content| content.trim().to_owned(),
        }
    }
}

/// Something that changed, for whoever draws it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A message is new, or is a placeholder that says "thinking…".
    Posted(Message),
    /// A message changed, or a placeholder was filled.
    Edited(Message),
    /// The message with this id is gone.
    Deleted(u64),
    /// Commands were registered in this server.
    Registered(u64),
    /// A gateway session began or was resumed, or an Interactions Endpoint URL was set.
    Ready,
    /// A gateway connection ended, or the Interactions Endpoint URL was cleared.
    Disconnected,
    /// A slash command got no answer in time: the message that stands in its place.
    Unanswered(Message),
}

/// A running stand-in. Clones are the same one; it stops when the last is dropped.
#[derive(Clone)]
pub struct Discord {
    running: Arc<Running>,
}

/// What ends with the last handle.
struct Running {
    shared: Arc<Shared>,
    _servers: JoinSet<()>,
}

/// What the servers and the people have in common.
struct Shared {
    options: Options,
    token: String,
    /// The gateway's address for new sessions.
    gateway_url: String,
    /// Its address for those that are resumed.
    session_url: String,
    rest_url: String,
    sender: Sender,
    state: Mutex<State>,
    /// Counts changes of the state, so that whoever waits looks again.
    revision: watch::Sender<u64>,
}

/// Everything that changes.
#[derive(Default)]
struct State {
    messages: Vec<Message>,
    interactions: Vec<Interaction>,
    /// The commands that are registered, in order.
    commands: HashMap<Scope, Vec<Value>>,
    /// Roles that differ from those at the start.
    roles: HashMap<Who, Vec<u64>>,
    gateway: Gateway,
    grants: Grants,
    faults: Faults<Option<Route>, Fault>,
    /// How much was taken of answers that were too long.
    floods: Vec<u64>,
    quota: Quota,
    requests: Vec<Request>,
    violations: Vec<String>,
    nonces: Vec<Nonce>,
    token_refused: bool,
    endpoint: Endpoint,
    changes: Changes,
}

/// Where changes are told. Nobody need listen.
struct Changes(broadcast::Sender<Change>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(1024))
    }
}

impl State {
    fn is_reached(&self) -> bool {
        match self.endpoint.url {
            Some(_) => !self.endpoint.is_cut,
            None => self.gateway.is_ready(),
        }
    }

    fn tell(&self, change: Change) {
        drop(self.changes.0.send(change));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the state changed.
    fn touch(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }

    /// Waits until the state shows something, and panics with this when patience ends.
    async fn demand<T>(
        &self,
        look: impl FnMut(&State) -> Option<T>,
        why: impl FnOnce() -> String,
    ) -> T {
        let found = self.wait(Instant::now() + self.options.patience, look).await;
        found.unwrap_or_else(|| panic!("{}", why()))
    }

    /// Waits until the state shows something, at most until the deadline.
    async fn wait<T>(
        &self,
        deadline: Instant,
        mut look: impl FnMut(&State) -> Option<T>,
    ) -> Option<T> {
        let mut revision = self.revision.subscribe();
        loop {
            revision.mark_unchanged();
            let found = look(&self.lock());
            if found.is_some() {
                return found;
            }
            if timeout_at(deadline, revision.changed()).await.is_err() {
                return look(&self.lock());
            }
        }
    }
}

impl Discord {
    /// Starts the stand-in on three free ports of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let rest = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let gateway = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let sessions = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut state = State::default();
        state.quota.limits = options.limits.clone();
        let shared = Arc::new(Shared {
            sender: Sender::new(options.answer_within)?,
            options,
            token: token(),
            gateway_url: format!("ws://{}", gateway.local_addr()?),
            session_url: format!("ws://{}", sessions.local_addr()?),
            rest_url: format!("http://{}", rest.local_addr()?),
            state: Mutex::new(state),
            revision: watch::Sender::new(0),
        });
        let mut servers = JoinSet::new();
        servers.spawn(rest::serve(rest, Arc::clone(&shared)));
        servers.spawn(gateway::serve(gateway, true, Arc::clone(&shared)));
        servers.spawn(gateway::serve(sessions, false, Arc::clone(&shared)));
        Ok(Self { running: Arc::new(Running { shared, _servers: servers }) })
    }

    fn shared(&self) -> &Shared {
        &self.running.shared
    }
}

/// A bot token as Discord makes them: the bot's id, a time and a secret, each in base64.
fn token() -> String {
    let id = URL_SAFE_NO_PAD.encode(APPLICATION.to_string());
    let secret =
        URL_SAFE_NO_PAD.encode([*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat());
    format!("{id}.{}.{}", &secret[..6], &secret[5..])
}
