//! From what somebody typed or picked to what came of it. One group is a batch of one.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::outcome::{CreateOutcome, Skipped};
use super::store::{NewRequest, StoreError};
use super::{AdminCreates, Error, Refusal, Requests};
use crate::access::{Authority, Member};
use crate::correlation::CorrelationId;
use crate::group::{GroupName, RemoteGroup};
use crate::ids::Place;
use crate::ldapgroup;
use crate::request::{Kind, MAX_GROUPS, MAX_REASON_CHARS};

/// Names that are looked up at the same time.
const AT_ONCE: usize = 5;

/// What somebody wants created.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Wanted {
    /// What they typed: a name or, if no group is called so, names with commas between them.
    Typed(String),
    /// Names, each of them whole.
    Listed(Vec<String>),
}

/// What is known of what somebody wants.
struct LookedUp {
    /// Whether it is one name.
    is_single: bool,
    /// The groups that can be created, in their order.
    found: Vec<RemoteGroup>,
    /// Those that can't, or not in one request with an earlier one.
    skipped: Vec<Skipped>,
}

impl Requests {
    /// Creates groups for an admin, or asks for them on behalf of anyone else. A single group of an
    /// admin's is there then; several are carried out from then on.
    ///
    /// # Errors
    ///
    /// When something failed. Of a single group also when the name doesn't name one or Connect has it
    /// already; of several, each says so of itself.
    pub(crate) async fn create(
        self: &Arc<Self>,
        member: Member,
        wanted: Wanted,
        reason: Option<&str>,
        id: CorrelationId,
    ) -> Result<CreateOutcome, Error> {
        let (place, asks) = (member.place(), self.must_ask(member.authority()));
        let reason = self.reason(reason, asks)?;
        let looked_up = self.look_up(place, wanted, id).await;
        let looked_up = looked_up.map_err(|error| if asks { error.of_asking() } else { error });
        let LookedUp { is_single, found, mut skipped } = looked_up?;
        let names = found.iter().map(|hit| hit.name.clone()).collect();
        let kind = match (asks, is_single) {
            (true, _) => Kind::Asked,
            (false, false) => Kind::Batch,
            (false, true) => Kind::Single,
        };
        let new = NewRequest { names, requester: member.user(), place, reason, kind };
        let (now, max_open) = (self.store.now().await?, self.settings.max_open);
        let mut outcome = if asks {
            let asked = self.store.ask(&new, max_open, now, id).await;
            let asked = asked.map_err(|error| unkept(error, &new.names))?;
            self.look_again();
            asked.ok_or(Refusal::TooMany(max_open))?
        } else {
            let begun = self.store.begin(&new, now, id).await;
            begun.map_err(|error| unkept(error, &new.names))?
        };
        self.audit_made(&outcome, member, id);
        if is_single && let Some(Skipped::Open { name, request }) = outcome.skipped.pop_if(is_open)
        {
            return Err(Refusal::Open(name, Box::new(request)).into());
        }
        outcome.skipped.append(&mut skipped);
        match &outcome.request {
            Some(request) if !asks => {
                let resolved = found.into_iter().map(|hit| (hit.name.clone(), hit)).collect();
                if is_single {
                    let Some(_claim) = self.claim(request.id) else {
                        let name = request.groups[0].name.clone();
                        return Err(Refusal::Open(name, Box::new(request.clone())).into());
                    };
                    outcome.created = self.carry_out(request, resolved, id).await?;
                } else {
                    self.start(request.id, resolved, id);
                }
            }
            Some(_) | None => {}
        }
        Ok(outcome)
    }

    /// Whether who creates with this authority makes a request.
    pub(crate) fn must_ask(&self, authority: Authority) -> bool {
        match (authority, self.settings.admin_creates) {
            (Authority::Admin, AdminCreates::Direct) => false,
            (Authority::Admin, AdminCreates::Approval) | (Authority::Requester, _) => true,
        }
    }

    fn reason(&self, reason: Option<&str>, asks: bool) -> Result<Option<String>, Refusal> {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        match reason {
            None if asks && self.settings.reason_required => Err(Refusal::ReasonMissing),
            Some(reason) if reason.chars().count() > MAX_REASON_CHARS => {
                Err(Refusal::ReasonTooLong)
            }
            reason => Ok(reason.map(str::to_owned)),
        }
    }

    /// The names that are wanted, each once, at least one.
    async fn typed(
        &self,
        place: Place,
        wanted: Wanted,
        id: CorrelationId,
    ) -> Result<Vec<String>, Error> {
        let typed = match wanted {
            Wanted::Listed(names) => names,
            Wanted::Typed(text) => {
                if !text.contains(',') || self.groups.is_called(place, &text, id).await? {
                    return Ok(vec![text]);
                }
                text.split(',').map(|name| name.trim().to_owned()).collect()
            }
        };
        let mut names = Vec::new();
        for name in typed {
            if !name.trim().is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        match names.len() {
            0 => Ok(vec![String::new()]),
            1..=MAX_GROUPS => Ok(names),
            more => Err(Refusal::TooManyGroups(more).into()),
        }
    }

    /// What is known of what is wanted. A failure is a failure of all; of a single name, so is a
    /// refusal.
    async fn look_up(
        &self,
        place: Place,
        wanted: Wanted,
        id: CorrelationId,
    ) -> Result<LookedUp, Error> {
        use ldapgroup::Refusal::{Ambiguous, BadName};
        self.recall(place).await;
        let typed = self.typed(place, wanted, id).await?;
        let (mut found, mut skipped) = (Vec::with_capacity(typed.len()), Vec::new());
        let (mut names, mut folded) = (HashSet::new(), HashSet::new());
        for some in typed.chunks(AT_ONCE) {
            let looks = some.iter().map(|name| self.groups.resolve(Some(place), name, id));
            for (name, hit) in some.iter().zip(join_all(looks).await) {
                let (name, hit) = match hit {
                    Ok(hit) => (hit.name.clone(), Ok(hit)),
                    Err(ldapgroup::Error::Refused(why))
                        if typed.len() > 1 && !matches!(why, BadName(_)) =>
                    {
                        (why.name_of(name), Err(why))
                    }
                    Err(error) => return Err(error.into()),
                };
                if !names.insert(name.clone()) {
                    continue;
                }
                let is_first = folded.insert(name.folded());
                let why = match hit {
                    Ok(hit) if is_first => {
                        found.push(hit);
                        continue;
                    }
                    Ok(_) => Ambiguous { name: name.clone(), found: Vec::new() },
                    Err(why) => why,
                };
                skipped.push(Skipped::Refused { name, why });
            }
        }
        Ok(LookedUp { is_single: typed.len() == 1, found, skipped })
    }
}

/// Why a request isn't stored: it is no failure that the database takes no name that long.
fn unkept(error: StoreError, names: &[GroupName]) -> Error {
    match names.iter().max_by_key(|name| name.as_str().len()) {
        Some(longest) if error.is_too_long() => Refusal::TooLongToKeep(longest.clone()).into(),
        Some(_) | None => error.into(),
    }
}

fn is_open(skipped: &mut Skipped) -> bool {
    matches!(skipped, Skipped::Open { .. })
}
