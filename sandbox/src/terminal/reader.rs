//! Lines that the user types, or that come through a pipe. Reading blocks, so it has a thread.

use std::{
    io::{self, BufRead, IsTerminal},
    sync::mpsc,
    thread,
};

use rustyline::{
    Config, Editor, ExternalPrinter,
    config::{BellStyle, CompletionType},
    error::ReadlineError,
    history::MemHistory,
};
use tokio::{runtime::Handle, sync::mpsc as async_mpsc};

use super::{canvas::Canvas, complete::Offers};
use crate::discord::{Discord, Who};

/// What is asked of the user.
pub(super) struct Ask {
    /// What stands before the line.
    pub(super) prompt: String,
    /// Who speaks, for Tab; `None` where it isn't a command that is typed.
    pub(super) speaker: Option<Who>,
}

/// What came of it.
pub(super) enum Heard {
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the pipe's end.
    End,
}

/// Reads one line for each that is asked for.
pub(super) struct Reader {
    asks: mpsc::Sender<Ask>,
    heard: async_mpsc::UnboundedReceiver<io::Result<(Heard, Option<usize>)>>,
    /// Whether somebody types; else the lines must be shown to be seen.
    pub(super) is_typed: bool,
}

type Terminal = Editor<Offers, MemHistory>;

impl Reader {
    /// A line editor where the user sits at a terminal, else the lines of the standard input; and
    /// what to draw on meanwhile.
    ///
    /// # Errors
    ///
    /// When the terminal can't be used.
    pub(super) fn start(discord: Discord, coloured: bool) -> io::Result<(Self, Canvas)> {
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            let (mut editor, printer) = editor(discord, coloured).map_err(io_error)?;
            let width = width(&mut editor);
            let canvas = Canvas::beside_editor(printer, width, coloured);
            Ok((Self::on_thread(true, move |ask| typed(&mut editor, &ask)), canvas))
        } else {
            let reader = Self::on_thread(false, |_| piped().map(|heard| (heard, None)));
            Ok((reader, Canvas::on_stdout(coloured)))
        }
    }

    /// Reads each line in a thread of its own by calling `read`.
    pub(super) fn on_thread(
        is_typed: bool,
        mut read: impl FnMut(Ask) -> io::Result<(Heard, Option<usize>)> + Send + 'static,
    ) -> Self {
        let (asks, asked) = mpsc::channel();
        let (tell, heard) = async_mpsc::unbounded_channel();
        thread::spawn(move || {
            for ask in asked {
                if tell.send(read(ask)).is_err() {
                    return;
                }
            }
        });
        Self { asks, heard, is_typed }
    }

    /// Begins to read a line, which [`Self::heard`] then gives.
    pub(super) fn ask(&self, ask: Ask) {
        // Where the thread has ended, `heard` says so.
        drop(self.asks.send(ask));
    }

    /// The line that was asked for, and the terminal's width since, if it is known.
    pub(super) async fn heard(&mut self) -> io::Result<(Heard, Option<usize>)> {
        let heard = self.heard.recv().await;
        heard.unwrap_or_else(|| Err(io::Error::other("the terminal can't be read any more")))
    }
}

fn editor(
    discord: Discord,
    coloured: bool,
) -> rustyline::Result<(Terminal, Box<dyn ExternalPrinter + Send>)> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .bell_style(BellStyle::None)
        .history_ignore_space(false)
        .build();
    let mut editor = Editor::with_history(config, MemHistory::new())?;
    editor.set_helper(Some(Offers {
        discord,
        runtime: Handle::current(),
        coloured,
        speaker: None,
        width: None,
    }));
    let printer = Box::new(editor.create_external_printer()?);
    Ok((editor, printer))
}

fn typed(editor: &mut Terminal, ask: &Ask) -> io::Result<(Heard, Option<usize>)> {
    let mut styled = ask.prompt.clone();
    let columns = width(editor);
    if let Some(offers) = editor.helper_mut() {
        offers.speaker = ask.speaker;
        offers.width = columns;
        if offers.coloured {
            styled = format!("\u{1b}[1;36m{styled}\u{1b}[0m");
        }
    }
    let heard = match editor.readline(&(ask.prompt.as_str(), styled.as_str())) {
        Ok(line) => {
            if ask.speaker.is_some() && !line.trim().is_empty() {
                editor.add_history_entry(line.as_str()).map_err(io_error)?;
            }
            Heard::Line(line)
        }
        Err(ReadlineError::Interrupted) => Heard::Interrupted,
        Err(ReadlineError::Eof) => Heard::End,
        Err(error) => return Err(io_error(error)),
    };
    Ok((heard, width(editor)))
}

fn piped() -> io::Result<Heard> {
    let mut line = Vec::new();
    if io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
        return Ok(Heard::End);
    }
    let line = String::from_utf8_lossy(&line);
    Ok(Heard::Line(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn width<H: rustyline::Helper>(editor: &mut Editor<H, MemHistory>) -> Option<usize> {
    let (columns, _) = editor.dimensions()?;
    Some(usize::from(columns))
}

/// How many columns the terminal has; `None` where the standard output is none.
pub(super) fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let mut editor = Editor::<(), _>::with_history(Config::default(), MemHistory::new()).ok()?;
    width(&mut editor)
}

fn io_error(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    }
}
