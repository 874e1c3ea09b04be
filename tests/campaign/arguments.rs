//! The command line: that of the campaign, and as much of libtest's as runners give to every test.

/// The only test there is.
const NAME: &str = "campaign";

/// What of libtest's options is followed by a value.
const WITH_VALUE: [&str; 6] =
    ["--test-threads", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Whether the only test is among those that are meant.
    pub(crate) chosen: bool,
    /// Whether tests are to be named instead of run.
    pub(crate) list: bool,
    pub(crate) kills: usize,
    pub(crate) seed: u64,
    pub(crate) quiet: bool,
}

impl Arguments {
    pub(crate) fn read(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut kills, mut seed, mut quiet) = (50, fastrand::u64(..), false);
        let (mut filters, mut skipped) = (Vec::new(), Vec::new());
        let (mut list, mut ignored, mut exact) = (false, false, false);
        while let Some(argument) = given.next() {
            let mut value = || given.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--kills" => kills = number(&value()?)?,
                "--seed" => seed = number(&value()?)?,
                "--quiet" | "-q" => quiet = true,
                "--list" => list = true,
                "--ignored" => ignored = true,
                "--exact" => exact = true,
                "--skip" => skipped.push(value()?),
                option if WITH_VALUE.contains(&option) => drop(value()?),
                option if option.starts_with('-') => {}
                _ => filters.push(argument),
            }
        }
        let names = |filter: &String| if exact { filter == NAME } else { NAME.contains(&**filter) };
        let chosen = !ignored
            && (filters.is_empty() || filters.iter().any(names))
            && !skipped.iter().any(names);
        Ok(Self { chosen, list, kills, seed, quiet })
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} isn't a number"))
}
