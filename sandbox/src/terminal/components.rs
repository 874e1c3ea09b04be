//! A message's components as lines: what is laid out, and what is pressed or picked.

use serde_json::Value;

use super::{
    markdown,
    paint::{Line, Span, Style},
};
use crate::discord::components::{kind, list, text};

/// The options of a menu that are drawn; Tab offers all of them.
const MAX_OPTIONS: usize = 5;

/// A separator's rule.
const RULE: &str = "────────────────────";

/// The components, in the order in which they are read. A section's accessory stands under its text.
pub(super) fn lines(components: &[Value]) -> Vec<Line> {
    components.iter().flat_map(component).collect()
}

fn component(component: &Value) -> Vec<Line> {
    let inner = || list(&component["components"]);
    match component["type"].as_u64() {
        Some(kind::ROW) => vec![row(inner())],
        Some(kind::BUTTON) => vec![Line::of(vec![control(component)])],
        Some(kind::SECTION) => {
            let accessory = self::component(&component["accessory"]);
            lines(inner()).into_iter().chain(accessory).collect()
        }
        Some(kind::TEXT) => markdown::lines(text(&component["content"])),
        Some(kind::THUMBNAIL) => vec![picture(component)],
        Some(kind::GALLERY) => list(&component["items"]).iter().map(picture).collect(),
        Some(kind::SEPARATOR) if component["divider"] == false => vec![Line::default()],
        Some(kind::SEPARATOR) => vec![Line::dim(RULE)],
        Some(kind::CONTAINER) => {
            let edge = Span::edge(component["accent_color"].as_u64());
            let spoiler = (component["spoiler"] == true).then(|| Line::dim("Spoiler"));
            let whole = spoiler.into_iter().chain(lines(inner()));
            whole.map(|line| line.behind(&edge, &edge)).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

fn row(parts: &[Value]) -> Line {
    let mut spans = Vec::new();
    for part in parts {
        if !spans.is_empty() {
            spans.push(Span::plain("  "));
        }
        spans.push(control(part));
    }
    Line::of(spans)
}

fn control(part: &Value) -> Span {
    let text = |name: &str| part[name].as_str();
    let label = if part["type"] == kind::BUTTON {
        format!("[ {} ]", text("label").unwrap_or("…"))
    } else {
        let options = list(&part["options"]);
        let labels = options.iter().filter_map(|option| option["label"].as_str());
        let mut shown: Vec<_> = labels.take(MAX_OPTIONS).map(str::to_owned).collect();
        let more = options.len() - shown.len();
        if more > 0 {
            shown.push(format!("{more} more"));
        }
        let placeholder = text("placeholder").unwrap_or("Make a selection");
        format!("[ {placeholder} ▾ {} ]", shown.join(" / "))
    };
    let style = match part["style"].as_u64() {
        _ if part["disabled"] == true => Style::DIM | Style::STRUCK,
        Some(1) => Style::BOLD | Style::BLUE,
        Some(3) => Style::BOLD | Style::GREEN,
        Some(4) => Style::BOLD | Style::RED,
        Some(_) | None => Style::BOLD,
    };
    Span::new(&label, style)
}

/// A picture, in its own words or by its address.
fn picture(part: &Value) -> Line {
    let words = part["description"].as_str().unwrap_or_else(|| text(&part["media"]["url"]));
    Line::dim(&format!("(picture: {words})"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::paint::paint, *};

    #[test]
    fn a_container_is_drawn_behind_its_edge() {
        let display = |content: &str| json!({"type": 10, "content": content});
        let retry = json!({"type": 2, "style": 2, "label": "Retry", "custom_id": "r"});
        let portrait = json!({"type": 11, "description": "Ada", "media": {"url": "https://example.org/a.png"}});
        let container = json!({"type": 17, "accent_color": 0x00_ff_00, "components": [
            display("### Request 7\n`accounting2`, for a team that has to share its reports."),
            {"type": 14},
            {"type": 9, "components": [display("ABE: failed")], "accessory": retry},
            {"type": 14, "divider": false},
            {"type": 9, "components": [display("Asked by Ada")], "accessory": portrait},
            {"type": 12, "items": [{"media": {"url": "https://example.org/b.png"}}]},
            {"type": 1, "components": [
                {"type": 2, "style": 3, "label": "Approve", "custom_id": "a"},
                {"type": 2, "style": 4, "label": "Deny", "custom_id": "d"},
            ]},
        ]});
        let spoiler = json!({"type": 17, "spoiler": true, "components": [display("the end")]});
        let expected = "\
Above
▌ Request 7
▌ `accounting2`, for a team that has
▌ to share its reports.
▌ ────────────────────
▌ ABE: failed
▌ [ Retry ]
▌
▌ Asked by Ada
▌ (picture: Ada)
▌ (picture: https://example.org/b.png)
▌ [ Approve ]  [ Deny ]
▌ Spoiler
▌ the end
";
        let drawn = lines(&[display("Above"), container, spoiler]);
        assert_eq!(paint(&drawn, 38, false), expected);
    }
}
