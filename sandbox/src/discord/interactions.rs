//! Interactions: their clocks, and the bot's first answer.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding>

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Shared, State,
    check::{
        Kind::{Any, Int, List},
        Problems, number,
    },
    commands,
    forms::Form,
    limits::{self, EPHEMERAL},
    messages::{Message, Origin},
    replies::{Answer, Refusal},
    world::{APPLICATION, ChannelId, Who},
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
    /// The first answer: its type, and how long it took.
    pub(super) first: Option<(u64, Duration)>,
    /// What `@original` means now.
    pub(super) original: Option<u64>,
    /// What the person saw as soon as that was settled.
    pub(super) outcome: Option<Outcome>,
    /// What came after: follow-ups, and edits of the original, as they then stood.
    pub(super) later: Vec<Message>,
}

/// What the person saw.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Message { message: Message, deferred: bool },
    Update(Message),
    Form(Form),
    Acknowledged,
    Choices(Vec<Choice>),
}

/// A slash command that got no answer in time: "The application did not respond".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unanswered {
    /// The interaction's id, in one order with those of messages.
    pub id: u64,
    /// Where it was sent.
    pub channel: ChannelId,
    /// Who sent what.
    pub origin: Origin,
}

/// A choice that autocomplete offers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// What is shown; at most 100 characters.
    pub name: String,
    /// What is sent; a text of at most 100 characters, or a number.
    pub value: Value,
}

impl Interaction {
    pub(super) fn who(&self) -> Who {
        self.origin.who
    }

    /// The command, if it got no first answer within this time.
    pub(super) fn unanswered(&self, within: Duration) -> Option<Unanswered> {
        let is_over = self.first.is_none() && self.dispatched.elapsed() >= within;
        (is_over && self.kind == Kind::Command).then(|| Unanswered {
            id: self.id,
            channel: self.channel,
            origin: self.origin.clone(),
        })
    }

    /// Settles what the person sees, or adds to it.
    pub(super) fn show(&mut self, message: Message) {
        if self.outcome.is_some() {
            self.later.push(message);
        } else {
            self.outcome = Some(Outcome::Message { message, deferred: true });
        }
    }

    /// A message of the bot to this interaction.
    pub(super) fn message(&self, body: &Value, private: bool) -> Message {
        Message {
            private_to: private.then_some(self.who()),
            interaction: Some(self.origin.clone()),
            interaction_id: Some(self.id),
            ..Message::of_bot(self.channel, body)
        }
    }
}

impl State {
    pub(super) fn interaction(&self, id: u64) -> Option<&Interaction> {
        self.interactions.iter().rev().find(|found| found.id == id)
    }

    pub(super) fn interaction_mut(&mut self, id: u64) -> Option<&mut Interaction> {
        self.interactions.iter_mut().rev().find(|found| found.id == id)
    }
}

/// `POST /interactions/{id}/{token}/callback`
pub(super) fn callback(
    shared: &Shared,
    problems: &mut Problems,
    (id, token): (&str, &str),
    body: &Value,
    with_response: bool,
) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let found = state
        .interactions
        .iter_mut()
        .rev()
        .find(|found| found.token == token && found.id.to_string() == id);
    let Some(interaction) = found else {
        problems.careless("there never was an interaction with this id and token");
        return Err(Refusal::UNKNOWN_INTERACTION);
    };
    if interaction.first.is_some() {
        return Err(Refusal::ANSWERED_ALREADY);
    }
    let took = interaction.dispatched.elapsed();
    if took > shared.options.answer_within {
        return Err(Refusal::UNKNOWN_INTERACTION);
    }
    let kind = check(problems, interaction.kind, body)?;
    let id = interaction.id;
    answer(&mut state, id, kind, &body["data"])?;
    let Some(interaction) = state.interaction_mut(id) else {
        return Err(Refusal::UNKNOWN_INTERACTION);
    };
    interaction.first = Some((kind, took));
    if !with_response {
        return Ok(Answer::EMPTY);
    }
    let original = interaction.original;
    let message = original.and_then(|id| state.message_mut(id));
    let private = message.as_ref().is_some_and(|found| found.private_to.is_some());
    let message = message.map(|found| found.json());
    Ok(Answer::json(
        200,
        json!({
            "interaction": {
                "id": id.to_string(),
                "type": 2,
                "response_message_id": original.map(|id| id.to_string()),
                "response_message_loading": kind == 5,
                "response_message_ephemeral": private,
            },
            "resource": {"type": kind, "message": message},
        }),
    ))
}

