//! The latest search of each channel, so that creating what was just found is a single call.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use moka::Entry;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::group::{GroupName, Guid, Prefix, RemoteGroup, SEARCH_LIMIT};
use crate::ids::Place;

/// All remembered searches together may take about this many bytes; the least recently used make
/// room for new ones.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// What the cache and the allocator take beside the texts, about.
const PER_SEARCH: usize = 500;
const PER_HIT: usize = 58;

/// What Connect answered to a prefix, with the tickets.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// What was looked for.
    pub prefix: Prefix,
    /// The hits in Connect's order: the most similar first.
    pub groups: Arc<[RemoteGroup]>,
    /// When Connect answered.
    pub taken: Instant,
    /// The same, for people.
    pub taken_at: SystemTime,
    /// The nonce of the row that it was read from or written to, if copies of the bot share it.
    pub row: OnceLock<String>,
    /// Where the hits stand in the order in which people look for a name, once somebody does.
    alphabetical: OnceLock<Box<[usize]>>,
}

impl Search {
    /// What Connect has answered just now.
    pub(crate) fn new(prefix: Prefix, groups: Arc<[RemoteGroup]>) -> Self {
        Self::of(prefix, groups, (Instant::now(), SystemTime::now()))
    }

    /// What Connect answered then.
    pub(crate) fn of(
        prefix: Prefix,
        groups: Arc<[RemoteGroup]>,
        (taken, taken_at): (Instant, SystemTime),
    ) -> Self {
        let (row, alphabetical) = (OnceLock::new(), OnceLock::new());
        Self { prefix, groups, taken, taken_at, row, alphabetical }
    }

    /// The hits by their names, without regard to case.
    pub(crate) fn alphabetical(&self) -> impl ExactSizeIterator<Item = &RemoteGroup> {
        let order = self.alphabetical.get_or_init(|| {
            let mut order: Box<[_]> = (0..self.groups.len()).collect();
            order.sort_by_cached_key(|at| {
                let name = &self.groups[*at].name;
                (name.folded(), name.as_str())
            });
            order
        });
        order.iter().map(|at| &self.groups[*at])
    }

    /// Whether every group with the prefix is among the hits.
    pub(crate) fn is_whole(&self) -> bool {
        self.groups.len() < SEARCH_LIMIT
    }

    /// Whether a group that begins with `text` would be among the hits.
    pub(crate) fn answers_for(&self, text: &str) -> bool {
        self.is_whole() && self.prefix.covers(text)
    }

    /// The same search with the guid of one group, if the group is in it without that.
    pub(crate) fn with_guid(&self, name: &GroupName, guid: &Guid) -> Option<Self> {
        let at = self.groups.iter().position(|hit| hit.name == *name)?;
        if self.groups[at].guid.as_ref() == Some(guid) {
            return None;
        }
        let mut groups = self.groups.to_vec();
        groups[at].guid = Some(guid.clone());
        Some(Self { groups: groups.into(), ..self.clone() })
    }

    /// How much memory it takes, about.
    pub(crate) fn bytes(&self) -> u32 {
        let hits: usize = self
            .groups
            .iter()
            .map(|hit| {
                PER_HIT
                    + size_of::<RemoteGroup>()
                    + hit.name.as_str().len()
                    + hit.guid.as_ref().map_or(0, |guid| guid.as_str().len())
                    + hit.temp_ticket.expose().len()
            })
            .sum();
        u32::try_from(PER_SEARCH + self.prefix.as_str().len() + hits).unwrap_or(u32::MAX)
    }
}

/// What made a search happen.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Origin {
    /// Someone searched.
    Search,
    /// Names were suggested to someone who typed. Never takes the place of a real search.
    Suggestion,
}

/// The latest searches, bounded in age and in memory.
#[derive(Debug)]
pub(crate) struct Tickets {
    searches: Cache<(Place, Origin), Arc<Search>>,
    /// For how long a search is trusted.
    pub ttl: Duration,
}

impl Tickets {
    /// An empty memory that trusts a search for `ttl`.
    pub(crate) fn new(ttl: Duration) -> Self {
        let searches = Cache::builder()
            .weigher(|_, search: &Arc<Search>| search.bytes())
            .max_capacity(MAX_BYTES)
            .time_to_live(ttl)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { searches, ttl }
    }

    /// Remembers a search as the latest of its kind in `place`.
    pub(crate) fn remember(&self, place: Place, origin: Origin, search: Arc<Search>) {
        self.searches.insert((place, origin), search);
        self.searches.run_pending_tasks();
    }

    /// Lets go of the latest search of its kind in `place`.
    pub(crate) fn forget(&self, place: Place, origin: Origin) {
        self.searches.invalidate(&(place, origin));
    }

    /// Lets go of what was replaced and of what has gone stale by `now`; the cache does so by itself
    /// only when it is used, and counts from when it was given something.
    pub(crate) fn forget_stale(&self, now: Instant) {
        for (key, search) in &self.searches {
            if !self.is_fresh(&search, now) {
                self.searches.invalidate(&*key);
            }
        }
        self.searches.run_pending_tasks();
    }

    fn is_fresh(&self, search: &Search, now: Instant) -> bool {
        now.saturating_duration_since(search.taken) < self.ttl
    }

    /// The latest search of this kind in `place`, unless it has gone stale by `now`.
    pub(crate) fn latest(&self, place: Place, origin: Origin, now: Instant) -> Option<Arc<Search>> {
        self.searches.get(&(place, origin)).filter(|search| self.is_fresh(search, now))
    }

