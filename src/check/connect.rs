//! Looks at Connect.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;

use super::{Finding, Level};
use crate::connect::{
    ApiKey, Code, Connect, CorrelationId, Error, KeyInUse, LdapSearch, Role, ServerSettings,
};
use crate::text::{count, shorten, visible};

/// A key that expires within this time is warned of.
const SOON: Duration = Duration::from_hours(14 * 24);

/// Names of Connect's take at most this many UTF-16 units.
const MAX_NAME: usize = 60;

/// Looks at Connect: whether it answers, whose the key is and what it may do, whether LDAP can be
/// searched.
pub async fn connect(connect: &Connect) -> Vec<Finding> {
    let id = CorrelationId::new();
    let (settings, key) = tokio::join!(connect.server_settings(id), connect.key_in_use(id));
    let mut findings = match &key {
        Ok(in_use) => about_key(in_use, SystemTime::now()),
        Err(error) => vec![no_connect(error)],
    };
    match (settings, key) {
        (Ok(settings), _) => findings.push(ldap(&settings)),
        (Err(error), Ok(_)) => findings.push(Finding::warn(format!(
            "Connect's settings can't be read, so that it isn't known whether LDAP can be searched \
             ({}): try it with a search",
            error.chain()
        ))),
        // One reason why Connect can't be asked is enough.
        (Err(_), Err(_)) => {}
    }
    findings
}

fn about_key(in_use: &KeyInUse, now: SystemTime) -> Vec<Finding> {
    let mut findings = vec![role(in_use, now)];
    if let Err(error) = &in_use.keys
        && error.status() != Some(StatusCode::NOT_FOUND)
    {
        findings.push(Finding::warn(format!(
            "the API keys of {} can't be listed, so that it isn't known when CONNECT_API_KEY \
             expires ({}): look under API Keys in Connect",
            named(&in_use.owner.username),
            error.chain()
        )));
    }
    let candidates = in_use.candidates(now);
    findings.extend(lower_role(in_use, &candidates, now));
    findings.extend(expiry(in_use, &candidates, now));
    findings
}

fn role(in_use: &KeyInUse, now: SystemTime) -> Finding {
    let (owner, role) = (&in_use.owner, in_use.role(now));
    let name = named(&owner.username);
    if owner.locked {
        return Finding::fail(format!(
            "Connect has locked {name}, the owner of CONNECT_API_KEY: use another administrator's \
             key"
        ));
    }
    let whose = if role < owner.user_role {
        format!(
            "CONNECT_API_KEY has the role {}, though {name} is {}",
            role.word(),
            owner.user_role.somebody()
        )
    } else {
        format!("CONNECT_API_KEY is that of {name}, {}", role.somebody())
    };
    match role {
        Role::Administrator => {
            Finding::ok(format!("Connect accepts the key of administrator {name}"))
        }
        Role::Publisher => Finding::warn(format!(
            "{whose}: searches work, but creating needs an administrator's key"
        )),
        Role::Unknown => Finding::warn(format!(
            "{whose}: this version of the bot doesn't know what it may do, so use an \
             administrator's key if creating fails"
        )),
        Role::Viewer => Finding::fail(format!(
            "{whose}: it can neither search nor create, so use an administrator's key"
        )),
    }
}

/// One of several keys may be the one in use, and be good for less.
fn lower_role(in_use: &KeyInUse, candidates: &[&ApiKey], now: SystemTime) -> Option<Finding> {
    let role = in_use.role(now);
    let lower = |key: &&&ApiKey| key.own_role().is_some_and(|own| own < role);
    let lower = candidates.iter().find(lower)?;
    Some(Finding::warn(format!(
        "{} has {}, of which {} has the role {} only: see that it isn't CONNECT_API_KEY, or \
         creating fails",
        named(&in_use.owner.username),
        count(candidates.len(), "API key"),
        named(&lower.name),
        lower.own_role().unwrap_or(role).word()
    )))
}

