//! The protocol of answering an interaction: at once, or deferred and delivered later, in a message of
//! its own or in place of another. Nothing else knows Discord's kinds of responses and their deadlines.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::Value;
use serenity::all::{
    AutocompleteChoice, CommandId, CreateAutocompleteResponse, CreateInteractionResponse,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, EditInteractionResponse,
    Interaction,
};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::builders::{components, message, nobody};
use super::messages::failures;
use super::messages::markdown::with_commands;
use super::messages::reply::{Reply, Visibility};
use crate::correlation::CorrelationId;
use crate::discord_api::rest::{InteractionRef, Rest, RestError, created_at};
use crate::discord_api::{Received, id_in};
use crate::ids::GuildId;

/// An answer that is there so long after somebody acted is the first answer; Discord waits for one
/// for 3 s.
const DEFERRED_AFTER: Duration = Duration::from_millis(1500);

/// A form that is there so much later is still opened in time.
const FORM_LATER: Duration = Duration::from_secs(1);

/// What comes from further in the future has an age that can't be known: this clock is behind.
const CLOCKS_DIFFER: Duration = Duration::from_secs(1);

/// Discord's code for a message that breaks one of its limits.
const INVALID_BODY: u64 = 50035;

/// Discord's number of the response that opens a form.
const OPEN_FORM: u8 = 9;

/// Discord's code for an answer that follows a first one it doesn't know, or not yet.
const UNKNOWN_WEBHOOK: u64 = 10015;

/// Discord may still be at work on a first answer in a response when a call comes that changes it.
const RESPONSE_TAKEN_WITHIN: Duration = Duration::from_secs(3);

/// Takes a first answer, in JSON, for the response to the request that brought the interaction.
pub(super) type Slot = oneshot::Sender<Vec<u8>>;

/// What opens a form, whoever builds it.
#[derive(Serialize)]
struct OpenForm<'f, F> {
    #[serde(rename = "type")]
    kind: u8,
    data: &'f F,
}

/// What every answer needs.
pub(super) struct ResponderConfig {
    pub(super) rest: Arc<Rest>,
    /// How long the work for an interaction is waited for.
    pub(super) answers_within: Duration,
    /// Cancelled when the bot lets go of what is under way: whoever waits is told so.
    pub(super) leaving: CancellationToken,
}

/// Answers one interaction.
pub(super) struct Responder {
    config: Arc<ResponderConfig>,
    interaction: InteractionRef,
    /// If the interaction came over HTTP.
    slot: Option<Mutex<Option<Slot>>>,
    /// The id of the bot's command where somebody acted, if it is known.
    command: Option<CommandId>,
    /// Whether suggestions are all that it can be answered with.
    is_autocomplete: bool,
    /// How long the work may take before its answer must be deferred. Nothing: it may be too late to
    /// answer at all, which only Discord knows, and is to be asked before anything is done.
    budget: Duration,
    correlation: CorrelationId,
    /// When it came.
    begun: Instant,
}

/// Where an answer goes.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// Into a message of its own, seen by these.
    Message(Visibility),
    /// In place of the message whose component was used; what is private, beside it.
    InPlace,
    /// In place of the private message whose component was used. What everyone sees, as a message of its
    /// own instead.
    InPrivate,
}

/// How far an interaction is answered.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    /// Not at all.
    Unanswered,
    /// With the promise of an answer.
    Deferred,
}

/// What came of an interaction, for the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// What was wanted.
    Done,
    /// A refusal.
    Refused,
    /// A failure.
    Failed,
    /// A panic.
    Panicked,
    /// The bot stopped before it was finished.
    Left,
    /// It couldn't be answered any more.
    TooLate,
    /// It took longer than Discord takes answers.
    TooLong,
    /// Too much was there already.
    Crowded,
}

impl Outcome {
    /// As metrics have it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Left => "left",
            Self::TooLate => "too_late",
            Self::TooLong => "too_long",
            Self::Crowded => "crowded",
        }
    }
}

/// What work came to, and how far the interaction is answered by then.
type Done = (Stage, (Reply, Outcome));

