//! Styled text for a terminal: wrapped, lined up, and with nothing in it that steers the terminal.

use std::{fmt::Write as _, ops::BitOr};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a piece of text looks: any of the constants, combined by `|`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style(u16);

impl Style {
    /// As the terminal writes by itself.
    pub(super) const PLAIN: Self = Self(0);
    pub(super) const BOLD: Self = Self(1);
    pub(super) const DIM: Self = Self(1 << 1);
    pub(super) const ITALIC: Self = Self(1 << 2);
    pub(super) const UNDERLINED: Self = Self(1 << 3);
    pub(super) const STRUCK: Self = Self(1 << 4);
    pub(super) const RED: Self = Self(1 << 5);
    pub(super) const GREEN: Self = Self(1 << 6);
    pub(super) const YELLOW: Self = Self(1 << 7);
    pub(super) const BLUE: Self = Self(1 << 8);
    pub(super) const CYAN: Self = Self(1 << 9);
    /// White on blue.
    pub(super) const TAG: Self = Self(1 << 10);
    /// Left out where colours say the same.
    pub(super) const WITHOUT_COLOUR: Self = Self(1 << 11);
    /// Left out where there are no colours.
    pub(super) const WITH_COLOUR: Self = Self(1 << 12);

    /// The parameters of "Select Graphic Rendition", ECMA-48 8.3.117.
    const CODES: [(Self, &'static str); 11] = [
        (Self::BOLD, "1"),
        (Self::DIM, "2"),
        (Self::ITALIC, "3"),
        (Self::UNDERLINED, "4"),
        (Self::STRUCK, "9"),
        (Self::RED, "31"),
        (Self::GREEN, "32"),
        (Self::YELLOW, "33"),
        (Self::BLUE, "34"),
        (Self::CYAN, "36"),
        (Self::TAG, "97;44"),
    ];

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The nearest of a terminal's colours.
    fn near(colour: u64) -> Self {
        let (red, green, blue) = (colour >> 16 & 255, colour >> 8 & 255, colour & 255);
        if blue > red && blue > green {
            Self::BLUE
        } else if red > 2 * green {
            Self::RED
        } else if green > red {
            Self::GREEN
        } else {
            Self::YELLOW
        }
    }

    fn codes(self) -> String {
        let codes = Self::CODES.iter().filter(|(style, _)| self.has(*style));
        codes.map(|(_, code)| *code).collect::<Vec<_>>().join(";")
    }
}

impl BitOr for Style {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A piece of text that looks the same throughout and holds nothing that steers a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    text: String,
    style: Style,
}

impl Span {
    pub(super) fn new(text: &str, style: Style) -> Self {
        Self { text: harmless(text), style }
    }

    pub(super) fn plain(text: &str) -> Self {
        Self::new(text, Style::PLAIN)
    }

    /// The left edge of a box of this colour, as RGB.
    pub(super) fn edge(colour: Option<u64>) -> Self {
        Self::new("▌ ", colour.map_or(Style::DIM, Style::near))
    }
}

/// A line, as long as it likes until it is painted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// What stands at its left.
    pub(super) first: Vec<Span>,
    /// What stands at the left of the lines that it is continued on; as wide as `first`.
    pub(super) next: Vec<Span>,
    /// What is wrapped.
    pub(super) text: Vec<Span>,
}

impl Line {
    pub(super) fn of(text: Vec<Span>) -> Self {
        Self { text, ..Self::default() }
    }

    pub(super) fn plain(text: &str) -> Self {
        Self::of(vec![Span::plain(text)])
    }

    pub(super) fn dim(text: &str) -> Self {
        Self::of(vec![Span::new(text, Style::DIM)])
    }

    /// The same line with something at the left of it and of its continuations.
    pub(super) fn behind(mut self, first: &Span, next: &Span) -> Self {
        self.first.insert(0, first.clone());
        self.next.insert(0, next.clone());
        self
    }

    /// The same line, farther to the right.
    pub(super) fn indented(self, columns: usize) -> Self {
        let space = Span::plain(&" ".repeat(columns));
        self.behind(&space, &space)
    }
}

/// The columns that a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// The text, filled up with spaces to so many columns.
pub(super) fn filled(text: &str, width: usize) -> String {
    let fill = width.saturating_sub(columns(text));
    format!("{text}{:fill$}", "")
}

/// The text, cut to so many columns; the cut is marked with an ellipsis.
pub(super) fn shortened(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= width
    });
    kept.chain(['…']).collect()
}

/// The lines as the terminal gets them, none wider than `width` columns.
pub(super) fn paint(lines: &[Line], width: usize, coloured: bool) -> String {
    let mut painted = String::new();
    for line in lines {
        let taken: usize = line.first.iter().map(|span| columns(&span.text)).sum();
        let rows = wrap(&line.text, width.saturating_sub(taken).max(8), coloured);
        let mut left = &line.first;
        for row in rows {
            let mut whole: Vec<_> = left.iter().flat_map(glyphs).collect();
            whole.extend(row);
            push(&mut painted, &whole, coloured);
            left = &line.next;
        }
    }
    painted
}

