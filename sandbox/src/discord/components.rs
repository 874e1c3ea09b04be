//! What is read from a message's components, at any depth.
//! <https://discord.com/developers/docs/components/reference>

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    Message,
    check::join,
    fields::{list, number, text, without_null},
    world::{object, snowflake},
};

/// The flag of a message that is made of components alone: they hold its text too.
pub(super) const IS_COMPONENTS_V2: u64 = 1 << 15;

/// The types of components that are read or drawn.
pub(crate) mod kind {
    pub(crate) const ROW: u64 = 1;
    pub(crate) const BUTTON: u64 = 2;
    /// A select menu of texts.
    pub(crate) const MENU: u64 = 3;
    pub(crate) const SECTION: u64 = 9;
    pub(crate) const TEXT: u64 = 10;
    pub(crate) const THUMBNAIL: u64 = 11;
    pub(crate) const SEPARATOR: u64 = 14;
    pub(crate) const CONTAINER: u64 = 17;
}

/// A button of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it says; empty if it only has an emoji.
    pub label: String,
    /// What a press sends; `None` for a link.
    pub custom_id: Option<String>,
    /// Whether it can't be pressed.
    pub disabled: bool,
}

/// A select menu of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    /// What a choice sends.
    pub custom_id: String,
    /// Label and value of each option.
    pub options: Vec<(String, String)>,
    /// The least number of options that are picked together. Discord's default is 1.
    pub min_values: usize,
    /// The greatest. Discord's default is 1.
    pub max_values: usize,
    /// Whether it can't be used.
    pub disabled: bool,
}

impl Message {
    /// The message's buttons, in the order in which they are read.
    pub fn buttons(&self) -> Vec<Button> {
        let buttons = of_kind(&self.components, kind::BUTTON);
        let button = |part: &Value| Button {
            label: text(&part["label"]).to_owned(),
            custom_id: part["custom_id"].as_str().map(str::to_owned),
            disabled: part["disabled"] == true,
        };
        buttons.map(button).collect()
    }

    /// The message's select menus of texts, in the order in which they are read.
    pub fn menus(&self) -> Vec<Menu> {
        let count = |value: &Value| {
            value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1)
        };
        let pair =
            |option: &Value| (text(&option["label"]).to_owned(), text(&option["value"]).to_owned());
        let menus = of_kind(&self.components, kind::MENU);
        let menu = |part: &Value| Menu {
            custom_id: text(&part["custom_id"]).to_owned(),
            options: list(&part["options"]).iter().map(pair).collect(),
            min_values: count(&part["min_values"]),
            max_values: count(&part["max_values"]),
            disabled: part["disabled"] == true,
        };
        menus.map(menu).collect()
    }

    /// The id of the component of this `custom_id`; 1 if the message has it no more.
    pub(super) fn id_of_component(&self, custom_id: &Value) -> Value {
        let all = all("", &self.components);
        let found = all.iter().find(|(_, part)| part["custom_id"] == *custom_id);
        found.map_or(1.into(), |(_, part)| part["id"].clone())
    }

    /// The content of each text display, in the order in which they are read.
    pub(super) fn text_displays(&self) -> impl Iterator<Item = String> {
        of_kind(&self.components, kind::TEXT).map(|display| text(&display["content"]).to_owned())
    }
}

/// Makes something else of the content of each text display.
pub(super) fn change_texts(components: &mut [Value], change: fn(&str) -> String) {
    for component in components {
        if number(component, "type") == kind::TEXT {
            component["content"] = json!(change(text(&component["content"])));
        }
        if let Some(inner) = component.get_mut("components").and_then(Value::as_array_mut) {
            change_texts(inner, change);
        }
    }
}

fn of_kind(components: &[Value], kind: u64) -> impl Iterator<Item = &Value> {
    let all = all("", components).into_iter().map(|(_, part)| part);
    all.filter(move |component| number(component, "type") == kind)
}

/// The components and what stands in them, each with its path in order. A section's texts are read
/// before its accessory.
pub(super) fn all<'v>(at: &str, components: &'v [Value]) -> Vec<(String, &'v Value)> {
    let whole = |(index, part)| whole(join(at, &format!("{index}")), part);
    components.iter().enumerate().flat_map(whole).collect()
}

fn whole(at: String, part: &Value) -> Vec<(String, &Value)> {
    let mut inner = all(&join(&at, "components"), list(&part["components"]));
    for name in ["accessory", "component"] {
        if part[name].is_object() {
            inner.extend(whole(join(&at, name), &part[name]));
        }
    }
    inner.insert(0, (at, part));
    inner
}

/// The components as Discord answers them: each with an id, what wasn't given as it is by default.
pub(super) fn filled(components: &[Value]) -> Vec<Value> {
    let taken: HashSet<u64> =
        all("", components).iter().filter_map(|(_, part)| part["id"].as_u64()).collect();
    let mut free = (1..).filter(|id| !taken.contains(id));
    components.iter().map(|component| fill(component, &mut free)).collect()
}

