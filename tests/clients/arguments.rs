//! The command line: where the table goes, and as much of libtest's as runners give to every test.

use std::path::PathBuf;

/// What of libtest's options is followed by a value.
const WITH_VALUE: [&str; 6] =
    ["--test-threads", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Whether clients are to be named instead of played.
    pub(crate) list: bool,
    /// The file that the table is written to, instead of being held against.
    pub(crate) table: Option<PathBuf>,
    ignored: bool,
    exact: bool,
    filters: Vec<String>,
    skipped: Vec<String>,
}

impl Arguments {
    pub(crate) fn read(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self::default();
        while let Some(argument) = given.next() {
            let mut value = || given.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--table" => arguments.table = Some(value()?.into()),
                "--list" => arguments.list = true,
                "--ignored" => arguments.ignored = true,
                "--exact" => arguments.exact = true,
                "--skip" => arguments.skipped.push(value()?),
                option if WITH_VALUE.contains(&option) => drop(value()?),
                option if option.starts_with('-') => {}
                _ => arguments.filters.push(argument),
            }
        }
        Ok(arguments)
    }

    /// Is the client of this name among those that are meant?
    pub(crate) fn mean(&self, name: &str) -> bool {
        let names = |filter: &String| {
            if self.exact { filter == name } else { name.contains(&**filter) }
        };
        !self.ignored
            && (self.filters.is_empty() || self.filters.iter().any(names))
            && !self.skipped.iter().any(names)
    }
}
