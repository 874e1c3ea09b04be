//! What `/ldapgroup create` and a pick in a menu lead to: a group, several, or a request.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use futures_util::future::join_all;

use super::carry::{Outcome, outcome};
use super::{AdminCreates, RequestRefusal, Requests};
use crate::access::{Authority, Member};
use crate::correlation::CorrelationId;
use crate::group::{GroupName, RemoteGroup};
use crate::ids::Place;
use crate::ldapgroup::{Created, Error, Failure, Refusal, SideEffect};
use crate::request::{GroupStatus, MAX_GROUPS, MAX_REASON_CHARS, Request};
use crate::store::{GroupOutcome, How, NewRequest, Standing};

/// Names that are looked up at the same time.
const AT_ONCE: usize = 5;

/// What somebody wants created.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// What they typed: a name or, if no group is called so, names with commas between them.
    Typed(String),
    /// Names, each of them whole.
    Listed(Vec<String>),
}

/// What came of wanting groups created.
#[derive(Debug)]
pub enum Done {
    /// The group is there.
    Created(Created),
    /// There is a request for it now.
    Requested(Request),
    /// There was one for this group, or this one among others, and what that means for the person.
    Standing(GroupName, Request, How),
    /// Several were asked for.
    Asked(Batch),
    /// Several are to be created, which is still to be carried out: see [`Requests::carry_out`].
    Begun(Batch, Found),
}

/// What came of wanting several groups at once.
#[derive(Debug)]
pub struct Batch {
    /// The request for those that no other one is open for.
    pub made: Option<Request>,
    /// Those that another one is open for.
    pub standing: Vec<Standing>,
    /// Those that nothing can be done about.
    pub left: Vec<Left>,
}

/// A group that a batch leaves out.
#[derive(Debug)]
pub struct Left {
    /// Its name.
    pub name: GroupName,
    /// Why.
    pub why: Refusal,
}

/// What is known of the groups of a batch when its creation begins.
#[derive(Debug, Default)]
pub struct Found(pub(super) HashMap<GroupName, Result<RemoteGroup, Refusal>>);

impl Requests {
    /// Creates groups for an admin, or asks for them on behalf of anyone else.
    ///
    /// # Errors
    ///
    /// When something failed. Of a single group also when the name doesn't name one or Connect has it
    /// already; of several, each says so of itself.
    pub async fn create(
        &self,
        member: Member,
        wanted: Wanted,
        reason: Option<&str>,
        id: CorrelationId,
    ) -> Result<Done, Error> {
        let (place, asks) = (member.place(), self.must_ask(member.authority()));
        let reason = self.reason(reason, asks)?;
        let typed = self.typed(place, wanted, id).await?;
        let new = |names| NewRequest { names, requester: member.user(), place, reason };
        if let [name] = &typed[..] {
            let hit = self.groups.resolve(Some(place), name, id).await?;
            let new = new(vec![hit.name.clone()]);
            return if asks {
                self.ask(&new, id).await
            } else {
                self.create_at_once(&new, hit, id).await
            };
        }
        let (mut found, mut left) = self.resolve_all(place, &typed, id).await?;
        if !asks {
            let names = found.iter().map(|(name, _)| name.clone()).collect();
            let begun = self.store.begin(&new(names), false, SystemTime::now(), id).await?;
            let batch = Batch { made: begun.made, standing: begun.standing, left };
            return Ok(Done::Begun(batch, Found(found.into_iter().collect())));
        }
        let mut names = Vec::new();
        for (name, hit) in found.drain(..) {
            match hit {
                Ok(_) => names.push(name),
                Err(why) => left.push(Left { name, why }),
            }
        }
        let asked =
            self.store.ask(&new(names), self.settings.max_open, SystemTime::now(), id).await?;
        let asked = asked.ok_or(RequestRefusal::TooMany(self.settings.max_open))?;
        self.changed.notify_one();
        Ok(Done::Asked(Batch { made: asked.made, standing: asked.standing, left }))
    }

    /// Whether who creates with this authority makes a request.
    #[must_use]
    pub fn must_ask(&self, authority: Authority) -> bool {
        match (authority, self.settings.admin_creates) {
            (Authority::Admin, AdminCreates::Direct) => false,
            (Authority::Admin, AdminCreates::Approval) | (Authority::Requester, _) => true,
        }
    }

