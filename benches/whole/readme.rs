//! The short table in a document that is written by hand.

use std::fs;
use std::path::Path;

use crate::Failure;

/// What stands before and after the table.
const MARKS: [&str; 2] = ["<!-- speed: written by the benchmark -->\n", "<!-- /speed -->"];

/// Puts the table between the marks of the file.
pub(crate) fn replace(file: &Path, table: &str) -> Result<(), Failure> {
    let text = fs::read_to_string(file)?;
    let [begin, end] = MARKS;
    let parts = text.split_once(begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| format!("{} lacks {MARKS:?}", file.display()))?;
    Ok(fs::write(file, format!("{before}{begin}\n{table}\n{end}{after}"))?)
}
