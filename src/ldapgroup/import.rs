//! Sending a creation, once, and finding out what came of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{Error, InUseBy, LdapGroups, Refusal, SideEffect};
use crate::connect::{Code, ConnectError};
use crate::correlation::CorrelationId;
use crate::group::{GroupName, Guid, Match, RemoteGroup, find};

/// The pauses before each look for a group whose creation went unanswered. Connect may still be at
/// work when the connection breaks.
const LOOKS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(2)];

/// A group that was created.
#[derive(Debug)]
pub(crate) struct Created {
    /// Its name, as Connect has it.
    pub name: GroupName,
    /// Its id.
    pub guid: Guid,
    /// How it is known.
    pub known: Known,
}

/// How it is known that a group was created.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Known {
    /// Connect said so.
    Answered,
    /// Connect's answer was lost, and the group was there when looked for.
    FoundAfterwards,
}

/// The group that Connect now has by its name, as far as a creation that came to this tells.
pub(crate) fn is_there(created: &Result<Created, Error>) -> Option<(&GroupName, &Guid)> {
    match created {
        Ok(Created { name, guid, .. })
        | Err(Error::Refused(Refusal::InUse { name, guid: Some(guid), by: InUseBy::ThisGroup })) => {
            Some((name, guid))
        }
        Err(_) => None,
    }
}

impl LdapGroups {
    /// Creates the group of a hit: sends the creation once; a ticket that Connect doesn't take any more
    /// was not used, and is renewed once. What channels remember of it is brought up to date. Nothing is
    /// sent before it is `sure` that nobody else does.
    ///
    /// # Errors
    ///
    /// When Connect has the group, or refused, or failed. An answer that was lost is looked into.
    pub(crate) async fn import<'a>(
        &self,
        mut hit: RemoteGroup,
        sure: impl Fn() -> BoxFuture<'a, ()>,
        id: CorrelationId,
    ) -> Result<Created, Error> {
        let mut is_renewed = false;
        let created = loop {
            if let Some(guid) = hit.guid {
                let by = InUseBy::ThisGroup;
                break Err(Refusal::InUse { name: hit.name, guid: Some(guid), by }.into());
            }
            sure().await;
            match self.connect.create_group(&hit.temp_ticket, id).await {
                Ok(group) => {
                    let known = Known::Answered;
                    break Ok(Created { name: group.name, guid: group.guid, known });
                }
                Err(error) if error.code() == Some(Code::TicketInvalid) && !is_renewed => {
                    is_renewed = true;
                    hit = match self.look_up_exactly(&hit.name, id).await {
                        Ok(fresh) => fresh,
                        Err(error) => break Err(error),
                    };
                }
                Err(error) => break self.investigate(hit.name, error, id).await,
            }
        };
        if let Some((name, guid)) = is_there(&created) {
            self.tickets.note_guid(name, guid);
        }
        created.map_err(Error::of_creation)
    }

    /// What it means that a creation came to this.
    async fn investigate(
        &self,
        name: GroupName,
        error: ConnectError,
        id: CorrelationId,
    ) -> Result<Created, Error> {
        match error.code() {
            Some(Code::NameInUse) => Err(self.taken(name, id).await.into()),
            // By LDAP alone: the name may be another group's there.
            Some(Code::SameUniqueId) => {
                let guid = self.guid_in_ldap(&name, id).await.ok().flatten();
                Err(Refusal::InUse { name, guid, by: InUseBy::ThisGroup }.into())
            }
            _ if error.leaves_open() => self.look_for_lost(name, error, id).await,
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
        Err(Error::Failed(Arc::new(error), side_effect))
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