    /// Notes that Connect now has the group called `name`, so that what any channel remembers says so
    /// and its used ticket isn't tried again.
    pub(crate) fn note_guid(&self, name: &GroupName, guid: &Guid) {
        let holding =
            self.searches.iter().filter(|(_, search)| search.prefix.covers(name.as_str()));
        for (key, _) in holding {
            self.searches.entry(*key).and_compute_with(|known| {
                let known = known.map(Entry::into_value);
                match known.and_then(|search| search.with_guid(name, guid)) {
                    Some(search) => Op::Put(Arc::new(search)),
                    None => Op::Nop,
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChannelId, GuildId};

    fn place(channel: u64) -> Place {
        Place { guild: GuildId(1), channel: ChannelId(channel) }
    }

    fn search(prefix: &str, count: usize, taken: Instant) -> Arc<Search> {
        let hits: Vec<_> = (0..count)
            .map(|n| {
                serde_json::json!({
                    "name": format!("{prefix}{n}"), "guid": null, "temp_ticket": "t".repeat(200),
                })
            })
            .collect();
        let groups = serde_json::from_value::<Vec<_>>(hits.into()).unwrap();
        Arc::new(Search { taken, ..Search::new(Prefix::parse(prefix).unwrap(), groups.into()) })
    }

    #[test]
    fn a_newer_search_of_the_channel_replaces_the_older_and_no_other_channels() {
        let tickets = Tickets::new(Duration::from_mins(1));
        let now = Instant::now();
        tickets.remember(place(1), Origin::Search, search("a", 1, now));
        tickets.remember(place(2), Origin::Search, search("b", 1, now));
        tickets.remember(place(1), Origin::Search, search("c", 1, now));
        let latest = |channel| {
            let search = tickets.latest(place(channel), Origin::Search, now).unwrap();
            search.prefix.as_str().to_owned()
        };
        assert_eq!((latest(1), latest(2)), ("c".to_owned(), "b".to_owned()));
        assert!(tickets.latest(place(1), Origin::Suggestion, now).is_none());
    }

    #[test]
    fn a_search_is_trusted_until_its_time_is_over() {
        let tickets = Tickets::new(Duration::from_mins(1));
        let now = Instant::now();
        tickets.remember(place(1), Origin::Search, search("a", 1, now));
        let at = |seconds| {
            tickets.latest(place(1), Origin::Search, now + Duration::from_secs(seconds)).is_some()
        };
        assert!(at(59));
        assert!(!at(60));
    }

    #[test]
    fn what_has_gone_stale_is_let_go_of_however_late_it_came() {
        let tickets = Tickets::new(Duration::from_mins(1));
        let now = Instant::now();
        tickets.remember(place(1), Origin::Search, search("a", 1, now));
        // As one that another copy has found.
        let before = now.checked_sub(Duration::from_secs(50)).unwrap();
        tickets.remember(place(2), Origin::Search, search("b", 1, before));
        tickets.forget_stale(now + Duration::from_secs(10));
        let left: Vec<_> = tickets.searches.iter().map(|(key, _)| key.0).collect();
        assert_eq!(left, [place(1)]);
        tickets.forget(place(1), Origin::Search);
        assert!(tickets.latest(place(1), Origin::Search, now).is_none());
    }

    #[test]
    fn ten_thousand_channels_stay_within_bounds_and_the_newest_is_kept() {
        let tickets = Tickets::new(Duration::from_mins(1));
        let now = Instant::now();
        let full = search("a", SEARCH_LIMIT, now);
        for channel in 0..10_000 {
            tickets.remember(place(channel), Origin::Search, Arc::clone(&full));
        }
        tickets.searches.run_pending_tasks();
        assert!(tickets.searches.weighted_size() <= MAX_BYTES);
        assert!(tickets.latest(place(9_999), Origin::Search, now).is_some());
        assert!(tickets.latest(place(0), Origin::Search, now).is_none());
    }

    #[test]
    fn a_created_group_is_remembered_with_its_guid_in_every_channel() {
        let tickets = Tickets::new(Duration::from_mins(1));
        let now = Instant::now();
        for (channel, prefix) in [(1, "a"), (2, "b"), (3, "a")] {
            tickets.remember(place(channel), Origin::Search, search(prefix, 2, now));
        }
        let guid: Guid = serde_json::from_str("\"g\"").unwrap();
        tickets.note_guid(&GroupName::parse("a1").unwrap(), &guid);
        for (channel, expected) in [(1, Some(&guid)), (2, None), (3, Some(&guid))] {
            let latest = tickets.latest(place(channel), Origin::Search, now).unwrap();
            assert_eq!(latest.groups[0].guid, None);
            assert_eq!(latest.groups[1].guid.as_ref(), expected);
        }
    }

    #[test]
    fn people_read_names_in_alphabetical_order_whatever_the_case() {
        let hits = ["b", "Ä", "a", "B", "Ab", "aa"]
            .map(|name| serde_json::json!({ "name": name, "guid": null, "temp_ticket": "t" }));
        let groups: Vec<_> = serde_json::from_value(hits.to_vec().into()).unwrap();
        let search = Search::new(Prefix::parse("x").unwrap(), groups.into());
        let names: Vec<_> = search.alphabetical().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["a", "aa", "Ab", "B", "b", "Ä"]);
    }

    #[test]
    fn a_full_answer_speaks_for_nothing_it_may_have_left_out() {
        let now = Instant::now();
        assert!(search("ac", 3, now).answers_for("ACcounting"));
        assert!(!search("ac", 3, now).answers_for("a"));
        assert!(!search("ac", SEARCH_LIMIT, now).answers_for("accounting"));
    }
}
