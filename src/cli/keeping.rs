//! The database in a terminal: copied, written out, and moved.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::{Outcome, failed};
use crate::config;
use crate::requests::{ExportError, Moved, back_up};

/// Copies the database at `url` into a new `file`, unless `stopping`, and prints how much that is.
///
/// # Errors
///
/// When the output can't be written.
pub async fn backup(
    url: &SecretString,
    file: &Path,
    stopping: &CancellationToken,
) -> io::Result<Outcome> {
    let requests = match back_up(url, file, stopping).await {
        Ok(requests) => requests,
        Err(error) => return failed(&format!("No backup was made: {error}.")),
    };
    let noun = if requests == 1 { "request" } else { "requests" };
    writeln!(io::stdout(), "Copied {requests} {noun} into {}", file.display())?;
    Ok(Outcome::Done)
}

/// Writes all that is in the database at `from` into the empty one at `to`, and prints how much that is.
///
/// # Errors
///
/// When the output can't be written.
pub async fn move_database(from: &str, to: &str) -> io::Result<Outcome> {
    let (Some(from), Some(to)) = (config::database(from), config::database(to)) else {
        return failed("FROM and TO are addresses of databases: sqlite://PATH and postgres://…");
    };
    match crate::requests::move_database(&from, &to).await {
        Ok(Moved { requests, groups, people, steps }) => {
            writeln!(
                io::stdout(),
                "Moved, and counted on both sides: requests {requests}, groups {groups}, people \
                 {people}, steps of history {steps}. FROM is left as it was; start the bot with TO in \
                 DATABASE_URL."
            )?;
            Ok(Outcome::Done)
        }
        Err(error) => failed(&format!("The database was not moved: {error}.")),
    }
}

/// Prints every request with its groups, people and history, the oldest first, as JSON, a line each.
///
/// # Errors
///
/// When an error can't be printed.
pub async fn export(url: &SecretString) -> io::Result<Outcome> {
    let mut out = BufWriter::new(io::stdout().lock());
    let exported = crate::requests::export(url, |request| writeln!(out, "{request}")).await;
    match exported.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => Ok(Outcome::Done),
        // Whoever has read wants no more of it.
        Err(ExportError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
            Ok(Outcome::Failed)
        }
        Err(error) => failed(&format!("Not everything was exported: {error}.")),
    }
}
