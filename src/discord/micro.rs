//! What is measured of the edge by itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serenity::all::Interaction;

use super::messages::{request, search};
use crate::group::{GroupName, Match, Prefix, RemoteGroup, find, near};
use crate::request::Request;
use crate::requests::micro::Requests;
use crate::tickets::Search;

/// Whether the gateway could read this interaction.
#[must_use]
pub fn reads(interaction: &str) -> bool {
    serde_json::from_str::<Interaction>(interaction).is_ok()
}

/// What a search found.
pub struct Page(Search);

impl Page {
    /// Hits for this prefix as Connect answers them.
    #[must_use]
    pub fn of(prefix: &str, hits: serde_json::Value) -> Option<Self> {
        let groups: Vec<RemoteGroup> = serde_json::from_value(hits).ok()?;
        let (prefix, groups) = (Prefix::parse(prefix).ok()?, Arc::from(groups));
        Some(Self(Search::new(prefix, groups)))
    }

    /// Whether one of the hits is called so.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        GroupName::parse(name)
            .is_ok_and(|name| matches!(find(&self.0.groups, &name), Match::One(_)))
    }

    /// How many hits have a name like this one.
    #[must_use]
    pub fn near(&self, name: &str) -> usize {
        GroupName::parse(name).map_or(0, |name| near(self.0.groups.iter(), &name).len())
    }

    /// Words the first page.
    pub fn word(&self) {
        drop(std::hint::black_box(search::page(&self.0, &HashSet::new(), 0)));
    }
}

/// A request that is shown.
pub struct Card(Request);

impl Card {
    /// A request for one group, as it waits for an admin.
    pub async fn of(requests: &Requests) -> Option<Self> {
        requests.asked().await.map(Self)
    }

    /// Words its message.
    pub fn word(&self) {
        let ttl = Duration::from_hours(72);
        drop(std::hint::black_box(request::card(&self.0, &[], &[], ttl)));
    }
}
