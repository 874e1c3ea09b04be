//! What this Connect knows, and what each call does to it.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::{Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::call::{Call, Listing, Reading, Received};
use super::faults::{Fault, Route};
use super::{Group, Key, Options, Role, Seen};
use crate::discord::clock;
use crate::faults::{self, Faults};

/// Everything that changes while the stand-in runs.
pub(super) struct State {
    options: Options,
    /// What is shown of the key in use.
    key_end: String,
    user_guid: String,
    pub(super) entries: Vec<Entry>,
    pub(super) groups: Vec<Group>,
    pub(super) tickets: HashMap<String, Ticket>,
    pub(super) faults: Faults<Route, Fault>,
    pub(super) violations: Vec<String>,
    /// The requests since start or the last clearing, each with its number since start.
    pub(super) seen: Vec<(u64, Seen)>,
    arrivals: u64,
    /// Calls that have arrived and aren't answered yet, and the most of them that there were.
    pub(super) under_way: usize,
    pub(super) most_at_once: usize,
}

/// A group in LDAP. Two entries of one name are two groups.
pub(super) struct Entry {
    pub(super) name: String,
    /// The guid of the group that it became in Connect.
    pub(super) guid: Option<String>,
}

pub(super) struct Ticket {
    pub(super) name: String,
    /// The LDAP group; `None` for a group that Connect has and LDAP hasn't.
    entry: Option<usize>,
    pub(super) expires: Instant,
    used: bool,
}

/// A request that has arrived and, unless a fault forbade it, was carried out.
pub(super) struct Arrival {
    pub(super) number: u64,
    pub(super) fault: Option<Fault>,
    pub(super) answer: Answer,
}

impl State {
    pub(super) fn new(mut options: Options, key: &str) -> Self {
        let names = std::mem::take(&mut options.groups);
        let imported = std::mem::take(&mut options.imported);
        let mut state = Self {
            options,
            key_end: key[key.len().saturating_sub(4)..].to_owned(),
            user_guid: Uuid::new_v4().to_string(),
            entries: Vec::new(),
            groups: Vec::new(),
            tickets: HashMap::new(),
            faults: Vec::new(),
            violations: Vec::new(),
            seen: Vec::new(),
            arrivals: 0,
            under_way: 0,
            most_at_once: 0,
        };
        for name in &names {
            state.add_entry(name);
        }
        for name in &imported {
            state.import(name);
        }
        state
    }

    pub(super) fn add_entry(&mut self, name: &str) {
        self.entries.push(Entry { name: name.to_owned(), guid: None });
    }

    /// Makes the first LDAP entry of exactly this name a group, or finds the one that it is.
    pub(super) fn import(&mut self, name: &str) -> Option<String> {
        let at = self.entries.iter().position(|entry| entry.name == name)?;
        if let Some(guid) = &self.entries[at].guid {
            return Some(guid.clone());
        }
        let guid = self.add_group(name, true);
        self.entries[at].guid = Some(guid.clone());
        Some(guid)
    }

    pub(super) fn add_group(&mut self, name: &str, from_ldap: bool) -> String {
        let guid = Uuid::new_v4().to_string();
        self.groups.push(Group { guid: guid.clone(), name: name.to_owned(), from_ldap });
        guid
    }

    pub(super) fn remove_group(&mut self, name: &str) {
        self.groups.retain(|group| group.name != name);
        for entry in self.entries.iter_mut().filter(|entry| entry.name == name) {
            entry.guid = None;
        }
    }

    /// Writes the request down, carries it out unless a fault forbids it, and says how to answer.
    pub(super) fn arrive(&mut self, received: &Received, reading: Reading) -> Arrival {
        self.violations.extend(reading.violations);
        self.arrivals += 1;
        let seen = Seen {
            route: reading.route,
            method: received.method.clone(),
            path: reading.path,
            query: received.query.clone(),
            params: reading.params,
            correlation_id: received.header("x-correlation-id").to_owned(),
            body: String::from_utf8_lossy(&received.body).into_owned(),
            status: None,
            created: None,
        };
        let fault = faults::take(&mut self.faults, |route| route.covers(reading.route));
        let before = self.groups.len();
        let answer = self.answer(reading.call, fault);
        let created = self.groups.get(before).map(|group| group.guid.clone());
        self.seen.push((self.arrivals, Seen { created, ..seen }));
        Arrival { number: self.arrivals, fault, answer }
    }

