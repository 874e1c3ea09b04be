//! What is suggested to someone who types, and what menus offer.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::reply::{Choice, MAX_CHOICE, MAX_CHOICES, Menu};
use crate::discord::custom_id::CustomId;
use crate::group::{GroupName, near};
use crate::text::{escape_invisible, is_carried, shorten, utf16_len};
use crate::tickets::Search;

/// Stands before a name that nobody typed.
const MEANT: &str = "Did you mean ";

/// A menu of these names, each once, and how many it can't carry. No menu if there is nothing to pick.
pub(super) fn menu<'a>(names: impl Iterator<Item = &'a GroupName>) -> (Option<Menu>, usize) {
    let mut seen = HashSet::new();
    let names = names.filter(|name| !name.as_str().trim().is_empty() && seen.insert(*name));
    let choices: Vec<_> = names.map(|name| choice(name, "")).collect();
    let all = choices.len();
    let options: Vec<_> = choices.into_iter().flatten().take(MAX_CHOICES).collect();
    let unpickable = all - options.len();
    let placeholder = match options.len() {
        0 => return (None, unpickable),
        1 => "Pick the group to bring into Connect",
        _ => "Pick groups to bring into Connect",
    };
    (Some(Menu { custom_id: CustomId::Pick.to_string(), placeholder, options }), unpickable)
}

/// Names to suggest to someone who typed `typed`: the exact one, then those that begin so, then those
/// that hold it; of each kind those that Connect lacks first. Of two hits of one name the earlier
/// search's counts.
pub(in crate::discord) fn groups(searches: &[Arc<Search>], typed: &str) -> Vec<Choice> {
    let folded = typed.to_lowercase();
    let mut seen = HashSet::new();
    let groups = searches.iter().flat_map(|search| search.groups.iter());
    let groups = groups.filter(|group| !group.name.as_str().trim().is_empty());
    let mut ranked: Vec<_> = groups
        .filter(|group| seen.insert(&group.name))
        .filter_map(|group| Some((rank(&group.name, typed, &folded)?, group)))
        .collect();
    ranked.sort_by_key(|(rank, group)| (*rank, group.guid.is_some()));
    ranked
        .into_iter()
        .filter_map(|(_, group)| {
            choice(&group.name, if group.guid.is_some() { " · already in Connect" } else { "" })
        })
        .take(MAX_CHOICES)
        .collect()
}

/// Names that may have been meant by something that no name holds, and are said to be no more than that.
/// None if what was typed can't stand before them: whoever only presses Enter would send one of these.
pub(in crate::discord) fn meant(searches: &[Arc<Search>], typed: &str) -> Vec<Choice> {
    let typed = GroupName::parse(typed.trim()).ok();
    let Some(typed) = typed.filter(|typed| choice(typed, "").is_some()) else { return Vec::new() };
    let names = near(searches.iter().flat_map(|search| search.groups.iter()), &typed);
    let said = |name: &GroupName| {
        let Choice { name, value } = choice(name, "")?;
        let name = both_ends(&name, MAX_CHOICE - utf16_len(MEANT) - 1);
        Some(Choice { name: format!("{MEANT}{name}?"), value })
    };
    names.iter().filter_map(said).collect()
}

/// How well a name fits what was typed, the best first; not at all if it doesn't hold it.
fn rank(name: &GroupName, typed: &str, folded: &str) -> Option<u8> {
    let own = name.folded();
    match own.find(folded)? {
        0 if name.as_str() == typed.trim() => Some(0),
        0 if own == folded.trim() => Some(1),
        0 => Some(2),
        _ => Some(3),
    }
}

/// The choices with what was typed before them, unless the first is exactly that: whoever sends what
/// they typed must get that, and not a name that only holds it.
pub(in crate::discord) fn typed_first(typed: &str, mut choices: Vec<Choice>) -> Vec<Choice> {
    let typed = typed.trim().trim_end_matches(',').trim_end();
    let is_exact = |first: &Choice| first.value.to_lowercase() == typed.to_lowercase();
    if typed.is_empty() || choices.first().is_none_or(is_exact) {
        return choices;
    }
    let name = GroupName::parse(typed).ok();
    let own = name.and_then(|name| choice(&name, "")).filter(|own| own.value == typed);
    choices.splice(0..0, own);
    choices.truncate(MAX_CHOICES);
    choices
}

/// The same choices after other names, `before`, and a comma; those that then still fit.
pub(in crate::discord) fn after(before: &str, choices: Vec<Choice>) -> Vec<Choice> {
    let typed: Vec<_> = before.split(',').map(|name| name.trim().to_lowercase()).collect();
    let continued = |choice: Choice| {
        let Choice { name, value } = choice;
        // With another comma it wouldn't be read as one name of several.
        if value.contains(',') || typed.contains(&value.to_lowercase()) {
            return None;
        }
        let value = format!("{before}, {value}");
        let name = format!("{}, {name}", escape_invisible(before));
        let name =
            if utf16_len(&name) > MAX_CHOICE { both_ends(&name, MAX_CHOICE).into() } else { name };
        (utf16_len(&value) <= MAX_CHOICE).then_some(Choice { name, value })
    };
    choices.into_iter().filter_map(continued).collect()
}

/// A long name with its beginning and its end, since names often differ at the end only.
fn both_ends(name: &str, max: usize) -> Cow<'_, str> {
    const END: usize = 30;
    if utf16_len(name) <= max {
        return name.into();
    }
    let skipped = name.char_indices().rev().take(END / 2).last().map_or(0, |(at, _)| at);
    format!("{}{}", shorten(name, max - END), &name[skipped..]).into()
}

/// Names to suggest, as they come.
pub(in crate::discord) fn names(names: &[GroupName]) -> Vec<Choice> {
    names
        .iter()
        .filter(|name| !name.as_str().trim().is_empty())
        .filter_map(|name| choice(name, ""))
        .collect()
}

/// Nothing for a name that no value can carry.
fn choice(name: &GroupName, mark: &str) -> Option<Choice> {
    let value = name.as_str();
    if value.is_empty() || !is_carried(value, MAX_CHOICE) {
        return None;
    }
    let shown = escape_invisible(name.as_str());
    let mut name = both_ends(&shown, MAX_CHOICE - utf16_len(mark)).into_owned();
    name.push_str(mark);
    Some(Choice { name, value: value.to_owned() })
}
