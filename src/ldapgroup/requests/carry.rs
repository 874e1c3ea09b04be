//! What happens to requests without anyone's doing: approved ones are carried out, old ones expire.

use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use super::{Found, RequestRefusal, Requests};
use crate::correlation::CorrelationId;
use crate::group::{Guid, RemoteGroup};
use crate::ldapgroup::{Created, Error, InUseBy, Refusal, SideEffect};
use crate::request::{Event, GroupStatus, Request, RequestedGroup, State};
use crate::store::{Change, GroupOutcome, StoreError, Transition};

/// How often the message of a request for several groups is brought up to date meanwhile: Discord
/// takes about one edit a second in a channel, and fewer of a message that is an hour old.
const PROGRESS: Duration = Duration::from_secs(3);

/// After so many groups in a row that Connect couldn't be asked about, it is taken to be away.
const MAX_AWAY: u32 = 2;

const A_MINUTE: Duration = Duration::from_mins(1);

impl Requests {
    /// Carries out what was approved, or what an admin has begun: looks each group up by its exact
    /// name, since it may have come into being meanwhile or by an earlier try, and creates it if it
    /// isn't there. What was `found` just now needs no look. Does nothing if that is under way already.
    /// Once `stopping`, the rest is left for the next start.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn carry_out(
        &self,
        number: i64,
        mut found: Found,
        stopping: &CancellationToken,
        id: CorrelationId,
    ) -> Result<(), StoreError> {
        let Some(_work) = self.take_up(number) else { return Ok(()) };
        let Some(request) = self.store.request(number).await? else { return Ok(()) };
        // Another try may just have failed and been put off.
        if request.state != State::Creating || !request.is_due(SystemTime::now()) {
            return Ok(());
        }
        let mut again = None;
        let mut away = 0;
        let mut shown = Instant::now();
        let mut groups: Vec<_> = waiting(&request).collect();
        // Another one comes first each time, so that none that never comes off keeps the others.
        let turn = usize::try_from(request.attempts).unwrap_or_default() % groups.len().max(1);
        groups.rotate_left(turn);
        for (position, group) in groups {
            if stopping.is_cancelled() {
                return Ok(());
            }
            let result = match found.0.remove(&group.name) {
                Some(Ok(hit)) => self.import_resolved(&request, position, hit, id).await,
                Some(Err(refusal)) => Err(refusal.into()),
                None => self.attempt(&request, position, id).await,
            };
            match outcome(&result, group.was_sent, id) {
                Outcome::Over(settled) => {
                    away = 0;
                    self.store.settle(number, position, &settled, SystemTime::now()).await?;
                }
                Outcome::Again { note, is_away, wait } => {
                    again = Some((note, wait.unwrap_or_default()));
                    away = if is_away { away + 1 } else { 0 };
                    if away == MAX_AWAY || wait.is_some() {
                        break;
                    }
                }
            }
            if shown.elapsed() >= PROGRESS {
                shown = Instant::now();
                self.changed.notify_one();
            }
        }
        if let Some((note, wait)) = again {
            self.postpone(number, note, wait, id).await?;
        }
        self.changed.notify_one();
        Ok(())
    }

    /// What didn't come off is tried again later or, after too long, called failed.
    async fn postpone(
        &self,
        number: i64,
        note: String,
        wait: Duration,
        id: CorrelationId,
    ) -> Result<(), StoreError> {
        let Some(request) = self.store.request(number).await? else { return Ok(()) };
        let now = SystemTime::now();
        if let Some(due) = request.next_try(now, wait) {
            return self.store.postpone(number, &note, due).await;
        }
        for (position, _) in waiting(&request) {
            self.store.settle(number, position, &failed(note.clone(), id), now).await?;
        }
        Ok(())
    }

    /// Lets go of what was begun under this correlation id and isn't over: nobody waits for it here any
    /// more. An admin's create is settled by a look a minute later, for Connect may still be at work.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn let_go(&self, id: CorrelationId) -> Result<Option<Request>, StoreError> {
        let begun = self.store.begun_by(id).await?;
        if let Some(request) = begun.as_ref().filter(|request| request.hidden) {
            let due = SystemTime::now() + A_MINUTE;
            self.store.postpone(request.id, "Nobody waited for Connect any longer.", due).await?;
        }
        self.changed.notify_one();
        Ok(begun)
    }

    async fn attempt(
        &self,
        request: &Request,
        position: usize,
        id: CorrelationId,
    ) -> Result<Created, Error> {
        let hit = self.groups.look_up_exactly(&request.groups[position].name, id).await?;
        // Nobody waits for an admin's own create any more: it is settled, not repeated.
        if request.hidden && hit.guid.is_none() {
            return Err(RequestRefusal::Abandoned.into());
        }
        self.send(request, position, hit, id).await
    }

    /// Creates a group that was found before anyone else was kept from creating it. What another
    /// request has brought in by then is looked up anew, or it would be created once more.
    pub(super) async fn import_resolved(
        &self,
        request: &Request,
        position: usize,
        hit: RemoteGroup,
        id: CorrelationId,
    ) -> Result<Created, Error> {
        let hit = if self.store.has_come(&hit.name).await? {
            self.groups.look_up_exactly(&hit.name, id).await?
        } else {
            hit
        };
        self.send(request, position, hit, id).await
    }

    async fn send(
        &self,
        request: &Request,
        position: usize,
        hit: RemoteGroup,
        id: CorrelationId,
    ) -> Result<Created, Error> {
        if hit.guid.is_none() {
            self.store.note_sent(request.id, position).await?;
        }
        self.groups.import(Some(request.place), hit, id).await
    }

    /// Expires what nobody decided in time, and says which creations are due.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn sweep(&self, now: SystemTime) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        let id = CorrelationId::new();
        if let Some(latest) = now.checked_sub(self.settings.ttl) {
            for request in self.store.pending_since(latest).await? {
                let change = Change::new(Event::Expire, None, id);
                if let Transition::Applied(_) = self.store.change(request.id, &change, now).await? {
                    swept.expired += 1;
                }
            }
        }
        if let Some(latest) = self.settings.reminder.and_then(|after| now.checked_sub(after)) {
            swept.reminders = self.store.unreminded_since(latest).await?;
        }
        swept.due = self.store.creating_due(now).await?;
        Ok(swept)
    }
}

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Swept {
    /// How many requests it called expired.
    pub expired: usize,
    /// Requests to be brought up again.
    pub reminders: Vec<Request>,
    /// Requests whose creation is due.
    pub due: Vec<Request>,
}

