//! What the bot may do in a channel, as Discord computes it.
//! <https://discord.com/developers/docs/topics/permissions#permission-overwrites>

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    ADMIN_ROLE, BOT_ROLE, BOT_USER, ChannelId, Discord, GUILD, ROLES,
    replies::Refusal,
    world::{Channel, MEMBER_PERMISSIONS},
};

/// The bits of permissions.
/// <https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags>
pub mod permission {
    /// Everything, whatever a channel's overwrites say.
    pub const ADMINISTRATOR: u64 = 1 << 3;
    /// View a channel; without it nothing else counts.
    pub const VIEW_CHANNEL: u64 = 1 << 10;
    /// Send messages in a channel.
    pub const SEND_MESSAGES: u64 = 1 << 11;
    /// Have links and embeds shown. The stand-in shows them all the same.
    pub const EMBED_LINKS: u64 = 1 << 14;
    /// Read messages that were sent before.
    pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
    /// Mention everyone, and roles that not anyone may mention.
    pub const MENTION_EVERYONE: u64 = 1 << 17;
    /// Send messages in a channel's threads.
    pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
}

/// What the bot's own role may do: what the link allows by which it was invited.
const INVITED_WITH: u64 = permission::VIEW_CHANNEL
    | permission::SEND_MESSAGES
    | permission::EMBED_LINKS
    | permission::READ_MESSAGE_HISTORY
    | permission::SEND_MESSAGES_IN_THREADS;

/// Whom an overwrite of a channel's is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Everyone who has this role; the server's own id is everyone.
    Role(u64),
    /// This user.
    Member(u64),
}

/// What a channel allows and denies somebody, whatever their roles say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overwrite {
    /// For whom it is.
    pub of: For,
    /// Bits that are allowed.
    pub allow: u64,
    /// Bits that are denied, unless they are allowed too.
    pub deny: u64,
}

/// Who may do what, where it differs from the start.
#[derive(Default)]
pub(super) struct Grants {
    roles: HashMap<u64, u64>,
    bot_roles: Option<Vec<u64>>,
    overwrites: HashMap<ChannelId, Vec<Overwrite>>,
    /// Roles that not anyone may mention.
    unmentionable: Vec<u64>,
    closed: HashMap<ChannelId, Closed>,
}

/// How a thread is closed.
/// <https://discord.com/developers/docs/topics/threads#active--archived-threads>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Nothing in it can be changed; a new message opens it again.
    Archived,
    /// Only who may manage threads can write in it.
    Locked,
    /// Both: only who may manage threads can open it again.
    ArchivedAndLocked,
}

/// Whom the bot can mention in a channel beside single people.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reach {
    /// Everyone, and every role.
    pub(super) all: bool,
    /// The roles that anyone may mention.
    pub(super) roles: Vec<u64>,
}

impl Reach {
    pub(super) fn has(&self, role: u64) -> bool {
        self.all || self.roles.contains(&role)
    }
}

impl Grants {
    /// What a role allows in the whole server.
    pub(super) fn of_role(&self, role: u64) -> u64 {
        let first = if role == BOT_ROLE { INVITED_WITH } else { MEMBER_PERMISSIONS };
        self.roles.get(&role).copied().unwrap_or(first)
    }

    /// The bot's roles in a server, beside everyone's.
    pub(super) fn bot_roles(&self, guild: u64) -> Vec<u64> {
        let first = if guild == GUILD { vec![BOT_ROLE] } else { Vec::new() };
        self.bot_roles.clone().unwrap_or(first)
    }

    /// May anyone mention the role? The administrators' may be, as the bot's own README advises.
    pub(super) fn is_mentionable(&self, role: u64) -> bool {
        role == ADMIN_ROLE && !self.unmentionable.contains(&role)
    }

    /// Whom the bot can mention in a channel.
    pub(super) fn reach(&self, channel: ChannelId) -> Reach {
        let Some(channel) = Channel::find(channel) else { return Reach::default() };
        let roles = ROLES.iter().map(|(id, _)| *id).filter(|id| self.is_mentionable(*id));
        Reach {
            all: self.in_channel(channel) & permission::MENTION_EVERYONE != 0,
            roles: roles.collect(),
        }
    }

