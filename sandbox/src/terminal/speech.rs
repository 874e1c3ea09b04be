//! What a line at the prompt means.

use serde_json::Value;

use super::{menu::Command, names};
use crate::{Trouble, discord::Who};

/// A line: who says it, where a person is named, and what.
#[derive(Debug, PartialEq)]
pub(super) struct Line<'c> {
    pub(super) who: Option<Who>,
    pub(super) act: Act<'c>,
}

/// What to do.
#[derive(Debug, PartialEq)]
pub(super) enum Act<'c> {
    /// Nothing: the line was blank, or only named a person.
    Nothing,
    /// A slash command with its options.
    Slash(&'c Command, Vec<(&'c str, Value)>),
    /// The beginning of a button's label, and ` on ` what its message says, where that is said.
    Press(String),
    /// The label of a menu's option.
    Pick(String),
    /// The beginning of the names to list.
    Groups(String),
    Break(Trouble),
    Mend,
    People,
    Help,
    Quit,
}

/// What can be broken, each with what follows `break`, and what then is so.
pub(super) const TROUBLES: [(Trouble, &str, &str); 6] = [
    (Trouble::ConnectSlow, "connect slow", "Connect takes five seconds for every answer"),
    (Trouble::ConnectDown, "connect down", "Connect refuses every connection"),
    (Trouble::ConnectHtml, "connect html", "a proxy answers in Connect's place, with HTML"),
    (Trouble::LdapAway, "connect ldap", "Connect can't reach its LDAP server"),
    (Trouble::GatewayAway, "gateway", "Discord cuts the bot off and keeps it out"),
    (Trouble::DiscordRefuses, "discord", "Discord refuses what the bot posts in channels"),
];

/// The words that aren't Discord's, each with an example and what it does.
pub(super) const WORDS: [(&str, &str, &str); 8] = [
    ("groups", "groups acc", "list what Connect has, and what only LDAP has"),
    (
        "press",
        "press Approve on 2",
        "press a button, < and > for a page; without on, the newest called so",
    ),
    ("pick", "pick accounting2, ABE-TEST", "pick one or several from the newest menu"),
    ("break", "break connect down", "break something, and see what the bot says"),
    ("mend", "mend", "mend all that was broken"),
    ("who", "who", "list who is there"),
    ("help", "? or help", "show this list"),
    ("quit", "quit or Ctrl-D", "leave"),
];

/// Reads a line.
///
/// # Errors
///
/// What is wrong with it, as a sentence.
pub(super) fn read<'c>(line: &str, commands: &'c [Command]) -> Result<Line<'c>, String> {
    let line = line.trim();
    let (who, rest) = match line.strip_prefix('@') {
        None => (None, line),
        Some(named) => {
            let (name, rest) = named.split_once(char::is_whitespace).unwrap_or((named, ""));
            let who = names::person(name).ok_or_else(|| nobody(name))?;
            (Some(who), rest.trim_start())
        }
    };
    let act = act(rest, commands)?;
    Ok(Line { who, act })
}

fn nobody(name: &str) -> String {
    let names = Who::ALL.map(|who| format!("@{}", who.name())).join(", ");
    format!("Nobody here is called {name:?}. There are {names}.")
}

fn act<'c>(rest: &str, commands: &'c [Command]) -> Result<Act<'c>, String> {
    if let Some(typed) = rest.strip_prefix('/') {
        return slash(typed, commands);
    }
    let (word, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let argument = argument.trim();
    let some = |what: &str| match argument {
        "" => Err(format!("{word} what? For example: {word} {what}")),
        _ => Ok(argument.to_owned()),
    };
    Ok(match word.to_lowercase().as_str() {
        "" => Act::Nothing,
        "press" => Act::Press(some("Approve")?),
        "pick" => Act::Pick(some("Open")?),
        "groups" => Act::Groups(argument.to_owned()),
        "break" => Act::Break(trouble(argument)?),
        "mend" => Act::Mend,
        "who" => Act::People,
        "help" | "?" => Act::Help,
        "quit" | "exit" | "q" => Act::Quit,
        _ => return Err(unknown(rest, word, commands)),
    })
}

