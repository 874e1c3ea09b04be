//! The environment, read once: a [`Config`], or every problem at once. Nothing else reads it.

mod environment;
mod parse;
mod unknown;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use self::environment::Reader;
pub use self::environment::{Environment, Problems};
pub use self::unknown::Unknown;
use crate::access::Policy;
use crate::connect::{self, api_base};
use crate::discord_api::signature::PublicKey;
use crate::proxy::Proxies;
use crate::requests::RequestSettings;

/// Every variable that the program knows, in the order of `.env.example`.
pub const VARIABLES: [&str; 30] = [
    "DISCORD_TOKEN",
    "DISCORD_TOKEN_FILE",
    "DISCORD_GUILD_IDS",
    "ADMIN_ROLE_IDS",
    "ADMIN_USER_IDS",
    "REQUESTER_ROLE_IDS",
    "ALLOWED_CHANNEL_IDS",
    "REQUESTS_CHANNEL_ID",
    "ADMIN_CREATES",
    "REASON_REQUIRED",
    "MAX_OPEN_REQUESTS",
    "CONNECT_SERVER",
    "CONNECT_API_KEY",
    "CONNECT_API_KEY_FILE",
    "CONNECT_CA_FILE",
    "CONNECT_TIMEOUT",
    "DATABASE_URL",
    "TICKET_TTL",
    "REQUEST_TTL",
    "REQUEST_REMINDER",
    "HISTORY_TTL",
    "ALERT_AFTER",
    "HTTP_ADDR",
    "DISCORD_PUBLIC_KEY",
    "DISCORD_API_URL",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "LOG_FORMAT",
    "RUST_LOG",
];

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach Discord.
    pub discord: DiscordSettings,
    /// Who is served, where, and as what.
    pub policy: Policy,
    /// How requests are made and decided.
    pub requests: RequestSettings,
    /// How to reach Connect.
    pub connect: connect::Settings,
    /// Variables that look like settings and aren't.
    pub unknown: Vec<Unknown>,
    /// Whether there is a proxy for plain HTTP alone, which the bot doesn't use.
    pub has_plain_proxy_only: bool,
    /// Where requests are kept; may hold a password.
    pub database_url: SecretString,
    /// How long the tickets of a search are trusted.
    pub ticket_ttl: Duration,
    /// When admins are told of trouble, and how it is looked for.
    pub alerts: AlertSettings,
    /// Where liveness and metrics are served, if they are.
    pub http_addr: Option<SocketAddr>,
    /// How and how much is logged.
    pub log: LogSettings,
}

/// What the commands in the terminal need.
#[derive(Clone, Debug)]
pub struct TerminalConfig {
    /// How to reach Connect.
    pub connect: connect::Settings,
    /// How and how much is logged.
    pub log: LogSettings,
}

/// How to reach Discord.
#[derive(Clone, Debug)]
pub struct DiscordSettings {
    /// The bot's token, without `Bot `.
    pub token: SecretString,
    /// The base of the REST API.
    pub api: Url,
    /// What interactions that come over HTTP are signed with. Without it they come over the gateway.
    pub public_key: Option<PublicKey>,
    /// How long the work for an interaction is waited for: then the person is told how it stands. No
    /// variable: it is Discord's, and only tests have others.
    pub answers_within: Duration,
    /// The way to it.
    pub proxies: Proxies,
}

/// When admins are told of trouble, and how it is looked for. But for the first no variables: only tests
/// have others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AlertSettings {
    /// How long trouble must last; they are never told if `None`.
    pub after: Option<Duration>,
    /// How long after the last call Connect is asked again whether trouble is over.
    pub while_trouble: Duration,
    /// How long after the last call Connect is asked by itself.
    pub while_idle: Duration,
    /// How often it is looked when the API key expires.
    pub expiry: Duration,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line.
    Json,
}

/// How and how much is logged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogSettings {
    /// How it is written.
    pub format: LogFormat,
    /// What is written, as tracing-subscriber's `EnvFilter` reads it.
    pub filter: String,
}

/// An interaction's token lives for 15 minutes. What is said last takes up to two, with tries of a
/// minute for each call, and its first answer a few seconds.
/// <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>
const ANSWERS_WITHIN: Duration = Duration::from_mins(12);

/// A person who sees trouble begin or end waits for about a minute; an idle bot sees it in time to tell
/// of it after a quarter of an hour. Keys live for weeks.
const ALERTS: AlertSettings = AlertSettings {
    after: None,
    while_trouble: MINUTE,
    while_idle: Duration::from_mins(5),
    expiry: Duration::from_hours(6),
};

const HTTP_ADDR: &str = "127.0.0.1:8080";

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = Duration::from_hours(8760);
/// As humantime counts them.
const TEN_YEARS: Duration = Duration::from_hours(87_660);

