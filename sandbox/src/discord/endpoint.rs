//! Interactions over HTTP: where an application has an Interactions Endpoint URL, they go there and
//! not to the gateway.
//! <https://discord.com/developers/docs/interactions/overview#configuring-an-interactions-endpoint-url>

use std::{
    collections::HashMap,
    io,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use openssl::{
    pkey::{PKey, Private},
    sign::Signer,
};
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use serde_json::{Value, json};
use tokio::{spawn, time::sleep};

use super::{
    APPLICATION, Change, Discord, Route, Shared, State, callback,
    check::Problems,
    description::Operation,
    payloads::token,
    replies::Refusal,
    rest::Call,
    world::{object, snowflake},
};

/// A request to the Interactions Endpoint URL. Whoever has one can send it again, or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// An interaction in JSON.
    pub body: String,
    /// `X-Signature-Timestamp`: seconds since 1970 began.
    pub timestamp: String,
    /// `X-Signature-Ed25519`: the signature of timestamp and body, in hex.
    pub signature: String,
}

/// What the Interactions Endpoint URL responded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointResponse {
    /// The status.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The body.
    pub body: String,
}

impl EndpointResponse {
    /// The body of a response that holds an answer; null for any other. Discord wants its type said:
    /// <https://github.com/discord/discord-interactions-js/issues/14>
    fn json(&self) -> Value {
        let kind = self.content_type.as_deref().unwrap_or_default();
        let is_answer = self.status == 200 && kind.starts_with("application/json");
        let body = is_answer.then(|| serde_json::from_str(&self.body).ok());
        body.flatten().unwrap_or_default()
    }
}

/// The setting, and what went there.
#[derive(Default)]
pub(super) struct Endpoint {
    pub(super) url: Option<String>,
    /// Whether interactions wait until they are delivered one by one.
    held: bool,
    /// Whether what is sent gets lost on its way.
    pub(super) is_cut: bool,
    deliveries: HashMap<u64, SignedRequest>,
}

/// Makes Discord's requests to endpoints.
pub(super) struct Sender {
    key: PKey<Private>,
    /// How long a response may take.
    within: Duration,
    client: OnceLock<Client>,
}

impl Sender {
    /// With a new key pair.
    pub(super) fn new(within: Duration) -> io::Result<Self> {
        Ok(Self { key: PKey::generate_ed25519()?, within, client: OnceLock::new() })
    }