    fn answer(&mut self, call: Result<Call, Answer>, fault: Option<Fault>) -> Answer {
        match fault {
            None | Some(Fault::Slow(_) | Fault::Hold | Fault::LostAnswer) => {
                call.map_or_else(|refused| refused, |call| self.carry_out(call))
            }
            Some(Fault::Html(status)) => Answer::html(status),
            Some(Fault::Error(code)) => Answer::error(code),
            Some(Fault::RateLimited { retry_after }) => Answer::rate_limited(retry_after),
            Some(Fault::Unavailable { back_in }) => Answer::unavailable(back_in),
            // Of a connection that is cut nobody reads an answer.
            Some(Fault::Garbage | Fault::Cut) => Answer::garbage(),
        }
    }

    fn carry_out(&mut self, call: Call) -> Answer {
        let is_expired = self.options.key_expires.is_some_and(|at| at <= SystemTime::now());
        match call {
            Call::Ping => Answer::ok(&json!({})),
            Call::Settings => Answer::ok(&self.settings()),
            _ if is_expired => Answer::error(30),
            Call::Search { prefix, limit } => self.search(&prefix, limit),
            Call::CreateGroup { ticket } => self.create(&ticket),
            Call::Groups(listing) => self.list(&listing),
            Call::Group { guid } => match self.groups.iter().find(|group| group.guid == guid) {
                Some(group) => Answer::ok(&group_json(&group.guid, &group.name)),
                None => Answer::error(4),
            },
            Call::Python => Answer::ok(&OBJECTS["python"]),
            Call::User => Answer::ok(&self.user()),
            Call::Keys { guid } if guid == self.user_guid => Answer::ok(&self.keys()),
            Call::Keys { .. } => Answer::error(4),
        }
    }

    /// What the key may do: no more than its own role, and no more than the user's.
    fn role(&self) -> Role {
        self.options.key_role.min(self.options.user_role)
    }

    /// The groups of LDAP, and those that Connect has without it.
    fn search(&mut self, prefix: &str, limit: usize) -> Answer {
        if self.role() < Role::Publisher {
            return Answer::error(22);
        }
        if self.options.authentication != "LDAP" || !self.options.external_group_search {
            return Answer::error(132);
        }
        let entries = self.entries.iter().enumerate();
        let entries = entries.map(|(at, entry)| (&entry.name, entry.guid.as_ref(), Some(at)));
        let others = self.groups.iter().filter(|group| !group.from_ldap);
        let others = others.map(|group| (&group.name, Some(&group.guid), None));
        let folded = prefix.to_lowercase();
        let mut hits: Vec<_> = entries
            .chain(others)
            .filter(|(name, ..)| name.to_lowercase().starts_with(&folded))
            .map(|(name, guid, entry)| (name.clone(), guid.cloned(), entry))
            .collect();
        if self.options.max_results.is_some_and(|max| hits.len() > max) {
            return Answer::error(83);
        }
        hits.sort_by_cached_key(|(name, ..)| similarity(name));
        hits.truncate(limit);
        let results: Vec<Value> = hits
            .into_iter()
            .map(|(name, guid, entry)| {
                let ticket = self.hand_out(name.clone(), entry);
                json!({ "name": name, "guid": guid, "temp_ticket": ticket })
            })
            .collect();
        Answer::ok(&json!({ "current_page": 1, "total": results.len(), "results": results }))
    }

    /// A new ticket. Connect's are base64, with `+` and `/`, as its cookbook shows:
    /// <https://docs.posit.co/connect/cookbook/groups/creating-a-group-using-a-remote-authentication-provider-ldap/>
    fn hand_out(&mut self, name: String, entry: Option<usize>) -> String {
        let value = STANDARD.encode([(); 3].map(|()| Uuid::new_v4().into_bytes()).concat());
        let expires = Instant::now() + self.options.ticket_ttl;
        self.tickets.insert(value.clone(), Ticket { name, entry, expires, used: false });
        value
    }

