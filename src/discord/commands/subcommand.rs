//! What every subcommand has.

use futures_util::future::BoxFuture;
use serenity::all::{AutocompleteChoice, CommandOptionType, CreateCommandOption};

use crate::discord::context::Context;
use crate::discord::options::{Options, Unknown};

/// What somebody can do with `/ldapgroup`.
pub(in crate::discord) struct Subcommand {
    pub(in crate::discord) name: &'static str,
    pub(super) description: &'static str,
    pub(super) options: fn() -> Vec<CreateCommandOption>,
    /// Does it, and answers. An error if the options aren't those that are registered.
    pub(in crate::discord) run:
        for<'c> fn(&'c Context, Options) -> BoxFuture<'c, Result<(), Unknown>>,
    /// The option for which something is suggested to whoever types, and what.
    pub(in crate::discord) suggest: Option<(&'static str, Suggest)>,
}

pub(in crate::discord) type Suggest =
    for<'c> fn(&'c Context, String) -> BoxFuture<'c, Vec<AutocompleteChoice>>;

pub(super) fn option(name: &str, description: &str) -> CreateCommandOption {
    CreateCommandOption::new(CommandOptionType::String, name, description)
}

pub(super) fn required(name: &str, description: &str) -> CreateCommandOption {
    option(name, description).required(true).min_length(1)
}
