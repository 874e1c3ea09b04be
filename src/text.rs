//! Text from outside, made fit to be shown: bounded, and with nothing in it that can't be seen.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;

use siphasher::sip::SipHasher13;
use unicode_width::UnicodeWidthStr;

/// What stands where text was cut.
const ELLIPSIS: char = '…';

/// How long Discord takes a text to be, or at least not shorter: in UTF-16 units.
pub(crate) fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The text, cut to at most `max` UTF-16 units; the cut is marked with an ellipsis.
pub(crate) fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    if utf16_len(text) <= max {
        return text.into();
    }
    let mut short = beginning(text, max.saturating_sub(1)).to_owned();
    short.push(ELLIPSIS);
    short.into()
}

/// The longest beginning of the text that has at most `max` UTF-16 units.
pub(crate) fn beginning(text: &str, max: usize) -> &str {
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
pub(crate) fn escape_invisible(text: &str) -> Cow<'_, str> {
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

/// Whether a field of Discord's with room for `max` UTF-16 units carries a text to the letter. What
/// Discord does with control characters and with space at an end isn't documented.
pub(crate) fn is_carried(text: &str, max: usize) -> bool {
    utf16_len(text) <= max
        && text.trim() == text
        && (is_plain(text) || !text.contains(char::is_control))
}

/// Whether it is ASCII without control characters: each byte is a character, a unit and a column.
/// Most names are, and many are looked at for one answer.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// What draws nothing or turns others around: control characters, every space but the usual one,
/// Unicode's `Default_Ignorable_Code_Point` as of 16.0, annotations, and characters that are blank by
/// design. <https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt>
fn is_invisible(c: char) -> bool {
    c.is_control()
        || c.is_whitespace() && c != ' '
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{13441}'..='\u{13442}'
                | '\u{16fe4}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d159}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Text from outside in a code span that nothing in it can end, cut to `max` UTF-16 units.
pub(crate) fn code_span(text: &str, max: usize) -> String {
    format!("`{}`", shorten(&escape_invisible(text).replace('`', "\\u{60}"), max))
}

/// The text with everything escaped that Discord's markdown would take for something else.
pub(crate) fn escape_markdown(text: &str) -> String {
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

/// A table of groups: their names, in columns that line up, and their guids. `NULL` stands for a group
/// that Connect doesn't have.
pub(crate) fn group_table<'g>(
    names: &[Cow<'_, str>],
    guids: impl Iterator<Item = Option<&'g str>>,
) -> String {
    let width = names.iter().map(|name| display_width(name)).max().unwrap_or(0).max("NAME".len());
    let mut table = format!("{:width$}  GUID\n", "NAME");
    for (name, guid) in names.iter().zip(guids) {
        let (fill, guid) = (width - display_width(name), guid.unwrap_or("NULL"));
        let _ = writeln!(table, "{name}{:fill$}  {guid}", "");
    }
    table
}

/// The columns that a name takes in a terminal or a code block.
pub(crate) fn display_width(name: &str) -> usize {
    if is_plain(name) { name.len() } else { name.width() }
}

/// `1 group`, `2 groups`.
pub(crate) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// A digest of the text that is the same in every version and on every machine: SipHash-1-3 with a key
/// of zeros. It keeps nobody from making another text with the same one.
/// <https://www.aumasson.jp/siphash/siphash.pdf>
pub(crate) fn digest(text: &str) -> u64 {
    SipHasher13::new().hash(text.as_bytes())
}

/// The reason under all others.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let cause = cause.to_string();
    // hyper-util's error has no type that others can name.
    match cause.strip_prefix("tunnel error: ") {
        Some("unsuccessful") => "the proxy refuses it".to_owned(),
        Some("proxy authorization required") => "the proxy wants a user and a password".to_owned(),
        Some("unexpected end of file") => "the proxy hung up".to_owned(),
        Some(_) | None => cause,
    }
}

/// A text in Discord's markdown of code spans and mentions for a terminal and a log.
pub(crate) fn plain(markdown: &str) -> String {
    // What stands between code spans is the bot's own words.
    let pieces = markdown.split('`').enumerate().map(|(at, piece)| match at % 2 {
        0 => piece.replace("<#", "").replace("<@&", "").replace('>', ""),
        _ => piece.to_owned(),
    });
    pieces.collect()
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
        assert_eq!(escape_invisible("R&D (Zürich) 営業部"), "R&D (Zürich) 営業部");
        assert_eq!(escape_invisible("a\u{202e}b\nc\u{1b}[2J"), "a\\u{202e}b\\u{a}c\\u{1b}[2J");
    }

    /// `Default_Ignorable_Code_Point`, as DerivedCoreProperties.txt of Unicode 16.0 lists it; then the
    /// spaces but U+0020, category Zs, Zl and Zp, as DerivedGeneralCategory.txt does; then what is blank
    /// by its name and in none of these: BRAILLE PATTERN BLANK, EGYPTIAN HIEROGLYPH FULL BLANK and HALF
    /// BLANK, KHITAN SMALL SCRIPT FILLER, MUSICAL SYMBOL NULL NOTEHEAD.
    const DRAW_NOTHING: &str = "
        00AD 034F 061C 115F..1160 17B4..17B5 180B..180D 180E 180F 200B..200F 202A..202E 2060..2064 2065
        2066..206F 3164 FE00..FE0F FEFF FFA0 FFF0..FFF8 1BCA0..1BCA3 1D173..1D17A E0000 E0001
        E0002..E001F E0020..E007F E0080..E00FF E0100..E01EF E01F0..E0FFF
        00A0 1680 2000..200A 2028 2029 202F 205F 3000
        2800 13441..13442 16FE4 1D159";

    #[test]
    fn of_all_characters_exactly_those_are_written_out_that_draw_nothing_or_steer_others() {
        let ranges = DRAW_NOTHING.split_whitespace().map(|range| {
            let (first, last) = range.split_once("..").unwrap_or((range, range));
            let [first, last] = [first, last].map(|hex| u32::from_str_radix(hex, 16).unwrap());
            first..=last
        });
        let ranges: Vec<_> = ranges.collect();
        for c in '\0'..=char::MAX {
            let draws_nothing = ranges.iter().any(|range| range.contains(&u32::from(c)));
            // Marks of interlinear annotations, which hide what stands between them.
            let steers = matches!(c, '\u{fff9}'..='\u{fffb}');
            let is_written_out = escape_invisible(c.encode_utf8(&mut [0; 4])).starts_with("\\u{");
            assert_eq!(is_written_out, c.is_control() || draws_nothing || steers, "{c:?}");
        }
    }

    #[test]
    fn rows_line_up_whatever_the_script() {
        let table = group_table(&["営業部".into(), "ABE".into()], [None, Some("1")].into_iter());
        assert_eq!(table, "NAME    GUID\n営業部  NULL\nABE     1\n");
    }
}
