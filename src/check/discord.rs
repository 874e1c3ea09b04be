//! Looks at Discord: the token, the servers, their roles.

use std::time::Duration;

use humantime::format_duration;

use super::finding::{Finding, Level, later, named, words};
use super::gateway::gateway;
use super::people::people;
use super::rooms::{Places, rooms};
use crate::access::Policy;
use crate::config::DiscordSettings;
use crate::discord_api::permissions::{Membership, invitation};
use crate::discord_api::rest::{Application, Rest, RestError};
use crate::discord_api::signature::PublicKey;
use crate::ids::{GuildId, RoleId};

/// Looks at Discord: the token, everything that is to be served and, with the settings that lead there,
/// the gateway.
pub(crate) async fn discord(
    rest: &Rest,
    wanted: Places<'_>,
    settings: Option<&DiscordSettings>,
) -> Vec<Finding> {
    let application = match rest.get_application().await {
        Ok(application) => application,
        Err(error) => return vec![token_refused(&error, settings)],
    };
    let mut findings = vec![
        Finding::ok(format!(
            "Discord accepts the token of application {}",
            named(&application.name)
        )),
        interactions_endpoint(&application, wanted.public_key),
    ];
    let gateway = async {
        match settings {
            Some(settings) if settings.public_key.is_none() => {
                gateway(rest, &settings.proxies).await
            }
            Some(_) | None => Vec::new(),
        }
    };
    let (gateway, places) = tokio::join!(gateway, places(rest, wanted, &application));
    findings.extend(gateway);
    findings.extend(places);
    findings
}

/// That Discord said nothing for so long.
pub(crate) fn slow_discord(waited: Duration) -> Finding {
    Finding::fail(format!(
        "Discord didn't answer everything within {}, so that servers, roles and channels aren't known: \
         try again later",
        format_duration(waited)
    ))
}

/// Whether Discord sends interactions where the bot listens.
pub(crate) fn interactions_endpoint(
    application: &Application,
    public_key: Option<&PublicKey>,
) -> Finding {
    let url = application.interactions_endpoint_url.as_deref().filter(|url| !url.is_empty());
    match (public_key, url) {
        (None, None) => Finding::ok("Discord sends interactions over the gateway"),
        (None, Some(_)) => Finding::fail(
            "Discord sends interactions to a web address, and the bot gets none: clear \
             Interactions Endpoint URL on the application's page General Information, or set \
             `DISCORD_PUBLIC_KEY`",
        ),
        (Some(key), _) if !application.signs_for(key) => Finding::fail(
            "`DISCORD_PUBLIC_KEY` isn't the key of this application, so every interaction is \
             refused: copy Public Key from the application's page General Information",
        ),
        (Some(_), Some(url)) => {
            Finding::ok(format!("Discord sends interactions to {}", words(url)))
        }
        (Some(_), None) => Finding::warn(
            "Discord sends interactions over the gateway, and the bot waits for them over HTTP: set \
             Interactions Endpoint URL on the application's page General Information to the address \
             at which Discord reaches /interactions of `HTTP_ADDR`, or unset `DISCORD_PUBLIC_KEY`",
        ),
    }
}

fn token_refused(error: &RestError, settings: Option<&DiscordSettings>) -> Finding {
    let proxy = settings.and_then(|set| set.proxies.name_for(set.api.as_str()));
    let proxy = proxy.map_or_else(String::new, |proxy| format!(", the proxy {proxy}"));
    if error.status().is_some_and(|status| status.as_u16() == 401) {
        return Finding::fail(
            "Discord refuses the token: copy a new one from the application's page Bot into \
             `DISCORD_TOKEN`",
        );
    }
    if error.is_limit() {
        return Finding::fail(format!(
            "Discord takes no more calls of this bot's, or from this address, for now ({}): {}; if that \
             stays, find out what else uses them",
            words(error),
            later(error.limit())
        ));
    }
    let why = error.to_string();
    let why = why.strip_prefix("Discord ").map_or(why.clone(), |why| format!("it {why}"));
    Finding::fail(format!(
        "Discord can't be asked: {}. Check the network{proxy} and `DISCORD_API_URL`",
        words(&why)
    ))
}

