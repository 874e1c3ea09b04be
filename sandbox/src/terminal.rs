//! The team's channel in a terminal: a scene that plays by itself, and a prompt at which one speaks as
//! the people of the team.
//!
//! What the bot says is drawn as Discord would show it. Nothing that comes from outside reaches the
//! terminal as a control character.

mod buttons;
mod canvas;
mod complete;
mod components;
mod demo;
mod markdown;
mod menu;
mod moments;
mod names;
mod offers;
mod paint;
mod reader;
mod screen;
mod session;
mod speech;
mod words;

use std::io::{self, ErrorKind, IsTerminal};

use self::{canvas::Canvas, demo::Demo, reader::Reader, session::Session};
use crate::Sandbox;

/// Whether ANSI colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Where the standard output is a terminal.
    Auto,
    /// Nowhere.
    Never,
}

impl Colour {
    fn is_on(self) -> bool {
        match self {
            Self::Auto => io::stdout().is_terminal(),
            Self::Never => false,
        }
    }
}

/// Plays a short scene in the bundled directory: a search, a request that is approved, one that is
/// denied, a creation. It takes its time where the standard output is a terminal, and none elsewhere.
///
/// # Errors
///
/// When an answer of the bot isn't what the scene promises, the bot did what the real services don't
/// allow, or the standard output can't be written to. That its reader is gone is no error.
///
/// # Panics
///
/// When the bot isn't there within [`Options::patience`](crate::discord::Options::patience).
pub async fn demo(sandbox: &Sandbox, colour: Colour) -> io::Result<()> {
    sandbox.discord.wait_ready().await;
    let mut canvas = Canvas::on_stdout(colour.is_on());
    canvas.resize(reader::terminal_width());
    unless_unread(Demo::new(sandbox, canvas, io::stdout().is_terminal()).play().await)
}

/// Lets the user speak as the people of the team, until they leave. Where the standard input is no
/// terminal its lines are carried out one after the other, each shown before its answer.
///
/// # Errors
///
/// When the terminal can't be read or written. That the reader of the standard output is gone is no
/// error.
///
/// # Panics
///
/// When the bot isn't there within [`Options::patience`](crate::discord::Options::patience).
pub async fn prompt(sandbox: &Sandbox, colour: Colour) -> io::Result<()> {
    sandbox.discord.wait_ready().await;
    let (reader, canvas) = Reader::start(sandbox.discord.clone(), colour.is_on())?;
    unless_unread(Session::new(sandbox, reader, canvas).run().await)
}

fn unless_unread(played: io::Result<()>) -> io::Result<()> {
    match played {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
