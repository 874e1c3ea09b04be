//! What is suggested to someone who types.

use std::borrow::Cow;

use crate::group::{Abbreviation, GroupName};
use crate::text::{shorten, units, visible};
use crate::tickets::Search;

/// Discord's limits for a suggestion: how many, and how long its name and its value.
pub(super) const MAX_CHOICES: usize = 25;
pub(in crate::discord) const MAX_CHOICE: usize = 100;

/// A suggestion for an option.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Choice {
    /// What the person sees.
    pub name: String,
    /// What is sent when it is picked.
    pub value: String,
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
    ranked
        .into_iter()
        .filter_map(|(group, _)| {
            choice(&group.name, if group.guid.is_some() { " · already in Connect" } else { "" })
        })
        .take(MAX_CHOICES)
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

/// Names to suggest, as they come.
#[must_use]
pub fn name_choices(names: &[GroupName]) -> Vec<Choice> {
    names
        .iter()
        .filter(|name| !name.as_str().trim().is_empty())
        .filter_map(|name| choice(name, ""))
        .collect()
}

/// Nothing for a name that can't be told by a value.
fn choice(name: &GroupName, mark: &str) -> Option<Choice> {
    let value = Abbreviation::of(name, MAX_CHOICE)?.into_owned();
    let shown = visible(name.as_str());
    let name = format!("{}{mark}", both_ends(&shown, MAX_CHOICE - units(mark)));
    Some(Choice { name, value })
}
