//! Names and prefixes that a field of Discord's can't carry to the letter.

use std::borrow::Cow;

use super::{GroupName, Prefix};
use crate::text;

/// The hexadecimal digits of a digest.
const DIGEST_DIGITS: usize = 16;

/// A name or a prefix written so that it can be found again where a field can't carry it: its
/// beginning, an ellipsis and a digest of all of it. Holds no ticket, and serves whoever has it no
/// better than the name itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Abbreviation {
    beginning: String,
    digest: u64,
}

impl Abbreviation {
    /// The name itself if a field of `max` UTF-16 units carries it to the letter, else its
    /// abbreviation. Nothing if it has no beginning that Connect can be asked for.
    ///
    /// Abbreviated is what is too long, has a control character, has white space at an end (Discord
    /// may cut both off) or would be read as an abbreviation.
    #[must_use]
    pub fn of(name: &GroupName, max: usize) -> Option<Cow<'_, str>> {
        written(name.as_str(), max)
    }

    /// As [`Abbreviation::of`], for a prefix.
    #[must_use]
    pub fn of_prefix(prefix: &Prefix, max: usize) -> Option<Cow<'_, str>> {
        written(prefix.as_str(), max)
    }

    /// Reads what [`Abbreviation::of`] wrote; nothing if the text isn't of its form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (beginning, digits) = text.rsplit_once('…')?;
        let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        let is_digest = digits.len() == DIGEST_DIGITS && digits.chars().all(is_digit);
        if beginning.trim().is_empty() || !is_digest {
            return None;
        }
        let digest = u64::from_str_radix(digits, 16).ok()?;
        Some(Self { beginning: beginning.to_owned(), digest })
    }

    /// A prefix under which the group is found.
    #[must_use]
    pub fn prefix(&self) -> Prefix {
        Prefix(self.beginning.clone())
    }

    /// Whether it is this text's, also if white space before it was cut off on the way.
    #[must_use]
    pub fn stands_for(&self, text: &str) -> bool {
        text.trim_start().starts_with(self.beginning.trim_start())
            && text::digest(text) == self.digest
    }

    /// The full name, if one of these is it.
    #[must_use]
    pub fn resolve<'a>(&self, names: impl IntoIterator<Item = &'a GroupName>) -> Option<GroupName> {
        names.into_iter().find(|name| self.stands_for(name.as_str())).cloned()
    }
}

fn written(text: &str, max: usize) -> Option<Cow<'_, str>> {
    let is_safe = || !text.contains(char::is_control) && Abbreviation::parse(text).is_none();
    let is_carried =
        text::utf16_len(text) <= max && text.trim() == text && (text::is_plain(text) || is_safe());
    if is_carried {
        return Some(text.into());
    }
    let clean = text.split(char::is_control).next().unwrap_or_default();
    let beginning = text::beginning(clean, max.saturating_sub(1 + DIGEST_DIGITS)).trim_end();
    let short = || format!("{beginning}…{:0width$x}", text::digest(text), width = DIGEST_DIGITS);
    (!beginning.is_empty()).then(|| short().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> GroupName {
        GroupName(text.to_owned())
    }

    #[test]
    fn a_long_name_is_found_again_by_its_abbreviation() {
        let long = "営業".repeat(200);
        let names = [name(&format!("{long}1")), name(&format!("{long}2"))];
        for name in &names {
            let short = Abbreviation::of(name, 100).unwrap();
            assert!(text::utf16_len(&short) <= 100);
            let found = Abbreviation::parse(&short).and_then(|short| short.resolve(&names));
            assert_eq!(found.as_ref(), Some(name));
        }
    }

    /// Buttons and menus outlive the version that made them.
    #[test]
    fn an_abbreviation_is_the_same_in_every_version() {
        let short = written("team\u{7}", 100);
        assert_eq!(short.as_deref(), Some("team…163b14df3f2001f8"));
    }

    #[test]
    fn what_a_field_carries_to_the_letter_stands_for_itself() {
        for text in ["short", "R&D (Zürich) 営業部", "Data…Science", "a…0123456789ABCDEF"] {
            assert_eq!(written(text, 100).as_deref(), Some(text));
            assert_eq!(Abbreviation::parse(text), None);
        }
    }

    #[test]
    fn what_a_field_may_lose_is_abbreviated_to_what_is_safe() {
        for (text, beginning) in [
            ("a\tb", "a"),
            ("team \u{7}", "team"),
            ("team  ", "team"),
            (" team", " team"),
            ("a…0123456789abcdef", "a…0123456789abcdef"),
        ] {
            let whole = name(text);
            let short = Abbreviation::of(&whole, 100).unwrap();
            assert_eq!(short.rsplit_once('…').unwrap().0, beginning);
            let trimmed = Abbreviation::parse(short.trim()).unwrap();
            assert_eq!(trimmed.resolve(&[name("other"), whole.clone()]), Some(whole));
        }
    }

    #[test]
    fn what_begins_with_nothing_that_is_safe_has_no_abbreviation() {
        for text in ["\u{1}", "\tteam", " \u{7}team"] {
            assert_eq!(written(text, 100), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_carried_or_found_again(text in "\\PC{0,3}[ \\t\\u{1}a-z🦀営…]{0,120}") {
            let whole = name(&text);
            if let Some(short) = Abbreviation::of(&whole, 100) {
                prop_assert!((1..=100).contains(&text::utf16_len(&short)) || text.is_empty());
                let found = match Abbreviation::parse(short.trim()) {
                    Some(read) => read.resolve([&whole]),
                    None => Some(name(&short)),
                };
                prop_assert_eq!(found, Some(whole));
            }
        }
    }
}
