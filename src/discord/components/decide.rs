//! Approve, Deny and Retry under a request's message, and the form that asks why it is denied.

use serenity::all::{CreateInputText, InputTextStyle, ModalInteraction};

use super::input::{REASON, input};
use crate::discord::builders::CreateForm;
use crate::discord::context::Context;
use crate::discord::custom_id::CustomId;
use crate::discord::messages::reply::Visibility;
use crate::discord::messages::{notices, request as messages};
use crate::discord::responder::{Outcome, Stage, Target};
use crate::request::{Event, MAX_REASON_CHARS};
use crate::requests::Decision;

/// Approves or retries a request.
pub(super) async fn decide(context: &Context, request_id: i64, message: u64, event: Event) {
    let Context { bot, member, responder, id } = context;
    let target = Target::InPlace;
    let action = if event == Event::Retry { "retry" } else { "approve" };
    let Some(stage) = responder.defer_if_late(target).await else { return };
    let decision = Decision { request_id, message: Some(message), event, why: None };
    let decide = Box::pin(bot.requests.decide(*member, &decision, *id));
    let (stage, decided) = responder.defer_in_time(target, stage, decide).await;
    match decided {
        Ok(_) => {
            let delivered = responder.acknowledge(stage).await;
            context.note(action, Outcome::Done, delivered);
        }
        Err(stop) => context.refuse(action, (target, stage), &stop).await,
    }
}

/// Opens the form, for whoever may deny the request.
pub(super) async fn ask_why(context: &Context, request_id: i64, message: u64) {
    let Context { bot, member, responder, id } = context;
    let event = Event::Deny;
    let decision = Decision { request_id, message: Some(message), event, why: None };
    let at = (Target::InPlace, Stage::Unanswered);
    let look = Box::pin(bot.requests.decidable(*member, &decision, *id));
    let request = match responder.before_a_form(look).await {
        Some(Ok(request)) => request,
        Some(Err(stop)) => return context.refuse("deny", at, &stop).await,
        None => return context.turn_away("deny", at).await,
    };
    let why = CreateInputText::new(InputTextStyle::Paragraph, messages::DENIAL_LABEL, REASON)
        .required(false)
        .max_length(u16::try_from(MAX_REASON_CHARS).unwrap_or(u16::MAX));
    let (title, text) = (messages::denial_title(&request), messages::denial_text(&request));
    let form = CreateForm::new(CustomId::Deny(request.id).to_string(), title, text, why);
    responder.open(&form).await;
}

/// Writes a denial down, and says so.
pub(super) async fn deny(context: &Context, request_id: i64, form: &ModalInteraction) {
    let Context { bot, member, responder, id } = context;
    let message = form.message.as_ref().map(|message| message.id.get());
    // Discord lets only a form of a message be acknowledged, and this one may be gone.
    let target = message.map_or(Target::Message(Visibility::Ephemeral), |_| Target::InPlace);
    let Some(stage) = responder.defer_if_late(target).await else { return };
    let decision = Decision { request_id, message, event: Event::Deny, why: input(form, REASON) };
    let decide = Box::pin(bot.requests.decide(*member, &decision, *id));
    let (stage, decided) = responder.defer_in_time(target, stage, decide).await;
    match decided {
        Ok(denied) => {
            let delivered = match target {
                Target::InPlace | Target::InPrivate => responder.acknowledge(stage).await,
                Target::Message(_) => {
                    let reply = notices::over(&denied);
                    responder.deliver(target, stage, &reply).await
                }
            };
            context.note("deny", Outcome::Done, delivered);
        }
        Err(stop) => context.refuse("deny", (target, stage), &stop).await,
    }
}
