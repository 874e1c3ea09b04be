//! The whole bot: built from a [`Config`], run, and stopped in order.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use futures_util::FutureExt;
use futures_util::future::join_all;
use reqwest::StatusCode;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::config::{AlertSettings, Config, DiscordSettings};
use crate::connect::{Connect, http_client};
use crate::correlation::CorrelationId;
use crate::discord::{Alerts, Bot, Source, commands, dispatch};
use crate::discord_api::gateway::{self, GatewayConfig, GatewayError, GatewayState};
use crate::discord_api::permissions::invitation;
use crate::discord_api::rest::{Application, Rest, RestError};
use crate::http::Server;
use crate::ids::GuildId;
use crate::ldapgroup::LdapGroups;
use crate::metrics::Metrics;
use crate::proof::Proof;
use crate::requests::{Requests, Sharing, Start, StoreError, Wait};
pub use crate::watchdog::watch;
use crate::{check, http, watchdog};

/// What is under way when the bot is told to stop may take this long to end.
const DRAIN: Duration = Duration::from_secs(25);

/// Then whoever waits is told, and the database closed, each within this.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How long a stale ticket may stay.
const EVICT_EVERY: Duration = Duration::from_mins(1);

/// Why the bot didn't start, or ended without being told to.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The bot isn't in a server that it is to serve.
    #[error(
        "DISCORD_GUILD_IDS: the bot isn't in server {guild}; invite it with {}",
        invitation(*.application)
    )]
    NotInGuild {
        /// The server.
        guild: GuildId,
        /// The application to invite.
        application: u64,
    },
    /// Discord refused something else at the start.
    #[error("Discord refused the start: {0}; check DISCORD_TOKEN and DISCORD_API_URL")]
    Discord(#[source] RestError),
    /// The HTTP client couldn't be set up.
    #[error("the TLS library can't be set up, or refuses a certificate of CONNECT_CA_FILE: {0}")]
    Http(#[from] reqwest::Error),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Discord doesn't want the bot, or not with this token.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// Another bot may be at work by now, and two may not.
    #[error(
        "PostgreSQL hasn't confirmed for 5 s that no other bot has the database; ending, so that never two are at work"
    )]
    Lost,
    /// Nothing can be served there.
    #[error("HTTP_ADDR: nothing can be served at {0} ({1}); name another address, or off")]
    Address(SocketAddr, #[source] io::Error),
    /// Discord has been silent for so long that a new start may find it when this process doesn't.
    #[error("Discord has been silent for too long; ending, so that the bot is started anew")]
    Silent,
}

/// The bot, registered with Discord and ready to run.
pub struct App {
    bot: Arc<Bot>,
    application: Application,
    rest: Arc<Rest>,
    /// The connection over which interactions come, if they don't come over HTTP.
    gateway: Option<GatewayConfig>,
    alerts: AlertSettings,
    stopping: CancellationToken,
    /// Holds for as long as no other bot can be at work.
    proof: Proof,
    /// What probes ask, and where interactions may come.
    http: Option<Server>,
}

