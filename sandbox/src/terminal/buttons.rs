//! The buttons and menus that a person could use now.

use std::cmp::Reverse;

use crate::discord::{CONNECT, Discord, Message, REQUESTS, Who};

/// The messages that the person sees, the newest first.
pub(super) fn visible(discord: &Discord, who: Who) -> Vec<Message> {
    let mut messages = discord.messages(CONNECT);
    messages.extend(discord.messages(REQUESTS));
    messages.extend(discord.private_messages(who));
    messages.sort_by_key(|message| Reverse(message.id));
    messages
}

/// The newest button whose label begins as wanted; with `on`, of a message that says that. `<` and
/// `>` are those that turn pages, which no keyboard has.
pub(super) fn find(messages: Vec<Message>, wanted: &str) -> Option<(Message, String)> {
    let (label, on) = wanted.split_once(" on ").unwrap_or((wanted, ""));
    let label = match label.trim() {
        "<" => "◀".to_owned(),
        ">" => "▶".to_owned(),
        label => label.to_lowercase(),
    };
    let mut messages = messages.into_iter().filter(|message| says(&message.text(), on));
    messages.find_map(|message| {
        let mut labels = labels_of(&message).into_iter();
        let found = labels.find(|own| own.to_lowercase().starts_with(&label))?;
        Some((message, found))
    })
}

/// The labels of all buttons that can be pressed, each once.
pub(super) fn labels(messages: &[Message]) -> Vec<String> {
    let mut labels = Vec::new();
    for label in messages.iter().flat_map(labels_of) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// What can be picked from the newest menus, each once.
pub(super) fn options(messages: &[Message]) -> Vec<String> {
    let mut labels = Vec::new();
    let menus = messages.iter().filter_map(|message| message.menus().into_iter().next());
    let usable = menus.filter(|menu| !menu.disabled);
    for (label, _) in usable.flat_map(|menu| menu.options) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// The newest message whose menu has what is called so, and the values: one option or, if none is
/// called so, several with commas between them.
pub(super) fn picked(messages: Vec<Message>, named: &str) -> Option<(Message, Vec<String>)> {
    let apart = || named.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let wanted: [Vec<&str>; 2] = [vec![named], apart()];
    messages.into_iter().find_map(|message| {
        let menu = message.menus().into_iter().next().filter(|menu| !menu.disabled)?;
        let value = |name: &&str| {
            let called = |label: &str| label.to_lowercase() == name.to_lowercase();
            let mut options = menu.options.iter();
            options.find(|(label, _)| called(label)).map(|(_, value)| value.clone())
        };
        let values = |names: &Vec<&str>| names.iter().map(value).collect::<Option<Vec<_>>>();
        let values = wanted.iter().find_map(values).filter(|values| !values.is_empty())?;
        Some((message, values))
    })
}

fn labels_of(message: &Message) -> Vec<String> {
    let buttons = message.buttons().into_iter();
    let usable = buttons.filter(|button| button.custom_id.is_some() && !button.disabled);
    usable.map(|button| button.label).collect()
}

/// Whether the text has these words in a row, whatever the case.
fn says(text: &str, wanted: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric() && !"-_".contains(c));
        parts.filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    };
    let (text, wanted) = (words(text), words(wanted));
    wanted.is_empty() || text.windows(wanted.len()).any(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::discord::Options;

    #[tokio::test]
    async fn the_newest_button_is_found_or_that_of_the_message_that_is_meant() {
        let discord = Discord::start(Options::default()).await.unwrap();
        let card = |content: &str, disabled| {
            let mut card = discord.person(Who::Admin).say(content);
            card.components = vec![json!({"type": 1, "components": [
                {"type": 2, "label": "Approve", "custom_id": "a", "disabled": disabled},
                {"type": 2, "label": "Deny", "custom_id": "d"},
                {"type": 2, "label": "▶", "custom_id": "n", "disabled": disabled},
            ]})];
            card
        };
        let newest_first = || {
            vec![
                card("**Request 3**: `gone`", true),
                card("**Request 12**: `accounting2`", false),
                card("**Request 1**: `accounting`", false),
            ]
        };
        let found = |wanted| {
            let (message, label) = find(newest_first(), wanted)?;
            Some((message.content, label))
        };
        for (wanted, content, label) in [
            ("appr", "**Request 12**: `accounting2`", "Approve"),
            ("Deny", "**Request 3**: `gone`", "Deny"),
            ("Approve on 1", "**Request 1**: `accounting`", "Approve"),
            ("Deny on request 12", "**Request 12**: `accounting2`", "Deny"),
            ("Approve on Accounting", "**Request 1**: `accounting`", "Approve"),
        ] {
            assert_eq!(found(wanted), Some((content.to_owned(), label.to_owned())), "{wanted}");
        }
        assert_eq!(found(">"), Some(("**Request 12**: `accounting2`".to_owned(), "▶".to_owned())));
        assert_eq!(found("<"), None);
        assert_eq!(found("Approve on 3"), None);
        assert_eq!(found("Retry"), None);
        assert_eq!(labels(&newest_first()), ["Deny", "Approve", "▶"]);
    }
}
