//! How a world is set up: as whoever runs the tests has chosen, and as a test is about.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use sandbox::{connect, discord};

use crate::chosen::copies;

/// The ordinary world with these variables beside those that point at the stand-ins.
pub(crate) fn setup<V: ToString>(variables: &[(&'static str, V)]) -> Setup {
    let variables = variables.iter().map(|(name, value)| (*name, value.to_string()));
    Setup { variables: variables.collect(), ..Setup::default() }
}

/// The ordinary world with other groups: see [`Setup::ldap_groups`].
pub(crate) fn ldap_groups<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Setup {
    Setup::default().ldap_groups(names)
}

/// How a [`World`](crate::world::World) differs from the ordinary one.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) connect: connect::Options,
    pub(crate) discord: discord::Options,
    /// Variables beside those that point at the stand-ins.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// What goes wrong at Discord from the beginning.
    pub(crate) faults: Vec<(discord::Route, discord::Fault, discord::Times)>,
    /// How long the bot waits for the work for an interaction, if not as usual.
    pub(crate) answers_within: Option<Duration>,
    /// Whether interactions come over HTTP, if it is no matter of the setting.
    pub(crate) over_http: Option<bool>,
    /// How soon Connect is asked by itself, and told again what wasn't taken, if not as usual.
    pub(crate) alert_pace: Option<Duration>,
    /// Whether the database is a file, if it is no matter of the setting.
    pub(crate) is_in_file: bool,
    /// Whether there is one process of the bot whatever the setting is.
    pub(crate) is_alone: bool,
}

impl Setup {
    /// For what is about the gateway, or about calls that a response takes the place of.
    pub(crate) fn over_gateway(self) -> Self {
        Self { over_http: Some(false), ..self }
    }

    /// For what is about a database in a file.
    pub(crate) fn in_file(self) -> Self {
        Self { is_in_file: true, ..self }
    }

    /// For what is about interactions over HTTP.
    pub(crate) fn over_http(self) -> Self {
        Self { over_http: Some(true), ..self }
    }

    /// For what is about one process: what it counts, what it tells probes, what it holds in memory.
    pub(crate) fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    /// How many copies of the bot there are.
    pub(crate) fn count(&self) -> usize {
        let is_one = self.is_alone || self.is_in_file || self.over_http == Some(false);
        if is_one { 1 } else { copies() }
    }

    /// With no groups in LDAP but these, none of which is in Connect.
    pub(crate) fn ldap_groups<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        self.connect.groups = names.into_iter().map(Into::into).collect();
        self.connect.imported = Vec::new();
        self
    }
}

/// An address for a bot to be. Its port is none of those that the system gives to whoever asks for any, or a
/// connection could have it by the time the bot wants it.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 20).unwrap() * 1000;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 1000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
