//! The REST interface: records, checks and answers every request.

use std::{future::pending, sync::Arc};

use axum::{
    Extension, Router,
    body::to_bytes,
    extract::{self, RawPathParams, State},
    http::{HeaderMap, Method, Uri, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};
use tower::ServiceExt;

use super::{
    Fault, Route, Shared,
    check::Problems,
    description::{self, Operation, Parameter},
    endpoint, faults,
    replies::{Answer, Refusal},
    routes::{Row, TABLE},
};
use crate::{
    faults::take,
    server::{Cut, accept, http},
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// The path, from `/api/v10` on.
    pub path: String,
    /// What follows `?`; empty if nothing does.
    pub query: String,
    /// The route, if the stand-in knows it.
    pub route: Option<Route>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body.
    pub body: String,
    /// The status of the answer; `None` while there is none, or for ever if the connection was cut.
    pub status: Option<u16>,
}

/// A call of a known route, on its way to its answer.
pub(super) struct Call<'c> {
    pub(super) shared: &'c Shared,
    pub(super) problems: &'c mut Problems,
    operation: &'static Operation,
    params: Vec<(String, String)>,
    query: Vec<(String, String)>,
    /// As it came; [`Self::body`] checks it.
    pub(super) body: Value,
}

impl Call<'_> {
    /// The path's parameter of this name, decoded.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The id in the path's parameter of this name.
    pub(super) fn id(&self, name: &str) -> u64 {
        self.param(name).parse().unwrap_or_default()
    }

    /// Is the query's parameter of this name true?
    pub(super) fn is_set(&self, name: &str) -> bool {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.is_some_and(|(_, value)| matches!(value.as_str(), "true" | "True" | "1"))
    }

    /// The body, if it is as Discord describes it and these further rules want it.
    pub(super) fn body(
        &mut self,
        rules: impl FnOnce(&mut Problems, &Value),
    ) -> Result<Value, Refusal> {
        self.operation.check(&self.body, self.problems);
        // What isn't of the right types can't be held against further rules.
        Refusal::check(self.problems)?;
        rules(self.problems, &self.body);
        Refusal::check(self.problems)?;
        Ok(self.body.take())
    }
}

/// Answers requests until the task is aborted.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = TABLE.iter().fold(Router::new(), |router, row| {
        let method = on(filter(row.method), known).layer(Extension(row));
        router.route(&format!("/api/v10{}", row.path), method)
    });
    let router = description::others().iter().fold(router, |router, (path, method)| {
        router.route(&format!("/api/v10{path}"), on(filter(method), unknown))
    });
    let router = router.fallback(unknown).method_not_allowed_fallback(wrong_method);
    let router = router.with_state(shared);
    accept(listener, None, pending(), move |stream| {
        let router = router.clone();
        http(stream, move |request| respond(router.clone(), request))
    })
    .await;
}

fn filter(method: &str) -> MethodFilter {
    let method = Method::from_bytes(method.as_bytes()).map(MethodFilter::try_from);
    method.expect("a method's name").expect("a method that axum knows")
}

async fn respond(router: Router, mut request: hyper::Request<Incoming>) -> Result<Response, Cut> {
    // Some libraries write `%40original` for `@original`.
    if let Ok(plain) = request.uri().to_string().replace("%40", "@").parse::<Uri>() {
        *request.uri_mut() = plain;
    }
    let Ok(response) = router.oneshot(request).await;
    match response.extensions().get() {
        Some(cut) => Err(*cut),
        None => Ok(response),
    }
}

async fn known(
    State(shared): State<Arc<Shared>>,
    Extension(row): Extension<&'static Row>,
    params: RawPathParams,
    request: extract::Request,
) -> Response {
    let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    handle(&shared, Ok((row, params)), request).await
}

async fn unknown(State(shared): State<Arc<Shared>>, request: extract::Request) -> Response {
    handle(&shared, Err(Refusal::UNKNOWN_ROUTE), request).await
}

async fn wrong_method(State(shared): State<Arc<Shared>>, request: extract::Request) -> Response {
    handle(&shared, Err(Refusal::WRONG_METHOD), request).await
}