type Glyph = (char, Style);

fn glyphs(span: &Span) -> impl Iterator<Item = Glyph> {
    span.text.chars().map(|c| (c, span.style))
}

/// Breaks at spaces where there are any, else anywhere.
fn wrap(text: &[Span], width: usize, coloured: bool) -> Vec<Vec<Glyph>> {
    let left_out = if coloured { Style::WITHOUT_COLOUR } else { Style::WITH_COLOUR };
    let shown = text.iter().filter(|span| !span.style.has(left_out));
    let mut rows = Vec::new();
    let mut row: Vec<Glyph> = Vec::new();
    let mut used = 0;
    for glyph in shown.flat_map(glyphs) {
        let own = glyph.0.width().unwrap_or(0);
        if used + own > width && !row.is_empty() {
            let broken = row.iter().rposition(|(c, _)| *c == ' ');
            let rest = match broken {
                Some(at) if glyph.0 != ' ' => row.split_off(at + 1),
                Some(_) | None => Vec::new(),
            };
            used = rest.iter().map(|(c, _)| c.width().unwrap_or(0)).sum();
            rows.push(std::mem::replace(&mut row, rest));
            if glyph.0 == ' ' {
                continue;
            }
        }
        row.push(glyph);
        used += own;
    }
    rows.push(row);
    rows
}

fn push(painted: &mut String, row: &[Glyph], coloured: bool) {
    let kept = row.iter().rposition(|(c, _)| *c != ' ').map_or(0, |at| at + 1);
    // The space of a coloured tag is seen.
    let tag_end = row.iter().rposition(|(_, style)| coloured && style.has(Style::TAG));
    let row = &row[..kept.max(tag_end.map_or(0, |at| at + 1))];
    for run in row.chunk_by(|(_, a), (_, b)| a == b) {
        let text: String = run.iter().map(|(c, _)| c).collect();
        let codes = run[0].1.codes();
        if coloured && !codes.is_empty() {
            // Writing to a String can't fail.
            let _ = write!(painted, "\u{1b}[{codes}m{text}\u{1b}[0m");
        } else {
            painted.push_str(&text);
        }
    }
    painted.push('\n');
}

/// Writes out what would steer a terminal, or turn the reading direction of what follows.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push_str("    "),
            _ if steers(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    shown
}

/// What was meant by a text in which [`harmless`] may have written characters out.
pub(super) fn meant(text: &str) -> String {
    let mut meant = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u{") {
        meant.push_str(before);
        let written_out = after.split_once('}').and_then(|(digits, tail)| {
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            steers(c).then_some((c, tail))
        });
        if let Some((c, tail)) = written_out {
            meant.push(c);
            rest = tail;
        } else {
            meant.push_str("\\u{");
            rest = after;
        }
    }
    meant.push_str(rest);
    meant
}

/// Control characters, marks and embeddings of direction, separators of lines, and what is zero
/// columns wide.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: Line, width: usize) -> String {
        paint(&[line], width, false)
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere() {
        let line = Line::plain("one two three").behind(&Span::plain("- "), &Span::plain("  "));
        assert_eq!(plain(line, 11), "- one two\n  three\n");
        assert_eq!(plain(Line::plain("abcdefghijkl"), 10), "abcdefghij\nkl\n");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(plain(Line::plain("営業部営業部"), 8), "営業部営\n業部\n");
        assert_eq!(filled("営業部", 8), "営業部  ");
        assert_eq!(shortened("営業部", 6), "営業部");
        assert_eq!(shortened("営業部", 5), "営業…");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let line = Line::plain("a\u{1b}[2J\u{7}\u{202e}b\rc\n");
        let shown = plain(line, 80);
        assert_eq!(shown, "a\\u{1b}[2J\\u{7}\\u{202e}b\\u{d}c\\u{a}\n");
    }

    #[test]
    fn what_was_written_out_is_read_back() {
        for text in ["a\u{202e}b\u{1b}", "\\u{41} \\u{", "C:\\u{x}"] {
            assert_eq!(meant(&harmless(text)), text);
        }
    }

    #[test]
    fn colours_are_written_only_if_wanted() {
        let line = || {
            let tick = Span::new("`", Style::CYAN | Style::WITHOUT_COLOUR);
            let name = Span::new("ABE", Style::BOLD | Style::CYAN);
            Line::of(vec![tick.clone(), name, tick])
        };
        assert_eq!(plain(line(), 80), "`ABE`\n");
        assert_eq!(paint(&[line()], 80, true), "\u{1b}[1;36mABE\u{1b}[0m\n");
    }
}
