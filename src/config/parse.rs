//! The values of variables: what is accepted, and what a person is told who got one wrong.
//!
//! No problem repeats the value: it may be a secret in the wrong place.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use reqwest::{Certificate, Url};
use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::environment::unreadable;
use super::{LogFormat, SECOND, YEAR};
use crate::discord_api::signature::PublicKey;
use crate::requests::AdminCreates;

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

type Parsed<T> = Result<T, String>;

fn problem<T>(text: impl fmt::Display) -> Parsed<T> {
    Err(text.to_string())
}

/// What is sent in a header: printable ASCII without spaces.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn token(text: &str) -> Parsed<SecretString> {
    let token = text.strip_prefix("Bot ").unwrap_or(text);
    if is_plain(token) {
        Ok(SecretString::new(token.to_owned()))
    } else {
        problem("isn't a token; copy it from the application's page Bot")
    }
}

pub(super) fn api_key(text: &str) -> Parsed<SecretString> {
    let key = text.strip_prefix("Key ").unwrap_or(text);
    if is_plain(key) {
        Ok(SecretString::new(key.to_owned()))
    } else {
        problem("isn't an API key; create one in Connect, under your name, API Keys")
    }
}

pub(super) fn id<T: FromStr>(text: &str) -> Parsed<T> {
    text.parse().or_else(|_| {
        problem(
            "must be an id of Discord's, a long number: turn on Developer Mode in Discord's \
             settings (Advanced), then right-click and choose Copy Server ID, Copy Role ID and the \
             like",
        )
    })
}

/// Ids, separated by commas; what is named twice counts once.
pub(super) fn ids<T: FromStr + PartialEq>(text: &str) -> Parsed<Vec<T>> {
    let mut ids = Vec::new();
    for text in text.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let id = id(text).map_err(|problem| format!("{problem}. Separate several by commas"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.is_empty() { problem("holds no id") } else { Ok(ids) }
}

pub(super) fn yes_or_no(text: &str) -> Parsed<bool> {
    text.to_lowercase().parse().or_else(|_| problem("must be true or false"))
}

pub(super) fn admin_creates(text: &str) -> Parsed<AdminCreates> {
    match text {
        "direct" => Ok(AdminCreates::Direct),
        "approval" => Ok(AdminCreates::Approval),
        _ => problem("must be direct or approval"),
    }
}

pub(super) fn max_open(text: &str) -> Parsed<u32> {
    match text.parse() {
        Ok(number @ 1..=1000) => Ok(number),
        Ok(_) | Err(_) => problem("must be a number from 1 to 1000"),
    }
}

/// A duration from `least` to `most`, as humantime reads it.
pub(super) fn duration(text: &str, least: Duration, most: Duration) -> Parsed<Duration> {
    match humantime::parse_duration(text) {
        Ok(duration) if (least..=most).contains(&duration) => Ok(duration),
        Ok(_) => problem(format_args!("must be from {} to {}", limit(least), limit(most))),
        Err(_) => problem("isn't a duration, as in 90s, 10m or 72h"),
    }
}

/// A limit as people write it: humantime's years and months aren't whole days.
fn limit(limit: Duration) -> String {
    match limit.as_secs() / DAY {
        days if days > 1 && limit.as_secs().is_multiple_of(DAY) => format!("{days}days"),
        _ => humantime::format_duration(limit).to_string(),
    }
}

/// A duration, or `0` for never.
pub(super) fn or_never(text: &str) -> Parsed<Option<Duration>> {
    match text {
        "0" => Ok(None),
        _ => duration(text, SECOND, YEAR)
            .map(Some)
            .map_err(|problem| format!("{problem}; 0 is never")),
    }
}

/// What the address of a PostgreSQL may hold after its `?`, beside `options[…]`, as sqlx reads it: anything
/// else it would leave out, be it a mistyped `sslmode`.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

pub(super) fn database_url(text: &str) -> Parsed<SecretString> {
    let has_path = |scheme| text.strip_prefix(scheme).is_some_and(|path: &str| !path.is_empty());
    if has_path("sqlite://") {
        Ok(SecretString::new(text.to_owned()))
    } else if has_path("postgres://") || has_path("postgresql://") {
        let is_known = |key: &str| PARAMETERS.contains(&key) || key.starts_with("options[");
        let read = Url::parse(text).ok();
        if read.is_some_and(|url| !url.query_pairs().all(|(key, _)| is_known(&key))) {
            return problem(
                "has something after its ? that such addresses don't have; is it misspelt? sslmode, \
                 sslrootcert and options[search_path] are the usual ones",
            );
        }
        if PgConnectOptions::from_str(text).is_err() {
            return problem(
                "isn't an address of PostgreSQL, as in postgres://USER@HOST/DATABASE?sslmode=verify-full; \
                 in user and password write what is neither letter nor digit percent-encoded, as / by %2F",
            );
        }
        Ok(SecretString::new(text.to_owned()))
    } else {
        problem(
            "must be sqlite://PATH, as in sqlite:///var/lib/ldapgroup-bot/ldapgroup.db, or postgres://…",
        )
    }
}

pub(super) fn http_addr(text: &str) -> Parsed<Option<SocketAddr>> {
    match text {
        "off" => Ok(None),
        _ => text
            .parse()
            .map(Some)
            .or_else(|_| problem("must be an address with a port, as in 127.0.0.1:8080, or off")),
    }
}

pub(super) fn public_key(text: &str) -> Parsed<PublicKey> {
    text.parse().or_else(|_| {
        problem(
            "must be the public key of 64 hexadecimal digits on the application's page General \
             Information",
        )
    })
}

pub(super) fn discord_api(text: &str) -> Parsed<Url> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() => Ok(url),
        Ok(_) | Err(_) => problem("must be a web address, as in https://discord.com"),
    }
}

pub(super) fn authorities(path: &str) -> Parsed<Vec<Certificate>> {
    let bundle = std::fs::read(path).map_err(|error| unreadable(error.kind()).to_owned())?;
    match Certificate::from_pem_bundle(&bundle) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => problem(
            "names a file without certificates; they begin with -----BEGIN CERTIFICATE-----",
        ),
    }
}

pub(super) fn log_format(text: &str) -> Parsed<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => problem("must be text or json"),
    }
}

pub(super) fn log_filter(text: &str) -> Parsed<String> {
    // A lone word that is no level is read as the name of a part, of which then all is logged, and
    // nothing else.
    let says_something = |part: &str| {
        let is_ours = part.starts_with("ldapgroup_bot") || part.starts_with("audit");
        is_ours || part.contains(['=', '[']) || part.parse::<LevelFilter>().is_ok()
    };
    let is_filter =
        EnvFilter::try_new(text).is_ok() && text.split(',').map(str::trim).any(says_something);
    if is_filter {
        Ok(text.to_owned())
    } else {
        problem("isn't a filter, as in info, debug or info,ldapgroup_bot=debug")
    }
}