/// Finds the command whose name the typed text begins with, and what follows its name.
pub(super) fn command<'c, 't>(
    typed: &'t str,
    commands: &'c [Command],
) -> Option<(&'c Command, &'t str)> {
    commands.iter().find_map(|command| {
        let mut rest = typed;
        for word in command.name.split(' ') {
            rest = rest.trim_start().strip_prefix(word)?;
            if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
                return None;
            }
        }
        Some((command, rest))
    })
}

fn slash<'c>(typed: &str, commands: &'c [Command]) -> Result<Act<'c>, String> {
    let Some((command, rest)) = command(typed, commands) else {
        let usages: Vec<_> = commands.iter().map(Command::usage).collect();
        return Err(format!("The bot has no command /{typed}. It has {}", usages.join(" and ")));
    };
    Ok(Act::Slash(command, command.values(rest)?))
}

fn trouble(argument: &str) -> Result<Trouble, String> {
    let mut troubles = TROUBLES.into_iter();
    let found = troubles.find(|(_, name, _)| *name == argument);
    found.map(|(trouble, ..)| trouble).ok_or_else(|| {
        let names = TROUBLES.map(|(_, name, _)| format!("break {name}"));
        format!("What can be broken: {}.", names.join(", "))
    })
}

/// A slash command without its slash or its first word is the likeliest slip.
fn unknown(line: &str, word: &str, commands: &[Command]) -> String {
    let meant = commands.iter().find(|command| command.name.split(' ').any(|part| part == word));
    match meant {
        Some(command) if command.name.starts_with(word) => {
            format!("Commands begin with a slash: /{line}")
        }
        Some(command) => {
            let rest = line[word.len()..].trim();
            format!("Did you mean this? /{} {rest}", command.name)
        }
        None => format!("There is no {word:?} here. ? lists what there is."),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::menu::tests::examples, *};
    use serde_json::json;

    #[test]
    fn a_person_speaks_and_the_last_one_goes_on() {
        let commands = examples();
        let read = |line| read(line, &commands);
        let search = || Act::Slash(&commands[0], vec![("prefix", json!("acc"))]);
        for (line, who) in [
            ("@ada /ldapgroup search prefix:acc", Some(Who::Admin)),
            ("  @LINUS  /ldapgroup  search acc ", Some(Who::Member)),
            ("/ldapgroup search acc", None),
        ] {
            assert_eq!(read(line), Ok(Line { who, act: search() }), "{line}");
        }
        let who = Some(Who::OtherMember);
        assert_eq!(read("@margaret"), Ok(Line { who, act: Act::Nothing }));
    }

    #[test]
    fn words_of_the_sandbox_are_understood() {
        let commands = examples();
        let act = |line| read(line, &commands).map(|line| line.act);
        assert_eq!(act(""), Ok(Act::Nothing));
        assert_eq!(act("?"), Ok(Act::Help));
        assert_eq!(act("break connect down"), Ok(Act::Break(Trouble::ConnectDown)));
        assert_eq!(act("@grace press Approve"), Ok(Act::Press("Approve".to_owned())));
        assert_eq!(act("groups R&D"), Ok(Act::Groups("R&D".to_owned())));
    }

    #[test]
    fn slips_get_a_helpful_sentence() {
        let commands = examples();
        let told = |line: &str| read(line, &commands).expect_err(line);
        assert!(told("@bob hello").starts_with("Nobody here is called \"bob\". There are @ada,"));
        assert_eq!(
            told("ldapgroup search acc"),
            "Commands begin with a slash: /ldapgroup search acc"
        );
        assert_eq!(told("search acc"), "Did you mean this? /ldapgroup search acc");
        assert!(told("/ldapgroup serch x").contains("no command /ldapgroup serch x. It has"));
        assert!(told("break it").starts_with("What can be broken: break connect slow,"));
        assert_eq!(told("press"), "press what? For example: press Approve");
        assert_eq!(told("hello"), "There is no \"hello\" here. ? lists what there is.");
    }
}
