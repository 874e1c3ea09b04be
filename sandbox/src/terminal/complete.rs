//! Tab, as the line editor asks for it.

use std::borrow::Cow;

use rustyline::{
    CompletionType, Context, Helper,
    completion::{self, Completer},
    highlight::Highlighter,
    hint::Hinter,
    validate::Validator,
};
use tokio::runtime::Handle;

use super::{
    buttons, menu,
    offers::{self, Candidate, Offer, Question},
    paint,
};
use crate::discord::{Discord, GUILD, Who};

/// Completes with what the bot registered and, for values, with what it answers.
pub(super) struct Offers {
    pub(super) discord: Discord,
    pub(super) runtime: Handle,
    pub(super) coloured: bool,
    /// Who speaks where the line names nobody; `None` where something else than a command is typed.
    pub(super) speaker: Option<Who>,
    /// The terminal's columns, if they are known.
    pub(super) width: Option<usize>,
}

impl Offers {
    fn ask(&self, speaker: Who, question: &Question<'_>) -> Vec<Candidate> {
        let person = self.discord.person(question.who.unwrap_or(speaker));
        let Question { command, option, typed, .. } = question;
        let asked = person.autocomplete(&command.name, &[], (&option.name, typed));
        // Where the bot doesn't answer, Discord's client shows nothing either.
        let choices = self.runtime.block_on(asked).unwrap_or_default();
        offers::values(choices, command)
    }
}

impl Completer for Offers {
    type Candidate = Candidate;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Candidate>)> {
        let Some(speaker) = self.speaker else {
            return Ok((0, Vec::new()));
        };
        let registered = self.discord.commands(GUILD).unwrap_or_default();
        let commands = menu::commands(&registered);
        let (at, offer) = offers::at_end(&line[..cursor], &commands);
        let mut candidates = match offer {
            Offer::Ready(candidates) => candidates,
            Offer::Ask(question) => self.ask(speaker, &question),
            Offer::Press { who, typed } => {
                let messages = buttons::visible(&self.discord, who.unwrap_or(speaker));
                offers::labelled(buttons::labels(&messages), typed)
            }
            Offer::Pick { who, typed } => {
                let messages = buttons::visible(&self.discord, who.unwrap_or(speaker));
                offers::labelled(buttons::options(&messages), typed)
            }
        };
        // The editor leaves two columns between those that it lists.
        let room = self.width.unwrap_or(80).saturating_sub(2).max(20);
        for candidate in &mut candidates {
            candidate.shown = paint::shortened(&candidate.shown, room);
        }
        Ok((at, candidates))
    }
}

impl completion::Candidate for Candidate {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

impl Highlighter for Offers {
    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        // The name is followed by at least two spaces and what it is.
        match candidate.find("  ") {
            Some(end) if self.coloured => {
                let (name, what) = candidate.split_at(end);
                format!("\u{1b}[36m{name}\u{1b}[0m{what}").into()
            }
            Some(_) | None => candidate.into(),
        }
    }
}

impl Hinter for Offers {
    type Hint = String;
}

impl Validator for Offers {}

impl Helper for Offers {}
