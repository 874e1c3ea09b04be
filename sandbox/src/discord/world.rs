//! The team's server as the bot meets it: who is there, which channels, which roles.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{clock, fields::merge, permissions::Grants};

/// A Discord channel's id.
pub type ChannelId = u64;

/// The application that the bot belongs to.
pub const APPLICATION: u64 = 1_341_094_573_829_185_537;
/// The bot's own user. Real applications made since 2016 share the id with their bot user.
pub const BOT_USER: u64 = APPLICATION;
/// The team's server. The bot is in it.
pub const GUILD: u64 = 1_098_231_477_641_412_618;
/// Another server that the bot is in, though nobody configured it.
pub const OTHER_GUILD: u64 = 1_187_403_926_518_038_529;
/// A server that the bot isn't in: Discord answers its routes with code 50001.
pub const STRANGE_GUILD: u64 = 1_204_617_335_902_765_066;
/// `#connect`, the team's channel in [`GUILD`].
pub const CONNECT: ChannelId = 1_098_231_940_587_810_826;
/// `#connect-requests` in [`GUILD`].
pub const REQUESTS: ChannelId = 1_098_232_018_379_395_073;
/// `#random` in [`GUILD`].
pub const RANDOM: ChannelId = 1_098_232_071_319_871_498;
/// A public thread in [`GUILD`] whose parent is [`CONNECT`].
pub const THREAD: ChannelId = 1_352_618_204_733_849_601;
/// The category in [`GUILD`] under which its channels stand; it takes no messages.
pub const CATEGORY: ChannelId = 1_098_231_893_204_750_347;
/// `#general` in [`OTHER_GUILD`].
pub const OTHER_CHANNEL: ChannelId = 1_187_403_927_809_761_291;
/// A channel in [`STRANGE_GUILD`]: Discord answers its routes with code 50001.
pub const STRANGE_CHANNEL: ChannelId = 1_204_617_337_127_927_818;
/// The direct messages with the bot of whoever is speaking.
pub const DM: ChannelId = 1_351_947_116_203_606_017;
/// The administrators' role in [`GUILD`].
pub const ADMIN_ROLE: u64 = 1_098_233_105_413_124_096;
/// The role in [`GUILD`] that everyone of the team has.
pub const MEMBER_ROLE: u64 = 1_098_233_187_902_050_324;
/// The bot's own role in [`GUILD`], which Discord made when the bot was invited.
pub const BOT_ROLE: u64 = 1_341_096_208_542_384_129;
/// The roles of [`GUILD`] with their names.
pub const ROLES: [(u64, &str); 3] =
    [(ADMIN_ROLE, "Connect admins"), (MEMBER_ROLE, "Team"), (BOT_ROLE, "ldapgroup")];

/// The people of the team's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// `ada`, with [`ADMIN_ROLE`] and [`MEMBER_ROLE`].
    Admin,
    /// `grace`, with [`ADMIN_ROLE`] and [`MEMBER_ROLE`].
    SecondAdmin,
    /// `linus`, with [`MEMBER_ROLE`].
    Member,
    /// `margaret`, with [`MEMBER_ROLE`].
    OtherMember,
    /// `guest`, with no role.
    Guest,
}

impl Who {
    /// Everyone, administrators first.
    pub const ALL: [Self; 5] =
        [Self::Admin, Self::SecondAdmin, Self::Member, Self::OtherMember, Self::Guest];

    /// Id, name and displayed name.
    const fn facts(self) -> (u64, &'static str, &'static str) {
        match self {
            Self::Admin => (391_583_201_672_822_784, "ada", "Ada"),
            Self::SecondAdmin => (402_117_948_510_502_913, "grace", "Grace"),
            Self::Member => (518_402_736_190_455_808, "linus", "Linus"),
            Self::OtherMember => (623_940_187_264_385_034, "margaret", "Margaret"),
            Self::Guest => (1_306_228_104_775_073_802, "guest", "A. Guest"),
        }
    }

    /// The user's id, as in `<@id>`.
    pub const fn id(self) -> u64 {
        self.facts().0
    }

    /// The user's name, as it is typed.
    pub const fn name(self) -> &'static str {
        self.facts().1
    }

    /// The name that Discord shows.
    pub const fn display_name(self) -> &'static str {
        self.facts().2
    }

    /// The roles that the person has at the start.
    pub fn first_roles(self) -> Vec<u64> {
        match self {
            Self::Admin | Self::SecondAdmin => vec![ADMIN_ROLE, MEMBER_ROLE],
            Self::Member | Self::OtherMember => vec![MEMBER_ROLE],
            Self::Guest => Vec::new(),
        }
    }

    pub(super) fn user(self) -> Value {
        let (id, name) = (self.id().to_string(), self.name());
        let own = json!({"id": id, "username": name, "global_name": self.display_name()});
        object("user", own)
    }

    pub(super) fn member(self, roles: &[u64]) -> Value {
        member(&self.user(), roles)
    }
}

