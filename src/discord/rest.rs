//! Discord's REST API, as far as the bot needs it, with serenity's types on the wire.
//!
//! serenity's own client can talk to another base address only with its rate limiter off, and then
//! hides how long Discord wants to be left alone. So the calls are made here.

mod answers;
mod buckets;
mod error;
mod places;

use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serenity::all::{CreateCommand, CreateMessage, EditMessage};
use tokio::time::Instant;

pub use self::answers::Answered;
use self::buckets::{Buckets, Route, Scope, Turn};
pub use self::error::RestError;
pub use self::places::{Application, Channel, Role};
use crate::connect::body;
use crate::ids::{ChannelId, GuildId};

/// What Discord asks bots to call themselves.
const AGENT: HeaderValue = HeaderValue::from_static(concat!(
    "DiscordBot (ldapgroup-bot, ",
    env!("CARGO_PKG_VERSION"),
    ")"
));

/// One try of one call.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a call about a channel's messages waits for its turn: others wait for theirs meanwhile,
/// and it is made again.
const A_MOMENT: Duration = Duration::from_millis(100);

/// How long any other call is tried again for.
const PATIENCE: Duration = Duration::from_mins(1);

/// No answer makes the bot wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// A longer answer isn't Discord's: those that are read are a message, a channel, or the 250 roles that
/// a server may have, each of half a kilobyte.
const MAX_BODY: usize = 1024 * 1024;

/// From this age on a message is old to Discord, and can be edited less often.
const OLD: Duration = Duration::from_hours(1);

/// The first moment of 2015 in milliseconds of Unix time: where Discord's ids begin.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// Where sessions of the gateway begin, and how many.
/// <https://discord.com/developers/docs/events/gateway#get-gateway-bot>
#[derive(Debug, Deserialize)]
pub struct Gateway {
    /// Its address.
    pub url: String,
    /// How many sessions may begin. Discord always says so; a proxy may not.
    pub session_start_limit: Option<SessionStartLimit>,
}

/// How many sessions may begin. Who begins more loses the token.
#[derive(Debug, Deserialize)]
pub struct SessionStartLimit {
    /// In a day.
    pub total: u64,
    /// From now on, until the day is over.
    pub remaining: u64,
    /// Until then, in milliseconds.
    pub reset_after: u64,
}

#[derive(Deserialize)]
struct Message {
    id: serenity::all::MessageId,
}

/// What a message shows.
#[derive(Debug, Deserialize)]
pub struct Shown {
    /// The text. Discord takes away the space around it.
    pub content: String,
    /// The components, with what Discord adds to them: ids, and what is so by default.
    #[serde(default)]
    pub components: serde_json::Value,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: u64,
    message: String,
    retry_after: Option<f64>,
}

/// Which failures of a call allow for sending it again.
#[derive(Clone, Copy)]
enum Again {
    /// All that pass: doing it twice does no harm.
    Harmless,
    /// Only those after which it certainly wasn't done.
    IfNotTaken,
}

/// A call as it is sent.
struct Call<'c, B: ?Sized> {
    method: Method,
    /// The path below the version. It may hold an interaction's token.
    path: &'c str,
    body: Option<&'c B>,
    timeout: Duration,
}

impl<'c, B: ?Sized> Call<'c, B> {
    fn new(method: Method, path: &'c str, body: Option<&'c B>) -> Self {
        Self { method, path, body, timeout: TIMEOUT }
    }
}

/// Discord's REST API.
pub struct Rest {
    http: Client,
    base: Url,
    authorization: HeaderValue,
    buckets: Buckets,
}

