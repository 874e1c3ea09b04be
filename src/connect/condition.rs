//! What the answer to a call says about Connect, LDAP and the key.

use std::time::SystemTime;

use super::error::{Code, ConnectError};
use crate::troubles::{Trouble, Troubles};

/// Notes what came of a call, for whoever tells people about trouble that lasts.
pub(super) fn note(troubles: &Troubles, endpoint: &str, error: Option<&ConnectError>) {
    // Nothing was asked.
    if let Some(ConnectError::Crowded(_)) = error {
        return;
    }
    troubles.note_asked();
    let wrong = error.and_then(|error| trouble(endpoint, error));
    if let Some(trouble) = wrong {
        troubles.note(trouble, SystemTime::now());
    }
    for trouble in shown_well(endpoint, error) {
        troubles.note_well(*trouble);
    }
}

/// What an error is a sign of.
fn trouble(endpoint: &str, error: &ConnectError) -> Option<Trouble> {
    match error {
        ConnectError::Refused { code, status, .. } => match code {
            Code::BadKey(_) | Code::KeyBlocked(_) => Some(Trouble::Key),
            // A publisher's key may search and not create: `check` says so.
            Code::NoPermission if endpoint == "search" => Some(Trouble::Key),
            Code::LdapTrouble | Code::NotLdap(_) => Some(Trouble::Ldap),
            _ if status.is_server_error() => Some(Trouble::Connect),
            _ => None,
        },
        ConnectError::Crowded(_) => None,
        ConnectError::NotConnect { .. }
        | ConnectError::Unreadable(_)
        | ConnectError::Certificate(_)
        | ConnectError::Unreachable(_)
        | ConnectError::Interrupted(_)
        | ConnectError::TimedOut(_) => Some(Trouble::Connect),
    }
}

/// What is certainly well. Connect looks at the key before anything else, but tells of itself without
/// one; and only a search shows that LDAP is there.
fn shown_well(endpoint: &str, error: Option<&ConnectError>) -> &'static [Trouble] {
    let is_search = endpoint == "search";
    let wrong = error.and_then(|error| trouble(endpoint, error));
    match (wrong, error.and_then(ConnectError::code)) {
        (Some(Trouble::Key), _) | (None, Some(Code::RateLimited | Code::NoPermission)) => {
            &[Trouble::Connect]
        }
        (Some(Trouble::Ldap), _) => &[Trouble::Connect, Trouble::Key],
        (Some(_), _) => &[],
        (None, None) if endpoint == "settings" => &[Trouble::Connect],
        (None, None | Some(Code::TooManyResults)) if is_search => {
            &[Trouble::Connect, Trouble::Key, Trouble::Ldap]
        }
        (None, _) => &[Trouble::Connect, Trouble::Key],
    }
}
