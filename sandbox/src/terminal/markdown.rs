//! Discord's markdown as lines for a terminal.
//! <https://support.discord.com/hc/en-us/articles/210298617>

use std::time::SystemTime;

use super::{
    moments, names,
    paint::{Line, Span, Style},
};

/// The lines of a message's text.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("```")
        && let Some((code, after)) = after.split_once("```")
    {
        prose(&mut lines, before.strip_suffix('\n').unwrap_or(before));
        block(&mut lines, code);
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    prose(&mut lines, rest);
    lines
}

fn prose(lines: &mut Vec<Line>, text: &str) {
    if !text.is_empty() {
        lines.extend(text.split('\n').map(paragraph));
    }
}

/// A code block: its lines as they are, behind a bar.
fn block(lines: &mut Vec<Line>, code: &str) {
    let code = match code.split_once('\n') {
        Some((language, code)) if !language.contains(char::is_whitespace) => code,
        Some(_) | None => code,
    };
    let bar = Span::new("│ ", Style::DIM);
    for line in code.strip_suffix('\n').unwrap_or(code).split('\n') {
        lines.push(Line::plain(line).behind(&bar, &bar));
    }
}

fn paragraph(line: &str) -> Line {
    let styled = |text: &str, style| Line::of(inline(text, style));
    let headings = ["# ", "## ", "### "];
    if let Some(text) = headings.iter().find_map(|mark| line.strip_prefix(mark)) {
        return styled(text, Style::BOLD);
    }
    if let Some(text) = line.strip_prefix("-# ") {
        return styled(text, Style::DIM);
    }
    if let Some(text) = line.strip_prefix("> ") {
        let bar = Span::new("▎ ", Style::DIM);
        return styled(text, Style::PLAIN).behind(&bar, &bar);
    }
    let content = line.trim_start();
    if let Some(text) = ["- ", "* "].iter().find_map(|mark| content.strip_prefix(mark)) {
        let (first, next) = (Span::plain("• "), Span::plain("  "));
        let depth = line.len() - content.len();
        return styled(text, Style::PLAIN).behind(&first, &next).indented(depth);
    }
    styled(line, Style::PLAIN)
}

/// Marks that stand on both sides of what they style; the longer before the shorter.
const PAIRS: [(&str, Style); 6] = [
    ("**", Style::BOLD),
    ("__", Style::UNDERLINED),
    ("~~", Style::STRUCK),
    ("||", Style::DIM),
    ("*", Style::ITALIC),
    ("_", Style::ITALIC),
];

/// A line's text with its marks turned into styles.
pub(super) fn inline(text: &str, style: Style) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let before = plain.chars().last();
        let found = code(rest, style)
            .or_else(|| reference(rest, style))
            .or_else(|| link(rest, style))
            .or_else(|| message_link(rest, style))
            .or_else(|| pair(rest, before, style));
        if let Some((inner, after)) = found {
            flush(&mut spans, &mut plain, style);
            spans.extend(inner);
            rest = after;
            continue;
        }
        // A backslash takes a mark's meaning away.
        let after = &rest[c.len_utf8()..];
        match after.chars().next() {
            Some(marked) if c == '\\' && marked.is_ascii_punctuation() => {
                plain.push(marked);
                rest = &after[1..];
            }
            Some(_) | None => {
                plain.push(c);
                rest = after;
            }
        }
    }
    flush(&mut spans, &mut plain, style);
    spans
}

fn flush(spans: &mut Vec<Span>, plain: &mut String, style: Style) {
    if !plain.is_empty() {
        spans.push(Span::new(plain, style));
        plain.clear();
    }
}

/// What a mark at the beginning stands for, and the text after it.
type Found<'t> = Option<(Vec<Span>, &'t str)>;

/// A code span. Without colours its quotes stay, so that one sees where a name ends.
fn code(text: &str, style: Style) -> Found<'_> {
    let fence = if text.starts_with("``") { "``" } else { "`" };
    let (code, after) = text.strip_prefix(fence)?.split_once(fence)?;
    if code.is_empty() {
        return None;
    }
    let style = style | Style::CYAN;
    let tick = Span::new("`", style | Style::WITHOUT_COLOUR);
    Some((vec![tick.clone(), Span::new(code, style), tick], after))
}