/// What `@everyone` may do in a new server: view, send, embed, attach, react, use commands, threads;
/// but for mentioning all, which most servers don't let everyone do for long.
pub(super) const MEMBER_PERMISSIONS: u64 = 2_248_473_465_704_001;

/// A channel's fixed facts.
pub(super) struct Channel {
    pub(super) id: ChannelId,
    pub(super) name: Option<&'static str>,
    /// `None` for direct messages.
    pub(super) guild: Option<u64>,
    pub(super) parent: Option<ChannelId>,
    /// Discord's number: 0 text, 1 direct, 4 category, 11 public thread.
    pub(super) kind: u8,
}

const CHANNELS: [Channel; 8] = [
    text(CONNECT, "connect", GUILD),
    text(REQUESTS, "connect-requests", GUILD),
    text(RANDOM, "random", GUILD),
    Channel {
        id: THREAD,
        name: Some("Which groups do we need?"),
        guild: Some(GUILD),
        parent: Some(CONNECT),
        kind: 11,
    },
    Channel { id: CATEGORY, name: Some("Data"), guild: Some(GUILD), parent: None, kind: 4 },
    text(OTHER_CHANNEL, "general", OTHER_GUILD),
    text(STRANGE_CHANNEL, "general", STRANGE_GUILD),
    Channel { id: DM, name: None, guild: None, parent: None, kind: 1 },
];

const fn text(id: ChannelId, name: &'static str, guild: u64) -> Channel {
    Channel { id, name: Some(name), guild: Some(guild), parent: None, kind: 0 }
}

impl Channel {
    pub(super) fn find(id: ChannelId) -> Option<&'static Self> {
        CHANNELS.iter().find(|channel| channel.id == id)
    }

    /// The channel as Discord puts it into an interaction, and answers `GET /channels/{id}`.
    pub(super) fn json(&self) -> Value {
        let own = json!({"id": self.id.to_string(), "type": self.kind});
        let mut json = object("channel", own);
        let fields = if let (Some(guild), Some(name)) = (self.guild, self.name) {
            json!({
                "guild_id": guild.to_string(),
                "name": name,
                "parent_id": self.parent.map(|id| id.to_string()),
                "permissions": MEMBER_PERMISSIONS.to_string(),
                "rate_limit_per_user": 0,
            })
        } else {
            json!({"recipients": [Who::Member.user()]})
        };
        merge(&mut json, fields);
        match self.kind {
            0 | 4 => merge(&mut json, object("text_channel", json!({}))),
            11 => {
                let owner = json!({"owner_id": Who::Member.id().to_string()});
                merge(&mut json, object("thread", owner));
            }
            _ => {}
        }
        json
    }
}

/// What Discord's objects hold where the stand-in has nothing else to say.
static OBJECTS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("objects.json"))
        .expect("the embedded objects are JSON, as every test shows")
});

/// One of Discord's objects, with these fields of its own.
pub(super) fn object(kind: &str, own: Value) -> Value {
    let mut json = OBJECTS[kind].clone();
    merge(&mut json, own);
    json
}

/// Is the bot in the server?
pub(super) fn is_joined(guild: u64) -> bool {
    guild == GUILD || guild == OTHER_GUILD
}

/// The bot's own user object.
pub(super) fn bot_user() -> Value {
    object("bot", json!({"id": BOT_USER.to_string()}))
}

/// The bot as a member of a server.
pub(super) fn bot_member(roles: &[u64]) -> Value {
    member(&bot_user(), roles)
}

/// Somebody as a member of a server.
fn member(user: &Value, roles: &[u64]) -> Value {
    let roles: Vec<_> = roles.iter().map(u64::to_string).collect();
    object("member", json!({"user": user, "roles": roles}))
}

/// The server's roles, `@everyone` first: its id is the server's own.
pub(super) fn roles(guild: u64, grants: &Grants) -> Value {
    let own: &[(u64, &str)] = if guild == GUILD { &ROLES } else { &[] };
    let role = |((id, name), position): (&(u64, &str), u64)| {
        let own = json!({
            "id": id.to_string(),
            "name": name,
            "position": position,
            "permissions": grants.of_role(*id).to_string(),
            "managed": *id == BOT_ROLE,
            "mentionable": grants.is_mentionable(*id),
        });
        object("role", own)
    };
    [(guild, "@everyone")].iter().chain(own).zip(0..).map(role).collect()
}

/// A new id, unique in the process and made from the clock as Discord makes them: the milliseconds
/// since 2015 in the upper 42 bits. <https://discord.com/developers/docs/reference#snowflakes>
pub(super) fn snowflake() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis();
    let fresh =
        u64::try_from(now).unwrap_or(u64::MAX).saturating_sub(clock::DISCORD_EPOCH_MS) << 22;
    let last = LAST
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(fresh.max(last + 1)))
        .unwrap_or_else(|last| last);
    fresh.max(last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_grow() {
        let ids: Vec<_> = (0..5000).map(|_| snowflake()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }
}
