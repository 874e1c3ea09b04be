//! Groups as LDAP and Connect know them, and how a name that someone typed is matched with them.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// The most characters a group's name or a prefix may have; Connect's own limit for a name.
pub(crate) const MAX_NAME_CHARS: usize = 4095;

/// How many hits Connect shows for one prefix at the most. There is no paging: a search that
/// returns this many may have left some out.
pub(crate) const SEARCH_LIMIT: usize = 500;

/// Names offered in place of one that no group has.
const MAX_NEAR: usize = 8;

/// How alike two names must be to be offered for each other, from 0 to 1.
const NEAR_ENOUGH: f64 = 0.6;

/// Longer names aren't compared letter by letter: the time that takes grows with the square.
const MAX_COMPARED_CHARS: usize = 100;

/// Why a text can't be a group's name or a prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NameProblem {
    /// Nothing but white space.
    Blank,
    /// More than [`MAX_NAME_CHARS`] characters.
    TooLong,
}

fn checked(text: &str) -> Result<String, NameProblem> {
    if text.trim().is_empty() {
        Err(NameProblem::Blank)
    } else if text.chars().count() > MAX_NAME_CHARS {
        Err(NameProblem::TooLong)
    } else {
        Ok(text.to_owned())
    }
}

/// The whole name of a group, kept to the letter: spaces and case are part of it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct GroupName(String);

impl GroupName {
    /// Takes a name that a person typed.
    ///
    /// # Errors
    ///
    /// When the text is blank or longer than any group's name.
    pub(crate) fn parse(text: &str) -> Result<Self, NameProblem> {
        checked(text).map(Self)
    }

    /// A name that was checked before: from the database.
    pub(crate) fn trusted(name: String) -> Self {
        Self(name)
    }

    /// The name to the letter.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which Connect compares names: without regard to case.
    pub(crate) fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// Whether Connect takes the two for one name.
    pub(crate) fn is_same_folded(&self, other: &str) -> bool {
        self.0 == other || self.folded() == other.to_lowercase()
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The beginning of group names, sent to Connect untouched.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Prefix(String);

impl Prefix {
    /// Takes a prefix that a person typed.
    ///
    /// # Errors
    ///
    /// When the text is blank or longer than any group's name.
    pub(crate) fn parse(text: &str) -> Result<Self, NameProblem> {
        checked(text).map(Self)
    }

    /// The first `chars` characters of a name: a wider net for a name that had no hit.
    pub(crate) fn beginning_of(name: &GroupName, chars: usize) -> Option<Self> {
        Self::parse(&name.0.chars().take(chars).collect::<String>()).ok()
    }

    /// The prefix to the letter.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every group called like `text`, or beginning with it, is among the hits of this
    /// prefix.
    pub(crate) fn covers(&self, text: &str) -> bool {
        text.to_lowercase().starts_with(&self.0.to_lowercase())
    }
}

impl From<GroupName> for Prefix {
    fn from(name: GroupName) -> Self {
        Self(name.0)
    }
}

/// The id that Connect gives a group or a user.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Guid(String);

impl TryFrom<String> for Guid {
    type Error = &'static str;

    /// Takes what can stand in any message as it is.
    fn try_from(guid: String) -> Result<Self, Self::Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        match guid.len() {
            1..=64 if guid.bytes().all(is_plain) => Ok(Self(guid)),
            _ => Err("a guid has letters, digits and hyphens"),
        }
    }
}

impl From<Guid> for String {
    fn from(guid: Guid) -> Self {
        guid.0
    }
}

impl Guid {
    /// An id that Connect gave before: from the database.
    pub(crate) fn trusted(guid: String) -> Self {
        Self(guid)
    }