/// Fills a component and what stands in it, with ids from those that are free.
fn fill(component: &Value, free: &mut impl Iterator<Item = u64>) -> Value {
    let mut full = without_null(component);
    if number(component, "id") == 0 {
        full["id"] = free.next().into();
    }
    let kind = match number(component, "type") {
        kind::MENU => "menu",
        kind::CONTAINER => "container",
        kind::SEPARATOR => "separator",
        kind::THUMBNAIL => "picture",
        _ => "component",
    };
    full = object(kind, full);
    if full["media"].is_object() {
        unfurl(&mut full["media"]);
    }
    for item in full.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        *item = object("picture", item.take());
        unfurl(&mut item["media"]);
    }
    if let Some(inner) = component["components"].as_array() {
        full["components"] = inner.iter().map(|inner| fill(inner, free)).collect();
    }
    if component["accessory"].is_object() {
        full["accessory"] = fill(&component["accessory"], free);
    }
    full
}

/// What Discord adds to the address of a picture: where it keeps it itself.
fn unfurl(media: &mut Value) {
    media["id"] = json!(snowflake().to_string());
    media["proxy_url"] = media["url"].clone();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::permissions::Reach;

    /// A message of Components V2 with a row of its own and all else in a container.
    fn card() -> Message {
        let display = |content: &str| json!({"type": 10, "content": content});
        let button =
            |label: &str| json!({"type": 2, "style": 2, "label": label, "custom_id": label});
        let option = json!({"label": "Open", "value": "o"});
        let components = json!([
            display("first <@7>"),
            {"type": 17, "accent_color": 255, "components": [
                {"type": 9, "components": [display("second"), display("third")],
                 "accessory": button("Retry")},
                {"type": 14},
                {"type": 9, "components": [display("fourth")],
                 "accessory": {"type": 11, "media": {"url": "https://example.org/a.png"}}},
                {"type": 1, "components": [button("Approve"), button("Deny")]},
                {"type": 1, "components": [{"type": 3, "custom_id": "m", "options": [option]}]},
            ]},
            {"type": 1, "components": [
                {"type": 2, "style": 5, "label": "Help", "url": "https://example.org"},
            ]},
        ]);
        Message::of_bot(
            1,
            &json!({"flags": IS_COMPONENTS_V2, "components": components}),
            &Reach::default(),
        )
    }

    #[test]
    fn buttons_and_menus_are_found_wherever_they_stand() {
        let card = card();
        let labels: Vec<_> = card.buttons().into_iter().map(|button| button.label).collect();
        assert_eq!(labels, ["Retry", "Approve", "Deny", "Help"]);
        assert_eq!(card.buttons()[3].custom_id, None);
        let [menu] = &card.menus()[..] else { panic!("one menu, not {:?}", card.menus()) };
        assert_eq!((&*menu.custom_id, menu.min_values, menu.max_values), ("m", 1, 1));
        assert_eq!(menu.options, [("Open".to_owned(), "o".to_owned())]);
    }

    #[test]
    fn text_displays_are_the_text_in_the_order_in_which_they_are_read() {
        assert_eq!(card().text(), "first <@7>\nsecond\nthird\nfourth");
    }

    #[test]
    fn whom_a_text_display_names_is_pinged_and_an_edit_says_it_anew() {
        let mut card = card();
        assert_eq!(card.pings.users, [7]);
        let next = json!([{"type": 17, "components": [{"type": 10, "content": "<@8>"}]}]);
        card.edit(&json!({"components": next}), &Reach::default()).expect("it isn't empty");
        assert_eq!((&card.mentions.users[..], &card.pings.users[..]), (&[8][..], &[7][..]));
        let allowed = json!({"parse": []});
        card.edit(&json!({"components": next, "allowed_mentions": allowed}), &Reach::default())
            .expect("nor is it now");
        assert!(card.mentions.is_empty());
    }

    #[test]
    fn components_alone_are_a_message_with_the_flag_and_none_without() {
        let mut card = card();
        assert!(!card.is_empty());
        assert!(
            card.edit(&json!({"components": []}), &Reach::default()).is_err(),
            "nothing is left"
        );
        let rows =
            json!([{"type": 1, "components": [{"type": 2, "label": "a", "custom_id": "a"}]}]);
        let mut old =
            Message::of_bot(1, &json!({"content": "old", "components": rows}), &Reach::default());
        old.metadata = Some(json!({"type": 2}));
        let bare = json!({"content": null});
        let refused = old.edit(&bare, &Reach::default()).is_err();
        assert!(refused, "rows alone are no answer to an interaction");
        old.metadata = None;
        let flag = json!({"content": null, "embeds": [], "flags": IS_COMPONENTS_V2});
        old.edit(&flag, &Reach::default()).expect("an edit may set the flag");
        assert!(Message::of_bot(1, &json!({"components": rows}), &Reach::default()).is_empty());
    }
}
