//! The connection over which Discord sends interactions, kept up by serenity and watched from here.
//!
//! What serenity 0.12.5 leaves open is closed here: it doesn't notice a reconnect that hangs, it
//! reconnects without end when Discord will never take it back, and its shutdown may not return.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serenity::all::{
    Context, Event, GatewayError as Reason, GatewayIntents, HttpBuilder, RawEventHandler,
    ShardManager, ShardManagerOptions,
};
use serenity::async_trait;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Bot;

/// A connection that shows no sign of life for this long, three heartbeats of Discord's, is dead.
const SILENCE: Duration = Duration::from_secs(125);

/// A connection that isn't ready after this long won't be.
const NOT_READY: Duration = Duration::from_secs(30);

/// How often the signs of life are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// How many sessions may begin in [`SESSIONS_WITHIN`]: after 1000 in a day Discord resets the
/// token.
const MAX_SESSIONS: usize = 20;
const SESSIONS_WITHIN: Duration = Duration::from_hours(1);

/// The pause before a new connection is set up: doubled each time, up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// How long serenity may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why the bot can't be connected, now or later.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GatewayError {
    /// The token isn't Discord's, or not any more.
    #[error(
        "DISCORD_TOKEN: Discord refuses this token; copy a new one from the application's page Bot"
    )]
    TokenRefused,
    /// Discord doesn't want this program.
    #[error("Discord refuses the connection for good; a newer version of the bot is needed")]
    Refused,
}

/// How to reach the gateway.
pub struct Line {
    /// Its address, as Discord gave it.
    pub address: String,
    /// The bot's token.
    pub token: SecretString,
    /// serenity wants an HTTP client; sharing one saves it setting up TLS again.
    pub http: Client,
}

/// Keeps the bot connected until `stopping`.
///
/// # Errors
///
/// When only a restart with another token or another version can help.
pub async fn run(
    bot: &Arc<Bot>,
    line: &Line,
    stopping: &CancellationToken,
) -> Result<(), GatewayError> {
    let pulse = Arc::new(Pulse::default());
    let mut pause = SHORTEST_PAUSE;
    loop {
        let connection = Connection::open(bot, line, &pulse);
        let end = tokio::select! {
            () = stopping.cancelled() => {
                connection.close().await;
                return Ok(());
            }
            end = connection.ended() => end?,
            end = pulse.watch(&connection.manager) => end,
        };
        connection.close().await;
        if end == End::Silent {
            pause = SHORTEST_PAUSE;
        }
        tracing::warn!(?end, ?pause, "the gateway connection is set up anew");
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Why a connection is given up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// serenity gave up.
    Closed,
    /// It was in order once, and then fell silent.
    Silent,
    /// It never came to be in order.
    NotReady,
    /// It begins a new session again and again.
    Restless,
}

/// One set of serenity's tasks that keep a connection.
struct Connection {
    manager: Arc<ShardManager>,
    returned: tokio::sync::Mutex<Returned>,
    /// Tasks that hang when they are given up may wake later: they find this cancelled.
    over: CancellationToken,
}

type Returned = std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<(), Reason>> + Send>>;

impl Connection {
    fn open(bot: &Arc<Bot>, line: &Line, pulse: &Arc<Pulse>) -> Self {
        pulse.begin();
        let over = CancellationToken::new();
        let handler = Events { bot: Arc::clone(bot), pulse: Arc::clone(pulse), over: over.clone() };
        // serenity's HTTP client takes no part: the address of the gateway is given.
        let http = HttpBuilder::new(line.token.expose_secret())
            .client(line.http.clone())
            .ratelimiter_disabled(true)
            .build();
        let (manager, returned) = ShardManager::new(ShardManagerOptions {
            data: Arc::default(),
            event_handlers: Vec::new(),
            raw_event_handlers: vec![Arc::new(handler)],
            shard_index: 0,
            shard_init: 1,
            shard_total: 1,
            ws_url: Arc::new(tokio::sync::Mutex::new(line.address.clone())),
            http: Arc::new(http),
            intents: GatewayIntents::empty(),
            presence: None,
        });
        if manager.initialize().is_err() {
            tracing::error!("serenity didn't start its shard");
        }
        Self { manager, returned: tokio::sync::Mutex::new(Box::pin(returned)), over }
    }

    /// Until serenity gives the connection up.
    async fn ended(&self) -> Result<End, GatewayError> {
        match self.returned.lock().await.next().await {
            Some(Err(Reason::InvalidAuthentication)) => Err(GatewayError::TokenRefused),
            Some(Err(Reason::InvalidGatewayIntents | Reason::DisallowedGatewayIntents)) => {
                Err(GatewayError::Refused)
            }
            Some(Ok(()) | Err(_)) | None => Ok(End::Closed),
        }
    }

    async fn close(self) {
        self.over.cancel();
        if timeout(GOODBYE, self.manager.shutdown_all()).await.is_err() {
            tracing::debug!("serenity didn't say goodbye in time");
        }
    }
}

/// What arrives over one connection.
struct Events {
    bot: Arc<Bot>,
    pulse: Arc<Pulse>,
    over: CancellationToken,
}

#[async_trait]
impl RawEventHandler for Events {
    async fn raw_event(&self, _: Context, event: Event) {
        if self.over.is_cancelled() {
            return;
        }
        self.pulse.beat();
        match event {
            Event::InteractionCreate(event) => self.bot.take_on(event.interaction),
            Event::Ready(event) => {
                self.pulse.ready();
                tracing::info!(bot = event.ready.user.name, "connected to Discord");
            }
            Event::Resumed(_) => tracing::info!("the connection to Discord is resumed"),
            Event::Unknown(event) if event.kind == "INTERACTION_CREATE" => {
                self.bot.take_on_unreadable(&event.value);
            }
            _ => {}
        }
    }
}

/// The signs of life of the connection.
#[derive(Default)]
struct Pulse(Mutex<Signs>);

#[derive(Default)]
struct Signs {
    begun: Option<Instant>,
    /// The last sign, if it was in order at all.
    last: Option<Instant>,
    latency: Option<Duration>,
    /// When sessions began, the oldest first.
    sessions: VecDeque<Instant>,
}

impl Pulse {
    fn signs(&self) -> std::sync::MutexGuard<'_, Signs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        let mut signs = self.signs();
        signs.begun = Some(Instant::now());
        signs.last = None;
        signs.latency = None;
    }

    fn beat(&self) {
        self.signs().last = Some(Instant::now());
    }

    fn ready(&self) {
        self.signs().sessions.push_back(Instant::now());
    }

    /// Until the connection is to be given up.
    async fn watch(&self, manager: &ShardManager) -> End {
        loop {
            sleep(LOOK).await;
            let runners = manager.runners.lock().await;
            let latency = runners.values().find_map(|runner| runner.latency);
            drop(runners);
            if let Some(end) = self.signs().judge(latency, Instant::now()) {
                return end;
            }
        }
    }
}

