//! Every word that a person reads, as pure functions: what happened, then what to do next.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::access::{ChannelId, Denied, RoleId};
use crate::connect::{Code, CorrelationId, Error};
use crate::group::{Abbreviation, GroupName, Guid, NameProblem, SEARCH_LIMIT};
use crate::ldapgroup::{Changed, Created, Fault, Known, Refusal};
use crate::text::{columns, count, push_row, shorten, units, visible};
use crate::tickets::Search;

/// Discord's limit for the text of a message.
const MAX_CONTENT: usize = 2000;

/// Names take at most this many UTF-16 units in a table, so that a row stays on one line.
const MAX_CELL: usize = 48;

/// The most groups that one message shows: what fits a screen.
const MAX_ROWS: usize = 20;

/// Names in a sentence, and in a list, take at most this many UTF-16 units.
const MAX_SPAN: usize = 400;
const MAX_LISTED: usize = 100;

/// Discord's limits for a suggestion: how many, and how long its name and its value.
const MAX_CHOICES: usize = 25;
const MAX_CHOICE: usize = 100;

/// Who sees an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Privacy {
    /// Everyone in the channel.
    Public,
    /// Only the person who asked.
    Private,
}

/// What a person reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The text, in Discord's markdown.
    pub content: String,
    /// Who sees it.
    pub privacy: Privacy,
}

impl Reply {
    fn public(content: String) -> Self {
        Self { content, privacy: Privacy::Public }
    }

    fn private(content: String) -> Self {
        Self { content, privacy: Privacy::Private }
    }
}

/// A suggestion for an option.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Choice {
    /// What the person sees.
    pub name: String,
    /// What is sent when it is picked.
    pub value: String,
}

/// The groups that a search found.
#[must_use]
pub fn search(search: &Search) -> Reply {
    let prefix = span(search.prefix.as_str());
    let total = search.groups.len();
    if total == 0 {
        return Reply::public(format!(
            "No LDAP group begins with {prefix}. A search compares the beginning of the name, \
             whatever the case: try fewer letters."
        ));
    }
    let begin = if total == 1 { "begins" } else { "begin" };
    let groups = count(total, "LDAP group");
    let existing = search.groups.iter().filter(|group| group.guid.is_some()).count();
    let head = format!("**{groups}** {begin} with {prefix}; {}.\n", in_connect(existing, total));
    let limit_reached = if search.is_whole() {
        String::new()
    } else {
        format!(
            "Connect lists at most {SEARCH_LIMIT} groups for one prefix, so there may be more. "
        )
    };
    let next =
        if existing == total { "" } else { "Bring one into Connect with `/ldapgroup create`." };
    with_table(&head, search, &limit_reached, next)
}

fn in_connect(existing: usize, total: usize) -> String {
    match (existing, total) {
        (0, 1) => "Connect doesn't have it yet".to_owned(),
        (1, 1) => "Connect has it".to_owned(),
        (0, _) => "Connect has none of them yet".to_owned(),
        (existing, total) if existing == total => "Connect has all of them".to_owned(),
        (existing, _) => format!("Connect has {existing} of them"),
    }
}

/// Puts as many groups as fit between the head and the notes, and says what was left out.
fn with_table(head: &str, search: &Search, limit_reached: &str, next: &str) -> Reply {
    let shown = search.groups.len().min(MAX_ROWS);
    let cells: Vec<_> =
        search.groups[..shown].iter().map(|group| cell(group.name.as_str())).collect();
    for rows in (1..=shown).rev() {
        let width = cells[..rows].iter().map(|(cell, _)| columns(cell)).max().unwrap_or(0).max(4);
        let mut content = format!("{head}```\n");
        push_row(&mut content, "NAME", width, Some("GUID"));
        for ((cell, _), group) in cells[..rows].iter().zip(search.groups.iter()) {
            push_row(&mut content, cell, width, group.guid.as_ref().map(Guid::as_str));
        }
        content.push_str("```\n");
        let shortened = cells[..rows].iter().filter(|(_, is_short)| *is_short).count();
        push_notes(&mut content, rows, search.groups.len(), shortened);
        content.push_str(limit_reached);
        content.push_str(next);
        if units(&content) <= MAX_CONTENT {
            return Reply::public(content.trim_end().to_owned());
        }
    }
    Reply::public(head.to_owned())
}

fn push_notes(content: &mut String, rows: usize, total: usize, shortened: usize) {
    if rows < total {
        let _ = write!(
            content,
            "The first {rows} of {total} are shown: search for a longer prefix to see others. "
        );
    }
    match shortened {
        0 => {}
        1 => content.push_str("1 name is cut, where it ends in `…`. "),
        _ => {
            let _ = write!(content, "{shortened} names are cut, where they end in `…`. ");
        }
    }
}

