//! What follows the first answer to an interaction: `@original` and follow-ups.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>

use serde_json::Value;

use super::{
    Message, State,
    fields::number,
    interactions::of_token,
    messages::EPHEMERAL,
    replies::{Answer, Refusal},
    rest::Call,
    rules::messages::{self, Way},
};

/// The interaction's id and the message of the path, if it answers it: `@original` is the first one.
fn find(call: &Call<'_>) -> Result<(u64, Message), Refusal> {
    let mut state = call.shared.lock();
    let interaction = of_token(call, &mut state)?;
    let (interaction, original) = (interaction.id, interaction.original);
    let found = match call.param("message_id") {
        "" => original.and_then(|original| state.message(original)),
        _ => state
            .message(call.id("message_id"))
            .filter(|found| found.interaction_id == Some(interaction)),
    };
    Ok((interaction, found.ok_or(Refusal::UNKNOWN_MESSAGE)?.clone()))
}

/// Edits a message and shows it to whoever is answered.
fn show_edited(
    state: &mut State,
    interaction: u64,
    message: u64,
    body: &Value,
) -> Result<Message, Refusal> {
    let message = state.edit(message, body)?;
    if let Some(interaction) = state.interaction_mut(interaction) {
        interaction.show(message.clone());
    }
    Ok(message)
}

/// `GET …/messages/{message}`
pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, find(call)?.1.json()))
}

/// `PATCH …/messages/{message}`. A placeholder keeps the visibility that the deferral gave it.
pub(super) fn edit(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (interaction, message) = find(call)?;
    let body = call.body(|problems, body| {
        messages::check(problems, "", body, Way::Edit(&message));
    })?;
    let mut state = call.shared.lock();
    let message = show_edited(&mut state, interaction, message.id, &body)?;
    Ok(Answer::json(200, message.json()))
}

/// `DELETE …/messages/{message}`
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (_, message) = find(call)?;
    call.shared.lock().delete(message.id);
    Ok(Answer::EMPTY)
}

/// `POST /webhooks/{application}/{token}`. The first one after a deferral fills its placeholder,
/// whatever flags it has.
pub(super) fn follow_up(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    of_token(call, &mut call.shared.lock())?;
    let body = call.body(|problems, body| messages::check(problems, "", body, Way::Answer))?;
    let mut state = call.shared.lock();
    let interaction = of_token(call, &mut state)?;
    let (id, original) = (interaction.id, interaction.original);
    let private = number(&body, "flags") & EPHEMERAL != 0;
    let message = state.answer_message(id, &body, private)?;
    if message.is_empty() {
        return Err(Refusal::EMPTY);
    }
    let is_placeholder = |id: &u64| state.message(*id).is_some_and(|found| found.thinking);
    if let Some(placeholder) = original.filter(is_placeholder) {
        let message = show_edited(&mut state, id, placeholder, &body)?;
        return Ok(Answer::json(200, message.json()));
    }
    let message = state.post(following(message, original));
    if let Some(interaction) = state.interaction_mut(id) {
        interaction.show(message.clone());
    }
    Ok(Answer::json(200, message.json()))
}

/// A further answer, which says what the first one was.
fn following(mut message: Message, original: Option<u64>) -> Message {
    if let (Some(metadata), Some(original)) = (&mut message.metadata, original) {
        metadata["original_response_message_id"] = original.to_string().into();
    }
    message
}
