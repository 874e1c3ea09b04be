//! The database in a terminal: copied, and written out.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::{Outcome, failed};
use crate::requests::{ExportError, back_up};

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
