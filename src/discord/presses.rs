//! Buttons and forms. Who may press is decided at the press, never by who could see the button.

use std::sync::Arc;

use serenity::all::{
    ActionRowComponent, ComponentInteraction, ComponentInteractionDataKind, CreateActionRow,
    CreateInputText, CreateInteractionResponse, CreateModal, InputTextStyle, ModalInteraction,
};

use super::cards::{self, Card};
use super::handle::{First, Handle, Target};
use super::parse::{self, Press};
use super::render::{self, PICK, Privacy, Reply};
use super::{Bot, explain};
use crate::access::Actor;
use crate::connect::CorrelationId;
use crate::ldapgroup::requests::{Decision, Found, Wanted};
use crate::ldapgroup::{Caller, Stop};
use crate::request::MAX_REASON_CHARS;
use crate::text::count;

/// The form that asks what groups are wanted for, and its inputs; that which asks why something is
/// denied has the second of them.
const ASK: &str = "ask";
const NAMES: &str = "names";
const REASON: &str = "reason";

impl Bot {
    pub(super) async fn component(
        self: &Arc<Self>,
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
            Some(Press::Pick) => match button.data.kind {
                ComponentInteractionDataKind::StringSelect { values } => {
                    self.pick(handle, &actor, values, id).await;
                }
                _ => self.reject(handle, "a menu", id).await,
            },
            Some(Press::Approve(number)) => {
                self.approve(handle, &actor, number, message, Decision::Approve, id).await;
            }
            Some(Press::Retry(number)) => {
                self.approve(handle, &actor, number, message, Decision::Retry, id).await;
            }
            Some(Press::Deny(number)) => {
                self.ask_why(handle, &actor, number, message, id).await;
            }
            Some(Press::Page { page, prefix }) => {
                self.turn_search(handle, &actor, page, &prefix, id).await;
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
        self: &Arc<Self>,
        handle: &Handle,
        actor: &Actor,
        number: i64,
        message: u64,
        decision: Decision,
        id: CorrelationId,
    ) {
        let target = Target::Pressed;
        let Some(first) = self.begin(handle, target).await else { return };
        let decided = self.requests.decide(actor, number, Some(message), decision, None, id).await;
        match decided {
            Ok(request) => {
                if let First::Reply = first {
                    handle.log(handle.announce(&self.rest, target).await);
                }
                tracing::info!(request = number, user = %actor.user, ?decision, "decided");
                self.carry_out(request.id, Found::default(), id);
            }
            Err(stop) => {
                let (reply, _) = explain(&stop, id);
                handle.log(handle.give(&self.rest, target, first, &reply).await);
            }
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

    /// Creates the groups that an admin picked; asks anyone else what for.
    async fn pick(
        self: &Arc<Self>,
        handle: &Handle,
        actor: &Actor,
        picked: Vec<String>,
        id: CorrelationId,
    ) {
        if self.requests.creates_at_once(actor) {
            return self.create_listed(handle, actor, picked, None, id).await;
        }
        if let Err(refusal) = self.requests.groups().person(actor) {
            return self.stopped(handle, &refusal.into(), id).await;
        }
        let is_required = self.requests.settings().reason_required;
        let names =
            CreateInputText::new(InputTextStyle::Paragraph, "Groups, one on each line", NAMES)
                .value(picked.join("\n"));
        let why = CreateInputText::new(InputTextStyle::Paragraph, "Why? Admins read it.", REASON)
            .required(is_required)
            .max_length(u16::try_from(MAX_REASON_CHARS).unwrap_or(u16::MAX));
        let form = CreateModal::new(ASK, format!("Ask for {}", count(picked.len(), "group")))
            .components(vec![CreateActionRow::InputText(names), CreateActionRow::InputText(why)]);
        handle.log(handle.first(&self.rest, &CreateInteractionResponse::Modal(form)).await);
    }

    async fn create_listed(
        self: &Arc<Self>,
        handle: &Handle,
        actor: &Actor,
        names: Vec<String>,
        reason: Option<&str>,
        id: CorrelationId,
    ) {
        // What is made of several has a message of its own for all to see.
        let privacy = match names.len() {
            1 if self.requests.creates_at_once(actor) => Privacy::Public,
            _ => Privacy::Private,
        };
        let work = Box::pin(self.create(actor, Wanted::Listed(names), reason, id));
        self.respond(handle, Target::Message(privacy), "pick", actor, work, id).await;
    }

    pub(super) async fn form(
        self: &Arc<Self>,
        form: ModalInteraction,
        handle: &Handle,
        id: CorrelationId,
    ) {
        let actor = parse::submitter(&form);
        let message = form.message.as_ref().map(|message| message.id.get());
        let why = input(&form, REASON);
        if form.data.custom_id == ASK {
            let names = input(&form, NAMES).unwrap_or_default();
            let names = names.lines().map(|name| name.trim().to_owned()).collect();
            return self.create_listed(handle, &actor, names, why, id).await;
        }
        let Some(Press::Deny(number)) = Press::parse(&form.data.custom_id) else {
            return self.reject(handle, "a form", id).await;
        };
        self.deny(handle, &actor, (number, message), why, id).await;
    }

    async fn deny(
        &self,
        handle: &Handle,
        actor: &Actor,
        (number, message): (i64, Option<u64>),
        why: Option<&str>,
        id: CorrelationId,
    ) {
        // Discord lets only a form of a message be acknowledged, and this one may be gone.
        let target = message.map_or(Target::Message(Privacy::Private), |_| Target::Pressed);
        let Some(first) = self.begin(handle, target).await else { return };
        let decided = self.requests.decide(actor, number, message, Decision::Deny, why, id).await;
        let reply = match decided {
            Ok(request) => {
                tracing::info!(request = number, user = %actor.user, "denied");
                match (target, first) {
                    (Target::Pressed, First::Announced) => return,
                    (Target::Pressed, First::Reply) => {
                        handle.log(handle.announce(&self.rest, target).await);
                        return;
                    }
                    (Target::Message(_), _) => cards::over(&request),
                }
            }
            Err(stop) => explain(&stop, id).0,
        };
        handle.log(handle.give(&self.rest, target, first, &reply).await);
    }

    /// Puts another page of a search in place of the one whose button was pressed.
    async fn turn_search(
        &self,
        handle: &Handle,
        actor: &Actor,
        page: usize,
        prefix: &str,
        id: CorrelationId,
    ) {
        let caller = Caller::Person(actor.clone());
        let work = async {
            let found = self.requests.groups().search_again(&caller, prefix, id).await;
            found.map(|found| render::search(&found, page))
        };
        self.respond(handle, Target::Pressed, "page", actor, work, id).await;
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

/// What was written into an input of a form.
fn input<'a>(form: &'a ModalInteraction, name: &str) -> Option<&'a str> {
    let inputs = form.data.components.iter().flat_map(|row| &row.components);
    inputs.into_iter().find_map(|component| match component {
        ActionRowComponent::InputText(input) if input.custom_id == name => input.value.as_deref(),
        _ => None,
    })
}

impl From<Card> for Reply {
    fn from(card: Card) -> Self {
        Self { buttons: card.buttons, ..Self::private(card.content) }
    }
}

impl Press {
    /// Reads a `custom_id`: `verb:number`, or which page of which search or list.
    pub(super) fn parse(custom_id: &str) -> Option<Self> {
        if custom_id == PICK {
            return Some(Self::Pick);
        }
        let (verb, rest) = custom_id.split_once(':')?;
        let number = || rest.parse().ok();
        Some(match verb {
            "approve" => Self::Approve(number()?),
            "deny" => Self::Deny(number()?),
            "retry" => Self::Retry(number()?),
            "page" => {
                let (page, prefix) = rest.split_once(':')?;
                Self::Page { page: page.parse().ok()?, prefix: prefix.to_owned() }
            }
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
