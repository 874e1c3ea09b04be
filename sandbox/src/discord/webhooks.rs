//! What follows the first answer to an interaction: `@original` and follow-ups.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>

use serde_json::Value;

use super::{
    State,
    check::number,
    interactions::of_token,
    messages::{EPHEMERAL, Message},
    replies::{Answer, Refusal},
    rest::Call,
    rules::messages::{self, Way},
};

/// The interaction's id and what `@original` means to it now.
fn original(call: &Call<'_>) -> Result<(u64, Message), Refusal> {
    let mut state = call.shared.lock();
    let interaction = of_token(call, &mut state)?;
    let (id, original) = (interaction.id, interaction.original);
    let message = original.and_then(|original| state.message(original)).cloned();
    Ok((id, message.ok_or(Refusal::UNKNOWN_MESSAGE)?))
}

/// The interaction's id and the message of the path, if it answers it.
fn own(call: &Call<'_>) -> Result<(u64, Message), Refusal> {
    let mut state = call.shared.lock();
    let interaction = of_token(call, &mut state)?.id;
    state
        .message(call.id("message_id"))
        .filter(|found| found.interaction_id == Some(interaction))
        .map(|found| (interaction, found.clone()))
        .ok_or(Refusal::UNKNOWN_MESSAGE)
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

/// `GET …/messages/@original`
pub(super) fn get_original(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, original(call)?.1.json()))
}

/// `GET …/messages/{message}`
pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, own(call)?.1.json()))
}

/// `PATCH …/messages/@original`. A placeholder keeps the visibility that the deferral gave it.
pub(super) fn edit_original(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let found = original(call)?;
    edit_found(call, found)
}

/// `PATCH …/messages/{message}`
pub(super) fn edit(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let found = own(call)?;
    edit_found(call, found)
}

fn edit_found(
    call: &mut Call<'_>,
    (interaction, message): (u64, Message),
) -> Result<Answer, Refusal> {
    let body = call.body(|problems, body| {
        messages::check(problems, "", body, Way::Edit(&message));
    })?;
    let mut state = call.shared.lock();
    let message = show_edited(&mut state, interaction, message.id, &body)?;
    Ok(Answer::json(200, message.json()))
}

/// `DELETE …/messages/@original`
pub(super) fn delete_original(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (_, message) = original(call)?;
    call.shared.lock().delete(message.id);
    Ok(Answer::EMPTY)
}

/// `DELETE …/messages/{message}`
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (_, message) = own(call)?;
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
    let placeholder = original.filter(|original| {
        let found = state.message(*original);
        found.is_some_and(|found| found.thinking)
    });
    if let Some(placeholder) = placeholder {
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
