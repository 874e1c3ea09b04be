//! The same search and creation in a terminal, the checks, and what keeps the database.

mod keeping;
mod words;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::SERVER;
use serde_json::json;

pub use self::keeping::{backup, export, move_database};
use crate::app::AppError;
use crate::check::{self, Level, Places};
use crate::config::Config;
use crate::connect::{Connect, Settings, body, http_client};
use crate::correlation::CorrelationId;
use crate::discord::messages::refusals;
use crate::discord_api::rest::Rest;
use crate::group::{Guid, RemoteGroup};
use crate::http::NAME;
use crate::ldapgroup::{Created, Error, LdapGroups, Refusal};
use crate::metrics::Metrics;
use crate::proxy::Proxies;
use crate::text::{escape_invisible, group_table, innermost, plain, shorten};

/// Docker and Kubernetes give a probe up after as long, or sooner.
const HEALTHCHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// What `/livez` says is a line or two. Of another program's longer page nothing is shown.
const MAX_VERDICT: usize = 64 * 1024;

/// So much of another program's page is shown, in UTF-16 units.
const MAX_LINE: usize = 100;

/// How a command in the terminal ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// As wanted.
    Done,
    /// Connect has the group already.
    InUse,
    /// Not as wanted.
    Failed,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Prints the LDAP groups whose names begin with `prefix`, in alphabetical order, as a table or as
/// JSON.
///
/// # Errors
///
/// When the output can't be written.
pub async fn search(settings: Settings, prefix: &str, format: Format) -> io::Result<Outcome> {
    let id = CorrelationId::new();
    let found = match connect(settings) {
        Ok(groups) => groups.search(None, prefix, id).await,
        Err(error) => return failed(&error.to_string()),
    };
    let search = match found {
        Ok(search) => search,
        Err(stop) => return stopped(&stop, id, format),
    };
    let mut groups: Vec<_> = search.groups.iter().collect();
    groups.sort_by_cached_key(|group| (group.name.folded(), group.name.to_string()));
    let mut out = io::stdout().lock();
    if format == Format::Json {
        let found = |group: &&RemoteGroup| json!({ "name": group.name, "guid": group.guid });
        let groups: Vec<_> = groups.iter().map(found).collect();
        writeln!(out, "{}", json!({ "groups": groups, "truncated": !search.is_whole() }))?;
        return Ok(Outcome::Done);
    }
    let names: Vec<_> = groups.iter().map(|group| escape_invisible(group.name.as_str())).collect();
    let guids = groups.iter().map(|group| group.guid.as_ref().map(Guid::as_str));
    write!(out, "{}", group_table(&names, guids))?;
    if groups.is_empty() {
        let prefix = escape_invisible(prefix);
        writeln!(io::stderr(), "No LDAP group's name begins with {prefix}. Try fewer letters.")?;
    } else if !search.is_whole() {
        let most = groups.len();
        writeln!(
            io::stderr(),
            "Connect lists at most {most} groups for one prefix: there may be more. Try more letters."
        )?;
    }
    Ok(Outcome::Done)
}

/// Creates the Connect group of the LDAP group called `name` and prints its guid.
///
/// # Errors
///
/// When the output can't be written.
pub async fn create(settings: Settings, name: &str, format: Format) -> io::Result<Outcome> {
    let id = CorrelationId::new();
    let created = match connect(settings) {
        Ok(groups) => groups.create(name, id).await,
        Err(error) => return failed(&error.to_string()),
    };
    match created {
        Ok(Created { name, guid, .. }) => {
            tracing::info!(
                target: "audit",
                action = "created",
                group = %escape_invisible(name.as_str()),
                %guid,
                origin = "terminal",
                correlation_id = %id,
                "created"
            );
            let mut out = io::stdout().lock();
            match format {
                Format::Text => writeln!(out, "{guid}")?,
                Format::Json => writeln!(out, "{}", json!({ "name": name, "guid": guid }))?,
            }
            Ok(Outcome::Done)
        }
        Err(stop) => stopped(&stop, id, format),
    }
}

