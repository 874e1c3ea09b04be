//! The same search and creation in a terminal, and the checks.

use std::io::{self, Write};

use serde_json::json;

use crate::check::{self, Level, Places};
use crate::config::Config;
use crate::connect::{Connect, Settings, http_client};
use crate::correlation::CorrelationId;
use crate::discord::messages::{failures, refusals};
use crate::discord_api::rest::Rest;
use crate::group::Guid;
use crate::ldapgroup::{Error, LdapGroups, Refusal};
use crate::requests::{Cause, Failure};
use crate::text::{escape_invisible, group_table};

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

/// Prints the LDAP groups whose names begin with `prefix`, as a table or as JSON.
///
/// # Errors
///
/// When the output can't be written.
pub async fn search(settings: Settings, prefix: &str, format: Format) -> io::Result<Outcome> {
    let (groups, id) = match groups(settings) {
        Ok(groups) => (groups, CorrelationId::new()),
        Err(error) => return failed(&error.to_string()),
    };
    let search = match groups.search(None, prefix, id).await {
        Ok(search) => search,
        Err(stop) => return stopped(stop, id, format),
    };
    let mut out = io::stdout().lock();
    match format {
        Format::Json => {
            let groups: Vec<_> = search
                .groups
                .iter()
                .map(|group| json!({ "name": group.name, "guid": group.guid }))
                .collect();
            writeln!(out, "{}", json!({ "groups": groups, "truncated": !search.is_whole() }))?;
        }
        Format::Text => {
            let names: Vec<_> =
                search.groups.iter().map(|group| escape_invisible(group.name.as_str())).collect();
            let guids = search.groups.iter().map(|group| group.guid.as_ref().map(Guid::as_str));
            write!(out, "{}", group_table(&names, guids))?;
            if !search.is_whole() {
                writeln!(
                    io::stderr(),
                    "Connect lists at most {} groups for one prefix: there may be more.",
                    search.groups.len()
                )?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// Creates the Connect group of the LDAP group called `name` and prints its guid.
///
/// # Errors
///
/// When the output can't be written.
pub async fn create(settings: Settings, name: &str, format: Format) -> io::Result<Outcome> {
    let (groups, id) = match groups(settings) {
        Ok(groups) => (groups, CorrelationId::new()),
        Err(error) => return failed(&error.to_string()),
    };
    match groups.create(name, id).await {
        Ok(created) => {
            let mut out = io::stdout().lock();
            match format {
                Format::Text => writeln!(out, "{}", created.guid)?,
                Format::Json => {
                    let created = json!({ "name": created.name, "guid": created.guid });
                    writeln!(out, "{created}")?;
                }
            }
            Ok(Outcome::Done)
        }
        Err(stop) => stopped(stop, id, format),
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
    if let Some(proxy) = check::proxy(&config) {
        writeln!(out, "{proxy}")?;
    }
    let http = match http_client(Vec::new(), &config.discord.proxies) {
        Ok(http) => http,
        Err(error) => return failed(&error.to_string()),
    };
    let rest = Rest::new(http.clone(), config.discord.api.clone(), &config.discord.token);
    let connect = match Connect::new(config.connect.clone(), &http) {
        Ok(connect) => connect,
        Err(error) => return failed(&error.to_string()),
    };
    let places = Places { policy: &config.policy, requests: config.requests.channel };
    let (discord, connect, database) = tokio::join!(
        check::discord(&rest, places, Some(&config.discord)),
        check::connect(&connect, CorrelationId::new()),
        check::database(&config.database_url)
    );
    let mut outcome = Outcome::Done;
    for finding in discord.into_iter().chain(connect).chain([database]) {
        writeln!(out, "{finding}")?;
        if finding.level == Level::Fail {
            outcome = Outcome::Failed;
        }
    }
    Ok(outcome)
}

fn groups(settings: Settings) -> Result<LdapGroups, reqwest::Error> {
    let http = http_client(Vec::new(), &settings.proxies)?;
    let connect = Connect::new(settings, &http)?;
    Ok(LdapGroups::new(connect, std::time::Duration::ZERO))
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

fn stopped(stop: Error, id: CorrelationId, format: Format) -> io::Result<Outcome> {
    let (text, outcome, guid) = match stop {
        Error::Refused(refusal) => {
            let text = refusals::in_terminal(&refusal);
            match refusal {
                Refusal::InUse { guid, .. } => (text, Outcome::InUse, guid),
                _ => (text, Outcome::Failed, None),
            }
        }
        Error::Failed(error, side_effect) => {
            let failure = Failure { cause: Cause::Connect(error), side_effect };
            let (words, chain) = (failures::words(&failure), failure.chain());
            (format!("{words}\n{chain}\nCorrelation id: {id}"), Outcome::Failed, None)
        }
    };
    let mut err = io::stderr().lock();
    match format {
        Format::Text => writeln!(err, "{text}")?,
        Format::Json => writeln!(err, "{}", json!({ "error": text, "guid": guid }))?,
    }
    Ok(outcome)
}
