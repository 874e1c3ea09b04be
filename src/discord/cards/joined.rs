//! Who joined a request, and why.

use std::fmt::Write as _;

use super::{MAX_PEOPLE, said};
use crate::request::Participant;
use crate::text::utf16_len;

/// How much of each reason is said, from the most to the least, in UTF-16 units.
const MEASURES: [usize; 4] = [200, 100, 60, 30];

/// What they take at most in a message, in UTF-16 units: the groups need room, too.
const MOST: usize = 800;

/// Those who joined, in at most `room` UTF-16 units if that can be. Who has no room is counted.
pub(super) fn of(others: &[&Participant], room: usize) -> String {
    let fits = |text: &String| utf16_len(text) <= room.min(MOST);
    let named = others.len().min(MAX_PEOPLE);
    let all = MEASURES.into_iter().map(|measure| lines(others, named, measure));
    let some = (0..named).rev().map(|named| lines(others, named, MEASURES[3]));
    all.chain(some).find(fits).unwrap_or_else(|| lines(others, 0, 0))
}

fn lines(others: &[&Participant], named: usize, measure: usize) -> String {
    let (mut text, mut silent) = (String::new(), Vec::new());
    for Participant { person, reason } in others.iter().take(named) {
        match reason {
            Some(reason) => {
                let _ = writeln!(text, "Also asked by <@{person}>: {}", said(reason, measure));
            }
            None => silent.push(format!("<@{person}>")),
        }
    }
    let silent = silent.join(", ");
    let _ = match (silent.is_empty(), others.len() - named) {
        (true, 0) => Ok(()),
        (true, more) => writeln!(text, "Also asked by {more} more."),
        (false, 0) => writeln!(text, "Also asked by {silent}."),
        (false, more) => writeln!(text, "Also asked by {silent} and {more} more."),
    };
    text
}