/// Prints what [`mod@check`] finds at Discord, at Connect and about the database, a line each.
///
/// # Errors
///
/// When the output can't be written.
pub async fn check(config: Config) -> io::Result<Outcome> {
    let mut out = io::stdout();
    writeln!(out, "ok    the configuration is complete")?;
    for finding in check::settings(&config) {
        writeln!(out, "{finding}")?;
    }
    let metrics = Arc::new(Metrics::new());
    let clients = http_client(Vec::new(), &config.discord.proxies).and_then(|http| {
        Ok((Connect::new(config.connect.clone(), &http, Arc::clone(&metrics))?, http))
    });
    let (connect, http) = match clients {
        Ok(clients) => clients,
        Err(error) => return failed(&AppError::from(error).to_string()),
    };
    let (api, token) = (config.discord.api.clone(), &config.discord.token);
    let rest = Rest::new(http, api, token, metrics);
    let places = Places {
        policy: &config.policy,
        requests: config.requests.channel,
        public_key: config.discord.public_key.as_ref(),
        lookups: check::LOOKUPS,
    };
    let (discord, connect, (database, clock)) = tokio::join!(
        check::discord(&rest, places, Some(&config.discord)),
        check::connect(&connect, CorrelationId::new()),
        async {
            let database = check::database(&config.database_url).await;
            let has_copies = config.discord.public_key.is_some();
            (database, if has_copies { check::clock(&config.database_url).await } else { None })
        }
    );
    let mut outcome = Outcome::Done;
    for finding in discord.into_iter().chain(connect).chain([database]).chain(clock) {
        writeln!(out, "{finding}")?;
        if finding.level == Level::Fail {
            outcome = Outcome::Failed;
        }
    }
    Ok(outcome)
}

/// Asks the bot that serves at `address` whether it lives, and prints why not.
///
/// # Errors
///
/// When the output can't be written.
pub async fn healthcheck(address: Option<SocketAddr>) -> io::Result<Outcome> {
    let Some(mut address) = address.filter(|address| address.port() != 0) else {
        return failed(
            "HTTP_ADDR names no address that could be asked: it is off, or its port is 0",
        );
    };
    // Whoever serves on every address serves on this machine's own.
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    let answer = async {
        let http = http_client(Vec::new(), &Proxies::default())?;
        let url = format!("http://{address}/livez");
        let response = http.get(url).timeout(HEALTHCHECK_TIMEOUT).send().await?;
        let is_ours = response.headers().get(SERVER).is_some_and(|name| name == NAME);
        let (status, body) = (response.status(), body(response, MAX_VERDICT).await?);
        Ok::<_, reqwest::Error>((is_ours, status, body.unwrap_or_default()))
    };
    match answer.await {
        Ok((true, status, _)) if status.is_success() => Ok(Outcome::Done),
        Ok((true, _, reasons)) => failed(String::from_utf8_lossy(&reasons).trim_end()),
        Ok((false, status, page)) => failed(&format!(
            "something else than the bot answers at {address} ({status}{}): name an address in \
             HTTP_ADDR that is free",
            beginning_of(&page)
        )),
        Err(error) => failed(&format!("nothing answers at {address}: {}", innermost(&error))),
    }
}

/// The first line of somebody else's page that has anything in it, as far as it can be shown.
fn beginning_of(page: &[u8]) -> String {
    let page = String::from_utf8_lossy(page);
    match page.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!(", {}", shorten(&escape_invisible(line), MAX_LINE)),
        None => String::new(),
    }
}

fn connect(settings: Settings) -> Result<LdapGroups, AppError> {
    let http = http_client(Vec::new(), &settings.proxies)?;
    let connect = Connect::new(settings, &http, Arc::new(Metrics::new()))?;
    Ok(LdapGroups::new(connect, Duration::ZERO))
}

/// Prints why something failed.
///
/// # Errors
///
/// When the output can't be written.
pub fn failed(text: &str) -> io::Result<Outcome> {
    writeln!(io::stderr(), "{text}")?;
    Ok(Outcome::Failed)
}

fn stopped(stop: &Error, id: CorrelationId, format: Format) -> io::Result<Outcome> {
    let (text, code, guid) = match stop {
        Error::Refused(refusal) => {
            let guid = match refusal {
                Refusal::InUse { guid, .. } => guid.as_ref(),
                Refusal::InOtherCase { guid, .. } => Some(guid),
                _ => None,
            };
            (plain(&refusals::in_terminal(refusal)), words::code_of_refusal(refusal).into(), guid)
        }
        Error::Failed(error, side_effect) => {
            (words::failure(error, *side_effect), words::code_of_failure(error), None)
        }
    };
    let mut err = io::stderr().lock();
    match format {
        Format::Text => writeln!(err, "{text}")?,
        Format::Json => {
            let id = id.to_string();
            let error = json!({ "error": text, "code": code, "guid": guid, "correlation_id": id });
            writeln!(err, "{error}")?;
        }
    }
    if let (Error::Failed(..), Format::Text) = (stop, format) {
        writeln!(err, "Correlation id: {id}")?;
    }
    Ok(if code == words::IN_USE { Outcome::InUse } else { Outcome::Failed })
}
