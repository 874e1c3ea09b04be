//! Text from outside, made fit to be shown: bounded, and with nothing in it that can't be seen.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;

use siphasher::sip::SipHasher13;
use unicode_width::UnicodeWidthStr;

/// What stands where text was cut.
const ELLIPSIS: char = '…';

/// How long Discord takes a text to be, or at least not shorter: in UTF-16 units.
#[must_use]
pub fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The text, cut to at most `max` UTF-16 units; the cut is marked with an ellipsis.
#[must_use]
pub fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    if units(text) <= max {
        return text.into();
    }
    let mut short = beginning(text, max.saturating_sub(1)).to_owned();
    short.push(ELLIPSIS);
    short.into()
}

/// The longest beginning of the text that has at most `max` UTF-16 units.
#[must_use]
pub fn beginning(text: &str, max: usize) -> &str {
    // No character has fewer bytes than units.
    if text.len() <= max {
        return text;
    }
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.len_utf16();
        used > max
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// The text with every character that can't be seen, or that turns others around, written out as
/// `\u{202e}`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.contains(is_invisible) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// Whether it is ASCII without control characters: each byte is a character, a unit and a column.
/// Most names are, and many are looked at for one answer.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Control characters, and Unicode's format characters and blank fillers.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The text with everything escaped that Discord's markdown would take for something else.
#[must_use]
pub fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`'
                | '*'
                | '_'
                | '~'
                | '|'
                | '>'
                | '<'
                | '#'
                | '['
                | ']'
                | '('
                | ')'
                | '@'
                | ':'
                | '-'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// One line of a table: the name, filled up to `width` columns, and the guid. `NULL` stands for a
/// group that Connect doesn't have.
pub fn push_row(table: &mut String, name: &str, width: usize, guid: Option<&str>) {
    let fill = width.saturating_sub(columns(name));
    let guid = guid.unwrap_or("NULL");
    let _ = writeln!(table, "{name}{:fill$}  {guid}", "");
}

/// The columns that a name takes in a terminal or a code block.
#[must_use]
pub fn columns(name: &str) -> usize {
    if is_plain(name) { name.len() } else { name.width() }
}

/// `1 group`, `2 groups`.
#[must_use]
pub fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// A digest of the text that is the same in every version and on every machine: SipHash-1-3 with a key
/// of zeros. It keeps nobody from making another text with the same one.
/// <https://www.aumasson.jp/siphash/siphash.pdf>
#[must_use]
pub fn digest(text: &str) -> u64 {
    SipHasher13::new().hash(text.as_bytes())
}

/// The reason under all others.
#[must_use]
pub fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_the_cut_shows() {
        assert_eq!(shorten("営業部", 3), "営業部");
        assert_eq!(shorten("営業部", 2), "営…");
        assert_eq!(shorten("a🦀b", 3), "a…");
        assert_eq!(shorten("a🦀b", 4), "a🦀b");
    }

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(visible("R&D (Zürich) 営業部"), "R&D (Zürich) 営業部");
        assert_eq!(visible("a\u{202e}b\nc\u{1b}[2J"), "a\\u{202e}b\\u{a}c\\u{1b}[2J");
    }

    #[test]
    fn rows_line_up_whatever_the_script() {
        let mut table = String::new();
        for (name, guid) in [("NAME", Some("GUID")), ("営業部", None), ("ABE", Some("1"))] {
            push_row(&mut table, name, 6, guid);
        }
        assert_eq!(table, "NAME    GUID\n営業部  NULL\nABE     1\n");
    }
}
