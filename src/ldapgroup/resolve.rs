//! From a name that somebody typed or picked to the one LDAP group that is meant.

use std::sync::Arc;
use std::time::Instant;

use super::{Error, InUseBy, LdapGroups, Refusal};
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Match, Prefix, RemoteGroup, find, near};
use crate::ids::Place;
use crate::tickets::{Origin, Search};

/// The beginning of a mistyped name that is searched for names like it.
const NEAR_CHARS: usize = 3;

impl LdapGroups {
    /// The one LDAP group that is called `typed`, which Connect doesn't have yet as far as is known:
    /// from the channel's latest search, else from one for its exact name.
    ///
    /// # Errors
    ///
    /// When the name doesn't name one group, Connect has it, or Connect failed.
    pub(crate) async fn resolve(
        &self,
        place: Option<Place>,
        typed: &str,
        id: CorrelationId,
    ) -> Result<RemoteGroup, Error> {
        let resolve = async {
            let name = GroupName::parse(typed).map_err(Refusal::BadName)?;
            match place.and_then(|place| self.remembered(place, &name)) {
                Some(hit) => Ok(hit),
                None => self.find_group(place, &name, id).await,
            }
        };
        let hit = resolve.await.map_err(Error::of_creation)?;
        match hit.guid {
            Some(guid) => {
                let by = InUseBy::ThisGroup;
                Err(Refusal::InUse { name: hit.name, guid: Some(guid), by }.into())
            }
            None => Ok(hit),
        }
    }

    /// Whether at least one LDAP group is called `typed`, whatever the case.
    pub(crate) async fn is_called(
        &self,
        place: Place,
        typed: &str,
        id: CorrelationId,
    ) -> Result<bool, Error> {
        let Ok(name) = GroupName::parse(typed) else { return Ok(false) };
        if self.remembered(place, &name).is_some() {
            return Ok(true);
        }
        let hits = self.connect.search(&Prefix::from(name.clone()), id).await;
        let hits = hits.map_err(|error| Error::of_search(error).of_creation())?;
        Ok(!matches!(find(&hits, &name), Match::None))
    }

    /// The LDAP group of exactly this name, whether Connect has it or not.
    ///
    /// # Errors
    ///
    /// When there isn't exactly one, or Connect failed.
    pub(crate) async fn look_up_exactly(
        &self,
        name: &GroupName,
        id: CorrelationId,
    ) -> Result<RemoteGroup, Error> {
        let search = self.search_name(name, id).await.map_err(Error::of_creation)?;
        match only(&search, name)? {
            Some(hit) if hit.name == *name => Ok(hit),
            hit => {
                let near = hit.into_iter().map(|hit| hit.name).collect();
                Err(Refusal::NoSuchGroup { name: name.clone(), near }.into())
            }
        }
    }

    /// What is remembered of a channel: its latest search first.
    pub(super) fn both(&self, place: Place) -> impl Iterator<Item = Arc<Search>> {
        let now = Instant::now();
        [Origin::Search, Origin::Suggestion]
            .into_iter()
            .filter_map(move |origin| self.tickets.latest(place, origin, now))
    }

    /// The hit that the channel's latest searches have for `name`, where they decide the matter.
    fn remembered(&self, place: Place, name: &GroupName) -> Option<RemoteGroup> {
        self.both(place).find_map(|search| match find(&search.groups, name) {
            Match::One(hit) if hit.name == *name || search.answers_for(name.as_str()) => {
                in_other_case(&search, hit).is_none().then(|| hit.clone())
            }
            Match::One(_) | Match::Several(_) | Match::None => None,
        })
    }

    /// One search for the exact name, begun now.
    async fn find_group(
        &self,
        place: Option<Place>,
        name: &GroupName,
        id: CorrelationId,
    ) -> Result<RemoteGroup, Error> {
        let search = self.search_name(name, id).await?;
        if let Some(hit) = only(&search, name)? {
            return Ok(hit);
        }
        let near = self.near(place, name, &search, id).await;
        Err(Refusal::NoSuchGroup { name: name.clone(), near }.into())
    }

    async fn search_name(&self, name: &GroupName, id: CorrelationId) -> Result<Search, Error> {
        let prefix = Prefix::from(name.clone());
        let groups = self.connect.search_afresh(&prefix, id).await.map_err(Error::of_search)?;
        Ok(Search::new(prefix, groups))
    }

    /// Names that may have been meant: longer ones, those of the channel's latest search, and, if
    /// that gives nothing, those that at least begin alike.
    pub(super) async fn near(
        &self,
        place: Option<Place>,
        name: &GroupName,
        exact: &Search,
        id: CorrelationId,
    ) -> Vec<GroupName> {
        let latest = place.and_then(|place| self.latest(place));
        let known = latest.iter().flat_map(|search| search.groups.iter());
        let names = near(exact.groups.iter().chain(known), name);
        if !names.is_empty() {
            return names;
        }
        let Some(beginning) = Prefix::beginning_of(name, NEAR_CHARS) else {
            return names;
        };
        match self.look_up(None, beginning, id).await {
            Ok(wider) => near(wider.groups.iter(), name),
            Err(_) => names,
        }
    }
}

/// The group of this name; none if there is none.
///
/// A search finds what Connect has without LDAP, too. A name is Connect's once: of several groups
/// that are called so, none can be created beside the one that it has.
fn only(search: &Search, name: &GroupName) -> Result<Option<RemoteGroup>, Refusal> {
    let several = match find(&search.groups, name) {
        Match::One(hit) => {
            return in_other_case(search, hit).map_or_else(|| Ok(Some(hit.clone())), Err);
        }
        Match::None => return Ok(None),
        Match::Several(several) => several,
    };
    let is_taken = |hit: &&&RemoteGroup| hit.guid.is_some() && hit.name == *name;
    Err(match several.iter().find(is_taken) {
        Some(hit) => Refusal::InUse {
            name: hit.name.clone(),
            guid: hit.guid.clone(),
            by: InUseBy::AnotherGroup,
        },
        None => Refusal::Ambiguous {
            name: name.clone(),
            found: several.into_iter().map(|hit| hit.name.clone()).collect(),
        },
    })
}

/// Why a group that Connect lacks can't be created beside one that it has: its name differs in case
/// only.
fn in_other_case(search: &Search, hit: &RemoteGroup) -> Option<Refusal> {
    if hit.guid.is_some() {
        return None;
    }
    let mut others = search.groups.iter().filter(|other| other.name != hit.name);
    others.find_map(|other| {
        let guid = other.guid.clone().filter(|_| other.name.is_same_folded(hit.name.as_str()))?;
        Some(Refusal::InOtherCase { name: hit.name.clone(), there: other.name.clone(), guid })
    })
}
