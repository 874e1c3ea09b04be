//! What people do to requests that there are.

use std::sync::Arc;
use std::time::SystemTime;

use super::store::{Change, Transition};
use super::worker::Resolved;
use super::{Error, Refusal, Requests};
use crate::access::{Authority, Member};
use crate::correlation::CorrelationId;
use crate::request::{Event, Involvement, Request, State};

/// A decision, as someone pressed or wrote it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision<'w> {
    /// The request's id.
    pub request_id: i64,
    /// The message that was pressed: one that doesn't show this request may be years old, and its
    /// id another's.
    pub message: Option<u64>,
    /// What was decided.
    pub event: Event,
    /// Why.
    pub why: Option<&'w str>,
}

impl Requests {
    /// Decides a request. What is approved or retried is carried out from then on.
    ///
    /// # Errors
    ///
    /// When the member may not decide it, or it can't be decided any more.
    pub(crate) async fn decide(
        self: &Arc<Self>,
        member: Member,
        decision: &Decision<'_>,
        id: CorrelationId,
    ) -> Result<Request, Error> {
        let request = self.decidable(member, decision, id).await?;
        let why = decision.why.map(str::trim).filter(|why| !why.is_empty()).map(str::to_owned);
        let change = Change { why, ..Change::new(decision.event, Some(member.user()), id) };
        let decided = self.change(request.id, &change, Some(member)).await?;
        if decided.state == State::Creating {
            self.start(decided.id, Resolved::new(), id);
        }
        Ok(decided)
    }

    /// The request, if the member may decide it now: an admin who didn't ask for it.
    ///
    /// # Errors
    ///
    /// When they may not, or it can't be decided any more.
    pub(crate) async fn decidable(
        &self,
        member: Member,
        decision: &Decision<'_>,
        id: CorrelationId,
    ) -> Result<Request, Error> {
        let &Decision { message, event, .. } = decision;
        let request = self.store.request(decision.request_id).await?.ok_or(Refusal::Unknown)?;
        if message.is_some() && message != request.message.map(|(_, message)| message) {
            return Err(Refusal::OldMessage.into());
        }
        self.policy.require_admin(member)?;
        // Who may create at once needs nobody else's word to try again.
        let must_be_another = !request.is_direct() || self.must_ask(member.authority());
        if must_be_another && self.involvement(&request, member).await? != Involvement::Out {
            return Err(Refusal::Own.into());
        }
        let now = SystemTime::now();
        if request.state == State::Pending && request.expires(self.settings.ttl) <= now {
            let expired =
                self.change(request.id, &Change::new(Event::Expire, None, id), None).await?;
            return Err(Refusal::Over(Box::new(expired)).into());
        }
        let is_final = event == Event::Retry && !request.can_be_retried();
        if is_final || request.state != event.from() {
            return Err(Refusal::Over(Box::new(request)).into());
        }
        Ok(request)
    }

    /// Takes a request back, or leaves it to the others who asked: then it is pending still. Who isn't
    /// in it cancels it for all, if they are an admin.
    ///
    /// # Errors
    ///
    /// When the member neither asked for it nor is an admin, or it is decided.
    pub(crate) async fn cancel(
        &self,
        member: Member,
        request_id: i64,
        id: CorrelationId,
    ) -> Result<Request, Error> {
        let is_admin = member.authority() == Authority::Admin;
        match self.involvement_in(request_id, member).await? {
            Involvement::Out if is_admin => {
                let change = Change::new(Event::Cancel, Some(member.user()), id);
                self.change(request_id, &change, Some(member)).await
            }
            involvement => self.leave(member, (request_id, involvement), id).await,
        }
    }

    /// Takes a request back, or leaves it to the others who asked: then it is pending still.
    ///
    /// # Errors
    ///
    /// When the member isn't in it, or it is decided.
    pub(crate) async fn take_back(
        &self,
        member: Member,
        request_id: i64,
        id: CorrelationId,
    ) -> Result<Request, Error> {
        let involvement = self.involvement_in(request_id, member).await?;
        self.leave(member, (request_id, involvement), id).await
    }

    async fn leave(
        &self,
        member: Member,
        (request_id, involvement): (i64, Involvement),
        id: CorrelationId,
    ) -> Result<Request, Error> {
        match involvement {
            Involvement::In => {}
            Involvement::Out => return Err(Refusal::NotYours.into()),
            Involvement::Left => return Err(Refusal::HasLeft(request_id).into()),
        }
        match self.store.leave(request_id, member.user(), SystemTime::now(), id).await? {
            Transition::Conflict(request) if request.state == State::Pending => {
                Err(Refusal::HasLeft(request_id).into())
            }
            transition => {
                let left = self.applied(transition)?;
                self.audit_left(&left, member, id);
                Ok(left)
            }
        }
    }

    /// What a member may cancel or leave, at most `limit` of each: what they are in, and the others if
    /// they are an admin.
    pub(crate) async fn cancellable(
        &self,
        member: Member,
        limit: u32,
    ) -> Result<(Vec<Request>, Vec<Request>), Error> {
        let own = self.store.pending_of(member.user(), limit).await?;
        let others = match member.authority() {
            Authority::Admin => self.store.pending_of_others(member.user(), limit).await?,
            Authority::Requester => Vec::new(),
        };
        Ok((own, others))
    }

    async fn involvement_in(&self, request_id: i64, member: Member) -> Result<Involvement, Error> {
        let request = self.store.request(request_id).await?.ok_or(Refusal::Unknown)?;
        self.involvement(&request, member).await
    }

    async fn involvement(&self, request: &Request, member: Member) -> Result<Involvement, Error> {
        if request.requester == member.user() {
            return Ok(Involvement::In);
        }
        Ok(self.store.involvement(request.id, member.user()).await?)
    }

    async fn change(
        &self,
        request_id: i64,
        change: &Change,
        doer: Option<Member>,
    ) -> Result<Request, Error> {
        match self.store.change(request_id, change, self.store.now().await?).await? {
            Transition::Conflict(request)
                if change.event == Event::Retry && request.can_be_retried() =>
            {
                Err(Refusal::AskedAgain(Box::new(request)).into())
            }
            transition => {
                let changed = self.applied(transition)?;
                self.audit_change(&changed, change, doer);
                Ok(changed)
            }
        }
    }

    fn applied(&self, transition: Transition) -> Result<Request, Error> {
        match transition {
            Transition::Applied(request) => {
                self.look_again();
                Ok(request)
            }
            Transition::Conflict(request) => Err(Refusal::Over(Box::new(request)).into()),
            Transition::NotFound => Err(Refusal::Unknown.into()),
        }
    }
}
