//! What can follow what was typed so far.

use serde_json::Value;

use super::{
    menu::{Command, Field, Opt},
    names, paint,
    speech::{self, TROUBLES, WORDS},
};
use crate::discord::{Choice, Who};

/// Something that Tab offers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    /// What is listed.
    pub(super) shown: String,
    /// What is put into the line.
    pub(super) text: String,
}

/// What is offered in place of the line's end.
#[derive(Debug, PartialEq)]
pub(super) enum Offer<'c> {
    Ready(Vec<Candidate>),
    /// The bot knows what.
    Ask(Question<'c>),
    /// The buttons that the person sees whose labels begin so.
    Press {
        who: Option<Who>,
        typed: &'c str,
    },
    /// The options of the menus that the person sees whose labels begin so.
    Pick {
        who: Option<Who>,
        typed: &'c str,
    },
}

/// What the bot is asked for a value that is being typed.
#[derive(Debug, PartialEq)]
pub(super) struct Question<'c> {
    pub(super) who: Option<Who>,
    pub(super) command: &'c Command,
    pub(super) option: &'c Opt,
    pub(super) typed: &'c str,
}

/// Where the part begins that is to be replaced, and by what. The cursor is at the line's end.
pub(super) fn at_end<'c>(line: &'c str, commands: &'c [Command]) -> (usize, Offer<'c>) {
    let blank = line.len() - line.trim_start().len();
    let (who, begin) = match line[blank..].strip_prefix('@') {
        None => (None, blank),
        Some(named) => match named.split_once(char::is_whitespace) {
            None => return (blank, Offer::Ready(fitting(people(), &line[blank..]))),
            Some((name, rest)) => {
                let rest = rest.trim_start();
                (names::person(name), line.len() - rest.len())
            }
        },
    };
    let rest = &line[begin..];
    if let Some(typed) = rest.strip_prefix('/')
        && let Some((command, after)) = speech::command(typed, commands)
        && after.starts_with(char::is_whitespace)
    {
        let after = after.trim_start();
        let (at, offer) = options(who, command, after);
        return (line.len() - after.len() + at, offer);
    }
    if let Some(typed) = rest.strip_prefix("press ") {
        return (line.len() - typed.len(), Offer::Press { who, typed });
    }
    if let Some(typed) = rest.strip_prefix("pick ") {
        return (line.len() - typed.len(), Offer::Pick { who, typed });
    }
    if let Some(typed) = rest.strip_prefix("break ") {
        let at = line.len() - typed.len();
        return (at, Offer::Ready(fitting(troubles(), typed)));
    }
    let mut all = slash_commands(commands);
    if who.is_none() {
        all.extend(people());
    }
    all.extend(words());
    (begin, Offer::Ready(fitting(all, rest)))
}

/// The values that the bot gave, as they are typed.
pub(super) fn values(choices: Vec<Choice>, command: &Command) -> Vec<Candidate> {
    let typed = |value: &Value| match value {
        Value::String(text) => spelled(text, command),
        other => other.to_string(),
    };
    let candidates = choices.into_iter().map(|choice| Candidate {
        text: typed(&choice.value),
        shown: paint::harmless(&choice.name),
    });
    candidates.collect()
}

/// The buttons or options with these labels.
pub(super) fn labelled(labels: Vec<String>, typed: &str) -> Vec<Candidate> {
    let candidates = labels.into_iter().map(|label| {
        let shown = paint::harmless(&label);
        Candidate { text: shown.clone(), shown }
    });
    fitting(candidates.collect(), typed)
}

/// A text as it must be typed to be taken for one value.
fn spelled(text: &str, command: &Command) -> String {
    let text = paint::harmless(text);
    let fields = command.fields(&text);
    let is_one = matches!(fields[..], [Field { option: None, .. }]);
    if is_one && text.trim() == text && !text.starts_with('"') {
        text
    } else {
        format!("\"{text}\"")
    }
}

fn options<'c>(who: Option<Who>, command: &'c Command, rest: &'c str) -> (usize, Offer<'c>) {
    let fields = command.fields(rest);
    let word = rest.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let new: Vec<_> = command
        .options
        .iter()
        .filter(|option| fields.iter().all(|field| field.option != Some(*option)))
        .filter(|option| option.name.starts_with(&rest[word..]))
        .map(|option| Candidate {
            shown: described(&format!("{}:", option.name), &option.description),
            text: format!("{}:", option.name),
        })
        .collect();
    let Some(last) = fields.last() else {
        return (word, Offer::Ready(new));
    };
    let typed = last.typed.trim_start().trim_start_matches('"');
    let begins_option = word > 0 && !new.is_empty();
    if begins_option || (last.option.is_none() && word == 0 && !new.is_empty()) {
        return (word, Offer::Ready(new));
    }
    let option = last.option.or_else(|| command.unnamed(&fields));
    let at = rest.len() - last.typed.trim_start().len();
    let Some(option) = option else {
        return (at, Offer::Ready(Vec::new()));
    };
    if option.autocomplete {
        let question = Question { who, command, option, typed };
        return (at, Offer::Ask(question));
    }
    let choices = option
        .choices
        .iter()
        .map(|(name, _)| Candidate { shown: name.clone(), text: name.clone() });
    (at, Offer::Ready(fitting(choices.collect(), typed)))
}

