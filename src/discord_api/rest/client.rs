//! The client: how a call is sent, and for how long it is tried.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serenity::all::CommandId;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::buckets::{Buckets, Route, Scope, Turn};
use super::error::{RestError, bounded};
use crate::connect::body;
use crate::ids::GuildId;
use crate::metrics::Metrics;
use crate::proof::Proof;

/// What Discord asks bots to call themselves.
const AGENT: HeaderValue = HeaderValue::from_static(concat!(
    "DiscordBot (ldapgroup-bot, ",
    env!("CARGO_PKG_VERSION"),
    ")"
));

/// One try of one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// No further try of a call begins later than this after the first.
const RETRIED_WITHIN: Duration = Duration::from_mins(1);

/// So many first answers go at once. Each has a connection while it does, and of a thousand connections
/// that are made at once most aren't there in time. If Discord takes 45 ms for one, these are 2000 in 3 s.
const FIRST_ANSWERS: usize = 32;

/// A longer answer isn't Discord's: those that are read are a message, a channel, or the 250 roles that
/// a server may have, each of half a kilobyte.
const MAX_BODY: usize = 1024 * 1024;

/// Where sessions of the gateway begin, and how many.
/// <https://discord.com/developers/docs/events/gateway#get-gateway-bot>
#[derive(Debug, Deserialize)]
pub(crate) struct Gateway {
    /// Its address.
    pub(crate) url: String,
    /// How many sessions may begin. Discord always says so; a proxy may not.
    pub(crate) session_start_limit: Option<SessionStartLimit>,
}

/// How many sessions may begin. Who begins more loses the token.
#[derive(Debug, Deserialize)]
pub(crate) struct SessionStartLimit {
    /// In a day.
    pub(crate) total: u64,
    /// From now on, until the day is over.
    pub(crate) remaining: u64,
    /// Until then, in milliseconds.
    pub(crate) reset_after: u64,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: u64,
    message: String,
    retry_after: Option<f64>,
}

/// A call as it is sent.
pub(super) struct Call<'c, B: ?Sized> {
    method: Method,
    /// The path below the version. It may hold an interaction's token.
    path: &'c str,
    body: Option<&'c B>,
    timeout: Duration,
}

impl<'c, B: ?Sized> Call<'c, B> {
    pub(super) fn new(method: Method, path: &'c str, body: Option<&'c B>) -> Self {
        Self { method, path, body, timeout: CALL_TIMEOUT }
    }

    pub(super) fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

/// Discord's REST API.
pub(crate) struct Rest {
    http: Client,
    base: Url,
    authorization: HeaderValue,
    pub(super) buckets: Buckets,
    /// The places of first answers under way.
    pub(super) first_answers: Semaphore,
    /// What Discord calls the bot's command in each server where it is registered.
    pub(super) commands: Mutex<HashMap<GuildId, CommandId>>,
    pub(crate) metrics: Arc<Metrics>,
    proof: Proof,
}

impl Rest {
    /// A client for Discord at `base` (`https://discord.com`) with the bot's token.
    pub(crate) fn new(
        http: Client,
        mut base: Url,
        token: &SecretString,
        metrics: Arc<Metrics>,
    ) -> Self {
        let path = format!("{}/api/v10/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        let mut authorization = HeaderValue::try_from(format!("Bot {}", token.expose_secret()))
            .unwrap_or(HeaderValue::from_static("Bot"));
        authorization.set_sensitive(true);
        let first_answers = Semaphore::new(FIRST_ANSWERS);
        let (buckets, commands) = (Buckets::new(), Mutex::default());
        let proof = Proof::for_good();
        Self { http, base, authorization, buckets, first_answers, commands, metrics, proof }
    }

    /// The same client, which says nothing any more once this doesn't hold: a call is never sent then.
    pub(crate) fn only_while(self, proof: Proof) -> Self {
        Self { proof, ..self }
    }

    /// Where sessions of the gateway begin, and how many may. serenity would dial its own default when
    /// Discord doesn't say; the bot doesn't.
    pub(crate) async fn get_gateway_bot(&self) -> Result<Gateway, RestError> {
        self.get(Route::Gateway, "gateway/bot").await
    }

    pub(super) async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        route: Route,
        path: &str,
    ) -> Result<T, RestError> {
        let call = Call::new(Method::GET, path, None::<&()>);
        decode(self.send(route, &call, Instant::now() + CALL_TIMEOUT).await?).await
    }

    pub(super) async fn send_with_retry<B: Serialize + ?Sized>(
        &self,
        route: Route,
        call: &Call<'_, B>,
    ) -> Result<Response, RestError> {
        let deadline = Instant::now() + RETRIED_WITHIN;
        (|| self.send(route, call, deadline))
            .retry(ExponentialBuilder::default().with_jitter().without_max_times())
            .when(RestError::is_transient)
            .adjust(|error, pause| {
                error.pause(pause).filter(|pause| Instant::now() + *pause <= deadline)
            })
            .await
    }

    /// Sends a call once, as soon as Discord takes it, if that is before `deadline`.
    pub(super) async fn send<B: Serialize + ?Sized>(
        &self,
        route: Route,
        call: &Call<'_, B>,
        deadline: Instant,
    ) -> Result<Response, RestError> {
        let turn = self.buckets.turn(route, deadline).await?;
        self.send_now(Some(&turn), call).await
    }

    /// Sends a call at once. Whatever Discord says about the number of calls is heeded from then on.
    pub(super) async fn send_now<B: Serialize + ?Sized>(
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
        let sent = self.proof.while_it_holds(request.send()).await;
        let response = sent.map_err(lost).inspect_err(|_| {
            self.metrics.called_discord("none");
        })?;
        self.metrics.called_discord(response.status().as_str());
        if let Some(turn) = turn {
            turn.learn(response.headers());
        }
        if response.status().is_success() {
            return Ok(response);
        }
        let is_global = response.headers().contains_key("x-ratelimit-global");
        let error = refusal(response).await;
        if let Some(wait) = error.limit() {
            let scope = match &error {
                RestError::NotDiscord { .. } => "address",
                _ if is_global => "global",
                _ => "route",
            };
            self.metrics.limited(scope);
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

pub(super) async fn decode<T: for<'de> Deserialize<'de>>(
    response: Response,
) -> Result<T, RestError> {
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
