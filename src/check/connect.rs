//! Looks at Connect.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;

use super::finding::{Finding, Level, later, named, words};
use crate::connect::{
    ApiKey, Code, Connect, ConnectError, KeyInUse, LdapSearch, Role, ServerSettings,
};
use crate::correlation::CorrelationId;
use crate::text::count;

/// A key that expires within this time is warned of.
const SOON: Duration = Duration::from_hours(14 * 24);

/// Looks at Connect: whether it answers, whose the key is and what it may do, whether LDAP can be
/// searched.
pub(crate) async fn connect(connect: &Connect, id: CorrelationId) -> Vec<Finding> {
    let (settings, key, search) =
        tokio::join!(connect.server_settings(id), connect.key_in_use(id), connect.try_search(id));
    let mut findings = match &key {
        Ok(in_use) => about_key(in_use, SystemTime::now()),
        Err(error) => vec![failed(error)],
    };
    let is_said = match &search {
        // One reason why Connect can't be asked is enough, and so is one why the key is of no use.
        Err(error) => {
            key.is_err() || is_about_key(error) && findings.iter().any(|of| of.level == Level::Fail)
        }
        Ok(()) => false,
    };
    findings.extend(ldap(settings.as_ref().ok(), search.as_ref().err(), is_said));
    findings
}

fn about_key(in_use: &KeyInUse, now: SystemTime) -> Vec<Finding> {
    let mut findings = vec![role(in_use, now)];
    if let Err(error) = &in_use.keys
        && error.status() != Some(StatusCode::NOT_FOUND)
    {
        findings.push(Finding::warn(format!(
            "the API keys of {} can't be listed, so that it isn't known when `CONNECT_API_KEY` \
             expires ({}): look under API Keys in Connect",
            named(&in_use.owner.username),
            words(&error.reason())
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
            "Connect has locked {name}, the owner of `CONNECT_API_KEY`: use another administrator's \
             key"
        ));
    }
    let whose = if role < owner.user_role {
        format!(
            "`CONNECT_API_KEY` has the role {}, though {name} is {}",
            role.word(),
            owner.user_role.somebody()
        )
    } else {
        format!("`CONNECT_API_KEY` is that of {name}, {}", role.somebody())
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
        "{} has {}, of which {} has the role {} only: see that it isn't `CONNECT_API_KEY`, or \
         creating fails",
        named(&in_use.owner.username),
        count(candidates.len(), "API key"),
        named(&lower.name),
        lower.own_role().unwrap_or(role).word()
    )))
}

