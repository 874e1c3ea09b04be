//! What people make of what the bot says.

use sandbox::discord::{CONNECT, ChannelId, Message, RANDOM, REQUESTS, THREAD};

/// Where the bot says something.
pub(crate) const CHANNELS: [ChannelId; 4] = [REQUESTS, CONNECT, RANDOM, THREAD];

/// What somebody has heard who asked for groups.
#[derive(Default)]
pub(crate) struct Heard {
    /// The groups that they are waiting for, and with which request each.
    pub(crate) asked: Vec<(String, i64)>,
    /// The groups that are being created for them.
    pub(crate) begun: Vec<String>,
    /// The message that shows how that goes, if there is one.
    pub(crate) shown_at: Option<u64>,
    /// The request that is to be decided now: the new one or, if there is none, the first of those
    /// that there were.
    pub(crate) number: Option<i64>,
}

impl Heard {
    /// Reads an answer to somebody who asked for these groups. `None` if they had better ask again.
    pub(crate) fn read(content: &str, groups: &[String]) -> Option<Self> {
        let (first, others) = content.split_once('\n').unwrap_or((content, ""));
        let others: Vec<_> = others.lines().filter_map(|line| line.strip_prefix("- ")).collect();
        let named = |line: &str| groups.iter().find(|group| line.contains(&format!("`{group}`")));
        let is_other = |group: &String| others.iter().any(|line| named(line) == Some(group));
        let of_first = groups.iter().filter(|group| !is_other(group)).cloned();
        let mut heard = Self::default();
        let asked = [
            "went to the admins, who can decide until",
            "no admin sees it yet",
            "is asked for already, with",
        ];
        let begun = ["shows what becomes of"];
        if asked.iter().any(|words| first.contains(words)) {
            let number = number_of(first)?;
            heard.number = Some(number);
            heard.asked.extend(of_first.map(|group| (group, number)));
        } else if begun.iter().any(|words| first.contains(words)) {
            heard.begun.extend(of_first);
            heard.shown_at = linked(first);
        } else {
            let words = ["There is no new request.", "Nothing was created:", "already in use."];
            words.iter().find(|words| first.ends_with(**words))?;
        }
        for line in others {
            let Some((group, number)) = named(line).zip(number_of(line)) else { continue };
            heard.number = heard.number.or(Some(number));
            if line.ends_with("You have joined it.") || line.ends_with("You asked for it before.") {
                heard.asked.push((group.clone(), number));
            }
        }
        Some(heard)
    }
}

/// The number of the request that a text is about.
pub(crate) fn number_of(content: &str) -> Option<i64> {
    content.split("equest ").skip(1).find_map(|rest| {
        let end = rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    })
}

/// Whether a message shows a request: only such a one is a card.
pub(crate) fn is_card(message: &Message) -> bool {
    message.content.is_empty() && !message.text().is_empty()
}

/// The number of the request that a card shows, if it is to be decided.
pub(crate) fn shown_by(message: &Message) -> Option<i64> {
    let text = message.text();
    let heading = text.lines().next().filter(|_| is_card(message))?;
    number_of(heading)
}

/// The message to which a text leads.
fn linked(text: &str) -> Option<u64> {
    let link =
        text.split_whitespace().find(|word| word.starts_with("https://discord.com/channels/"))?;
    link.rsplit('/').next()?.parse().ok()
}
