//! Messages as one sees them in Discord's channel.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use super::{
    markdown,
    paint::{Line, Span, style},
};
use crate::discord::{
    ADMIN_ROLE, CONNECT, ChannelId, Form, Input, Message, REQUESTS, ROLES, Who, clock,
    components::kind,
    fields::{list, text},
};

/// The options of a menu that are drawn.
const MAX_OPTIONS: usize = 5;

/// A message, with where it stands and what it answers.
pub(super) fn message(message: &Message) -> Vec<Line> {
    let mut body = vec![author(message)];
    body.extend(markdown::lines(&message.content));
    let laid_out = message.components.iter().flat_map(component);
    if message.content.is_empty() {
        body.extend(laid_out);
        body.extend(message.edited.then(|| Line::new("(edited)", style::DIM)));
    } else {
        let edited = message.edited.then(|| Span::new(" (edited)", style::DIM));
        body.last_mut().into_iter().for_each(|last| last.text.extend(edited.clone()));
        body.extend(laid_out);
    }
    if message.private_to.is_some() {
        body.push(Line::new("Only you can see this", style::DIM));
    }
    let mut lines = vec![header(message)];
    lines.extend(body.into_iter().map(Line::indented));
    lines
}

/// What a person sees of a command that nobody answered, in Discord's words.
pub(super) fn no_response(who: Who, command: &str) -> Vec<Line> {
    let text = Line::new("The application did not respond", style::RED);
    vec![place(CONNECT, &used(who, command)), text.indented()]
}

/// `#connect`
pub(super) fn channel(id: ChannelId) -> &'static str {
    match id {
        CONNECT => "#connect",
        REQUESTS => "#connect-requests",
        _ => "#unknown",
    }
}

/// `@ada`
pub(super) fn user(id: u64) -> String {
    let found = Who::ALL.into_iter().find(|who| who.id() == id);
    format!("@{}", found.map_or("unknown-user", Who::name))
}

/// `@Connect admins`
pub(super) fn role(id: u64) -> String {
    let found = ROLES.into_iter().find(|(known, _)| *known == id);
    format!("@{}", found.map_or("unknown-role", |(_, name)| name))
}

fn place(id: ChannelId, what: &str) -> Line {
    let what = Span::new(&format!("  {what}"), style::DIM);
    Line::of(vec![Span::new(channel(id), style::BLUE), what])
}

fn used(who: Who, command: &str) -> String {
    let is_admin = who.first_roles().contains(&ADMIN_ROLE);
    format!("{} ({}) used {command}", who.name(), if is_admin { "admin" } else { "member" })
}

fn header(message: &Message) -> Line {
    let used = message.interaction.as_ref().map(|origin| used(origin.who, &origin.command));
    place(message.channel, &used.unwrap_or_default())
}

fn author(message: &Message) -> Line {
    let at = clock::minute(UNIX_EPOCH + Duration::from_millis(clock::millis(message.id)));
    let (_, time) = at.split_once(' ').unwrap_or_default();
    let padding = Span::new(" ", style::TAG).if_coloured();
    Line::of(vec![
        Span::new(&message.author, style::BOLD),
        Span::new(" ", style::PLAIN),
        padding.clone(),
        Span::new("APP", style::TAG),
        padding,
        Span::new(&format!("  {time}"), style::DIM),
    ])
}

/// The lines of a component, with what stands in it.
fn component(part: &Value) -> Vec<Line> {
    let inner = || list(&part["components"]).iter().flat_map(component);
    match part["type"].as_u64() {
        Some(kind::ROW) => vec![row(part)],
        Some(kind::TEXT) => markdown::lines(text(&part["content"])),
        Some(kind::SEPARATOR) => vec![Line::default()],
        Some(kind::SECTION) => {
            inner().chain([Line::of(vec![control(&part["accessory"])])]).collect()
        }
        Some(kind::CONTAINER) => {
            let bar = Span::new("┃ ", accent(part["accent_color"].as_u64()));
            inner().map(|line| line.behind(bar.clone())).collect()
        }
        _ => Vec::new(),
    }
}

/// The terminal's colour that is nearest to a container's.
fn accent(colour: Option<u64>) -> &'static str {
    const COLOURS: [(u64, &str); 5] = [
        (0xed_42_45, style::RED),
        (0x3b_a5_5d, style::GREEN),
        (0xfe_e7_5c, style::YELLOW),
        (0x58_65_f2, style::BLUE),
        (0x80_84_8e, style::DIM),
    ];
    let Some(colour) = colour else { return style::DIM };
    let distance = |other: u64| -> u64 {
        let part = |of: u64, shift: u32| of >> shift & 0xff;
        [0, 8, 16].map(|shift| part(colour, shift).abs_diff(part(other, shift)).pow(2)).iter().sum()
    };
    let nearest = COLOURS.into_iter().min_by_key(|(other, _)| distance(*other));
    nearest.map_or(style::DIM, |(_, style)| style)
}

/// A row of buttons, or of a menu.
fn row(row: &Value) -> Line {
    let mut spans = Vec::new();
    for part in list(&row["components"]) {
        if !spans.is_empty() {
            spans.push(Span::new("  ", style::PLAIN));
        }
        spans.push(control(part));
    }
    Line::of(spans)
}

fn control(part: &Value) -> Span {
    if part["type"] == kind::BUTTON {
        let style = match part["style"].as_u64() {
            Some(1) => style::BLUE,
            Some(3) => style::GREEN,
            Some(4) => style::RED,
            Some(_) | None => style::BOLD,
        };
        return Span::new(&format!("[ {} ]", text(&part["label"])), style);
    }
    let options = list(&part["options"]);
    let labels = options.iter().map(|option| text(&option["label"]).to_owned());
    let mut shown: Vec<_> = labels.take(MAX_OPTIONS).collect();
    let more = options.len() - shown.len();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    let menu = format!("[ {} ▾ {} ]", text(&part["placeholder"]), shown.join(" / "));
    Span::new(&menu, style::BOLD)
}

/// A form's heading, and what it says above its inputs.
pub(super) fn form(form: &Form) -> Vec<Line> {
    let texts = form.texts.iter().flat_map(|text| markdown::lines(text));
    [Line::new(&form.title, style::UNDERLINED)]
        .into_iter()
        .chain(texts)
        .map(Line::indented)
        .collect()
}

/// What stands before the value of a form's input.
pub(super) fn asked(input: &Input) -> String {
    format!("  {}{} › ", input.label, if input.required { "" } else { " (optional)" })
}
