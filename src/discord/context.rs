//! One interaction that is being served.

use std::sync::Arc;

use super::bot::Bot;
use super::messages::reply::Reply;
use super::messages::{failures, refusals};
use super::responder::{Outcome, Responder, Stage, Target};
use crate::access::{Denied, Member};
use crate::correlation::CorrelationId;
use crate::ids::Place;
use crate::ldapgroup::SideEffect;
use crate::requests::{Cause, Error, Failure};

/// Who acts, with which authority and where, and how they are answered.
pub(super) struct Context {
    pub(super) bot: Arc<Bot>,
    pub(super) member: Member,
    pub(super) responder: Arc<Responder>,
    pub(super) id: CorrelationId,
}

impl Context {
    pub(super) fn new(bot: &Arc<Bot>, member: Member, responder: &Arc<Responder>) -> Self {
        let (bot, responder) = (Arc::clone(bot), Arc::clone(responder));
        let id = responder.correlation();
        Self { bot, member, responder, id }
    }

    /// Answers with what the work comes to, and logs that as an `action`.
    pub(super) async fn respond(
        &self,
        target: Target,
        action: &'static str,
        work: impl Future<Output = Result<Reply, Error>>,
    ) {
        let work = async {
            let Some(_turn) = self.bot.turns.take(self.member.user()).await else {
                return (failures::crowded(), Outcome::Crowded);
            };
            match work.await {
                Ok(reply) => (reply, Outcome::Done),
                Err(error) => self.explain(&error),
            }
        };
        let (outcome, delivered) = self.wait_and_deliver(target, work).await;
        if outcome == Outcome::TooLate {
            // What it has begun all the same is a row, which is looked after.
            self.bot.requests.look_again();
        }
        self.note(action, outcome, delivered);
    }

    /// Logs and counts what somebody did and what came of it.
    pub(super) fn note(&self, action: &'static str, outcome: Outcome, delivered: bool) {
        let took = self.responder.elapsed();
        self.bot.metrics.answered(action, outcome.label(), took);
        let Place { guild: server, channel } = self.member.place();
        tracing::info!(
            command = action,
            person = %self.member.user(),
            %server,
            %channel,
            outcome = outcome.label(),
            delivered,
            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
    }

    /// At once if the work is done in time, else later. What came of it, and whether the person could
    /// be told.
    async fn wait_and_deliver(
        &self,
        target: Target,
        work: impl Future<Output = (Reply, Outcome)>,
    ) -> (Outcome, bool) {
        let responder = &self.responder;
        let Some(stage) = responder.defer_if_late(target).await else {
            return (Outcome::TooLate, false);
        };
        let (stage, (reply, outcome)) = match responder.wait_for(target, stage, work).await {
            Ok(done) => done,
            Err(Outcome::TooLong) => (Stage::Deferred, (self.unfinished().await, Outcome::TooLong)),
            Err(outcome) => return (outcome, false),
        };
        (outcome, responder.deliver(target, stage, &reply).await)
    }

    /// Says, of an interaction at this stage, why an `action` wasn't done.
    pub(super) async fn refuse(
        &self,
        action: &'static str,
        (target, stage): (Target, Stage),
        error: &Error,
    ) {
        let (reply, outcome) = self.explain(error);
        let delivered = self.responder.deliver(target, stage, &reply).await;
        self.note(action, outcome, delivered);
    }

    /// Says that nothing was done, since too much is under way.
    pub(super) async fn turn_away(&self, action: &'static str, (target, stage): (Target, Stage)) {
        let delivered = self.responder.deliver(target, stage, &failures::crowded()).await;
        self.note(action, Outcome::Crowded, delivered);
    }

    fn explain(&self, error: &Error) -> (Reply, Outcome) {
        if let Error::Failed(Failure { cause: Cause::Store(_), .. }) = error {
            self.bot.metrics.database_failed();
        }
        explain(error, self.id)
    }

    /// What somebody reads whose answer takes longer than Discord takes answers.
    async fn unfinished(&self) -> Reply {
        match self.bot.requests.let_go(self.id).await {
            Ok(begun) => failures::too_long(begun.as_ref(), self.id),
            Err(error) => {
                let (cause, side_effect) = (Cause::Store(error), SideEffect::Unknown);
                self.explain(&Failure { cause, side_effect }.into()).0
            }
        }
    }

    /// Whether what they want created must be asked for.
    pub(super) fn must_ask(&self) -> bool {
        self.bot.requests.must_ask(self.member.authority())
    }

    /// That they are an admin.
    pub(super) fn require_admin(&self) -> Result<(), Denied> {
        self.bot.requests.policy().require_admin(self.member)
    }
}

/// What somebody reads who didn't get what they asked for; a failure is logged, once.
pub(super) fn explain(error: &Error, id: CorrelationId) -> (Reply, Outcome) {
    match error {
        Error::Refused(refusal) => (refusals::answer(refusal), Outcome::Refused),
        Error::Failed(failure) => {
            tracing::error!(error = failure.chain(), side_effect = ?failure.side_effect, "failed");
            (failures::failed(failure, id), Outcome::Failed)
        }
    }
}
