//! What happens to requests without anyone's doing: what is approved or begun is carried out, old ones
//! expire.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::FutureExt;
use tokio::time::sleep;
use tracing::Instrument;

use super::claim::Held;
use super::outcome::GroupOutcome;
use super::store::{Change, StoreError, Transition};
use super::{Error, Failure, Refusal, Requests};
use crate::correlation::CorrelationId;
use crate::group::{GroupName, RemoteGroup};
use crate::ldapgroup::{self, Created, InUseBy, SideEffect};
use crate::request::{Delay, Event, GroupStatus, Kind, Reason, Request, RequestedGroup, State};

/// How often the message of a request for several groups is brought up to date meanwhile: Discord
/// takes about one edit a second in a channel, and fewer of a message that is an hour old.
const PROGRESS: Duration = Duration::from_secs(3);

/// After so many groups in a row that Connect couldn't be asked about, it is taken to be away.
const MAX_AWAY: u32 = 2;

/// So many requests are carried out at once. Each calls Connect once at a time, so that most of the
/// calls that the bot makes at once are left to people who wait for an answer.
pub(super) const AT_ONCE: usize = 8;

/// The pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// What is known just now of groups that are to be created.
pub(super) type Resolved = HashMap<GroupName, RemoteGroup>;

/// What a sweep found.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    /// Requests to be brought up again.
    pub reminders: Vec<Request>,
    /// When the next thing is due that happens by itself, by the clock of [`Requests::now`].
    pub next: Option<SystemTime>,
}

impl Requests {
    /// The moment, by the clock that all processes with the database go by.
    pub(crate) async fn now(&self) -> Result<SystemTime, StoreError> {
        self.store.now().await
    }

    /// Expires what nobody decided in time, and carries out what is due.
    pub(crate) async fn sweep(self: &Arc<Self>, now: SystemTime) -> Result<Swept, StoreError> {
        let id = CorrelationId::new();
        let (ttl, reminder) = (self.settings.ttl, self.settings.reminder);
        if let Some(latest) = now.checked_sub(ttl) {
            for request in self.store.pending_made_by(latest).await? {
                let change = Change::new(Event::Expire, None, id);
                let changed = self.store.change(request.id, &change, now).await?;
                if let Transition::Applied(expired) = changed {
                    self.audit_change(&expired, &change, None);
                }
            }
        }
        if !self.stopping.is_cancelled() {
            for request in self.store.creating_due(now).await? {
                self.start(request.id, Resolved::new(), CorrelationId::new());
            }
        }
        let reminders = match reminder.and_then(|after| now.checked_sub(after)) {
            Some(latest) => self.store.unreminded_made_by(latest).await?,
            None => Vec::new(),
        };
        Ok(Swept { reminders, next: self.store.next_due(ttl, reminder, now).await? })
    }

    /// Lets go of what was begun under this correlation id and isn't over: nobody waits for it here any
    /// more. An admin's create is settled by a look a minute later, for Connect may still be at work.
    pub(crate) async fn let_go(&self, id: CorrelationId) -> Result<Option<Request>, StoreError> {
        let (begun, now) = (self.store.begun_by(id).await?, self.store.now().await?);
        if let Some(request) = begun.as_ref().filter(|request| request.kind == Kind::Single)
            && let Some(due) = request.next_try(now, Duration::ZERO)
        {
            let delay = Delay { why: Reason::NobodyWaited, tried_at: Some(now) };
            self.store.postpone(request.id, &delay, due).await?;
        }
        self.look_again();
        Ok(begun)
    }

    /// Carries out what was approved, or what an admin has begun, by itself. Does nothing if that is
    /// under way already.
    pub(super) fn start(self: &Arc<Self>, request_id: i64, resolved: Resolved, id: CorrelationId) {
        let requests = Arc::clone(self);
        let work = async move {
            let Some(_claim) = requests.claim(request_id) else { return };
            let _turn = requests.creations.acquire().await;
            let due = requests.if_due(request_id).await;
            requests.is_written(&due);
            if let Ok(Some(request)) = due {
                drop(requests.carry_out(&request, resolved, id).await);
            }
        };
        self.tasks.spawn(work.instrument(
            tracing::info_span!("creation", request = request_id, correlation_id = %id),
        ));
    }

    /// The request, if its creation is due: another try may just have failed and been put off.
    async fn if_due(&self, request_id: i64) -> Result<Option<Request>, StoreError> {
        let now = self.store.now().await?;
        let known = self.store.request(request_id).await?;
        Ok(known.filter(|known| known.state == State::Creating && known.is_due(now)))
    }

