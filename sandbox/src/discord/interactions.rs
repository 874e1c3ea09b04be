//! Interactions: what they are, and their clocks.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding>

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    APPLICATION, ChannelId, Message, Origin, Reply, State, fields::merge, payloads::kind,
    permissions::Reach, replies::Refusal, rest::Call, world::Channel,
};

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sent a slash command, or something that the bot can't read.
    Command,
    /// Typed into an option of this type.
    Autocomplete { option: u64 },
    /// Pressed a button or picked from a menu.
    Component,
    /// Sent a form that a button or, if not, a command had opened.
    Form { of_component: bool },
}

impl Kind {
    /// Discord's number of the type.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Command => kind::COMMAND,
            Self::Autocomplete { .. } => kind::AUTOCOMPLETE,
            Self::Component => kind::COMPONENT,
            Self::Form { .. } => kind::FORM,
        }
    }
}

/// One interaction, from its dispatch on.
pub(super) struct Interaction {
    pub(super) id: u64,
    pub(super) token: String,
    pub(super) kind: Kind,
    pub(super) channel: ChannelId,
    pub(super) origin: Origin,
    pub(super) dispatched: Instant,
    /// The message whose component was used.
    pub(super) source: Option<u64>,
    /// For a form: what opened it, as messages tell of it.
    pub(super) opened_by: Value,
    /// The first answer: its type, and how long it took.
    pub(super) first: Option<(u64, Duration)>,
    /// Whether the Interactions Endpoint URL responded with what is no answer.
    pub(super) failed: bool,
    /// What `@original` means now.
    pub(super) original: Option<u64>,
    /// What the person saw as soon as that was settled.
    pub(super) outcome: Option<Reply>,
    /// What autocomplete offered.
    pub(super) choices: Option<Vec<Choice>>,
    /// What came after: follow-ups, and edits of the original, as they then stood.
    pub(super) later: Vec<Message>,
}

/// A choice that autocomplete offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What is shown; at most 100 characters.
    pub name: String,
    /// What is sent; a text of at most 100 characters, or a number.
    pub value: Value,
}

impl Interaction {
    /// What stands in the place of a command that got no first answer within this time.
    pub(super) fn unanswered(&self, within: Duration) -> Option<Message> {
        let is_over = self.first.is_none() && self.dispatched.elapsed() >= within;
        (is_over && self.kind == Kind::Command).then(|| Message {
            id: self.id,
            private_to: Some(self.origin.who),
            interaction: Some(self.origin.clone()),
            ..Message::of_bot(self.channel, &Value::Null, &Reach::default())
        })
    }

    /// Settles what the person sees, or adds to it.
    pub(super) fn show(&mut self, message: Message) {
        if self.outcome.is_some() {
            self.later.push(message);
        } else {
            self.outcome = Some(Reply::Message { message, deferred: true });
        }
    }

    /// The interaction as a message that answers it tells of it.
    /// <https://discord.com/developers/docs/resources/message#message-interaction-metadata-object>
    pub(super) fn metadata(&self) -> Value {
        let owner = Channel::find(self.channel).and_then(|channel| channel.guild).unwrap_or(0);
        let mut json = json!({
            "id": self.id.to_string(),
            "type": self.kind.number(),
            "user": self.origin.who.user(),
            "authorizing_integration_owners": {"0": owner.to_string()},
        });
        let more = match self.kind {
            Kind::Command | Kind::Autocomplete { .. } => json!({}),
            Kind::Component => {
                json!({"interacted_message_id": self.source.map(|id| id.to_string())})
            }
            Kind::Form { .. } => json!({"triggering_interaction_metadata": self.opened_by}),
        };
        merge(&mut json, more);
        json
    }
}

impl State {
    /// A message of the bot to this interaction, not yet posted.
    pub(super) fn answer_message(
        &self,
        interaction: u64,
        body: &Value,
        private: bool,
    ) -> Result<Message, Refusal> {
        let of = self.interaction(interaction).ok_or(Refusal::UNKNOWN_INTERACTION)?;
        Ok(Message {
            private_to: private.then_some(of.origin.who),
            interaction: Some(of.origin.clone()),
            interaction_id: Some(of.id),
            metadata: Some(of.metadata()),
            ..Message::of_bot(of.channel, body, &self.grants.reach(of.channel))
        })
    }

    pub(super) fn interaction(&self, id: u64) -> Option<&Interaction> {
        self.interactions.iter().rev().find(|found| found.id == id)
    }

    pub(super) fn interaction_mut(&mut self, id: u64) -> Option<&mut Interaction> {
        self.interactions.iter_mut().rev().find(|found| found.id == id)
    }
}

/// The interaction of a webhook's path, if its token still lives and it was answered with something
/// that can be followed up.
pub(super) fn of_token<'s>(
    call: &Call<'_>,
    state: &'s mut State,
) -> Result<&'s mut Interaction, Refusal> {
    if call.id("webhook_id") != APPLICATION {
        return Err(Refusal::UNKNOWN_WEBHOOK);
    }
    let token = call.param("webhook_token");
    let mut all = state.interactions.iter_mut().rev();
    let interaction = all.find(|found| found.token == token).ok_or(Refusal::DEAD_TOKEN)?;
    if interaction.dispatched.elapsed() > call.shared.options.token_lives {
        return Err(Refusal::DEAD_TOKEN);
    }
    match interaction.first {
        Some((4..=7, _)) => Ok(interaction),
        Some(_) | None => Err(Refusal::UNKNOWN_WEBHOOK),
    }
}