impl Config {
    /// Reads what the bot needs.
    ///
    /// # Errors
    ///
    /// Every wrong or missing variable at once.
    pub fn read(environment: &Environment) -> Result<Self, Problems> {
        let mut env = environment.reader();
        let token = env.secret("DISCORD_TOKEN", parse::token);
        let api = env.or_default("DISCORD_API_URL", "https://discord.com", parse::discord_api);
        let public_key = env.optional("DISCORD_PUBLIC_KEY", parse::public_key);
        let policy = policy(&mut env);
        let requests = request_settings(&mut env);
        let connect = connect_settings(&mut env);
        let proxies = connect.as_ref().map(|connect| connect.proxies.clone());
        let has_plain_proxy = env.has("HTTP_PROXY");
        let database_url = of_database(&mut env);
        let ticket_ttl =
            env.or_default("TICKET_TTL", "10m", |text| parse::duration(text, SECOND, DAY));
        let alert_after = env.or_default("ALERT_AFTER", "15m", parse::or_never);
        let http_addr = env.or_default("HTTP_ADDR", HTTP_ADDR, parse::http_addr);
        if matches!((&public_key, &http_addr), (Some(Some(_)), Some(None))) {
            env.problem(
                "HTTP_ADDR",
                "is off, but with DISCORD_PUBLIC_KEY interactions come there: name an address",
            );
        }
        let log = log_settings(&mut env);
        let config = || {
            let (token, api, public_key) = (token?, api?, public_key?);
            let answers_within = ANSWERS_WITHIN;
            Some(Self {
                discord: DiscordSettings {
                    token,
                    api,
                    public_key,
                    answers_within,
                    proxies: proxies.clone()?,
                },
                unknown: environment.unknown().to_vec(),
                has_plain_proxy_only: has_plain_proxy && proxies?.name().is_none(),
                policy: policy?,
                requests: requests?,
                connect: connect?,
                database_url: database_url?,
                ticket_ttl: ticket_ttl?,
                alerts: AlertSettings { after: alert_after?, ..ALERTS },
                http_addr: http_addr?,
                log: log?,
            })
        };
        env.finish(config())
    }
}

impl TerminalConfig {
    /// Reads only what it takes to reach Connect.
    ///
    /// # Errors
    ///
    /// Every wrong or missing variable of these at once.
    pub fn read(environment: &Environment) -> Result<Self, Problems> {
        let mut env = environment.reader();
        let connect = connect_settings(&mut env);
        let log = log_settings(&mut env);
        let config = || Some(Self { connect: connect?, log: log? });
        env.finish(config())
    }
}

/// Reads only where liveness and metrics are served, if they are.
///
/// # Errors
///
/// When it isn't an address.
pub fn http_addr(environment: &Environment) -> Result<Option<SocketAddr>, Problems> {
    let mut env = environment.reader();
    let address = env.or_default("HTTP_ADDR", HTTP_ADDR, parse::http_addr);
    env.finish(address)
}

/// Reads only where requests are kept.
///
/// # Errors
///
/// When it isn't an address of a database.
pub fn database_url(environment: &Environment) -> Result<SecretString, Problems> {
    let mut env = environment.reader();
    let url = of_database(&mut env);
    env.finish(url)
}

/// The address of a database, if it is one.
pub(crate) fn database(address: &str) -> Option<SecretString> {
    parse::database_url(address).ok()
}

fn of_database(env: &mut Reader<'_>) -> Option<SecretString> {
    env.or_default("DATABASE_URL", "sqlite://ldapgroup.db", parse::database_url)
}

fn log_settings(env: &mut Reader<'_>) -> Option<LogSettings> {
    let format = env.or_default("LOG_FORMAT", "text", parse::log_format);
    let filter = env.or_default("RUST_LOG", "info", parse::log_filter);
    Some(LogSettings { format: format?, filter: filter? })
}

fn policy(env: &mut Reader<'_>) -> Option<Policy> {
    let guilds = env.required("DISCORD_GUILD_IDS", parse::ids);
    let channels = env.optional("ALLOWED_CHANNEL_IDS", parse::ids);
    let admin_roles = env.optional("ADMIN_ROLE_IDS", parse::ids);
    let admin_users = env.optional("ADMIN_USER_IDS", parse::ids);
    let requester_roles = env.optional("REQUESTER_ROLE_IDS", parse::ids);
    if matches!((&admin_roles, &admin_users), (Some(None), Some(None))) {
        env.problem(
            "ADMIN_ROLE_IDS",
            "is missing: the roles whose members are admins (or set ADMIN_USER_IDS)",
        );
    }
    Some(Policy {
        guilds: guilds?,
        channels: channels?.unwrap_or_default(),
        admin_roles: admin_roles?.unwrap_or_default(),
        admin_users: admin_users?.unwrap_or_default(),
        requester_roles: requester_roles?.unwrap_or_default(),
    })
}

