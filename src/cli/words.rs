//! What the terminal says of failures, and the codes by which machines tell them and refusals apart.

use crate::check;
use crate::connect::ConnectError;
use crate::ldapgroup::{Refusal, SideEffect};

/// The code of a group that Connect has already.
pub(super) const IN_USE: &str = "in_use";

/// What failed, what to do, and whether anything was changed.
pub(super) fn failure(error: &ConnectError, side_effect: SideEffect) -> String {
    let changed = match side_effect {
        SideEffect::Nothing => "",
        SideEffect::NotCreated | SideEffect::NotAsked => " No group was created.",
        SideEffect::NotThereYet => {
            " The group isn't there now, but may still come: search for it in a minute, before you \
             create it again."
        }
        SideEffect::Unknown => {
            " Whether the group was created isn't known: search for it before you create it again."
        }
    };
    format!("{}.{changed}", check::failed(error).plain())
}

pub(super) fn code_of_refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::BadName(_) => "bad_name",
        Refusal::InUse { .. } | Refusal::InOtherCase { .. } => IN_USE,
        Refusal::NoSuchGroup { .. } => "no_such_group",
        Refusal::Ambiguous { .. } => "ambiguous",
        Refusal::TooBroad => "too_many_groups",
    }
}

pub(super) fn code_of_failure(error: &ConnectError) -> String {
    match error {
        ConnectError::Refused { code, .. } => return format!("connect_{}", code.number()),
        ConnectError::NotConnect { .. } => "not_connect",
        ConnectError::Unreadable(_) => "unreadable",
        ConnectError::Certificate(_) => "certificate",
        ConnectError::Unreachable(_) => "unreachable",
        ConnectError::Interrupted(_) => "interrupted",
        ConnectError::TimedOut(_) => "timed_out",
        ConnectError::Crowded(_) => "crowded",
    }
    .to_owned()
}