    /// Creates the groups of a request that wait, unless another process is at work on that. What came
    /// of the last one that was tried.
    pub(super) async fn carry_out(
        self: &Arc<Self>,
        request: &Request,
        resolved: Resolved,
        id: CorrelationId,
    ) -> Result<Option<Created>, Error> {
        let held = self.hold(request).await;
        self.is_written(&held);
        if let Some(held) = held? {
            let work = Box::pin(self.create_each(request, resolved, &held, id));
            if let Some(last) = held.while_it_holds(work).await {
                if self.stopping.is_cancelled() {
                    held.let_go().await;
                }
                return last;
            }
            tracing::warn!(
                "a creation is left to another process: this one or the database stood still"
            );
        }
        let name = request.groups[0].name.clone();
        Err(Refusal::Open(name, Box::new(request.clone())).into())
    }

    /// Creates the groups of a request that wait, and writes down what comes of each. What came of the
    /// last one that was tried. Once stopping, what nobody waits for is left for the next start.
    async fn create_each(
        self: &Arc<Self>,
        request: &Request,
        mut resolved: Resolved,
        held: &Held,
        id: CorrelationId,
    ) -> Result<Option<Created>, Error> {
        let (mut last, mut delay) = (Ok(None), None);
        let (mut away, mut shown) = (0, Instant::now());
        for (position, group) in in_turn(request) {
            let found = resolved.remove(&group.name);
            let is_awaited = request.kind == Kind::Single && found.is_some();
            if self.stopping.is_cancelled() && !is_awaited {
                return last;
            }
            last = self.try_group((request, position), found, held, id).await;
            if let Some(failure) = failure_of(&last).filter(|_| !is_awaited) {
                tracing::warn!(error = failure.chain(), "a group could not be created");
            }
            let outcome = outcome_of(&last, group.was_sent, is_awaited, id);
            if outcome.status == GroupStatus::Waiting {
                // The look that settles an admin's create waits for no more than its minute.
                let wait = failure_of(&last).filter(|_| !is_awaited).and_then(Failure::wait);
                away = if is_away(&last) { away + 1 } else { 0 };
                delay = outcome.failure.map(|why| (why, wait.unwrap_or_default()));
                if away == MAX_AWAY || wait.is_some() {
                    break;
                }
            } else {
                away = 0;
                let settled = held.write(self.settle(request.id, position, &outcome));
                if !self.is_written(&settled.await) {
                    return last;
                }
            }
            if shown.elapsed() >= PROGRESS {
                shown = Instant::now();
                self.look_again();
            }
        }
        if let Some((why, wait)) = delay {
            let postponed = held.write(self.postpone(request.id, why, wait, id));
            self.is_written(&postponed.await);
        }
        self.look_again();
        last
    }

    /// Creates a group, unless it is there: it is looked up by its exact name, since it may have come
    /// into being meanwhile or by an earlier try. What was found just now needs no look, unless another
    /// request has brought it in since. Nothing, if a creation that nobody waits for hasn't come about.
    async fn try_group(
        &self,
        (request, position): (&Request, usize),
        found: Option<RemoteGroup>,
        held: &Held,
        id: CorrelationId,
    ) -> Result<Option<Created>, Error> {
        let name = &request.groups[position].name;
        let is_repeated = found.is_none();
        let hit = match found {
            Some(hit) if !self.store.has_come(name).await? => hit,
            Some(_) | None => self.groups.look_up_exactly(name, id).await?,
        };
        if hit.guid.is_none() {
            // An admin's own create is settled, not repeated.
            if request.kind == Kind::Single && is_repeated {
                return Ok(None);
            }
            self.store.note_sent(request.id, position).await?;
        }
        let imported = self.groups.import(hit, || held.make_sure().boxed(), id).await;
        if let Some((name, guid)) = ldapgroup::is_there(&imported) {
            self.note_guid(name, guid).await;
        }
        Ok(Some(imported?))
    }

    /// What didn't come off is tried again later or, after too long, called failed.
    async fn postpone(
        &self,
        request_id: i64,
        why: Reason,
        wait: Duration,
        id: CorrelationId,
    ) -> Result<(), StoreError> {
        let Some(request) = self.store.request(request_id).await? else { return Ok(()) };
        let now = self.store.now().await?;
        if let Some(due) = request.next_try(now, wait) {
            let delay = Delay { why, tried_at: Some(now) };
            return self.store.postpone(request_id, &delay, due).await;
        }
        for (position, _) in waiting(&request) {
            self.settle(request_id, position, &failed(why.clone(), id)).await?;
        }
        Ok(())
    }

