//! What the bot may do in a channel, computed as Discord documents it:
//! <https://discord.com/developers/docs/topics/permissions#permission-overwrites>.

use std::ops::BitOr;

use serde::Deserialize;
use serenity::all::{PermissionOverwrite, PermissionOverwriteType, Permissions, RoleId, UserId};

use crate::ids::GuildId;

/// Something that the bot does in channels, and needs to be allowed.
#[derive(Clone, Copy)]
pub(crate) struct Permission {
    bit: Permissions,
    /// What Discord's settings of a channel call it.
    pub(crate) name: &'static str,
}

impl Permission {
    /// Without it nothing else counts.
    pub(crate) const VIEW: Self = Self::new(Permissions::VIEW_CHANNEL, "View Channel");
    /// To post requests and outcomes.
    pub(crate) const SEND: Self = Self::new(Permissions::SEND_MESSAGES, "Send Messages");
    /// To tell somebody who asked in a thread.
    pub(crate) const SEND_IN_THREADS: Self =
        Self::new(Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads");
    /// To notice that somebody deleted a request's message.
    pub(crate) const READ_HISTORY: Self =
        Self::new(Permissions::READ_MESSAGE_HISTORY, "Read Message History");
    /// To have links shown with what they lead to.
    pub(crate) const EMBED_LINKS: Self = Self::new(Permissions::EMBED_LINKS, "Embed Links");
    /// To notify roles that not anyone may mention.
    pub(crate) const MENTION_ROLES: Self =
        Self::new(Permissions::MENTION_EVERYONE, "Mention @everyone, @here and All Roles");

    /// Those that the bot is invited with. Roles that are to be notified can be made so that anyone
    /// may mention them, which is less to allow.
    const INVITED_WITH: [Self; 5] =
        [Self::VIEW, Self::SEND, Self::SEND_IN_THREADS, Self::READ_HISTORY, Self::EMBED_LINKS];

    const fn new(bit: Permissions, name: &'static str) -> Self {
        Self { bit, name }
    }
}

/// The address at which someone who manages a server adds the bot to it.
pub(crate) fn invitation(application: u64) -> String {
    let bits = Permission::INVITED_WITH.map(|permission| permission.bit.bits());
    let permissions = bits.into_iter().fold(0, BitOr::bitor);
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&permissions={permissions}\
         &scope=bot+applications.commands"
    )
}

/// A role of a server.
#[derive(Debug, Deserialize)]
pub(crate) struct Role {
    pub(crate) id: RoleId,
    /// What it allows in the whole server.
    pub(crate) permissions: Permissions,
    /// Whether anyone may mention it.
    pub(crate) mentionable: bool,
}

/// The bot as a member of a server.
#[derive(Debug)]
pub(crate) struct Membership {
    /// The server.
    pub(crate) guild: GuildId,
    /// The server's roles.
    pub(crate) roles: Vec<Role>,
    /// The bot's user.
    pub(crate) user: UserId,
    /// Those of the roles that the bot has, without everyone's.
    pub(crate) own: Vec<RoleId>,
}

/// What a member may do somewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed(Permissions);

impl Allowed {
    /// Whether this is among it.
    pub(crate) fn has(self, permission: Permission) -> bool {
        self.0.contains(permission.bit)
    }
}

impl Membership {
    /// What the bot may do in a channel with these overwrites; a thread has its parent's.
    pub(crate) fn allowed(&self, overwrites: &[PermissionOverwrite]) -> Allowed {
        // Everyone's role has the server's own id.
        let is_own = |role: RoleId| self.own.contains(&role);
        let base = self.roles.iter();
        let base = base.filter(|role| role.id.get() == self.guild.0 || is_own(role.id));
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
        let everyone = PermissionOverwriteType::Role(RoleId::new(self.guild.0));
        let may = applied(base, &|of| of == everyone);
        let may =
            applied(may, &|of| matches!(of, PermissionOverwriteType::Role(role) if is_own(role)));
        let may = applied(may, &|of| of == PermissionOverwriteType::Member(self.user));
        Allowed(if may.contains(Permissions::VIEW_CHANNEL) { may } else { Permissions::empty() })
    }
}
