//! How an interaction is answered: at once, or announced and delivered later.

use std::time::{Duration, SystemTime};

use serenity::all::{
    AutocompleteChoice, ButtonStyle, CreateActionRow, CreateAllowedMentions,
    CreateAutocompleteResponse, CreateButton, CreateInteractionResponse,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, CreateSelectMenu,
    CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, Interaction,
};

use super::cards::{Button, Look};
use super::render::{Privacy, Reply};
use super::rest::{Answered, Rest, RestError, sent};

/// An answer that is there so long after somebody acted is the first answer; Discord waits for one
/// for 3 s.
const AT_ONCE: Duration = Duration::from_millis(1500);

/// What comes from further in the future has an age that can't be known: this clock is behind.
const CLOCKS_DIFFER: Duration = Duration::from_secs(1);

/// What an interaction is answered to: its id, its token and the application's id.
pub(super) struct Handle {
    interaction: u64,
    application: u64,
    token: String,
    kind: Kind,
    /// How long the work may take before its answer must be announced.
    patience: Duration,
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
    Message(Privacy),
    /// In place of the message whose button was pressed; what is private, beside it.
    Pressed,
}

/// How an interaction was answered first.
#[derive(Clone, Copy)]
pub(super) enum First {
    /// With the reply itself.
    Reply,
    /// With the promise of one.
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
            patience: patience(interaction.id().get()),
        })
    }

    pub(super) fn of_unreadable(payload: &serde_json::Value) -> Option<Self> {
        let id_of = |field: &str| payload.get(field)?.as_str()?.parse::<u64>().ok();
        let is_autocomplete = payload.get("type").and_then(serde_json::Value::as_u64) == Some(4);
        let interaction = id_of("id")?;
        Some(Self {
            interaction,
            application: id_of("application_id")?,
            token: payload.get("token")?.as_str()?.to_owned(),
            kind: if is_autocomplete { Kind::Suggestions } else { Kind::Message },
            patience: patience(interaction),
        })
    }

    /// How long the work may take before its answer must be announced. Nothing: it may be too late to
    /// answer at all, which only Discord knows, and is to be asked before anything is done.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Gives the reply, or no suggestions where it can't be said.
    pub(super) async fn excuse(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        match self.kind {
            Kind::Message => self.answer(rest, reply).await,
            Kind::Suggestions => self.suggest(rest, Vec::new()).await,
        }
    }

    pub(super) async fn suggest(
        &self,
        rest: &Rest,
        choices: Vec<AutocompleteChoice>,
    ) -> Result<(), RestError> {
        let answer = CreateAutocompleteResponse::new().set_choices(choices);
        self.first(rest, &CreateInteractionResponse::Autocomplete(answer)).await
    }

    /// Gives the reply, now that it is there. Who sees the first answer can't be changed any more: a
    /// private reply to something public is a message of its own.
    pub(super) async fn give(
        &self,
        rest: &Rest,
        target: Target,
        first: First,
        reply: &Reply,
    ) -> Result<(), RestError> {
        match (first, target, reply.privacy) {
            (First::Reply, Target::Message(_), _)
            | (First::Reply, Target::Pressed, Privacy::Private) => self.answer(rest, reply).await,
            (First::Reply, Target::Pressed, Privacy::Public) => self.update(rest, reply).await,
            (First::Announced, Target::Message(Privacy::Public), Privacy::Private) => {
                // Somebody may have deleted it already; what is to be said matters more.
                self.log(rest.delete_answer(&self.answered()).await);
                self.follow_up(rest, reply).await
            }
            (First::Announced, Target::Pressed, Privacy::Private) => {
                self.follow_up(rest, reply).await
            }
            (First::Announced, Target::Message(Privacy::Private), _)
            | (First::Announced, _, Privacy::Public) => self.edit(rest, reply).await,
        }
    }

    /// Gives the reply as the first answer.
    pub(super) async fn answer(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        self.first(rest, &CreateInteractionResponse::Message(message(reply))).await
    }

    /// Puts the reply in place of the message whose component was used.
    pub(super) async fn update(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        self.first(rest, &CreateInteractionResponse::UpdateMessage(message(reply))).await
    }

    /// Gives any first answer.
    pub(super) async fn first(
        &self,
        rest: &Rest,
        answer: &CreateInteractionResponse,
    ) -> Result<(), RestError> {
        rest.answer(&self.answered(), answer).await
    }

    /// Announces that the answer takes a while.
    pub(super) async fn announce(&self, rest: &Rest, target: Target) -> Result<(), RestError> {
        let answer = match target {
            Target::Message(privacy) => CreateInteractionResponse::Defer(
                CreateInteractionResponseMessage::new()
                    .allowed_mentions(nobody())
                    .ephemeral(privacy == Privacy::Private),
            ),
            Target::Pressed => CreateInteractionResponse::Acknowledge,
        };
        self.first(rest, &answer).await
    }

    /// Puts the reply in place of what was announced, or of the message whose button was pressed.
    async fn edit(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        let edit = EditInteractionResponse::new()
            .content(reply.content.as_str())
            .components(components(reply))
            .allowed_mentions(nobody());
        rest.edit_answer(&self.answered(), &edit).await
    }

    /// Says something more, privately.
    async fn follow_up(&self, rest: &Rest, reply: &Reply) -> Result<(), RestError> {
        let message = CreateInteractionResponseFollowup::new()
            .content(reply.content.as_str())
            .components(components(reply))
            .allowed_mentions(nobody())
            .ephemeral(true);
        rest.follow_up(&self.answered(), &message).await
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
fn patience(interaction: u64) -> Duration {
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
        .ephemeral(reply.privacy == Privacy::Private)
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
