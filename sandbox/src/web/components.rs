//! A message's components, in the page's own words.

use serde_json::{Value, json};

use crate::discord::{
    components::kind,
    fields::{list, text},
};

/// What the page draws of the components, in their order. Files and menus of people, roles and
/// channels are left out: the stand-in has no such files, and nobody to pick from.
pub(super) fn drawn(components: &[Value]) -> Vec<Value> {
    components.iter().filter_map(component).collect()
}

fn component(component: &Value) -> Option<Value> {
    let inner = || drawn(list(&component["components"]));
    match component["type"].as_u64()? {
        kind::ROW => Some(json!({"type": "row", "components": inner()})),
        kind::BUTTON => Some(button(component)),
        kind::MENU => Some(menu(component)),
        kind::SECTION => Some(json!({
            "type": "section",
            "components": inner(),
            "accessory": self::component(&component["accessory"]),
        })),
        kind::TEXT => Some(json!({"type": "text", "content": text(&component["content"])})),
        kind::THUMBNAIL => Some(picture(component)),
        kind::GALLERY => Some(json!({
            "type": "gallery",
            "items": list(&component["items"]).iter().map(picture).collect::<Vec<_>>(),
        })),
        kind::SEPARATOR => Some(json!({
            "type": "separator",
            "divider": component["divider"] != false,
            "large": component["spacing"] == 2,
        })),
        kind::CONTAINER => Some(json!({
            "type": "container",
            "color": component["accent_color"],
            "spoiler": component["spoiler"] == true,
            "components": inner(),
        })),
        _ => None,
    }
}

fn button(part: &Value) -> Value {
    json!({
        "type": "button",
        "label": text(&part["label"]),
        "emoji": part["emoji"]["name"],
        "style": part["style"],
        "custom_id": part["custom_id"],
        "url": part["url"],
        "disabled": part["disabled"] == true,
    })
}

fn menu(part: &Value) -> Value {
    json!({
        "type": "select",
        "custom_id": part["custom_id"],
        "placeholder": text(&part["placeholder"]),
        "min": part["min_values"].as_u64().unwrap_or(1),
        "max": part["max_values"].as_u64().unwrap_or(1),
        "options": part["options"],
        "disabled": part["disabled"] == true,
    })
}

/// A thumbnail, or an item of a gallery.
fn picture(part: &Value) -> Value {
    json!({
        "type": "picture",
        "url": text(&part["media"]["url"]),
        "description": text(&part["description"]),
        "spoiler": part["spoiler"] == true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_holds_is_told_at_any_depth_with_discords_defaults() {
        let told = drawn(&[json!({"type": 17, "accent_color": 0, "components": [
            {"type": 9, "components": [{"type": 10, "content": "a"}],
             "accessory": {"type": 2, "style": 2, "label": "Go", "custom_id": "go"}},
            {"type": 14},
            {"type": 14, "divider": false, "spacing": 2},
            {"type": 12, "items": [{"media": {"url": "https://example.org/a.png"}, "spoiler": true}]},
            {"type": 13, "file": {"url": "attachment://a.txt"}},
            {"type": 1, "components": [{"type": 5, "custom_id": "people"}]},
        ]})]);
        let go = json!({"type": "button", "label": "Go", "emoji": null, "style": 2,
            "custom_id": "go", "url": null, "disabled": false});
        let picture = json!({"type": "picture", "url": "https://example.org/a.png",
            "description": "", "spoiler": true});
        let inner = json!([
            {"type": "section", "components": [{"type": "text", "content": "a"}], "accessory": go},
            {"type": "separator", "divider": true, "large": false},
            {"type": "separator", "divider": false, "large": true},
            {"type": "gallery", "items": [picture]},
            {"type": "row", "components": []},
        ]);
        let container =
            json!({"type": "container", "color": 0, "spoiler": false, "components": inner});
        assert_eq!(told, [container]);
    }
}
