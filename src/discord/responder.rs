//! The protocol of answering an interaction: at once, or deferred and delivered later, in a message of
//! its own or in place of another. Nothing else knows Discord's kinds of responses and their deadlines.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use serenity::all::{
    AutocompleteChoice, ButtonStyle, CreateActionRow, CreateAllowedMentions,
    CreateAutocompleteResponse, CreateButton, CreateInteractionResponse,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, CreateSelectMenu,
    CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, Interaction,
};
use tokio::time::{Instant, sleep_until, timeout};

use super::Bot;
use super::cards::{Button, Look};
use super::context::unfinished;
use super::render::{self, Reply, Visibility};
use super::rest::{Answered, RestError, sent};
use crate::correlation::CorrelationId;

/// An answer that is there so long after somebody acted is the first answer; Discord waits for one
/// for 3 s.
const AT_ONCE: Duration = Duration::from_millis(1500);

/// What comes from further in the future has an age that can't be known: this clock is behind.
const CLOCKS_DIFFER: Duration = Duration::from_secs(1);

/// Discord's code for a message that breaks one of its limits.
const INVALID_BODY: u64 = 50035;

/// Answers one interaction.
pub(super) struct Responder {
    bot: Arc<Bot>,
    interaction: u64,
    application: u64,
    token: String,
    kind: Kind,
    /// How long the work may take before its answer must be deferred. Nothing: it may be too late to
    /// answer at all, which only Discord knows, and is to be asked before anything is done.
    budget: Duration,
}

/// How an interaction can be answered.
#[derive(Clone, Copy)]
enum Kind {
    /// By a message.
    Message,
    /// By suggestions alone.
    Suggestions,
}

/// Where an answer goes.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// Into a message of its own, seen by these.
    Message(Visibility),
    /// In place of the message whose component was used; what is private, beside it.
    InPlace,
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
}

/// What came of waiting for work.
enum Ended {
    /// What it came to, and how far the interaction is answered.
    Done(Stage, (Reply, Outcome)),
    /// Discord takes no answer any more.
    TooLate,
    /// Discord takes none by the time that the work would be done.
    TooLong,
}

impl Responder {
    pub(super) fn of(bot: &Arc<Bot>, interaction: &Interaction) -> Option<Self> {
        let (token, kind) = match interaction {
            Interaction::Command(command) => (&command.token, Kind::Message),
            Interaction::Autocomplete(command) => (&command.token, Kind::Suggestions),
            Interaction::Component(button) => (&button.token, Kind::Message),
            Interaction::Modal(form) => (&form.token, Kind::Message),
            _ => return None,
        };
        Some(Self {
            bot: Arc::clone(bot),
            interaction: interaction.id().get(),
            application: interaction.application_id().get(),
            token: token.clone(),
            kind,
            budget: budget(interaction.id().get()),
        })
    }

    pub(super) fn of_unreadable(bot: &Arc<Bot>, payload: &serde_json::Value) -> Option<Self> {
        let id_of = |field: &str| payload.get(field)?.as_str()?.parse::<u64>().ok();
        let is_autocomplete = payload.get("type").and_then(serde_json::Value::as_u64) == Some(4);
        let interaction = id_of("id")?;
        Some(Self {
            bot: Arc::clone(bot),
            interaction,
            application: id_of("application_id")?,
            token: payload.get("token")?.as_str()?.to_owned(),
            kind: if is_autocomplete { Kind::Suggestions } else { Kind::Message },
            budget: budget(interaction),
        })
    }

    /// Answers with what the work comes to: at once if it is there in time, else later. What came of
    /// it, and whether the person could be told.
    pub(super) async fn respond(
        &self,
        target: Target,
        work: impl Future<Output = (Reply, Outcome)>,
        id: CorrelationId,
    ) -> (Outcome, bool) {
        let Some(stage) = self.begin(target).await else { return (Outcome::TooLate, false) };
        let (stage, (reply, outcome)) = match self.wait_for(target, stage, work, id).await {
            Ended::Done(stage, done) => (stage, done),
            Ended::TooLate => return (Outcome::TooLate, false),
            Ended::TooLong => {
                (Stage::Deferred, (unfinished(&self.bot, id).await, Outcome::TooLong))
            }
        };
        let delivered = match self.deliver(target, stage, &reply).await {
            Err(error) if error.code() == Some(INVALID_BODY) => {
                tracing::error!(%error, "Discord refused the wording of an answer");
                self.log(self.deliver(target, stage, &render::broken(id)).await)
            }
            result => self.log(result),
        };
        (outcome, delivered)
    }

