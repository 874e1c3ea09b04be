//! The menu under a search: an admin is asked whether to create what they picked, anyone else what
//! for.

use serenity::all::{
    ComponentInteraction, ComponentInteractionDataKind, CreateActionRow, CreateInputText,
    CreateModal, InputTextStyle, ModalInteraction,
};

use super::input::{REASON, input};
use crate::discord::commands::create::create;
use crate::discord::context::Context;
use crate::discord::custom_id::{CustomId, PickId};
use crate::discord::messages::pick as messages;
use crate::discord::messages::reply::Visibility;
use crate::discord::options::Unknown;
use crate::discord::responder::{Stage, Target};
use crate::request::MAX_REASON_CHARS;
use crate::requests::Wanted;
use crate::text::count;

/// The input of the form that has the names.
const NAMES: &str = "names";

/// Asks whether to create the groups that were picked, or opens the form.
pub(super) async fn pick(
    context: &Context,
    component: &ComponentInteraction,
) -> Result<(), Unknown> {
    let ComponentInteractionDataKind::StringSelect { values } = &component.data.kind else {
        return Err(Unknown("a menu".to_owned()));
    };
    if !context.must_ask() {
        confirm(context, PickId(component.id.get()), values).await;
        return Ok(());
    }
    let is_required = context.bot.requests.settings().reason_required;
    let names = CreateInputText::new(InputTextStyle::Paragraph, "Groups, one on each line", NAMES)
        .value(values.join("\n"));
    let why = CreateInputText::new(
        InputTextStyle::Paragraph,
        "Why? It is shown with the request.",
        REASON,
    )
    .required(is_required)
    .max_length(u16::try_from(MAX_REASON_CHARS).unwrap_or(u16::MAX));
    let title = format!("Ask for {}", count(values.len(), "group"));
    let form = CreateModal::new(CustomId::Ask.to_string(), title)
        .components(vec![CreateActionRow::InputText(names), CreateActionRow::InputText(why)]);
    context.responder.open(&form).await;
    Ok(())
}

/// Asks for the groups of the form.
pub(super) async fn ask(context: &Context, form: &ModalInteraction) {
    let names = input(form, NAMES).unwrap_or_default();
    let names = names.lines().map(|name| name.trim().to_owned()).collect();
    let work = Box::pin(create(context, Wanted::Listed(names), input(form, REASON)));
    context.respond(Target::Message(Visibility::Ephemeral), "ask", work).await;
}

/// A menu sends what is picked as soon as it closes, so that isn't a yes yet.
async fn confirm(context: &Context, id: PickId, names: &[String]) {
    let work = async {
        context.bot.requests.keep_pick(id.0, context.member.user(), names).await?;
        Ok(messages::confirm(names, id))
    };
    context.respond(Target::Message(Visibility::Ephemeral), "pick", work).await;
}

/// Creates what was picked, once.
pub(super) async fn create_picked(context: &Context, id: PickId) {
    let action = "create picked";
    let Some(names) = take(context, action, id).await else { return };
    let work = async {
        context.require_admin()?;
        create(context, Wanted::Listed(names), None).await
    };
    context.respond(Target::InPrivate, action, Box::pin(work)).await;
}

/// Forgets what was picked.
pub(super) async fn leave(context: &Context, id: PickId) {
    let action = "leave picked";
    if take(context, action, id).await.is_some() {
        context.respond(Target::InPrivate, action, async { Ok(messages::left()) }).await;
    }
}

/// What was picked, which is gone then. Else this answers, beside the question.
async fn take(context: &Context, action: &'static str, id: PickId) -> Option<Vec<String>> {
    match context.bot.requests.take_pick(id.0, context.member.user()).await {
        Ok(Some(names)) => return Some(names),
        Ok(None) => {
            context.respond(Target::InPlace, action, async { Ok(messages::gone()) }).await;
        }
        Err(error) => {
            let at = (Target::InPlace, Stage::Unanswered);
            context.refuse(action, at, &error).await;
        }
    }
    None
}
