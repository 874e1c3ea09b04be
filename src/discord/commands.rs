//! `/ldapgroup`: a file for each subcommand. Another one is a file and a line in [`SUBCOMMANDS`].

mod cancel;
pub(super) mod create;
pub(super) mod history;
pub(super) mod requests;
mod search;
mod status;

use std::ops::BitOr;

use futures_util::future::BoxFuture;
use serenity::all::{
    AutocompleteChoice, CommandData, CommandOptionType, CreateCommand, CreateCommandOption,
    Permissions,
};

use super::context::Context;
use super::options::{Options, Unknown};
use super::permissions::Permission;

/// The command.
const COMMAND: &str = "ldapgroup";

/// What people use with `/ldapgroup`, in the order in which Discord shows it.
const SUBCOMMANDS: [Subcommand; 6] = [
    search::SUBCOMMAND,
    create::SUBCOMMAND,
    requests::SUBCOMMAND,
    cancel::SUBCOMMAND,
    history::SUBCOMMAND,
    status::SUBCOMMAND,
];

/// What somebody can do with `/ldapgroup`.
pub(super) struct Subcommand {
    pub(super) name: &'static str,
    description: &'static str,
    options: fn() -> Vec<CreateCommandOption>,
    /// Does it, and answers. An error if the options aren't those that are registered.
    pub(super) run: for<'c> fn(&'c Context, Options) -> BoxFuture<'c, Result<(), Unknown>>,
    /// The option for which something is suggested to whoever types, and what.
    pub(super) suggest: Option<(&'static str, Suggest)>,
}

pub(super) type Suggest = for<'c> fn(&'c Context, String) -> BoxFuture<'c, Vec<AutocompleteChoice>>;

/// The subcommand that somebody uses, with its options.
pub(super) fn find(data: &mut CommandData) -> Result<(&'static Subcommand, Options), Unknown> {
    let (name, options) = Options::of(COMMAND, data)?;
    let known = SUBCOMMANDS.iter().find(|subcommand| subcommand.name == name);
    known.map(|subcommand| (subcommand, options)).ok_or(Unknown(name))
}

/// The command as it is registered in a server, in place of all others.
pub(crate) fn commands() -> [CreateCommand; 1] {
    let command = CreateCommand::new(COMMAND).description("Bring LDAP groups into Posit Connect");
    [SUBCOMMANDS.iter().fold(command, |command, subcommand| {
        let Subcommand { name, description, options, .. } = subcommand;
        let kind = CommandOptionType::SubCommand;
        command.add_option(options().into_iter().fold(
            CreateCommandOption::new(kind, *name, *description),
            CreateCommandOption::add_sub_option,
        ))
    })]
}

/// The address at which someone who manages a server adds the bot to it.
#[must_use]
pub fn invitation(application: u64) -> String {
    let permissions = Permission::INVITED_WITH.map(Permission::bit).into_iter();
    let permissions = permissions.fold(Permissions::empty(), BitOr::bitor).bits();
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&permissions={permissions}\
         &scope=bot+applications.commands"
    )
}

fn option(name: &str, description: &str) -> CreateCommandOption {
    CreateCommandOption::new(CommandOptionType::String, name, description)
}

fn required(name: &str, description: &str) -> CreateCommandOption {
    option(name, description).required(true).min_length(1)
}