impl App {
    /// Builds the bot and registers its command. Waits for as long as another bot has the database, and
    /// then for as long as Discord is away, unless `stopping` is cancelled: then there is nothing to run.
    ///
    /// # Errors
    ///
    /// When only another configuration can help.
    pub async fn start(
        config: Config,
        stopping: CancellationToken,
    ) -> Result<Option<Self>, AppError> {
        let client = http_client(Vec::new(), &config.discord.proxies)?;
        check::settings(&config).iter().for_each(check::note);
        let (metrics, proof) = (Arc::new(Metrics::new()), Proof::unproven());
        // Probes are answered from here on, however long another bot is at work or Discord is away. Where
        // interactions come, too, nobody listens before they are taken: a load balancer may send one at once.
        let is_early = config.discord.public_key.is_none();
        let mut http = listen(config.http_addr.filter(|_| is_early), &metrics).await?;
        let connect = Connect::new(config.connect, &client, Arc::clone(&metrics))?;
        let groups = LdapGroups::new(connect.only_while(proof.clone()), config.ticket_ttl);
        let rules = (config.policy, config.requests);
        let sharing =
            if config.discord.public_key.is_some() { Sharing::Copies } else { Sharing::Alone };
        let database = (&config.database_url, sharing);
        let start = Start { proof: &proof, waits: &|wait| say(wait, http.as_ref()) };
        let opened = Requests::open(database, groups, rules, (start, stopping.clone()));
        let Some(requests) = opened.await? else { return Ok(None) };
        let DiscordSettings { token, api, proxies, answers_within, public_key } = config.discord;
        let rest = Rest::new(client, api, &token, Arc::clone(&metrics)).only_while(proof.clone());
        let rest = Arc::new(rest);
        let (source, gateway) = if let Some(key) = public_key {
            (Source::Http(Box::new(key)), None)
        } else {
            let (state, rest) = (Arc::new(GatewayState::new()), Arc::clone(&rest));
            let source = Source::Gateway(Arc::clone(&state));
            (source, Some(GatewayConfig { rest, token, proxies, metrics, state }))
        };
        let serving = (source, answers_within);
        let bot = Bot::new(requests, Arc::clone(&rest), serving, stopping.clone());
        if !is_early {
            http = listen(config.http_addr, &bot.metrics).await?;
        }
        if let Some(server) = &http {
            server.turn_to(Arc::clone(&bot));
        }
        let guilds = &bot.requests.policy().guilds;
        let registered = tokio::select! {
            () = stopping.cancelled() => Ok(None),
            () = bot.requests.lost() => return Err(AppError::Lost),
            registered = register(&rest, guilds) => registered.map(Some),
        };
        let Ok(Some(application)) = registered else {
            // Another bot needn't wait until it is sure that this one is gone.
            drop(timeout(LAST_WORDS, bot.requests.close()).await);
            return registered.map(|_| None);
        };
        if let Some(key) = bot.places().public_key
            && !application.signs_for(key)
        {
            bot.note_wrong_key();
        }
        tracing::info!(application = application.name, servers = guilds.len(), "registered");
        let alerts = config.alerts;
        Ok(Some(Self { bot, application, rest, gateway, alerts, stopping, proof, http }))
    }

    /// Where probes are answered, and interactions taken if they come over HTTP.
    #[must_use]
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(|server| server.address)
    }

    /// Serves until told to stop, then lets what is under way end.
    ///
    /// # Errors
    ///
    /// When Discord doesn't want the bot any more, or another bot may be at work: then this one must do
    /// nothing any more, and its process end at once.
    pub async fn run(self) -> Result<(), AppError> {
        let closing = CancellationToken::new();
        let alerts = Alerts::new(&self.bot, self.alerts);
        let ended = {
            let drain = async {
                self.stopping.cancelled().await;
                self.drain().await;
                closing.cancel();
            };
            let connected = async {
                let ended = self.connect(&closing).await;
                self.stopping.cancel();
                ended
            };
            tokio::select! {
                (ended, ()) = async { tokio::join!(connected, drain) } => ended.map_err(AppError::from),
                () = self.bot.requests.lost() => return Err(AppError::Lost),
                () = watchdog::silence(self.bot.gateway()) => {
                    self.stopping.cancel();
                    self.drain().await;
                    Err(AppError::Silent)
                }
                never = Box::pin(self.look_around()) => match never {},
                never = evict_stale(&self.bot) => match never {},
                never = Box::pin(self.take_turns(&alerts)) => match never {},
                never = self.bot.requests.keep_in_touch() => match never {},
            }
        };
        drop(timeout(LAST_WORDS, self.bot.requests.close()).await);
        // Until here they read that the bot is being stopped. What is answered must get out.
        if let Some(server) = self.http {
            drop(timeout(LAST_WORDS, server.close()).await);
        }
        tracing::info!("stopped");
        ended
    }

    /// Takes interactions from the gateway until `closing`; over HTTP they come by themselves.
    async fn connect(&self, closing: &CancellationToken) -> Result<(), GatewayError> {
        let Some(gateway) = &self.gateway else {
            closing.cancelled().await;
            return Ok(());
        };
        let handler = |received| dispatch(&self.bot, received, None);
        // Not a word of Discord's is heard by who may not act.
        self.proof.while_it_holds(Box::pin(gateway::run(gateway, handler, closing))).await
    }

    /// Does what only one process may do at a time, whenever it is this one's turn.
    async fn take_turns(&self, alerts: &Alerts<'_>) -> Infallible {
        loop {
            let turn = self.bot.requests.take_turn().await;
            self.bot.reconciler.begin_anew().await;
            tokio::select! {
                () = turn.lost() => tracing::warn!("it is another process's turn"),
                never = self.bot.reconciler.run() => match never {},
                never = alerts.run() => match never {},
                never = forget_old(&self.bot) => match never {},
                never = forget_interactions(&self.bot) => match never {},
            }
        }
    }

    /// Makes the checks of `check` that the start didn't make itself, beside everything else: what
    /// they find can mend itself, and whoever asks meanwhile is told.
    async fn look_around(&self) -> Infallible {
        let (bot, application) = (&self.bot, &self.application);
        let places = bot.places();
        let endpoint = check::interactions_endpoint(application, places.public_key);
        if bot.has_wrong_key() {
            // Only a start with another key mends it.
            tracing::error!("{}", endpoint.plain());
        } else {
            check::note(&endpoint);
        }
        let discord = async {
            let found = check::places(&self.rest, places, application).await;
            found.iter().for_each(check::note);
        };
        let connect = async {
            let connect = bot.requests.groups().connect();
            let found = check::connect(connect, CorrelationId::new()).await;
            found.iter().for_each(check::note);
        };
        // Nobody is to be served any less for it.
        let looked = AssertUnwindSafe(async { tokio::join!(discord, connect) });
        if looked.catch_unwind().await.is_err() {
            tracing::error!("the checks at the start ended in a panic");
        }
        pending().await
    }

    /// Lets what is under way end, and tells whoever still waits that nothing more will come.
    async fn drain(&self) {
        if timeout(DRAIN, self.bot.finish()).await.is_ok() {
            return;
        }
        tracing::error!("stopped with work under way: look in Connect for what came of it");
        self.bot.leave();
        drop(timeout(LAST_WORDS, self.bot.finish()).await);
    }
}