    /// The id as Connect writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What Connect hands out with a hit and takes back to create the group.
///
/// Whoever holds it can create the group, so it lives in memory only and doesn't print.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct TempTicket(SecretString);

impl TempTicket {
    /// The ticket itself, for the one call that needs it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// A hit of a search: a group that LDAP has, or that Connect has without it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RemoteGroup {
    /// Its whole name. Two LDAP groups of one name can't be told apart.
    pub name: GroupName,
    /// The id of the Connect group, if Connect has it already.
    pub guid: Option<Guid>,
    /// Creates the group; Connect hands one out for groups it has, too.
    pub temp_ticket: TempTicket,
}

/// What a whole name comes to among the hits of a search.
#[derive(Debug)]
pub(crate) enum Match<'a> {
    /// The one group that is meant.
    One(&'a RemoteGroup),
    /// Groups between which the name doesn't decide: they differ in case only, or not at all.
    Several(Vec<&'a RemoteGroup>),
    /// No group has this name.
    None,
}

/// Finds the group that is called `name`, never one that merely begins with it.
///
/// A name that agrees in case wins. Else a single one that differs in case is taken; several are
/// reported and none is taken.
pub(crate) fn find<'a>(hits: &'a [RemoteGroup], name: &GroupName) -> Match<'a> {
    let mut candidates: Vec<_> = hits.iter().filter(|hit| hit.name == *name).collect();
    if candidates.is_empty() {
        let folded = name.folded();
        candidates = hits.iter().filter(|hit| hit.name.folded() == folded).collect();
    }
    match candidates[..] {
        [] => Match::None,
        [one] => Match::One(one),
        _ => Match::Several(candidates),
    }
}

/// The names closest to one that no group has, the closest first: those that begin with it, then
/// those that differ in a few letters. At most eight, each once.
pub(crate) fn near<'a>(
    hits: impl IntoIterator<Item = &'a RemoteGroup>,
    name: &GroupName,
) -> Vec<GroupName> {
    let folded = name.folded();
    let mut scored: Vec<(f64, &GroupName)> = hits
        .into_iter()
        .filter_map(|hit| Some((likeness(&hit.name.folded(), &folded)?, &hit.name)))
        .collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut names: Vec<GroupName> = Vec::new();
    for (_, name) in scored {
        if !names.contains(name) {
            names.push(name.clone());
        }
        if names.len() == MAX_NEAR {
            break;
        }
    }
    names
}

fn likeness(candidate: &str, wanted: &str) -> Option<f64> {
    if candidate.starts_with(wanted) {
        return Some(2.0);
    }
    let comparable = |text: &str| text.chars().nth(MAX_COMPARED_CHARS).is_none();
    if !comparable(candidate) || !comparable(wanted) {
        return None;
    }
    let score = strsim::normalized_damerau_levenshtein(candidate, wanted);
    (score >= NEAR_ENOUGH).then_some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(names: &[&str]) -> Vec<RemoteGroup> {
        names
            .iter()
            .map(|name| RemoteGroup {
                name: GroupName((*name).to_owned()),
                guid: None,
                temp_ticket: TempTicket(SecretString::new("ticket".to_owned())),
            })
            .collect()
    }

    fn found(names: &[&str], wanted: &str) -> Result<String, usize> {
        match find(&hits(names), &GroupName(wanted.to_owned())) {
            Match::One(hit) => Ok(hit.name.to_string()),
            Match::Several(several) => Err(several.len()),
            Match::None => Err(0),
        }
    }

    #[test]
    fn the_whole_name_is_matched_and_never_a_longer_one() {
        assert_eq!(found(&["ABE-TEST", "ABE"], "ABE"), Ok("ABE".to_owned()));
        assert_eq!(found(&["ABE-TEST"], "ABE"), Err(0));
    }

    #[test]
    fn a_name_that_agrees_in_case_wins_over_one_that_does_not() {
        assert_eq!(found(&["FINANCE", "Finance"], "Finance"), Ok("Finance".to_owned()));
    }

    #[test]
    fn a_single_name_in_other_case_is_taken_and_several_are_not() {
        assert_eq!(found(&["Zürich"], "ZÜRICH"), Ok("Zürich".to_owned()));
        assert_eq!(found(&["FINANCE", "Finance"], "finance"), Err(2));
    }

    #[test]
    fn two_groups_of_one_name_are_never_chosen_between() {
        assert_eq!(found(&["contractors", "contractors"], "contractors"), Err(2));
    }

    #[test]
    fn near_names_are_longer_ones_first_then_misspelt_ones_each_once() {
        let hits = hits(&["acounting", "billing", "accounting-emea", "accounting-emea"]);
        let near = near(&hits, &GroupName("accounting".to_owned()));
        let near: Vec<_> = near.iter().map(GroupName::as_str).collect();
        assert_eq!(near, ["accounting-emea", "acounting"]);
    }

    #[test]
    fn blank_and_overlong_names_are_refused_and_spaces_are_kept() {
        assert_eq!(GroupName::parse(" \t"), Err(NameProblem::Blank));
        assert_eq!(Prefix::parse(&"ü".repeat(4096)), Err(NameProblem::TooLong));
        assert_eq!(GroupName::parse(&"ü".repeat(4095)).map(|n| n.0.len()), Ok(8190));
        assert_eq!(GroupName::parse(" a ").map(|n| n.0), Ok(" a ".to_owned()));
    }

    #[test]
    fn a_ticket_does_not_print() {
        assert!(!format!("{:?}", hits(&["a"])).contains("\"ticket\""));
    }
}
