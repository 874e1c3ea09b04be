//! What the bot may do in a channel, computed as Discord documents it:
//! <https://discord.com/developers/docs/topics/permissions#permission-overwrites>.

use serenity::all::{PermissionOverwrite, PermissionOverwriteType, Permissions, UserId};

use super::rest::Role;
use crate::ids::{GuildId, RoleId};

/// Something that the bot does in channels, and needs to be allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Permission {
    /// See the channel; without it nothing else counts.
    View,
    /// Post requests and outcomes.
    Send,
    /// Tell somebody who asked in a thread.
    SendInThreads,
    /// Notice that somebody deleted a request's message.
    ReadHistory,
    /// Have links shown with what they lead to.
    EmbedLinks,
    /// Notify roles that not anyone may mention.
    MentionRoles,
}

impl Permission {
    /// Those that the bot is invited with. Roles that are to be notified can be made so that anyone
    /// may mention them, which is less to allow.
    pub const INVITED_WITH: [Self; 5] =
        [Self::View, Self::Send, Self::SendInThreads, Self::ReadHistory, Self::EmbedLinks];

    /// What Discord's settings of a channel call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "View Channel",
            Self::Send => "Send Messages",
            Self::SendInThreads => "Send Messages in Threads",
            Self::ReadHistory => "Read Message History",
            Self::EmbedLinks => "Embed Links",
            Self::MentionRoles => "Mention @everyone, @here and All Roles",
        }
    }

    /// Its bit.
    pub(super) fn bit(self) -> Permissions {
        match self {
            Self::View => Permissions::VIEW_CHANNEL,
            Self::Send => Permissions::SEND_MESSAGES,
            Self::SendInThreads => Permissions::SEND_MESSAGES_IN_THREADS,
            Self::ReadHistory => Permissions::READ_MESSAGE_HISTORY,
            Self::EmbedLinks => Permissions::EMBED_LINKS,
            Self::MentionRoles => Permissions::MENTION_EVERYONE,
        }
    }
}

/// The bot as a member of a server.
#[derive(Debug)]
pub struct Membership {
    /// The server.
    pub guild: GuildId,
    /// The server's roles.
    pub roles: Vec<Role>,
    /// The bot's user.
    pub user: UserId,
    /// Those of the roles that the bot has, without everyone's.
    pub own: Vec<RoleId>,
}

/// What a member may do somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Allowed(Permissions);

impl Allowed {
    /// Whether this is among it.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        self.0.contains(permission.bit())
    }
}

impl Membership {
    /// What the bot may do in a channel with these overwrites; a thread has its parent's.
    #[must_use]
    pub fn allowed(&self, overwrites: &[PermissionOverwrite]) -> Allowed {
        // Everyone's role has the server's own id.
        let is_own = |role: u64| self.own.iter().any(|own| own.0 == role);
        let base = self.roles.iter().filter(|role| role.id.0 == self.guild.0 || is_own(role.id.0));
        let base = base.fold(Permissions::empty(), |all, role| all | role.permissions);
        if base.contains(Permissions::ADMINISTRATOR) {
            return Allowed(Permissions::all());
        }
        let applied = |may: Permissions, counts: &dyn Fn(PermissionOverwriteType) -> bool| {
            let these = || overwrites.iter().filter(|overwrite| counts(overwrite.kind));
            let denied = these().fold(Permissions::empty(), |all, these| all | these.deny);
            let allowed = these().fold(Permissions::empty(), |all, these| all | these.allow);
            (may - denied) | allowed
        };
        let everyone = PermissionOverwriteType::Role(serenity::all::RoleId::new(self.guild.0));
        let may = applied(base, &|of| of == everyone);
        let may = applied(
            may,
            &|of| matches!(of, PermissionOverwriteType::Role(role) if is_own(role.get())),
        );
        let may = applied(may, &|of| of == PermissionOverwriteType::Member(self.user));
        Allowed(if may.contains(Permissions::VIEW_CHANNEL) { may } else { Permissions::empty() })
    }
}
