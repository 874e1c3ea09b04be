//! Looks for the people whom the settings name.

use super::finding::{Finding, Level, words};
use super::rooms::Places;
use crate::discord_api::permissions::Membership;
use crate::discord_api::rest::{Rest, RestError};
use crate::ids::UserId;
use crate::text::count;

/// How many calls may be made to look for people while somebody waits for `check` in a terminal.
pub(crate) const LOOKUPS: usize = 20;

/// The same beside other work, or while somebody waits for an answer in Discord. Discord's limit isn't
/// known; calls that wait for it would keep all else from being said.
pub(crate) const FEW_LOOKUPS: usize = 5;

/// What is known of the people of `ADMIN_USER_IDS`.
#[derive(Default)]
pub(super) struct People {
    /// Who is in no server, with Discord's words for it.
    absent: Vec<(UserId, RestError)>,
    /// That not everybody was looked for, and why.
    note: Option<Finding>,
}

/// Looks for everybody, in one server after the other. Without an answer from every server nobody can be
/// known not to be there, and nobody is looked for.
pub(super) async fn people(rest: &Rest, wanted: Places<'_>, servers: &[Membership]) -> People {
    let Places { policy, lookups, .. } = wanted;
    let mut people = People::default();
    if servers.is_empty() || servers.len() < policy.guilds.len() {
        return people;
    }
    let users = &policy.admin_users;
    let (users, left) = users.split_at(users.len().min(lookups / servers.len()));
    people.note = (!left.is_empty()).then(|| {
        let left = count(left.len(), "user");
        Finding::ok(format!(
            "Discord wasn't asked about {left} of `ADMIN_USER_IDS`, so as to keep to {lookups} calls"
        ))
    });
    for user in users {
        match absence(rest, *user, servers).await {
            Ok(None) => {}
            Ok(Some(why)) => people.absent.push((*user, why)),
            Err(error) => {
                let error = words(&error);
                people.note = Some(Finding::warn(format!(
                    "the people of `ADMIN_USER_IDS` can't be looked for: {error}. Try again later"
                )));
                break;
            }
        }
    }
    people
}

/// What Discord says of somebody who is in none of the servers.
async fn absence(
    rest: &Rest,
    user: UserId,
    servers: &[Membership],
) -> Result<Option<RestError>, RestError> {
    let mut absence = None;
    for server in servers {
        match rest.look_for(user, server.guild).await? {
            Ok(()) => return Ok(None),
            Err(error) => absence = Some(error),
        }
    }
    Ok(absence)
}

impl People {
    /// Whether, of so many, everybody is known to be in no server.
    pub(super) fn are_all_absent(&self, of: usize) -> bool {
        self.absent.len() == of
    }

    /// Who isn't there, which is worse if nobody else is an admin.
    pub(super) fn findings(self, servers: &[Membership], is_nobody_else: bool) -> Vec<Finding> {
        let (level, so) = if is_nobody_else {
            (Level::Fail, ", so nobody is an admin")
        } else {
            (Level::Warn, "")
        };
        let whereabouts = match servers {
            [only] => format!("isn't in server {}", only.guild),
            _ => "is in no server".to_owned(),
        };
        let finding = |(user, why): (UserId, RestError)| {
            let why = words(&why);
            Finding::new(
                level,
                format!(
                    "`ADMIN_USER_IDS` names {user}, who {whereabouts} ({why}){so}: right-click the \
                     person in Discord and copy their ID"
                ),
            )
        };
        self.absent.into_iter().map(finding).chain(self.note).collect()
    }
}
