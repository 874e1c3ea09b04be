//! How an interaction is answered: at once, or announced and delivered later.

use serenity::all::{
    AutocompleteChoice, CreateAllowedMentions, CreateAutocompleteResponse,
    CreateInteractionResponse, CreateInteractionResponseFollowup, CreateInteractionResponseMessage,
    EditInteractionResponse, Interaction,
};

use super::render::{self, Choice, Privacy, Reply};
use super::rest::{Rest, RestError};
use crate::connect::CorrelationId;

/// What an interaction is answered to: its id, its token and the application's id.
pub(super) struct Handle {
    interaction: u64,
    application: u64,
    token: String,
    kind: Kind,
}

/// How an interaction can be answered.
#[derive(Clone, Copy)]
enum Kind {
    /// By a message.
    Message,
    /// By suggestions alone.
    Suggestions,
}

/// How an interaction was answered first.
#[derive(Clone, Copy)]
pub(super) enum First {
    /// With the reply itself.
    Reply,
    /// With "thinking…", to be replaced.
    Announced,
}

impl Handle {
    pub(super) fn of(interaction: &Interaction) -> Option<Self> {
        let (token, kind) = match interaction {
            Interaction::Command(command) => (&command.token, Kind::Message),
            Interaction::Autocomplete(command) => (&command.token, Kind::Suggestions),
            Interaction::Component(button) => (&button.token, Kind::Message),
            Interaction::Modal(form) => (&form.token, Kind::Message),
            _ => return None,
        };
        Some(Self {
            interaction: interaction.id().get(),
            application: interaction.application_id().get(),
            token: token.clone(),
            kind,
        })
    }

    pub(super) fn of_unreadable(payload: &serde_json::Value) -> Option<Self> {
        let id_of = |field: &str| payload.get(field)?.as_str()?.parse::<u64>().ok();
        let is_autocomplete = payload.get("type").and_then(serde_json::Value::as_u64) == Some(4);
        Some(Self {
            interaction: id_of("id")?,
            application: id_of("application_id")?,
            token: payload.get("token")?.as_str()?.to_owned(),
            kind: if is_autocomplete { Kind::Suggestions } else { Kind::Message },
        })
    }

    /// Says that the bot failed, in the way that the interaction takes.
    pub(super) async fn apologize(&self, rest: &Rest, id: CorrelationId) -> Result<(), RestError> {
        self.excuse(rest, &render::broken(id)).await
    }

    /// Gives the reply, or no suggestions where it can't be said.
    pub(super) async fn excuse(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        match self.kind {
            Kind::Message => self.answer(rest, reply).await,
            Kind::Suggestions => self.suggest(rest, Vec::new()).await,
        }
    }

    pub(super) async fn suggest(&self, rest: &Rest, choices: Vec<Choice>) -> Result<(), RestError> {
        let choices = choices.into_iter();
        let choices = choices.map(|choice| AutocompleteChoice::new(choice.name, choice.value));
        let answer = CreateAutocompleteResponse::new().set_choices(choices.collect());
        let answer = CreateInteractionResponse::Autocomplete(answer);
        rest.answer(self.interaction, &self.token, &answer).await
    }

    /// Gives the reply, now that it is there.
    pub(super) async fn give(
        &self,
        rest: &Rest,
        first: First,
        reply: &Reply,
    ) -> Result<(), RestError> {
        match first {
            First::Reply => self.answer(rest, reply).await,
            First::Announced => self.replace(rest, reply).await,
        }
    }

    /// Gives the reply as the first answer.
    pub(super) async fn answer(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        let message = CreateInteractionResponseMessage::new()
            .content(reply.content.as_str())
            .allowed_mentions(nobody())
            .ephemeral(reply.privacy == Privacy::Private);
        let answer = CreateInteractionResponse::Message(message);
        rest.answer(self.interaction, &self.token, &answer).await
    }

    /// Announces that the answer takes a while, visibly to all.
    pub(super) async fn announce(&self, rest: &Rest) -> Result<(), RestError> {
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
                // Somebody may have deleted it already; what is to be said matters more.
                self.log(rest.delete_answer(self.application, &self.token).await);
                let message = CreateInteractionResponseFollowup::new()
                    .content(reply.content.as_str())
                    .allowed_mentions(nobody())
                    .ephemeral(true);
                rest.follow_up(self.application, &self.token, &message).await
            }
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

/// Nothing that the bot says may ping anyone, whatever names say.
fn nobody() -> CreateAllowedMentions {
    CreateAllowedMentions::new()
}
