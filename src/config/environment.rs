//! Where settings come from, and how problems with them are gathered.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use secrecy::SecretString;

use super::{Unknown, VARIABLES};

/// Read only to be told of.
const NOT_USED: &str = "HTTP_PROXY";

/// What to do where nobody has begun to set anything.
const HOW_TO_BEGIN: &str = ".env: isn't in the folder where this is run, and none of these is set: \
                            copy .env.example there as .env, chmod 600 .env, and fill it in";

/// The variables that are set: the real environment's, and those of a `.env` file that it lacks.
#[derive(Default)]
pub struct Environment {
    values: HashMap<String, String>,
    /// What is wrong with the `.env` file itself, or with text that isn't UTF-8.
    problems: Vec<String>,
    /// What looks like a setting and isn't.
    unknown: Vec<Unknown>,
    /// Whether a `.env` file was looked for, and there is none.
    lacks_file: bool,
}

impl Environment {
    /// The process's environment and the `.env` file of the working directory, if there is one.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    #[must_use]
    pub fn of_process() -> Self {
        let mut environment = Self::default();
        environment.add_file(Path::new(".env"));
        for name in VARIABLES.into_iter().chain([NOT_USED]) {
            // Both names of a proxy are common; where both are set, the one in capitals counts.
            let lower_case = is_of_proxies(name).then(|| name.to_lowercase());
            let names = std::iter::once(name.to_owned()).chain(lower_case);
            let values: Vec<_> =
                names.filter_map(|name| Some((std::env::var_os(&name)?, name))).collect();
            let Some((value, set)) =
                values.iter().find(|(value, _)| !value.is_empty()).or(values.first())
            else {
                continue;
            };
            match value.to_str() {
                Some(value) => {
                    environment.values.insert(name.to_owned(), value.to_owned());
                }
                None => environment.problems.push(format!("{set}: isn't UTF-8 text")),
            }
        }
        // Of others the names alone are looked at.
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let is_set = |name: &str| environment.values.contains_key(name);
        let others = names.filter(|name| !is_known(name));
        let unknown: Vec<_> =
            others.filter_map(|name| Unknown::in_environment(&name, is_set)).collect();
        environment.note(unknown);
        environment
    }

    /// Exactly these variables.
    pub fn of_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { values, ..Self::default() }
    }

    fn add_file(&mut self, path: &Path) {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.lacks_file = true;
                return;
            }
            Err(_) => {
                return self.problems.push(
                    ".env: can't be read; check its owner, and that the bot's user may read it"
                        .to_owned(),
                );
            }
        };
        let read = Cell::new(0);
        for entry in dotenvy::from_read_iter(Lines { rest: &text, read: &read }) {
            match entry {
                Ok((name, value)) => {
                    let capitals = name.to_uppercase();
                    if name != capitals && is_of_proxies(&capitals) {
                        self.values.entry(capitals).or_insert(value);
                    } else if !is_known(&name) {
                        self.note(Unknown::in_file(&name));
                    } else {
                        self.values.insert(name, value);
                    }
                }
                Err(dotenvy::Error::LineParse(entry, _)) => self.problems.push(format!(
                    ".env:{}: isn't of the form NAME=value: a value with spaces or # needs quotes, and quotes an end; ids, \
                     keys and tokens have none of these",
                    read.get() + 1 - entry.lines().count().max(1)
                )),
                Err(_) => {
                    return self.problems.push(format!(".env:{}: isn't UTF-8 text", read.get()));
                }
            }
        }
    }

    /// Remembers each once, whatever the order in which they stand.
    fn note(&mut self, unknown: impl IntoIterator<Item = Unknown>) {
        self.unknown.extend(unknown);
        self.unknown.sort();
        self.unknown.dedup();
    }

    /// What looks like a setting and isn't.
    pub(super) fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { environment: self, problems: Problems(self.problems.clone()), required: None }
    }
}

/// Hands out a line at a time, and counts them: dotenvy doesn't say in which one it found an error.
struct Lines<'a> {
    rest: &'a [u8],
    read: &'a Cell<usize>,
}

impl Read for Lines<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let line = self.rest.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let length = line.len().min(into.len());
        let (now, rest) = self.rest.split_at(length);
        into[..length].copy_from_slice(now);
        self.rest = rest;
        self.read.set(self.read.get() + usize::from(length > 0 && length == line.len()));
        Ok(length)
    }
}

