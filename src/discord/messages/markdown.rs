//! What sentences are put together of: names that end no code span, mentions, moments, links, and
//! other people's words.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serenity::all::CommandId;

use crate::group::GroupName;
use crate::ids::RoleId;
use crate::request::Request;
use crate::text::{code_span, escape_invisible, escape_markdown, shorten, utf16_len};

/// People, roles, channels and names that are listed one by one.
pub(super) const MAX_LISTED: usize = 10;

/// So many UTF-16 units has a name in a list, and in one that says more than names.
const LISTED: usize = 100;
pub(super) const SHORT: usize = 50;

/// A name within a sentence, in a code span that nothing in the name can end.
pub(super) fn span(name: &str) -> String {
    span_within(name, 400)
}

/// A shorter one, for a list.
pub(super) fn listed_span(name: &str) -> String {
    span_within(name, LISTED)
}

/// At most so many UTF-16 units of a name.
fn span_within(name: &str, max: usize) -> String {
    let whole = code_span(name, usize::MAX);
    if utf16_len(&whole) <= max + 2 {
        return whole;
    }
    format!("{} (the name is longer)", code_span(name, max))
}

/// A name in a code span of at most so many UTF-16 units, and whether something of it is left out. The
/// end is shown, too: names often differ there only.
pub(super) fn name_span(name: &str, max: usize) -> (String, bool) {
    let whole = code_span(name, usize::MAX);
    if utf16_len(&whole) <= max + 2 {
        return (whole, false);
    }
    let mut units = 0;
    let end = whole[..whole.len() - 1].char_indices().rev().take_while(|(_, c)| {
        units += c.len_utf16();
        units <= max / 3
    });
    let end = &whole[end.last().map_or(whole.len() - 1, |(at, _)| at)..];
    (format!("{}{end}", shorten(&whole, max + 2 - utf16_len(end))), true)
}

/// The first ten names, a line each, after a head.
pub(super) fn listed(head: &str, names: &[GroupName]) -> String {
    let mut text = head.to_owned();
    for name in names.iter().take(MAX_LISTED) {
        let _ = write!(text, "\n- {}", listed_span(name.as_str()));
    }
    if names.len() > MAX_LISTED {
        let _ = write!(text, "\nand {} more", names.len() - MAX_LISTED);
    }
    text
}

/// Roles or channels in a sentence, the first ten of them.
pub(super) fn mentions<T>(ids: &[T], separator: &str, mention: impl Fn(&T) -> String) -> String {
    let named: Vec<_> = ids.iter().take(MAX_LISTED).map(mention).collect();
    let named = named.join(separator);
    match ids.len().saturating_sub(MAX_LISTED) {
        0 => named,
        more => format!("{named}{separator}{more} more"),
    }
}

/// Those of the admins' roles that a message names; Discord lets it ping 100.
pub(in crate::discord) fn named(roles: &[RoleId]) -> &[RoleId] {
    roles.get(..MAX_LISTED).unwrap_or(roles)
}

/// The admins' roles, before what is said to them.
pub(super) fn addressed(roles: &[RoleId]) -> String {
    let roles: Vec<_> = named(roles).iter().map(|role| format!("<@&{role}>")).collect();
    if roles.is_empty() { String::new() } else { format!("{}: ", roles.join(" ")) }
}

/// Stands where a command's id belongs, and is longer than any. It isn't in other people's words:
/// these have control characters written out.
const COMMAND_ID: &str = "\u{1}18446744073709551615";

/// A subcommand of the bot's, as [`with_commands`] finds it.
pub(super) fn command(subcommand: &str) -> String {
    format!("</ldapgroup {subcommand}:{COMMAND_ID}>")
}

/// The words with what [`command`] put there as something to click, which needs the id that the command
/// has in the reader's server; else as code spans.
pub(in crate::discord) fn with_commands(words: &str, id: Option<CommandId>) -> String {
    if let Some(id) = id {
        return words.replace(COMMAND_ID, &id.to_string());
    }
    let end = format!(":{COMMAND_ID}>");
    let mut pieces = words.split(&end).peekable();
    let mut text = String::with_capacity(words.len());
    while let Some(piece) = pieces.next() {
        match piece.rsplit_once("</").filter(|_| pieces.peek().is_some()) {
            Some((before, command)) => {
                let _ = write!(text, "{before}`/{command}`");
            }
            None => text.push_str(piece),
        }
    }
    text
}

/// A moment as Discord shows it in everyone's own time: `f` for the moment, `R` for how long ago.
pub(in crate::discord) fn stamp(at: SystemTime, style: char) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("<t:{seconds}:{style}>")
}

/// Words of a person or of Connect, bounded, without markdown, and on one line.
pub(super) fn quoted(words: &str, max: usize) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    shorten(&escape_markdown(&escape_invisible(&line)), max).into_owned()
}

/// Such words as a sentence of its own.
pub(super) fn sentence(words: &str, max: usize) -> String {
    let words = quoted(words, max);
    if words.ends_with(['.', '!', '?']) { words } else { format!("{words}.") }
}

/// Where a request's message is.
pub(super) fn url(request: &Request) -> Option<String> {
    let (channel, message) = request.message?;
    let guild = request.message_guild.unwrap_or(request.place.guild);
    Some(format!("https://discord.com/channels/{guild}/{channel}/{message}"))
}

/// The same between these words; nothing if there is no message.
pub(super) fn link(before: &str, request: &Request, after: &str) -> String {
    url(request).map_or_else(String::new, |url| format!("{before}{url}{after}"))
}

/// A request by its number, which leads to its message.
pub(super) fn linked(request: &Request) -> String {
    let words = format!("request {}", request.id);
    url(request).map_or_else(|| words.clone(), |url| format!("[{words}]({url})"))
}

/// A request's group or, if they are several, the first and how many more.
pub(super) fn named_groups(request: &Request) -> String {
    match &request.groups[..] {
        [group] => span(group.name.as_str()),
        _ => first_group(request, LISTED),
    }
}

/// The same with at most so many UTF-16 units of the name, for a list.
pub(super) fn first_group(request: &Request, max: usize) -> String {
    let first = request.groups.first().map_or("", |group| group.name.as_str());
    match request.groups.len() {
        0 | 1 => span_within(first, max),
        several => format!("{} and {} more", span_within(first, max), several - 1),
    }
}