fn waiting(request: &Request) -> impl Iterator<Item = (usize, &RequestedGroup)> {
    let groups = request.groups.iter().enumerate();
    groups.filter(|(_, group)| group.status == GroupStatus::Waiting)
}

/// What one try of a creation comes to.
pub(super) enum Outcome {
    Over(GroupOutcome),
    Again {
        note: String,
        /// Whether it would be the same with any other group.
        is_away: bool,
        /// How long Connect wants to be left alone, if it said so.
        wait: Option<Duration>,
    },
}

/// `was_sent` says whether an earlier try had sent the creation: what is there then came of it.
pub(super) fn outcome(
    result: &Result<Created, Error>,
    was_sent: bool,
    id: CorrelationId,
) -> Outcome {
    let there = |status, guid: &Guid| {
        Outcome::Over(GroupOutcome {
            status,
            guid: Some(guid.clone()),
            note: None,
            correlation: id,
        })
    };
    let stop = match result {
        Ok(created) => return there(GroupStatus::Created, &created.guid),
        Err(stop) => stop,
    };
    match stop {
        Error::Refused(Refusal::InUse { guid: Some(guid), by: InUseBy::ThisGroup, .. }) => {
            there(if was_sent { GroupStatus::Created } else { GroupStatus::Existed }, guid)
        }
        // Connect has it, and could only not be asked under which id.
        Error::Refused(Refusal::InUse { guid: None, by: InUseBy::ThisGroup, .. }) => {
            Outcome::Again { note: stop.words(), is_away: false, wait: None }
        }
        Error::Refused(Refusal::InUse { guid, by: InUseBy::AnotherGroup, .. }) => {
            Outcome::Over(GroupOutcome { guid: guid.clone(), ..failed(stop.words(), id) })
        }
        Error::Refused(Refusal::InOtherCase { guid, .. }) => {
            let failed = failed(stop.words(), id);
            Outcome::Over(GroupOutcome {
                status: GroupStatus::Impossible,
                guid: Some(guid.clone()),
                ..failed
            })
        }
        // LDAP has to change, and by then it may be another group.
        Error::Refused(Refusal::NoSuchGroup { .. } | Refusal::Ambiguous { .. }) => {
            Outcome::Over(GroupOutcome {
                status: GroupStatus::Impossible,
                ..failed(stop.words(), id)
            })
        }
        // Who could look for the group wasn't cut off from Connect.
        Error::Failed(failure) if failure.passes() => {
            let is_away = failure.side_effect != SideEffect::NotThereYet;
            Outcome::Again { note: stop.words(), is_away, wait: failure.wait() }
        }
        Error::Failed(_) | Error::Refused(_) => Outcome::Over(failed(stop.words(), id)),
    }
}

fn failed(note: String, correlation: CorrelationId) -> GroupOutcome {
    GroupOutcome { status: GroupStatus::Failed, guid: None, note: Some(note), correlation }
}