impl Rest {
    /// A client for Discord at `base` (`https://discord.com`) with the bot's token.
    #[must_use]
    pub fn new(http: Client, mut base: Url, token: &SecretString) -> Self {
        let path = format!("{}/api/v10/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        let mut authorization = HeaderValue::try_from(format!("Bot {}", token.expose_secret()))
            .unwrap_or(HeaderValue::from_static("Bot"));
        authorization.set_sensitive(true);
        Self { http, base, authorization, buckets: Buckets::new() }
    }

    /// Where sessions of the gateway begin, and how many may.
    ///
    /// # Errors
    ///
    /// When Discord doesn't say. serenity would dial its own default then; the bot doesn't.
    pub async fn gateway(&self) -> Result<Gateway, RestError> {
        self.read(Route::Gateway, "gateway/bot").await
    }

    /// Makes `commands` the commands of the application in a server, in place of all others.
    ///
    /// # Errors
    ///
    /// With code 50001 if the application isn't in the server.
    pub async fn register(
        &self,
        application: serenity::all::ApplicationId,
        guild: GuildId,
        commands: &[CreateCommand],
    ) -> Result<(), RestError> {
        let path = format!("applications/{application}/guilds/{guild}/commands");
        let call = Call::new(Method::PUT, &path, Some(commands));
        self.persist(Route::Commands(guild), &call, Again::Harmless).await
    }

    /// Sends a message, and gives its id. With a nonce that Discord enforces, sending it again does no
    /// harm for a few minutes.
    ///
    /// # Errors
    ///
    /// With code 10003, 50001 or 50013 if the bot can't speak in the channel.
    pub async fn create_message(
        &self,
        channel: ChannelId,
        message: &CreateMessage,
    ) -> Result<u64, RestError> {
        let path = format!("channels/{channel}/messages");
        let call = Call::new(Method::POST, &path, Some(message));
        let response = self.attempt(Route::CreateMessage(channel), &call, in_a_moment()).await?;
        decode(response).await.map(|message: Message| message.id.get())
    }

    /// Changes a message of the bot's.
    ///
    /// # Errors
    ///
    /// With code 10008 if it is gone.
    pub async fn edit_message(
        &self,
        channel: ChannelId,
        message: u64,
        edit: &EditMessage,
    ) -> Result<(), RestError> {
        let path = format!("channels/{channel}/messages/{message}");
        let call = Call::new(Method::PATCH, &path, Some(edit));
        let route = if is_old(message) {
            Route::EditOldMessage(channel)
        } else {
            Route::EditMessage(channel)
        };
        self.attempt(route, &call, in_a_moment()).await.map(drop)
    }

    /// What a message shows.
    ///
    /// # Errors
    ///
    /// With code 10008 if it is gone, 50001 or 50013 if the bot can't read in the channel.
    pub async fn message(&self, channel: ChannelId, message: u64) -> Result<Shown, RestError> {
        let path = format!("channels/{channel}/messages/{message}");
        let call = Call::new(Method::GET, &path, None::<&()>);
        decode(self.attempt(Route::Message(channel), &call, in_a_moment()).await?).await
    }

    async fn read<T: for<'de> Deserialize<'de>>(
        &self,
        route: Route,
        path: &str,
    ) -> Result<T, RestError> {
        let call = Call::new(Method::GET, path, None::<&()>);
        decode(self.attempt(route, &call, Instant::now() + TIMEOUT).await?).await
    }

    async fn persist<B: Serialize + ?Sized>(
        &self,
        route: Route,
        call: &Call<'_, B>,
        again: Again,
    ) -> Result<(), RestError> {
        let deadline = Instant::now() + PATIENCE;
        (|| self.attempt(route, call, deadline))
            .retry(ExponentialBuilder::default().with_jitter().without_max_times())
            .when(|error: &RestError| match again {
                Again::Harmless => error.is_transient(),
                Again::IfNotTaken => error.was_not_taken(),
            })
            .adjust(|error, pause| {
                error.pause(pause).filter(|pause| Instant::now() + *pause <= deadline)
            })
            .await
            .map(drop)
    }

    /// Makes a call once, as soon as Discord takes it, if that is before `deadline`.
    async fn attempt<B: Serialize + ?Sized>(
        &self,
        route: Route,
        call: &Call<'_, B>,
        deadline: Instant,
    ) -> Result<Response, RestError> {
        let turn = self.buckets.turn(route, deadline).await?;
        self.make(Some(&turn), call).await
    }

    /// Makes a call at once. Whatever Discord says about the number of calls is heeded from then on.
    async fn make<B: Serialize + ?Sized>(
        &self,
        turn: Option<&Turn<'_>>,
        call: &Call<'_, B>,
    ) -> Result<Response, RestError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path(), call.path));
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .timeout(call.timeout)
            .header(USER_AGENT, AGENT)
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(body) = call.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(lost)?;
        if let Some(turn) = turn {
            turn.learn(response.headers());
        }
        if response.status().is_success() {
            return Ok(response);
        }
        let is_global = response.headers().contains_key("x-ratelimit-global");
        let error = refusal(response).await;
        if let Some(wait) = error.limit() {
            match (&error, turn) {
                (RestError::NotDiscord { .. }, _) => self.buckets.close(Scope::Address, wait),
                _ if is_global => self.buckets.close(Scope::Global, wait),
                (_, Some(turn)) => {
                    self.buckets.close(Scope::Route(turn.limited(error.code())), wait);
                }
                // A first answer, which no other waits for.
                (_, None) => {}
            }
        }
        Err(error)
    }
}

fn in_a_moment() -> Instant {
    Instant::now() + A_MOMENT
}

/// Whether Discord counts edits of a message as those of old ones.
fn is_old(message: u64) -> bool {
    sent(message).elapsed().is_ok_and(|age| age >= OLD)
}

/// When Discord gave this id to a message or an interaction.
/// <https://discord.com/developers/docs/reference#snowflakes>
pub(super) fn sent(id: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(DISCORD_EPOCH_MS + (id >> 22))
}

async fn decode<T: for<'de> Deserialize<'de>>(response: Response) -> Result<T, RestError> {
    let status = response.status();
    let body = body(response, MAX_BODY).await.map_err(lost)?;
    let read = body.and_then(|body| serde_json::from_slice(&body).ok());
    read.ok_or(RestError::NotDiscord { status, retry_after: None })
}

fn lost(error: reqwest::Error) -> RestError {
    RestError::NoAnswer(error.without_url())
}

async fn refusal(response: Response) -> RestError {
    let status = response.status();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let header = header.and_then(|seconds| seconds.parse::<f64>().ok());
    match decode::<Refusal>(response).await {
        Ok(Refusal { code, message, retry_after }) => {
            let retry_after = retry_after.or(header).and_then(bounded);
            RestError::Refused { status, code, message, retry_after }
        }
        Err(_) => RestError::NotDiscord { status, retry_after: header.and_then(bounded) },
    }
}

/// A wait of so many seconds, if it can be one.
fn bounded(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(LONGEST_WAIT))
}