    /// Waits for the work, for as long as the interaction can be answered, and defers the answer in
    /// time. The work is let go of by then.
    async fn wait_for(
        &self,
        target: Target,
        stage: Stage,
        work: impl Future<Output = (Reply, Outcome)>,
        id: CorrelationId,
    ) -> Ended {
        let until = Instant::now() + self.bot.answers_within;
        let mut work = pin!(work);
        if let Stage::Unanswered = stage {
            if let Ok(done) = timeout(self.budget, &mut work).await {
                return Ended::Done(stage, done);
            }
            if let Err(error) = self.defer(target).await {
                let is_too_late = error.is_too_late();
                self.log(Err(error));
                if is_too_late {
                    return Ended::TooLate;
                }
            }
        }
        let done = tokio::select! {
            done = AssertUnwindSafe(work).catch_unwind() => done.unwrap_or_else(|_panic| {
                tracing::error!("an interaction ended in a panic");
                (render::broken(id), Outcome::Panicked)
            }),
            () = self.bot.leaving.cancelled() => (render::left(id), Outcome::Left),
            () = sleep_until(until) => return Ended::TooLong,
        };
        Ended::Done(Stage::Deferred, done)
    }

    /// Defers at once the answer to what may have come too late, since nothing may be done of which
    /// nobody can be told. Nothing if it can't be deferred.
    pub(super) async fn begin(&self, target: Target) -> Option<Stage> {
        if !self.budget.is_zero() {
            return Some(Stage::Unanswered);
        }
        self.log(self.defer(target).await).then_some(Stage::Deferred)
    }

    /// Says that the message whose component was used will change, unless that is said.
    pub(super) async fn acknowledge(&self, stage: Stage) {
        if let Stage::Unanswered = stage {
            self.log(self.defer(Target::InPlace).await);
        }
    }

    /// Gives the reply, or no suggestions where it can't be said.
    pub(super) async fn excuse(&self, reply: &Reply) -> Result<(), RestError> {
        match self.kind {
            Kind::Message => self.reply(reply).await,
            Kind::Suggestions => self.suggest(Vec::new()).await,
        }
    }

    /// Gives suggestions.
    pub(super) async fn suggest(&self, choices: Vec<AutocompleteChoice>) -> Result<(), RestError> {
        let answer = CreateAutocompleteResponse::new().set_choices(choices);
        self.create_response(&CreateInteractionResponse::Autocomplete(answer)).await
    }

    /// Gives the reply, now that it is there. Who sees the first answer can't be changed any more: a
    /// private reply to something public is a message of its own.
    pub(super) async fn deliver(
        &self,
        target: Target,
        stage: Stage,
        reply: &Reply,
    ) -> Result<(), RestError> {
        match (stage, target, reply.visibility) {
            (Stage::Unanswered, Target::Message(_), _)
            | (Stage::Unanswered, Target::InPlace, Visibility::Ephemeral) => {
                self.reply(reply).await
            }
            (Stage::Unanswered, Target::InPlace, Visibility::Public) => {
                self.create_response(&CreateInteractionResponse::UpdateMessage(message(reply)))
                    .await
            }
            (Stage::Deferred, Target::Message(Visibility::Public), Visibility::Ephemeral) => {
                // Somebody may have deleted it already; what is to be said matters more.
                self.log(self.bot.rest.delete_answer(&self.answered()).await);
                self.follow_up(reply).await
            }
            (Stage::Deferred, Target::InPlace, Visibility::Ephemeral) => {
                self.follow_up(reply).await
            }
            (Stage::Deferred, Target::Message(Visibility::Ephemeral), _)
            | (Stage::Deferred, _, Visibility::Public) => self.edit(reply).await,
        }
    }

    /// Gives the reply as the first answer.
    pub(super) async fn reply(&self, reply: &Reply) -> Result<(), RestError> {
        self.create_response(&CreateInteractionResponse::Message(message(reply))).await
    }

