//! Posit Connect's API, as far as LDAP groups need it.
//!
//! The facts are from Connect's published API reference (2021 to 2026.06). Errors are told apart
//! by the code in Connect's answer, never by HTTP status or text.

mod about;
mod address;
mod condition;
mod derive;
mod error;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use futures_util::future::{BoxFuture, FutureExt, Shared, WeakShared};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub(crate) use self::about::{ApiKey, KeyInUse, KeyOwner, LdapSearch, Role, ServerSettings};
pub(crate) use self::address::api_base;
pub(crate) use self::error::{Code, ConnectError};
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Guid, Prefix, RemoteGroup, SEARCH_LIMIT, TempTicket};
use crate::metrics::Metrics;
use crate::proof::Proof;
use crate::proxy::Proxies;
use crate::text::shorten;

/// Connect keeps a caller's id, writes it to its own log and answers with it.
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// No further try of a search begins later than this after the first. With [`Settings::timeout`]
/// for the last try it bounds how long anyone waits.
const RETRY_BUDGET: Duration = Duration::from_secs(10);

/// Connections are kept open for the next search, but not for longer than servers usually do.
const KEEP_ALIVE: Duration = Duration::from_mins(1);

/// So many calls are made at once, whoever they are for; others wait, and go in the order in which they
/// came.
const AT_ONCE: usize = 32;

/// Connect's words about an error are kept up to this many UTF-16 units.
const MAX_WORDS: usize = 500;

/// A longer answer isn't Connect's: 500 of the longest names with tickets have 10 MB.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// An answer that says it is longer gets its memory as it comes.
const MAX_BELIEVED: usize = 1024 * 1024;

/// How to reach a Connect server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The base of its API, from [`api_base`].
    pub api: Url,
    /// An administrator's API key.
    pub key: SecretString,
    /// Certificates to trust beside the system's.
    pub authorities: Vec<Certificate>,
    /// The longest that one call may take.
    pub timeout: Duration,
    /// The way to it.
    pub proxies: Proxies,
}

/// A group that Connect has.
#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    /// Its id.
    pub guid: Guid,
    /// Its name.
    pub name: GroupName,
}

#[derive(Deserialize)]
struct Page<T> {
    results: Vec<T>,
}

#[derive(Deserialize)]
struct Refusal {
    code: u32,
    error: String,
}