/// The route of a request with its path's parameters, or why it has none.
type Target = Result<(&'static Row, Vec<(String, String)>), Refusal>;

/// The longest body that Discord takes without files.
const LONGEST_BODY: usize = 8 << 20;

async fn handle(shared: &Arc<Shared>, target: Target, request: extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let row = target.as_ref().ok().map(|(row, _)| *row);
    let route = row.map(|row| row.route);
    let (index, fault, taken) = {
        let mut state = shared.lock();
        state.requests.push(record(&parts, route, body.clone()));
        let taken = state.quota.take(row, below(&parts), Instant::now());
        // Who is refused meets nothing else.
        let fault = taken
            .as_ref()
            .ok()
            .and_then(|_| take(&mut state.faults, |of| of.is_none() || *of == route));
        (state.requests.len() - 1, fault, taken)
    };
    shared.touch();
    let headers = match taken {
        Ok(headers) => headers,
        Err(refusal) => return finish(shared, index, refusal),
    };
    if let Some(Fault::Slow(wait)) = fault {
        sleep(wait).await;
    }
    let mut answer = match fault.as_ref().map(|fault| (fault, faults::answer(fault))) {
        Some((_, Some(answer))) => answer,
        Some((Fault::Cut, None)) => return Extension(Cut).into_response(),
        Some((Fault::Flood { status, length }, None)) => {
            return faults::flood(shared, *status, *length);
        }
        Some((_, None)) | None => checked(shared, target, &parts, &body).await,
    };
    if !answer.html && answer.status != 429 {
        answer.headers.extend(headers);
    }
    shared.lock().quota.answered(answer.status, Instant::now());
    shared.touch();
    if fault == Some(Fault::LostAnswer) {
        return Extension(Cut).into_response();
    }
    finish(shared, index, answer)
}

fn finish(shared: &Shared, index: usize, answer: Answer) -> Response {
    shared.lock().requests[index].status = Some(answer.status);
    shared.touch();
    answer.respond()
}

/// The path below the version.
fn below(parts: &Parts) -> &str {
    let path = parts.uri.path();
    path.strip_prefix("/api/v10/").unwrap_or(path)
}

fn record(parts: &Parts, route: Option<Route>, body: String) -> Request {
    Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        route,
        authorization: text(&parts.headers, header::AUTHORIZATION).map(str::to_owned),
        body,
        status: None,
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Answers the request and records what is wrong with it, or with the answer.
async fn checked(shared: &Shared, target: Target, parts: &Parts, body: &str) -> Answer {
    let mut problems = Problems::default();
    let answered = match target {
        Ok(target) => answer(shared, target, (parts, body), &mut problems).await,
        Err(refusal) => {
            problems.careless(format!("there is no such route: {}", parts.uri.path()));
            Err(refusal)
        }
    };
    // An interaction's token would fill the line.
    let steps = below(parts).split('/').map(|step| if step.len() > 60 { "…" } else { step });
    let path = steps.collect::<Vec<_>>().join("/");
    let mut state = shared.lock();
    for sentence in problems.sentences() {
        state.violations.push(format!("{} /{path}: {sentence}", parts.method));
    }
    answered.unwrap_or_else(Refusal::answer)
}

async fn answer(
    shared: &Shared,
    (row, params): (&Row, Vec<(String, String)>),
    (parts, body): (&Parts, &str),
    problems: &mut Problems,
) -> Result<Answer, Refusal> {
    let operation = Operation::find(row.route);
    let query = parts.uri.query().unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut call = Call { shared, problems, operation, params, query, body: Value::Null };
    call.read(parts, body)?;
    if row.route == Route::EditApplication {
        // Of all routes this one calls somebody before it answers.
        endpoint::verify(&mut call).await?;
    }
    let answer = (row.answer)(&mut call)?;
    for wrong in operation.check_answer(answer.status, answer.body.as_ref()) {
        call.problems.careless(format!("the stand-in's answer: {wrong}"));
    }
    Ok(answer)
}

impl Call<'_> {
    /// Checks all that doesn't depend on what the route does, and takes the body in.
    fn read(&mut self, parts: &Parts, body: &str) -> Result<(), Refusal> {
        self.authorize(&parts.headers)?;
        self.check_parameters()?;
        // Without one like this, Cloudflare answers in Discord's place:
        // https://discord.com/developers/docs/reference#user-agent
        let agent = text(&parts.headers, header::USER_AGENT);
        if !agent.is_some_and(|agent| agent.starts_with("DiscordBot (")) {
            self.problems.careless("User-Agent isn't `DiscordBot (url, version)`");
        }
        if !self.operation.takes_body() {
            if !body.is_empty() {
                self.problems.careless("a body where Discord takes none");
            }
            return Ok(());
        }
        let kind = text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default();
        let is_json = kind.starts_with("application/json");
        self.problems.ensure(is_json, "", "CONTENT_TYPE_INVALID");
        Refusal::check(self.problems)?;
        self.body = serde_json::from_str(body).map_err(|error| {
            self.problems.careless(format!("the body isn't JSON: {error}"));
            Refusal::NOT_JSON
        })?;
        Ok(())
    }

    fn authorize(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let given = text(headers, header::AUTHORIZATION);
        let is_by_path = self.params.iter().any(|(name, _)| name.ends_with("_token"));
        let free = !self.operation.needs_token() && (is_by_path || given.is_none());
        let right = given == Some(&format!("Bot {}", self.shared.token));
        let right = right && !self.shared.lock().token_refused;
        if free || right { Ok(()) } else { Err(Refusal::UNAUTHORIZED) }
    }

    /// Checks the path's and the query's parameters.
    fn check_parameters(&mut self) -> Result<(), Refusal> {
        let path = self.params.iter().map(|param| ("path", param));
        let query = self.query.iter().map(|param| ("query", param));
        for (place, (name, value)) in path.chain(query) {
            match self.operation.parameter(place, name) {
                None => self.problems.careless(format!("Discord doesn't document ?{name}")),
                Some(Parameter::Id) if value.parse::<u64>().is_err() => {
                    let sentence = format!("Value \"{value}\" is not snowflake.");
                    self.problems.refuse_saying(name, "NUMBER_TYPE_COERCE", sentence);
                }
                Some(Parameter::Boolean) => {
                    let is_one = BOOLEANS.contains(&value.as_str());
                    self.problems.ensure(is_one, name, "BOOLEAN_TYPE_CONVERT");
                }
                Some(Parameter::Id | Parameter::Text) => {}
            }
        }
        Refusal::check(self.problems)
    }
}

/// <https://discord.com/developers/docs/reference#boolean-query-strings>
const BOOLEANS: [&str; 6] = ["true", "false", "True", "False", "1", "0"];