    /// Gives any first answer.
    pub(super) async fn create_response(
        &self,
        response: &CreateInteractionResponse,
    ) -> Result<(), RestError> {
        self.bot.rest.answer(&self.answered(), response).await
    }

    /// Says that the answer takes a while.
    async fn defer(&self, target: Target) -> Result<(), RestError> {
        let response = match target {
            Target::Message(visibility) => CreateInteractionResponse::Defer(
                CreateInteractionResponseMessage::new()
                    .allowed_mentions(nobody())
                    .ephemeral(visibility == Visibility::Ephemeral),
            ),
            Target::InPlace => CreateInteractionResponse::Acknowledge,
        };
        self.create_response(&response).await
    }

    /// Puts the reply in place of what was deferred, or of the message whose component was used.
    async fn edit(&self, reply: &Reply) -> Result<(), RestError> {
        let edit = EditInteractionResponse::new()
            .content(reply.content.as_str())
            .components(components(reply))
            .allowed_mentions(nobody());
        self.bot.rest.edit_answer(&self.answered(), &edit).await
    }

    /// Says something more, privately.
    async fn follow_up(&self, reply: &Reply) -> Result<(), RestError> {
        let message = CreateInteractionResponseFollowup::new()
            .content(reply.content.as_str())
            .components(components(reply))
            .allowed_mentions(nobody())
            .ephemeral(true);
        self.bot.rest.follow_up(&self.answered(), &message).await
    }

    fn answered(&self) -> Answered<'_> {
        Answered {
            interaction: self.interaction,
            application: self.application,
            token: &self.token,
        }
    }

    /// Logs a failure. Whether there was none.
    pub(super) fn log(&self, result: Result<(), RestError>) -> bool {
        result
            .map_err(|error| {
                let interaction = self.interaction;
                tracing::error!(%error, interaction, "an answer was not delivered");
            })
            .is_ok()
    }
}

/// What is left of [`AT_ONCE`] of an interaction that has just come. A connection that was lost brings
/// what was missed once it is back, and this clock may be wrong.
fn budget(interaction: u64) -> Duration {
    let (acted, now) = (sent(interaction), SystemTime::now());
    match now.duration_since(acted) {
        Ok(age) => AT_ONCE.saturating_sub(age),
        Err(ahead) if ahead.duration() <= CLOCKS_DIFFER => AT_ONCE,
        Err(_) => Duration::ZERO,
    }
}

fn message(reply: &Reply) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new()
        .content(reply.content.as_str())
        .components(components(reply))
        .allowed_mentions(nobody())
        .ephemeral(reply.visibility == Visibility::Ephemeral)
}

/// The menu of a reply, and under it its buttons.
fn components(reply: &Reply) -> Vec<CreateActionRow> {
    let menu = reply.menu.as_ref().map(|menu| {
        let options = menu.options.iter();
        let options = options
            .map(|option| CreateSelectMenuOption::new(option.name.as_str(), option.value.as_str()));
        let kind = CreateSelectMenuKind::String { options: options.collect() };
        let all = u8::try_from(menu.options.len()).unwrap_or(u8::MAX);
        let menu = CreateSelectMenu::new(menu.custom_id.as_str(), kind)
            .placeholder(menu.placeholder)
            .min_values(1)
            .max_values(all);
        CreateActionRow::SelectMenu(menu)
    });
    menu.into_iter().chain(rows(&reply.buttons)).collect()
}

/// The buttons in one row; no row if there is none, which also takes earlier ones away.
pub(super) fn rows(buttons: &[Button]) -> Vec<CreateActionRow> {
    let button = |button: &Button| {
        let style = match button.look {
            Look::Success => ButtonStyle::Success,
            Look::Danger => ButtonStyle::Danger,
            Look::Plain => ButtonStyle::Secondary,
        };
        CreateButton::new(button.custom_id.as_str()).label(button.label).style(style)
    };
    if buttons.is_empty() {
        Vec::new()
    } else {
        vec![CreateActionRow::Buttons(buttons.iter().map(button).collect())]
    }
}

/// Nothing that the bot says may ping anyone, whatever names say.
pub(super) fn nobody() -> CreateAllowedMentions {
    CreateAllowedMentions::new()
}
