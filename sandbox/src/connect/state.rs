//! What this Connect knows, and what each call does to it.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::call::{Call, Reading, Received};
use super::faults::{Fault, Faults};
use super::{Group, Key, Options, Role, Seen};
use crate::discord::clock;

/// Everything that changes while the stand-in runs.
pub(super) struct State {
    options: Options,
    user_guid: String,
    entries: Vec<Entry>,
    pub(super) groups: Vec<Group>,
    tickets: HashMap<String, Ticket>,
    pub(super) faults: Faults,
    pub(super) violations: Vec<String>,
    /// The requests since start or the last clearing, each with its number since start.
    pub(super) seen: Vec<(u64, Seen)>,
    arrivals: u64,
}

/// A group in LDAP. Two entries of one name are two groups.
struct Entry {
    name: String,
    folded: String,
    /// The guid of the group that it became in Connect.
    guid: Option<String>,
}

struct Ticket {
    entry: usize,
    expires: Instant,
    used: bool,
}

/// What is to happen to a request that has arrived and, unless a fault forbade it, was carried out.
pub(super) enum Outcome {
    Answer(Answer),
    AnswerAfter(Duration, Answer),
    AnswerOnRelease(Answer),
    Cut,
}

impl State {
    pub(super) fn new(mut options: Options) -> Self {
        let names = std::mem::take(&mut options.groups);
        let imported = std::mem::take(&mut options.imported);
        let mut state = Self {
            options,
            user_guid: Uuid::new_v4().to_string(),
            entries: Vec::new(),
            groups: Vec::new(),
            tickets: HashMap::new(),
            faults: Faults::default(),
            violations: Vec::new(),
            seen: Vec::new(),
            arrivals: 0,
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
        self.entries.push(Entry { name: name.to_owned(), folded: name.to_lowercase(), guid: None });
    }

    pub(super) fn entry_names(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.name.clone()).collect()
    }