type SearchResult = Result<Arc<[RemoteGroup]>, Arc<ConnectError>>;
type SharedSearch = Shared<BoxFuture<'static, SearchResult>>;
type SearchUnderWay = (WeakShared<BoxFuture<'static, SearchResult>>, CorrelationId);

/// What is searched for to see whether a search works: no group is likely to be called so, so that
/// Connect makes no ticket.
const TRIAL: [(&str, &str); 2] = [("prefix", "ldapgroup-bot"), ("limit", "1")];

/// A Connect server. Cheap to clone; clones share connections.
#[derive(Clone)]
pub(crate) struct Connect {
    inner: Arc<Inner>,
    metrics: Arc<Metrics>,
    timeout: Duration,
    proof: Proof,
}

struct Inner {
    http: Client,
    api: Url,
    key: HeaderValue,
    /// Searches under way, so that identical ones share one call. Weak: a search that nobody waits
    /// for any more is given up.
    searches: Mutex<HashMap<Prefix, SearchUnderWay>>,
    /// The places of calls under way.
    places: Semaphore,
}

impl Connect {
    /// A client for the server of `settings`. Uses `shared` for its connections, unless the server
    /// wants certificates that nobody else should be trusted by.
    ///
    /// # Errors
    ///
    /// When the HTTP client refuses a certificate.
    pub(crate) fn new(
        settings: Settings,
        shared: &Client,
        metrics: Arc<Metrics>,
    ) -> Result<Self, reqwest::Error> {
        let http = if settings.authorities.is_empty() {
            shared.clone()
        } else {
            http_client(settings.authorities, &settings.proxies)?
        };
        let mut key = HeaderValue::try_from(format!("Key {}", settings.key.expose_secret()))
            .unwrap_or(HeaderValue::from_static("Key"));
        key.set_sensitive(true);
        let (searches, places) = (Mutex::default(), Semaphore::new(AT_ONCE));
        let inner = Inner { http, api: settings.api, key, searches, places };
        let (inner, timeout, proof) = (Arc::new(inner), settings.timeout, Proof::for_good());
        Ok(Self { inner, metrics, timeout, proof })
    }

    /// The same server, of which nothing is asked any more once this doesn't hold: a call is never sent
    /// then.
    pub(crate) fn only_while(self, proof: Proof) -> Self {
        Self { proof, ..self }
    }

    /// Where calls are counted.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The same server, for somebody who waits for no call longer than this.
    pub(crate) fn within(&self, longest: Duration) -> Self {
        Self { timeout: self.timeout.min(longest), ..self.clone() }
    }

    /// The groups of LDAP, and those that Connect has without it, whose names begin with `prefix`,
    /// whatever the case, the most similar first.
    /// At most [`SEARCH_LIMIT`]: there may be more if there are that many.
    ///
    /// What passes by itself is tried again for about ten seconds. Identical searches under way at
    /// the same time share one call.
    ///
    /// # Errors
    ///
    /// When Connect or something on the way to it failed.
    pub(crate) async fn search(&self, prefix: &Prefix, id: CorrelationId) -> SearchResult {
        let (search, call) = {
            let mut searches = self.inner.searches.lock().unwrap_or_else(PoisonError::into_inner);
            let known = searches.get(prefix);
            if let Some(known) = known.and_then(|(weak, call)| Some((weak.upgrade()?, *call))) {
                known
            } else {
                let search = self.shared_search(prefix.clone(), id);
                if let Some(weak) = search.downgrade() {
                    searches.retain(|_, (other, _)| other.upgrade().is_some());
                    searches.insert(prefix.clone(), (weak, id));
                }
                (search, id)
            }
        };
        if call != id {
            tracing::info!(%call, "shares a search under way; Connect knows it by that id");
        }
        search.await
    }

    /// As [`Connect::search`], but never by a call that began earlier: for looking at what has
    /// changed.
    ///
    /// # Errors
    ///
    /// When Connect or something on the way to it failed.
    pub(crate) async fn search_afresh(&self, prefix: &Prefix, id: CorrelationId) -> SearchResult {
        let hits = self.search_with_retries(prefix, id).await;
        hits.map(Arc::from).map_err(Arc::new)
    }

    fn shared_search(&self, prefix: Prefix, id: CorrelationId) -> SharedSearch {
        let connect = self.clone();
        async move {
            let hits = connect.search_afresh(&prefix, id).await;
            let mut searches =
                connect.inner.searches.lock().unwrap_or_else(PoisonError::into_inner);
            searches.remove(&prefix);
            hits
        }
        .boxed()
        .shared()
    }

    async fn search_with_retries(
        &self,
        prefix: &Prefix,
        id: CorrelationId,
    ) -> Result<Vec<RemoteGroup>, ConnectError> {
        let limit = SEARCH_LIMIT.to_string();
        let query = [("prefix", prefix.as_str()), ("limit", &limit)];
        let page: Page<RemoteGroup> =
            self.get_with_retries(("search", "v1/groups/remote"), &query, id).await?;
        Ok(page.results)
    }

    /// Creates the group of a search's hit, and answers with its id. Sent once, whatever happens.
    ///
    /// # Errors
    ///
    /// When Connect refused or failed. If [`ConnectError::leaves_open`], the group may exist all the same:
    /// look before doing it again.
    pub(crate) async fn create_group(
        &self,
        ticket: &TempTicket,
        id: CorrelationId,
    ) -> Result<Group, ConnectError> {
        let body = json!({ "temp_ticket": ticket.expose() });
        self.send("create", self.request(Method::PUT, "v1/groups", &[], id).json(&body)).await
    }

    /// The group that Connect has under `name`, whatever the case; one that agrees in case wins.
    ///
    /// Looks at the first 500 groups that begin with the name: before 2025.04.0 Connect ignored
    /// the page number of a search by prefix, so that a loop over pages would never end.
    ///
    /// # Errors
    ///
    /// When Connect or something on the way to it failed.
    pub(crate) async fn group_named(
        &self,
        name: &GroupName,
        id: CorrelationId,
    ) -> Result<Option<Group>, ConnectError> {
        let query = [("prefix", name.as_str()), ("page_number", "1"), ("page_size", "500")];
        let page: Page<Group> = self.get_with_retries(("groups", "v1/groups"), &query, id).await?;
        let mut groups = page.results;
        let at = groups
            .iter()
            .position(|group| group.name == *name)
            .or_else(|| groups.iter().position(|group| group.name.is_same_folded(name.as_str())));
        Ok(at.map(|at| groups.swap_remove(at)))
    }

    /// Who the API key belongs to.
    ///
    /// # Errors
    ///
    /// When Connect or something on the way to it failed, or the key isn't accepted.
    pub(crate) async fn key_owner(&self, id: CorrelationId) -> Result<KeyOwner, ConnectError> {
        self.send("user", self.request(Method::GET, "v1/user", &[], id)).await
    }

    /// The API keys of a user.
    ///
    /// # Errors
    ///
    /// When Connect or something on the way to it failed, or the server is too old to list keys.
    pub(crate) async fn keys_of(
        &self,
        user: &Guid,
        id: CorrelationId,
    ) -> Result<Vec<ApiKey>, ConnectError> {
        let path = format!("v1/users/{user}/keys");
        self.send("keys", self.request(Method::GET, &path, &[], id)).await
    }

    /// What can be learnt about the API key in use.
    ///
    /// # Errors
    ///
    /// As [`Connect::key_owner`].
    pub(crate) async fn key_in_use(&self, id: CorrelationId) -> Result<KeyInUse, ConnectError> {
        let owner = self.key_owner(id).await?;
        let keys = self.keys_of(&owner.guid, id).await;
        Ok(KeyInUse { owner, keys })
    }

    /// Whether LDAP groups can be searched: asked once, and no ticket is read. Too many hits are hits.
    ///
    /// # Errors
    ///
    /// When they can't be.
    pub(crate) async fn try_search(&self, id: CorrelationId) -> Result<(), ConnectError> {
        let search = self.request(Method::GET, "v1/groups/remote", &TRIAL, id);
        match self.send::<Page<IgnoredAny>>("search", search).await {
            Err(error) if error.code() != Some(Code::TooManyResults) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// What the server says about itself.
    ///
    /// # Errors
    ///
    /// When Connect or something on the way to it failed.
    pub(crate) async fn server_settings(
        &self,
        id: CorrelationId,
    ) -> Result<ServerSettings, ConnectError> {
        self.send("settings", self.request(Method::GET, "server_settings", &[], id)).await
    }

    /// Reads, and tries again while the failure is one that passes.
    async fn get_with_retries<T: DeserializeOwned>(
        &self,
        (endpoint, path): (&'static str, &str),
        query: &[(&str, &str)],
        id: CorrelationId,
    ) -> Result<T, ConnectError> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(4))
            .without_max_times()
            .with_jitter();
        let begun = Instant::now();
        (|| self.send(endpoint, self.request(Method::GET, path, query, id)))
            .retry(pauses)
            .when(ConnectError::is_transient)
            .adjust(|error, pause| {
                let pause = pause?.max(error.retry_after().unwrap_or_default());
                (begun.elapsed().saturating_add(pause) <= RETRY_BUDGET).then_some(pause)
            })
            .notify(|error, pause| {
                self.metrics.retried_connect();
                tracing::debug!(error = error.chain(), ?pause, "trying Connect again");
            })
            .await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        id: CorrelationId,
    ) -> RequestBuilder {
        let mut url = self.inner.api.clone();
        url.set_path(&format!("{}{path}", self.inner.api.path()));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.inner
            .http
            .request(method, url)
            .timeout(self.timeout)
            .header(AUTHORIZATION, self.inner.key.clone())
            .header(CORRELATION_ID, id.to_string())
    }

    /// Sends a call once, as soon as there is room for it. `endpoint` names it in the log and among the
    /// metrics.
    async fn send<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        request: RequestBuilder,
    ) -> Result<T, ConnectError> {
        let place = timeout(self.timeout, self.inner.places.acquire()).await;
        let begun = Instant::now();
        let lost = |error| ConnectError::from_client(error, self.timeout);
        let result = match place {
            Ok(_place) => match self.proof.while_it_holds(request.send()).await {
                Ok(response) => read(response, lost).await,
                Err(error) => Err(lost(error)),
            },
            Err(_) => Err(ConnectError::Crowded(self.timeout)),
        };
        let (error, took) = (result.as_ref().err(), begun.elapsed());
        self.metrics.called_connect(
            endpoint,
            &error.map_or("ok".into(), ConnectError::label),
            took,
        );
        condition::note(&self.metrics.troubles, endpoint, error);
        let error = error.map(tracing::field::display);
        tracing::debug!(call = endpoint, ?took, error, "asked Connect");
        result
    }
}

/// What Connect has answered; `lost` makes something of an answer that breaks off.
async fn read<T: DeserializeOwned>(
    response: Response,
    lost: impl FnOnce(reqwest::Error) -> ConnectError,
) -> Result<T, ConnectError> {
    let status = response.status();
    let content_type = content_type(&response);
    let retry_after = retry_after(response.headers());
    let Some(body) = body(response, MAX_BODY).await.map_err(lost)? else {
        return Err(ConnectError::NotConnect { status, content_type, retry_after });
    };
    let is_json = content_type.as_deref().is_some_and(|kind| kind.contains("json"));
    if status.is_success() && is_json {
        return serde_json::from_slice(&body).map_err(ConnectError::Unreadable);
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) if !status.is_success() => Err(ConnectError::Refused {
            code: refusal.code.into(),
            text: shorten(&refusal.error, MAX_WORDS).into_owned(),
            status,
            retry_after,
        }),
        _ => Err(ConnectError::NotConnect { status, content_type, retry_after }),
    }
}

