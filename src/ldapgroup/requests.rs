//! Requests that admins approve: made, decided, carried out, and looked after.

mod asking;
mod carry;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

pub use self::asking::{Batch, Done, Found, Left, Wanted};
pub use self::carry::Swept;
use super::{Error, LdapGroups, Refusal};
use crate::access::{Authority, Member, Policy};
use crate::correlation::CorrelationId;
use crate::group::GroupName;
use crate::ids::ChannelId;
use crate::request::{Event, Involvement, Request, State};
use crate::store::{Change, Filter, Listed, Store, Transition};

/// How requests are made and decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestSettings {
    /// Where they wait; the channel where they were made if `None`.
    pub channel: Option<ChannelId>,
    /// What an admin's create does.
    pub admin_creates: AdminCreates,
    /// Whether a request must state a reason.
    pub reason_required: bool,
    /// How many open requests one person may have.
    pub max_open: u32,
    /// When an undecided request expires.
    pub ttl: Duration,
    /// When an undecided request is brought up again, if it is.
    pub reminder: Option<Duration>,
}

/// What an admin's create does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AdminCreates {
    /// It runs at once.
    Direct,
    /// It needs another admin.
    Approval,
}

/// Why someone didn't get what they wanted of a request.
#[derive(Debug)]
pub enum RequestRefusal {
    /// A request must say why, and this one doesn't.
    ReasonMissing,
    /// The reason is longer than [`MAX_REASON_CHARS`](crate::request::MAX_REASON_CHARS).
    ReasonTooLong,
    /// They have as many open requests as one person may have: this many.
    TooMany(u32),
    /// There is an open request for the group of this name.
    Open(GroupName, Box<Request>),
    /// They named this many groups, more than [`MAX_GROUPS`](crate::request::MAX_GROUPS).
    TooManyGroups(usize),
    /// They asked for it, even if they have left it since: somebody else decides.
    Own,
    /// It is somebody else's request.
    NotYours,
    /// They have left the request of this number already, and it stays for the others.
    HasLeft(i64),
    /// There is no request of this number.
    Unknown,
    /// The request is decided, or over, or on its way.
    Over(Box<Request>),
    /// The request failed, and a group of it was asked for again: that request is open.
    AskedAgain(Box<Request>),
    /// The message that was pressed isn't the one that shows the request.
    OldMessage,
    /// Connect's answer to an admin's create got lost, and the group isn't there.
    Abandoned,
}

impl From<RequestRefusal> for Refusal {
    fn from(refusal: RequestRefusal) -> Self {
        Self::Request(refusal)
    }
}

impl From<RequestRefusal> for Error {
    fn from(refusal: RequestRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

/// A decision, as someone pressed or wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'w> {
    /// The request's number.
    pub request: i64,
    /// The message that was pressed: one that doesn't show this request may be years old, and its
    /// number another's.
    pub message: Option<u64>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub why: Option<&'w str>,
}

/// What a press or a form asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Create the group.
    Approve,
    /// Don't.
    Deny,
    /// Try again.
    Retry,
}

impl Verdict {
    fn event(self) -> Event {
        match self {
            Self::Approve => Event::Approve,
            Self::Deny => Event::Deny,
            Self::Retry => Event::Retry,
        }
    }
}

/// Requests on top of [`LdapGroups`].
pub struct Requests {
    groups: LdapGroups,
    store: Store,
    policy: Policy,
    settings: RequestSettings,
    /// Requests whose creation this process is at work on: none is worked on twice.
    under_way: Mutex<HashSet<i64>>,
    changed: Notify,
}

