//! The Discord edge: acknowledge, parse, call, render, answer. The only place that says `serenity`.
//!
//! Every interaction is answered, whatever happens: a refusal, a fault, a panic, a button that
//! nobody knows. An answer that is there soon is given at once; else it is announced and delivered
//! later. Whether others may see it is known from the command; a failure of something public is
//! told privately.

pub mod commands;
pub mod gateway;
mod parse;
pub mod render;
pub mod rest;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serenity::all::{
    AutocompleteChoice, CommandInteraction, CreateAllowedMentions, CreateAutocompleteResponse,
    CreateInteractionResponse, CreateInteractionResponseFollowup, CreateInteractionResponseMessage,
    EditInteractionResponse, Interaction,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use self::parse::Command;
use self::render::{Choice, Privacy, Reply};
use self::rest::{Rest, RestError};
use crate::connect::CorrelationId;
use crate::ldapgroup::{Caller, LdapGroups, Stop};

/// An answer that is there within this time is the first answer; Discord waits for one for 3 s.
const AT_ONCE: Duration = Duration::from_millis(1500);

/// How long suggestions may take: they can't be announced, and a person types on.
const SUGGESTIONS: Duration = Duration::from_millis(1500);

/// Discord's code for a message that breaks one of its limits.
const INVALID_BODY: u64 = 50035;

/// The bot as Discord knows it.
pub struct Bot {
    groups: LdapGroups,
    rest: Rest,
    under_way: TaskTracker,
    stopping: CancellationToken,
}

/// What an interaction is answered to: its id, its token and the application's id.
struct Handle {
    interaction: u64,
    application: u64,
    token: String,
}

/// How an interaction was answered first.
enum First {
    /// With the reply itself.
    Reply,
    /// With "thinking…", to be replaced.
    Announced,
}

impl Bot {
    /// A bot that serves `groups`, and takes on nothing new once `stopping`.
    #[must_use]
    pub fn new(groups: LdapGroups, rest: Rest, stopping: CancellationToken) -> Arc<Self> {
        Arc::new(Self { groups, rest, under_way: TaskTracker::new(), stopping })
    }

    /// Discord's REST API, as the bot speaks to it.
    #[must_use]
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// What people can do.
    #[must_use]
    pub fn groups(&self) -> &LdapGroups {
        &self.groups
    }

    /// Waits until every interaction that was taken on is answered.
    pub async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }

    /// Takes an interaction on. Returns at once; the work goes on by itself.
    pub(crate) fn take_on(self: &Arc<Self>, interaction: Interaction) {
        let bot = Arc::clone(self);
        let id = CorrelationId::new();
        let span = tracing::info_span!("interaction", %id);
        self.under_way.spawn(
            async move {
                match interaction {
                    Interaction::Command(command) => bot.command(command, id).await,
                    Interaction::Autocomplete(command) => bot.autocomplete(command, id).await,
                    Interaction::Component(button) => {
                        let handle = Handle::new(button.id, button.application_id, button.token);
                        bot.reject(&handle, "a button", id).await;
                    }
                    Interaction::Modal(form) => {
                        let handle = Handle::new(form.id, form.application_id, form.token);
                        bot.reject(&handle, "a form", id).await;
                    }
                    _ => tracing::error!("an interaction of an unknown kind went unanswered"),
                }
            }
            .instrument(span),
        );
    }

    /// Answers an interaction that serenity couldn't read, if it at least says how.
    pub(crate) fn take_on_unreadable(self: &Arc<Self>, payload: &serde_json::Value) {
        let id_of = |field: &str| payload.get(field)?.as_str()?.parse::<u64>().ok();
        let token = payload.get("token").and_then(|token| token.as_str());
        let (Some(interaction), Some(application), Some(token)) =
            (id_of("id"), id_of("application_id"), token)
        else {
            tracing::error!("an unreadable interaction went unanswered");
            return;
        };
        let handle = Handle { interaction, application, token: token.to_owned() };
        let bot = Arc::clone(self);
        let id = CorrelationId::new();
        let span = tracing::info_span!("interaction", %id);
        let work = async move { bot.reject(&handle, "an unreadable interaction", id).await };
        self.under_way.spawn(work.instrument(span));
    }

    async fn reject(&self, handle: &Handle, what: &str, id: CorrelationId) {
        tracing::error!(what, "not known to this version");
        handle.log(handle.answer(&self.rest, &render::unknown(id)).await);
    }

    async fn command(&self, mut interaction: CommandInteraction, id: CorrelationId) {
        let begun = Instant::now();
        let actor = parse::actor(&interaction);
        let parsed = parse::command(&mut interaction);
        let handle = Handle::new(interaction.id, interaction.application_id, interaction.token);
        let command = match parsed {
            Ok(_) if self.stopping.is_cancelled() => {
                handle.log(handle.answer(&self.rest, &render::restarting()).await);
                return;
            }
            Ok(command) => command,
            Err(parse::Unknown(what)) => return self.reject(&handle, &what, id).await,
        };
        let name = command.name();
        let (user, channel) = (actor.user, actor.channel);
        let caller = Caller::Person(actor);
        let outcome = self.deliver(&handle, self.perform(&caller, command, id), id).await;
        tracing::info!(command = name, %user, %channel, outcome, took = ?begun.elapsed(), "answered");
    }

