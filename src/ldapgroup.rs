//! What people can do with LDAP groups, whoever asks and wherever the answer is shown.

mod outcome;
pub mod requests;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::outcome::{Changed, Created, Fault, InUseBy, Known, Refusal, Stop, Trouble};
use crate::access::{Actor, Authority, Place, Policy, RoleId};
use crate::connect::{Code, Connect, CorrelationId, Error};
use crate::group::{Abbreviation, GroupName, Guid, Match, Prefix, RemoteGroup, find, near};
use crate::tickets::{Origin, Search, Tickets};

/// The pauses before each look for a group whose creation went unanswered. Connect may still be at
/// work when the connection breaks.
const LOOKS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(2)];

/// Names are suggested by a live search from this many characters on.
const MIN_SUGGEST_CHARS: usize = 2;

/// The beginning of a mistyped name that is searched for names like it.
const NEAR_CHARS: usize = 3;

/// Who is served.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Whoever runs the program in a terminal: they hold the API key.
    Operator,
    /// Somebody in Discord.
    Person(Actor),
}

/// Searches for LDAP groups and brings them into Connect.
pub struct LdapGroups {
    connect: Connect,
    policy: Policy,
    tickets: Tickets,
}

impl LdapGroups {
    /// Serves the groups of one Connect server by `policy`, trusting a ticket for `ticket_ttl`.
    #[must_use]
    pub fn new(connect: Connect, policy: Policy, ticket_ttl: Duration) -> Self {
        Self { connect, policy, tickets: Tickets::new(ticket_ttl) }
    }

    /// The LDAP groups whose names begin with `prefix`. The caller's channel remembers them.
    ///
    /// # Errors
    ///
    /// When the caller may not search, the prefix is none, or Connect failed.
    pub async fn search(
        &self,
        caller: &Caller,
        prefix: &str,
        id: CorrelationId,
    ) -> Result<Arc<Search>, Stop> {
        let (_, place) = self.authority(caller)?;
        let prefix = Prefix::parse(prefix).map_err(Refusal::BadName)?;
        self.look_up(place.map(|place| (place, Origin::Search)), prefix, id).await
    }

    /// The search of the caller's channel whose prefix is `typed`, or abbreviated so: the one that is
    /// remembered, else it is made again.
    ///
    /// # Errors
    ///
    /// When the caller may not search, an abbreviation isn't that of the remembered search, or
    /// Connect failed.
    pub async fn search_again(
        &self,
        caller: &Caller,
        typed: &str,
        id: CorrelationId,
    ) -> Result<Arc<Search>, Stop> {
        let (_, place) = self.authority(caller)?;
        let short = Abbreviation::parse(typed);
        let is_meant = |search: &Search| match &short {
            Some(short) => short.stands_for(search.prefix.as_str()),
            None => search.prefix.as_str() == typed,
        };
        let known = place.and_then(|at| self.tickets.latest(at, Origin::Search, Instant::now()));
        match known.filter(|search| is_meant(search)) {
            Some(known) => Ok(known),
            None if short.is_some() => Err(Refusal::ForgottenSearch.into()),
            None => self.search(caller, typed, id).await,
        }
    }

    /// Creates the Connect group of the LDAP group called `name`, with the ticket of the channel's
    /// latest search if it has one for it.
    ///
    /// # Errors
    ///
    /// When the caller may not create, the name doesn't name one group, Connect has it already, or
    /// Connect failed. An answer that was lost is looked into before it is called a failure.
    pub async fn create(
        &self,
        caller: &Caller,
        name: &str,
        id: CorrelationId,
    ) -> Result<Created, Stop> {
        let (authority, place) = self.authority(caller)?;
        match authority {
            Authority::Admin => {}
            Authority::Requester => return Err(Refusal::NeedsAdmin(self.admin_roles()).into()),
        }
        let hit = self.locate(place, name, id).await?;
        self.bring_in(place, hit, id).await
    }

