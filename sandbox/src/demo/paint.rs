//! Styled text for a terminal: wrapped, and with nothing in it that steers the terminal.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    mem, ptr,
};

/// The width where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 80;

/// Lines get no longer than this, however wide the terminal is: they would be hard to read.
const MAX_WIDTH: usize = 110;

/// How text looks: parameters of "Select Graphic Rendition", ECMA-48 8.3.117.
pub(super) mod style {
    pub(in super::super) const PLAIN: &str = "";
    pub(in super::super) const BOLD: &str = "1";
    pub(in super::super) const DIM: &str = "2";
    pub(in super::super) const UNDERLINED: &str = "1;4";
    pub(in super::super) const RED: &str = "1;31";
    pub(in super::super) const GREEN: &str = "1;32";
    pub(in super::super) const YELLOW: &str = "33";
    pub(in super::super) const BLUE: &str = "1;34";
    pub(in super::super) const CYAN: &str = "36";
    pub(in super::super) const BOLD_CYAN: &str = "1;36";
    /// White on blue.
    pub(in super::super) const TAG: &str = "97;44";
}

/// A piece of text that looks the same throughout and holds nothing that steers a terminal.
#[derive(Clone, Debug)]
pub(super) struct Span {
    text: String,
    style: &'static str,
    /// Where it is shown: with colours, without.
    shown: (bool, bool),
}

impl Span {
    pub(super) fn new(text: &str, style: &'static str) -> Self {
        Self { text: harmless(text), style, shown: (true, true) }
    }

    /// Left out where there are no colours.
    pub(super) fn if_coloured(self) -> Self {
        Self { shown: (true, false), ..self }
    }

    /// Left out where colours say the same.
    pub(super) fn unless_coloured(self) -> Self {
        Self { shown: (false, true), ..self }
    }
}

/// A line, as long as it likes until it is painted.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// What stands at the left of it and of what it is continued on.
    left: Vec<Span>,
    /// What is wrapped.
    pub(super) text: Vec<Span>,
}

impl Line {
    pub(super) fn of(text: Vec<Span>) -> Self {
        Self { left: Vec::new(), text }
    }

    pub(super) fn new(text: &str, style: &'static str) -> Self {
        Self::of(vec![Span::new(text, style)])
    }

    /// The same line with something at its left.
    pub(super) fn behind(mut self, left: Span) -> Self {
        self.left.insert(0, left);
        self
    }

    /// The same line, farther to the right.
    pub(super) fn indented(self) -> Self {
        self.behind(Span::new("  ", style::PLAIN))
    }
}

/// The standard output, drawn upon.
pub(super) struct Canvas {
    width: usize,
    coloured: bool,
}

impl Canvas {
    pub(super) fn on_stdout(coloured: bool) -> Self {
        // Where there is no terminal, and from one that says 0, the width isn't known.
        let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| size.ws_col);
        let width = if columns == 0 { DEFAULT_WIDTH } else { MAX_WIDTH.min(columns.into()) };
        Self { width, coloured }
    }

    pub(super) fn show(&self, lines: &[Line]) -> io::Result<()> {
        let text = paint(lines, self.width, self.coloured);
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

/// The lines as the terminal gets them, none wider than `width` columns.
pub(super) fn paint(lines: &[Line], width: usize, coloured: bool) -> String {
    let mut painted = String::new();
    for line in lines {
        let left: Vec<_> = line.left.iter().flat_map(glyphs).collect();
        for row in wrap(&line.text, width.saturating_sub(left.len()).max(8), coloured) {
            push(&mut painted, &[left.as_slice(), &row].concat(), coloured);
        }
    }
    painted
}

/// A character, one column wide, and what it is of.
type Glyph<'s> = (char, &'s Span);

fn glyphs(span: &Span) -> impl Iterator<Item = Glyph<'_>> {
    span.text.chars().map(move |c| (c, span))
}

/// Breaks at spaces where there are any, else anywhere.
fn wrap(text: &[Span], width: usize, coloured: bool) -> Vec<Vec<Glyph<'_>>> {
    let is_shown = |span: &&Span| if coloured { span.shown.0 } else { span.shown.1 };
    let mut rows = Vec::new();
    let mut row: Vec<Glyph<'_>> = Vec::new();
    for glyph in text.iter().filter(is_shown).flat_map(glyphs) {
        if row.len() == width {
            let broken = row.iter().rposition(|(c, _)| *c == ' ');
            let rest = match broken {
                Some(at) if glyph.0 != ' ' => row.split_off(at + 1),
                Some(_) | None => Vec::new(),
            };
            rows.push(mem::replace(&mut row, rest));
            if glyph.0 == ' ' {
                continue;
            }
        }
        row.push(glyph);
    }
    rows.push(row);
    rows
}

fn push(painted: &mut String, row: &[Glyph<'_>], coloured: bool) {
    let kept = row.iter().rposition(|(c, _)| *c != ' ').map_or(0, |at| at + 1);
    for run in row[..kept].chunk_by(|(_, a), (_, b)| ptr::eq(*a, *b)) {
        let text: String = run.iter().map(|(c, _)| c).collect();
        let style = run[0].1.style;
        if coloured && !style.is_empty() {
            // Writing to a String can't fail.
            let _ = write!(painted, "\u{1b}[{style}m{text}\u{1b}[0m");
        } else {
            painted.push_str(&text);
        }
    }
    painted.push('\n');
}

/// Writes out what would steer a terminal, or turn the reading direction of what follows.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}');
        let is_nothing = matches!(c, '\u{200b}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || turns || is_nothing {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, width: usize) -> String {
        paint(&[Line::new(text, style::PLAIN)], width, false)
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere() {
        let bar = Span::new("| ", style::DIM);
        let line = Line::new("one two three", style::PLAIN).behind(bar);
        assert_eq!(paint(&[line], 11, false), "| one two\n| three\n");
        assert_eq!(plain("abcdefghijkl", 10), "abcdefghij\nkl\n");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let shown = plain("a\u{1b}[2J\u{7}\u{202e}b\rc\n", 80);
        assert_eq!(shown, "a\\u{1b}[2J\\u{7}\\u{202e}b\\u{d}c\\u{a}\n");
    }
}
