//! Strict local stand-ins for Discord and Posit Connect: real servers on loopback that keep the real
//! services' limits, clocks and error codes, and break on demand.
//!
//! The bot is pointed at them by [`Sandbox::variables`] and can't tell the difference. This crate
//! imports nothing of the bot and has wire types of its own, or it couldn't catch a wrong field name.

#![expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "nobody but this repository's own tests and pages calls it"
)]

mod certificate;
pub mod connect;
pub mod demo;
pub mod discord;
pub mod ldif;
pub mod proxy;
mod troubles;
pub mod web;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use connect::Connect;
use discord::{ADMIN_ROLE, Discord, GUILD, REQUESTS};
use tempfile::TempDir;
use tokio::sync::watch;

pub use troubles::Trouble;
use troubles::Troubles;

/// Both stand-ins, running.
#[derive(Clone)]
pub struct Sandbox {
    /// The Connect server, with its LDAP directory.
    pub connect: Connect,
    /// The Discord server of the team.
    pub discord: Discord,
    /// Where the bot keeps its database; gone with the last clone.
    folder: Arc<TempDir>,
    troubles: Troubles,
}

impl Sandbox {
    /// Starts both on free ports of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If no port can be had, or a file that the options name can't be read.
    pub async fn start(connect: connect::Options, discord: discord::Options) -> io::Result<Self> {
        let connect = Connect::start(connect).await?;
        let discord = Discord::start(discord).await?;
        let folder = Arc::new(TempDir::new()?);
        Ok(Self { connect, discord, folder, troubles: Troubles::none() })
    }

    /// The variables that point the bot at these stand-ins: the team's server, the admin role, the
    /// requests channel, a database in a folder of its own, both addresses and both secrets.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DISCORD_TOKEN", self.discord.token().to_owned()),
            ("DISCORD_API_URL", self.discord.url()),
            ("DISCORD_GUILD_IDS", GUILD.to_string()),
            ("ADMIN_ROLE_IDS", ADMIN_ROLE.to_string()),
            ("REQUESTS_CHANNEL_ID", REQUESTS.to_string()),
            ("CONNECT_SERVER", self.connect.url()),
            ("CONNECT_API_KEY", self.connect.api_key().to_owned()),
            ("DATABASE_URL", format!("sqlite://{}", self.database().display())),
            ("HTTP_ADDR", "off".to_owned()),
        ]
    }

    /// The file of the bot's database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("ldapgroup.db")
    }

    /// What is broken now, and whenever that changes.
    pub fn troubles(&self) -> watch::Receiver<BTreeSet<Trouble>> {
        self.troubles.watch()
    }

    /// Breaks or mends this one thing. Every other fault of the stand-ins ends.
    ///
    /// # Errors
    ///
    /// When Connect can't have its port again.
    pub async fn set_trouble(&self, trouble: Trouble, is_on: bool) -> io::Result<()> {
        let change = |now: &mut BTreeSet<Trouble>| {
            if is_on {
                now.insert(trouble)
            } else {
                now.remove(&trouble)
            };
        };
        self.troubles.change(&self.connect, &self.discord, change).await
    }

    /// Mends all that is broken.
    ///
    /// # Errors
    ///
    /// When Connect can't have its port again.
    pub async fn mend(&self) -> io::Result<()> {
        self.troubles.change(&self.connect, &self.discord, BTreeSet::clear).await
    }

    /// Everything that the bot did and the real services don't allow or don't document.
    pub fn violations(&self) -> Vec<String> {
        let mut violations = self.connect.violations();
        violations.extend(self.discord.violations());
        violations
    }
}