    fn create(&mut self, ticket: &str) -> Answer {
        if self.role() < Role::Administrator {
            return Answer::error(22);
        }
        if self.options.authentication != "LDAP" {
            return Answer::error(119);
        }
        let entry = match self.tickets.get_mut(ticket) {
            Some(ticket) if !ticket.used && ticket.expires > Instant::now() => {
                ticket.used = true;
                ticket.entry
            }
            Some(_) | None => return Answer::error(127),
        };
        let Some(at) = entry.filter(|&at| self.entries[at].guid.is_none()) else {
            return Answer::error(131);
        };
        let name = self.entries[at].name.clone();
        let folded = name.to_lowercase();
        if self.groups.iter().any(|group| group.name.to_lowercase() == folded) {
            return Answer::error(15);
        }
        let guid = self.add_group(&name, true);
        self.entries[at].guid = Some(guid.clone());
        Answer::ok(&group_json(&guid, &name))
    }

    fn list(&self, listing: &Listing) -> Answer {
        let folded = listing.prefix.as_ref().map_or(String::new(), |prefix| prefix.to_lowercase());
        let mut found: Vec<&Group> =
            self.groups.iter().filter(|g| g.name.to_lowercase().starts_with(&folded)).collect();
        if listing.prefix.is_some() && !listing.by_name {
            found.sort_by_cached_key(|group| similarity(&group.name));
        } else {
            found.sort_by_key(|group| group.name.to_lowercase());
            if !listing.ascending {
                found.reverse();
            }
        }
        let ignores_page = self.options.ignores_page_number && listing.prefix.is_some();
        let page = if ignores_page { 1 } else { listing.page_number };
        let results: Vec<Value> = found
            .iter()
            .skip((page - 1).saturating_mul(listing.page_size))
            .take(listing.page_size)
            .map(|group| group_json(&group.guid, &group.name))
            .collect();
        Answer::ok(&json!({ "results": results, "current_page": page, "total": found.len() }))
    }

    fn user(&self) -> Value {
        let mut user = OBJECTS["user"].clone();
        user["guid"] = json!(self.user_guid);
        user["user_role"] = json!(self.options.user_role);
        user
    }

    /// The owner's keys, each without all but its last characters.
    fn keys(&self) -> Value {
        let own = Key { role: self.options.key_role, expires: self.options.key_expires };
        let all = std::iter::once(&own).chain(&self.options.other_keys).zip(1..);
        let json = |(key, number): (&Key, u32)| {
            let (name, end) = match number {
                1 => ("ldapgroup-bot".to_owned(), self.key_end.clone()),
                _ => (format!("key-{number}"), format!("{number:04}")),
            };
            json!({
                "id": number.to_string(),
                "name": name,
                "key": end,
                "user_role": key.role,
                "created_time": "2026-01-12T09:31:00Z",
                "active_time": "2026-06-01T07:00:00Z",
                "expires_at": key.expires.map(clock::second),
            })
        };
        all.map(json).collect()
    }

    fn settings(&self) -> Value {
        json!({
            "hostname": "connect.example",
            "version": self.options.version,
            "authentication": {
                "handles_credentials": true,
                "external_user_search": true,
                "external_group_search": self.options.external_group_search,
                "groups_enabled": true,
                "name": self.options.authentication,
            },
            "license": { "status": "activated", "expiration": 1_830_297_600_000_u64, "days-left": 365 },
        })
    }
}

/// A group as `v1/groups` shows it. Groups from LDAP have no owner, and members as they log in, which
/// nobody does here.
fn group_json(guid: &str, name: &str) -> Value {
    json!({ "guid": guid, "name": name, "owner_guid": null, "gid": null, "member_count": 0 })
}

/// What the stand-in says of itself and of the key's owner.
static OBJECTS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("objects.json"))
        .expect("the embedded objects are JSON, as every test shows")
});

/// By which hits of a prefix are sorted: an exact match comes first, then they get longer, as the
/// reference of 2021 has it.
fn similarity(name: &str) -> (usize, String, String) {
    (name.chars().count(), name.to_lowercase(), name.to_owned())
}