impl Responder {
    /// Nothing for an interaction of an unknown kind, or of which nobody knows how to answer it. With a
    /// `slot` the first answer goes there, else it is a call.
    pub(super) fn new(
        config: &Arc<ResponderConfig>,
        received: &Received,
        correlation: CorrelationId,
        slot: Option<Slot>,
    ) -> Option<Self> {
        let (interaction, guild, is_autocomplete) = match received {
            Ok(interaction) => reference(interaction)?,
            Err(payload) => unreadable_reference(payload)?,
        };
        let command = guild.and_then(|guild| config.rest.command(guild));
        let budget = budget(interaction.id);
        // Of a call Discord says whether it came in time.
        let slot = slot.filter(|_| !budget.is_zero());
        Some(Self {
            config: Arc::clone(config),
            budget,
            interaction,
            slot: slot.map(|slot| Mutex::new(Some(slot))),
            command,
            is_autocomplete,
            correlation,
            begun: Instant::now(),
        })
    }

    /// Ties together all that the interaction led to.
    pub(super) fn correlation(&self) -> CorrelationId {
        self.correlation
    }

    /// For how long the interaction has been here.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Waits for the work, for as long as the interaction can be answered, and defers the answer in
    /// time. The work is let go of by then.
    pub(super) async fn wait_for(
        &self,
        target: Target,
        stage: Stage,
        work: impl Future<Output = (Reply, Outcome)>,
    ) -> Result<Done, Outcome> {
        let until = Instant::now() + self.config.answers_within;
        let mut work = pin!(work);
        if let Stage::Unanswered = stage {
            if let Ok(done) = timeout(self.budget, &mut work).await {
                return Ok((stage, done));
            }
            if let Err(error) = self.defer(target).await {
                let is_too_late = error.is_too_late();
                self.log(Err(error));
                if is_too_late {
                    return Err(Outcome::TooLate);
                }
            }
        }
        let done = tokio::select! {
            done = AssertUnwindSafe(work).catch_unwind() => done.unwrap_or_else(|_panic| {
                tracing::error!("an interaction ended in a panic");
                (failures::broken(self.correlation), Outcome::Panicked)
            }),
            () = self.config.leaving.cancelled() => (failures::left(self.correlation), Outcome::Left),
            () = sleep_until(until) => return Err(Outcome::TooLong),
        };
        Ok((Stage::Deferred, done))
    }

    /// Defers at once the answer to what may have come too late, since nothing may be done of which
    /// nobody can be told. Nothing if it can't be deferred.
    pub(super) async fn defer_if_late(&self, target: Target) -> Option<Stage> {
        if !self.budget.is_zero() {
            return Some(Stage::Unanswered);
        }
        self.log(self.defer(target).await).then_some(Stage::Deferred)
    }

    /// Does what takes a moment as a rule, and defers the answer in time if it takes longer. What it comes
    /// to is a row, so it goes on if Discord takes no answer any more.
    pub(super) async fn defer_in_time<T>(
        &self,
        target: Target,
        stage: Stage,
        work: impl Future<Output = T>,
    ) -> (Stage, T) {
        let mut work = pin!(work);
        if let Stage::Unanswered = stage {
            if let Ok(done) = timeout(self.budget, &mut work).await {
                return (stage, done);
            }
            self.log(self.defer(target).await);
        }
        (Stage::Deferred, work.await)
    }

