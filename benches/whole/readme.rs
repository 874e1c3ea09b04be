//! A table in a document that is written by hand.

use std::fs;
use std::path::Path;

use crate::Failure;

/// Puts the table between these marks of the file.
pub(crate) fn replace(file: &Path, marks: [&str; 2], table: &str) -> Result<(), Failure> {
    let text = fs::read_to_string(file)?;
    let [begin, end] = marks;
    let parts = text.split_once(begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| format!("{} lacks {marks:?}", file.display()))?;
    Ok(fs::write(file, format!("{before}{begin}\n{table}\n{end}{after}"))?)
}