    fn reason(&self, reason: Option<&str>, asks: bool) -> Result<Option<String>, RequestRefusal> {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        match reason {
            None if asks && self.settings.reason_required => Err(RequestRefusal::ReasonMissing),
            Some(reason) if reason.chars().count() > MAX_REASON_CHARS => {
                Err(RequestRefusal::ReasonTooLong)
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
            more => Err(RequestRefusal::TooManyGroups(more).into()),
        }
    }

    /// What is known of each of several names, in their order, and those that can't be in one
    /// request with an earlier one. A failure is a failure of all.
    async fn resolve_all(
        &self,
        place: Place,
        typed: &[String],
        id: CorrelationId,
    ) -> Result<(Vec<(GroupName, Result<RemoteGroup, Refusal>)>, Vec<Left>), Error> {
        let (mut found, mut left) = (Vec::with_capacity(typed.len()), Vec::new());
        let (mut names, mut folded) = (HashSet::new(), HashSet::new());
        for some in typed.chunks(AT_ONCE) {
            let looks = some.iter().map(|name| self.groups.resolve(Some(place), name, id));
            for (name, hit) in some.iter().zip(join_all(looks).await) {
                let (name, hit) = match hit {
                    Ok(hit) => (hit.name.clone(), Ok(hit)),
                    Err(Error::Refused(why @ Refusal::BadName(_))) => return Err(why.into()),
                    Err(Error::Refused(why)) => (why.name_of(name), Err(why)),
                    Err(failure @ Error::Failed(_)) => return Err(failure),
                };
                if !names.insert(name.clone()) {
                    continue;
                }
                if folded.insert(name.folded()) {
                    found.push((name, hit));
                } else {
                    let found = Vec::new();
                    let why = hit.err();
                    let why = why.unwrap_or(Refusal::Ambiguous { name: name.clone(), found });
                    left.push(Left { name, why });
                }
            }
        }
        Ok((found, left))
    }

    async fn ask(&self, new: &NewRequest, id: CorrelationId) -> Result<Done, Error> {
        let asked = self.store.ask(new, self.settings.max_open, SystemTime::now(), id).await?;
        let mut asked = asked.ok_or(RequestRefusal::TooMany(self.settings.max_open))?;
        self.changed.notify_one();
        match (asked.made, asked.standing.pop()) {
            (Some(request), _) => Ok(Done::Requested(request)),
            (None, Some(Standing { name, request, how })) => match how {
                How::InTheWay => Err(RequestRefusal::Open(name, Box::new(request)).into()),
                How::Joined | How::AskedBefore | How::Reworded => {
                    Ok(Done::Standing(name, request, how))
                }
            },
            (None, None) => Err(RequestRefusal::Unknown.into()),
        }
    }

    async fn create_at_once(
        &self,
        new: &NewRequest,
        hit: RemoteGroup,
        id: CorrelationId,
    ) -> Result<Done, Error> {
        let begun = self.store.begin(new, true, SystemTime::now(), id).await?;
        let open = |request| RequestRefusal::Open(hit.name.clone(), Box::new(request));
        let request = match (begun.made, begun.standing.into_iter().next()) {
            (Some(request), _) => request,
            (None, Some(Standing { request, .. })) => return Err(open(request).into()),
            (None, None) => return Err(RequestRefusal::Unknown.into()),
        };
        let Some(_work) = self.take_up(request.id) else { return Err(open(request).into()) };
        let result = self.import_resolved(&request, 0, hit, id).await;
        let is_open = matches!(
            &result,
            Err(Error::Failed(Failure {
                side_effect: SideEffect::Unknown | SideEffect::NotThereYet,
                ..
            }))
        );
        // What Connect did counts; a row that doesn't say so yet is settled by a look later.
        if !is_open {
            let settled = match outcome(&result, false, id) {
                Outcome::Over(settled) => settled,
                Outcome::Again { note, .. } => GroupOutcome {
                    status: GroupStatus::Failed,
                    guid: None,
                    note: Some(note),
                    correlation: id,
                },
            };
            let written = self.store.settle(request.id, 0, &settled, SystemTime::now()).await;
            if let Err(error) = written {
                tracing::error!(%error, request = request.id, "a creation wasn't written down");
            }
        }
        self.changed.notify_one();
        result.map(Done::Created)
    }
}
