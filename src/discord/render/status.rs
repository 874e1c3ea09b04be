//! How the bot and what it depends on are: a line each.

use std::time::{Duration, SystemTime};

use super::cards::{groups_in_list, link, stamp};
use super::{Reply, listed_span, reference, short_span, what_failed};
use crate::connect::{ApiKey, CorrelationId, KeyInUse, LdapSearch, Role, ServerSettings};
use crate::ldapgroup::Fault;
use crate::store::Overview;
use crate::text::count;

/// What was found out, or why it wasn't.
#[derive(Debug)]
pub(in crate::discord) struct Health {
    /// When the bot was started.
    pub(in crate::discord) started: SystemTime,
    /// When it was asked.
    pub(in crate::discord) now: SystemTime,
    /// What Connect says about itself, and how long it took to say so.
    pub(in crate::discord) server: Result<(ServerSettings, Duration), Fault>,
    /// What Connect says about the API key.
    pub(in crate::discord) key: Result<KeyInUse, Fault>,
    /// How long Discord took to answer the latest heartbeat, if it did yet.
    pub(in crate::discord) gateway: Option<Duration>,
    /// The requests.
    pub(in crate::discord) overview: Result<Overview, Fault>,
}

impl Health {
    /// What couldn't be found out.
    pub(in crate::discord) fn faults(&self) -> impl Iterator<Item = &Fault> {
        let faults =
            [self.server.as_ref().err(), self.key.as_ref().err(), self.overview.as_ref().err()];
        faults.into_iter().flatten()
    }
}

/// How everything is, for admins.
#[must_use]
pub(in crate::discord) fn status(health: &Health, id: CorrelationId) -> Reply {
    let mut lines = vec![
        format!(
            "**ldapgroup-bot {}**, started {}",
            env!("CARGO_PKG_VERSION"),
            stamp(health.started, 'R')
        ),
        format!("**Connect**: {}", server(&health.server)),
        format!("**API key**: {}", key(health)),
        format!("**Discord**: {}", gateway(health.gateway)),
        format!("**Requests**: {}", requests(&health.overview)),
        format!("**Database**: {}", database(&health.overview)),
    ];
    if health.faults().next().is_some() {
        lines.push(reference(id));
    }
    Reply::private(lines.join("\n"))
}

fn failed(fault: &Fault) -> String {
    what_failed(&fault.trouble).into_owned()
}

fn server(server: &Result<(ServerSettings, Duration), Fault>) -> String {
    let (settings, took) = match server {
        Ok(known) => known,
        Err(fault) => return failed(fault),
    };
    let version = settings.version.as_deref().filter(|version| !version.is_empty());
    let version = version.map_or_else(
        || "its version is hidden".to_owned(),
        |version| format!("version {}", short_span(version)),
    );
    let search = match settings.ldap_search() {
        LdapSearch::On => "LDAP search is on".to_owned(),
        LdapSearch::Off => {
            "LDAP search is **off**: an administrator of Connect must set up LDAP groups".to_owned()
        }
        LdapSearch::OtherProvider(provider) => format!(
            "its users come from {}, **not LDAP**: the bot has nothing to search there",
            short_span(provider)
        ),
        LdapSearch::Unsaid => "whether LDAP search is on it doesn't say".to_owned(),
    };
    format!("{version}; it answered in {} ms; {search}", took.as_millis())
}

fn key(health: &Health) -> String {
    let in_use = match (&health.key, &health.server) {
        (Ok(in_use), _) => in_use,
        (Err(_), Err(_)) => return "not known as long as Connect doesn't answer".to_owned(),
        (Err(fault), Ok(_)) => return failed(fault),
    };
    let (owner, role) = (&in_use.owner, in_use.role(health.now));
    let who = format!("of {}, {}", listed_span(&owner.username), owner.user_role.somebody());
    if owner.locked {
        return format!(
            "{who}, whom Connect has **locked**: set `CONNECT_API_KEY` to another administrator's"
        );
    }
    let limited = if role < owner.user_role {
        format!(", but the key itself has the role {}", role.word())
    } else {
        String::new()
    };
    let deficit = match role {
        Role::Administrator => "",
        Role::Publisher => ": it can search, but creating needs an administrator's key",
        Role::Unknown => ": if creating fails, use an administrator's key",
        Role::Viewer => ": it can neither search nor create, which needs an administrator's key",
    };
    format!("{who}{limited}{deficit}; {}", expiry(in_use, health.now))
}

fn expiry(in_use: &KeyInUse, now: SystemTime) -> String {
    if in_use.keys.is_err() {
        return "when it expires Connect doesn't say".to_owned();
    }
    match *in_use.candidates(now) {
        [] => "when it expires Connect doesn't say".to_owned(),
        [ApiKey { expires_at: None, .. }, ..] => "it doesn't expire".to_owned(),
        [ApiKey { expires_at: Some(at), .. }] => format!("it expires {}", stamp(*at, 'R')),
        [ApiKey { expires_at: Some(at), name, .. }, ..] => format!(
            "it is one of {}, of which {} expires {}",
            count(in_use.candidates(now).len(), "key"),
            short_span(name),
            stamp(*at, 'R')
        ),
    }
}

fn gateway(latency: Option<Duration>) -> String {
    match latency {
        Some(took) => format!("the gateway answers in {} ms", took.as_millis()),
        None => "connected; how fast the gateway answers isn't measured yet".to_owned(),
    }
}

fn requests(overview: &Result<Overview, Fault>) -> String {
    let Ok(overview) = overview else {
        return "not known as long as the database fails".to_owned();
    };
    let Some(oldest) = &overview.oldest else { return "none is open".to_owned() };
    let number = link(oldest)
        .map_or_else(|| oldest.id.to_string(), |link| format!("[{}]({link})", oldest.id));
    let made = stamp(oldest.made, 'R');
    let name = groups_in_list(oldest);
    match overview.open {
        1 => format!("1 is open: request {number} for {name}, made {made}"),
        open => format!("{open} are open; the oldest is request {number} for {name}, made {made}"),
    }
}

fn database(overview: &Result<Overview, Fault>) -> String {
    match overview {
        Ok(Overview { latest: Some(number), .. }) => {
            format!("it answers; the latest request in it is number {number}")
        }
        Ok(Overview { latest: None, .. }) => "it answers, and holds no request yet".to_owned(),
        Err(fault) => failed(fault),
    }
}
