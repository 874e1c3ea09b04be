//! Intents: which events a session is sent.
//! <https://discord.com/developers/docs/events/gateway#gateway-intents>

pub(crate) const GUILDS: u64 = 1 << 0;
const GUILD_MEMBERS: u64 = 1 << 1;
const GUILD_PRESENCES: u64 = 1 << 8;
const GUILD_MESSAGES: u64 = 1 << 9;
const DIRECT_MESSAGES: u64 = 1 << 12;
const MESSAGE_CONTENT: u64 = 1 << 15;

/// Those that there are: 0 to 16, 20, 21, 24 and 25.
pub(super) const KNOWN: u64 = 0x0331_ffff;

/// Those that an application has to be allowed first, which this one isn't.
pub(super) const PRIVILEGED: u64 = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT;

/// The intent without which an event isn't sent; 0 if it always is.
pub(crate) fn of(name: &str, in_guild: bool) -> u64 {
    match name {
        "GUILD_CREATE" => GUILDS,
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" if in_guild => GUILD_MESSAGES,
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" => DIRECT_MESSAGES,
        _ => 0,
    }
}