fn expiry(in_use: &KeyInUse, candidates: &[&ApiKey], now: SystemTime) -> Option<Finding> {
    let first = candidates.first()?;
    let at = first.expires_at?;
    let day = day(at);
    let level = match at.duration_since(now) {
        Err(_) => Level::Fail,
        Ok(left) if left <= SOON => Level::Warn,
        Ok(_) => Level::Ok,
    };
    let text = match (candidates.len(), level) {
        (1, Level::Ok) => format!("CONNECT_API_KEY expires on {day}"),
        (1, Level::Warn) => format!(
            "CONNECT_API_KEY expires on {day}: create a new one under API Keys in Connect before \
             then, and set CONNECT_API_KEY to it"
        ),
        (1, Level::Fail) => format!(
            "CONNECT_API_KEY expired on {day}: create a new one under API Keys in Connect, and set \
             CONNECT_API_KEY to it"
        ),
        (several, level) => {
            let verb = if level == Level::Fail { "expired" } else { "expires" };
            let todo = if level == Level::Ok {
                ""
            } else {
                ": if it is CONNECT_API_KEY, create a new one under API Keys in Connect, and set \
                 CONNECT_API_KEY to it"
            };
            format!(
                "of the {several} API keys of {}, {} {verb} on {day}{todo}",
                named(&in_use.owner.username),
                named(&first.name)
            )
        }
    };
    Some(Finding::new(level, text))
}

/// A name of Connect's, on one line and bounded.
fn named(name: &str) -> String {
    shorten(&visible(name), MAX_NAME).into_owned()
}

/// The day in UTC: `2026-11-27`.
fn day(at: SystemTime) -> String {
    let mut text = humantime::format_rfc3339_seconds(at).to_string();
    text.truncate("2026-11-27".len());
    text
}

fn ldap(settings: &ServerSettings) -> Finding {
    let version = settings.version.as_deref().filter(|version| !version.is_empty());
    let version = named(version.unwrap_or("of a hidden version"));
    match settings.ldap_search() {
        LdapSearch::On => Finding::ok(format!("Connect {version} searches LDAP groups")),
        LdapSearch::Off => Finding::fail(format!(
            "Connect {version} has its LDAP group search turned off: an administrator of Connect \
             must set up LDAP groups"
        )),
        LdapSearch::OtherProvider(provider) => Finding::fail(format!(
            "Connect {version} takes its users from {}, not LDAP: the bot has nothing to search \
             there, so name another server in CONNECT_SERVER",
            named(provider)
        )),
        LdapSearch::Unsaid => Finding::warn(format!(
            "Connect {version} doesn't say whether it searches LDAP groups: try it with a search"
        )),
    }
}

fn no_connect(error: &Error) -> Finding {
    let hint = match error {
        Error::Refused { code: Code::BadKey(_), .. } => {
            "the key is mistyped, deleted or expired, so set CONNECT_API_KEY to a valid one of an \
             administrator"
        }
        Error::Refused { code: Code::KeyBlocked(_), .. } => {
            "set CONNECT_API_KEY to a valid key of an administrator who isn't locked"
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
    Finding::fail(format!("{}: {hint}", error.chain().trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_key_that_has_expired_by_the_bots_clock_is_said_so() {
        let said = |keys: &str| {
            let owner = r#"{"guid":"1","username":"ada","user_role":"administrator"}"#;
            let owner = serde_json::from_str(owner).unwrap();
            let in_use = KeyInUse { owner, keys: Ok(serde_json::from_str(keys).unwrap()) };
            let now = UNIX_EPOCH + Duration::from_hours(500_000);
            about_key(&in_use, now).last().unwrap().to_string()
        };
        let one = r#"{"name":"bot","expires_at":"2026-11-27T09:20:00Z"}"#;
        assert_snapshot!(said(&format!("[{one}]")), @"FAIL  CONNECT_API_KEY expired on 2026-11-27: create a new one under API Keys in Connect, and set CONNECT_API_KEY to it");
        assert_snapshot!(said(&format!("[{one},{one}]")), @"FAIL  of the 2 API keys of ada, bot expired on 2026-11-27: if it is CONNECT_API_KEY, create a new one under API Keys in Connect, and set CONNECT_API_KEY to it");
    }

    #[test]
    fn a_role_that_nobody_knows_is_no_reason_to_fail() {
        let owner = r#"{"guid":"1","username":"ada\nFAIL","user_role":"emperor"}"#;
        let owner = serde_json::from_str(owner).unwrap();
        let finding = role(&KeyInUse { owner, keys: Ok(Vec::new()) }, UNIX_EPOCH);
        assert_snapshot!(finding, @r"warn  CONNECT_API_KEY is that of ada\u{a}FAIL, a user of unknown role: this version of the bot doesn't know what it may do, so use an administrator's key if creating fails");
    }
}
