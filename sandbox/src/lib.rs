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

pub mod balancer;
mod certificate;
pub mod connect;
pub mod demo;
pub mod discord;
mod faults;
pub mod ldif;
pub mod postgres;
pub mod proxy;
mod server;
mod settings;
mod troubles;
pub mod web;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use connect::Connect;
use discord::{ADMIN_ROLE, Discord, GUILD, REQUESTS};
use tempfile::TempDir;
use tokio::sync::{Mutex, watch};

pub use settings::Setting;
pub use troubles::Trouble;

/// Both stand-ins, running.
#[derive(Clone)]
pub struct Sandbox {
    /// The Connect server, with its LDAP directory.
    pub connect: Connect,
    /// The Discord server of the team.
    pub discord: Discord,
    /// Where the bot keeps its database, unless that is elsewhere; gone with the last clone.
    folder: Arc<TempDir>,
    elsewhere: Option<String>,
    is_over_http: bool,
    troubles: Arc<watch::Sender<BTreeSet<Trouble>>>,
    settings: Arc<watch::Sender<settings::Settings>>,
    /// Held while the stand-ins are made to be as `troubles` says.
    changing: Arc<Mutex<()>>,
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
        let (troubles, settings, changing) = (Arc::default(), Arc::default(), Arc::default());
        let (elsewhere, is_over_http) = (None, false);
        Ok(Self { connect, discord, folder, elsewhere, is_over_http, troubles, settings, changing })
    }

    /// The variables that point the bot at these stand-ins: the team's server, the admin role, the
    /// requests channel, a database of its own, both addresses and both secrets, and the
    /// settings that are switched.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let http_address = if self.is_over_http { "127.0.0.1:0" } else { "off" };
        let own = [
            ("DISCORD_TOKEN", self.discord.token().to_owned()),
            ("DISCORD_API_URL", self.discord.url()),
            ("DISCORD_GUILD_IDS", GUILD.to_string()),
            ("ADMIN_ROLE_IDS", ADMIN_ROLE.to_string()),
            ("REQUESTS_CHANNEL_ID", REQUESTS.to_string()),
            ("CONNECT_SERVER", self.connect.url()),
            ("CONNECT_API_KEY", self.connect.api_key().to_owned()),
            ("DATABASE_URL", self.database_url()),
            ("HTTP_ADDR", http_address.to_owned()),
        ];
        let key = self.is_over_http.then(|| ("DISCORD_PUBLIC_KEY", self.discord.public_key()));
        let settings = self.settings.borrow().on.clone().into_iter();
        let switched =
            settings.map(Setting::variable).map(|(name, value)| (name, value.to_owned()));
        own.into_iter().chain(key).chain(switched).collect()
    }

    /// The same, with the bot's database at this address.
    pub fn with_database(self, url: String) -> Self {
        Self { elsewhere: Some(url), ..self }
    }

    /// The same, with interactions that come to the bot over HTTP, at any free port.
    pub fn over_http(self) -> Self {
        Self { is_over_http: true, ..self }
    }

    /// The address of the bot's database.
    pub fn database_url(&self) -> String {
        let in_folder = || format!("sqlite://{}", self.database().display());
        self.elsewhere.clone().unwrap_or_else(in_folder)
    }

    /// The file of the bot's database, unless that is elsewhere.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("ldapgroup.db")
    }

    /// Everything that the bot did and the real services don't allow or don't document.
    pub fn violations(&self) -> Vec<String> {
        let mut violations = self.connect.violations();
        violations.extend(self.discord.violations());
        violations
    }
}
