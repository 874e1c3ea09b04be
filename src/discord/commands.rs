//! The slash command as Discord registers it: its names, descriptions and limits.

use serenity::all::{CommandOptionType, CreateCommand, CreateCommandOption};

/// The command.
pub const COMMAND: &str = "ldapgroup";
/// Its subcommand that searches, and the option of it.
pub const SEARCH: &str = "search";
/// What a group's name begins with.
pub const PREFIX: &str = "prefix";
/// Its subcommand that creates, and the option of it.
pub const CREATE: &str = "create";
/// A group's whole name.
pub const NAME: &str = "name";

/// The command with its subcommands, for the bulk registration in a server.
pub fn commands() -> [CreateCommand; 1] {
    [CreateCommand::new(COMMAND)
        .description("Bring LDAP groups into Posit Connect")
        .add_option(
            subcommand(SEARCH, "Find LDAP groups, and see which of them Connect has")
                .add_sub_option(text(
                    PREFIX,
                    "What the group's name begins with, whatever the case",
                )),
        )
        .add_option(
            subcommand(
                CREATE,
                "Create an LDAP group in Connect, so that content can be shared with it",
            )
            .add_sub_option(
                text(NAME, "The group's whole name: type a few letters and pick it")
                    .set_autocomplete(true),
            ),
        )]
}

fn subcommand(name: &str, description: &str) -> CreateCommandOption {
    CreateCommandOption::new(CommandOptionType::SubCommand, name, description)
}

fn text(name: &str, description: &str) -> CreateCommandOption {
    CreateCommandOption::new(CommandOptionType::String, name, description)
        .required(true)
        .min_length(1)
}
