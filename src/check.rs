//! What can be known before anyone uses the bot, and what to do about what is wrong.

use std::fmt;

use crate::access::GuildId;
use crate::config::Config;
use crate::connect::{Code, Connect, CorrelationId, Error, KeyOwner, ServerSettings};
use crate::discord::commands::invitation;
use crate::discord::rest::{Application, Rest, RestError};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// The bot works, but not for everything or everyone.
    Warn,
    /// The bot can't work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was found and, unless all is well, what to do.
    pub text: String,
}

impl Finding {
    fn ok(text: impl Into<String>) -> Self {
        Self { level: Level::Ok, text: text.into() }
    }

    fn warn(text: impl Into<String>) -> Self {
        Self { level: Level::Warn, text: text.into() }
    }

    fn fail(text: impl Into<String>) -> Self {
        Self { level: Level::Fail, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(f, "{level:<5} {}", self.text)
    }
}

/// Logs a finding that isn't good news at its level, and one that is for who wants to know.
pub fn note(finding: &Finding) {
    match finding.level {
        Level::Ok => tracing::info!("{}", finding.text),
        Level::Warn => tracing::warn!("{}", finding.text),
        Level::Fail => tracing::error!("{}", finding.text),
    }
}

/// Whether Discord sends interactions where the bot listens.
#[must_use]
pub fn interactions_endpoint(application: &Application) -> Finding {
    match application.interactions_endpoint_url.as_deref() {
        None | Some("") => Finding::ok("Discord sends interactions over the gateway"),
        Some(_) => Finding::fail(
            "Discord sends interactions to a web address, and the bot gets none: clear \
             Interactions Endpoint URL on the application's page General Information",
        ),
    }
}

/// Looks at Discord: the token, the servers, the roles.
pub async fn discord(rest: &Rest, config: &Config) -> Vec<Finding> {
    let application = match rest.application().await {
        Ok(application) => application,
        Err(error) => return vec![token_refused(&error)],
    };
    let mut findings = vec![
        Finding::ok(format!("Discord accepts the token of application {}", application.name)),
        interactions_endpoint(&application),
    ];
    for guild in &config.policy.guilds {
        findings.extend(server(rest, config, *guild, &application).await);
    }
    if let Some(channel) = config.requests.channel {
        findings.push(match rest.channel(channel).await {
            Ok(()) => Finding::ok(format!("the bot sees the requests channel {channel}")),
            Err(error) => Finding::warn(format!(
                "the bot can't see channel {channel} ({error}): check REQUESTS_CHANNEL_ID, and \
                 give the bot View Channel there"
            )),
        });
    }
    findings
}

fn token_refused(error: &RestError) -> Finding {
    match error.status().map(|status| status.as_u16()) {
        Some(401) => Finding::fail(
            "Discord refuses the token: copy a new one from the application's page Bot into \
             DISCORD_TOKEN",
        ),
        Some(_) | None => Finding::fail(format!(
            "Discord can't be asked: {error}. Check the network and DISCORD_API_URL"
        )),
    }
}

async fn server(
    rest: &Rest,
    config: &Config,
    guild: GuildId,
    application: &Application,
) -> Vec<Finding> {
    let roles = match rest.roles(guild).await {
        Ok(roles) => roles,
        Err(error) if !error.is_not_in_guild() => {
            return vec![Finding::fail(format!("server {guild} can't be asked about: {error}"))];
        }
        Err(error) => {
            return vec![Finding::fail(format!(
                "the bot isn't in server {guild} ({error}): check DISCORD_GUILD_IDS, and invite \
                 it with {}",
                invitation(application.id.get())
            ))];
        }
    };
    let mut findings = vec![Finding::ok(format!("the bot is in server {guild}"))];
    let named = [
        ("ADMIN_ROLE_IDS", &config.policy.admin_roles),
        ("REQUESTER_ROLE_IDS", &config.policy.requester_roles),
    ];
    for (variable, named) in named {
        // A role may be of another server that is served.
        let is_only = config.policy.guilds.len() == 1;
        for role in named {
            // Everyone's role has the server's own id, and nobody's list of roles holds it.
            if role.0 == guild.0 {
                findings.push(Finding::warn(format!(
                    "{variable} names @everyone, a role that counts for nobody: leave it out"
                )));
            } else if is_only && !roles.contains(role) {
                findings.push(Finding::warn(format!(
                    "{variable} names role {role}, which server {guild} doesn't have: correct it"
                )));
            }
        }
        if !is_only && !named.is_empty() && !named.iter().any(|role| roles.contains(role)) {
            findings
                .push(Finding::warn(format!("server {guild} has none of the roles of {variable}")));
        }
    }
    findings
}

/// Looks at Connect: whether it answers, whose the key is, whether LDAP can be searched.
pub async fn connect(connect: &Connect) -> Vec<Finding> {
    let id = CorrelationId::new();
    let (settings, owner) = tokio::join!(connect.server_settings(id), connect.key_owner(id));
    match (settings, owner) {
        (settings, Ok(owner)) => {
            let unknown = |error: Error| {
                Finding::warn(format!("Connect's settings can't be read: {}", error.chain()))
            };
            vec![key(&owner), settings.map_or_else(unknown, |settings| ldap(&settings))]
        }
        (_, Err(error)) => vec![no_connect(&error)],
    }
}

fn key(owner: &KeyOwner) -> Finding {
    let KeyOwner { username, user_role, locked } = owner;
    match (user_role.as_str(), locked) {
        (_, true) => Finding::fail(format!(
            "Connect has locked {username}, the owner of CONNECT_API_KEY: use another \
             administrator's key"
        )),
        ("administrator", false) => {
            Finding::ok(format!("Connect accepts the key of administrator {username}"))
        }
        ("publisher", false) => Finding::warn(format!(
            "CONNECT_API_KEY is {username}'s, a publisher: searches work, but creating needs an \
             administrator's key"
        )),
        (role, false) => Finding::fail(format!(
            "CONNECT_API_KEY is {username}'s, a {role}, who may neither search nor create: use an \
             administrator's key"
        )),
    }
}

fn ldap(settings: &ServerSettings) -> Finding {
    let version = settings.version.as_deref().unwrap_or("of a hidden version");
    let provider = settings.authentication.name.as_deref();
    match (provider, settings.authentication.external_group_search) {
        (Some(provider), _) if !provider.eq_ignore_ascii_case("ldap") => Finding::fail(format!(
            "Connect {version} takes its users from {provider}, not LDAP: the bot has nothing to \
             search there"
        )),
        (_, Some(false)) => Finding::fail(format!(
            "Connect {version} has its LDAP group search turned off: an administrator of Connect \
             must set up LDAP groups"
        )),
        (_, Some(true)) => Finding::ok(format!("Connect {version} searches LDAP groups")),
        (_, None) => Finding::warn(format!(
            "Connect {version} doesn't say whether it searches LDAP groups: try it with a search"
        )),
    }
}

fn no_connect(error: &Error) -> Finding {
    let hint = match error {
        Error::Refused { code: Code::BadKey(_) | Code::KeyBlocked(_), .. } => {
            "set CONNECT_API_KEY to a valid key of an administrator"
        }
        Error::Certificate(_) => "name its authority's certificate in CONNECT_CA_FILE",
        Error::NotConnect { .. } | Error::Unreadable(_) => {
            "check CONNECT_SERVER, and what stands in front of Connect"
        }
        Error::Refused { .. }
        | Error::Unreachable(_)
        | Error::Interrupted(_)
        | Error::TimedOut(_) => "check CONNECT_SERVER and the network",
    };
    Finding::fail(format!("{}: {hint}", error.chain()))
}