fn request_settings(env: &mut Reader<'_>) -> Option<RequestSettings> {
    let channel = env.optional("REQUESTS_CHANNEL_ID", parse::id);
    let admin_creates = env.or_default("ADMIN_CREATES", "direct", parse::admin_creates);
    let reason_required = env.or_default("REASON_REQUIRED", "false", parse::yes_or_no);
    let max_open = env.or_default("MAX_OPEN_REQUESTS", "10", parse::max_open);
    let ttl = env.or_default("REQUEST_TTL", "72h", |text| parse::duration(text, SECOND, YEAR));
    let reminder = env.or_default("REQUEST_REMINDER", "24h", parse::or_never);
    // What is over may be retried, and is shown and told, for a week.
    let history_ttl = env.optional("HISTORY_TTL", |text| parse::duration(text, 7 * DAY, TEN_YEARS));
    Some(RequestSettings {
        channel: channel?,
        admin_creates: admin_creates?,
        reason_required: reason_required?,
        max_open: max_open?,
        ttl: ttl?,
        reminder: reminder?,
        history_ttl: history_ttl?,
    })
}

fn connect_settings(env: &mut Reader<'_>) -> Option<connect::Settings> {
    let api = env.required("CONNECT_SERVER", api_base);
    let key = env.secret("CONNECT_API_KEY", parse::api_key);
    let authorities = env.optional("CONNECT_CA_FILE", parse::authorities);
    let timeout =
        env.or_default("CONNECT_TIMEOUT", "30s", |text| parse::duration(text, SECOND, 5 * MINUTE));
    let proxies = proxies(env);
    Some(connect::Settings {
        api: api?,
        key: key?,
        authorities: authorities?.unwrap_or_default(),
        timeout: timeout?,
        proxies: proxies?,
    })
}

