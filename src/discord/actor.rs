//! Who acts, and where, as an interaction says.

use serenity::all::{
    ChannelType, CommandInteraction, ComponentInteraction, Member, ModalInteraction,
    PartialChannel, User,
};

use crate::access::Actor;
use crate::ids::{ChannelId, GuildId, RoleId, UserId};

impl From<&CommandInteraction> for Actor {
    fn from(command: &CommandInteraction) -> Self {
        let place = (command.guild_id, command.channel_id, command.channel.as_ref());
        actor(command.member.as_deref(), &command.user, place)
    }
}

impl From<&ComponentInteraction> for Actor {
    fn from(component: &ComponentInteraction) -> Self {
        let place = (component.guild_id, component.channel_id, component.channel.as_ref());
        actor(component.member.as_ref(), &component.user, place)
    }
}

impl From<&ModalInteraction> for Actor {
    fn from(form: &ModalInteraction) -> Self {
        let place = (form.guild_id, form.channel_id, form.channel.as_ref());
        actor(form.member.as_ref(), &form.user, place)
    }
}

type Place<'i> =
    (Option<serenity::all::GuildId>, serenity::all::ChannelId, Option<&'i PartialChannel>);

fn actor(member: Option<&Member>, user: &User, (guild, channel, details): Place<'_>) -> Actor {
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