/// A person, a role, a channel, a moment or a command: `<@1>`, `<@&1>`, `<#1>`, `<t:1:f>`,
/// `</name:1>`.
fn reference(text: &str, style: Style) -> Found<'_> {
    let (inner, after) = text.strip_prefix('<')?.split_once('>')?;
    let id = |digits: &str| digits.parse::<u64>().ok();
    let name = if let Some(role) = inner.strip_prefix("@&") {
        names::role(id(role)?)
    } else if let Some(user) = inner.strip_prefix('@') {
        names::user(id(user.trim_start_matches('!'))?)
    } else if let Some(channel) = inner.strip_prefix('#') {
        names::channel(id(channel)?).to_owned()
    } else if let Some(moment) = moments::moment(inner, SystemTime::now()) {
        return Some((vec![Span::new(&moment, style)], after));
    } else {
        let (name, command) = inner.strip_prefix('/')?.split_once(':')?;
        id(command)?;
        format!("/{name}")
    };
    let shown = Span::new(&name, style | Style::BOLD | Style::BLUE);
    Some((vec![shown], after))
}

/// `[text](https://…)`, of which Discord shows the text.
fn link(text: &str, style: Style) -> Found<'_> {
    let (shown, after) = text.strip_prefix('[')?.split_once("](")?;
    let (address, after) = after.split_once(')')?;
    let is_link = address.starts_with("https://") || address.starts_with("http://");
    is_link.then(|| (inline(shown, style | Style::UNDERLINED | Style::BLUE), after))
}

fn message_link(text: &str, style: Style) -> Found<'_> {
    let (shown, after) = moments::message_link(text)?;
    Some((vec![Span::new(&shown, style | Style::BOLD | Style::BLUE)], after))
}

fn pair(text: &str, before: Option<char>, style: Style) -> Found<'_> {
    PAIRS.iter().find_map(|(mark, own)| {
        let inner = text.strip_prefix(mark)?;
        let (inner, after) = inner.split_once(mark)?;
        let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        // snake_case is no emphasis.
        let is_inside = *mark == "_" && (joins(before) || joins(after.chars().next()));
        if inner.trim() != inner || inner.is_empty() || is_inside {
            return None;
        }
        Some((inline(inner, style | *own), after))
    })
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
    fn ids_become_names() {
        let text = format!(
            "<@{}> asks <@&{ADMIN_ROLE}> in <#{REQUESTS}>, <@1> doesn't; 1 < 2 > 0",
            Who::Admin.id()
        );
        assert_eq!(
            plain(&text),
            "@ada asks @Connect admins in #connect-requests,\n@unknown-user doesn't; 1 < 2 > 0\n"
        );
    }

    #[test]
    fn moments_and_addresses_of_messages_are_told_as_people_say_them() {
        let text =
            format!("before <t:1772446500:f>, at https://discord.com/channels/1/{REQUESTS}/3");
        assert_eq!(plain(&text), "before 2026-03-02 10:15 UTC, at #connect-requests › message\n");
    }

    #[test]
    fn marks_become_styles_and_loose_marks_stay() {
        let shown = paint(&lines("**b** *i* a_b_c 2 * 3 ` \\*x\\*"), 60, true);
        assert_eq!(shown, "\u{1b}[1mb\u{1b}[0m \u{1b}[3mi\u{1b}[0m a_b_c 2 * 3 ` *x*\n");
    }

    #[test]
    fn lists_quotes_and_subtext() {
        let text = "Did you mean:\n- `ABE`\n- `ABE-TEST`\n> quoted\n-# Reference";
        assert_eq!(plain(text), "Did you mean:\n• `ABE`\n• `ABE-TEST`\n▎ quoted\nReference\n");
    }

    #[test]
    fn marks_inside_of_code_mean_nothing() {
        assert_eq!(plain("`**a** <@1>`"), "`**a** <@1>`\n");
    }
}