/// `ALL_PROXY` counts where there is no `HTTPS_PROXY`. That for plain HTTP alone is of no use.
fn proxies(env: &mut Reader<'_>) -> Option<Proxies> {
    let but_for = env.or_default("NO_PROXY", "", |hosts| Ok::<_, &str>(hosts.to_owned()))?;
    let name = if env.has("HTTPS_PROXY") { "HTTPS_PROXY" } else { "ALL_PROXY" };
    let proxies = env.optional(name, |address| Proxies::new(address, &but_for))?;
    Some(proxies.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::ids::{GuildId, RoleId, UserId};

    const REQUIRED: [(&str, &str); 5] = [
        ("DISCORD_TOKEN", "hush-token"),
        ("DISCORD_GUILD_IDS", "1"),
        ("ADMIN_ROLE_IDS", "2"),
        ("CONNECT_SERVER", "https://connect.example.com"),
        ("CONNECT_API_KEY", "hush-key"),
    ];

    /// What the required variables and these come to; later ones replace earlier ones.
    fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let all = REQUIRED.iter().chain(variables).copied();
        Config::read(&Environment::of_pairs(all)).map_err(|problems| problems.0)
    }

    fn problem(variables: &[(&str, &str)]) -> String {
        let problems = read(variables).map(|_| ()).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].clone()
    }

    #[test]
    fn a_mistake_in_the_address_of_postgresql_is_named_before_it_is_used() {
        let of = |url| problem(&[("DATABASE_URL", url)]);
        for url in ["postgres://bot:a/b@db/bot", "postgres://bot:a#b@db/bot", "postgres://db:x/bot"]
        {
            assert!(of(url).contains("percent-encoded"), "{url}");
        }
        assert!(of("postgres://bot@db/bot?sslmode=verifyfull").contains("isn't an address"));
        assert!(of("postgres://bot@db/bot?sslmod=verify-full").contains("misspelt"));
        for url in [
            "postgres://bot:a%2Fb@db/bot?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgresql:///bot?host=/run/postgresql&options[search_path]=bot",
        ] {
            assert!(read(&[("DATABASE_URL", url)]).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_secret_is_read_from_the_file_that_its_twin_names_without_the_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "Bot from-a-file\r\n").unwrap();
        let twin = ("DISCORD_TOKEN_FILE", file.to_str().unwrap());
        let config = read(&[("DISCORD_TOKEN", ""), twin]).unwrap();
        assert_eq!(config.discord.token.expose_secret(), "from-a-file");
        assert_eq!(
            problem(&[twin]),
            "DISCORD_TOKEN: is set, and so is DISCORD_TOKEN_FILE: keep one of them"
        );
    }

    #[test]
    fn a_file_that_holds_no_secret_is_the_problem_of_its_twin() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let path = file.to_str().unwrap();
        let twin = [("CONNECT_API_KEY", ""), ("CONNECT_API_KEY_FILE", path)];
        assert_eq!(problem(&twin), "CONNECT_API_KEY_FILE: names a file that doesn't exist");
        std::fs::write(&file, "\n").unwrap();
        assert!(problem(&twin).starts_with("CONNECT_API_KEY_FILE: isn't an API key"));
        std::fs::write(&file, [0xff]).unwrap();
        assert_eq!(problem(&twin), "CONNECT_API_KEY_FILE: names a file that isn't text");
    }

    #[test]
    fn blank_is_unset() {
        let config = read(&[("CONNECT_TIMEOUT", " "), ("ALLOWED_CHANNEL_IDS", "")]).unwrap();
        assert_eq!(config.connect.timeout, Duration::from_secs(30));
        assert!(config.policy.channels.is_empty());
        assert_eq!(
            problem(&[("DISCORD_TOKEN", "  ")]),
            "DISCORD_TOKEN: is missing (or name a file in DISCORD_TOKEN_FILE)"
        );
        assert!(problem(&[("ADMIN_ROLE_IDS", "")]).starts_with("ADMIN_ROLE_IDS: is missing"));
    }

    #[test]
    fn quotes_around_a_value_are_named_and_a_filter_that_logs_nothing_is_none() {
        for (name, value) in [("CONNECT_API_KEY", "\"hush\""), ("LOG_FORMAT", "'json'")] {
            let said = format!("{name}: has quotes around it: take them away");
            assert_eq!(problem(&[(name, value)]), said);
        }
        for filter in ["info", "off", "ldapgroup_bot", "audit", "sqlx=debug", "warn,audit=info"] {
            assert_eq!(read(&[("RUST_LOG", filter)]).unwrap().log.filter, filter);
        }
        for nothing in ["verbose", "sqlx", "information,loud"] {
            assert!(problem(&[("RUST_LOG", nothing)]).starts_with("RUST_LOG: isn't a filter"));
        }
    }

    #[test]
    fn named_users_are_admins_enough() {
        let config = read(&[("ADMIN_ROLE_IDS", ""), ("ADMIN_USER_IDS", "7")]).unwrap();
        assert_eq!(config.policy.admin_users, [UserId(7)]);
        assert!(config.policy.admin_roles.is_empty());
    }

    #[test]
    fn ids_are_positive_numbers_of_64_bits_separated_by_commas() {
        let config = read(&[("DISCORD_GUILD_IDS", " 3 ,18446744073709551615,")]).unwrap();
        assert_eq!(config.policy.guilds, [GuildId(3), GuildId(u64::MAX)]);
        let config = read(&[("ADMIN_ROLE_IDS", "2,1,2,01,3")]).unwrap();
        assert_eq!(config.policy.admin_roles, [RoleId(2), RoleId(1), RoleId(3)]);
        for wrong in [",", "0", "1 2", "1;2", "-1", "18446744073709551616", "<@1>"] {
            assert!(problem(&[("DISCORD_GUILD_IDS", wrong)]).starts_with("DISCORD_GUILD_IDS: "));
        }
    }

    #[test]
    fn durations_keep_to_their_bounds() {
        for (name, least, most, below, above) in [
            ("CONNECT_TIMEOUT", "1s", "5m", "999ms", "301s"),
            ("TICKET_TTL", "1s", "24h", "0s", "24h 1s"),
            ("REQUEST_TTL", "1s", "365d", "0s", "366d"),
            ("REQUEST_REMINDER", "1s", "365d", "999ms", "366d"),
            ("HISTORY_TTL", "7d", "10y", "167h", "11y"),
            ("ALERT_AFTER", "1s", "365d", "999ms", "366d"),
        ] {
            assert!(read(&[(name, least)]).is_ok() && read(&[(name, most)]).is_ok(), "{name}");
            for wrong in [below, above, "10", "soon", "-1s"] {
                assert!(problem(&[(name, wrong)]).starts_with(name), "{name}={wrong}");
            }
        }
        assert_eq!(read(&[("REQUEST_REMINDER", "0")]).unwrap().requests.reminder, None);
        assert_eq!(read(&[("ALERT_AFTER", "0")]).unwrap().alerts.after, None);
        assert_eq!(read(&[]).unwrap().requests.history_ttl, None);
    }

    #[test]
    fn no_secret_prints() {
        let config = read(&[
            ("DATABASE_URL", "postgres://bot:hush-password@db/bot"),
            ("HTTPS_PROXY", "http://bot:hush-password@proxy:3128"),
        ])
        .unwrap();
        assert!(config.database_url.expose_secret().contains("hush-password"));
        let printed = format!("{config:?} {config:#?}");
        assert!(printed.contains("connect.example.com") && !printed.contains("hush"), "{printed}");
    }
}
