//! What people can do with LDAP groups, whoever asks and wherever the answer is shown.

mod error;
mod import;
mod resolve;

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

pub(crate) use self::error::{Error, InUseBy, Refusal, SideEffect};
pub(crate) use self::import::{Created, Known, is_there};
use crate::connect::Connect;
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Prefix};
use crate::ids::Place;
use crate::tickets::{Origin, Search, Tickets};

/// Names are suggested by a live search from this many characters on.
const MIN_SUGGEST_CHARS: usize = 2;

/// Searches for LDAP groups and brings them into Connect.
pub(crate) struct LdapGroups {
    connect: Connect,
    tickets: Tickets,
}

impl LdapGroups {
    /// Serves the groups of one Connect server, trusting a ticket for `ticket_ttl`.
    pub(crate) fn new(connect: Connect, ticket_ttl: Duration) -> Self {
        Self { connect, tickets: Tickets::new(ticket_ttl) }
    }

    /// The LDAP groups whose names begin with `prefix`. The channel remembers them, if it is one.
    ///
    /// # Errors
    ///
    /// When the prefix is none, or Connect failed.
    pub(crate) async fn search(
        &self,
        place: Option<Place>,
        prefix: &str,
        id: CorrelationId,
    ) -> Result<Arc<Search>, Error> {
        let prefix = Prefix::parse(prefix).map_err(Refusal::BadName)?;
        self.look_up(place.map(|place| (place, Origin::Search)), prefix, id).await
    }

    /// The latest search that somebody made in the channel, unless it has gone stale.
    pub(crate) fn latest(&self, place: Place) -> Option<Arc<Search>> {
        self.tickets.latest(place, Origin::Search, Instant::now())
    }

    /// Takes what another copy of the bot has found for the latest search of the channel; if that is
    /// nothing, there is none.
    pub(crate) fn remember(&self, place: Place, search: Option<Search>) {
        match search {
            Some(search) => self.tickets.remember(place, Origin::Search, Arc::new(search)),
            None => self.tickets.forget(place, Origin::Search),
        }
    }

    /// For how long a search is trusted.
    pub(crate) fn ticket_ttl(&self) -> Duration {
        self.tickets.ttl
    }

    /// Names that may have been meant by a prefix that had no hit, the closest first.
    pub(crate) async fn nearest(
        &self,
        place: Place,
        found: &Search,
        id: CorrelationId,
    ) -> Vec<GroupName> {
        match GroupName::parse(found.prefix.as_str()) {
            Ok(name) => self.near(Some(place), &name, found, id).await,
            Err(_) => Vec::new(),
        }
    }

    /// Creates the Connect group of the LDAP group called `name`, for whoever runs the program in a
    /// terminal: they hold the API key.
    ///
    /// # Errors
    ///
    /// When the name doesn't name one group, Connect has it already, or Connect failed. An answer that
    /// was lost is looked into before it is called a failure.
    pub(crate) async fn create(&self, name: &str, id: CorrelationId) -> Result<Created, Error> {
        let hit = self.resolve(None, name, id).await?;
        self.import(hit, || ready(()).boxed(), id).await
    }

    /// The Connect server.
    pub(crate) fn connect(&self) -> &Connect {
        &self.connect
    }

    /// The channel's latest search, if a group in it has `typed` in its name.
    pub(crate) fn known(&self, place: Place, typed: &str) -> Option<Arc<Search>> {
        let folded = typed.to_lowercase();
        let latest = self.latest(place)?;
        latest.groups.iter().any(|hit| hit.name.folded().contains(&folded)).then_some(latest)
    }

    /// Searches with names to offer someone who has typed `typed`: one that has all names which
    /// begin so, a live one if need be, and then the channel's latest. Empty rather than an error: it
    /// is only help.
    pub(crate) async fn suggest(
        &self,
        place: Place,
        typed: &str,
        id: CorrelationId,
    ) -> Vec<Arc<Search>> {
        let all = match self.both(place).find(|search| search.answers_for(typed)) {
            Some(known) => Some(known),
            None if typed.trim().chars().count() < MIN_SUGGEST_CHARS => None,
            None => match Prefix::parse(typed) {
                Ok(prefix) => {
                    self.look_up(Some((place, Origin::Suggestion)), prefix, id).await.ok()
                }
                Err(_) => None,
            },
        };
        all.into_iter().chain(self.latest(place)).collect()
    }

    /// Lets go of tickets that nobody may use any more. To be called now and then: nothing else
    /// does it while nobody searches.
    pub(crate) fn forget_stale(&self) {
        self.tickets.forget_stale(Instant::now());
    }

    async fn look_up(
        &self,
        remember: Option<(Place, Origin)>,
        prefix: Prefix,
        id: CorrelationId,
    ) -> Result<Arc<Search>, Error> {
        let groups = self.connect.search(&prefix, id).await.map_err(Error::of_search)?;
        let search = Arc::new(Search::new(prefix, groups));
        if let Some((place, origin)) = remember {
            self.tickets.remember(place, origin, Arc::clone(&search));
        }
        Ok(search)
    }
}
