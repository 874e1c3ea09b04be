//! The routes of a channel and its messages.
//! <https://discord.com/developers/docs/resources/message>

use serde_json::Value;

use super::{
    APPLICATION, Shared, State,
    check::Problems,
    limits::{self, Form},
    messages::Message,
    replies::{Answer, Refusal},
    world::{Channel, is_joined},
};

/// The channel of a path, if the bot may see it.
pub(super) fn channel(part: &str) -> Result<&'static Channel, Refusal> {
    let id = part.parse().map_err(|_| Refusal::UNKNOWN_CHANNEL)?;
    let channel = Channel::find(id).ok_or(Refusal::UNKNOWN_CHANNEL)?;
    match channel.guild {
        Some(guild) if !is_joined(guild) => Err(Refusal::NO_ACCESS),
        Some(_) | None => Ok(channel),
    }
}

/// `POST /channels/{channel}/messages`
pub(super) fn create(
    shared: &Shared,
    problems: &mut Problems,
    at: &str,
    body: &Value,
) -> Result<Answer, Refusal> {
    let channel = channel(at)?.id;
    limits::message(problems, "", body, Form::Create);
    Refusal::check(problems)?;
    let mut state = shared.lock();
    let nonce = body.get("nonce").filter(|nonce| !nonce.is_null());
    let key = nonce.map(|nonce| (channel, nonce.to_string()));
    if let Some(key) = &key
        && body["enforce_nonce"] == true
        && let Some((_, first)) = state.nonces.iter().find(|(known, _)| known == key)
    {
        return Ok(Answer::json(200, first.json()));
    }
    let message = Message::of_bot(channel, body);
    if message.is_empty() {
        return Err(Refusal::EMPTY);
    }
    let message = state.post(message);
    if let Some(key) = key {
        state.nonces.push((key, message.clone()));
    }
    let mut json = message.json();
    if let Some(nonce) = nonce {
        json["nonce"] = nonce.clone();
    }
    Ok(Answer::json(200, json))
}

/// `GET`, `PATCH` and `DELETE /channels/{channel}/messages/{message}`: the message's id. What only
/// one person sees can't be reached by these routes.
fn find(state: &State, at: &str, id: &str) -> Result<Message, Refusal> {
    let channel = channel(at)?.id;
    let id: u64 = id.parse().map_err(|_| Refusal::UNKNOWN_MESSAGE)?;
    state
        .messages
        .iter()
        .find(|message| message.id == id && message.channel == channel)
        .filter(|message| message.private_to.is_none())
        .cloned()
        .ok_or(Refusal::UNKNOWN_MESSAGE)
}

/// `GET /channels/{channel}/messages/{message}`
pub(super) fn get(shared: &Shared, at: &str, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, find(&shared.lock(), at, id)?.json()))
}

/// `PATCH /channels/{channel}/messages/{message}`
pub(super) fn edit(
    shared: &Shared,
    problems: &mut Problems,
    (at, id): (&str, &str),
    body: &Value,
) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let message = find(&state, at, id)?;
    if message.author_id != APPLICATION {
        return Err(Refusal::NOT_THE_AUTHOR);
    }
    limits::message(problems, "", body, Form::Edit);
    Refusal::check(problems)?;
    let message = state.edit(message.id, body)?;
    Ok(Answer::json(200, message.json()))
}

/// `DELETE /channels/{channel}/messages/{message}`
pub(super) fn delete(shared: &Shared, at: &str, id: &str) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let message = find(&state, at, id)?;
    if message.author_id != APPLICATION {
        return Err(Refusal::NO_PERMISSION);
    }
    state.delete(message.id);
    Ok(Answer::EMPTY)
}
