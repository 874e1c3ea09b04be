//! The slash commands that the bot registered, and what somebody types of them.

use serde_json::{Value, json};

use super::paint;

/// A command that can be typed: with its subcommand, if it has any.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Command {
    /// Without the slash: `ldapgroup search`.
    pub(super) name: String,
    pub(super) description: String,
    pub(super) options: Vec<Opt>,
}

/// An option of a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Opt {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) required: bool,
    pub(super) autocomplete: bool,
    /// What is shown and what is sent of each value, where only these can be chosen.
    pub(super) choices: Vec<(String, Value)>,
    kind: u64,
    min_length: u64,
    max_length: u64,
    min_value: f64,
    max_value: f64,
}

/// A part of what was typed after the command's name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field<'t> {
    /// The option whose name stands before it.
    pub(super) option: Option<&'t Opt>,
    /// The value as it was typed, with quotes and spaces at its end.
    pub(super) typed: &'t str,
}

const SUBCOMMAND: u64 = 1;
const INTEGER: u64 = 4;
const BOOLEAN: u64 = 5;
const NUMBER: u64 = 10;

/// The commands in Discord's description of them, in their order.
pub(super) fn commands(registered: &Value) -> Vec<Command> {
    let mut commands = Vec::new();
    for command in list(registered) {
        let subcommands = list(&command["options"]);
        let mut subcommands =
            subcommands.iter().filter(|option| option["type"] == SUBCOMMAND).peekable();
        if subcommands.peek().is_none() {
            commands.push(Command::of(text(&command["name"]), command));
        }
        for sub in subcommands {
            let name = format!("{} {}", text(&command["name"]), text(&sub["name"]));
            commands.push(Command::of(name, sub));
        }
    }
    commands
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Command {
    fn of(name: String, json: &Value) -> Self {
        Self {
            name,
            description: text(&json["description"]),
            options: list(&json["options"]).iter().map(Opt::of).collect(),
        }
    }

    /// `/ldapgroup create name: [reason:]`
    pub(super) fn usage(&self) -> String {
        let options = self.options.iter().map(|option| {
            if option.required {
                format!(" {}:", option.name)
            } else {
                format!(" [{}:]", option.name)
            }
        });
        format!("/{}{}", self.name, options.collect::<String>())
    }

    /// Takes apart what was typed after the command's name. What stands before the first option's
    /// name comes first, with no option; it is never blank.
    pub(super) fn fields<'t>(&'t self, rest: &'t str) -> Vec<Field<'t>> {
        let mut marks: Vec<(usize, Option<&Opt>, usize)> = vec![(0, None, 0)];
        let mut at = 0;
        while let Some(c) = rest[at..].chars().next() {
            let begins_word = at == 0 || rest[..at].ends_with(char::is_whitespace);
            let named = self.options.iter().find(|option| {
                let after = rest[at..].strip_prefix(option.name.as_str());
                let is_new = marks.iter().all(|(_, known, _)| *known != Some(option));
                begins_word && is_new && after.is_some_and(|after| after.starts_with(':'))
            });
            if let Some(option) = named {
                let value = at + option.name.len() + 1;
                marks.push((at, Some(option), value));
                at = value + quoted(&rest[value..]).map_or(0, |inner| inner.len() + 2);
            } else {
                at += c.len_utf8();
            }
        }
        let ends = marks.iter().skip(1).map(|(begin, ..)| *begin);
        let ends = ends.chain([rest.len()]);
        let fields = marks
            .iter()
            .zip(ends)
            .map(|((_, option, value), end)| Field { option: *option, typed: &rest[*value..end] });
        fields.filter(|field| field.option.is_some() || !field.typed.trim().is_empty()).collect()
    }

    /// The option that a value without a name is for: the first that is required and not given,
    /// else the first that isn't given.
    pub(super) fn unnamed(&self, fields: &[Field<'_>]) -> Option<&Opt> {
        let free = |option: &&Opt| fields.iter().all(|field| field.option != Some(*option));
        let mut required = self.options.iter().filter(|option| option.required);
        required.find(free).or_else(|| self.options.iter().find(free))
    }

    /// The values of the options as Discord's client sends them.
    ///
    /// # Errors
    ///
    /// Where the client wouldn't send them, as a sentence.
    pub(super) fn values<'c>(&'c self, rest: &str) -> Result<Vec<(&'c str, Value)>, String> {
        let fields = self.fields(rest);
        let mut values = Vec::new();
        for field in &fields {
            let option = match field.option {
                Some(option) => self.options.iter().find(|own| *own == option),
                None => self.unnamed(&fields),
            };
            let Some(option) = option else {
                return Err(self.superfluous(field.typed));
            };
            if field.option.is_none() {
                self.refuse_unknown(field.typed, option)?;
            }
            values.push((option.name.as_str(), option.value(field.typed)?));
        }
        let mut missing = self.options.iter().filter(|option| option.required);
        match missing.find(|option| values.iter().all(|(name, _)| *name != option.name)) {
            Some(option) => {
                Err(format!("/{} needs {}: {}.", self.name, option.name, option.description))
            }
            None => Ok(values),
        }
    }

    fn superfluous(&self, typed: &str) -> String {
        format!("/{} has no option for {:?}. Its form is {}", self.name, typed.trim(), self.usage())
    }

    /// `nmae:accounting` is rather a slip than a name.
    fn refuse_unknown(&self, typed: &str, option: &Opt) -> Result<(), String> {
        let Some((name, value)) = typed.trim().split_once(':') else {
            return Ok(());
        };
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if !is_name {
            return Ok(());
        }
        let meant = if value.trim().is_empty() { "…" } else { value.trim() };
        Err(format!("/{} has no option {name}. Did you mean {}:{meant}?", self.name, option.name))
    }
}

impl Opt {
    fn of(json: &Value) -> Self {
        let choices = list(&json["choices"]).iter();
        Self {
            name: text(&json["name"]),
            description: text(&json["description"]),
            required: json["required"] == true,
            autocomplete: json["autocomplete"] == true,
            choices: choices
                .map(|choice| (text(&choice["name"]), choice["value"].clone()))
                .collect(),
            kind: json["type"].as_u64().unwrap_or_default(),
            min_length: json["min_length"].as_u64().unwrap_or(1),
            max_length: json["max_length"].as_u64().unwrap_or(6000),
            min_value: json["min_value"].as_f64().unwrap_or(f64::MIN),
            max_value: json["max_value"].as_f64().unwrap_or(f64::MAX),
        }
    }

    /// The value that was typed, as it is sent.
    ///
    /// # Errors
    ///
    /// Where Discord's client doesn't take it, as a sentence.
    fn value(&self, typed: &str) -> Result<Value, String> {
        let trimmed = typed.trim();
        let typed = quoted(trimmed).filter(|inner| inner.len() + 2 == trimmed.len());
        let typed = typed.unwrap_or(trimmed);
        if !self.choices.is_empty() {
            let is_it = |name: &str| name.to_lowercase() == typed.to_lowercase();
            let found = self.choices.iter().find(|(name, _)| is_it(name));
            let names = self.choices.iter().map(|(name, _)| name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            return found
                .map(|(_, value)| value.clone())
                .ok_or_else(|| format!("{} is one of: {names}.", self.name));
        }
        let not = |what: &str| format!("{} takes {what}, not {typed:?}.", self.name);
        match self.kind {
            INTEGER => match typed.parse::<i64>() {
                Ok(number) => self.in_range(json!(number)),
                Err(_) => Err(not("a whole number")),
            },
            NUMBER => match typed.parse::<f64>() {
                Ok(number) => self.in_range(json!(number)),
                Err(_) => Err(not("a number")),
            },
            BOOLEAN => {
                typed.parse::<bool>().map(|truth| json!(truth)).map_err(|_| not("true or false"))
            }
            _ => self.text_value(typed),
        }
    }

    fn in_range(&self, number: Value) -> Result<Value, String> {
        let (least, most) = (self.min_value, self.max_value);
        // Neither infinity nor NaN is a number in JSON.
        let is_in = number.as_f64().is_some_and(|number| (least..=most).contains(&number));
        if is_in {
            return Ok(number);
        }
        Err(format!("{} doesn't take {number}.", self.name))
    }

    fn text_value(&self, typed: &str) -> Result<Value, String> {
        let typed = paint::meant(typed);
        let length = typed.encode_utf16().count() as u64;
        if (self.min_length..=self.max_length).contains(&length) {
            return Ok(json!(typed));
        }
        Err(format!(
            "{} takes {} to {} characters, not {length}. ({})",
            self.name, self.min_length, self.max_length, self.description
        ))
    }
}

/// What stands between the quotes that the text begins with; a quote closes before a space or at
/// the end.
fn quoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?;
    let mut ends = inner.match_indices('"').map(|(at, _)| at);
    let end = ends.find(|at| {
        let after = inner[at + 1..].chars().next();
        after.is_none_or(char::is_whitespace)
    })?;
    Some(&inner[..end])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two commands as a bot may register them.
    pub(in super::super) fn examples() -> Vec<Command> {
        commands(&json!([{"name": "ldapgroup", "description": "d", "options": [
            {"type": 1, "name": "search", "description": "Find groups", "options": [
                {"type": 3, "name": "prefix", "description": "How it begins", "required": true,
                 "max_length": 20},
            ]},
            {"type": 1, "name": "create", "description": "Create a group", "options": [
                {"type": 3, "name": "name", "description": "Its name", "required": true,
                 "autocomplete": true},
                {"type": 3, "name": "reason", "description": "Why"},
                {"type": 4, "name": "days", "description": "How long", "min_value": 1},
            ]},
        ]}]))
    }

    fn values(index: usize, rest: &str) -> Result<Vec<(String, Value)>, String> {
        let commands = examples();
        let values = commands[index].values(rest)?;
        let owned = values.into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok(owned.collect())
    }

    fn texts(pairs: &[(&str, &str)]) -> Vec<(String, Value)> {
        let owned = pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        owned.collect()
    }

    #[test]
    fn options_are_read_with_and_without_names_and_quotes() {
        for rest in ["prefix:R&D = 1", "R&D = 1", "\"R&D = 1\"", "prefix:\"R&D = 1\" "] {
            assert_eq!(values(0, rest), Ok(texts(&[("prefix", "R&D = 1")])), "{rest}");
        }
        let both = texts(&[("name", "a b"), ("reason", "we need it")]);
        for rest in ["name:a b reason:we need it", "a b reason:we need it"] {
            assert_eq!(values(1, rest), Ok(both.clone()), "{rest}");
        }
    }

    #[test]
    fn quotes_keep_spaces_and_names_of_options() {
        let rest = "name:\" x reason:y\" reason:\"z\"";
        let both = texts(&[("name", " x reason:y"), ("reason", "z")]);
        assert_eq!(values(1, rest), Ok(both));
        let inner = texts(&[("prefix", "a; \"quoted\"")]);
        assert_eq!(values(0, "a; \"quoted\""), Ok(inner));
    }

    #[test]
    fn numbers_are_numbers() {
        let given = values(1, "days:3 name:x").map(|values| values[0].1.clone());
        assert_eq!(given, Ok(json!(3)));
        let refused = values(1, "x days:-1");
        assert_eq!(refused, Err("days doesn't take -1.".to_owned()));
        let refused = values(1, "x days:soon");
        assert_eq!(refused, Err("days takes a whole number, not \"soon\".".to_owned()));
    }

    #[test]
    fn slips_are_told() {
        let told = |index, rest| values(index, rest).expect_err(rest);
        assert_eq!(told(0, " "), "/ldapgroup search needs prefix: How it begins.");
        assert_eq!(
            told(1, "nmae:abc"),
            "/ldapgroup create has no option nmae. Did you mean name:abc?"
        );
        assert_eq!(
            told(0, "x prefix:y"),
            "/ldapgroup search has no option for \"x\". Its form is /ldapgroup search prefix:"
        );
        assert!(told(0, &"x".repeat(21)).contains("1 to 20 characters, not 21"));
    }
}
