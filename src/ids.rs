//! Ids of Discord's, and where somebody speaks.

use std::fmt;
use std::str::FromStr;

/// Defines an id of Discord's. Its ids are snowflakes: positive 64-bit numbers, written in decimal.
macro_rules! snowflake {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                match text.parse() {
                    Ok(0) | Err(_) => Err(NotAnId),
                    Ok(id) => Ok(Self(id)),
                }
            }
        }
    };
}

/// The text isn't an id of Discord's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotAnId;

snowflake!(
    /// A server.
    GuildId
);
snowflake!(
    /// A channel, or a thread in one.
    ChannelId
);
snowflake!(
    /// A role of a server.
    RoleId
);
snowflake!(
    /// A person.
    UserId
);

/// The channel of a server in which somebody speaks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Place {
    /// The server.
    pub guild: GuildId,
    /// The channel, or the thread in one.
    pub channel: ChannelId,
}
