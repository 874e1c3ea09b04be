//! What Discord says about the application, its servers and their channels.

use serde::Deserialize;
use serenity::all::{ChannelType, PermissionOverwrite, Permissions, UserId};

use super::{Rest, RestError, Route};
use crate::discord::permissions::Membership;
use crate::ids::{ChannelId, GuildId, RoleId};

/// The application that the token belongs to.
#[derive(Clone, Debug, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: serenity::all::ApplicationId,
    /// Its name.
    pub name: String,
    /// Where Discord sends interactions instead of over the gateway, if it does.
    pub interactions_endpoint_url: Option<String>,
    /// Its bot, which has another id if the application was made before 2016.
    #[serde(default)]
    bot: Option<BotUser>,
}

#[derive(Clone, Debug, Deserialize)]
struct BotUser {
    id: UserId,
}

impl Application {
    /// The bot's user.
    fn user(&self) -> UserId {
        self.bot.as_ref().map_or_else(|| UserId::new(self.id.get()), |bot| bot.id)
    }
}

/// A role of a server.
#[derive(Debug)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// What it allows in the whole server.
    pub(in crate::discord) permissions: Permissions,
    /// Whether anyone may mention it.
    pub mentionable: bool,
}

#[derive(Deserialize)]
struct RoleObject {
    id: serenity::all::RoleId,
    permissions: Permissions,
    mentionable: bool,
}

#[derive(Deserialize)]
struct Member {
    roles: Vec<serenity::all::RoleId>,
}

/// A channel, or a thread in one.
#[derive(Debug, Deserialize)]
pub struct Channel {
    guild_id: Option<serenity::all::GuildId>,
    parent_id: Option<serenity::all::ChannelId>,
    #[serde(rename = "type")]
    kind: ChannelType,
    /// Who may do what there, whatever their roles say; a thread has none of its own.
    #[serde(default, rename = "permission_overwrites")]
    pub overwrites: Vec<PermissionOverwrite>,
}

impl Channel {
    /// The server that it is in; nothing for direct messages.
    #[must_use]
    pub fn guild(&self) -> Option<GuildId> {
        self.guild_id.map(|guild| GuildId(guild.get()))
    }

    /// The channel that it is a thread in, if it is one.
    #[must_use]
    pub fn thread_of(&self) -> Option<ChannelId> {
        let is_thread = matches!(
            self.kind,
            ChannelType::PublicThread | ChannelType::PrivateThread | ChannelType::NewsThread
        );
        self.parent_id.filter(|_| is_thread).map(|parent| ChannelId(parent.get()))
    }

    /// Whether messages can be posted in it; else it only holds channels or threads.
    #[must_use]
    pub fn takes_messages(&self) -> bool {
        // serenity 0.12 doesn't know 16, a forum for media.
        !matches!(self.kind, ChannelType::Category | ChannelType::Forum | ChannelType::Unknown(16))
    }
}

impl Rest {
    /// The application that the token belongs to.
    ///
    /// # Errors
    ///
    /// With status 401 if Discord doesn't accept the token.
    pub async fn application(&self) -> Result<Application, RestError> {
        self.read(Route::Application, "applications/@me").await
    }

    /// The bot as a member of a server.
    ///
    /// # Errors
    ///
    /// With code 50001 or 10004 if it isn't in the server.
    pub async fn membership(
        &self,
        guild: GuildId,
        application: &Application,
    ) -> Result<Membership, RestError> {
        let user = application.user();
        let (roles, member) =
            (format!("guilds/{guild}/roles"), format!("guilds/{guild}/members/{user}"));
        let roles: Vec<RoleObject> = self.read(Route::Roles(guild), &roles).await?;
        let member: Member = self.read(Route::Member(guild), &member).await?;
        let role = |RoleObject { id, permissions, mentionable }| Role {
            id: RoleId(id.get()),
            permissions,
            mentionable,
        };
        Ok(Membership {
            guild,
            roles: roles.into_iter().map(role).collect(),
            user,
            own: member.roles.into_iter().map(|role| RoleId(role.get())).collect(),
        })
    }

    /// A channel.
    ///
    /// # Errors
    ///
    /// With code 10003 or 50001 if the bot doesn't see it.
    pub async fn channel(&self, channel: ChannelId) -> Result<Channel, RestError> {
        self.read(Route::Channel(channel), &format!("channels/{channel}")).await
    }
}