    /// What work comes to, if that is known while a form can still be opened, which can't be deferred.
    pub(super) async fn before_a_form<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        timeout(self.budget + FORM_LATER, work).await.ok()
    }

    /// Says that the message whose component was used will change, unless that is said.
    pub(super) async fn acknowledge(&self, stage: Stage) -> bool {
        match stage {
            Stage::Unanswered => self.log(self.defer(Target::InPlace).await),
            Stage::Deferred => true,
        }
    }

    /// Gives the reply as the first answer, or no suggestions where it can't be said.
    pub(super) async fn excuse(&self, reply: &Reply) {
        if self.is_autocomplete {
            self.suggest(Vec::new()).await;
        } else {
            self.log(self.reply(reply).await);
        }
    }

    /// Gives suggestions.
    pub(super) async fn suggest(&self, choices: Vec<AutocompleteChoice>) {
        let answer = CreateAutocompleteResponse::new().set_choices(choices);
        self.log(self.create_response(&CreateInteractionResponse::Autocomplete(answer)).await);
    }

    /// Opens a form.
    pub(super) async fn open(&self, form: &impl Serialize) {
        self.log(self.create_response(&OpenForm { kind: OPEN_FORM, data: form }).await);
    }

    /// Gives the reply, now that it is there. Whether it was delivered.
    pub(super) async fn deliver(&self, target: Target, stage: Stage, reply: &Reply) -> bool {
        match self.try_deliver(target, stage, reply).await {
            Err(error) if error.code() == Some(INVALID_BODY) => {
                tracing::error!(%error, "Discord refused the wording of an answer");
                let broken = failures::broken(self.correlation);
                self.log(self.try_deliver(target, stage, &broken).await)
            }
            result => self.log(result),
        }
    }

    /// Who sees the first answer can't be changed any more: a private reply to something public is a
    /// message of its own.
    async fn try_deliver(
        &self,
        target: Target,
        stage: Stage,
        reply: &Reply,
    ) -> Result<(), RestError> {
        match (stage, target, reply.visibility) {
            (_, Target::InPrivate, Visibility::Public) => self.publish(stage, reply).await,
            (Stage::Unanswered, Target::Message(_), _)
            | (Stage::Unanswered, Target::InPlace, Visibility::Ephemeral) => {
                self.reply(reply).await
            }
            (Stage::Unanswered, Target::InPlace, Visibility::Public)
            | (Stage::Unanswered, Target::InPrivate, Visibility::Ephemeral) => {
                // Who sees the message stays so.
                let message = message(reply, self.command).ephemeral(false);
                self.create_response(&CreateInteractionResponse::UpdateMessage(message)).await
            }
            (Stage::Deferred, Target::Message(Visibility::Public), Visibility::Ephemeral) => {
                // Somebody may have deleted it already; what is to be said matters more.
                let delete = || self.config.rest.delete_original_response(&self.interaction);
                self.log(self.after_first(delete).await);
                self.follow_up(reply).await
            }
            (Stage::Deferred, Target::InPlace, Visibility::Ephemeral) => {
                self.follow_up(reply).await
            }
            (Stage::Deferred, Target::Message(Visibility::Ephemeral), _)
            | (Stage::Deferred, Target::InPrivate, Visibility::Ephemeral)
            | (Stage::Deferred, _, Visibility::Public) => self.edit(reply).await,
        }
    }

    /// Says to everyone what came of a private question, which is done with.
    async fn publish(&self, stage: Stage, reply: &Reply) -> Result<(), RestError> {
        if let Stage::Unanswered = stage {
            self.defer(Target::InPrivate).await?;
        }
        if self.log(self.follow_up(reply).await) {
            self.log(self.config.rest.delete_original_response(&self.interaction).await);
            return Ok(());
        }
        self.edit(reply).await
    }

    async fn reply(&self, reply: &Reply) -> Result<(), RestError> {
        self.create_response(&CreateInteractionResponse::Message(message(reply, self.command)))
            .await
    }

    /// In the response to the request that brought the interaction, if there is one that waits; else by
    /// a call.
    async fn create_response(&self, response: &impl Serialize) -> Result<(), RestError> {
        let rest = &self.config.rest;
        if !self.slot().is_some_and(|slot| answer_in(slot, response)) {
            rest.create_response(&self.interaction, response).await?;
        }
        rest.metrics.first_answered(self.begun.elapsed());
        Ok(())
    }

    fn slot(&self) -> Option<Slot> {
        self.slot.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A call that needs the first answer. Nobody says when Discord has taken one that was in a
    /// response.
    async fn after_first<F: Future<Output = Result<(), RestError>>>(
        &self,
        call: impl FnMut() -> F,
    ) -> Result<(), RestError> {
        let begun = Instant::now();
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_millis(500))
            .without_max_times();
        let is_early = |error: &RestError| {
            error.code() == Some(UNKNOWN_WEBHOOK)
                && self.slot.is_some()
                && begun.elapsed() < RESPONSE_TAKEN_WITHIN
        };
        call.retry(pauses).when(is_early).await
    }

    /// Says that the answer takes a while.
    async fn defer(&self, target: Target) -> Result<(), RestError> {
        let response = match target {
            Target::Message(visibility) => CreateInteractionResponse::Defer(
                CreateInteractionResponseMessage::new()
                    .allowed_mentions(nobody())
                    .ephemeral(visibility == Visibility::Ephemeral),
            ),
            Target::InPlace | Target::InPrivate => CreateInteractionResponse::Acknowledge,
        };
        self.create_response(&response).await
    }

    /// Puts the reply in place of what was deferred, or of the message whose component was used.
    async fn edit(&self, reply: &Reply) -> Result<(), RestError> {
        let edit = EditInteractionResponse::new()
            .content(with_commands(&reply.content, self.command))
            .components(components(reply))
            .allowed_mentions(nobody());
        self.after_first(|| self.config.rest.edit_original_response(&self.interaction, &edit)).await
    }

    /// Says something more.
    async fn follow_up(&self, reply: &Reply) -> Result<(), RestError> {
        let message = CreateInteractionResponseFollowup::new()
            .content(with_commands(&reply.content, self.command))
            .components(components(reply))
            .allowed_mentions(nobody())
            .ephemeral(reply.visibility == Visibility::Ephemeral);
        self.after_first(|| self.config.rest.create_followup(&self.interaction, &message)).await
    }

    /// Logs a failure. Whether there was none.
    fn log(&self, result: Result<(), RestError>) -> bool {
        result
            .map_err(|error| {
                let interaction = self.interaction.id;
                tracing::error!(%error, interaction, "an answer was not delivered");
            })
            .is_ok()
    }
}

