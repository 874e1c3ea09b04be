//! What came of a client's steps, and the table of all.

use std::any::Any;
use std::fmt::Write;

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Done,
    /// With what was wrong.
    Failed(String),
    /// The library has no means for it.
    Lacking,
}

impl Mark {
    /// Of a step that panics where something is wrong.
    pub(crate) fn of(taken: Result<(), Box<dyn Any + Send>>) -> Self {
        match taken {
            Ok(()) => Self::Done,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                Self::Failed(text.unwrap_or("it panicked").to_owned())
            }
        }
    }

    fn sign(&self) -> &'static str {
        match self {
            Self::Done => "✓",
            Self::Failed(_) => "✗",
            Self::Lacking => "–",
        }
    }
}

/// What came of a client.
pub(crate) struct Report {
    pub(crate) name: String,
    /// The release that the client says it is.
    pub(crate) version: Option<String>,
    pub(crate) steps: Vec<(String, Mark)>,
    /// What the program said.
    pub(crate) said: Vec<String>,
    /// What the stand-in found wrong with what the client sent.
    pub(crate) noted: Vec<String>,
}

impl Report {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: None,
            steps: Vec::new(),
            said: Vec::new(),
            noted: Vec::new(),
        }
    }

    fn title(&self) -> String {
        format!("{} {}", self.name, self.version.as_deref().unwrap_or("of an unknown release"))
    }

    pub(crate) fn mark(&mut self, step: &str, mark: Mark) {
        self.steps.push((step.to_owned(), mark));
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.steps.iter().any(|(_, mark)| matches!(mark, Mark::Failed(_)))
    }

    /// Everything that is needed to see why it failed.
    pub(crate) fn failures(&self) -> String {
        let mut text = String::new();
        for (step, mark) in &self.steps {
            if let Mark::Failed(why) = mark {
                writeln!(text, "  {step}: {why}").unwrap();
            }
        }
        for (who, lines) in [("program said", &self.said), ("stand-in noted", &self.noted)] {
            writeln!(text, "  the {who}:").unwrap();
            for line in lines {
                writeln!(text, "  | {line}").unwrap();
            }
        }
        text
    }
}

/// The document with what came of all clients.
pub(crate) fn document(discord: &[Report], connect: &[Report]) -> String {
    let mut text = String::from(
        "# Clients that others wrote\n\n\
         Each is played against the stand-ins of `sandbox/`, with no more changed than the address: \
         ✓ works, – isn't in\nthe library. `cargo test --test clients` does so and holds this page \
         against what it sees; with\n`-- --table docs/clients.md` it writes the page.\n",
    );
    writeln!(text, "\n## Discord\n\n{}", side_by_side(discord)).unwrap();
    if !connect.is_empty() {
        writeln!(text, "## Connect\n\n{}", one_by_one(connect)).unwrap();
    }
    text.truncate(text.trim_end().len() + 1);
    text
}

/// A column for each client and a line for each step, in the order in which they were first met.
fn side_by_side(reports: &[Report]) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for (step, _) in reports.iter().flat_map(|report| &report.steps) {
        if !steps.contains(&&**step) {
            steps.push(step);
        }
    }
    let heading = reports.iter().map(|report| format!(" {} |", report.title()));
    let mut text = format!("| |{}\n", heading.collect::<String>());
    writeln!(text, "|---|{}", ":-:|".repeat(reports.len())).unwrap();
    for step in steps {
        write!(text, "| {step} |").unwrap();
        for report in reports {
            let found = report.steps.iter().find(|(name, _)| name == step);
            write!(text, " {} |", found.map_or("", |(_, mark)| mark.sign())).unwrap();
        }
        text.push('\n');
    }
    text
}

/// A line for each client, whose steps are its own.
fn one_by_one(reports: &[Report]) -> String {
    let mut text = String::from("| client | steps |\n|---|---|\n");
    for report in reports {
        let steps = report.steps.iter().map(|(step, mark)| format!("{} {step}", mark.sign()));
        let steps: Vec<_> = steps.collect();
        writeln!(text, "| {} | {} |", report.title(), steps.join("<br>")).unwrap();
    }
    text
}
