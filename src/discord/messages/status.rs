//! What was found, for admins: what is wrong first, a line each, then what is well.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::time::SystemTime;

use super::failures::reference;
use super::markdown::{SHORT, first_group, linked, stamp};
use super::reply::{MAX_CONTENT, Reply};
use crate::check::{Finding, Level};
use crate::correlation::CorrelationId;
use crate::requests::Overview;
use crate::text::utf16_len;

/// What is well takes at most this many UTF-16 units.
const MAX_WELL: usize = 600;

/// How everything is.
pub(in crate::discord) fn status(
    started: SystemTime,
    findings: &[Finding],
    overview: Option<&Overview>,
    id: CorrelationId,
) -> Reply {
    let (well, mut wrong): (Vec<_>, Vec<_>) =
        findings.iter().partition(|finding| finding.level == Level::Ok);
    wrong.sort_by_key(|finding| Reverse(finding.level));
    let version = env!("CARGO_PKG_VERSION");
    let mut lines = vec![format!("**ldapgroup-bot {version}**, started {}", stamp(started, 'R'))];
    lines.extend(overview.map(requests));
    let (mut well, left) =
        fitting(well.into_iter().map(|finding| finding.markdown().to_owned()), "; ", MAX_WELL);
    if left > 0 {
        let _ = write!(well, "; and {left} more");
    }
    // What is well is small print, but not that all is.
    let last = if wrong.is_empty() {
        format!("✅ All is as it should be.\n-# {well}")
    } else {
        format!("-# ✅ {well}\n{}", reference(id))
    };
    let left_out = |left| format!("-# {left} more don't fit here: the bot's log has them.");
    let taken =
        utf16_len(&lines.join("\n")) + utf16_len(&last) + utf16_len(&left_out(wrong.len())) + 3;
    let symbol = |of: &Finding| if of.level == Level::Fail { "❌" } else { "⚠️" };
    let wrong = wrong.into_iter().map(|of| format!("{} {}", symbol(of), of.markdown()));
    let (wrong, left) = fitting(wrong, "\n", MAX_CONTENT.saturating_sub(taken));
    lines.extend(Some(wrong).filter(|wrong| !wrong.is_empty()));
    lines.extend((left > 0).then(|| left_out(left)));
    lines.push(last);
    Reply::ephemeral(lines.join("\n"))
}

/// As many of them as there is room for, and how many there isn't.
fn fitting(items: impl Iterator<Item = String>, separator: &str, room: usize) -> (String, usize) {
    let (mut text, mut left) = (String::new(), 0);
    for item in items {
        let before = if text.is_empty() { "" } else { separator };
        if utf16_len(&text) + utf16_len(before) + utf16_len(&item) <= room {
            text.push_str(before);
            text.push_str(&item);
        } else {
            left += 1;
        }
    }
    (text, left)
}

fn requests(overview: &Overview) -> String {
    let Some(oldest) = &overview.oldest else { return "No request is open.".to_owned() };
    let (id, name) = (linked(oldest), first_group(oldest, SHORT));
    let made = stamp(oldest.created_at, 'R');
    match overview.open {
        1 => format!("1 request is open: {id} for {name}, made {made}."),
        open => format!("{open} requests are open; the oldest is {id} for {name}, made {made}."),
    }
}
