//! How the stand-in is set up, and which roles a key may have.

use std::time::{Duration, SystemTime};

use serde::Serialize;

/// What may be chosen when the stand-in starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// The names of the groups in LDAP; a name that occurs twice is two groups.
    pub groups: Vec<String>,
    /// Which of them Connect has already. Names that aren't in `groups` are passed over.
    pub imported: Vec<String>,
    /// How long a `temp_ticket` is good for. Connect doesn't say how long its own are.
    pub ticket_ttl: Duration,
    /// Above how many hits a search is refused with code 83; `None` for never.
    pub max_results: Option<usize>,
    /// The path under which Connect lives, such as `/rsc`; empty for none.
    pub base_path: String,
    /// What `server_settings` says of the version; empty as on a server that hides it.
    pub version: String,
    /// Connect before 2025.04.0 ignores `page_number` in `GET v1/groups` when `prefix` is given.
    pub ignores_page_number: bool,
    /// The name of the authentication provider; other than `LDAP`, searches answer code 132 and
    /// creations 119.
    pub authentication: String,
    /// Whether groups in LDAP can be searched; if not, searches answer code 132.
    pub external_group_search: bool,
    /// The role of the user whom the key belongs to.
    pub user_role: Role,
    /// The role of the key itself. The lower of the two decides what it may do.
    pub key_role: Role,
    /// When the key expires; `None` for never. An expired key is refused as a wrong one is.
    pub key_expires: Option<SystemTime>,
    /// The other keys of its owner.
    pub other_keys: Vec<Key>,
    /// HTTPS with a certificate of a private authority, see [`Connect::ca_pem`](super::Connect::ca_pem).
    pub tls: bool,
}

impl Default for Options {
    /// The bundled directory on a current server, a dozen of its groups imported, tickets good for
    /// five minutes, and an administrator's key.
    fn default() -> Self {
        Self {
            groups: crate::ldif::parse(include_str!("../directory.ldif"))
                .expect("the bundled directory is valid LDIF, as a test shows"),
            imported: IMPORTED.map(str::to_owned).to_vec(),
            ticket_ttl: Duration::from_mins(5),
            max_results: None,
            base_path: String::new(),
            version: "2026.06.0".to_owned(),
            ignores_page_number: false,
            authentication: "LDAP".to_owned(),
            external_group_search: true,
            user_role: Role::Administrator,
            key_role: Role::Administrator,
            key_expires: None,
            other_keys: Vec::new(),
            tls: false,
        }
    }
}

/// The groups of the bundled directory that somebody has imported before.
const IMPORTED: [&str; 12] = [
    "accounting",
    "ABE",
    "contractors",
    "Data Science Berlin",
    "engineering",
    "Finance",
    "human-resources",
    "legal",
    "marketing",
    "R&D",
    "sales-emea",
    "営業部",
];

/// An API key as Connect lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// What it may do at most.
    pub role: Role,
    /// When it expires; `None` for never.
    pub expires: Option<SystemTime>,
}

/// A role of Connect's, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May neither search nor create.
    Viewer,
    /// May search. May not create, as `Authorization.PublishersCanOwnGroups` is off by default.
    Publisher,
    /// May search and create.
    Administrator,
}
