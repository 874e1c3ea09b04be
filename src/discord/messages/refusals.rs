//! Refusals: why somebody didn't get what they asked for, and what they can do. Each has its words for
//! every place where it is said side by side.

use super::markdown::{command, linked, listed, listed_span, mentions, span};
use super::reply::Reply;
use super::standing::standing;
use crate::access::Denied;
use crate::group::{GroupName, Guid, NameProblem};
use crate::ids::{ChannelId, RoleId};
use crate::ldapgroup::{self, InUseBy};
use crate::request::{MAX_GROUPS, MAX_REASON_CHARS, Request, State};
use crate::requests::Refusal;
use crate::text::count;

/// Names that may have been meant, in a line beside others.
const MAX_NEAR: usize = 3;

/// Where a refusal is said.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// In an answer of its own.
    Answer,
    /// In a terminal.
    Terminal,
    /// In a line about this group, beside others.
    List(&'a GroupName),
}

/// As the answer to whoever was refused.
pub(in crate::discord) fn answer(refusal: &Refusal) -> Reply {
    Reply::ephemeral(words(refusal))
}

/// For who searches or creates in a terminal.
pub(crate) fn in_terminal(refusal: &ldapgroup::Refusal) -> String {
    group_words(refusal, Place::Terminal)
}

/// As the line of a group that was left out of several.
pub(super) fn in_list(name: &GroupName, why: &ldapgroup::Refusal) -> String {
    group_words(why, Place::List(name))
}

fn group_words(refusal: &ldapgroup::Refusal, place: Place<'_>) -> String {
    use ldapgroup::Refusal;
    match (refusal, place) {
        (Refusal::BadName(_), Place::List(name)) => {
            format!("{} can't be created.", listed_span(name.as_str()))
        }
        (Refusal::BadName(NameProblem::Blank), _) => {
            "A name has at least one letter. Type the beginning of the group's name.".to_owned()
        }
        (Refusal::BadName(NameProblem::TooLong), _) => {
            "No LDAP group has a name that long. Type the beginning of the group's name.".to_owned()
        }
        (Refusal::InUse { name, guid, by }, _) => in_use(name, guid.as_ref(), *by, place),
        (Refusal::InOtherCase { name, there, guid }, Place::List(_)) => format!(
            "{} can't be beside {}, which Connect has with the guid `{guid}`: it ignores case.",
            listed_span(name.as_str()),
            listed_span(there.as_str())
        ),
        (Refusal::InOtherCase { name, there, guid }, _) => format!(
            "The requested group name is already in use.\nConnect has {}, with the guid `{guid}`, and \
             ignores case in names: it can't have {} beside it. If that isn't the group you need, one of \
             the two must get another name.",
            span(there.as_str()),
            span(name.as_str()),
        ),
        (Refusal::NoSuchGroup { name, near }, _) => no_such_group(name, near, place),
        (Refusal::Ambiguous { name, found }, _) => ambiguous(name, found, place),
        (Refusal::TooBroad, Place::List(name)) => format!(
            "Too many LDAP groups begin with {} for Connect to list them.",
            listed_span(name.as_str())
        ),
        (Refusal::TooBroad, _) => "Too many LDAP groups begin like that for Connect to list them. \
                                   Search for a longer prefix."
            .to_owned(),
    }
}

fn in_use(name: &GroupName, guid: Option<&Guid>, by: InUseBy, place: Place<'_>) -> String {
    if let Place::List(_) = place {
        let name = listed_span(name.as_str());
        return match guid {
            Some(guid) => format!("{name} is in Connect already, with the guid `{guid}`."),
            None => format!("{name} is in use in Connect already."),
        };
    }
    let name = span(name.as_str());
    let which = match (guid, by) {
        (Some(guid), InUseBy::ThisGroup) => {
            format!("{name} is in Connect, with the guid `{guid}`: share content with it there.")
        }
        (None, InUseBy::ThisGroup) => {
            format!("{name} is in Connect, which doesn't say with which guid.")
        }
        (Some(guid), InUseBy::AnotherGroup) => format!(
            "Connect's {name}, with the guid `{guid}`, isn't LDAP's: whoever runs Connect can rename or \
             remove it."
        ),
        (None, InUseBy::AnotherGroup) => format!(
            "Connect has another {name} than LDAP, and doesn't say which: ask whoever runs Connect."
        ),
    };
    format!("The requested group name is already in use.\n{which}")
}

fn no_such_group(name: &GroupName, near: &[GroupName], place: Place<'_>) -> String {
    let search = match (place, near) {
        (Place::List(_), [_, ..]) => {
            let near: Vec<_> =
                near.iter().take(MAX_NEAR).map(|near| listed_span(near.as_str())).collect();
            return format!(
                "LDAP has no group called {}. Did you mean {}?",
                listed_span(name.as_str()),
                near.join(" or ")
            );
        }
        (Place::List(_), []) => {
            return format!("LDAP has no group called {}.", listed_span(name.as_str()));
        }
        (Place::Answer, _) => command("search"),
        (Place::Terminal, _) => "`ldapgroup-bot search`".to_owned(),
    };
    let next = match near {
        [] => format!(" Find it with {search} and the beginning of its name."),
        near => listed(" Did you mean one of these?", near),
    };
    format!("LDAP has no group called {}.{next}", span(name.as_str()))
}

