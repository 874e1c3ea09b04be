//! The menu under a search: an admin's picks are created, anyone else is asked what for.

use serenity::all::{
    ComponentInteraction, ComponentInteractionDataKind, CreateActionRow, CreateInputText,
    CreateModal, InputTextStyle, ModalInteraction,
};

use super::input::{REASON, input};
use crate::discord::commands::create::create;
use crate::discord::context::Context;
use crate::discord::custom_id::CustomId;
use crate::discord::messages::reply::Visibility;
use crate::discord::options::Unknown;
use crate::discord::responder::Target;
use crate::request::MAX_REASON_CHARS;
use crate::requests::Wanted;
use crate::text::count;

/// The input of the form that has the names.
const NAMES: &str = "names";

/// Creates the groups that were picked, or opens the form.
pub(super) async fn pick(
    context: &Context,
    component: &ComponentInteraction,
) -> Result<(), Unknown> {
    let ComponentInteractionDataKind::StringSelect { values } = &component.data.kind else {
        return Err(Unknown("a menu".to_owned()));
    };
    if !context.must_ask() {
        create_all(context, values.clone(), None).await;
        return Ok(());
    }
    let is_required = context.bot.requests.settings().reason_required;
    let names = CreateInputText::new(InputTextStyle::Paragraph, "Groups, one on each line", NAMES)
        .value(values.join("\n"));
    let why = CreateInputText::new(InputTextStyle::Paragraph, "Why? Admins read it.", REASON)
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
    create_all(context, names, input(form, REASON)).await;
}

async fn create_all(context: &Context, names: Vec<String>, reason: Option<&str>) {
    // What is made of several has a message of its own for all to see.
    let visibility = match names.len() {
        1 if !context.must_ask() => Visibility::Public,
        _ => Visibility::Ephemeral,
    };
    let work = Box::pin(create(context, Wanted::Listed(names), reason));
    context.respond(Target::Message(visibility), "pick", work).await;
}
