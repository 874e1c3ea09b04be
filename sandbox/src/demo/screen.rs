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
    if message.edited
        && let Some(last) = body.last_mut()
    {
        last.text.push(Span::new(" (edited)", style::DIM));
    }
    body.extend(message.components.iter().map(row));
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

/// A form's heading.
pub(super) fn form(form: &Form) -> Line {
    Line::new(&form.title, style::UNDERLINED).indented()
}

/// What stands before the value of a form's input.
pub(super) fn asked(input: &Input) -> String {
    format!("  {}{} › ", input.label, if input.required { "" } else { " (optional)" })
}