/// A group that was created.
#[must_use]
pub fn created(created: &Created) -> Reply {
    let Created { name, guid, known } = created;
    let how = match known {
        Known::Answered => "",
        Known::FoundAfterwards => "Connect's answer got lost, but the group is there. ",
    };
    Reply::public(format!(
        "Created {} in Connect, with the guid `{}`.\n{how}It can look empty at first: members \
         appear as they log in, or with Connect's next LDAP sync.",
        span(name.as_str()),
        guid.as_str(),
    ))
}

/// Why somebody didn't get what they asked for, and what they can do.
#[must_use]
pub fn refusal(refusal: &Refusal) -> Reply {
    Reply::private(match refusal {
        Refusal::Denied(denied) => denied_text(denied),
        Refusal::NeedsAdmin(roles) => format!(
            "Only an administrator can create groups in Connect.{}",
            with_roles(" Ask someone with the role ", roles, " to do it.")
        ),
        Refusal::BadName(NameProblem::Blank) => {
            "A name has at least one letter. Type the beginning of the group's name.".to_owned()
        }
        Refusal::BadName(NameProblem::TooLong) => {
            "No LDAP group has a name that long. Type the beginning of the group's name.".to_owned()
        }
        Refusal::InUse { name, guid } => in_use(name, guid.as_ref()),
        Refusal::NoSuchGroup { name, near } => format!(
            "LDAP has no group called {}.{}",
            span(name.as_str()),
            if near.is_empty() {
                " Find it with `/ldapgroup search` and the beginning of its name.".into()
            } else {
                listed(" Did you mean one of these?", near)
            }
        ),
        Refusal::Ambiguous { name, found } if found.iter().all(|other| other == &found[0]) => {
            format!(
                "LDAP has {} called {}, and Connect can't tell them apart here. None was created: \
                 ask whoever runs LDAP which one is meant, and to rename the other.",
                count(found.len(), "group"),
                span(name.as_str()),
            )
        }
        Refusal::Ambiguous { name, found } => format!(
            "Several LDAP groups are called {}, in different case. None was created: use the name \
             exactly as it is written.{}",
            span(name.as_str()),
            listed("", found)
        ),
        Refusal::TooBroad => {
            "Too many LDAP groups begin like that for Connect to list them. Search for a longer \
             prefix."
                .to_owned()
        }
    })
}

fn in_use(name: &GroupName, guid: Option<&Guid>) -> String {
    let name = span(name.as_str());
    let which = match guid {
        Some(guid) => format!("{name} has the guid `{}`.", guid.as_str()),
        None => format!("Connect doesn't say which group is in the way of {name}."),
    };
    format!("The requested group name is already in use.\n{which}")
}

fn denied_text(denied: &Denied) -> String {
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
            with_roles(" Ask an administrator of this server for the role ", roles, ".")
        ),
    }
}

/// Nothing, if no role can be named.
fn with_roles(before: &str, roles: &[RoleId], after: &str) -> String {
    if roles.is_empty() {
        return String::new();
    }
    format!("{before}{}{after}", mentions(roles, " or ", |RoleId(id)| format!("<@&{id}>")))
}

/// Something failed that isn't the fault of the person who asked.
#[must_use]
pub fn fault(fault: &Fault, id: CorrelationId) -> Reply {
    Reply::private(format!("{}\n{}", fault_words(fault), reference(id)))
}

/// What failed, and whether anything was changed.
#[must_use]
pub fn fault_words(fault: &Fault) -> String {
    let changed = match fault.changed {
        Changed::Nothing => "",
        Changed::NotCreated => " No group was created.",
        Changed::NotThereYet => {
            " The group is not there now, but may still come: search for it in a minute, before you \
             create it again."
        }
        Changed::Unknown => {
            " Whether the group was created isn't known: search for it before you create it again."
        }
    };
    format!("{}{changed}", what_failed(&fault.error))
}

