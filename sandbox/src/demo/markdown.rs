//! What the bot's messages have of Discord's markdown, as lines for a terminal.
//! <https://support.discord.com/hc/en-us/articles/210298617>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{
    paint::{Line, Span, style},
    screen,
};
use crate::discord::clock;

/// Where the address of every message begins.
const MESSAGES: &str = "https://discord.com/channels/";

/// The lines of a message's text.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, part) in text.split("```").enumerate() {
        let is_code = index % 2 == 1;
        let part = part.strip_prefix('\n').unwrap_or(part);
        let part = part.strip_suffix('\n').unwrap_or(part);
        if is_code {
            let bar = Span::new("│ ", style::DIM);
            let code = part.split('\n').map(|line| Line::new(line, style::PLAIN));
            lines.extend(code.map(|line| line.behind(bar.clone())));
        } else if !part.is_empty() {
            lines.extend(part.split('\n').map(paragraph));
        }
    }
    lines
}

fn paragraph(line: &str) -> Line {
    match line.strip_prefix("-# ") {
        Some(text) => Line::of(inline(text, style::DIM)),
        None => Line::of(inline(line, style::PLAIN)),
    }
}

/// A line's text with its marks turned into styles.
pub(super) fn inline(text: &str, style: &'static str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = code(rest, style)
            .or_else(|| reference(rest, style))
            .or_else(|| message_link(rest))
            .or_else(|| bold(rest));
        if let Some((inner, after)) = found {
            flush(&mut spans, &mut plain, style);
            spans.extend(inner);
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        // A backslash takes a mark's meaning away.
        let escaped = rest.chars().next().filter(|next| c == '\\' && next.is_ascii_punctuation());
        rest = &rest[escaped.map_or(0, char::len_utf8)..];
        plain.push(escaped.unwrap_or(c));
    }
    flush(&mut spans, &mut plain, style);
    spans
}

fn flush(spans: &mut Vec<Span>, plain: &mut String, style: &'static str) {
    if !plain.is_empty() {
        spans.push(Span::new(plain, style));
        plain.clear();
    }
}

/// What a mark at the beginning stands for, and the text after it.
type Found<'t> = Option<(Vec<Span>, &'t str)>;

/// A code span. Without colours its quotes stay, so that one sees where a name ends.
fn code<'t>(text: &'t str, style: &str) -> Found<'t> {
    let (code, after) = text.strip_prefix('`')?.split_once('`')?;
    let style = if style == style::BOLD { style::BOLD_CYAN } else { style::CYAN };
    let tick = Span::new("`", style).unless_coloured();
    Some((vec![tick.clone(), Span::new(code, style), tick], after))
}

/// A person, a role, a command or a moment: `<@1>`, `<@&1>`, `</search:1>`, `<t:1:f>`.
fn reference<'t>(text: &'t str, style: &'static str) -> Found<'t> {
    let (inner, after) = text.strip_prefix('<')?.split_once('>')?;
    let span = if let Some(role) = inner.strip_prefix("@&") {
        Span::new(&screen::role(role.parse().ok()?), style::BLUE)
    } else if let Some(user) = inner.strip_prefix('@') {
        Span::new(&screen::user(user.parse().ok()?), style::BLUE)
    } else if let Some(command) = inner.strip_prefix('/') {
        Span::new(&format!("/{}", command.split_once(':')?.0), style::BLUE)
    } else {
        let (seconds, shape) = inner.strip_prefix("t:")?.split_once(':')?;
        let at = UNIX_EPOCH + Duration::from_secs(seconds.parse().ok()?);
        let is_relative = shape == "R";
        let shown = if is_relative { from_now(at, SystemTime::now()) } else { clock::minute(at) };
        Span::new(&shown, style)
    };
    Some((vec![span], after))
}

/// A moment as Discord shows one that is counted from now: `in 3 days`.
fn from_now(at: SystemTime, now: SystemTime) -> String {
    const UNITS: [(&str, u64); 4] =
        [("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];
    let ahead = at.duration_since(now);
    let distance = ahead.clone().unwrap_or_else(|past| past.duration()).as_secs();
    // A unit begins a little early: what was set to 3 days isn't in 2 a moment later.
    let is_reached = |(_, length): &(&str, u64)| distance * 12 >= length * 11;
    let (unit, length) = UNITS.into_iter().find(is_reached).unwrap_or(("second", 1));
    let amount = (distance + length / 2) / length;
    let words = format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" });
    if ahead.is_ok() { format!("in {words}") } else { format!("{words} ago") }
}

/// A message's address, which Discord draws as its channel.
fn message_link(text: &str) -> Found<'_> {
    let ids = text.strip_prefix(MESSAGES)?;
    let end = ids.find(|c: char| !c.is_ascii_digit() && c != '/').unwrap_or(ids.len());
    let channel = ids[..end].split('/').nth(1)?.parse().ok()?;
    let shown = format!("{} › message", screen::channel(channel));
    Some((vec![Span::new(&shown, style::BLUE)], &ids[end..]))
}

fn bold(text: &str) -> Found<'_> {
    let (inner, after) = text.strip_prefix("**")?.split_once("**")?;
    Some((inline(inner, style::BOLD), after))
}

#[cfg(test)]
mod tests {
    use super::{super::paint::paint, *};
    use crate::discord::{ADMIN_ROLE, REQUESTS, Who};

    fn plain(text: &str) -> String {
        paint(&lines(text), 60, false)
    }

    #[test]
    fn a_table_stands_behind_a_bar() {
        let text = "**2 groups** begin with `a`.\n```\nNAME  GUID\nABE   NULL\n```Next.";
        assert_eq!(plain(text), "2 groups begin with `a`.\n│ NAME  GUID\n│ ABE   NULL\nNext.\n");
    }

    #[test]
    fn ids_moments_and_addresses_become_what_people_say() {
        let text = format!(
            "<@{}> asks <@&{ADMIN_ROLE}> before <t:1772446500:f>, \
             see https://discord.com/channels/1/{REQUESTS}/3; 1 < 2 > 0",
            Who::Admin.id()
        );
        assert_eq!(
            plain(&text),
            "@ada asks @Connect admins before 2026-03-02 10:15 UTC, see\n\
             #connect-requests › message; 1 < 2 > 0\n"
        );
    }

    #[test]
    fn moments_are_counted_from_now_and_commands_are_called_by_name() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let told = |seconds| from_now(UNIX_EPOCH + Duration::from_secs(seconds), now);
        assert_eq!(told(1_259_190), "in 3 days");
        assert_eq!(told(1_000_059), "in 1 minute");
        assert_eq!(told(992_800), "2 hours ago");
        assert_eq!(plain("see </ldapgroup create:7>, </b>"), "see /ldapgroup create, </b>\n");
    }

    #[test]
    fn marks_become_styles_and_loose_marks_stay() {
        let shown = paint(&lines("**b `c`** `d` 2 * 3 ** \\*x\\* `"), 60, true);
        let styled = "\u{1b}[1mb \u{1b}[0m\u{1b}[1;36mc\u{1b}[0m \u{1b}[36md\u{1b}[0m";
        assert_eq!(shown, format!("{styled} 2 * 3 ** *x* `\n"));
        assert_eq!(plain("`**a** <@1>`"), "`**a** <@1>`\n");
    }
}
