//! Discord's REST API, as far as the bot needs it, with serenity's types on the wire.
//!
//! serenity's own client can talk to another base address only with its rate limiter off, and then
//! hides how long Discord wants to be left alone. So the calls are made here.

mod error;
mod places;

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serenity::all::{
    CreateCommand, CreateInteractionResponse, CreateInteractionResponseFollowup, CreateMessage,
    EditInteractionResponse, EditMessage,
};
use tokio::time::Instant;

pub use self::error::RestError;
pub use self::places::{Application, Channel, Role};
use crate::access::{ChannelId, GuildId};

/// What Discord asks bots to call themselves.
const AGENT: HeaderValue = HeaderValue::from_static(concat!(
    "DiscordBot (ldapgroup-bot, ",
    env!("CARGO_PKG_VERSION"),
    ")"
));

/// One try of one call.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A first answer is worth nothing after 3 s: less for one try, so that there is a second.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(1200);

/// No further try of a first answer begins later than this after the first.
const ANSWERS_COUNT: Duration = Duration::from_millis(2500);

/// How long a message in a channel is tried again for: others wait for theirs meanwhile.
const SHORT_PATIENCE: Duration = Duration::from_secs(3);

/// How long any other call is tried again for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Discord's code for a second first answer.
const ALREADY_ANSWERED: u64 = 40060;

#[derive(Deserialize)]
struct GatewayAddress {
    url: String,
}

#[derive(Deserialize)]
struct Message {
    id: serenity::all::MessageId,
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

/// Discord's REST API.
pub struct Rest {
    http: Client,
    base: Url,
    authorization: HeaderValue,
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
        Self { http, base, authorization }
    }

    /// The gateway's address.
    ///
    /// # Errors
    ///
    /// When Discord doesn't give one. serenity would dial its own default then; the bot doesn't.
    pub async fn gateway(&self) -> Result<String, RestError> {
        self.read("gateway").await.map(|address: GatewayAddress| address.url)
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
        self.send(Method::PUT, &path, commands, Again::Harmless).await
    }

    /// Gives the first answer to an interaction. That it was given already is no error: an earlier
    /// try got through.
    ///
    /// # Errors
    ///
    /// With code 10062 if it is too late.
    pub async fn answer(
        &self,
        interaction: u64,
        token: &str,
        answer: &CreateInteractionResponse,
    ) -> Result<(), RestError> {
        let path = format!("interactions/{interaction}/{token}/callback");
        let begun = Instant::now();
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .without_max_times();
        let result = (|| self.attempt(Method::POST, &path, Some(answer), ANSWER_TIMEOUT))
            .retry(pauses)
            .when(RestError::is_transient)
            .adjust(|error, pause| {
                let pause = error.pause(pause)?;
                (begun.elapsed().saturating_add(pause) <= ANSWERS_COUNT).then_some(pause)
            })
            .await;
        match result {
            Err(error) if error.code() == Some(ALREADY_ANSWERED) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Changes the first answer to an interaction.
    ///
    /// # Errors
    ///
    /// With code 50027 once the interaction is older than 15 minutes.
    pub async fn edit_answer(
        &self,
        application: u64,
        token: &str,
        edit: &EditInteractionResponse,
    ) -> Result<(), RestError> {
        let path = format!("webhooks/{application}/{token}/messages/@original");
        self.send(Method::PATCH, &path, edit, Again::Harmless).await
    }

    /// Takes the first answer to an interaction away.
    ///
    /// # Errors
    ///
    /// With code 50027 once the interaction is older than 15 minutes.
    pub async fn delete_answer(&self, application: u64, token: &str) -> Result<(), RestError> {
        let path = format!("webhooks/{application}/{token}/messages/@original");
        self.send(Method::DELETE, &path, None::<&()>, Again::Harmless).await
    }

    /// Gives a further answer to an interaction.
    ///
    /// # Errors
    ///
    /// With code 50027 once the interaction is older than 15 minutes.
    pub async fn follow_up(
        &self,
        application: u64,
        token: &str,
        message: &CreateInteractionResponseFollowup,
    ) -> Result<(), RestError> {
        let path = format!("webhooks/{application}/{token}");
        self.send(Method::POST, &path, message, Again::IfNotTaken).await
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
        let harmless = Again::Harmless;
        let response = self.persist(Method::POST, &path, message, harmless, SHORT_PATIENCE).await?;
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
        let harmless = Again::Harmless;
        self.persist(Method::PATCH, &path, edit, harmless, SHORT_PATIENCE).await.map(drop)
    }

    /// Whether a message is there.
    ///
    /// # Errors
    ///
    /// With code 10008 if it is gone.
    pub async fn message(&self, channel: ChannelId, message: u64) -> Result<(), RestError> {
        let path = format!("channels/{channel}/messages/{message}");
        self.read(&path).await.map(|_: serde::de::IgnoredAny| ())
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, RestError> {
        let response = self.attempt(Method::GET, path, None::<&()>, TIMEOUT).await?;
        decode(response).await
    }

    async fn send<'a, B: Serialize + ?Sized + 'a>(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Option<&'a B>>,
        again: Again,
    ) -> Result<(), RestError> {
        self.persist(method, path, body, again, PATIENCE).await.map(drop)
    }

    async fn persist<'a, B: Serialize + ?Sized + 'a>(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Option<&'a B>>,
        again: Again,
        patience: Duration,
    ) -> Result<Response, RestError> {
        let body = body.into();
        let begun = Instant::now();
        (|| self.attempt(method.clone(), path, body, TIMEOUT))
            .retry(ExponentialBuilder::default().with_jitter().without_max_times())
            .when(|error: &RestError| match again {
                Again::Harmless => error.is_transient(),
                Again::IfNotTaken => error.was_not_taken(),
            })
            .adjust(|error, pause| {
                let pause = error.pause(pause)?;
                (begun.elapsed().saturating_add(pause) <= patience).then_some(pause)
            })
            .await
    }

    async fn attempt<B: Serialize + ?Sized>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        timeout: Duration,
    ) -> Result<Response, RestError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        let mut request = self
            .http
            .request(method, url)
            .timeout(timeout)
            .header(USER_AGENT, AGENT)
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(lost)?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refusal(response).await)
    }
}

async fn decode<T: for<'de> Deserialize<'de>>(response: Response) -> Result<T, RestError> {
    let status = response.status();
    let body = response.bytes().await.map_err(lost)?;
    let not_discord = |_| RestError::NotDiscord { status, retry_after: None };
    serde_json::from_slice(&body).map_err(not_discord)
}

fn lost(error: reqwest::Error) -> RestError {
    RestError::NoAnswer(error.without_url())
}

async fn refusal(response: Response) -> RestError {
    let status = response.status();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let header = header.and_then(|seconds| seconds.parse::<f64>().ok());
    let duration = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    match decode::<Refusal>(response).await {
        Ok(Refusal { code, message, retry_after }) => {
            let retry_after = retry_after.or(header).and_then(duration);
            RestError::Refused { status, code, message, retry_after }
        }
        Err(_) => RestError::NotDiscord { status, retry_after: header.and_then(duration) },
    }
}