fn what_failed(error: &Error) -> Cow<'static, str> {
    match error {
        Error::Refused { code, text, .. } => refused(*code, text),
        Error::NotConnect { status, .. } => format!(
            "Something in front of Connect answered instead of it, with status {}. Try again \
             later; if it stays, tell whoever runs Connect.",
            status.as_u16()
        )
        .into(),
        Error::Unreadable(_) => "Connect's answer can't be read. Tell whoever runs the bot: \
                                 `CONNECT_SERVER` may not be a Connect server, or a new one."
            .into(),
        Error::Certificate(_) => "The connection to Connect fails over its certificate. Tell \
                                  whoever runs the bot: it may have expired, or be from a private \
                                  authority that belongs in `CONNECT_CA_FILE`."
            .into(),
        Error::Unreachable(_) => "Connect can't be reached. Try again in a few minutes; if it \
                                  stays, tell whoever runs Connect."
            .into(),
        Error::Interrupted(_) => "The connection to Connect broke.".into(),
        Error::TimedOut(after) => {
            let after = humantime::format_duration(*after);
            format!("Connect didn't answer within {after}; it, or LDAP, is slow or stuck.").into()
        }
    }
}

fn refused(code: Code, text: &str) -> Cow<'static, str> {
    match code {
        Code::BadKey(_) => "Connect doesn't accept the bot's API key. Tell whoever runs the bot: \
                            `CONNECT_API_KEY` must be a valid key of an administrator."
            .into(),
        Code::KeyBlocked(_) => "Connect blocks the bot's API key. Tell whoever runs the bot: the \
                                owner of `CONNECT_API_KEY` is locked or restricted."
            .into(),
        Code::NoPermission => "The bot's API key isn't allowed to do this. Tell whoever runs the \
                               bot: `CONNECT_API_KEY` must be a key of an administrator."
            .into(),
        Code::LdapTrouble => {
            "Connect can't reach LDAP at the moment. Try again in a few minutes.".into()
        }
        Code::NotLdap(_) => "This Connect server doesn't take its groups from LDAP, so the bot \
                             can't do anything with it. Tell whoever runs the bot."
            .into(),
        Code::LicenceExceeded => {
            "Connect's licence doesn't allow it. Tell whoever runs Connect.".into()
        }
        Code::RateLimited => "Connect gets too many calls right now. Try again in a minute.".into(),
        Code::NameInUse
        | Code::SameUniqueId
        | Code::TicketInvalid
        | Code::TooManyResults
        | Code::Other(_) => {
            format!("Connect refused, with code {}: {}.", code.number(), span(text)).into()
        }
    }
}

/// The bot itself failed.
#[must_use]
pub fn broken(id: CorrelationId) -> Reply {
    Reply::private(format!(
        "The bot failed at this, and whether anything was changed isn't known. Tell whoever runs \
         it; its log says more.\n{}",
        reference(id)
    ))
}

/// The bot had to stop with work under way.
#[must_use]
pub fn left(id: CorrelationId) -> Reply {
    Reply::private(format!(
        "The bot had to stop before this was finished. What came of it isn't known: search again in \
         a minute.\n{}",
        reference(id)
    ))
}

/// The bot is about to stop.
#[must_use]
pub fn restarting() -> Reply {
    Reply::private("The bot is restarting. Nothing was changed; try again in a minute.".to_owned())
}

/// A command, a button or a form that this version doesn't know.
#[must_use]
pub fn unknown(id: CorrelationId) -> Reply {
    Reply::private(format!(
        "This belongs to another version of the bot, and nothing was done. Reload Discord \
         (Ctrl+R), then use `/ldapgroup` again.\n{}",
        reference(id)
    ))
}

fn reference(id: CorrelationId) -> String {
    format!("-# Reference for the logs: `{id}`")
}

/// Names to suggest to someone who typed `typed`: those that Connect lacks first, and of these the
/// ones that begin with what was typed.
#[must_use]
pub fn choices(search: &Search, typed: &str) -> Vec<Choice> {
    let folded = typed.to_lowercase();
    let mut ranked: Vec<_> = search
        .groups
        .iter()
        .filter(|group| !group.name.as_str().trim().is_empty())
        .filter_map(|group| Some((group, group.name.folded().find(&folded)?)))
        .collect();
    ranked.sort_by_key(|(group, at)| (group.guid.is_some(), *at > 0));
    ranked.dedup_by(|(a, _), (b, _)| a.name == b.name);
    ranked.truncate(MAX_CHOICES);
    ranked
        .into_iter()
        .map(|(group, _)| {
            let mark = if group.guid.is_some() { " · already in Connect" } else { "" };
            let room = MAX_CHOICE - units(mark);
            Choice {
                name: format!("{}{mark}", both_ends(&visible(group.name.as_str()), room)),
                value: Abbreviation::of(&group.name, MAX_CHOICE).into_owned(),
            }
        })
        .collect()
}

/// A long name with its beginning and its end, since names often differ at the end only.
fn both_ends(name: &str, max: usize) -> Cow<'_, str> {
    const END: usize = 30;
    if units(name) <= max {
        return name.into();
    }
    let skipped = name.char_indices().rev().take(END / 2).last().map_or(0, |(at, _)| at);
    format!("{}{}", shorten(name, max - END), &name[skipped..]).into()
}

