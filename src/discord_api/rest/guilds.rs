//! What Discord says about the application, its servers and their channels.

use std::sync::PoisonError;

use reqwest::Method;
use serde::Deserialize;
use serenity::all::{ChannelType, CommandId, CreateCommand, PermissionOverwrite, UserId};

use super::buckets::Route;
use super::client::{Call, Rest, decode};
use super::error::RestError;
use crate::discord_api::permissions::Membership;
use crate::discord_api::signature::PublicKey;
use crate::ids::{self, ChannelId, GuildId};

/// The application that the token belongs to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Application {
    /// Its id.
    pub(crate) id: serenity::all::ApplicationId,
    /// Its name.
    pub(crate) name: String,
    /// Where Discord sends interactions instead of over the gateway, if it does.
    pub(crate) interactions_endpoint_url: Option<String>,
    /// What interactions over HTTP are signed with, as the public key in hexadecimal digits.
    verify_key: Option<String>,
    /// Its bot, which has another id if the application was made before 2016.
    #[serde(default)]
    bot: Option<BotUser>,
}

#[derive(Clone, Debug, Deserialize)]
struct BotUser {
    id: UserId,
}

impl Application {
    /// Whether this key verifies what is signed for the application, as far as Discord says so.
    pub(crate) fn signs_for(&self, key: &PublicKey) -> bool {
        self.verify_key.as_ref().is_none_or(|own| *own == key.to_string())
    }

    /// The bot's user.
    fn user(&self) -> UserId {
        self.bot.as_ref().map_or_else(|| UserId::new(self.id.get()), |bot| bot.id)
    }
}

#[derive(Deserialize)]
struct Registered {
    id: CommandId,
}

#[derive(Deserialize)]
struct Member {
    roles: Vec<serenity::all::RoleId>,
}

/// A channel, or a thread in one.
#[derive(Debug, Deserialize)]
pub(crate) struct Channel {
    guild_id: Option<serenity::all::GuildId>,
    parent_id: Option<serenity::all::ChannelId>,
    #[serde(rename = "type")]
    kind: ChannelType,
    /// Who may do what there, whatever their roles say; a thread has none of its own.
    #[serde(default, rename = "permission_overwrites")]
    pub(crate) overwrites: Vec<PermissionOverwrite>,
}

impl Channel {
    /// The server that it is in; nothing for direct messages.
    pub(crate) fn guild(&self) -> Option<GuildId> {
        self.guild_id.map(|guild| GuildId(guild.get()))
    }

    /// The channel that it is a thread in, if it is one.
    pub(crate) fn thread_of(&self) -> Option<ChannelId> {
        let is_thread = matches!(
            self.kind,
            ChannelType::PublicThread | ChannelType::PrivateThread | ChannelType::NewsThread
        );
        self.parent_id.filter(|_| is_thread).map(|parent| ChannelId(parent.get()))
    }

    /// Whether messages can be posted in it; else it only holds channels or threads.
    pub(crate) fn takes_messages(&self) -> bool {
        // serenity 0.12 doesn't know 16, a forum for media.
        !matches!(self.kind, ChannelType::Category | ChannelType::Forum | ChannelType::Unknown(16))
    }
}

impl Rest {
    /// The application that the token belongs to; with status 401 Discord doesn't accept the token.
    pub(crate) async fn get_application(&self) -> Result<Application, RestError> {
        self.get(Route::Application, "applications/@me").await
    }

    /// Makes `command` the command of the application in a server, in place of all others; with code
    /// 50001 the application isn't in the server.
    pub(crate) async fn overwrite_guild_commands(
        &self,
        application: serenity::all::ApplicationId,
        guild: GuildId,
        command: &[CreateCommand; 1],
    ) -> Result<(), RestError> {
        let path = format!("applications/{application}/guilds/{guild}/commands");
        let call = Call::new(Method::PUT, &path, Some(command));
        let route = Route::Commands(guild);
        let response = self.send_with_retry(route, &call).await?;
        // Without the id all works as well, but for the clicks.
        if let Ok([Registered { id }]) = decode::<[Registered; 1]>(response).await {
            self.commands.lock().unwrap_or_else(PoisonError::into_inner).insert(guild, id);
        }
        Ok(())
    }

    /// The id of the application's command in a server, once it is registered there.
    pub(crate) fn command(&self, guild: GuildId) -> Option<CommandId> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).get(&guild).copied()
    }

    /// The bot as a member of a server; with code 50001 or 10004 it isn't in it.
    pub(crate) async fn membership(
        &self,
        guild: GuildId,
        application: &Application,
    ) -> Result<Membership, RestError> {
        let user = application.user();
        let (roles, member) =
            (format!("guilds/{guild}/roles"), format!("guilds/{guild}/members/{user}"));
        let roles = self.get(Route::Roles(guild), &roles).await?;
        let Member { roles: own } = self.get(Route::Member(guild), &member).await?;
        Ok(Membership { guild, roles, user, own })
    }

    /// Whether somebody is in a server. If they aren't, what Discord says of that: that it has no such
    /// member, or nobody at all of this id.
    pub(crate) async fn look_for(
        &self,
        user: ids::UserId,
        guild: GuildId,
    ) -> Result<Result<(), RestError>, RestError> {
        let path = format!("guilds/{guild}/members/{user}");
        match self.get(Route::Member(guild), &path).await {
            Ok(Member { .. }) => Ok(Ok(())),
            Err(error) if error.is_about_person() => Ok(Err(error)),
            Err(error) => Err(error),
        }
    }

    /// A channel; with code 10003 or 50001 the bot doesn't see it.
    pub(crate) async fn get_channel(&self, channel: ChannelId) -> Result<Channel, RestError> {
        self.get(Route::Channel(channel), &format!("channels/{channel}")).await
    }
}
