//! What a Connect server says about itself, and about the API key in use.

use std::time::SystemTime;

use serde::{Deserialize, Deserializer};

use super::ConnectError;
use crate::group::Guid;

/// A role of Connect's, the lowest first: what a user, or a key of theirs, may do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(from = "String")]
pub(crate) enum Role {
    /// One that this version doesn't know.
    Unknown,
    /// May neither search nor create.
    Viewer,
    /// May search. May not create, by Connect's default.
    Publisher,
    /// May do everything.
    Administrator,
}

impl From<String> for Role {
    fn from(word: String) -> Self {
        match word.as_str() {
            "viewer" => Self::Viewer,
            "publisher" => Self::Publisher,
            "administrator" => Self::Administrator,
            _ => Self::Unknown,
        }
    }
}

impl Role {
    /// What Connect calls it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Viewer => "viewer",
            Self::Publisher => "publisher",
            Self::Administrator => "administrator",
        }
    }

    /// Somebody who has it.
    pub(crate) fn somebody(self) -> &'static str {
        match self {
            Self::Unknown => "a user of unknown role",
            Self::Viewer => "a viewer",
            Self::Publisher => "a publisher",
            Self::Administrator => "an administrator",
        }
    }
}

/// Who the API key belongs to.
#[derive(Debug, Deserialize)]
pub(crate) struct KeyOwner {
    /// The user's id.
    pub guid: Guid,
    /// The login name.
    pub username: String,
    /// What the user may do. The key may be allowed less.
    pub user_role: Role,
    /// Whether Connect has locked the user out.
    #[serde(default)]
    pub locked: bool,
}

/// An API key as Connect lists it: without the key itself.
#[derive(Debug, Deserialize)]
pub(crate) struct ApiKey {
    /// What its owner calls it.
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    user_role: Option<Role>,
    /// When it expires. Nothing if it never does, on a server before 2026.06, and if the date can't
    /// be read.
    #[serde(default, deserialize_with = "moment")]
    pub expires_at: Option<SystemTime>,
}

impl ApiKey {
    /// What it may do at most, if this version knows it.
    pub(crate) fn own_role(&self) -> Option<Role> {
        self.user_role.filter(|role| *role != Role::Unknown)
    }
}

fn moment<'de, D: Deserializer<'de>>(text: D) -> Result<Option<SystemTime>, D::Error> {
    let text = Option::<String>::deserialize(text)?.filter(|text| text.is_ascii());
    Ok(text.and_then(|text| humantime::parse_rfc3339(&text).ok()))
}

/// What Connect says about the API key in use. Which of its owner's keys it is Connect doesn't say.
#[derive(Debug)]
pub(crate) struct KeyInUse {
    /// Who it belongs to.
    pub owner: KeyOwner,
    /// The owner's keys, of which it is one.
    pub keys: Result<Vec<ApiKey>, ConnectError>,
}

impl KeyInUse {
    /// The keys that it can be, the one that expires first before the others. Connect has taken it,
    /// so that it is none that has expired, unless all have.
    pub(crate) fn candidates(&self, now: SystemTime) -> Vec<&ApiKey> {
        let Ok(keys) = &self.keys else { return Vec::new() };
        let is_good = |key: &&ApiKey| key.expires_at.is_none_or(|at| at > now);
        let mut candidates: Vec<_> = keys.iter().filter(is_good).collect();
        if candidates.is_empty() {
            candidates = keys.iter().collect();
        }
        candidates.sort_by_key(|key| (key.expires_at.is_none(), key.expires_at));
        candidates
    }

    /// The highest role that it can have: the owner's, or a lower one that each candidate has.
    pub(crate) fn role(&self, now: SystemTime) -> Role {
        let owners = self.owner.user_role;
        let candidates = self.candidates(now);
        let highest = candidates.iter().map(|key| key.own_role().unwrap_or(owners)).max();
        highest.map_or(owners, |role| role.min(owners))
    }
}

/// What a Connect server says about itself, where it says anything: the call is undocumented.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ServerSettings {
    /// Its version; administrators can hide it.
    #[serde(default)]
    pub version: Option<String>,
    /// Where its users come from.
    #[serde(default)]
    pub authentication: Authentication,
}

/// Where a Connect server's users come from.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Authentication {
    /// The provider: `LDAP` and others.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether the provider's groups can be searched.
    #[serde(default)]
    pub external_group_search: Option<bool>,
}

/// Whether LDAP groups can be searched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LdapSearch<'a> {
    /// They can.
    On,
    /// Nobody has set it up.
    Off,
    /// The server takes its users from this provider.
    OtherProvider(&'a str),
    /// The server doesn't say.
    Unsaid,
}

impl ServerSettings {
    /// Whether LDAP groups can be searched.
    pub(crate) fn ldap_search(&self) -> LdapSearch<'_> {
        let Authentication { name, external_group_search } = &self.authentication;
        match (name.as_deref(), external_group_search) {
            (Some(name), _) if !name.eq_ignore_ascii_case("ldap") => {
                LdapSearch::OtherProvider(name)
            }
            (_, Some(true)) => LdapSearch::On,
            (_, Some(false)) => LdapSearch::Off,
            (_, None) => LdapSearch::Unsaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn in_use(keys: &str) -> KeyInUse {
        let owner = r#"{"guid":"1","username":"ada","user_role":"administrator"}"#;
        let owner = serde_json::from_str(owner).unwrap();
        KeyInUse { owner, keys: Ok(serde_json::from_str(keys).unwrap()) }
    }

    const NOW: SystemTime = UNIX_EPOCH;

    #[test]
    fn an_expired_key_is_not_the_one_that_connect_took_unless_all_are() {
        let now = UNIX_EPOCH + Duration::from_hours(500_000);
        let keys = in_use(
            r#"[{"name":"never"},{"name":"old","expires_at":"2020-01-01T00:00:00Z"},
                {"name":"late","expires_at":"2030-01-01T00:00:00.5Z"},
                {"name":"soon","expires_at":"2029-01-01T00:00:00+00:00"}]"#,
        );
        let names = |keys: &KeyInUse| {
            keys.candidates(now).iter().map(|key| key.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&keys), ["soon", "late", "never"]);
        let all = in_use(r#"[{"name":"old","expires_at":"2020-01-01T00:00:00Z"}]"#);
        assert_eq!(names(&all), ["old"]);
    }

    #[test]
    fn its_role_is_the_highest_that_it_can_have() {
        let role = |keys: &str| in_use(keys).role(NOW);
        assert_eq!(role("[]"), Role::Administrator);
        assert_eq!(role("[{}]"), Role::Administrator);
        assert_eq!(role(r#"[{"user_role":"viewer"}]"#), Role::Viewer);
        let two = r#"[{"user_role":"viewer"},{"user_role":"publisher"}]"#;
        assert_eq!(role(two), Role::Publisher);
        assert_eq!(role(r#"[{"user_role":"emperor"}]"#), Role::Administrator);
    }

    #[test]
    fn a_date_that_cannot_be_read_is_no_date() {
        for date in ["null", r#""soon""#, r#""2030-01-01T00:00:00é""#] {
            let keys = in_use(&format!(r#"[{{"expires_at":{date}}}]"#));
            assert_eq!(keys.keys.unwrap()[0].expires_at, None, "{date}");
        }
    }
}
