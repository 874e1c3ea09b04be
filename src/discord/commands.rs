//! `/ldapgroup`: a file for each subcommand. Another one is a file here, a `mod`, a line in
//! [`SUBCOMMANDS`], and its words in [`messages`](super::messages).

mod cancel;
pub(super) mod create;
pub(super) mod history;
pub(super) mod requests;
pub(super) mod search;
mod status;
mod subcommand;

use serenity::all::{CommandData, CommandOptionType, CreateCommand, CreateCommandOption};

pub(super) use self::subcommand::{Subcommand, Suggest};
use super::options::{Options, Unknown};

/// The command.
const COMMAND: &str = "ldapgroup";

/// What people use with `/ldapgroup`, in the order in which Discord shows it.
const SUBCOMMANDS: &[Subcommand] = &[
    search::SUBCOMMAND,
    create::SUBCOMMAND,
    requests::SUBCOMMAND,
    cancel::SUBCOMMAND,
    history::SUBCOMMAND,
    status::SUBCOMMAND,
];

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
