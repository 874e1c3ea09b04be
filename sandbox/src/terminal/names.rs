//! What the ids in messages stand for.

use crate::discord::{CONNECT, ChannelId, DM, OTHER_CHANNEL, RANDOM, REQUESTS, ROLES, THREAD, Who};

/// The person of this name, or the first of this standing, whatever the case.
pub(super) fn person(name: &str) -> Option<Who> {
    let name = name.to_lowercase();
    match name.as_str() {
        "admin" => Some(Who::Admin),
        "member" => Some(Who::Member),
        _ => Who::ALL.into_iter().find(|who| who.name() == name),
    }
}

/// What the person may do, in a word.
pub(super) fn standing(who: Who) -> &'static str {
    match who {
        Who::Admin | Who::SecondAdmin => "admin",
        Who::Member | Who::OtherMember => "member",
        Who::Guest => "no role",
    }
}

/// `ada (admin)`
pub(super) fn introduced(who: Who) -> String {
    format!("{} ({})", who.name(), standing(who))
}

/// `#connect`
pub(super) fn channel(id: ChannelId) -> &'static str {
    match id {
        CONNECT => "#connect",
        REQUESTS => "#connect-requests",
        RANDOM => "#random",
        THREAD => "#Which groups do we need?",
        OTHER_CHANNEL => "#general",
        DM => "direct messages",
        _ => "#unknown",
    }
}

/// `@ada`
pub(super) fn user(id: u64) -> String {
    let found = Who::ALL.into_iter().find(|who| who.id() == id);
    format!("@{}", found.map_or("unknown-user", Who::name))
}

/// `@Connect admins`
pub(super) fn role(id: u64) -> String {
    let found = ROLES.into_iter().find(|(known, _)| *known == id);
    format!("@{}", found.map_or("unknown-role", |(_, name)| name))
}
