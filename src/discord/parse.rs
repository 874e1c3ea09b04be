//! From an interaction as Discord sends it to what somebody wants. What isn't known is an error.

use serenity::all::{
    ChannelType, CommandDataOption, CommandDataOptionValue, CommandInteraction,
    ComponentInteraction, Member, ModalInteraction, PartialChannel, User,
};

use super::commands::{
    CANCEL, COMMAND, CREATE, HISTORY, NAME, OPEN, PREFIX, REASON, REQUEST, REQUESTS, SEARCH, STATE,
    STATUS,
};
use crate::access::{Actor, ChannelId, GuildId, RoleId, UserId};
use crate::request::State;

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
        /// Why.
        reason: Option<String>,
    },
    /// `/ldapgroup requests`.
    Requests {
        /// In which state; the open ones if `None`.
        state: Option<State>,
    },
    /// `/ldapgroup cancel`.
    Cancel {
        /// The request's number.
        request: i64,
    },
    /// `/ldapgroup history`.
    History {
        /// The group's name, or a suggestion's value.
        name: String,
    },
    /// `/ldapgroup status`.
    Status,
}

/// What somebody has typed so far into an option with suggestions.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Typed {
    /// The name of `/ldapgroup create`.
    Name(String),
    /// The request of `/ldapgroup cancel`.
    Request(String),
    /// The name of `/ldapgroup history`.
    Past(String),
}

/// What somebody who pressed a button wants.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Press {
    /// The groups that were picked in a menu.
    Pick,
    /// To approve this request.
    Approve(i64),
    /// To deny it.
    Deny(i64),
    /// To try it again.
    Retry(i64),
    /// Another page of a search.
    Page { page: usize, prefix: String },
    /// Another page of requests.
    Requests { state: Option<State>, page: usize },
    /// Another page of a group's history.
    History { name: String, page: usize },
}

impl Command {
    /// The subcommand's name, for the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Search { .. } => SEARCH,
            Self::Create { .. } => CREATE,
            Self::Requests { .. } => REQUESTS,
            Self::Cancel { .. } => CANCEL,
            Self::History { .. } => HISTORY,
            Self::Status => STATUS,
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

/// Who pressed a button, and where.
pub(super) fn presser(button: &ComponentInteraction) -> Actor {
    who(
        button.member.as_ref(),
        &button.user,
        button.guild_id,
        button.channel_id,
        button.channel.as_ref(),
    )
}

/// Who sent a form, and where.
pub(super) fn submitter(form: &ModalInteraction) -> Actor {
    who(form.member.as_ref(), &form.user, form.guild_id, form.channel_id, form.channel.as_ref())
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
        CREATE => Command::Create {
            name: text(&mut options, NAME)?,
            reason: optional(&mut options, REASON)?,
        },
        REQUESTS => Command::Requests { state: state(&mut options)? },
        CANCEL => Command::Cancel { request: integer(&mut options, REQUEST)? },
        HISTORY => Command::History { name: text(&mut options, NAME)? },
        STATUS => Command::Status,
        _ => return Err(Unknown(subcommand)),
    };
    match options.first() {
        Some(left_over) => Err(Unknown(format!("{subcommand} {}", left_over.name))),
        None => Ok(command),
    }
}

/// What is typed so far.
pub(super) fn typed(interaction: &mut CommandInteraction) -> Result<Typed, Unknown> {
    let (subcommand, options) = subcommand(interaction)?;
    let focused = options.into_iter().find_map(|option| match option.value {
        CommandDataOptionValue::Autocomplete { value, .. } => Some((option.name, value)),
        _ => None,
    });
    let Some((option, typed)) = focused else { return Err(Unknown(subcommand)) };
    match (subcommand.as_str(), option.as_str()) {
        (CREATE, NAME) => Ok(Typed::Name(typed)),
        (CANCEL, REQUEST) => Ok(Typed::Request(typed)),
        (HISTORY, NAME) => Ok(Typed::Past(typed)),
        _ => Err(Unknown(format!("{subcommand} {option}"))),
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

fn take(options: &mut Vec<CommandDataOption>, name: &str) -> Option<CommandDataOptionValue> {
    let at = options.iter().position(|option| option.name == name)?;
    Some(options.swap_remove(at).value)
}

fn wrong(name: &str) -> Unknown {
    Unknown(format!("option {name}"))
}

/// Takes the text of a required option out of the options.
fn text(options: &mut Vec<CommandDataOption>, name: &str) -> Result<String, Unknown> {
    optional(options, name)?.ok_or_else(|| wrong(name))
}

fn optional(options: &mut Vec<CommandDataOption>, name: &str) -> Result<Option<String>, Unknown> {
    match take(options, name) {
        None => Ok(None),
        Some(CommandDataOptionValue::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(name)),
    }
}

fn integer(options: &mut Vec<CommandDataOption>, name: &str) -> Result<i64, Unknown> {
    match take(options, name) {
        Some(CommandDataOptionValue::Integer(number)) => Ok(number),
        Some(_) | None => Err(wrong(name)),
    }
}

fn state(options: &mut Vec<CommandDataOption>) -> Result<Option<State>, Unknown> {
    match optional(options, STATE)?.as_deref() {
        None | Some(OPEN) => Ok(None),
        Some(name) => State::parse(name).map(Some).ok_or_else(|| wrong(STATE)),
    }
}
