//! The options of a subcommand, as an interaction brings them. What isn't known is an error.

use serenity::all::{CommandData, CommandDataOption, CommandDataOptionValue};

/// An interaction has something that this version doesn't know, or didn't register so.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Unknown(pub(super) String);

/// The options that somebody gave with a subcommand; each is taken out once.
#[derive(Debug)]
pub(super) struct Options(Vec<CommandDataOption>);

impl Options {
    /// The name of the subcommand of `command`, and its options.
    pub(super) fn of(command: &str, data: &mut CommandData) -> Result<(String, Self), Unknown> {
        let mut options = std::mem::take(&mut data.options).into_iter();
        match (data.name == command, options.next(), options.next()) {
            (true, Some(CommandDataOption { name, value, .. }), None) => match value {
                CommandDataOptionValue::SubCommand(options) => Ok((name, Self(options))),
                _ => Err(Unknown(name)),
            },
            _ => Err(Unknown(data.name.clone())),
        }
    }

    /// The text of a required option.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Unknown> {
        self.optional_text(name)?.ok_or_else(|| wrong(name))
    }

    /// The text of an option that may be left out.
    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, Unknown> {
        match self.take(name) {
            None => Ok(None),
            Some(CommandDataOptionValue::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name)),
        }
    }

    /// The number of a required option.
    pub(super) fn integer(&mut self, name: &str) -> Result<i64, Unknown> {
        match self.take(name) {
            Some(CommandDataOptionValue::Integer(number)) => Ok(number),
            Some(_) | None => Err(wrong(name)),
        }
    }

    /// That there is nothing else.
    pub(super) fn finish(self) -> Result<(), Unknown> {
        self.0.first().map_or(Ok(()), |left_over| Err(wrong(&left_over.name)))
    }

    /// What is typed so far into the option of this name.
    pub(super) fn focused(self, name: &str) -> Result<String, Unknown> {
        let focused = self.0.into_iter().find_map(|option| match option.value {
            CommandDataOptionValue::Autocomplete { value, .. } => Some((option.name, value)),
            _ => None,
        });
        match focused {
            Some((option, typed)) if option == name => Ok(typed),
            Some((option, _)) => Err(wrong(&option)),
            None => Err(wrong(name)),
        }
    }

    fn take(&mut self, name: &str) -> Option<CommandDataOptionValue> {
        let at = self.0.iter().position(|option| option.name == name)?;
        Some(self.0.swap_remove(at).value)
    }
}

/// That an option isn't as it is registered.
pub(super) fn wrong(name: &str) -> Unknown {
    Unknown(format!("option {name}"))
}