/// Serves there, if anywhere.
async fn listen(
    address: Option<SocketAddr>,
    metrics: &Arc<Metrics>,
) -> Result<Option<Server>, AppError> {
    let Some(address) = address else { return Ok(None) };
    let served = http::serve(address, Arc::clone(metrics)).await;
    served.map(Some).map_err(|error| AppError::Address(address, error))
}

/// Says what a start waits for, in the log and to whoever probes.
fn say(wait: Wait, server: Option<&Server>) {
    let waits = match wait {
        Wait::Another => "standby: another bot has the database; waiting for its end",
        Wait::Former => {
            "the bot that had the database last ended without a word; waiting until it can't be at work"
        }
        Wait::Server => "standby: PostgreSQL is away; waiting for it",
    };
    tracing::info!("{waits}");
    if let Some(server) = server {
        server.wait(wait);
    }
}

/// Keeps stale tickets and picks from staying while nobody searches or picks.
async fn evict_stale(bot: &Bot) -> Infallible {
    let mut now_and_then = tokio::time::interval(EVICT_EVERY);
    loop {
        now_and_then.tick().await;
        bot.requests.forget_stale().await;
    }
}

/// Keeps old requests from staying for ever, if the settings say so.
async fn forget_old(bot: &Bot) -> Infallible {
    bot.requests.forget_old().await;
    pending().await
}

/// Keeps interactions over HTTP from staying for ever.
async fn forget_interactions(bot: &Bot) -> Infallible {
    if bot.gateway().is_none() {
        return bot.requests.forget_interactions().await;
    }
    pending().await
}

/// Learns who the bot is, and registers its command in each server. A server that the bot isn't in is
/// no reason not to serve the others.
async fn register(rest: &Rest, guilds: &[GuildId]) -> Result<Application, AppError> {
    let application = retry(|| rest.get_application()).await.map_err(start_error)?;
    let commands = commands();
    let register = guilds.iter().map(|guild| async {
        let registered =
            retry(|| rest.overwrite_guild_commands(application.id, *guild, &commands)).await;
        registered.map_err(|error| {
            if error.is_not_in_guild() {
                AppError::NotInGuild { guild: *guild, application: application.id.get() }
            } else {
                start_error(error)
            }
        })
    });
    let registered = join_all(register).await;
    let (done, mut failed): (Vec<_>, Vec<_>) = registered.into_iter().partition(Result::is_ok);
    if done.is_empty()
        && let Some(error) = failed.pop()
    {
        error?;
    }
    for error in failed.into_iter().filter_map(Result::err) {
        tracing::error!("{error}");
    }
    Ok(application)
}

fn start_error(error: RestError) -> AppError {
    match error.status() {
        Some(StatusCode::UNAUTHORIZED) => GatewayError::TokenRefused.into(),
        Some(_) | None => AppError::Discord(error),
    }
}

/// Tries until it works or can't ever: a restart wouldn't bring Discord back.
async fn retry<T, F: Future<Output = Result<T, RestError>>>(
    call: impl FnMut() -> F,
) -> Result<T, RestError> {
    call.retry(
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_mins(1))
            .with_jitter()
            .without_max_times(),
    )
    .when(RestError::is_transient)
    .adjust(RestError::pause)
    .notify(|error, pause| tracing::warn!(%error, ?pause, "waiting for Discord"))
    .await
}
