//! A scene in the team's channel that plays by itself in the terminal, drawn as Discord would show it.

mod markdown;
mod paint;
mod scene;
mod screen;

use std::io::{self, ErrorKind, IsTerminal};

use self::{paint::Canvas, scene::Scene};
use crate::Sandbox;

/// Plays a short scene in the bundled directory: a search, a request that is approved, one that is
/// denied, a creation. It takes its time where the standard output is a terminal, and none elsewhere,
/// where it has no colours either.
///
/// # Errors
///
/// When an answer of the bot isn't what the scene promises, the bot did what the real services don't
/// allow, or the standard output can't be written to. That its reader is gone is no error.
///
/// # Panics
///
/// When the bot isn't there within [`Options::patience`](crate::discord::Options::patience).
pub async fn play(sandbox: &Sandbox, may_colour: bool) -> io::Result<()> {
    sandbox.discord.wait_ready().await;
    let is_watched = io::stdout().is_terminal();
    let canvas = Canvas::on_stdout(may_colour && is_watched);
    match Scene::new(sandbox, canvas, is_watched).play().await {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        played => played,
    }
}
