//! Replies as serenity's builders, and what these can't build: cards, and forms with a text in them.
//! Both are made of components that Discord added later.
//! <https://discord.com/developers/docs/components/reference>

use serde::Serialize;
use serenity::all::{
    CommandId, CreateActionRow, CreateAllowedMentions, CreateButton, CreateInputText,
    CreateInteractionResponseMessage, CreateSelectMenu, CreateSelectMenuKind,
    CreateSelectMenuOption,
};

use super::messages::markdown::{named, with_commands};
use super::messages::reply::{Button, Card, Reply, Visibility};
use crate::ids::RoleId;

/// The flag of a message that consists of components: they hold its text, too.
/// <https://discord.com/developers/docs/resources/message#message-object-message-flags>
pub(crate) const IS_COMPONENTS_V2: u64 = 1 << 15;

/// Discord's numbers of the components that serenity doesn't know.
const TEXT_DISPLAY: u8 = 10;
const CONTAINER: u8 = 17;

/// A reply in a server where the bot's command has this id.
pub(super) fn message(
    reply: &Reply,
    command: Option<CommandId>,
) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new()
        .content(with_commands(&reply.content, command))
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
fn rows(buttons: &[Button]) -> Vec<CreateActionRow> {
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

/// Nobody but those of these roles that a message names.
pub(super) fn roles_only(roles: &[RoleId]) -> CreateAllowedMentions {
    nobody().roles(named(roles).iter().map(|role| serenity::all::RoleId::new(role.0)))
}

/// A component: a row as serenity builds it, or one that it doesn't know.
#[derive(Serialize)]
#[serde(untagged)]
enum Component {
    Row(CreateActionRow),
    Text {
        #[serde(rename = "type")]
        kind: u8,
        content: String,
    },
    Container {
        #[serde(rename = "type")]
        kind: u8,
        accent_color: u32,
        components: Vec<Component>,
    },
}

impl Component {
    fn text(content: String) -> Self {
        Self::Text { kind: TEXT_DISPLAY, content }
    }

    fn container(card: Card) -> Self {
        let rows = rows(&card.buttons).into_iter().map(Self::Row);
        Self::Container {
            kind: CONTAINER,
            accent_color: card.colour,
            components: card.texts.into_iter().map(Self::text).chain(rows).collect(),
        }
    }
}

/// A card as a new message.
#[derive(Serialize)]
pub(super) struct CreateCard {
    flags: u64,
    components: [Component; 1],
    allowed_mentions: CreateAllowedMentions,
    nonce: String,
    enforce_nonce: bool,
}

impl CreateCard {
    /// Pings whom it may. Discord takes cards of one nonce for one.
    pub(super) fn new(card: Card, allowed_mentions: CreateAllowedMentions, nonce: String) -> Self {
        let (flags, components) = (IS_COMPONENTS_V2, [Component::container(card)]);
        Self { flags, components, allowed_mentions, nonce, enforce_nonce: true }
    }
}

/// A card in place of what a message says, be it a card as well or a text from before there were any.
#[derive(Serialize)]
pub(super) struct EditToCard {
    flags: u64,
    components: [Component; 1],
    allowed_mentions: CreateAllowedMentions,
    /// Nothing: a card has neither, and Discord refuses one that had.
    content: (),
    embeds: [(); 0],
}

impl EditToCard {
    pub(super) fn new(card: Card) -> Self {
        let (flags, components) = (IS_COMPONENTS_V2, [Component::container(card)]);
        Self { flags, components, allowed_mentions: nobody(), content: (), embeds: [] }
    }
}

/// A form with a text above its field.
#[derive(Serialize)]
pub(super) struct CreateForm {
    custom_id: String,
    title: String,
    components: [Component; 2],
}

impl CreateForm {
    pub(super) fn new(
        custom_id: String,
        title: String,
        text: String,
        field: CreateInputText,
    ) -> Self {
        let field = Component::Row(CreateActionRow::InputText(field));
        Self { custom_id, title, components: [Component::text(text), field] }
    }
}
