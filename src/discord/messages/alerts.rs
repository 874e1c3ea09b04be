//! What admins read of trouble that lasts, and once it is over.

use std::time::SystemTime;

use super::markdown::{addressed, command, stamp};
use crate::ids::{ChannelId, RoleId};
use crate::troubles::Trouble;

/// The words, said to the admins.
pub(in crate::discord) fn to_admins(admins: &[RoleId], words: &str) -> String {
    format!("{}{words}", addressed(admins))
}

/// That trouble lasts; requests wait in this channel, if there is one for all.
pub(in crate::discord) fn lasts(
    trouble: Trouble,
    since: SystemTime,
    requests: Option<ChannelId>,
) -> String {
    let since = stamp(since, 'f');
    let (what, so) = match trouble {
        Trouble::Key => (
            "Connect refuses the bot's API key".to_owned(),
            "Nothing can be searched or created. Whoever runs the bot must set `CONNECT_API_KEY` to a \
             valid key of an administrator, and start the bot again."
                .to_owned(),
        ),
        Trouble::Ldap => (
            "Connect can't search LDAP".to_owned(),
            "Nothing can be searched or created. Whoever runs Connect can mend it: Connect's log says why."
                .to_owned(),
        ),
        Trouble::Connect => (
            "Connect doesn't answer as it should".to_owned(),
            format!(
                "Nothing can be searched or created; what is approved meanwhile is created once Connect \
                 is back, within a day. {} says more.",
                command("status")
            ),
        ),
        Trouble::Posting => (
            requests.map_or_else(
                || "Discord doesn't take the messages of requests".to_owned(),
                |channel| format!("Discord takes no requests in <#{channel}>"),
            ),
            format!(
                "Admins don't see what is asked for. Give the bot View Channel and Send Messages there; \
                 {} says what else it may be.",
                command("status")
            ),
        ),
        Trouble::Database => (
            "The bot's database fails".to_owned(),
            "Nothing can be asked for, decided or created. Whoever runs the bot: see that the disk isn't \
             full; the bot's log says more."
                .to_owned(),
        ),
    };
    format!("⚠️ **{what}**, since {since}. {so}")
}

/// That trouble is over.
pub(in crate::discord) fn over(trouble: Trouble, since: SystemTime) -> String {
    let what = match trouble {
        Trouble::Key => "Connect accepts the bot's API key again",
        Trouble::Ldap => "Connect searches LDAP again",
        Trouble::Connect => "Connect answers again",
        Trouble::Posting => "Discord takes requests again",
        Trouble::Database => "The bot's database works again",
    };
    let next = match trouble {
        Trouble::Key | Trouble::Ldap => " What failed meanwhile has a button **Retry**.",
        Trouble::Connect | Trouble::Posting | Trouble::Database => "",
    };
    format!("✅ **{what}**, after trouble since {}.{next}", stamp(since, 'f'))
}

/// That the API key is about to expire.
pub(in crate::discord) fn expires(finding: &str) -> String {
    format!("🔑 {finding}.")
}