/// An HTTP client that keeps connections alive, follows no redirect (a redirect of an API call
/// leads to a login page), trusts `authorities` beside the system's, and goes through `proxies`.
///
/// # Errors
///
/// When the TLS library refuses a certificate or can't be set up.
pub(crate) fn http_client(
    authorities: Vec<Certificate>,
    proxies: &Proxies,
) -> Result<Client, reqwest::Error> {
    // Without this reqwest would read the environment itself, and send the key through a proxy in
    // plain.
    let direct = Client::builder().no_proxy();
    let client = match proxies.for_client() {
        Some(proxy) => direct.proxy(proxy),
        None => direct,
    };
    client
        .user_agent(concat!("ldapgroup-bot/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .pool_idle_timeout(KEEP_ALIVE)
        .tls_certs_merge(authorities)
        .build()
}

/// The whole body, unless it has more than `max` bytes: then the connection is closed. The call's own
/// time limit holds for the body, too.
///
/// # Errors
///
/// When the connection broke, or the time was over.
pub(crate) async fn body(
    mut response: Response,
    max: usize,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let announced = response.content_length().and_then(|bytes| usize::try_from(bytes).ok());
    let mut body = Vec::with_capacity(announced.unwrap_or_default().min(MAX_BELIEVED));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn content_type(response: &Response) -> Option<String> {
    response.headers().get(CONTENT_TYPE)?.to_str().ok().map(str::to_owned)
}

/// Seconds or a date, as <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after> has it. A date that
/// has passed is no wait.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let after = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(after).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}
