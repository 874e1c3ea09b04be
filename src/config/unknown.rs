//! Variables that look like settings and aren't: mistyped ones would be passed over without a word.

use std::fmt;

use super::VARIABLES;
use crate::text::escape_invisible;

/// What only this program's variables begin with, in a file that is for it.
const PREFIXES: [&str; 3] = ["DISCORD_", "CONNECT_", OF_POSTGRESQL];

/// The beginning of what PostgreSQL's own programs read, and for the bot its library: from the environment
/// alone.
const OF_POSTGRESQL: &str = "PG";

/// A variable that the bot doesn't know. Its value is kept nowhere.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Unknown {
    name: String,
    /// The one that may be meant.
    meant: Option<&'static str>,
}

impl Unknown {
    /// A variable of the `.env` file, if it looks like a setting.
    pub(super) fn in_file(name: &str) -> Option<Self> {
        let meant = meant_by(name);
        let has_prefix = PREFIXES.iter().any(|prefix| name.to_uppercase().starts_with(prefix));
        (meant.is_some() || has_prefix).then(|| Self { name: name.to_owned(), meant })
    }

    /// A variable of the environment, in which every other program has its own: if it looks like a
    /// setting that isn't there itself.
    pub(super) fn in_environment(name: &str, is_set: impl Fn(&str) -> bool) -> Option<Self> {
        let meant = meant_by(name).filter(|meant| !meant.ends_with("_PROXY") && !is_set(meant));
        meant.map(|meant| Self { name: name.to_owned(), meant: Some(meant) })
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = escape_invisible(&self.name);
        match self.meant {
            Some(meant) => {
                write!(f, "{name}: isn't a setting, and does nothing; is {meant} meant?")
            }
            None if name.starts_with(OF_POSTGRESQL) => {
                write!(
                    f,
                    "{name}: isn't read from .env, and does nothing; set it in the environment"
                )
            }
            None => write!(f, "{name}: isn't a setting, and does nothing; take it out"),
        }
    }
}

/// The setting whose name is like this one, be it in small letters. One letter is wrong in a short name,
/// two in a long one; or there is a `_FILE` too much.
fn meant_by(name: &str) -> Option<&'static str> {
    let capitals = name.to_uppercase();
    let bare = capitals.strip_suffix("_FILE").unwrap_or(&capitals);
    if let Some(known) = VARIABLES.into_iter().find(|known| *known == bare) {
        return Some(known);
    }
    let apart = |known: &str| strsim::osa_distance(&capitals, known);
    let nearest = VARIABLES.into_iter().min_by_key(|known| apart(known))?;
    let most = if nearest.len() < 12 { 1 } else { 2 };
    (apart(nearest) <= most).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mistyped_is_told_with_what_is_meant() {
        for (name, meant) in [
            ("REQUEST_CHANNEL_ID", "REQUESTS_CHANNEL_ID"),
            ("DISCORD_TOKENS", "DISCORD_TOKEN"),
            ("ALOWED_CHANNEL_IDS", "ALLOWED_CHANNEL_IDS"),
            ("ADMIN_ROLE_ID", "ADMIN_ROLE_IDS"),
            ("DISCORD_GUILD_ID", "DISCORD_GUILD_IDS"),
            ("discord_token", "DISCORD_TOKEN"),
            ("DATABASE_URL_FILE", "DATABASE_URL"),
            ("CONECT_SEVER", "CONNECT_SERVER"),
            ("LOGFORMAT", "LOG_FORMAT"),
        ] {
            let meant = Some(Unknown { name: name.to_owned(), meant: Some(meant) });
            assert_eq!(Unknown::in_file(name), meant);
            assert_eq!(Unknown::in_environment(name, |_| false), meant);
            assert_eq!(Unknown::in_environment(name, |_| true), None);
        }
        let odd = Unknown::in_file("DISCORD_\u{202e}WEBHOOK").unwrap().to_string();
        assert_eq!(odd, r"DISCORD_\u{202e}WEBHOOK: isn't a setting, and does nothing; take it out");
    }

    #[test]
    fn what_postgresql_reads_of_the_environment_is_told_to_be_put_there() {
        let told = Unknown::in_file("PGPASSWORD").unwrap().to_string();
        assert!(told.contains("isn't read from .env"), "{told}");
    }

    #[test]
    fn what_other_programs_read_is_passed_over() {
        for name in [
            "PATH",
            "HOME",
            "LANG",
            "LC_ALL",
            "TERM",
            "SHELL",
            "USER",
            "TZ",
            "HOSTNAME",
            "PWD",
            "SHLVL",
            "EDITOR",
            "RUST_BACKTRACE",
            "RUST_LIB_BACKTRACE",
            "RUST_LOG_STYLE",
            "CARGO_HOME",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "HTTP_PROXY",
            "http_proxy",
            "FTP_PROXY",
            "ftps_proxy",
            "SOCKS_PROXY",
            "RSYNC_PROXY",
            "NO_COLOR",
            "LOG_LEVEL",
            "LOG_FILE",
            "HTTP_PORT",
            "HTTP_HOST",
            "DATABASE_HOST",
            "DATABASE_NAME",
            "DB_URL",
            "INVOCATION_ID",
            "JOURNAL_STREAM",
            "NOTIFY_SOCKET",
            "KUBERNETES_SERVICE_HOST",
            "DISCORD_WEBHOOK_URL",
            "CONNECT_USER",
            "COMPOSE_PROJECT_NAME",
            "GITHUB_TOKEN",
            "API_TOKEN",
            "DBUS_SESSION_BUS_ADDRESS",
        ] {
            assert_eq!(Unknown::in_environment(name, |_| false), None, "{name}");
        }
    }
}