fn ambiguous(name: &GroupName, found: &[GroupName], place: Place<'_>) -> String {
    let is_one_name = found.iter().all(|other| other == &found[0]);
    if let Place::List(_) = place {
        let name = listed_span(name.as_str());
        return if found.is_empty() {
            format!("{name} differs from another one in case only. Create it by itself.")
        } else if is_one_name {
            format!("LDAP has several groups called {name}, which Connect can't tell apart.")
        } else {
            format!("{name} is written in several ways in LDAP. Use one of them to the letter.")
        };
    }
    let name = span(name.as_str());
    if is_one_name {
        format!(
            "LDAP has {} called {name}, and Connect can't tell them apart here. None was created: ask \
             whoever runs LDAP which one is meant, and to rename the other.",
            count(found.len(), "group")
        )
    } else {
        format!(
            "Several LDAP groups are called {name}, in different case. None was created: use the name \
             exactly as it is written.{}",
            listed("", found)
        )
    }
}

fn denied_words(denied: &Denied) -> String {
    match denied {
        Denied::DirectMessage => {
            "This works in your team's server only. Go to its channel and use `/ldapgroup` there."
                .to_owned()
        }
        Denied::OtherGuild => {
            "This bot doesn't serve this server. Whoever runs it must add the server to \
             `DISCORD_GUILD_IDS`."
                .to_owned()
        }
        Denied::OtherChannel(channels) => {
            let channels = mentions(channels, ", ", |ChannelId(id)| format!("<#{id}>"));
            format!("`/ldapgroup` works in {channels} only. Use it there.")
        }
        Denied::NotRequester(roles) => format!(
            "You can't use `/ldapgroup` yet.{}",
            with_roles(" Ask an administrator of this server for the role ", roles)
        ),
        Denied::NotAdmin(roles) => format!(
            "Only an administrator can do this.{}",
            with_roles(" Ask someone with the role ", roles)
        ),
    }
}

/// Nothing, if no role can be named.
fn with_roles(before: &str, roles: &[RoleId]) -> String {
    if roles.is_empty() {
        return String::new();
    }
    format!("{before}{}.", mentions(roles, " or ", |RoleId(id)| format!("<@&{id}>")))
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Denied(denied) => denied_words(denied),
        Refusal::Group(refusal) => group_words(refusal, Place::Answer),
        Refusal::ReasonMissing => {
            format!("A request must say why. Use the option `reason` of {}.", command("create"))
        }
        Refusal::ReasonTooLong => format!(
            "A reason has at most {MAX_REASON_CHARS} characters. Shorten it, and send it again."
        ),
        Refusal::TooMany(max) => format!(
            "You have {} already, the most that one person may have. Wait until one is decided, or \
             cancel one with {}.",
            count(usize::try_from(*max).unwrap_or_default(), "open request"),
            command("cancel")
        ),
        Refusal::Open(name, request) => open(name, request, Place::Answer),
        Refusal::Own => {
            "You asked for this yourself: another administrator must decide.".to_owned()
        }
        Refusal::NotYours => "This is somebody else's request: who asked for it can leave it, \
                                     and administrators can cancel it."
            .to_owned(),
        Refusal::HasLeft(request_id) => format!(
            "You have left request {request_id} already, and it stays for the others who asked. \
             Nothing was done."
        ),
        Refusal::Unknown => {
            format!("There is no such request. {} lists those there are.", command("requests"))
        }
        Refusal::AskedAgain(request) => format!(
            "Request {} failed, and there is another open request for {}: decide that one.",
            request.id,
            if request.groups.len() > 1 { "one of its groups" } else { "its group" }
        ),
        Refusal::TooManyGroups(groups) => format!(
            "These are {}, and one request takes at most {MAX_GROUPS}. Ask for them in several \
             steps.",
            count(*groups, "group")
        ),
        Refusal::TooLongToKeep(name) => format!(
            "The bot's database takes no name as long as {}. Nothing was done. Whoever runs the bot can \
             create it in a terminal, with `ldapgroup-bot create`.",
            span(name.as_str())
        ),
        Refusal::Over(request) => format!("Nothing was changed: {}", standing(request)),
        Refusal::OldMessage => format!(
            "This message is out of date, and nothing was done. {} leads to the message that counts.",
            command("requests")
        ),
    }
}

/// As the line of a group that an open request keeps an admin from creating.
pub(super) fn open_in_list(name: &GroupName, request: &Request) -> String {
    open(name, request, Place::List(name))
}

fn open(name: &GroupName, request: &Request, place: Place<'_>) -> String {
    let who = request.requester;
    let (name, now) = match place {
        Place::List(_) => (listed_span(name.as_str()), format!("already, for <@{who}>.")),
        Place::Answer | Place::Terminal => {
            (span(name.as_str()), format!("right now, for <@{who}>. Search for it in a moment."))
        }
    };
    match request.state {
        State::Pending => {
            format!("<@{who}> has asked for {name} with {}: approve it there.", linked(request))
        }
        _ => format!("{name} is being created {now}"),
    }
}