/// When the key expires or, of several that it can be, the first of them, and what to do about it.
pub(crate) fn key_expiry(in_use: &KeyInUse, now: SystemTime) -> Option<(SystemTime, Finding)> {
    let candidates = in_use.candidates(now);
    let at = candidates.first()?.expires_at?;
    Some((at, expiry(in_use, &candidates, now)?))
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
        (1, Level::Ok) => format!("`CONNECT_API_KEY` expires on {day}"),
        (1, Level::Warn) => format!(
            "`CONNECT_API_KEY` expires on {day}: create a new one under API Keys in Connect before \
             then, and set `CONNECT_API_KEY` to it"
        ),
        (1, Level::Fail) => format!(
            "`CONNECT_API_KEY` expired on {day}: create a new one under API Keys in Connect, and set \
             `CONNECT_API_KEY` to it"
        ),
        (several, level) => {
            let verb = if level == Level::Fail { "expired" } else { "expires" };
            let todo = if level == Level::Ok {
                ""
            } else {
                ": if it is `CONNECT_API_KEY`, create a new one under API Keys in Connect, and set \
                 `CONNECT_API_KEY` to it"
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

/// The day in UTC: `2026-11-27`.
fn day(at: SystemTime) -> String {
    let mut text = humantime::format_rfc3339_seconds(at).to_string();
    text.truncate("2026-11-27".len());
    text
}

fn is_about_key(error: &ConnectError) -> bool {
    matches!(error.code(), Some(Code::BadKey(_) | Code::KeyBlocked(_) | Code::NoPermission))
}

/// Whether LDAP can be searched. A search tells; if it failed, the settings may say why.
fn ldap(
    settings: Option<&ServerSettings>,
    failed: Option<&ConnectError>,
    is_said: bool,
) -> Option<Finding> {
    let connect = match settings.map(|settings| settings.version.as_deref()) {
        Some(None | Some("")) => "Connect of a hidden version".to_owned(),
        Some(Some(version)) => format!("Connect {}", named(version)),
        None => "Connect".to_owned(),
    };
    let Some(error) = failed else {
        return Some(Finding::ok(format!("{connect} searches LDAP groups")));
    };
    let why = match settings.map(ServerSettings::ldap_search) {
        Some(LdapSearch::Off) => format!(
            "{connect} has its LDAP group search turned off: an administrator of Connect must set up \
             LDAP groups"
        ),
        Some(LdapSearch::OtherProvider(provider)) => format!(
            "{connect} takes its users from {}, not LDAP: the bot has nothing to search there, so \
             name another server in `CONNECT_SERVER`",
            named(provider)
        ),
        Some(LdapSearch::On | LdapSearch::Unsaid) | None if is_said => return None,
        Some(LdapSearch::On | LdapSearch::Unsaid) | None => match error.code() {
            Some(Code::LdapTrouble) => format!(
                "{connect} can't reach LDAP, so that nothing can be searched or created: its log says \
                 why, and whoever runs Connect can mend it"
            ),
            Some(Code::NotLdap(_)) => format!(
                "{connect} doesn't take its groups from LDAP: the bot has nothing to search there, so \
                 name another server in `CONNECT_SERVER`"
            ),
            Some(Code::NoPermission) => {
                "`CONNECT_API_KEY` isn't allowed to search LDAP groups: use \
                                         an administrator's key"
                    .to_owned()
            }
            _ => {
                let why = words(&error.reason());
                match too_many(error) {
                    Some(todo) => format!("LDAP groups can't be searched ({why}): {todo}"),
                    None => {
                        format!("LDAP groups can't be searched ({why}): Connect's log says more")
                    }
                }
            }
        },
    };
    Some(Finding::fail(why))
}

/// That Connect failed, and what to do.
pub(crate) fn failed(error: &ConnectError) -> Finding {
    let todo = too_many(error).unwrap_or_else(|| todo(error).to_owned());
    Finding::fail(format!("{}: {todo}", words(&error.reason())))
}

/// What to do if Connect takes no more calls for now, or a proxy in front of it.
fn too_many(error: &ConnectError) -> Option<String> {
    let is_limit = error.code() == Some(Code::RateLimited)
        || error.status() == Some(StatusCode::TOO_MANY_REQUESTS);
    is_limit.then(|| format!("too many calls were made, so {}", later(error.retry_after())))
}

fn todo(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Refused { code, .. } => match code {
            Code::BadKey(_) => {
                "the key is mistyped, deleted or expired, so set `CONNECT_API_KEY` to a valid one of \
                 an administrator"
            }
            Code::KeyBlocked(_) => {
                "set `CONNECT_API_KEY` to a valid key of an administrator who isn't locked"
            }
            Code::NoPermission => "set `CONNECT_API_KEY` to a key of an administrator",
            Code::NotLdap(_) => {
                "Connect doesn't take its groups from LDAP, so name another server in \
                 `CONNECT_SERVER`"
            }
            Code::LdapTrouble => "Connect can't reach LDAP at the moment, and its log says why",
            Code::LicenceExceeded => "Connect's licence doesn't allow it",
            Code::RateLimited
            | Code::NameInUse
            | Code::SameUniqueId
            | Code::TicketInvalid
            | Code::TooManyResults
            | Code::Other(_) => "Connect's log says more",
        },
        ConnectError::Certificate(_) => "name its authority's certificate in `CONNECT_CA_FILE`",
        ConnectError::NotConnect { .. } | ConnectError::Unreadable(_) => {
            "check `CONNECT_SERVER`, and what stands in front of Connect"
        }
        ConnectError::Unreachable(_) | ConnectError::Interrupted(_) | ConnectError::TimedOut(_) => {
            "check `CONNECT_SERVER` and the network"
        }
        ConnectError::Crowded(_) => "try again in a minute",
    }
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
    fn a_name_from_outside_formats_nothing_and_pings_nobody() {
        let owner = r#"{"guid":"1","username":"`@everyone <#1>","user_role":"publisher"}"#;
        let owner = serde_json::from_str(owner).unwrap();
        let finding = role(&KeyInUse { owner, keys: Ok(Vec::new()) }, UNIX_EPOCH);
        assert_snapshot!(finding.markdown(), @r"`CONNECT_API_KEY` is that of `\u{60}@everyone <#1>`, a publisher: searches work, but creating needs an administrator's key");
        assert_snapshot!(finding, @r"warn  CONNECT_API_KEY is that of \u{60}@everyone <#1>, a publisher: searches work, but creating needs an administrator's key");
    }

    #[test]
    fn a_role_that_nobody_knows_is_no_reason_to_fail() {
        let owner = r#"{"guid":"1","username":"ada\nFAIL","user_role":"emperor"}"#;
        let owner = serde_json::from_str(owner).unwrap();
        let finding = role(&KeyInUse { owner, keys: Ok(Vec::new()) }, UNIX_EPOCH);
        assert_snapshot!(finding, @r"warn  CONNECT_API_KEY is that of ada\u{a}FAIL, a user of unknown role: this version of the bot doesn't know what it may do, so use an administrator's key if creating fails");
    }
}
