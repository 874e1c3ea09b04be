//! From an interaction as Discord sends it to what somebody wants. What isn't known is an error.

use serenity::all::{
    ChannelType, CommandDataOption, CommandDataOptionValue, CommandInteraction, Member,
    PartialChannel, User,
};

use super::commands::{COMMAND, CREATE, NAME, PREFIX, SEARCH};
use crate::access::{Actor, ChannelId, GuildId, RoleId, UserId};

/// What somebody wants done.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Command {
    /// `/ldapgroup search`.
    Search {
        /// What the names begin with.
        prefix: String,
    },
    /// `/ldapgroup create`.
    Create {
        /// The whole name, or a suggestion's value.
        name: String,
    },
}

impl Command {
    /// The subcommand's name, for the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Search { .. } => SEARCH,
            Self::Create { .. } => CREATE,
        }
    }
}

/// The command, subcommand or option isn't one that this version registers.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Unknown(pub(super) String);

/// Who used the command, and where.
pub(super) fn actor(interaction: &CommandInteraction) -> Actor {
    who(
        interaction.member.as_deref(),
        &interaction.user,
        interaction.guild_id,
        interaction.channel_id,
        interaction.channel.as_ref(),
    )
}

fn who(
    member: Option<&Member>,
    user: &User,
    guild: Option<serenity::all::GuildId>,
    channel: serenity::all::ChannelId,
    details: Option<&PartialChannel>,
) -> Actor {
    let is_thread = |channel: &&PartialChannel| {
        matches!(
            channel.kind,
            ChannelType::PublicThread | ChannelType::PrivateThread | ChannelType::NewsThread
        )
    };
    let parent = details.filter(is_thread).and_then(|thread| thread.parent_id);
    Actor {
        user: UserId(user.id.get()),
        roles: member
            .map(|member| member.roles.iter().map(|role| RoleId(role.get())).collect())
            .unwrap_or_default(),
        guild: guild.map(|guild| GuildId(guild.get())),
        channel: ChannelId(channel.get()),
        parent: parent.map(|parent| ChannelId(parent.get())),
    }
}

/// What the person wants.
pub(super) fn command(interaction: &mut CommandInteraction) -> Result<Command, Unknown> {
    let (subcommand, mut options) = subcommand(interaction)?;
    let command = match subcommand.as_str() {
        SEARCH => Command::Search { prefix: text(&mut options, PREFIX)? },
        CREATE => Command::Create { name: text(&mut options, NAME)? },
        _ => return Err(Unknown(subcommand)),
    };
    match options.first() {
        Some(left_over) => Err(Unknown(format!("{subcommand} {}", left_over.name))),
        None => Ok(command),
    }
}

/// The text of `create name` as far as it is typed.
pub(super) fn typed(interaction: &mut CommandInteraction) -> Result<String, Unknown> {
    let (subcommand, options) = subcommand(interaction)?;
    let focused = options.into_iter().find_map(|option| match option.value {
        CommandDataOptionValue::Autocomplete { value, .. } => Some((option.name, value)),
        _ => None,
    });
    match (subcommand.as_str(), focused) {
        (CREATE, Some((name, typed))) if name == NAME => Ok(typed),
        (_, focused) => Err(Unknown(format!("{subcommand} {:?}", focused.map(|(name, _)| name)))),
    }
}

fn subcommand(
    interaction: &mut CommandInteraction,
) -> Result<(String, Vec<CommandDataOption>), Unknown> {
    let data = &mut interaction.data;
    let mut options = std::mem::take(&mut data.options).into_iter();
    match (data.name.as_str(), options.next(), options.next()) {
        (COMMAND, Some(CommandDataOption { name, value, .. }), None) => match value {
            CommandDataOptionValue::SubCommand(options) => Ok((name, options)),
            _ => Err(Unknown(name)),
        },
        _ => Err(Unknown(data.name.clone())),
    }
}

/// Takes the text of a required option out of the options.
fn text(options: &mut Vec<CommandDataOption>, name: &str) -> Result<String, Unknown> {
    let unknown = || Unknown(format!("option {name}"));
    let at = options.iter().position(|option| option.name == name).ok_or_else(unknown)?;
    match options.swap_remove(at).value {
        CommandDataOptionValue::String(text) => Ok(text),
        _ => Err(unknown()),
    }
}