    pub(super) fn overwrites_json(&self, channel: ChannelId) -> Value {
        let overwrites = self.overwrites.get(&channel).map_or(&[][..], Vec::as_slice);
        let json = |overwrite: &Overwrite| {
            let (id, kind) = match overwrite.of {
                For::Role(id) => (id, 0),
                For::Member(id) => (id, 1),
            };
            json!({
                "id": id.to_string(),
                "type": kind,
                "allow": overwrite.allow.to_string(),
                "deny": overwrite.deny.to_string(),
            })
        };
        overwrites.iter().map(json).collect()
    }

    /// What the bot may do in a channel; a thread has its parent's overwrites.
    fn in_channel(&self, channel: &Channel) -> u64 {
        let Some(guild) = channel.guild else { return u64::MAX };
        let roles = self.bot_roles(guild);
        let base = roles.iter().fold(self.of_role(guild), |all, role| all | self.of_role(*role));
        if base & permission::ADMINISTRATOR != 0 {
            return u64::MAX;
        }
        let overwrites = self.overwrites.get(&channel.parent.unwrap_or(channel.id));
        let overwrites = overwrites.map_or(&[][..], Vec::as_slice);
        let applied = |may: u64, counts: &dyn Fn(For) -> bool| {
            let these = || overwrites.iter().filter(|overwrite| counts(overwrite.of));
            let denied = these().fold(0, |all, overwrite| all | overwrite.deny);
            let allowed = these().fold(0, |all, overwrite| all | overwrite.allow);
            may & !denied | allowed
        };
        let may = applied(base, &|of| of == For::Role(guild));
        let may = applied(may, &|of| roles.iter().any(|role| of == For::Role(*role)));
        applied(may, &|of| of == For::Member(BOT_USER))
    }

    /// Refuses what can't be done in a closed thread. A new message opens an archived one again.
    pub(super) fn open(&mut self, thread: ChannelId, by_message: bool) -> Result<(), Refusal> {
        match self.closed.get(&thread) {
            None => Ok(()),
            Some(Closed::Locked) => Err(Refusal::LOCKED),
            Some(Closed::Archived) if by_message => {
                self.closed.remove(&thread);
                Ok(())
            }
            Some(Closed::ArchivedAndLocked) if by_message => Err(Refusal::ARCHIVED_FOR_GOOD),
            Some(Closed::Archived | Closed::ArchivedAndLocked) => Err(Refusal::ARCHIVED),
        }
    }

    /// Whether a thread is archived, and whether it is locked.
    pub(super) fn closed(&self, thread: ChannelId) -> (bool, bool) {
        let closed = self.closed.get(&thread);
        (
            closed.is_some_and(|of| *of != Closed::Locked),
            closed.is_some_and(|of| *of != Closed::Archived),
        )
    }

    /// Refuses what the bot may not do in a channel.
    pub(super) fn demand(&self, channel: &Channel, bits: u64) -> Result<(), Refusal> {
        match self.in_channel(channel) {
            may if may & permission::VIEW_CHANNEL == 0 => Err(Refusal::NO_ACCESS),
            may if may & bits != bits => Err(Refusal::NO_PERMISSION),
            _ => Ok(()),
        }
    }
}

impl Discord {
    /// Denies the bot these permissions in a channel and its threads, and no others any more.
    pub fn forbid(&self, channel: ChannelId, bits: u64) {
        let of = For::Member(BOT_USER);
        self.set_overwrites(channel, &[Overwrite { of, allow: 0, deny: bits }]);
    }

    /// Sets the overwrites of a channel, in place of all others.
    pub fn set_overwrites(&self, channel: ChannelId, overwrites: &[Overwrite]) {
        self.shared().lock().grants.overwrites.insert(channel, overwrites.to_vec());
    }

    /// Closes a thread as a moderator does.
    pub fn close_thread(&self, thread: ChannelId, closed: Closed) {
        self.shared().lock().grants.closed.insert(thread, closed);
    }

    /// Sets what a role allows in the whole server; the server's own id is everyone's role.
    pub fn set_permissions(&self, role: u64, bits: u64) {
        self.shared().lock().grants.roles.insert(role, bits);
    }

    /// Lets not anyone mention this role any more.
    pub fn forbid_mentions(&self, role: u64) {
        self.shared().lock().grants.unmentionable.push(role);
    }

    /// Gives the bot these roles, and no others but everyone's.
    pub fn set_bot_roles(&self, roles: &[u64]) {
        self.shared().lock().grants.bot_roles = Some(roles.to_vec());
    }
}
