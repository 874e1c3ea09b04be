//! Buttons, menus and forms: a file for each family. Who may use them is decided when they are used,
//! never by who could see them.

mod decide;
mod input;
mod page;
mod pick;
mod take_back;

use serenity::all::{ComponentInteraction, ModalInteraction};

use super::context::Context;
use super::custom_id::CustomId;
use super::options::Unknown;
use crate::request::Event;

/// What a component or a form is for.
pub(super) fn read(custom_id: &str) -> Result<CustomId<'_>, Unknown> {
    CustomId::parse(custom_id).ok_or(Unknown("a component".to_owned()))
}

/// Does what somebody pressed or picked, and answers.
pub(super) async fn run(
    context: &Context,
    custom_id: CustomId<'_>,
    component: &ComponentInteraction,
) -> Result<(), Unknown> {
    let message = component.message.id.get();
    match custom_id {
        CustomId::Pick => pick::pick(context, component).await?,
        CustomId::Approve(request) => {
            decide::decide(context, request, message, Event::Approve).await;
        }
        CustomId::Retry(request) => decide::decide(context, request, message, Event::Retry).await,
        CustomId::Deny(request) => decide::ask_why(context, request, message).await,
        CustomId::TakeBack { request, made } => take_back::run(context, request, made).await,
        CustomId::Search { page, prefix } => page::search(context, prefix, page).await,
        CustomId::SearchAgain { page, prefix } => page::search_again(context, prefix, page).await,
        CustomId::Create(pick) => pick::create_picked(context, pick).await,
        CustomId::Leave(pick) => pick::leave(context, pick).await,
        CustomId::Requests { kind, page } => page::requests(context, kind, page).await,
        CustomId::History { name, page } => page::history(context, name, page).await,
        CustomId::Ask => return Err(Unknown("a component".to_owned())),
    }
    Ok(())
}

/// Does what somebody wrote into a form, and answers.
pub(super) async fn submit(
    context: &Context,
    custom_id: CustomId<'_>,
    form: &ModalInteraction,
) -> Result<(), Unknown> {
    match custom_id {
        CustomId::Ask => pick::ask(context, form).await,
        CustomId::Deny(request) => decide::deny(context, request, form).await,
        _ => return Err(Unknown("a form".to_owned())),
    }
    Ok(())
}
