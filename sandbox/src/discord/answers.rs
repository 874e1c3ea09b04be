//! What a person gets to see.

use std::{fmt, time::Duration};

use super::{
    Discord, Person, State,
    forms::Form,
    interactions::{Choice, Outcome},
    messages::Message,
};

/// An interaction that the bot may still be busy with.
#[derive(Clone)]
pub struct Pending {
    discord: Discord,
    id: u64,
}

/// Nothing came within 3 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application did not respond")
    }
}

impl std::error::Error for NoAnswer {}

/// What the bot's first answer shows.
#[derive(Clone, Debug, PartialEq)]
pub enum First {
    /// A message.
    Message,
    /// A placeholder: "thinking…".
    Thinking,
    /// The message whose component was used has changed.
    Update,
    /// A form opens.
    Form(Form),
    /// Nothing yet: the press was acknowledged.
    Acknowledged,
    /// "The application did not respond", or what the client says of a component.
    NoAnswer,
}

/// What a person finally sees of an interaction.
#[derive(Clone)]
pub struct Answer {
    /// What it is.
    pub reply: Reply,
    /// From the dispatch to the bot's first answer; `None` if there was none.
    pub first_answer_after: Option<Duration>,
    pending: Pending,
}

/// The kinds of answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A message.
    Message {
        /// As it stood when it was complete.
        message: Message,
        /// Whether "thinking…" was shown before it.
        deferred: bool,
    },
    /// The message whose component was used, changed.
    Update(Message),
    /// A form opens.
    Form(Form),
    /// The press was acknowledged (type 6). What the bot does then is read by [`Answer::later`].
    Acknowledged,
    /// "The application did not respond": no answer within 3 s, or "thinking…" for 15 minutes.
    NoResponse,
}

impl Pending {
    pub(super) fn new(discord: Discord, id: u64) -> Self {
        Self { discord, id }
    }

    /// The interaction's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Waits for what the person finally sees: a message, an update or a form as soon as it comes; after
    /// "thinking…" the edit that fills it, or the follow-up if it was deleted.
    pub async fn answer(&self) -> Answer {
        let reply = self.outcome().await.map_or(Reply::NoResponse, Reply::from);
        Answer { reply, first_answer_after: self.first_answer_after(), pending: self.clone() }
    }

    /// Waits for the first answer, or until it is too late for one.
    pub async fn first(&self) -> First {
        let shared = self.discord.shared();
        let Some(dispatched) = shared.lock().interaction(self.id).map(|found| found.dispatched)
        else {
            return First::NoAnswer;
        };
        let answered = |state: &State| {
            let found = state.interaction(self.id)?;
            found.first.map(|_| found.outcome.clone())
        };
        match shared.wait(dispatched + shared.options.answer_within, answered).await {
            None => First::NoAnswer,
            // A deferral's outcome is open; what came of it meanwhile is one that was deferred.
            Some(None | Some(Outcome::Message { deferred: true, .. })) => First::Thinking,
            Some(Some(Outcome::Message { deferred: false, .. })) => First::Message,
            Some(Some(Outcome::Update(_))) => First::Update,
            Some(Some(Outcome::Form(form))) => First::Form(form),
            Some(Some(Outcome::Acknowledged | Outcome::Choices(_))) => First::Acknowledged,
        }
    }

    /// Waits for what the bot offers.
    ///
    /// # Errors
    ///
    /// If it didn't in time; Discord's client then says so.
    pub async fn choices(&self) -> Result<Vec<Choice>, NoAnswer> {
        match self.outcome().await {
            Some(Outcome::Choices(choices)) => Ok(choices),
            Some(
                Outcome::Message { .. }
                | Outcome::Update(_)
                | Outcome::Form(_)
                | Outcome::Acknowledged,
            )
            | None => Err(NoAnswer),
        }
    }

    pub(super) fn first_answer_after(&self) -> Option<Duration> {
        let state = self.discord.shared().lock();
        let (_, after) = state.interaction(self.id)?.first?;
        Some(after)
    }

    /// Waits until it is settled what is seen, or that nothing is.
    pub(super) async fn outcome(&self) -> Option<Outcome> {
        let shared = self.discord.shared();
        let dispatched = shared.lock().interaction(self.id)?.dispatched;
        let answered = shared
            .wait(dispatched + shared.options.answer_within, |state| {
                state.interaction(self.id)?.first
            })
            .await;
        answered?;
        shared
            .wait(dispatched + shared.options.token_lives, |state| {
                state.interaction(self.id)?.outcome.clone()
            })
            .await
    }
}

impl Answer {
    /// The message that is seen, new or changed.
    ///
    /// # Panics
    ///
    /// If none is.
    pub fn message(&self) -> &Message {
        match &self.reply {
            Reply::Message { message, .. } | Reply::Update(message) => message,
            Reply::Form(_) | Reply::Acknowledged | Reply::NoResponse => {
                panic!("a message was expected, not {:?}", self.reply)
            }
        }
    }

    /// The form that opened.
    ///
    /// # Panics
    ///
    /// If none did.
    pub fn form(&self) -> &Form {
        match &self.reply {
            Reply::Form(form) => form,
            Reply::Message { .. } | Reply::Update(_) | Reply::Acknowledged | Reply::NoResponse => {
                panic!("a form was expected, not {:?}", self.reply)
            }
        }
    }

    /// The message's content and embeds as plain lines.
    ///
    /// # Panics
    ///
    /// If there is no message.
    pub fn text(&self) -> String {
        self.message().text()
    }

    /// Does only the person see the message?
    ///
    /// # Panics
    ///
    /// If there is no message.
    pub fn is_private(&self) -> bool {
        self.message().private_to.is_some()
    }

    /// Was "thinking…" shown before the message?
    pub fn is_deferred(&self) -> bool {
        matches!(self.reply, Reply::Message { deferred: true, .. })
    }

    /// Waits for what came after this answer: the follow-up, or the edit of a message of this
    /// interaction, with this index, counted from 0, as it then stood.
    ///
    /// # Panics
    ///
    /// If it doesn't come within [`Options::patience`](super::Options::patience).
    pub async fn later(&self, index: usize) -> Message {
        let (shared, id) = (self.pending.discord.shared(), self.pending.id);
        let found = shared
            .wait(shared.patience(), |state| state.interaction(id)?.later.get(index).cloned())
            .await;
        found.unwrap_or_else(|| panic!("nothing came after {:?}", self.reply))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("reply", &self.reply)
            .field("first_answer_after", &self.first_answer_after)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.id).finish()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Person").field(&self.who()).finish()
    }
}
