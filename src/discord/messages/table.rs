//! The groups of a request for several, and what came of each.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::markdown::{cell, quoted, sanitize};
use super::reasons;
use crate::group::Guid;
use crate::request::{GroupStatus, Reason, Request, RequestedGroup, State};
use crate::text::{count, display_width, utf16_len};

/// How much is said, from all to the least: the UTF-16 units of a name, whether ids are shown, and
/// the units of a reason.
const MEASURES: [(usize, bool, usize); 12] = [
    (400, true, 300),
    (200, true, 200),
    (100, true, 200),
    (64, true, 200),
    (48, true, 200),
    (40, true, 150),
    (32, true, 150),
    (24, true, 100),
    (16, true, 100),
    (16, false, 100),
    (12, false, 60),
    (8, false, 30),
];

/// Reasons that are said one by one.
const MAX_REASONS: usize = 5;

/// The table, in at most `room` UTF-16 units if that can be.
pub(super) fn within(request: &Request, room: usize) -> String {
    let mut text = String::new();
    for measure in MEASURES {
        text = measured(request, measure);
        if utf16_len(&text) <= room {
            break;
        }
    }
    text
}

/// The UTF-16 units that it takes at least.
pub(super) fn least(request: &Request) -> usize {
    utf16_len(&measured(request, MEASURES[MEASURES.len() - 1]))
}

fn measured(request: &Request, measure: (usize, bool, usize)) -> String {
    match request.state {
        State::Creating | State::Created | State::Failed => outcomes(request, measure),
        State::Pending | State::Denied | State::Expired | State::Cancelled => {
            names(request, measure.0)
        }
    }
}

fn names(request: &Request, width: usize) -> String {
    let mut text = "```\n".to_owned();
    let mut cut = 0;
    for group in &request.groups {
        let (name, is_cut) = named(group, width);
        let _ = writeln!(text, "{name}");
        cut += usize::from(is_cut);
    }
    text.push_str("```\n");
    push_cut(&mut text, cut);
    text
}

/// A group's name, and whether something of it is left out. The end is shown, too: names often differ
/// there only.
fn named(group: &RequestedGroup, width: usize) -> (Cow<'_, str>, bool) {
    let name = sanitize(group.name.as_str(), usize::MAX);
    if display_width(&name) <= width && utf16_len(&name) <= width {
        return (name, false);
    }
    let mut end = String::new();
    for c in name.chars().rev() {
        let longer = format!("{c}{end}");
        if display_width(&longer).max(utf16_len(&longer)) > width / 3 {
            break;
        }
        end = longer;
    }
    let beginning = cell(&name, width - display_width(&end).max(utf16_len(&end)));
    (format!("{beginning}{end}").into(), true)
}

fn push_cut(text: &mut String, cut: usize) {
    if cut > 0 {
        let are = if cut == 1 { "is" } else { "are" };
        let _ = writeln!(text, "{} {are} cut, at `…`.", count(cut, "name"));
    }
}

fn outcomes(request: &Request, (width, with_guids, reason): (usize, bool, usize)) -> String {
    let cells: Vec<_> = request.groups.iter().map(|group| named(group, width)).collect();
    let widest = cells.iter().map(|(cell, _)| display_width(cell)).max().unwrap_or(0).max(4);
    let mut reasons = Vec::new();
    let mut text = "```\n".to_owned();
    push_line(&mut text, "NAME", widest, "OUTCOME", with_guids.then_some("GUID"));
    for ((cell, _), group) in cells.iter().zip(&request.groups) {
        // Of a group that failed it is the other one's, which its reason names.
        let is_there = with_guids && !GroupStatus::FAILURES.contains(&group.status);
        let guid = group.guid.as_ref().map(Guid::as_str).filter(|_| is_there);
        push_line(&mut text, cell, widest, &outcome(group, &mut reasons), guid);
    }
    text.push_str("```\n");
    push_cut(&mut text, cells.iter().filter(|(_, is_cut)| *is_cut).count());
    for (at, (why, guid)) in reasons.iter().enumerate() {
        let _ = write!(text, "({}) {}", at + 1, quoted(&reasons::words(why), reason));
        let _ = match guid {
            Some(guid) => writeln!(text, " The other group has the guid `{}`.", guid.as_str()),
            None => writeln!(text),
        };
    }
    text
}

fn push_line(text: &mut String, name: &str, width: usize, outcome: &str, guid: Option<&str>) {
    let fill = width.saturating_sub(display_width(name));
    let _ = match guid {
        Some(guid) => writeln!(text, "{name}{:fill$}  {outcome:<10}  {guid}", ""),
        None => writeln!(text, "{name}{:fill$}  {outcome}", ""),
    };
}

/// What came of a group; of one that failed the number of the reason, if there aren't too many.
fn outcome<'a>(
    group: &'a RequestedGroup,
    reasons: &mut Vec<(&'a Reason, Option<&'a Guid>)>,
) -> String {
    match group.status {
        GroupStatus::Waiting => "waiting".to_owned(),
        GroupStatus::Created => "created".to_owned(),
        GroupStatus::Existed => "was there".to_owned(),
        GroupStatus::Failed | GroupStatus::Impossible => {
            let Some(failure) = &group.failure else { return "failed".to_owned() };
            let reason = (failure, group.guid.as_ref());
            let known = reasons.iter().position(|known| *known == reason);
            match known {
                Some(at) => format!("failed ({})", at + 1),
                None if reasons.len() < MAX_REASONS => {
                    reasons.push(reason);
                    format!("failed ({})", reasons.len())
                }
                None => "failed".to_owned(),
            }
        }
    }
}