/// Checks the first answer against what may be answered, and gives its type.
fn check(problems: &mut Problems, to: Kind, body: &Value) -> Result<u64, Refusal> {
    problems.fields("", body, &[("type", Int), ("data", Any)]);
    let kind = number(body, "type");
    let component = matches!(to, Kind::Component | Kind::Form { of_component: true });
    let allowed = match kind {
        4 | 5 => !matches!(to, Kind::Autocomplete { .. }),
        6 | 7 => component,
        8 => matches!(to, Kind::Autocomplete { .. }),
        9 => matches!(to, Kind::Command | Kind::Component),
        _ => false,
    };
    if !allowed {
        problems.refuse(
            "type",
            "BASE_TYPE_CHOICES",
            format!("Callback type {kind} can't answer {to:?}."),
        );
        Refusal::check(problems)?;
    }
    let data = &body["data"];
    match kind {
        4 | 7 => limits::message(problems, "data", data, limits::Form::Answer),
        5 | 6 if !data.is_null() => deferral(problems, data),
        8 => choices(problems, to, data),
        9 => limits::form(problems, "data", data),
        _ => {}
    }
    Refusal::check(problems)?;
    Ok(kind)
}

/// A deferral has nothing but its flags; libraries send the rest empty.
fn deferral(problems: &mut Problems, data: &Value) {
    let known = [("flags", Int), ("attachments", List), ("allowed_mentions", Any), ("tts", Any)];
    if let Some(data) = problems.fields("data", data, &known) {
        problems.flags("data", data, EPHEMERAL);
        problems.list("data", data, "attachments", (0, 0));
    }
}

fn choices(problems: &mut Problems, to: Kind, data: &Value) {
    if let Some(data) = problems.fields("data", data, &[("choices", List)]) {
        problems.required("data", data, &["choices"]);
        if let Kind::Autocomplete { option } = to {
            commands::choices(problems, "data", data, option);
        }
    }
}

/// Carries out a checked first answer.
fn answer(state: &mut State, id: u64, kind: u64, data: &Value) -> Result<(), Refusal> {
    let Some(interaction) = state.interaction(id) else {
        return Err(Refusal::UNKNOWN_INTERACTION);
    };
    let private = number(data, "flags") & EPHEMERAL != 0;
    let source = interaction.source;
    let (original, outcome) = match kind {
        4 => {
            let message = interaction.message(data, private);
            if message.is_empty() {
                return Err(Refusal::EMPTY);
            }
            let message = state.post(message);
            let deferred = false;
            (Some(message.id), Some(Outcome::Message { message, deferred }))
        }
        5 => {
            let mut message = interaction.message(&Value::Null, private);
            message.thinking = true;
            // Nothing is pinged by a placeholder.
            (Some(state.post(message).id), None)
        }
        6 => (source, Some(Outcome::Acknowledged)),
        7 => {
            let pressed = source.ok_or(Refusal::UNKNOWN_MESSAGE)?;
            let message = state.edit(pressed, data)?;
            (source, Some(Outcome::Update(message)))
        }
        8 => (None, Some(Outcome::Choices(offered(data)))),
        _ => {
            let form = Form::of(data, interaction.channel, source);
            (None, Some(Outcome::Form(form)))
        }
    };
    if let Some(interaction) = state.interaction_mut(id) {
        interaction.original = original;
        interaction.outcome = outcome;
    }
    Ok(())
}

fn offered(data: &Value) -> Vec<Choice> {
    let list = data["choices"].as_array().map_or(&[][..], Vec::as_slice);
    list.iter()
        .map(|choice| Choice {
            name: choice["name"].as_str().unwrap_or_default().to_owned(),
            value: choice["value"].clone(),
        })
        .collect()
}

/// The interaction of a webhook's path, if its token still lives and it was answered with something
/// that can be followed up.
pub(super) fn of_token<'s>(
    shared: &Shared,
    state: &'s mut State,
    (application, token): (&str, &str),
) -> Result<&'s mut Interaction, Refusal> {
    if application != APPLICATION.to_string() {
        return Err(Refusal::UNKNOWN_WEBHOOK);
    }
    let interaction = state
        .interactions
        .iter_mut()
        .rev()
        .find(|found| found.token == token)
        .ok_or(Refusal::DEAD_TOKEN)?;
    if interaction.dispatched.elapsed() > shared.options.token_lives {
        return Err(Refusal::DEAD_TOKEN);
    }
    match interaction.first {
        Some((4..=7, _)) => Ok(interaction),
        Some(_) | None => Err(Refusal::UNKNOWN_WEBHOOK),
    }
}
