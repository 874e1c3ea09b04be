//! Moments and places that Discord draws in its own way.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::names;
use crate::discord::clock;

/// Where the address of every message begins.
const MESSAGES: &str = "https://discord.com/channels/";

/// What `t:SECONDS` or `t:SECONDS:STYLE` stands for; `None` if it isn't one.
pub(super) fn moment(mark: &str, now: SystemTime) -> Option<String> {
    let (seconds, style) = match mark.strip_prefix("t:")?.split_once(':') {
        Some((seconds, style)) => (seconds, style),
        None => (mark.strip_prefix("t:")?, "f"),
    };
    let since_epoch = Duration::from_secs(seconds.parse().ok()?);
    match style {
        "R" => Some(relative(UNIX_EPOCH.checked_add(since_epoch)?, now)),
        // The other styles say the same more or less fully.
        "t" | "T" | "d" | "D" | "f" | "F" => Some(clock::minute(since_epoch)),
        _ => None,
    }
}

/// `in 3 days`, `2 minutes ago`: in the greatest unit of which there is one.
fn relative(at: SystemTime, now: SystemTime) -> String {
    let (distance, is_past) = match at.duration_since(now) {
        Ok(ahead) => (ahead, false),
        Err(behind) => (behind.duration(), true),
    };
    // Between the moment and the look at it some milliseconds pass.
    let seconds = (distance + Duration::from_millis(500)).as_secs();
    let units = [("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];
    let unit = units.into_iter().find(|(_, length)| seconds >= *length);
    let Some((unit, length)) = unit else { return "now".to_owned() };
    let amount = seconds / length;
    let plural = if amount == 1 { "" } else { "s" };
    if is_past {
        format!("{amount} {unit}{plural} ago")
    } else {
        format!("in {amount} {unit}{plural}")
    }
}

/// What a message's address at the beginning of the text is drawn as, and what follows it.
pub(super) fn message_link(text: &str) -> Option<(String, &str)> {
    let ids = text.strip_prefix(MESSAGES)?;
    let end = ids.find(|c: char| !c.is_ascii_digit() && c != '/').unwrap_or(ids.len());
    let (ids, after) = ids.split_at(end);
    let mut ids = ids.split('/').map(str::parse::<u64>);
    match (ids.next(), ids.next(), ids.next(), ids.next()) {
        (Some(Ok(_)), Some(Ok(channel)), Some(Ok(_)), None) => {
            Some((format!("{} › message", names::channel(channel)), after))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::REQUESTS;

    /// 2026-03-02 10:15 UTC.
    const THEN: u64 = 1_772_446_500;

    fn drawn(mark: &str) -> Option<String> {
        moment(mark, UNIX_EPOCH + Duration::from_secs(THEN))
    }

    #[test]
    fn moments_are_told_in_full_and_by_their_distance() {
        let full = Some("2026-03-02 10:15 UTC".to_owned());
        assert_eq!(drawn(&format!("t:{THEN}:f")), full);
        assert_eq!(drawn(&format!("t:{THEN}")), full);
        for (seconds, told) in [
            (THEN, "now"),
            (THEN + 1, "in 1 second"),
            (THEN + 72 * 3600, "in 3 days"),
            (THEN - 119, "1 minute ago"),
            (THEN - 7200, "2 hours ago"),
        ] {
            assert_eq!(drawn(&format!("t:{seconds}:R")).as_deref(), Some(told));
        }
        for other in ["t:soon:R", "t:1:x", "x:1", "t:"] {
            assert_eq!(drawn(other), None, "{other}");
        }
    }

    #[test]
    fn a_messages_address_is_drawn_as_its_channel() {
        let text = format!("https://discord.com/channels/1/{REQUESTS}/3; then");
        let drawn = "#connect-requests › message".to_owned();
        assert_eq!(message_link(&text), Some((drawn, "; then")));
        assert_eq!(message_link("https://discord.com/channels/1/2"), None);
        assert_eq!(message_link("https://example.com/channels/1/2/3"), None);
    }
}