/// What is wrong with the configuration: one line for each variable, without its value.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// Reads variables and gathers problems; a value that is wrong is `None`.
pub(super) struct Reader<'a> {
    environment: &'a Environment,
    problems: Problems,
    /// Whether anything is set of what must be; nothing if nothing must.
    required: Option<bool>,
}

impl<'a> Reader<'a> {
    /// Blank is unset: that is how Compose files pass on what isn't there.
    fn value(&self, name: &str) -> Option<&'a str> {
        self.environment
            .values
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(super) fn problem(&mut self, name: &str, problem: impl fmt::Display) {
        self.problems.0.push(format!("{name}: {problem}"));
    }

    fn parsed<T, P: fmt::Display>(
        &mut self,
        name: &str,
        value: &str,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        // Docker's `--env-file` takes them as a part of the value; nothing that can be set has any.
        if value.len() > 1 && value.starts_with(['"', '\'']) && value.ends_with(['"', '\'']) {
            self.problem(name, "has quotes around it: take them away");
            return None;
        }
        parse(value).map_err(|problem| self.problem(name, problem)).ok()
    }

    /// `Some(None)` if it isn't set.
    #[expect(clippy::option_option, reason = "wrong, unset and set are told apart")]
    pub(super) fn optional<T, P: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<Option<T>> {
        match self.value(name) {
            Some(value) => self.parsed(name, value, parse).map(Some),
            None => Some(None),
        }
    }

    pub(super) fn or_default<T, P: fmt::Display>(
        &mut self,
        name: &str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        let value = self.value(name).unwrap_or(default);
        self.parsed(name, value, parse)
    }

    pub(super) fn required<T, P: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        let value = self.value(name);
        self.note_required(value.is_some());
        if let Some(value) = value {
            self.parsed(name, value, parse)
        } else {
            self.problem(name, "is missing");
            None
        }
    }

    fn note_required(&mut self, is_set: bool) {
        self.required = Some(is_set || self.required.unwrap_or_default());
    }

    /// A required secret: the variable itself, or the file that its twin `…_FILE` names.
    pub(super) fn secret<P: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<SecretString, P>,
    ) -> Option<SecretString> {
        let twin = format!("{name}_FILE");
        let values = (self.value(name), self.value(&twin));
        self.note_required(values != (None, None));
        match values {
            (Some(value), None) => self.parsed(name, value, parse),
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(content) => self.parsed(&twin, content.trim(), parse),
                Err(error) => {
                    self.problem(&twin, unreadable(error.kind()));
                    None
                }
            },
            (Some(_), Some(_)) => {
                self.problem(name, format_args!("is set, and so is {twin}: keep one of them"));
                None
            }
            (None, None) => {
                self.problem(name, format_args!("is missing (or name a file in {twin})"));
                None
            }
        }
    }

    /// The value, unless there was a problem with anything.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, Problems> {
        match value {
            Some(value) if self.problems.0.is_empty() => Ok(value),
            Some(_) | None => {
                // What is missing may be there under another name.
                let unknown = self.environment.unknown.iter().map(Unknown::to_string);
                self.problems.0.extend(unknown);
                let is_bare = self.environment.lacks_file && self.environment.unknown.is_empty();
                if is_bare && self.required == Some(false) {
                    self.problems.0.push(HOW_TO_BEGIN.to_owned());
                }
                Err(self.problems)
            }
        }
    }
}

/// Whether the program knows a variable of this name, if only to say that it isn't used.
fn is_known(name: &str) -> bool {
    let capitals = name.to_uppercase();
    let name = if is_of_proxies(&capitals) { &capitals } else { name };
    name == NOT_USED || VARIABLES.contains(&name)
}

/// Whether it is one of the variables that every program reads for its proxies.
fn is_of_proxies(name: &str) -> bool {
    name.ends_with("_PROXY")
}

/// Why a file that a variable names can't be used, without naming it.
pub(super) fn unreadable(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "names a file that doesn't exist",
        ErrorKind::PermissionDenied => "names a file that the bot may not read",
        ErrorKind::InvalidData => "names a file that isn't text",
        _ => "names a file that can't be read",
    }
}
