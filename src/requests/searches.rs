//! The latest search of each channel, shared by copies of the bot: what one of them has found another
//! shows, and creates by one call. What is sealed in a row is opened only if it isn't in memory already.
//! It is help: when the database fails, a search is answered all the same, and names are looked up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::seal::Seal;
use super::store::{Fresh, KeptSearch, Store};
use super::{Error, Requests, StoreError};
use crate::connect::Connect;
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Guid};
use crate::ids::Place;
use crate::tickets::Search;

/// While copies have different keys, each search of one would be a line of the other's log.
const WARN_EVERY: Duration = Duration::from_mins(10);

/// What copies share searches by.
pub(super) struct Shared {
    seal: Seal,
    /// When it was last said that one can't be opened.
    warned: Mutex<Option<Instant>>,
}

impl Shared {
    /// For copies that ask this server with the same key.
    pub(super) fn new(connect: &Connect) -> Option<Self> {
        Some(Self { seal: Seal::of(connect)?, warned: Mutex::default() })
    }

    /// What is in a row; nothing if it was sealed with another key, or is damaged.
    fn open(&self, kept: &KeptSearch) -> Option<Search> {
        let search = self.seal.open(kept, SystemTime::now());
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if search.is_none() && warned.is_none_or(|warned| warned.elapsed() >= WARN_EVERY) {
            *warned = Some(Instant::now());
            tracing::warn!(
                "the latest search of a channel can't be opened: a copy of the bot has another \
                 CONNECT_API_KEY or CONNECT_SERVER, or the database is damaged; it is searched again"
            );
        }
        search
    }
}

impl Requests {
    /// The LDAP groups whose names begin with `prefix`: the latest search of the channel from then on, for
    /// all copies of the bot.
    ///
    /// # Errors
    ///
    /// When the prefix is none, or Connect failed.
    pub(crate) async fn search(
        &self,
        place: Place,
        prefix: &str,
        id: CorrelationId,
    ) -> Result<Arc<Search>, Error> {
        let found = self.groups.search(Some(place), prefix, id).await?;
        let kept = self.shared.as_ref().and_then(|shared| shared.seal.close(place, &found));
        if let Some(kept) = kept {
            let (store, nonce) = (self.store.clone(), kept.nonce.clone());
            match self.in_time(async move { store.keep_search(&kept).await }).await {
                Ok(()) => {
                    found.row.get_or_init(|| nonce);
                }
                Err(error) => self.goes_alone(&error),
            }
        }
        Ok(found)
    }

    /// The search of the channel for this prefix: the latest one, if it is for that, else it is made
    /// again.
    ///
    /// # Errors
    ///
    /// When the prefix is none, or Connect failed.
    pub(crate) async fn latest_for(
        &self,
        place: Place,
        prefix: &str,
        id: CorrelationId,
    ) -> Result<Arc<Search>, Error> {
        self.recall(place).await;
        match self.groups.latest(place).filter(|search| search.prefix.as_str() == prefix) {
            Some(known) => Ok(known),
            None => self.search(place, prefix, id).await,
        }
    }

    /// Brings to mind the latest search of the channel, if another copy of the bot has made it.
    pub(crate) async fn recall(&self, place: Place) {
        let Some(shared) = &self.shared else { return };
        let known = self.groups.latest(place);
        let nonce = known.and_then(|search| search.row.get().cloned()).unwrap_or_default();
        let (store, fresh) = (self.store.clone(), self.fresh());
        let other = async move { store.other_search(place, &nonce, fresh).await };
        match self.in_time(other).await {
            Ok(Some(kept)) => self.groups.remember(place, shared.open(&kept)),
            Ok(None) => {}
            Err(error) => self.goes_alone(&error),
        }
    }

    /// Notes for all copies of the bot that Connect now has the group called `name`.
    pub(super) async fn note_guid(&self, name: &GroupName, guid: &Guid) {
        let Some(shared) = self.shared.clone() else { return };
        let (store, fresh) = (self.store.clone(), self.fresh());
        let group = (name.clone(), guid.clone());
        let noted = async move { note_guid(&store, &shared, &group, fresh).await };
        if let Err(error) = self.in_time(noted).await {
            self.goes_alone(&error);
        }
    }

    /// Deletes searches that have gone stale.
    pub(super) async fn forget_searches(&self) -> Result<(), StoreError> {
        let (before, now) = self.fresh();
        let after = now.checked_add(self.groups.ticket_ttl()).unwrap_or(now);
        self.store.forget_searches((before, after)).await
    }

    /// When a search was made that is trusted.
    fn fresh(&self) -> Fresh {
        let now = SystemTime::now();
        (now.checked_sub(self.groups.ticket_ttl()).unwrap_or(UNIX_EPOCH), now)
    }

    /// Goes on with what this copy has by itself.
    fn goes_alone(&self, error: &StoreError) {
        self.metrics().database_failed();
        tracing::warn!(%error, "a search can't be shared with the other copies of the bot");
    }
}

/// One row after the other, since each may be long. One that is another by the time it is written is
/// looked at again.
async fn note_guid(
    store: &Store,
    shared: &Shared,
    (name, guid): &(GroupName, Guid),
    fresh: Fresh,
) -> Result<(), StoreError> {
    for place in store.searched_for(name, fresh).await? {
        while let Some(kept) = store.other_search(place, "", fresh).await? {
            let noted = shared.open(&kept).and_then(|known| known.with_guid(name, guid));
            let Some(noted) = noted.and_then(|noted| shared.seal.close(place, &noted)) else {
                break;
            };
            if store.replace_search(&kept.nonce, &noted).await? {
                break;
            }
        }
    }
    Ok(())
}