    /// The one LDAP group that is called `typed`, which Connect doesn't have yet as far as is known:
    /// from the channel's latest search, else from one for its exact name.
    ///
    /// # Errors
    ///
    /// When the name doesn't name one group, Connect has it, or Connect failed.
    pub async fn locate(
        &self,
        place: Option<Place>,
        typed: &str,
        id: CorrelationId,
    ) -> Result<RemoteGroup, Stop> {
        let locate = async {
            let name = self.full_name(place, typed, id).await?;
            match place.and_then(|place| self.remembered(place, &name)) {
                Some(hit) => Ok(hit),
                None => self.find_group(place, &name, id).await,
            }
        };
        let hit = locate.await.map_err(Stop::of_creation)?;
        match hit.guid {
            Some(guid) => {
                let by = InUseBy::ThisGroup;
                Err(Refusal::InUse { name: hit.name, guid: Some(guid), by }.into())
            }
            None => Ok(hit),
        }
    }

    /// Whether at least one LDAP group is called `typed`, whatever the case.
    ///
    /// # Errors
    ///
    /// When Connect failed.
    pub async fn is_called(
        &self,
        place: Place,
        typed: &str,
        id: CorrelationId,
    ) -> Result<bool, Stop> {
        let name = match self.full_name(Some(place), typed, id).await {
            Ok(name) => name,
            Err(Stop::Refusal(Refusal::BadName(_))) => return Ok(false),
            Err(stop) => return Err(stop.of_creation()),
        };
        if self.remembered(place, &name).is_some() {
            return Ok(true);
        }
        let hits = self.connect.search(&Prefix::from(name.clone()), id).await;
        let hits = hits.map_err(|error| Stop::of_search(error).of_creation())?;
        Ok(!matches!(find(&hits, &name), Match::None))
    }

    /// The LDAP group of exactly this name, whether Connect has it or not.
    ///
    /// # Errors
    ///
    /// When there isn't exactly one, or Connect failed.
    pub async fn look_up_exactly(
        &self,
        name: &GroupName,
        id: CorrelationId,
    ) -> Result<RemoteGroup, Stop> {
        let hit = self.find_group(None, name, id).await.map_err(Stop::of_creation)?;
        if hit.name == *name {
            Ok(hit)
        } else {
            Err(Refusal::NoSuchGroup { name: name.clone(), near: vec![hit.name] }.into())
        }
    }

    /// Who a person is here.
    ///
    /// # Errors
    ///
    /// When they may do nothing here.
    pub fn person(&self, actor: &Actor) -> Result<(Authority, Place), Refusal> {
        self.policy.authority(actor).map_err(Refusal::Denied)
    }

    /// Who a person is who pressed a button of a request's message, which may be in a channel where
    /// commands may not be used.
    ///
    /// # Errors
    ///
    /// When they may do nothing here.
    pub fn presser(&self, actor: &Actor) -> Result<Authority, Refusal> {
        let known = self.policy.authority_anywhere(actor).map_err(Refusal::Denied)?;
        Ok(known.0)
    }

    /// The roles whose members are admins.
    #[must_use]
    pub fn admin_roles(&self) -> Vec<RoleId> {
        self.policy.admin_roles.clone()
    }

    /// Group names to offer someone who has typed `typed`: from the channel's latest search or,
    /// where that says nothing, from a live one. Empty rather than an error: it is only help.
    pub async fn suggest(
        &self,
        caller: &Caller,
        typed: &str,
        id: CorrelationId,
    ) -> Option<Arc<Search>> {
        let (_, place) = self.authority(caller).ok()?;
        let place = place?;
        let now = Instant::now();
        let latest = self.tickets.latest(place, Origin::Search, now);
        let folded = typed.to_lowercase();
        let says_something =
            |search: &Search| search.groups.iter().any(|hit| hit.name.folded().contains(&folded));
        if latest.as_deref().is_some_and(says_something) {
            return latest;
        }
        let earlier = self.tickets.latest(place, Origin::Suggestion, now);
        if earlier.as_deref().is_some_and(|search| search.answers_for(typed)) {
            return earlier;
        }
        if typed.trim().chars().count() < MIN_SUGGEST_CHARS {
            return None;
        }
        let prefix = Prefix::parse(typed).ok()?;
        self.look_up(Some((place, Origin::Suggestion)), prefix, id).await.ok()
    }

    /// Lets go of tickets that nobody may use any more. To be called now and then: nothing else
    /// does it while nobody searches.
    pub fn forget_stale(&self) {
        self.tickets.forget_stale();
    }