impl Requests {
    /// Requests for `groups`, kept in `store`, of whoever `policy` admits.
    #[must_use]
    pub fn new(
        groups: LdapGroups,
        store: Store,
        policy: Policy,
        settings: RequestSettings,
    ) -> Self {
        Self {
            groups,
            store,
            policy,
            settings,
            under_way: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Who may do what.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What can be done without a request.
    #[must_use]
    pub fn groups(&self) -> &LdapGroups {
        &self.groups
    }

    /// Where requests are kept.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How requests are made and decided.
    #[must_use]
    pub fn settings(&self) -> &RequestSettings {
        &self.settings
    }

    /// Has it looked again at what is to be done.
    pub fn look_again(&self) {
        self.changed.notify_one();
    }

    /// Until a request has changed that somebody must see.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Decides a request. After an approval the creation is still to be carried out: see
    /// [`Requests::carry_out`].
    ///
    /// # Errors
    ///
    /// When the member may not decide it, or it can't be decided any more.
    pub async fn decide(
        &self,
        member: Member,
        decision: &Decision<'_>,
        id: CorrelationId,
    ) -> Result<Request, Error> {
        let request = self.decidable(member, decision, id).await?;
        let why = decision.why.map(str::trim).filter(|why| !why.is_empty()).map(str::to_owned);
        let event = decision.verdict.event();
        let change = Change { why, ..Change::new(event, Some(member.user()), id) };
        self.swap(request.id, &change).await
    }

    /// The request, if the member may decide it now: an admin who didn't ask for it.
    ///
    /// # Errors
    ///
    /// When they may not, or it can't be decided any more.
    pub async fn decidable(
        &self,
        member: Member,
        decision: &Decision<'_>,
        id: CorrelationId,
    ) -> Result<Request, Error> {
        let &Decision { message, verdict, .. } = decision;
        let request = self.store.request(decision.request).await?;
        let request = request.ok_or(RequestRefusal::Unknown)?;
        if message.is_some() && message != request.message.map(|(_, message)| message) {
            return Err(RequestRefusal::OldMessage.into());
        }
        self.policy.require_admin(member)?;
        // Who may create at once needs nobody else's word to try again.
        let must_be_another = !request.direct || self.must_ask(member.authority());
        if must_be_another && self.part(&request, member).await? != Involvement::Out {
            return Err(RequestRefusal::Own.into());
        }
        let now = SystemTime::now();
        if request.state == State::Pending && request.expires(self.settings.ttl) <= now {
            let change = Change::new(Event::Expire, None, id);
            return Err(
                RequestRefusal::Over(Box::new(self.swap(request.id, &change).await?)).into()
            );
        }
        let is_final = verdict == Verdict::Retry && !request.can_be_retried();
        if is_final || request.state != verdict.event().from() {
            return Err(RequestRefusal::Over(Box::new(request)).into());
        }
        Ok(request)
    }

    /// Takes a request back, or leaves it to the others who asked: then it is pending still. Who isn't
    /// in it cancels it for all, if they are an admin.
    ///
    /// # Errors
    ///
    /// When the member neither asked for it nor is an admin, or it is decided.
    pub async fn cancel(
        &self,
        member: Member,
        number: i64,
        id: CorrelationId,
    ) -> Result<Request, Error> {
        let request = self.store.request(number).await?.ok_or(RequestRefusal::Unknown)?;
        match (self.part(&request, member).await?, member.authority()) {
            (Involvement::In, _) => {}
            (Involvement::Out, Authority::Admin) => {
                let change = Change::new(Event::Cancel, Some(member.user()), id);
                return self.swap(number, &change).await;
            }
            (Involvement::Out, Authority::Requester) => return Err(RequestRefusal::NotYours.into()),
            (Involvement::Left, _) => return Err(RequestRefusal::HasLeft(number).into()),
        }
        match self.store.leave(number, member.user(), SystemTime::now(), id).await? {
            Transition::Applied(request) => {
                self.changed.notify_one();
                Ok(request)
            }
            Transition::Conflict(request) if request.state == State::Pending => {
                Err(RequestRefusal::HasLeft(number).into())
            }
            Transition::Conflict(request) => Err(RequestRefusal::Over(Box::new(request)).into()),
            Transition::NotFound => Err(RequestRefusal::Unknown.into()),
        }
    }

    async fn part(&self, request: &Request, member: Member) -> Result<Involvement, Error> {
        if request.requester == member.user() {
            return Ok(Involvement::In);
        }
        Ok(self.store.part(request.id, member.user()).await?)
    }

    /// What a member may cancel or leave, at most `limit` of each: what they are in, and the others if
    /// they are an admin.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn cancellable(
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

    async fn swap(&self, number: i64, change: &Change) -> Result<Request, Error> {
        match self.store.change(number, change, SystemTime::now()).await? {
            Transition::Applied(request) => {
                self.changed.notify_one();
                Ok(request)
            }
            Transition::Conflict(request)
                if change.event == Event::Retry && request.can_be_retried() =>
            {
                Err(RequestRefusal::AskedAgain(Box::new(request)).into())
            }
            Transition::Conflict(request) => Err(RequestRefusal::Over(Box::new(request)).into()),
            Transition::NotFound => Err(RequestRefusal::Unknown.into()),
        }
    }

    /// A page of the requests that a member may see: all of them for admins, else the own ones.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn list(
        &self,
        member: Member,
        state: Option<State>,
        page: usize,
        per_page: usize,
    ) -> Result<Listed<Request>, Error> {
        let person = match member.authority() {
            Authority::Admin => None,
            Authority::Requester => Some(member.user()),
        };
        Ok(self.store.list(Filter { state, person }, page, per_page).await?)
    }

    fn take_up(&self, number: i64) -> Option<Work<'_>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.insert(number).then(|| Work { requests: self, number })
    }
}

/// A request that this process is at work on, until this is dropped.
struct Work<'a> {
    requests: &'a Requests,
    number: i64,
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let under_way = &self.requests.under_way;
        under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}
