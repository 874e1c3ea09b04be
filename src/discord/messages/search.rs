//! What a search found, page by page.

use std::collections::HashSet;
use std::fmt::Write as _;

use serenity::all::ButtonStyle;

use super::choices::menu;
use super::markdown::{command, listed, listed_span, name_span, span, stamp};
use super::reply::{Button, MAX_CONTENT, Reply, page_buttons};
use crate::discord::custom_id::CustomId;
use crate::group::{GroupName, RemoteGroup};
use crate::text::{count, utf16_len};
use crate::tickets::Search;

/// The groups of one page: what fits a screen, and a menu.
const PER_PAGE: usize = 20;

/// Names take at most so many UTF-16 units of a line. A page whose names are too long for a message
/// has the next; the last is for guids longer than Connect's.
const WIDTHS: [usize; 7] = [100, 64, 48, 32, 24, 12, 4];

/// Where a group that a search found stands.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Standing {
    InConnect,
    Missing,
    Requested,
}

impl Standing {
    const ALL: [Self; 3] = [Self::InConnect, Self::Missing, Self::Requested];

    fn of(group: &RemoteGroup, requested: &HashSet<String>) -> Self {
        if group.guid.is_some() {
            Self::InConnect
        } else if !requested.is_empty() && requested.contains(&group.name.folded()) {
            Self::Requested
        } else {
            Self::Missing
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::InConnect => "✅",
            Self::Missing => "➕",
            Self::Requested => "⏳",
        }
    }
}

/// The groups that a search found, of which those are `requested` whose folded names are: one page of
/// them, counted from 0, or the last if there aren't so many.
pub(in crate::discord) fn page(search: &Search, requested: &HashSet<String>, page: usize) -> Reply {
    let total = search.groups.len();
    if total == 0 {
        return Reply::public(nothing(search, &[]).content);
    }
    let pages = total.div_ceil(PER_PAGE);
    let page = page.min(pages - 1);
    let groups: Vec<_> = search.alphabetical().skip(page * PER_PAGE).take(PER_PAGE).collect();
    let groups: Vec<_> =
        groups.into_iter().map(|group| (Standing::of(group, requested), group)).collect();
    let standings = search.groups.iter().map(|group| Standing::of(group, requested));
    let legend = legend(standings, total);
    let missing = groups.iter().filter(|(standing, _)| *standing == Standing::Missing);
    let (menu, unpickable) = menu(missing.map(|(_, group)| &group.name));
    let (buttons, is_stuck) = buttons(search, page, pages);
    let mut end = unpickable_words(unpickable);
    if is_stuck {
        end.push_str("\nNo button can carry this prefix to the other pages: type a longer one.");
    } else if legend.has_missing && pages > 1 && menu.is_none() && unpickable == 0 {
        end.push_str("\nThose that aren't in Connect are on other pages.");
    }
    let place = if pages > 1 { format!("page {} of {pages} · ", page + 1) } else { String::new() };
    let _ = write!(end, "\n-# {place}as of {}", stamp(search.taken_at, 'R'));
    let head = head(search, &legend.words);
    let mut contents =
        WIDTHS.into_iter().map(|width| format!("{head}{}{end}", lines(&groups, width)));
    let content = contents.find(|content| utf16_len(content) <= MAX_CONTENT);
    Reply { menu, buttons, ..Reply::public(content.unwrap_or(head)) }
}

/// A search that found nothing, and names that may have been meant.
pub(in crate::discord) fn nothing(search: &Search, near: &[GroupName]) -> Reply {
    let next = match near {
        [] => " A search compares the beginning of the name, whatever the case: try fewer letters."
            .to_owned(),
        near => listed(" Did you mean one of these?", near),
    };
    Reply::ephemeral(format!("No LDAP group begins with {}.{next}", span(search.prefix.as_str())))
}

fn head(search: &Search, legend: &str) -> String {
    let total = search.groups.len();
    let (least, more) = if search.is_whole() {
        ("", "")
    } else {
        ("At least ", " Connect lists no more: type more letters.")
    };
    format!(
        "**{least}{}** {} with {}: {legend}.{more}",
        count(total, "LDAP group"),
        if total == 1 { "begins" } else { "begin" },
        listed_span(search.prefix.as_str()),
    )
}

/// What the symbols mean, and how many groups have each.
struct Legend {
    words: String,
    has_missing: bool,
}

fn legend(standings: impl Iterator<Item = Standing>, total: usize) -> Legend {
    let mut counts = Standing::ALL.map(|standing| (standing, 0));
    for standing in standings {
        for (of, count) in &mut counts {
            *count += usize::from(*of == standing);
        }
    }
    let [(_, existing), (_, missing), _] = counts;
    let words = counts.into_iter().filter(|(_, count)| *count > 0).map(|(standing, count)| {
        let symbol = standing.symbol();
        let who = if total == 1 { "it".to_owned() } else { count.to_string() };
        let (is, isnt) = if count == 1 { ("is", "isn't") } else { ("are", "aren't") };
        match standing {
            Standing::InConnect => format!("{symbol} {who} {is} in Connect"),
            Standing::Missing if existing == 0 => format!("{symbol} {who} {isnt} in Connect yet"),
            Standing::Missing => format!("{symbol} {who} {isnt} yet"),
            Standing::Requested => format!("{symbol} {who} {is} requested"),
        }
    });
    Legend { words: words.collect::<Vec<_>>().join(", "), has_missing: missing > 0 }
}

/// A line for each group, with names of at most `width` UTF-16 units.
fn lines(groups: &[(Standing, &RemoteGroup)], width: usize) -> String {
    let (mut lines, mut cut) = (String::new(), 0);
    for (standing, group) in groups {
        let (name, is_cut) = name_span(group.name.as_str(), width);
        cut += usize::from(is_cut);
        let _ = write!(lines, "\n{} {name}", standing.symbol());
        if let Some(guid) = &group.guid {
            let _ = write!(lines, " · `{guid}`");
        }
    }
    match cut {
        0 => {}
        1 => lines.push_str("\n1 name is cut, at `…`."),
        _ => {
            let _ = write!(lines, "\n{cut} names are cut, at `…`.");
        }
    }
    lines
}

/// The buttons under a page, and whether there should be others that can't carry the prefix.
fn buttons(search: &Search, page: usize, pages: usize) -> (Vec<Button>, bool) {
    let mut buttons = page_buttons(page, pages, |to| CustomId::search(to, &search.prefix));
    let beside = [page.checked_sub(1), Some(page + 1).filter(|after| *after < pages)];
    let is_carried = |to: &usize| CustomId::search(*to, &search.prefix).is_some();
    let is_stuck = !beside.iter().flatten().all(is_carried);
    let again = CustomId::search_again(page, &search.prefix);
    buttons.extend(again.map(|id| Button::new("🔄 Search again", &id, ButtonStyle::Secondary)));
    (buttons, is_stuck)
}

/// What is said of names that no menu can carry.
fn unpickable_words(names: usize) -> String {
    let create = command("create");
    match names {
        0 => String::new(),
        1 => format!("\n1 name can't be in the menu: type it in {create}."),
        _ => format!("\n{names} names can't be in the menu: type them in {create}."),
    }
}
