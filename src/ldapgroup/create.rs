//! Sending a creation, once, and finding out what came of it.

use std::sync::Arc;
use std::time::Duration;

use super::{Cause, Created, Error, Failure, InUseBy, Known, LdapGroups, Refusal, SideEffect};
use crate::connect::{Code, ConnectError};
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Guid, Match, RemoteGroup, find};
use crate::ids::Place;

/// The pauses before each look for a group whose creation went unanswered. Connect may still be at
/// work when the connection breaks.
const LOOKS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(2)];

impl LdapGroups {
    /// Creates the group of a hit. What the channel remembers of it is brought up to date.
    ///
    /// # Errors
    ///
    /// When Connect has the group, or refused, or failed. An answer that was lost is looked into.
    pub async fn import(
        &self,
        place: Option<Place>,
        hit: RemoteGroup,
        id: CorrelationId,
    ) -> Result<Created, Error> {
        let created = self.put_renewed(hit, id).await.map_err(Error::of_creation);
        if let Some(place) = place {
            match &created {
                Ok(Created { name, guid, .. })
                | Err(Error::Refused(Refusal::InUse {
                    name,
                    guid: Some(guid),
                    by: InUseBy::ThisGroup,
                })) => {
                    self.tickets.note_guid(place, name, guid);
                }
                Err(_) => {}
            }
        }
        created
    }

    /// Sends the creation, once; a ticket that Connect doesn't take any more is renewed once.
    async fn put_renewed(&self, hit: RemoteGroup, id: CorrelationId) -> Result<Created, Error> {
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

    async fn put(&self, hit: RemoteGroup, id: CorrelationId) -> Result<Put, Error> {
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
            Some(Code::NameInUse) => Err(self.taken(hit.name, id).await.into()),
            Some(Code::SameUniqueId) => Err(self.imported(hit.name, id).await.into()),
            _ if error.leaves_open() => {
                self.look_for_lost(hit.name, error, id).await.map(Put::Created)
            }
            _ => Err(error.into()),
        }
    }

    /// Finds out which other group has the name. That it isn't found changes nothing about the
    /// answer.
    async fn taken(&self, name: GroupName, id: CorrelationId) -> Refusal {
        let by = InUseBy::AnotherGroup;
        match self.connect.group_named(&name, id).await {
            Ok(Some(group)) if group.name == name => {
                Refusal::InUse { name, guid: Some(group.guid), by }
            }
            Ok(Some(group)) => Refusal::InOtherCase { name, there: group.name, guid: group.guid },
            Ok(None) | Err(_) => Refusal::InUse { name, guid: None, by },
        }
    }

    /// Finds out which id the LDAP group has in Connect. By LDAP alone: the name may be another
    /// group's there.
    async fn imported(&self, name: GroupName, id: CorrelationId) -> Refusal {
        let guid = self.guid_in_ldap(&name, id).await.ok().flatten();
        Refusal::InUse { name, guid, by: InUseBy::ThisGroup }
    }

    /// Finds out whether a creation whose answer was lost came about.
    async fn look_for_lost(
        &self,
        name: GroupName,
        error: ConnectError,
        id: CorrelationId,
    ) -> Result<Created, Error> {
        tracing::warn!(error = error.chain(), "a creation went unanswered; looking for the group");
        let mut side_effect = SideEffect::Unknown;
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            match self.guid_in_ldap(&name, id).await {
                Ok(Some(guid)) => {
                    return Ok(Created { name, guid, known: Known::FoundAfterwards });
                }
                Ok(None) => side_effect = SideEffect::NotThereYet,
                Err(error) => {
                    side_effect = SideEffect::Unknown;
                    tracing::warn!(error = error.chain(), "could not look for the group");
                }
            }
        }
        Err(Failure { cause: Cause::Connect(Arc::new(error)), side_effect }.into())
    }

    /// The id that Connect says the LDAP group of exactly this name has.
    async fn guid_in_ldap(
        &self,
        name: &GroupName,
        id: CorrelationId,
    ) -> Result<Option<Guid>, Arc<ConnectError>> {
        let hits = self.connect.search_afresh(&name.clone().into(), id).await?;
        Ok(match find(&hits, name) {
            Match::One(hit) if hit.name == *name => hit.guid.clone(),
            Match::One(_) | Match::Several(_) | Match::None => None,
        })
    }
}

/// What came of sending a creation, where it isn't over.
enum Put {
    Created(Created),
    StaleTicket { name: GroupName, error: ConnectError },
}