/// A name within a sentence, in a code span that nothing in the name can end.
fn span(name: &str) -> String {
    span_of(name, MAX_SPAN)
}

fn span_of(name: &str, max: usize) -> String {
    let shown = visible(name).replace('`', "\\u{60}");
    match shorten(&shown, max) {
        Cow::Borrowed(whole) => format!("`{whole}`"),
        Cow::Owned(short) => format!("`{short}` (the name is longer)"),
    }
}

/// A name in a code block that nothing in the name can end, and whether it was cut.
fn cell(name: &str) -> (String, bool) {
    let mut shown = visible(name);
    if shown.contains("```") {
        shown = shown.replace('`', "\\u{60}").into();
    }
    let short = shorten(&shown, MAX_CELL);
    let is_short = short != shown;
    (short.into_owned(), is_short)
}

fn listed(head: &str, names: &[GroupName]) -> String {
    const MOST: usize = MAX_ROWS / 2;
    let mut text = head.to_owned();
    for name in names.iter().take(MOST) {
        let _ = write!(text, "\n- {}", span_of(name.as_str(), MAX_LISTED));
    }
    if names.len() > MOST {
        let _ = write!(text, "\nand {} more", names.len() - MOST);
    }
    text
}

/// Roles or channels in a sentence, the first ten of them.
fn mentions<T>(ids: &[T], separator: &str, mention: impl Fn(&T) -> String) -> String {
    const MOST: usize = 10;
    let named: Vec<_> = ids.iter().take(MOST).map(mention).collect();
    let named = named.join(separator);
    match ids.len().saturating_sub(MOST) {
        0 => named,
        more => format!("{named}{separator}{more} more"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;
    use crate::group::{Prefix, RemoteGroup};

    fn group(name: &str, guid: Option<&str>) -> RemoteGroup {
        let group = serde_json::json!({ "name": name, "guid": guid, "temp_ticket": "secret" });
        serde_json::from_value(group).unwrap()
    }

    fn found(prefix: &str, names: &[String]) -> Search {
        let groups: Vec<_> = names.iter().map(|name| group(name, None)).collect();
        let prefix = Prefix::parse(prefix).unwrap();
        Search { prefix, groups: Arc::from(groups), taken: Instant::now() }
    }

    /// Names with what Discord's markdown and people's eyes stumble over.
    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z`@<>*_|\\\\ \u{202e}\u{0}営🦀]{1,80}",
            "`{1,200}",
            "(営🦀`){1,400}",
            ".{1,60}",
        ]
    }

    proptest! {
        #[test]
        fn any_search_fits_a_message_and_stays_in_its_block(
            prefix in "[^\\s].{0,300}",
            names in prop::collection::vec(hostile(), 0..60),
        ) {
            let reply = search(&found(&prefix, &names));
            prop_assert!(units(&reply.content) <= MAX_CONTENT);
            prop_assert!(matches!(reply.content.matches("```").count(), 0 | 2));
            prop_assert_eq!(names.is_empty(), !reply.content.contains("```"));
            prop_assert!(!reply.content.contains("secret"));
        }

        #[test]
        fn any_refusal_fits_a_message(
            name in hostile(),
            near in prop::collection::vec(hostile(), 0..30),
        ) {
            let names = |names: &[String]| -> Vec<GroupName> {
                names.iter().filter_map(|name| GroupName::parse(name).ok()).collect()
            };
            prop_assume!(!name.trim().is_empty());
            let (name, near) = (GroupName::parse(&name).unwrap(), names(&near));
            for refused in [
                Refusal::NoSuchGroup { name: name.clone(), near: near.clone() },
                Refusal::Ambiguous { name: name.clone(), found: [near, vec![name.clone()]].concat() },
                Refusal::InUse { name, guid: None },
            ] {
                prop_assert!(units(&refusal(&refused).content) <= MAX_CONTENT);
            }
        }

        #[test]
        fn any_suggestion_is_one_that_discord_takes(
            names in prop::collection::vec(hostile(), 0..60),
            typed in ".{0,3}",
        ) {
            let choices = choices(&found("x", &names), &typed);
            prop_assert!(choices.len() <= MAX_CHOICES);
            for Choice { name, value } in choices {
                prop_assert!((1..=MAX_CHOICE).contains(&units(&name)), "{}", name);
                prop_assert!((1..=MAX_CHOICE).contains(&units(&value)), "{}", value);
            }
        }
    }
}