fn fitting(mut candidates: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    let typed = typed.to_lowercase();
    candidates.retain(|candidate| candidate.text.to_lowercase().starts_with(&typed));
    candidates
}

/// A name and what it is, for a list with one in a row.
fn described(name: &str, description: &str) -> String {
    format!("{}  {description}", paint::filled(name, 20))
}

fn slash_commands(commands: &[Command]) -> Vec<Candidate> {
    let candidates = commands.iter().map(|command| Candidate {
        shown: described(&format!("/{}", command.name), &command.description),
        text: format!("/{} ", command.name),
    });
    candidates.collect()
}

fn people() -> Vec<Candidate> {
    let candidates = Who::ALL.into_iter().map(|who| Candidate {
        shown: described(&format!("@{}", who.name()), names::standing(who)),
        text: format!("@{} ", who.name()),
    });
    candidates.collect()
}

fn words() -> Vec<Candidate> {
    let candidates = WORDS.into_iter().map(|(word, _, what)| Candidate {
        shown: described(word, what),
        text: match word {
            "press" | "pick" | "break" => format!("{word} "),
            _ => word.to_owned(),
        },
    });
    candidates.collect()
}

fn troubles() -> Vec<Candidate> {
    let candidates = TROUBLES
        .into_iter()
        .map(|(_, name, what)| Candidate { shown: described(name, what), text: name.to_owned() });
    candidates.collect()
}

#[cfg(test)]
mod tests {
    use super::{super::menu::tests::examples, *};
    use serde_json::json;

    fn texts(line: &str) -> (usize, Vec<String>) {
        let commands = examples();
        match at_end(line, &commands) {
            (at, Offer::Ready(candidates)) => {
                (at, candidates.into_iter().map(|candidate| candidate.text).collect())
            }
            (_, other) => panic!("{other:?} is offered"),
        }
    }

    fn asked(line: &str) -> (usize, Option<Who>, String, String) {
        let commands = examples();
        match at_end(line, &commands) {
            (at, Offer::Ask(question)) => {
                let Question { who, option, typed, .. } = question;
                (at, who, option.name.clone(), typed.to_owned())
            }
            (_, other) => panic!("{other:?} is offered"),
        }
    }

    #[test]
    fn an_empty_line_offers_everything() {
        let (at, all) = texts("");
        assert_eq!(at, 0);
        for text in ["@linus ", "/ldapgroup search ", "break ", "quit"] {
            assert!(all.iter().any(|offered| offered == text), "{text}");
        }
    }

    #[test]
    fn people_commands_options_and_troubles_are_completed() {
        assert_eq!(texts("@li"), (0, vec!["@linus ".to_owned()]));
        assert_eq!(texts("@ada /ldapgroup s"), (5, vec!["/ldapgroup search ".to_owned()]));
        assert_eq!(texts("/ldapgroup search "), (18, vec!["prefix:".to_owned()]));
        assert_eq!(texts("/ldapgroup search p"), (18, vec!["prefix:".to_owned()]));
        assert_eq!(texts("/ldapgroup create name:x rea"), (25, vec!["reason:".to_owned()]));
        assert_eq!(texts("break connect d"), (6, vec!["connect down".to_owned()]));
        assert_eq!(texts("/ldapgroup search prefix:acc"), (25, Vec::new()));
    }

    #[test]
    fn the_bot_is_asked_for_values() {
        let name = || "name".to_owned();
        assert_eq!(
            asked("@ada /ldapgroup create name:acc"),
            (28, Some(Who::Admin), name(), "acc".to_owned())
        );
        assert_eq!(asked("/ldapgroup create acc"), (18, None, name(), "acc".to_owned()));
        assert_eq!(asked("/ldapgroup create name:"), (23, None, name(), String::new()));
        assert_eq!(
            asked("/ldapgroup create name:Data Sc"),
            (23, None, name(), "Data Sc".to_owned())
        );
    }

    #[test]
    fn buttons_and_menus_are_completed_as_the_person_sees_them() {
        let commands = examples();
        let (at, offer) = at_end("@ada press App", &commands);
        let (who, typed) = (Some(Who::Admin), "App");
        assert_eq!((at, offer), (11, Offer::Press { who, typed }));
        assert_eq!(at_end("pick acc", &commands), (5, Offer::Pick { who: None, typed: "acc" }));
        let labels = || vec!["Approve".to_owned(), "Deny".to_owned(), "▶".to_owned()];
        let texts = |typed| labelled(labels(), typed).into_iter().map(|found| found.text);
        assert_eq!(texts("app").collect::<Vec<_>>(), ["Approve"]);
        assert_eq!(texts("").count(), 3);
    }

    #[test]
    fn values_are_quoted_where_they_would_be_misread() {
        let commands = examples();
        let choice = |value: &str| Choice { name: value.to_owned(), value: json!(value) };
        let given = ["Data Science", " space", "a reason:b"].map(choice).to_vec();
        let typed = values(given, &commands[1]);
        let typed: Vec<_> = typed.iter().map(|candidate| candidate.text.as_str()).collect();
        assert_eq!(typed, ["Data Science", "\" space\"", "\"a reason:b\""]);
    }
}