    fn authority(&self, caller: &Caller) -> Result<(Authority, Option<Place>), Refusal> {
        match caller {
            Caller::Operator => Ok((Authority::Admin, None)),
            Caller::Person(actor) => {
                let (authority, place) = self.person(actor)?;
                Ok((authority, Some(place)))
            }
        }
    }

    async fn look_up(
        &self,
        remember: Option<(Place, Origin)>,
        prefix: Prefix,
        id: CorrelationId,
    ) -> Result<Arc<Search>, Stop> {
        let groups = self.connect.search(&prefix, id).await.map_err(Stop::of_search)?;
        let search = Arc::new(Search { prefix, groups, taken: Instant::now() });
        if let Some((place, origin)) = remember {
            self.tickets.remember(place, origin, Arc::clone(&search));
        }
        Ok(search)
    }

    /// The name that was typed, or the long one that a suggestion stood for.
    async fn full_name(
        &self,
        place: Option<Place>,
        typed: &str,
        id: CorrelationId,
    ) -> Result<GroupName, Stop> {
        if let Some(short) = Abbreviation::parse(typed) {
            let known = place.into_iter().flat_map(|place| self.latest(place));
            let known = known.into_iter().find_map(|search| short.resolve(names(&search)));
            let name = match known {
                Some(name) => Some(name),
                None => short.resolve(names(&*self.look_up(None, short.prefix(), id).await?)),
            };
            if let Some(name) = name {
                return Ok(name);
            }
        }
        Ok(GroupName::parse(typed).map_err(Refusal::BadName)?)
    }

    /// What is remembered of a channel: its latest search first.
    fn latest(&self, place: Place) -> impl Iterator<Item = Arc<Search>> {
        let now = Instant::now();
        [Origin::Search, Origin::Suggestion]
            .into_iter()
            .filter_map(move |origin| self.tickets.latest(place, origin, now))
    }