    /// Made when it is first needed: it reads the system's certificates, which takes a while.
    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let client = Client::builder()
                .user_agent("Discord-Interactions/1.0 (+https://discord.com)")
                .timeout(self.within)
                .redirect(Policy::none())
                .no_proxy();
            client.build().expect("the system's certificates can be read")
        })
    }

    pub(super) fn public_key(&self) -> String {
        hex(&self.key.raw_public_key().expect("an Ed25519 key has a public half"))
    }

    fn sign(&self, body: String, age: Duration) -> SignedRequest {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = now.saturating_sub(age).as_secs().to_string();
        let signed = Signer::new_without_digest(&self.key).and_then(|mut signer| {
            signer.sign_oneshot_to_vec(&[&timestamp, &*body].map(str::as_bytes).concat())
        });
        let signature = hex(&signed.expect("an Ed25519 key signs anything"));
        SignedRequest { body, timestamp, signature }
    }

    /// A PING with the signature of another one.
    fn wrongly_signed(&self) -> SignedRequest {
        SignedRequest { body: ping(), ..self.sign(ping(), Duration::ZERO) }
    }

    /// Sends once. `None` if there is no response in time.
    async fn send(&self, url: &str, request: &SignedRequest) -> Option<EndpointResponse> {
        let sent = self
            .client()
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("X-Signature-Ed25519", &request.signature)
            .header("X-Signature-Timestamp", &request.timestamp)
            .body(request.body.clone());
        let response = sent.send().await.ok()?;
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let content_type = content_type.map(str::to_owned);
        Some(EndpointResponse { status, content_type, body: response.text().await.ok()? })
    }

    /// Asks an address whether it answers PING and refuses a wrong signature; why it can't be kept if
    /// it doesn't.
    async fn verify(&self, url: &str) -> Result<(), String> {
        let parsed = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        let is_here = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if parsed.scheme() != "https" && !is_here {
            return Err(format!("{url}: only https is taken, or http on loopback"));
        }
        let pong = self.send(url, &self.sign(ping(), Duration::ZERO)).await;
        if pong.as_ref().map(EndpointResponse::json).unwrap_or_default()["type"] != 1 {
            return Err(format!("{url}: PING got {pong:?}, not 200 with {{\"type\": 1}} in JSON"));
        }
        match self.send(url, &self.wrongly_signed()).await {
            Some(EndpointResponse { status: 401, .. }) => Ok(()),
            other => Err(format!("{url}: a wrong signature got {other:?}, not 401")),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

/// Discord's own user greets. A callback can't answer it, only the response can:
/// <https://github.com/discord/discord-api-docs/issues/7311>
fn ping() -> String {
    let own = json!({
        "id": snowflake().to_string(),
        "application_id": APPLICATION.to_string(),
        "token": token(),
        "user": object("discord", json!({})),
    });
    object("ping", own).to_string()
}

/// Asks the address that a `PATCH /applications/@me` names, before it is kept.
pub(super) async fn verify(call: &mut Call<'_>) -> Result<(), Refusal> {
    const FIELD: &str = "interactions_endpoint_url";
    if let Some(url) = call.body[FIELD].as_str()
        && let Err(why) = call.shared.sender.verify(url).await
    {
        call.problems.refuse(FIELD, "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID");
        call.problems.careless(why);
    }
    Refusal::check(call.problems)
}

/// Sends an interaction to the endpoint. `false` if there is none.
pub(super) fn dispatch(shared: &Arc<Shared>, state: &mut State, id: u64, payload: &Value) -> bool {
    let Some(url) = state.endpoint.url.clone() else {
        return false;
    };
    let request = shared.sender.sign(payload.to_string(), Duration::ZERO);
    state.endpoint.deliveries.insert(id, request.clone());
    if !(state.endpoint.held || state.endpoint.is_cut) {
        let shared = Arc::clone(shared);
        spawn(async move { deliver(&shared, id, &url, &request).await });
    }
    true
}

/// Sends an interaction, and makes the response its first answer.
async fn deliver(
    shared: &Shared,
    id: u64,
    url: &str,
    request: &SignedRequest,
) -> Option<EndpointResponse> {
    let response = shared.sender.send(url, request).await?;
    sleep(shared.options.takes_responses_after).await;
    let mut problems = Problems::default();
    let taken = take(shared, id, &response, &mut problems);
    let mut state = shared.lock();
    for sentence in problems.sentences() {
        state.violations.push(format!("endpoint: {sentence}"));
    }
    if let Some(interaction) = state.interaction_mut(id).filter(|found| found.first.is_none()) {
        interaction.failed = taken.is_err();
    }
    Some(response)
}

/// Takes a response as a callback is taken. With 202 a callback is to come, or came.
/// <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback>
fn take(
    shared: &Shared,
    id: u64,
    response: &EndpointResponse,
    problems: &mut Problems,
) -> Result<(), Refusal> {
    if response.status == 202 && response.body.is_empty() {
        return Ok(());
    }
    let body = response.json();
    if body.is_null() {
        problems.careless(format!(
            "{response:?} is neither 200 with a callback in application/json nor 202 without a body"
        ));
        return Err(Refusal::NOT_JSON);
    }
    let kind = callback::to_be_answered(shared, id).inspect_err(|_| {
        problems.careless("a response with an answer after a callback, or too late");
    })?;
    Operation::find(Route::Callback).check(&body, problems);
    Refusal::check(problems)?;
    callback::check(problems, shared, (id, kind), &body);
    Refusal::check(problems)?;
    callback::carry_out(shared, id, &body)
}

impl Discord {
    /// The application's public key, in hex: Ed25519, new with every start.
    pub fn public_key(&self) -> String {
        self.shared().sender.public_key()
    }

    /// Sets the application's `interactions_endpoint_url` without asking the address, or clears it.
    /// While one is set the gateway brings no interactions.
    pub fn set_interactions_endpoint(&self, url: Option<String>) {
        let mut state = self.shared().lock();
        state.tell(if url.is_some() { Change::Ready } else { Change::Disconnected });
        state.endpoint.url = url;
        drop(state);
        self.shared().touch();
    }

    /// Sets the address as the application's page and `PATCH /applications/@me` do: a PING must get
    /// PONG from it, and one with a wrong signature 401. Discord takes https only; here http does on
    /// loopback too.
    ///
    /// # Errors
    ///
    /// What the address did instead. What was set before stays.
    pub async fn verify_interactions_endpoint(&self, url: &str) -> Result<(), String> {
        self.shared().sender.verify(url).await?;
        self.set_interactions_endpoint(Some(url.to_owned()));
        Ok(())
    }

    /// Does one of Discord's "automated, routine security checks": a PING with a wrong signature. If
    /// the response isn't 401, the address is cleared.
    ///
    /// # Panics
    ///
    /// If no address is set.
    pub async fn check_interactions_endpoint(&self) -> Option<EndpointResponse> {
        let response = self.send(&self.shared().sender.wrongly_signed()).await;
        if response.as_ref().is_none_or(|response| response.status != 401) {
            self.set_interactions_endpoint(None);
        }
        response
    }

    /// Lets interactions wait for [`Self::deliver`], while their clocks run.
    pub fn hold_deliveries(&self, hold: bool) {
        self.shared().lock().endpoint.held = hold;
    }

    /// Lets what is sent from now on get lost on its way to the address, or arrive.
    pub fn cut_deliveries(&self, is_cut: bool) {
        self.shared().lock().endpoint.is_cut = is_cut;
        self.shared().touch();
    }

    /// The request that brings this interaction to the address, sent already or held.
    ///
    /// # Panics
    ///
    /// If the interaction didn't go there.
    pub fn delivery(&self, interaction: u64) -> SignedRequest {
        let delivery = self.shared().lock().endpoint.deliveries.get(&interaction).cloned();
        delivery.expect("the interaction goes to an Interactions Endpoint URL")
    }

    /// Delivers a held interaction; its response counts. `None` if there was none in time.
    ///
    /// # Panics
    ///
    /// If no address is set, or the interaction didn't go there.
    pub async fn deliver(&self, interaction: u64) -> Option<EndpointResponse> {
        let (url, request) = (self.endpoint_url(), self.delivery(interaction));
        deliver(self.shared(), interaction, &url, &request).await
    }

    /// Signs a body as Discord did so long ago.
    pub fn sign(&self, body: &str, age: Duration) -> SignedRequest {
        self.shared().sender.sign(body.to_owned(), age)
    }

    /// Sends a request as anybody can: again, late, forged. Nothing is made of the response; `None`
    /// if there was none in time.
    ///
    /// # Panics
    ///
    /// If no address is set.
    pub async fn send(&self, request: &SignedRequest) -> Option<EndpointResponse> {
        self.shared().sender.send(&self.endpoint_url(), request).await
    }

    fn endpoint_url(&self) -> String {
        self.shared().lock().endpoint.url.clone().expect("an Interactions Endpoint URL is set")
    }
}