impl Signs {
    /// What the signs say at `now`. A heartbeat that was answered changes the latency; serenity
    /// itself goes on calling a hung connection connected.
    fn judge(&mut self, latency: Option<Duration>, now: Instant) -> Option<End> {
        if latency.is_some() && latency != self.latency {
            self.latency = latency;
            self.last = Some(now);
        }
        let age = |at: Instant| now.saturating_duration_since(at);
        while self.sessions.front().is_some_and(|begun| age(*begun) > SESSIONS_WITHIN) {
            self.sessions.pop_front();
        }
        if self.sessions.len() > MAX_SESSIONS {
            return Some(End::Restless);
        }
        match self.last {
            Some(last) if age(last) > SILENCE => Some(End::Silent),
            None if self.begun.is_some_and(|begun| age(begun) > NOT_READY) => Some(End::NotReady),
            Some(_) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_connection_that_is_never_ready_is_given_up() {
        let begun = Instant::now();
        let mut signs = Signs { begun: Some(begun), ..Signs::default() };
        assert_eq!(signs.judge(None, begun + seconds(30)), None);
        assert_eq!(signs.judge(None, begun + seconds(31)), Some(End::NotReady));
    }

    #[test]
    fn answered_heartbeats_keep_a_quiet_connection_and_their_absence_ends_it() {
        let begun = Instant::now();
        let mut signs = Signs { begun: Some(begun), last: Some(begun), ..Signs::default() };
        let latency = |millis| Some(Duration::from_millis(millis));
        assert_eq!(signs.judge(latency(20), begun + seconds(120)), None);
        assert_eq!(signs.judge(latency(21), begun + seconds(240)), None);
        assert_eq!(signs.judge(latency(21), begun + seconds(360)), None);
        assert_eq!(signs.judge(latency(21), begun + seconds(366)), Some(End::Silent));
    }

    #[test]
    fn sessions_that_begin_too_often_are_slowed_down() {
        let begun = Instant::now();
        let mut signs = Signs { last: Some(begun), ..Signs::default() };
        signs.sessions.extend((0..=20).map(|n| begun + seconds(n)));
        assert_eq!(signs.judge(None, begun + seconds(30)), Some(End::Restless));
        signs.last = Some(begun + seconds(3600));
        assert_eq!(signs.judge(None, begun + seconds(3601)), None);
    }
}