    /// The hit that the channel's latest searches have for `name`, where they decide the matter.
    fn remembered(&self, place: Place, name: &GroupName) -> Option<RemoteGroup> {
        self.latest(place).find_map(|search| match find(&search.groups, name) {
            Match::One(hit) if hit.name == *name || search.answers_for(name.as_str()) => {
                Some(hit.clone())
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
    ) -> Result<RemoteGroup, Stop> {
        let prefix = Prefix::from(name.clone());
        let groups = self.connect.search_afresh(&prefix, id).await.map_err(Stop::of_search)?;
        let search = Search { prefix, groups, taken: Instant::now() };
        match find(&search.groups, name) {
            Match::One(hit) => Ok(hit.clone()),
            Match::Several(several) => Err(Refusal::Ambiguous {
                name: name.clone(),
                found: several.into_iter().map(|hit| hit.name.clone()).collect(),
            }
            .into()),
            Match::None => Err(Refusal::NoSuchGroup {
                name: name.clone(),
                near: self.near(place, name, &search, id).await,
            }
            .into()),
        }
    }

    /// Names that may have been meant: longer ones, those of the channel's latest search, and, if
    /// that gives nothing, those that at least begin alike.
    async fn near(
        &self,
        place: Option<Place>,
        name: &GroupName,
        exact: &Search,
        id: CorrelationId,
    ) -> Vec<GroupName> {
        let latest = place.and_then(|at| self.tickets.latest(at, Origin::Search, Instant::now()));
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

    /// Creates the group of a hit. What the channel remembers of it is brought up to date.
    ///
    /// # Errors
    ///
    /// When Connect has the group, or refused, or failed. An answer that was lost is looked into.
    pub async fn bring_in(
        &self,
        place: Option<Place>,
        hit: RemoteGroup,
        id: CorrelationId,
    ) -> Result<Created, Stop> {
        let created = self.put_renewed(hit, id).await.map_err(Stop::of_creation);
        if let Some(place) = place {
            match &created {
                Ok(Created { name, guid, .. })
                | Err(Stop::Refusal(Refusal::InUse { name, guid: Some(guid), .. })) => {
                    self.tickets.note_guid(place, name, guid);
                }
                Err(_) => {}
            }
        }
        created
    }

    /// Sends the creation, once; a ticket that Connect doesn't take any more is renewed once.
    async fn put_renewed(&self, hit: RemoteGroup, id: CorrelationId) -> Result<Created, Stop> {
        match self.put(hit, id).await? {
            Put::Created(created) => Ok(created),
            Put::StaleTicket { name, .. } => {
                let fresh = self.look_up_exactly(&name, id).await?;
                match self.put(fresh, id).await? {
                    Put::Created(created) => Ok(created),
                    Put::StaleTicket { error, .. } => Err(error.into()),
                }
            }
        }
    }

    async fn put(&self, hit: RemoteGroup, id: CorrelationId) -> Result<Put, Stop> {
        if let Some(guid) = hit.guid {
            let by = InUseBy::ThisGroup;
            return Err(Refusal::InUse { name: hit.name, guid: Some(guid), by }.into());
        }
        let error = match self.connect.create_group(&hit.temp_ticket, id).await {
            Ok(group) => {
                let known = Known::Answered;
                return Ok(Put::Created(Created { name: group.name, guid: group.guid, known }));
            }
            Err(error) => error,
        };
        match error.code() {
            Some(Code::TicketInvalid) => Ok(Put::StaleTicket { name: hit.name, error }),
            Some(Code::NameInUse) => {
                Err(self.taken(hit.name, InUseBy::AnotherGroup, id).await.into())
            }
            Some(Code::SameUniqueId) => Err(self.imported(hit.name, id).await.into()),
            _ if error.leaves_open() => {
                self.look_for_lost(hit.name, error, id).await.map(Put::Created)
            }
            _ => Err(error.into()),
        }
    }

    /// Finds out which other group has the name. That it isn't found changes nothing about the
    /// answer.
    async fn taken(&self, name: GroupName, by: InUseBy, id: CorrelationId) -> Refusal {
        match self.connect.group_named(&name, id).await {
            Ok(Some(group)) => Refusal::InUse { name: group.name, guid: Some(group.guid), by },
            Ok(None) | Err(_) => Refusal::InUse { name, guid: None, by },
        }
    }

    /// Finds out which id the LDAP group has in Connect: by LDAP or, if that doesn't say, by the
    /// name.
    async fn imported(&self, name: GroupName, id: CorrelationId) -> Refusal {
        let by = InUseBy::ThisGroup;
        match self.guid_in_ldap(&name, id).await {
            Ok(Some(guid)) => Refusal::InUse { name, guid: Some(guid), by },
            Ok(None) | Err(_) => self.taken(name, by, id).await,
        }
    }

    /// Finds out whether a creation whose answer was lost came about.
    async fn look_for_lost(
        &self,
        name: GroupName,
        error: Error,
        id: CorrelationId,
    ) -> Result<Created, Stop> {
        tracing::warn!(error = error.chain(), "a creation went unanswered; looking for the group");
        let mut changed = Changed::Unknown;
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            match self.guid_in_ldap(&name, id).await {
                Ok(Some(guid)) => {
                    return Ok(Created { name, guid, known: Known::FoundAfterwards });
                }
                Ok(None) => changed = Changed::NotThereYet,
                Err(error) => {
                    changed = Changed::Unknown;
                    tracing::warn!(error = error.chain(), "could not look for the group");
                }
            }
        }
        Err(Fault { trouble: Trouble::Connect(Arc::new(error)), changed }.into())
    }

    /// The id that Connect says the LDAP group of exactly this name has.
    async fn guid_in_ldap(
        &self,
        name: &GroupName,
        id: CorrelationId,
    ) -> Result<Option<Guid>, Arc<Error>> {
        let hits = self.connect.search_afresh(&name.clone().into(), id).await?;
        Ok(match find(&hits, name) {
            Match::One(hit) if hit.name == *name => hit.guid.clone(),
            Match::One(_) | Match::Several(_) | Match::None => None,
        })
    }
}

fn names(search: &Search) -> impl Iterator<Item = &GroupName> {
    search.groups.iter().map(|hit| &hit.name)
}

/// What came of sending a creation, where it isn't over.
enum Put {
    Created(Created),
    StaleTicket { name: GroupName, error: Error },
}
