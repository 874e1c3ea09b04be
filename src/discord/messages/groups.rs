//! The groups of a request for several, a line each: what came of it, its name, and its guid or why it
//! isn't there.

use std::fmt::Write as _;

use super::markdown::{quoted, sentence};
use super::reasons;
use crate::group::Guid;
use crate::request::{GroupStatus, Reason, Request, RequestedGroup, State};
use crate::text::{beginning, code_span, count, utf16_len};

/// How much is said, from all to the least.
#[derive(Clone, Copy)]
struct Measure {
    /// The UTF-16 units of a name.
    name: usize,
    has_guids: bool,
    /// The UTF-16 units of why a group isn't there.
    reason: usize,
}

const MEASURES: [Measure; 12] = [
    measure(1000, true, 500),
    measure(400, true, 300),
    measure(200, true, 200),
    measure(100, true, 200),
    measure(64, true, 200),
    measure(48, true, 150),
    measure(32, true, 100),
    measure(24, true, 60),
    measure(16, true, 60),
    measure(16, false, 60),
    measure(12, false, 40),
    measure(8, false, 30),
];

const fn measure(name: usize, has_guids: bool, reason: usize) -> Measure {
    Measure { name, has_guids, reason }
}

/// The lines, in at most `room` UTF-16 units if that can be.
pub(super) fn within(request: &Request, room: usize) -> String {
    let mut text = String::new();
    for measure in MEASURES {
        text = lines(request, measure);
        if utf16_len(&text) <= room {
            break;
        }
    }
    text
}

/// The UTF-16 units that they take at least.
pub(super) fn least(request: &Request) -> usize {
    utf16_len(&lines(request, MEASURES[MEASURES.len() - 1]))
}

fn lines(request: &Request, measure: Measure) -> String {
    let is_carried_out = matches!(request.state, State::Creating | State::Created | State::Failed);
    let (mut text, mut cut, mut last_reason) = (String::new(), 0, None);
    for group in &request.groups {
        let (name, is_cut) = named(group, measure.name);
        cut += usize::from(is_cut);
        if is_carried_out {
            let outcome = outcome(group, measure, &mut last_reason);
            let _ = writeln!(text, "{} {name}{outcome}", symbol(group.status));
        } else {
            let _ = writeln!(text, "• {name}");
        }
    }
    if cut > 0 {
        let are = if cut == 1 { "is" } else { "are" };
        let _ = writeln!(text, "-# {} {are} cut, at `…`.", count(cut, "name"));
    }
    text
}

/// A group's name in a code span, and whether something of it is left out. The end is shown, too:
/// names often differ there only.
fn named(group: &RequestedGroup, max: usize) -> (String, bool) {
    let whole = code_span(group.name.as_str(), usize::MAX);
    if utf16_len(&whole) <= max + 2 {
        return (whole, false);
    }
    let name = &whole[1..whole.len() - 1];
    let end = name.char_indices().rev().map(|(at, _)| at);
    let end = end.take_while(|at| utf16_len(&name[*at..]) <= max / 3).last().unwrap_or(name.len());
    let start = beginning(name, max - 1 - utf16_len(&name[end..]));
    (format!("`{start}…{}`", &name[end..]), true)
}

fn symbol(status: GroupStatus) -> char {
    match status {
        GroupStatus::Waiting => '⏳',
        GroupStatus::Created | GroupStatus::Existed => '✅',
        GroupStatus::Failed | GroupStatus::Impossible => '❌',
    }
}

/// What follows the name. Why a group isn't there is said once if several after each other have the
/// same reason.
fn outcome<'g>(
    group: &'g RequestedGroup,
    measure: Measure,
    last_reason: &mut Option<(&'g Reason, Option<&'g Guid>)>,
) -> String {
    let guid = group.guid.as_ref();
    let shown = guid.filter(|_| measure.has_guids);
    let shown = shown.map_or_else(String::new, |guid| format!(" · `{}`", guid.as_str()));
    match group.status {
        GroupStatus::Waiting => String::new(),
        GroupStatus::Created => shown,
        GroupStatus::Existed => format!("{shown} · was there already"),
        GroupStatus::Failed | GroupStatus::Impossible => {
            let Some(failure) = &group.failure else { return " · wasn't created".to_owned() };
            if last_reason.replace((failure, guid)) == Some((failure, guid)) {
                return " · for the same reason".to_owned();
            }
            let why = reasons::words(failure);
            match guid.filter(|_| measure.has_guids) {
                Some(guid) => {
                    let why = sentence(&why, measure.reason);
                    format!(" · {why} The other group has the guid `{}`.", guid.as_str())
                }
                None => format!(" · {}", quoted(&why, measure.reason)),
            }
        }
    }
}
