//! What people read, as Discord takes it: a text, a menu and buttons.

use serenity::all::ButtonStyle;

use crate::discord::custom_id::CustomId;

/// Discord's limit for the text of a message.
pub(super) const MAX_CONTENT: usize = 2000;

/// And for all texts of a card together.
pub(super) const MAX_CARD: usize = 4000;

/// Discord's limits for suggestions and a menu's options: how many, and how long a name and a value.
pub(super) const MAX_CHOICES: usize = 25;
pub(super) const MAX_CHOICE: usize = 100;

/// Who sees an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::discord) enum Visibility {
    /// Everyone in the channel.
    Public,
    /// Only the person who asked.
    Ephemeral,
}

/// What a person reads.
#[derive(Debug)]
pub(in crate::discord) struct Reply {
    /// The text, in Discord's markdown.
    pub(in crate::discord) content: String,
    pub(in crate::discord) visibility: Visibility,
    /// A menu under the text.
    pub(in crate::discord) menu: Option<Menu>,
    /// What is under that.
    pub(in crate::discord) buttons: Vec<Button>,
}

impl Reply {
    pub(super) fn public(content: impl Into<String>) -> Self {
        Self { visibility: Visibility::Public, ..Self::ephemeral(content) }
    }

    pub(super) fn ephemeral(content: impl Into<String>) -> Self {
        let (content, buttons) = (content.into(), Vec::new());
        Self { content, visibility: Visibility::Ephemeral, menu: None, buttons }
    }

    /// The same with a button under it.
    pub(super) fn with_button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }
}

/// A message that shows how something stands, for as long as it is there: in a frame of a colour.
#[derive(Debug)]
pub(in crate::discord) struct Card {
    /// What it says, in Discord's markdown: one text under the other, none of them empty.
    pub(in crate::discord) texts: Vec<String>,
    /// The colour of the frame: red, green and blue, a byte each.
    pub(in crate::discord) colour: u32,
    /// What is under the texts.
    pub(in crate::discord) buttons: Vec<Button>,
}

/// A suggestion for an option of a command, or an option of a menu.
#[derive(Debug)]
pub(in crate::discord) struct Choice {
    /// What the person sees.
    pub(in crate::discord) name: String,
    /// What is sent when it is picked.
    pub(in crate::discord) value: String,
}

/// A menu under a message, in which one or several can be picked.
#[derive(Debug)]
pub(in crate::discord) struct Menu {
    /// What a pick sends, beside the values.
    pub(in crate::discord) custom_id: String,
    /// What it says as long as nothing is picked.
    pub(in crate::discord) placeholder: &'static str,
    /// What can be picked: at least one, and no value twice.
    pub(in crate::discord) options: Vec<Choice>,
}

/// A button under a message.
#[derive(Debug)]
pub(in crate::discord) struct Button {
    pub(in crate::discord) label: &'static str,
    /// What a press sends.
    pub(in crate::discord) custom_id: String,
    pub(in crate::discord) style: ButtonStyle,
}

impl Button {
    pub(super) fn new(label: &'static str, custom_id: &CustomId<'_>, style: ButtonStyle) -> Self {
        Self { label, custom_id: custom_id.to_string(), style }
    }
}

/// With more pages than this, buttons lead to the first and the last as well.
const FEW_PAGES: usize = 5;

/// The buttons that lead to the pages beside this one and, of many, to the first and the last, as far
/// as `custom_id` can name these.
pub(super) fn page_buttons<'a>(
    page: usize,
    pages: usize,
    custom_id: impl Fn(usize) -> Option<CustomId<'a>>,
) -> Vec<Button> {
    let (last, is_long) = (pages.saturating_sub(1), pages > FEW_PAGES);
    // Discord takes no two buttons that lead to the same page.
    let turns = [
        ("⏮", (is_long && page > 1).then_some(0)),
        ("◀", page.checked_sub(1)),
        ("▶", (page < last).then_some(page + 1)),
        ("⏭", (is_long && page + 1 < last).then_some(last)),
    ];
    let button = |(label, to): (_, Option<usize>)| {
        Some(Button::new(label, &custom_id(to?)?, ButtonStyle::Secondary))
    };
    turns.into_iter().filter_map(button).collect()
}