    /// Writes down what came of a group.
    async fn settle(
        &self,
        request_id: i64,
        position: usize,
        outcome: &GroupOutcome,
    ) -> Result<(), StoreError> {
        let now = SystemTime::now();
        if let Some(request) = self.store.settle(request_id, position, outcome, now).await? {
            self.audit_settled(&request, position, outcome.correlation);
        }
        Ok(())
    }

    /// Whether something was written down. What is due stays so when the database fails, and nothing
    /// else may happen that would have it looked at.
    fn is_written<T>(self: &Arc<Self>, written: &Result<T, StoreError>) -> bool {
        let Err(error) = written else { return true };
        self.groups.connect().metrics().database_failed();
        tracing::error!(%error, "a creation could not be carried out");
        let later = Arc::clone(self);
        tokio::spawn(async move {
            sleep(AFTER_FAILURE).await;
            later.look_again();
        });
        false
    }
}

fn failure_of<T>(result: &Result<T, Error>) -> Option<&Failure> {
    match result {
        Err(Error::Failed(failure)) => Some(failure),
        Err(Error::Refused(_)) | Ok(_) => None,
    }
}

/// Whether Connect can't be reached. Who could look for a group wasn't cut off from it.
fn is_away<T>(result: &Result<T, Error>) -> bool {
    failure_of(result).is_some_and(|failure| failure.side_effect != SideEffect::NotThereYet)
}

fn waiting(request: &Request) -> impl Iterator<Item = (usize, &RequestedGroup)> {
    let groups = request.groups.iter().enumerate();
    groups.filter(|(_, group)| group.status == GroupStatus::Waiting)
}

/// What is waiting. Another one comes first each time, so that none that never comes off keeps the
/// others.
fn in_turn(request: &Request) -> Vec<(usize, &RequestedGroup)> {
    let mut groups: Vec<_> = waiting(request).collect();
    let turn = usize::try_from(request.attempts).unwrap_or_default() % groups.len().max(1);
    groups.rotate_left(turn);
    groups
}

/// What one try of a group comes to: it waits still, if it is to be tried again. If an earlier try
/// `was_sent`, what is there came of it. Whoever waits and is told that it failed may do it again, so
/// the bot doesn't.
fn outcome_of(
    result: &Result<Option<Created>, Error>,
    was_sent: bool,
    is_awaited: bool,
    id: CorrelationId,
) -> GroupOutcome {
    use ldapgroup::Refusal::{Ambiguous, InOtherCase, InUse, NoSuchGroup};
    let there = |status, guid: &_| GroupOutcome {
        status,
        guid: Some(Clone::clone(guid)),
        failure: None,
        correlation: id,
    };
    let error = match result {
        Ok(Some(created)) => return there(GroupStatus::Created, &created.guid),
        Ok(None) => {
            return failed(Reason::AnswerLost, id);
        }
        Err(error) => error,
    };
    let later = if is_awaited { GroupStatus::Failed } else { GroupStatus::Waiting };
    let (status, guid) = match error {
        Error::Refused(Refusal::Group(refusal)) => match refusal {
            InUse { guid: Some(guid), by: InUseBy::ThisGroup, .. } => {
                let existed = if was_sent { GroupStatus::Created } else { GroupStatus::Existed };
                return there(existed, guid);
            }
            // Connect has it, and could only not be asked under which id.
            InUse { guid: None, by: InUseBy::ThisGroup, .. } => (later, None),
            InUse { guid, by: InUseBy::AnotherGroup, .. } => (GroupStatus::Failed, guid.clone()),
            InOtherCase { guid, .. } => (GroupStatus::Impossible, Some(guid.clone())),
            // LDAP has to change, and by then it may be another group.
            NoSuchGroup { .. } | Ambiguous { .. } => (GroupStatus::Impossible, None),
            _ => (GroupStatus::Failed, None),
        },
        Error::Failed(failure) if failure.leaves_open() => (GroupStatus::Waiting, None),
        Error::Failed(failure) if failure.passes() => (later, None),
        Error::Failed(_) | Error::Refused(_) => (GroupStatus::Failed, None),
    };
    GroupOutcome { status, guid, ..failed(error.reason(), id) }
}

fn failed(reason: Reason, correlation: CorrelationId) -> GroupOutcome {
    GroupOutcome { status: GroupStatus::Failed, guid: None, failure: Some(reason), correlation }
}
