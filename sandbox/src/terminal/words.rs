//! What the sandbox itself says, as lines.

use std::iter;

use super::{
    menu::Command,
    names,
    paint::{self, Line, Span, Style},
    speech::{TROUBLES, WORDS},
};
use crate::{Trouble, connect::Connect, discord::Who};

/// Names take so many columns in a list, with the space after them: two fit on 80.
const MAX_NAME: usize = 38;

/// What one sees first, with examples from the directory.
pub(super) fn welcome(connect: &Connect, is_typed: bool) -> Vec<Line> {
    let mut lines = vec![
        Line::of(vec![
            Span::new("#connect", Style::BOLD | Style::BLUE),
            Span::plain(
                "  your team's Discord channel. The bot is the real one; Discord and Posit \
                 Connect are stand-ins on this machine.",
            ),
        ]),
        Line::default(),
        entry("here", "ada, grace (admins), linus, margaret (members), guest (no role)"),
    ];
    lines.extend(examples(connect));
    if is_typed {
        let keys = "Tab completes, as Discord does; ? helps; quit or Ctrl-D leaves";
        lines.push(entry("keys", keys));
    }
    lines
}

fn examples(connect: &Connect) -> Vec<Line> {
    let existing = connect.groups();
    let mut new = connect.ldap_groups().into_iter().filter(|name| {
        let is_new = existing.iter().all(|group| group.name != *name);
        is_new && name.len() < MAX_NAME && paint::harmless(name) == *name
    });
    let Some(first) = new.next() else {
        return vec![entry("try", "/ldapgroup search a")];
    };
    let prefix: String = first.chars().take(3).collect();
    let second = new.next().unwrap_or_else(|| first.clone());
    let tries = [
        (format!("/ldapgroup search {}", prefix.trim()), "see which groups Connect has"),
        (format!("/ldapgroup create {first}"), "an admin creates at once"),
        (format!("@linus /ldapgroup create {second}"), "a member asks"),
        ("@ada press Approve".to_owned(), "an admin decides"),
    ];
    let width = tries.iter().map(|(line, _)| paint::columns(line)).max().unwrap_or(0) + 3;
    let labels = ["try"].into_iter().chain(iter::repeat(""));
    let lines = labels.zip(&tries).map(|(label, (line, what))| {
        let line = Span::new(&paint::filled(line, width), Style::CYAN);
        entry_of(label, vec![line, Span::new(what, Style::DIM)])
    });
    lines.collect()
}

/// What there is to type.
pub(super) fn help(commands: &[Command]) -> Vec<Line> {
    let mut lines = vec![heading("Discord's commands, said by whoever spoke last")];
    for command in commands {
        let usage = Span::new(&command.usage(), Style::CYAN);
        lines.push(Line::of(vec![usage]).indented(2));
        lines.push(Line::plain(&command.description).indented(6));
        for option in &command.options {
            let what = format!("{}: {}", option.name, option.description);
            lines.push(Line::dim(&what).indented(6));
        }
    }
    lines.push(described("@linus /ldapgroup search acc", "linus says it"));
    lines.push(described("@linus", "linus says what follows"));
    lines.push(Line::default());
    lines.push(heading("The sandbox's own"));
    let words = WORDS.into_iter();
    lines.extend(words.map(|(_, example, what)| described(example, what)));
    lines.push(Line::default());
    lines.push(heading("What can be broken"));
    let broken = TROUBLES.into_iter();
    lines.extend(broken.map(|(_, name, what)| described(&format!("break {name}"), what)));
    lines
}

/// Who is there.
pub(super) fn people(speaker: Who) -> Vec<Line> {
    let lines = Who::ALL.into_iter().map(|who| {
        let speaks = if who == speaker { ", speaking" } else { "" };
        let what = format!("{}{speaks}", names::standing(who));
        described(&format!("@{}", who.name()), &what)
    });
    lines.collect()
}

/// The groups whose names begin so, whatever the case: those of Connect's with their guids, then
/// those that only LDAP has.
pub(super) fn groups(connect: &Connect, prefix: &str) -> Vec<Line> {
    let prefix = prefix.to_lowercase();
    let fits = |name: &str| name.to_lowercase().starts_with(&prefix);
    let mut existing = connect.groups();
    let mut ldap = connect.ldap_groups();
    ldap.retain(|name| fits(name) && existing.iter().all(|group| group.name != *name));
    existing.retain(|group| fits(&group.name));
    let mut lines = vec![heading(&format!("Connect has {}", existing.len()))];
    let cells: Vec<_> = existing.iter().map(|group| cell(&group.name)).collect();
    let width = cells.iter().map(|cell| paint::columns(cell)).max().unwrap_or(0);
    for (cell, group) in cells.iter().zip(&existing) {
        let name = Span::plain(&paint::filled(cell, width));
        let guid = Span::new(&format!("  {}", group.guid), Style::DIM);
        lines.push(Line::of(vec![name, guid]).indented(2));
    }
    lines.push(heading(&format!("Only LDAP has {}", ldap.len())));
    let cells: Vec<_> = ldap.iter().map(|name| cell(name)).collect();
    lines.extend(cells.chunks(2).map(|pair| {
        let row = pair.iter().map(|cell| paint::filled(cell, MAX_NAME));
        Line::plain(&row.collect::<String>()).indented(2)
    }));
    lines
}

/// What is now broken, and what to do.
pub(super) fn broken(trouble: Trouble) -> Vec<Line> {
    let what = TROUBLES.into_iter().find(|(known, ..)| *known == trouble);
    let what = what.map_or("", |(_, _, what)| what);
    vec![note(&format!("From now on {what}. Try a command; mend ends it."))]
}

/// A remark of the sandbox.
pub(super) fn note(text: &str) -> Line {
    Line::of(vec![Span::new(text, Style::YELLOW)])
}

/// What the bot did wrong.
pub(super) fn violation(text: &str) -> Line {
    let text = format!("The bot did what the real services don't allow: {text}");
    Line::of(vec![Span::new(&text, Style::BOLD | Style::RED)])
}

/// A line as somebody typed it.
pub(super) fn typed(prompt: &str, line: &str) -> Line {
    Line::of(vec![Span::new(prompt, Style::BOLD | Style::CYAN), Span::new(line, Style::BOLD)])
}

/// What stands before the line of whoever speaks.
pub(super) fn prompt(speaker: Who) -> String {
    format!("{} › ", speaker.name())
}

pub(super) fn heading(text: &str) -> Line {
    Line::of(vec![Span::new(text, Style::BOLD)])
}

fn entry(label: &str, text: &str) -> Line {
    entry_of(label, vec![Span::plain(text)])
}

fn entry_of(label: &str, text: Vec<Span>) -> Line {
    let label = Span::new(&paint::filled(label, 6), Style::DIM);
    let space = Span::plain(&" ".repeat(6));
    Line::of(text).behind(&label, &space).indented(2)
}

/// A row of two columns.
fn described(name: &str, what: &str) -> Line {
    let width = 30;
    let shown = Span::new(&paint::filled(name, width), Style::CYAN);
    let space = Span::plain(&" ".repeat(width));
    Line::plain(what).behind(&shown, &space).indented(2)
}

fn cell(name: &str) -> String {
    let name = paint::harmless(name);
    if paint::columns(&name) < MAX_NAME {
        return name;
    }
    let length = format!(" ({} characters)", name.chars().count());
    let room = MAX_NAME - 1 - length.len();
    format!("{}{length}", paint::shortened(&name, room))
}
