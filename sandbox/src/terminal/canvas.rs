//! Where lines are drawn.

use std::io::{self, Write};

use rustyline::ExternalPrinter;

use super::paint::{Line, paint};

/// The width where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 80;

/// Lines get no longer than this, however wide the terminal is: they would be hard to read.
const MAX_WIDTH: usize = 110;

/// Draws on the standard output.
pub(super) struct Canvas {
    /// What doesn't disturb the line that is being typed, if there can be one.
    printer: Option<Box<dyn ExternalPrinter + Send>>,
    width: usize,
    coloured: bool,
}

impl Canvas {
    pub(super) fn on_stdout(coloured: bool) -> Self {
        Self { printer: None, width: DEFAULT_WIDTH, coloured }
    }

    /// Draws above the line that is being typed.
    pub(super) fn beside_editor(
        printer: Box<dyn ExternalPrinter + Send>,
        width: Option<usize>,
        coloured: bool,
    ) -> Self {
        let mut canvas = Self { printer: Some(printer), ..Self::on_stdout(coloured) };
        canvas.resize(width);
        canvas
    }

    /// Takes note of the terminal's width, if it is known.
    pub(super) fn resize(&mut self, width: Option<usize>) {
        // A terminal that says 0 columns doesn't know.
        if let Some(width) = width.filter(|width| *width > 0) {
            self.width = width.min(MAX_WIDTH);
        }
    }

    /// Draws the lines.
    ///
    /// # Errors
    ///
    /// When the standard output can't be written to.
    pub(super) fn show(&mut self, lines: &[Line]) -> io::Result<()> {
        let text = paint(lines, self.width, self.coloured);
        if let Some(printer) = &mut self.printer {
            return printer.print(text).map_err(io::Error::other);
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}
