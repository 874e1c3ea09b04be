//! The buttons and menus that a person could use now.

use std::cmp::Reverse;

use crate::discord::{Button, CONNECT, Discord, Menu, Message, REQUESTS, Who};

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
pub(super) fn find(messages: Vec<Message>, wanted: &str) -> Option<(Message, Usable)> {
    let (label, on) = wanted.split_once(" on ").unwrap_or((wanted, ""));
    let label = match label.trim() {
        "<" => "◀".to_owned(),
        ">" => "▶".to_owned(),
        label => label.to_lowercase(),
    };
    let mut messages = messages.into_iter().filter(|message| says(&message.text(), on));
    messages.find_map(|message| {
        let mut buttons = usable(&message).into_iter();
        let found = buttons.find(|own| own.label.to_lowercase().starts_with(&label))?;
        Some((message, found))
    })
}

/// The labels of all buttons that can be pressed, each once.
pub(super) fn labels(messages: &[Message]) -> Vec<String> {
    let mut labels = Vec::new();
    for Usable { label, .. } in messages.iter().flat_map(usable) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// What can be picked from the menus, each once.
pub(super) fn options(messages: &[Message]) -> Vec<String> {
    let mut labels = Vec::new();
    let menus = messages.iter().flat_map(Message::menus).filter(|menu| !menu.disabled);
    for (label, _) in menus.flat_map(|menu| menu.options) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// What is picked from a menu.
#[derive(Debug, PartialEq)]
pub(super) struct Pick {
    pub(super) custom_id: String,
    pub(super) values: Vec<String>,
}

/// The newest message with a menu that has what is called so: one option or, if none is called so,
/// several with commas between them.
pub(super) fn picked(messages: Vec<Message>, named: &str) -> Option<(Message, Pick)> {
    let apart = || named.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let wanted: [Vec<&str>; 2] = [vec![named], apart()];
    messages.into_iter().find_map(|message| {
        let mut menus = message.menus().into_iter().filter(|menu| !menu.disabled);
        let pick = menus.find_map(|menu| {
            let values = |names: &Vec<&str>| values_of(&menu, names);
            let values = wanted.iter().find_map(values).filter(|values| !values.is_empty())?;
            Some(Pick { custom_id: menu.custom_id.clone(), values })
        })?;
        Some((message, pick))
    })
}

/// The values of a menu's options that are called so, if it has all of them.
fn values_of(menu: &Menu, names: &[&str]) -> Option<Vec<String>> {
    let value = |name: &&str| {
        let called = |label: &str| label.to_lowercase() == name.to_lowercase();
        let mut options = menu.options.iter();
        options.find(|(label, _)| called(label)).map(|(_, value)| value.clone())
    };
    names.iter().map(value).collect()
}

/// A button that can be pressed.
#[derive(Debug)]
pub(super) struct Usable {
    pub(super) label: String,
    pub(super) custom_id: String,
}

fn usable(message: &Message) -> Vec<Usable> {
    let buttons = message.buttons().into_iter().filter(|button| !button.disabled);
    let usable = |Button { label, custom_id, .. }| Some(Usable { label, custom_id: custom_id? });
    buttons.filter_map(usable).collect()
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
            let (message, button) = find(newest_first(), wanted)?;
            Some((message.content, button.label))
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

    #[tokio::test]
    async fn of_one_message_the_button_and_the_menu_are_found_that_can_be_used() {
        let discord = Discord::start(Options::default()).await.unwrap();
        let section = |id: &str, disabled: bool| {
            let retry = json!({"type": 2, "label": "Retry", "custom_id": id, "disabled": disabled});
            json!({"type": 9, "components": [{"type": 10, "content": id}], "accessory": retry})
        };
        let menu = |id: &str, label: &str| {
            let menu = json!({"type": 3, "custom_id": id, "options": [
                {"label": label, "value": label.to_lowercase()},
            ]});
            json!({"type": 1, "components": [menu]})
        };
        let mut card = discord.person(Who::Admin).say("");
        let inner = [section("r1", true), section("r2", false), menu("m1", "A"), menu("m2", "B")];
        card.components = vec![json!({"type": 17, "components": inner})];
        let (_, button) = find(vec![card.clone()], "retry on r2").unwrap();
        assert_eq!((&*button.label, &*button.custom_id), ("Retry", "r2"));
        let expected = Pick { custom_id: "m2".to_owned(), values: vec!["b".to_owned()] };
        assert_eq!(picked(vec![card.clone()], "b").unwrap().1, expected);
        assert_eq!(options(&[card]), ["A", "B"]);
    }
}