    /// Carries a command out, and says in a word what came of it.
    async fn perform(
        &self,
        caller: &Caller,
        command: Command,
        id: CorrelationId,
    ) -> (Reply, &'static str) {
        let done = match command {
            Command::Search { prefix } => {
                self.groups.search(caller, &prefix, id).await.map(|found| render::search(&found))
            }
            Command::Create { name } => {
                self.groups.create(caller, &name, id).await.map(|created| render::created(&created))
            }
        };
        match done {
            Ok(reply) => (reply, "done"),
            Err(Stop::Refusal(refusal)) => (render::refusal(&refusal), "refused"),
            Err(Stop::Fault(fault)) => {
                tracing::error!(error = fault.error.chain(), changed = ?fault.changed, "failed");
                (render::fault(&fault, id), "failed")
            }
        }
    }

    /// Answers with what the work comes to: at once if it is there in time, else later.
    async fn deliver(
        &self,
        handle: &Handle,
        work: impl Future<Output = (Reply, &'static str)>,
        id: CorrelationId,
    ) -> &'static str {
        let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
        let (first, result) = if let Ok(result) = timeout(AT_ONCE, &mut work).await {
            (First::Reply, result)
        } else {
            handle.log(handle.announce(&self.rest).await);
            (First::Announced, work.await)
        };
        let (reply, outcome) = result.unwrap_or_else(|_panic| {
            tracing::error!("a command ended in a panic");
            (render::broken(id), "panicked")
        });
        match handle.give(&self.rest, &first, &reply).await {
            Err(error) if error.code() == Some(INVALID_BODY) => {
                tracing::error!(%error, "Discord refused the wording of an answer");
                handle.log(handle.give(&self.rest, &first, &render::broken(id)).await);
            }
            result => handle.log(result),
        }
        outcome
    }

    async fn autocomplete(&self, mut interaction: CommandInteraction, id: CorrelationId) {
        let caller = Caller::Person(parse::actor(&interaction));
        let typed = parse::typed(&mut interaction);
        let handle = Handle::new(interaction.id, interaction.application_id, interaction.token);
        let choices = match typed {
            Ok(typed) => {
                let work = self.groups.suggest(&caller, &typed, id);
                let found = timeout(SUGGESTIONS, work).await.ok().flatten();
                found.map(|search| render::choices(&search, &typed)).unwrap_or_default()
            }
            Err(parse::Unknown(what)) => {
                tracing::error!(what, "not known to this version");
                Vec::new()
            }
        };
        let choices =
            choices.into_iter().map(|Choice { name, value }| AutocompleteChoice::new(name, value));
        let answer = CreateAutocompleteResponse::new().set_choices(choices.collect());
        let answer = CreateInteractionResponse::Autocomplete(answer);
        handle.log(self.rest.answer(handle.interaction, &handle.token, &answer).await);
    }
}

impl Handle {
    fn new(
        interaction: serenity::all::InteractionId,
        application: serenity::all::ApplicationId,
        token: String,
    ) -> Self {
        Self { interaction: interaction.get(), application: application.get(), token }
    }

    /// Gives the reply, now that it is there.
    async fn give(&self, rest: &Rest, first: &First, reply: &Reply) -> Result<(), RestError> {
        match first {
            First::Reply => self.answer(rest, reply).await,
            First::Announced => self.replace(rest, reply).await,
        }
    }

    /// Gives the reply as the first answer.
    async fn answer(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        let message = CreateInteractionResponseMessage::new()
            .content(reply.content.as_str())
            .allowed_mentions(nobody())
            .ephemeral(reply.privacy == Privacy::Private);
        let answer = CreateInteractionResponse::Message(message);
        rest.answer(self.interaction, &self.token, &answer).await
    }

    /// Announces that the answer takes a while, visibly to all.
    async fn announce(&self, rest: &Rest) -> Result<(), RestError> {
        let message = CreateInteractionResponseMessage::new().allowed_mentions(nobody());
        let answer = CreateInteractionResponse::Defer(message);
        rest.answer(self.interaction, &self.token, &answer).await
    }

    /// Puts the reply in place of what was announced: a private one in a message of its own, since
    /// who sees the first answer can't be changed any more.
    async fn replace(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        match reply.privacy {
            Privacy::Public => {
                let edit = EditInteractionResponse::new()
                    .content(reply.content.as_str())
                    .allowed_mentions(nobody());
                rest.edit_answer(self.application, &self.token, &edit).await
            }
            Privacy::Private => {
                rest.delete_answer(self.application, &self.token).await?;
                let message = CreateInteractionResponseFollowup::new()
                    .content(reply.content.as_str())
                    .allowed_mentions(nobody())
                    .ephemeral(true);
                rest.follow_up(self.application, &self.token, &message).await
            }
        }
    }

    fn log(&self, result: Result<(), RestError>) {
        if let Err(error) = result {
            tracing::error!(%error, interaction = self.interaction, "the answer was not delivered");
        }
    }
}

/// Nothing that the bot says may ping anyone, whatever names say.
fn nobody() -> CreateAllowedMentions {
    CreateAllowedMentions::new()
}
