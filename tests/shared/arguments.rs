//! The command line of a test that is a program of its own: its options, and as much of libtest's as
//! runners give to every test.

use std::collections::HashMap;

/// What of libtest's options is followed by a value.
const WITH_VALUE: [&str; 6] =
    ["--test-threads", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    own: HashMap<String, String>,
    flags: Vec<String>,
    filters: Vec<String>,
    skipped: Vec<String>,
}

impl Arguments {
    /// Reads the program's own arguments, of which these options, each with a value, are not
    /// libtest's.
    pub(crate) fn read(own: &[&str]) -> Result<Self, String> {
        let mut arguments = Self::default();
        let mut given = std::env::args().skip(1);
        while let Some(argument) = given.next() {
            let mut value = || given.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--skip" => arguments.skipped.push(value()?),
                option if WITH_VALUE.contains(&option) => drop(value()?),
                option if own.contains(&option) => {
                    let value = value()?;
                    arguments.own.insert(argument, value);
                }
                option if option.starts_with('-') => arguments.flags.push(argument),
                _ => arguments.filters.push(argument),
            }
        }
        Ok(arguments)
    }

    /// The value of one of the program's own options.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        self.own.get(option).map(String::as_str)
    }

    /// Is this option given, which has no value?
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }

    /// Is the test of this name among those that are meant?
    pub(crate) fn mean(&self, name: &str) -> bool {
        let is_exact = self.has("--exact");
        let names =
            |filter: &String| if is_exact { filter == name } else { name.contains(&**filter) };
        !self.has("--ignored")
            && (self.filters.is_empty() || self.filters.iter().any(names))
            && !self.skipped.iter().any(names)
    }
}
