//! What a person gets to see.

use std::time::Duration;

use tokio::time::Instant;

use super::{Choice, Discord, Form, Message, State, interactions::Interaction};

/// The type of the answer that shows "thinking…".
const THINKING: u64 = 5;

/// An interaction that the bot may still be busy with.
#[derive(Clone, Debug)]
pub struct Pending {
    pub(super) discord: Discord,
    pub(super) id: u64,
}

/// Nothing came within 3 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

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
#[derive(Clone, Debug)]
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

/// What has become of an interaction so far.
#[derive(Clone, Debug)]
pub struct Fate {
    /// What somebody did: a command by its full name, a component by its `custom_id`, a form by its
    /// title.
    pub what: String,
    /// When.
    pub sent: Instant,
    /// From then to the bot's first answer; `None` if there is none.
    pub first_answer_after: Option<Duration>,
    /// Whether all came that must come: an answer, and what fills "thinking…".
    pub is_answered: bool,
}

impl Discord {
    /// What has become of every interaction, oldest first.
    pub fn fates(&self) -> Vec<Fate> {
        let state = self.shared().lock();
        let fate = |of: &Interaction| Fate {
            what: of.origin.command.clone(),
            sent: of.dispatched,
            first_answer_after: of.first.map(|(_, after)| after),
            is_answered: match of.first {
                None => false,
                Some((THINKING, _)) => of.outcome.is_some(),
                Some(_) => true,
            },
        };
        state.interactions.iter().map(fate).collect()
    }
}

impl Pending {
    /// The interaction's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Waits for what the person finally sees: a message, an update or a form as soon as it comes; after
    /// "thinking…" the edit that fills it, or the follow-up if it was deleted.
    pub async fn answer(&self) -> Answer {
        let reply = self.outcome().await.unwrap_or(Reply::NoResponse);
        let first = self.discord.shared().lock().interaction(self.id).and_then(|of| of.first);
        let first_answer_after = first.map(|(_, after)| after);
        Answer { reply, first_answer_after, pending: self.clone() }
    }

    /// Waits for the first answer, or until it is too late for one.
    pub async fn first(&self) -> First {
        match self.answered().await {
            None => First::NoAnswer,
            Some((THINKING, _)) => First::Thinking,
            Some((_, Some(Reply::Form(form)))) => First::Form(form),
            Some((_, Some(Reply::Message { .. }))) => First::Message,
            Some((_, Some(Reply::Update(_)))) => First::Update,
            Some(_) => First::Acknowledged,
        }
    }

    /// Waits for what the bot offers.
    ///
    /// # Errors
    ///
    /// If it didn't in time; Discord's client then says so.
    pub async fn choices(&self) -> Result<Vec<Choice>, NoAnswer> {
        self.answered().await.ok_or(NoAnswer)?;
        let state = self.discord.shared().lock();
        state.interaction(self.id).and_then(|found| found.choices.clone()).ok_or(NoAnswer)
    }

    /// Waits for the first answer: its type, and what was seen by then.
    async fn answered(&self) -> Option<(u64, Option<Reply>)> {
        let shared = self.discord.shared();
        let deadline =
            shared.lock().interaction(self.id)?.dispatched + shared.options.answer_within;
        let look = |state: &State| {
            let found = state.interaction(self.id)?;
            found.first.map(|(kind, _)| (kind, found.outcome.clone()))
        };
        shared.wait(deadline, look).await
    }

    /// Waits until it is settled what is seen, or that nothing is.
    async fn outcome(&self) -> Option<Reply> {
        self.answered().await?;
        let shared = self.discord.shared();
        let deadline = shared.lock().interaction(self.id)?.dispatched + shared.options.token_lives;
        shared.wait(deadline, |state| state.interaction(self.id)?.outcome.clone()).await
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
            other => panic!("a message was expected, not {other:?}"),
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
            other => panic!("a form was expected, not {other:?}"),
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
        let later = |state: &State| state.interaction(self.pending.id)?.later.get(index).cloned();
        let why = || format!("nothing came after {:?}", self.reply);
        self.pending.discord.shared().demand(later, why).await
    }
}
