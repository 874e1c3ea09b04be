//! The bot's first answer to an interaction.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object>

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Choice, Form, Reply, Shared, State,
    check::Problems,
    fields::number,
    interactions::Kind,
    messages::EPHEMERAL,
    replies::{Answer, Refusal},
    rest::Call,
    rules::{commands, components, messages},
};

/// `POST /interactions/{id}/{token}/callback`
pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let shared = call.shared;
    let (id, token) = (call.id("interaction_id"), call.param("interaction_token").to_owned());
    let is_known = shared.lock().interaction(id).is_some_and(|found| found.token == token);
    if !is_known {
        call.problems.careless("there never was an interaction with this id and token");
    }
    let kind = to_be_answered(shared, id)?;
    let body = call.body(|problems, body| check(problems, shared, (id, kind), body))?;
    carry_out(shared, id, &body)?;
    if !call.is_set("with_response") {
        return Ok(Answer::EMPTY);
    }
    Ok(Answer::json(200, response(&mut shared.lock(), id, number(&body, "type"))))
}

/// What kind of interaction this is, if it can still be answered.
pub(super) fn to_be_answered(shared: &Shared, id: u64) -> Result<Kind, Refusal> {
    let state = shared.lock();
    let interaction = state.interaction(id).ok_or(Refusal::UNKNOWN_INTERACTION)?;
    if interaction.first.is_some() {
        return Err(Refusal::ANSWERED_ALREADY);
    }
    if interaction.failed || interaction.dispatched.elapsed() > shared.options.answer_within {
        return Err(Refusal::UNKNOWN_INTERACTION);
    }
    Ok(interaction.kind)
}

/// Checks a first answer that is as Discord describes it against what may be answered.
pub(super) fn check(problems: &mut Problems, shared: &Shared, (id, to): (u64, Kind), body: &Value) {
    let kind = number(body, "type");
    let of_component = matches!(to, Kind::Component | Kind::Form { of_component: true });
    let fits = match kind {
        4 | 5 => !matches!(to, Kind::Autocomplete { .. }),
        6 | 7 => of_component,
        8 => matches!(to, Kind::Autocomplete { .. }),
        9 => matches!(to, Kind::Command | Kind::Component),
        _ => false,
    };
    if !fits {
        let sentence = format!("Callback type {kind} can't answer {to:?}.");
        return problems.refuse_saying("type", "BASE_TYPE_CHOICES", sentence);
    }
    let data = &body["data"];
    match (kind, to) {
        (4, _) => messages::check(problems, "data", data, messages::Way::Answer),
        (7, _) => {
            let pressed = {
                let state = shared.lock();
                let source = state.interaction(id).and_then(|found| found.source);
                source.and_then(|source| state.message(source)).cloned()
            };
            if let Some(pressed) = pressed {
                messages::check(problems, "data", data, messages::Way::Update(&pressed));
            }
        }
        (8, Kind::Autocomplete { option }) => {
            commands::choices(problems, "data", data, option);
        }
        (9, _) => components::form(problems, "data", data),
        (_, _) => {}
    }
}

/// Carries out a checked first answer.
pub(super) fn carry_out(shared: &Shared, id: u64, body: &Value) -> Result<(), Refusal> {
    let mut state = shared.lock();
    let kind = number(body, "type");
    let interaction = state.interaction(id).ok_or(Refusal::UNKNOWN_INTERACTION)?;
    let took = interaction.dispatched.elapsed();
    let (original, outcome) = answer(&mut state, id, kind, &body["data"])?;
    if let Some(interaction) = state.interaction_mut(id) {
        interaction.original = original;
        interaction.outcome = outcome;
        interaction.choices = (kind == 8).then(|| offered(&body["data"]["choices"]));
        interaction.first = Some((kind, took));
    }
    drop(state);
    shared.touch();
    Ok(())
}

/// What `@original` means from now on, and what is seen if that is settled.
fn answer(
    state: &mut State,
    id: u64,
    kind: u64,
    data: &Value,
) -> Result<(Option<u64>, Option<Reply>), Refusal> {
    let interaction = state.interaction(id).ok_or(Refusal::UNKNOWN_INTERACTION)?;
    let private = number(data, "flags") & EPHEMERAL != 0;
    let (source, channel) = (interaction.source, interaction.channel);
    Ok(match kind {
        4 => {
            let message = state.answer_message(id, data, private)?;
            if message.is_empty() {
                return Err(Refusal::EMPTY);
            }
            let message = state.post(message);
            (Some(message.id), Some(Reply::Message { message, deferred: false }))
        }
        5 => {
            let mut message = state.answer_message(id, &Value::Null, private)?;
            message.thinking = true;
            // Nothing is pinged by a placeholder.
            (Some(state.post(message).id), None)
        }
        6 => (source, Some(Reply::Acknowledged)),
        7 => {
            let pressed = source.ok_or(Refusal::UNKNOWN_MESSAGE)?;
            let message = state.edit(pressed, data)?;
            (source, Some(Reply::Update(message)))
        }
        8 => (None, Some(Reply::Acknowledged)),
        _ => {
            let form = Form::of(data, channel, source, interaction.metadata());
            (None, Some(Reply::Form(form)))
        }
    })
}

/// What autocomplete offers.
fn offered(choices: &Value) -> Vec<Choice> {
    Vec::deserialize(choices).unwrap_or_default()
}

/// What is answered to a callback that asks for it.
fn response(state: &mut State, id: u64, kind: u64) -> Value {
    let Some(interaction) = state.interaction(id) else { return Value::Null };
    let message = interaction.original.and_then(|original| state.message(original));
    let mut json = json!({
        "interaction": {
            "id": id.to_string(),
            "type": interaction.kind.number(),
            "response_message_loading": kind == 5,
            "response_message_ephemeral":
                message.is_some_and(|message| message.private_to.is_some()),
        },
    });
    if let Some(message) = message {
        json["interaction"]["response_message_id"] = json!(message.id.to_string());
        if matches!(kind, 4 | 7) {
            json["resource"] = json!({"type": kind, "message": message.json()});
        }
    }
    json
}
