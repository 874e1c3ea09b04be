//! The REST interface: records, checks and answers every request.

use std::sync::Arc;

use axum::{
    Router,
    body::to_bytes,
    extract::{self, ConnectInfo},
    http::{HeaderMap, header, request::Parts},
    response::Response,
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use super::{
    Shared, channels,
    check::Problems,
    facts, faults,
    faults::Fault,
    interactions,
    lines::{Door, Line},
    replies::{Answer, Refusal},
    routes::Route,
    webhooks,
    world::{bot_user, roles},
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

/// Answers requests until the task is aborted.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let door = Door { listener, shared: Arc::clone(&shared) };
    let handler = move |ConnectInfo(line): ConnectInfo<Line>, request: extract::Request| {
        let shared = Arc::clone(&shared);
        async move { handle(&shared, &line, request).await }
    };
    let service = Router::new().fallback(handler).into_make_service_with_connect_info::<Line>();
    // It ends only with the task.
    drop(axum::serve(door, service).await);
}

/// The longest body that Discord takes without files.
const LONGEST_BODY: usize = 8 << 20;

async fn handle(shared: &Shared, line: &Line, request: extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let below = parts.uri.path().strip_prefix("/api/v10/").unwrap_or("");
    let steps: Vec<_> = below.split('/').collect();
    let route = Route::find(parts.method.as_str(), &steps);
    let (index, fault, taken) = {
        let mut state = shared.lock();
        state.requests.push(record(&parts, route, body.clone()));
        let taken = state.quota.take(route, below, Instant::now());
        // Who is refused meets nothing else.
        let fault = taken.as_ref().ok().and_then(|_| state.faults.take(route));
        (state.requests.len() - 1, fault, taken)
    };
    shared.touch();
    if let Some(Fault::Slow(wait)) = fault {
        sleep(wait).await;
    }
    let headers = match taken {
        Ok(headers) => headers,
        Err(refusal) => return finish(shared, index, refusal),
    };
    let mut answer = match fault.as_ref().map(|fault| (fault, faults::answer(fault))) {
        Some((_, Some(answer))) => answer,
        Some((Fault::Cut, None)) => {
            line.cut();
            return Response::default();
        }
        Some((_, None)) | None => checked(shared, route, &parts, &steps, &body),
    };
    if !answer.html {
        answer.headers.extend(headers);
    }
    shared.lock().quota.answered(answer.status, Instant::now());
    shared.touch();
    if fault == Some(Fault::LostAnswer) {
        line.cut();
        return Response::default();
    }
    finish(shared, index, answer)
}

fn finish(shared: &Shared, index: usize, answer: Answer) -> Response {
    shared.lock().requests[index].status = Some(answer.status);
    shared.touch();
    answer.respond()
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

/// Answers the request and records what is wrong with it.
fn checked(
    shared: &Shared,
    route: Option<Route>,
    parts: &Parts,
    steps: &[&str],
    body: &str,
) -> Answer {
    let mut problems = Problems::default();
    let answer =
        answer(shared, route, parts, steps, body, &mut problems).unwrap_or_else(Refusal::answer);
    // An interaction's token would fill the line.
    let path: Vec<_> = steps.iter().map(|step| if step.len() > 60 { "…" } else { step }).collect();
    let path = path.join("/");
    let mut state = shared.lock();
    for sentence in problems.sentences() {
        state.violations.push(format!("{} /{path}: {sentence}", parts.method));
    }
    answer
}

fn answer(
    shared: &Shared,
    route: Option<Route>,
    parts: &Parts,
    steps: &[&str],
    body: &str,
    problems: &mut Problems,
) -> Result<Answer, Refusal> {
    let Some(route) = route else {
        problems.careless(format!("there is no such route: {}", parts.uri.path()));
        return Err(Refusal::UNKNOWN_ROUTE);
    };
    authorize(shared, route, &parts.headers)?;
    query(route, parts.uri.query().unwrap_or_default(), problems)?;
    let body = parse(route, &parts.headers, body, problems)?;
    #[cfg(feature = "openapi")]
    shared.hold_against_description(parts, body.as_ref(), problems);
    let body = body.unwrap_or_default();
    dispatch(shared, route, steps, parts, &body, problems)
}

impl Shared {
    /// Records every difference between the request and Discord's description of its interface.
    #[cfg(feature = "openapi")]
    fn hold_against_description(
        &self,
        parts: &Parts,
        body: Option<&Value>,
        problems: &mut Problems,
    ) {
        let Some(description) = &self.description else {
            return;
        };
        let path = parts.uri.path();
        let found = description.check(crate::openapi::Call {
            method: parts.method.as_str(),
            path: path.strip_prefix("/api/v10").unwrap_or(path),
            query: parts.uri.query().unwrap_or_default(),
            body,
        });
        for problem in found {
            problems.careless(problem);
        }
    }
}

fn authorize(shared: &Shared, route: Route, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = text(headers, header::AUTHORIZATION);
    let free = route.is_by_interaction_token() || (route == Route::Gateway && given.is_none());
    let right = given == Some(&format!("Bot {}", shared.token)) && !shared.lock().token_refused;
    if free || right { Ok(()) } else { Err(Refusal::UNAUTHORIZED) }
}

fn query(route: Route, query: &str, problems: &mut Problems) -> Result<(), Refusal> {
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let fits = match name {
            "thread_id" => value.parse::<u64>().is_ok(),
            _ => matches!(value, "true" | "false"),
        };
        if !route.query().contains(&name) {
            problems.refuse(name, "UNKNOWN_PARAMETER", "Discord doesn't document this parameter.");
        } else if !fits {
            problems.refuse(name, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
        }
    }
    Refusal::check(problems)
}

fn parse(
    route: Route,
    headers: &HeaderMap,
    body: &str,
    problems: &mut Problems,
) -> Result<Option<Value>, Refusal> {
    // Without one like this, Cloudflare answers in Discord's place:
    // https://discord.com/developers/docs/reference#user-agent
    if !text(headers, header::USER_AGENT).is_some_and(|agent| agent.starts_with("DiscordBot (")) {
        problems.careless("User-Agent isn't `DiscordBot (url, version)`");
    }
    if !route.has_body() {
        if !body.is_empty() {
            problems.careless("a body where Discord takes none");
        }
        return Ok(None);
    }
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    if !kind.starts_with("application/json") {
        problems.careless(format!("Content-Type is {kind:?}, not application/json"));
    }
    serde_json::from_str(body).map(Some).map_err(|error| {
        problems.careless(format!("the body isn't JSON: {error}"));
        Refusal::NOT_JSON
    })
}

fn dispatch(
    shared: &Shared,
    route: Route,
    steps: &[&str],
    parts: &Parts,
    body: &Value,
    problems: &mut Problems,
) -> Result<Answer, Refusal> {
    let step = |index: usize| steps.get(index).copied().unwrap_or_default();
    match route {
        Route::Gateway => Ok(Answer::json(200, json!({"url": shared.gateway_url}))),
        Route::GatewayBot => Ok(Answer::json(200, facts::gateway_bot(shared))),
        Route::Application => Ok(Answer::json(200, facts::application(shared))),
        Route::CurrentUser => Ok(Answer::json(200, bot_user())),
        Route::Guild => {
            let guild = facts::guild(step(1))?;
            Ok(Answer::json(200, facts::guild_json(guild, &shared.lock().grants)))
        }
        Route::GuildRoles => {
            let guild = facts::guild(step(1))?;
            Ok(Answer::json(200, roles(guild, &shared.lock().grants)))
        }
        Route::GuildMember => facts::member(shared, step(1), step(3)),
        Route::Channel => channels::show(shared, step(1)),
        Route::SetCommands => facts::set_commands(shared, problems, (step(1), step(3)), body),
        Route::Callback => {
            let resource = parts.uri.query() == Some("with_response=true");
            interactions::callback(shared, problems, (step(1), step(2)), body, resource)
        }
        Route::GetOriginal => webhooks::get_original(shared, (step(1), step(2))),
        Route::EditOriginal => webhooks::edit_original(shared, problems, (step(1), step(2)), body),
        Route::DeleteOriginal => webhooks::delete_original(shared, (step(1), step(2))),
        Route::FollowUp => webhooks::follow_up(shared, problems, (step(1), step(2)), body),
        Route::EditFollowUp => webhooks::edit(shared, problems, (step(1), step(2)), step(4), body),
        Route::DeleteFollowUp => webhooks::delete(shared, (step(1), step(2)), step(4)),
        Route::CreateMessage => channels::create(shared, problems, step(1), body),
        Route::GetMessage => channels::get(shared, step(1), step(3)),
        Route::EditMessage => channels::edit(shared, problems, (step(1), step(3)), body),
        Route::DeleteMessage => channels::delete(shared, step(1), step(3)),
    }
}
