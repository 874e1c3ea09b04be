//! Buttons and forms. Who may press is decided at the press, never by who could see the button.

use serenity::all::{
    ActionRowComponent, ComponentInteraction, CreateActionRow, CreateInputText,
    CreateInteractionResponse, CreateModal, InputTextStyle, ModalInteraction,
};

use super::cards::{self, Card};
use super::handle::Handle;
use super::parse::{self, Press};
use super::render::{self, Reply};
use super::{Bot, explain};
use crate::access::Actor;
use crate::connect::CorrelationId;
use crate::ldapgroup::Stop;
use crate::ldapgroup::requests::Decision;
use crate::request::MAX_REASON_CHARS;

/// The only input of the form that asks why.
const REASON: &str = "reason";

impl Bot {
    pub(super) async fn component(
        &self,
        button: ComponentInteraction,
        handle: &Handle,
        id: CorrelationId,
    ) {
        let actor = parse::presser(&button);
        let message = button.message.id.get();
        if self.stopping.is_cancelled() {
            handle.log(handle.answer(&self.rest, &render::restarting()).await);
            return;
        }
        match Press::parse(&button.data.custom_id) {
            Some(Press::Approve(number)) => {
                self.approve(handle, &actor, number, message, Decision::Approve, id).await;
            }
            Some(Press::Retry(number)) => {
                self.approve(handle, &actor, number, message, Decision::Retry, id).await;
            }
            Some(Press::Deny(number)) => {
                self.ask_why(handle, &actor, number, message, id).await;
            }
            Some(Press::Requests { state, page }) => {
                let listed = self.list_requests(&actor, state, page).await;
                self.turn(handle, listed, id).await;
            }
            Some(Press::History { name, page }) => {
                let listed = self.list_history(&actor, &name, page).await;
                self.turn(handle, listed, id).await;
            }
            None => self.reject(handle, "a button", id).await,
        }
    }

    /// Writes the approval down, says so, and carries it out.
    async fn approve(
        &self,
        handle: &Handle,
        actor: &Actor,
        number: i64,
        message: u64,
        decision: Decision,
        id: CorrelationId,
    ) {
        let decided = self.requests.decide(actor, number, Some(message), decision, None, id).await;
        match decided {
            Ok(request) => {
                handle.log(handle.first(&self.rest, &CreateInteractionResponse::Acknowledge).await);
                tracing::info!(request = number, user = %actor.user, ?decision, "decided");
                if let Err(error) = self.requests.carry_out(request.id, id).await {
                    tracing::error!(%error, "the creation could not be carried out");
                }
            }
            Err(stop) => self.stopped(handle, &stop, id).await,
        }
    }

    async fn ask_why(
        &self,
        handle: &Handle,
        actor: &Actor,
        number: i64,
        message: u64,
        id: CorrelationId,
    ) {
        let decidable =
            self.requests.decidable(actor, number, Some(message), Decision::Deny, id).await;
        if let Err(stop) = decidable {
            return self.stopped(handle, &stop, id).await;
        }
        let max = u16::try_from(MAX_REASON_CHARS).unwrap_or(u16::MAX);
        let input =
            CreateInputText::new(InputTextStyle::Paragraph, "Why? They will read it.", REASON)
                .required(false)
                .max_length(max);
        let form = CreateModal::new(format!("deny:{number}"), format!("Deny request {number}"))
            .components(vec![CreateActionRow::InputText(input)]);
        handle.log(handle.first(&self.rest, &CreateInteractionResponse::Modal(form)).await);
    }

    pub(super) async fn form(&self, form: ModalInteraction, handle: &Handle, id: CorrelationId) {
        let actor = parse::submitter(&form);
        let message = form.message.as_ref().map(|message| message.id.get());
        let why = reason(&form);
        let Some(Press::Deny(number)) = Press::parse(&form.data.custom_id) else {
            return self.reject(handle, "a form", id).await;
        };
        let decided =
            self.requests.decide(&actor, number, message, Decision::Deny, why.as_deref(), id).await;
        match decided {
            Ok(request) => {
                tracing::info!(request = number, user = %actor.user, "denied");
                // Discord lets only a form of a message be acknowledged, and this one may be gone.
                handle.log(if message.is_some() {
                    handle.first(&self.rest, &CreateInteractionResponse::Acknowledge).await
                } else {
                    handle.answer(&self.rest, &cards::over(&request)).await
                });
            }
            Err(stop) => self.stopped(handle, &stop, id).await,
        }
    }

    /// Puts another page in place of the one whose button was pressed.
    async fn turn(&self, handle: &Handle, card: Result<Card, Stop>, id: CorrelationId) {
        match card {
            Ok(card) => {
                handle.log(handle.update(&self.rest, &card.into()).await);
            }
            Err(stop) => self.stopped(handle, &stop, id).await,
        }
    }

    async fn stopped(&self, handle: &Handle, stop: &Stop, id: CorrelationId) {
        let (reply, _) = explain(stop, id);
        handle.log(handle.answer(&self.rest, &reply).await);
    }
}

fn reason(form: &ModalInteraction) -> Option<String> {
    let inputs = form.data.components.iter().flat_map(|row| &row.components);
    inputs.into_iter().find_map(|component| match component {
        ActionRowComponent::InputText(input) if input.custom_id == REASON => input.value.clone(),
        _ => None,
    })
}

impl From<Card> for Reply {
    fn from(card: Card) -> Self {
        Self { buttons: card.buttons, ..Self::private(card.content) }
    }
}

impl Press {
    /// Reads a `custom_id`: `verb:number`, or which page of which list.
    pub(super) fn parse(custom_id: &str) -> Option<Self> {
        let (verb, rest) = custom_id.split_once(':')?;
        let number = || rest.parse().ok();
        Some(match verb {
            "approve" => Self::Approve(number()?),
            "deny" => Self::Deny(number()?),
            "retry" => Self::Retry(number()?),
            "requests" => {
                let (kind, page) = rest.split_once(':')?;
                let state = match kind {
                    "open" => None,
                    kind => Some(crate::request::State::parse(kind)?),
                };
                Self::Requests { state, page: page.parse().ok()? }
            }
            "history" => {
                let (name, page) = rest.rsplit_once(':')?;
                Self::History { name: name.to_owned(), page: page.parse().ok()? }
            }
            _ => return None,
        })
    }
}