/// Looks at everything that is to be served: the servers, the roles, the channels.
pub(crate) async fn places(
    rest: &Rest,
    wanted: Places<'_>,
    application: &Application,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut servers = Vec::new();
    for guild in &wanted.policy.guilds {
        match rest.membership(*guild, application).await {
            Ok(server) => {
                findings.push(Finding::ok(format!("the bot is in server {guild}")));
                servers.push(server);
            }
            Err(error) => findings.push(not_there(*guild, application, &error)),
        }
    }
    let people = people(rest, wanted, &servers).await;
    let admin_users = &wanted.policy.admin_users;
    let are_all_absent = people.are_all_absent(admin_users.len());
    findings.extend(roles(wanted.policy, &servers, are_all_absent));
    let is_nobody_else = are_all_absent && !any_has(&servers, &wanted.policy.admin_roles);
    findings.extend(people.findings(&servers, is_nobody_else));
    findings.extend(rooms(rest, wanted, &servers).await);
    findings
}

fn not_there(guild: GuildId, application: &Application, error: &RestError) -> Finding {
    if error.is_not_in_guild() {
        return Finding::fail(format!(
            "the bot isn't in server {guild} ({}): check `DISCORD_GUILD_IDS`, and invite it with {}",
            words(error),
            invitation(application.id.get())
        ));
    }
    let error = words(error);
    Finding::fail(format!("server {guild} can't be asked about: {error}. Try again later"))
}

/// Whether a server has a role that somebody can have: everyone's, which nobody's list of roles holds,
/// has the server's own id.
fn has(server: &Membership, role: RoleId) -> bool {
    server.roles.iter().any(|known| known.id.get() == role.0 && role.0 != server.guild.0)
}

fn any_has(servers: &[Membership], roles: &[RoleId]) -> bool {
    servers.iter().any(|server| roles.iter().any(|role| has(server, *role)))
}

/// Whether the roles that the settings name are there, which is worse for those of admins if nobody else
/// is one.
fn roles(policy: &Policy, servers: &[Membership], is_nobody_else: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let named = [
        ("`ADMIN_ROLE_IDS`", &policy.admin_roles, is_nobody_else),
        ("`REQUESTER_ROLE_IDS`", &policy.requester_roles, false),
    ];
    for (variable, named, is_only_way) in named {
        // Without an answer from every server nobody knows that a role isn't there.
        let all_asked = servers.len() == policy.guilds.len();
        let none_known = all_asked && !any_has(servers, named);
        let (level, so) = if none_known && is_only_way {
            (Level::Fail, ", so nobody is an admin")
        } else {
            (Level::Warn, "")
        };
        for role in named {
            if policy.guilds.iter().any(|guild| guild.0 == role.0) {
                findings.push(Finding::new(
                    level,
                    format!(
                        "{variable} names `@everyone`, a role that counts for nobody{so}: leave it \
                         out"
                    ),
                ));
            } else if all_asked && !any_has(servers, &[*role]) {
                let which = match servers {
                    [only] => format!("server {} doesn't have", only.guild),
                    _ => "no server has".to_owned(),
                };
                findings.push(Finding::new(
                    level,
                    format!(
                        "{variable} names role {role}, which {which}{so}: right-click the role in \
                         Discord and copy its ID"
                    ),
                ));
            }
        }
        if servers.len() > 1 && !none_known {
            let without = |server: &&Membership| !named.iter().any(|role| has(server, *role));
            for server in servers.iter().filter(without).filter(|_| !named.is_empty()) {
                let guild = server.guild;
                findings.push(Finding::warn(format!(
                    "server {guild} has none of the roles of {variable}: add one of its own"
                )));
            }
        }
    }
    findings
}