/// How an interaction is answered, in which server somebody acted, and whether it is one while they
/// type.
fn reference(interaction: &Interaction) -> Option<(InteractionRef, Option<GuildId>, bool)> {
    let (token, guild) = match interaction {
        Interaction::Command(command) | Interaction::Autocomplete(command) => {
            (&command.token, command.guild_id)
        }
        Interaction::Component(component) => (&component.token, component.guild_id),
        Interaction::Modal(form) => (&form.token, form.guild_id),
        Interaction::Ping(ping) => (&ping.token, None),
        _ => return None,
    };
    let (id, application) = (interaction.id().get(), interaction.application_id().get());
    let is_autocomplete = matches!(interaction, Interaction::Autocomplete(_));
    let reference = InteractionRef { id, application, token: token.clone() };
    Some((reference, guild.map(|guild| GuildId(guild.get())), is_autocomplete))
}

/// The same of what serenity can't read, if it at least says how to answer it.
fn unreadable_reference(payload: &Value) -> Option<(InteractionRef, Option<GuildId>, bool)> {
    let is_autocomplete = payload.get("type").and_then(Value::as_u64) == Some(4);
    // The first answer doesn't name the application.
    let application = id_in(payload, "application_id").unwrap_or_default();
    let id = id_in(payload, "id")?;
    let token = payload.get("token")?.as_str()?.to_owned();
    Some((InteractionRef { id, application, token }, None, is_autocomplete))
}

/// Whether somebody waits there.
fn answer_in(slot: Slot, response: &impl Serialize) -> bool {
    serde_json::to_vec(response).is_ok_and(|response| slot.send(response).is_ok())
}

/// What is left of [`DEFERRED_AFTER`] of an interaction that has just come. A connection that was lost brings
/// what was missed once it is back, and this clock may be wrong.
fn budget(interaction: u64) -> Duration {
    let (acted, now) = (created_at(interaction), SystemTime::now());
    match now.duration_since(acted) {
        Ok(age) => DEFERRED_AFTER.saturating_sub(age),
        Err(ahead) if ahead.duration() <= CLOCKS_DIFFER => DEFERRED_AFTER,
        Err(_) => Duration::ZERO,
    }
}
