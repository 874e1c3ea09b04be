//! What follows the first answer to an interaction: `@original` and follow-ups.
//! <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>

use serde_json::Value;

use super::{
    Shared, State,
    check::{Problems, number},
    interactions::of_token,
    limits::{self, EPHEMERAL, Form},
    messages::Message,
    replies::{Answer, Refusal},
};

/// Application and token of a path.
type Path<'p> = (&'p str, &'p str);

/// The interaction's id and what `@original` means to it now.
fn original(shared: &Shared, state: &mut State, path: Path<'_>) -> Result<(u64, u64), Refusal> {
    let interaction = of_token(shared, state, path)?;
    let (id, original) = (interaction.id, interaction.original);
    original
        .filter(|original| state.message_mut(*original).is_some())
        .map(|original| (id, original))
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
pub(super) fn get_original(shared: &Shared, path: Path<'_>) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let (_, original) = original(shared, &mut state, path)?;
    let message = state.message_mut(original).ok_or(Refusal::UNKNOWN_MESSAGE)?;
    Ok(Answer::json(200, message.json()))
}

/// `PATCH …/messages/@original`. A placeholder keeps the visibility that the deferral gave it.
pub(super) fn edit_original(
    shared: &Shared,
    problems: &mut Problems,
    path: Path<'_>,
    body: &Value,
) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let (interaction, original) = original(shared, &mut state, path)?;
    limits::message(problems, "", body, Form::EditAnswer);
    Refusal::check(problems)?;
    let message = show_edited(&mut state, interaction, original, body)?;
    Ok(Answer::json(200, message.json()))
}

/// `DELETE …/messages/@original`
pub(super) fn delete_original(shared: &Shared, path: Path<'_>) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let (_, original) = original(shared, &mut state, path)?;
    state.delete(original);
    Ok(Answer::EMPTY)
}

/// `POST /webhooks/{application}/{token}`. The first one after a deferral fills its placeholder,
/// whatever flags it has.
pub(super) fn follow_up(
    shared: &Shared,
    problems: &mut Problems,
    path: Path<'_>,
    body: &Value,
) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let interaction = of_token(shared, &mut state, path)?;
    let (id, original) = (interaction.id, interaction.original);
    let private = number(body, "flags") & EPHEMERAL != 0;
    let message = interaction.message(body, private);
    limits::message(problems, "", body, Form::FollowUp);
    Refusal::check(problems)?;
    if message.is_empty() {
        return Err(Refusal::EMPTY);
    }
    let placeholder = original.filter(|original| {
        let found = state.message_mut(*original);
        found.is_some_and(|found| found.thinking)
    });
    if let Some(placeholder) = placeholder {
        let message = show_edited(&mut state, id, placeholder, body)?;
        return Ok(Answer::json(200, message.json()));
    }
    let message = state.post(message);
    if let Some(interaction) = state.interaction_mut(id) {
        interaction.show(message.clone());
    }
    Ok(Answer::json(200, message.json()))
}

/// The message of the path, if it answers this interaction.
fn own(
    shared: &Shared,
    state: &mut State,
    path: Path<'_>,
    message: &str,
) -> Result<(u64, u64), Refusal> {
    let interaction = of_token(shared, state, path)?.id;
    let message = message.parse().map_err(|_| Refusal::UNKNOWN_MESSAGE)?;
    state
        .message_mut(message)
        .filter(|found| found.interaction_id == Some(interaction))
        .map(|found| (interaction, found.id))
        .ok_or(Refusal::UNKNOWN_MESSAGE)
}

/// `PATCH …/messages/{message}`
pub(super) fn edit(
    shared: &Shared,
    problems: &mut Problems,
    path: Path<'_>,
    message: &str,
    body: &Value,
) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let (interaction, message) = own(shared, &mut state, path, message)?;
    limits::message(problems, "", body, Form::EditAnswer);
    Refusal::check(problems)?;
    let message = show_edited(&mut state, interaction, message, body)?;
    Ok(Answer::json(200, message.json()))
}

/// `DELETE …/messages/{message}`
pub(super) fn delete(shared: &Shared, path: Path<'_>, message: &str) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let (_, message) = own(shared, &mut state, path, message)?;
    state.delete(message);
    Ok(Answer::EMPTY)
}