    /// Every LDAP entry, with the guid of the group that it became.
    pub(super) fn directory(&self) -> Vec<(String, Option<String>)> {
        self.entries.iter().map(|entry| (entry.name.clone(), entry.guid.clone())).collect()
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

    pub(super) fn ticket_values(&self) -> Vec<String> {
        self.tickets.keys().cloned().collect()
    }

    pub(super) fn ticket_name(&self, ticket: &str) -> Option<String> {
        self.tickets.get(ticket).map(|ticket| self.entries[ticket.entry].name.clone())
    }

    pub(super) fn expire_tickets(&mut self) {
        let now = Instant::now();
        for ticket in self.tickets.values_mut() {
            ticket.expires = now;
        }
    }

    /// Writes the request down, carries it out unless a fault forbids it, and says how to answer.
    pub(super) fn arrive(&mut self, received: &Received, reading: Reading) -> (u64, Outcome) {
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
        let fault = self.faults.take(reading.route);
        let before = self.groups.len();
        let outcome = self.outcome(reading.call, fault);
        let created = self.groups.get(before).map(|group| group.guid.clone());
        self.seen.push((self.arrivals, Seen { created, ..seen }));
        (self.arrivals, outcome)
    }

    fn outcome(&mut self, call: Result<Call, Answer>, fault: Option<Fault>) -> Outcome {
        let carry_out = || call.map_or_else(|refused| refused, |call| self.carry_out(call));
        match fault {
            None => Outcome::Answer(carry_out()),
            Some(Fault::Slow(delay)) => Outcome::AnswerAfter(delay, carry_out()),
            Some(Fault::Hold) => Outcome::AnswerOnRelease(carry_out()),
            Some(Fault::LostAnswer) => {
                carry_out();
                Outcome::Cut
            }
            Some(Fault::Cut) => Outcome::Cut,
            Some(Fault::Html(status)) => Outcome::Answer(Answer::html(status)),
            Some(Fault::Error(code)) => Outcome::Answer(Answer::error(code)),
            Some(Fault::RateLimited { retry_after }) => {
                Outcome::Answer(Answer::rate_limited(retry_after))
            }
            Some(Fault::Garbage) => Outcome::Answer(Answer::garbage()),
        }
    }

    fn carry_out(&mut self, call: Call) -> Answer {
        let is_expired = self.options.key_expires.is_some_and(|at| at <= SystemTime::now());
        match call {
            Call::Settings => Answer::ok(&self.settings()),
            _ if is_expired => Answer::error(30),
            Call::Search { prefix, limit } => self.search(&prefix, limit),
            Call::CreateGroup { ticket } => self.create(&ticket),
            Call::Groups { prefix, page_number, page_size } => {
                self.list(prefix.as_deref(), page_number, page_size)
            }
            Call::User => Answer::ok(&self.user()),
            Call::Keys { guid } if guid == self.user_guid => Answer::ok(&self.keys()),
            Call::Keys { .. } => Answer::error(4),
        }
    }

    /// What the key may do: no more than its own role, and no more than the user's.
    fn role(&self) -> Role {
        self.options.key_role.min(self.options.user_role)
    }

    fn search(&mut self, prefix: &str, limit: usize) -> Answer {
        if self.role() < Role::Publisher {
            return Answer::error(22);
        }
        if !self.options.is_ldap() || !self.options.external_group_search {
            return Answer::error(119);
        }
        let prefix = prefix.to_lowercase();
        let mut hits: Vec<usize> = (0..self.entries.len())
            .filter(|&at| self.entries[at].folded.starts_with(&prefix))
            .collect();
        if self.options.max_results.is_some_and(|max| hits.len() > max) {
            return Answer::error(83);
        }
        // Among names with one prefix, the shorter a name the more of it is the prefix.
        hits.sort_by_cached_key(|&at| {
            let entry = &self.entries[at];
            (entry.folded.chars().count(), entry.folded.clone(), entry.name.clone())
        });
        hits.truncate(limit);
        let results: Vec<Value> = hits.iter().map(|&at| self.hit(at)).collect();
        Answer::ok(&json!({ "current_page": 1, "total": results.len(), "results": results }))
    }

    /// One hit of a search, with a ticket of its own.
    fn hit(&mut self, at: usize) -> Value {
        let value = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let expires = Instant::now() + self.options.ticket_ttl;
        self.tickets.insert(value.clone(), Ticket { entry: at, expires, used: false });
        let entry = &self.entries[at];
        json!({ "name": entry.name, "guid": entry.guid, "temp_ticket": value })
    }

    fn create(&mut self, ticket: &str) -> Answer {
        if self.role() < Role::Administrator {
            return Answer::error(22);
        }
        if !self.options.is_ldap() {
            return Answer::error(132);
        }
        let at = match self.tickets.get_mut(ticket) {
            Some(ticket) if !ticket.used && ticket.expires > Instant::now() => {
                ticket.used = true;
                ticket.entry
            }
            Some(_) | None => return Answer::error(127),
        };
        let Entry { name, folded, guid } = &self.entries[at];
        if guid.is_some() {
            return Answer::error(131);
        }
        if self.groups.iter().any(|group| group.name.to_lowercase() == *folded) {
            return Answer::error(15);
        }
        let name = name.clone();
        let guid = self.add_group(&name, true);
        self.entries[at].guid = Some(guid.clone());
        Answer::ok(&group_json(&guid, &name))
    }

    fn list(&self, prefix: Option<&str>, page_number: usize, page_size: usize) -> Answer {
        let folded = prefix.unwrap_or("").to_lowercase();
        let mut found: Vec<&Group> =
            self.groups.iter().filter(|g| g.name.to_lowercase().starts_with(&folded)).collect();
        found.sort_by_key(|group| group.name.to_lowercase());
        let ignores_page = self.options.ignores_page_number && prefix.is_some();
        let page = if ignores_page { 1 } else { page_number };
        let results: Vec<Value> = found
            .iter()
            .skip((page - 1).saturating_mul(page_size))
            .take(page_size)
            .map(|group| group_json(&group.guid, &group.name))
            .collect();
        Answer::ok(&json!({ "results": results, "current_page": page, "total": found.len() }))
    }

    fn user(&self) -> Value {
        json!({
            "guid": self.user_guid,
            "email": "ldapgroup-bot@example.com",
            "username": "ldapgroup-bot",
            "first_name": "LDAP",
            "last_name": "Group Bot",
            "user_role": self.options.user_role.word(),
            "created_time": "2026-01-12T09:30:00Z",
            "updated_time": "2026-01-12T09:30:00Z",
            "active_time": "2026-06-01T07:00:00Z",
            "confirmed": true,
            "locked": false,
        })
    }

    fn keys(&self) -> Value {
        let own = Key { role: self.options.key_role, expires: self.options.key_expires };
        let all = std::iter::once(&own).chain(&self.options.other_keys).zip(1..);
        let json = |(key, number): (&Key, u32)| {
            let name = match number {
                1 => "ldapgroup-bot".to_owned(),
                _ => format!("key-{number}"),
            };
            json!({
                "id": number.to_string(),
                "user_guid": self.user_guid,
                "name": name,
                "user_role": key.role.word(),
                "created_time": "2026-01-12T09:31:00Z",
                "last_used_time": "2026-06-01T07:00:00Z",
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

/// A group as `v1/groups` shows it. Groups from LDAP have no owner.
fn group_json(guid: &str, name: &str) -> Value {
    json!({ "guid": guid, "name": name, "owner_guid": null })
}
