//! What happens to requests without anyone's doing: approved ones are carried out, old ones expire.

use std::time::SystemTime;

use super::{RequestRefusal, Requests};
use crate::connect::CorrelationId;
use crate::ldapgroup::{Created, InUseBy, Refusal, Stop};
use crate::request::{Event, Request, State};
use crate::store::{Change, StoreError, Swap};

impl Requests {
    /// Carries out what was approved: looks the group up by its exact name, since it may have come
    /// into being meanwhile or by an earlier try, and creates it if it isn't there. Does nothing if
    /// that is under way already.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn carry_out(&self, number: i64, id: CorrelationId) -> Result<(), StoreError> {
        let Some(_work) = self.take_up(number) else { return Ok(()) };
        let Some(request) = self.store.request(number).await? else { return Ok(()) };
        // Another try may just have failed and been put off.
        let is_early = request.due.is_some_and(|due| due > SystemTime::now());
        if request.state != State::Creating || is_early {
            return Ok(());
        }
        let result = self.attempt(&request, id).await;
        let now = SystemTime::now();
        match outcome(&result, &request, now, id) {
            Outcome::Over(change) => {
                self.store.change(number, &change, now).await?;
            }
            Outcome::Again { note, due } => {
                self.store.postpone(number, &note, due).await?;
            }
        }
        self.changed.notify_one();
        Ok(())
    }

    async fn attempt(&self, request: &Request, id: CorrelationId) -> Result<Created, Stop> {
        let place = Some(request.place);
        let hit = self.groups.look_up_exactly(&request.name, id).await?;
        // Nobody waits for an admin's own create any more: it is settled, not repeated.
        if request.direct && hit.guid.is_none() {
            return Err(RequestRefusal::Abandoned.into());
        }
        self.groups.bring_in(place, hit, id).await
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
                if let Swap::Done(_) = self.store.change(request.id, &change, now).await? {
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

pub(super) enum Outcome {
    Over(Change),
    Again { note: String, due: SystemTime },
}

pub(super) fn succeeded(created: &Created, id: CorrelationId) -> Change {
    Change { guid: Some(created.guid.clone()), ..Change::new(Event::Succeed, None, id) }
}

/// What one try of a creation comes to.
pub(super) fn outcome(
    result: &Result<Created, Stop>,
    request: &Request,
    now: SystemTime,
    id: CorrelationId,
) -> Outcome {
    let stop = match result {
        Ok(created) => return Outcome::Over(succeeded(created, id)),
        Err(stop) => stop,
    };
    match stop {
        Stop::Refusal(Refusal::InUse { guid: Some(guid), by: InUseBy::ThisGroup, .. }) => {
            let note = "The group was there already.".to_owned();
            let change = Change::new(Event::Succeed, None, id);
            Outcome::Over(Change { guid: Some(guid.clone()), note: Some(note), ..change })
        }
        // Connect has it, and could only not be asked under which id.
        Stop::Refusal(Refusal::InUse { guid: None, by: InUseBy::ThisGroup, .. }) => {
            again(stop, request, now, id)
        }
        Stop::Fault(fault) if fault.passes() => again(stop, request, now, id),
        Stop::Fault(_) | Stop::Refusal(_) => failed(stop, id),
    }
}

fn again(stop: &Stop, request: &Request, now: SystemTime, id: CorrelationId) -> Outcome {
    match request.next_try(now) {
        Some(due) => Outcome::Again { note: stop.words(), due },
        None => failed(stop, id),
    }
}

fn failed(stop: &Stop, id: CorrelationId) -> Outcome {
    Outcome::Over(Change { note: Some(stop.words()), ..Change::new(Event::Fail, None, id) })
}
