//! Replies as serenity's builders.

use serenity::all::{
    CreateActionRow, CreateAllowedMentions, CreateButton, CreateInteractionResponseMessage,
    CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption,
};

use super::messages::reply::{Button, Reply, Visibility};

pub(super) fn message(reply: &Reply) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new()
        .content(reply.content.as_str())
        .components(components(reply))
        .allowed_mentions(nobody())
        .ephemeral(reply.visibility == Visibility::Ephemeral)
}

/// The menu of a reply, and under it its buttons.
pub(super) fn components(reply: &Reply) -> Vec<CreateActionRow> {
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
        CreateButton::new(button.custom_id.as_str()).label(button.label).style(button.style)
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
