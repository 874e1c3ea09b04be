//! The slash command as Discord registers it: its names, descriptions and limits.

use std::ops::BitOr;

use serenity::all::{CommandOptionType, CreateCommand, CreateCommandOption, Permissions};

use super::permissions::Permission;
use crate::request::{MAX_REASON_CHARS, State};

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

/// Why a group is needed.
pub const REASON: &str = "reason";
/// Its subcommand that lists requests, the option of it, and the choice that isn't a state.
pub const REQUESTS: &str = "requests";
/// In which state they are.
pub const STATE: &str = "state";
/// Those on which something is still to happen.
pub const OPEN: &str = "open";
/// Its subcommand that takes a request back, and the option of it.
pub const CANCEL: &str = "cancel";
/// A request's number.
pub const REQUEST: &str = "request";
/// Its subcommand that tells what happened to a group.
pub const HISTORY: &str = "history";
/// Its subcommand that tells how the bot is.
pub const STATUS: &str = "status";

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

/// The command with its subcommands, for the bulk registration in a server.
pub fn commands() -> [CreateCommand; 1] {
    let search = subcommand(SEARCH, "Find LDAP groups, and see which of them Connect has")
        .add_sub_option(required(
            PREFIX,
            "The first letters of the group's name; upper or lower case is the same",
        ));
    let create = subcommand(CREATE, "Bring LDAP groups into Connect, or ask an admin to do it")
        .add_sub_option(
            required(NAME, "Type a few letters and pick it; separate several by commas")
                .set_autocomplete(true),
        )
        .add_sub_option(
            option(
                CommandOptionType::String,
                REASON,
                "What you need it for: the admin who decides reads it",
            )
            .max_length(u16::try_from(MAX_REASON_CHARS).unwrap_or(u16::MAX)),
        );
    let states = State::ALL.map(State::as_str);
    let state = option(
        CommandOptionType::String,
        STATE,
        "Only those in this state; open ones if you leave it out",
    );
    let state = [OPEN]
        .iter()
        .chain(&states)
        .fold(state, |option, name| option.add_string_choice(*name, *name));
    let requests =
        subcommand(REQUESTS, "See your requests; admins see everyone's").add_sub_option(state);
    let cancel = subcommand(CANCEL, "Take back a request of yours, or leave one that you joined")
        .add_sub_option(
            option(CommandOptionType::Integer, REQUEST, "Pick it from the list")
                .required(true)
                .set_autocomplete(true),
        );
    let history =
        subcommand(HISTORY, "For admins: who asked for a group, who decided, and what came of it")
            .add_sub_option(
                required(NAME, "Type a few letters of the group's name and pick it")
                    .set_autocomplete(true),
            );
    let health = subcommand(STATUS, "For admins: how the bot, Connect and the requests are doing");
    [[search, create, requests, cancel, history, health].into_iter().fold(
        CreateCommand::new(COMMAND).description("Bring LDAP groups into Posit Connect"),
        CreateCommand::add_option,
    )]
}

fn subcommand(name: &str, description: &str) -> CreateCommandOption {
    CreateCommandOption::new(CommandOptionType::SubCommand, name, description)
}

fn option(kind: CommandOptionType, name: &str, description: &str) -> CreateCommandOption {
    CreateCommandOption::new(kind, name, description)
}

fn required(name: &str, description: &str) -> CreateCommandOption {
    option(CommandOptionType::String, name, description).required(true).min_length(1)
}
