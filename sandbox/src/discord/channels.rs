//! The routes of a channel and its messages.
//! <https://discord.com/developers/docs/resources/message>

use serde_json::Value;

use super::{
    APPLICATION, Shared, State,
    check::Problems,
    limits::{self, Form},
    messages::Message,
    permissions::permission,
    replies::{Answer, Refusal},
    world::{Channel, is_joined},
};

/// Discord's number for a channel that only holds others.
const CATEGORY_KIND: u8 = 4;

/// The channel of a path, if the bot is in its server.
fn known(part: &str) -> Result<&'static Channel, Refusal> {
    let id = part.parse().map_err(|_| Refusal::UNKNOWN_CHANNEL)?;
    let channel = Channel::find(id).ok_or(Refusal::UNKNOWN_CHANNEL)?;
    match channel.guild {
        Some(guild) if !is_joined(guild) => Err(Refusal::NO_ACCESS),
        Some(_) | None => Ok(channel),
    }
}

/// The channel of a path, if the bot may see it and do this there.
fn channel(state: &State, part: &str, bits: u64) -> Result<&'static Channel, Refusal> {
    let channel = known(part)?;
    state.grants.demand(channel, bits)?;
    Ok(channel)
}

/// `GET /channels/{channel}`
pub(super) fn show(shared: &Shared, at: &str) -> Result<Answer, Refusal> {
    let state = shared.lock();
    let channel = channel(&state, at, 0)?;
    let mut json = channel.json();
    if let Some(overwrites) = json.get_mut("permission_overwrites") {
        *overwrites = state.grants.overwrites_json(channel.id);
    }
    Ok(Answer::json(200, json))
}

/// `POST /channels/{channel}/messages`
pub(super) fn create(
    shared: &Shared,
    problems: &mut Problems,
    at: &str,
    body: &Value,
) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let to_write = match known(at)?.parent {
        Some(_) => permission::SEND_MESSAGES_IN_THREADS,
        None => permission::SEND_MESSAGES,
    };
    let channel = channel(&state, at, to_write)?;
    if channel.kind == CATEGORY_KIND {
        return Err(Refusal::NO_TEXT_CHANNEL);
    }
    let channel = channel.id;
    limits::message(problems, "", body, Form::Create);
    Refusal::check(problems)?;
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
fn find(state: &State, at: &str, id: &str, bits: u64) -> Result<Message, Refusal> {
    let channel = channel(state, at, bits)?.id;
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
    let message = find(&shared.lock(), at, id, permission::READ_MESSAGE_HISTORY)?;
    Ok(Answer::json(200, message.json()))
}

/// `PATCH /channels/{channel}/messages/{message}`
pub(super) fn edit(
    shared: &Shared,
    problems: &mut Problems,
    (at, id): (&str, &str),
    body: &Value,
) -> Result<Answer, Refusal> {
    let mut state = shared.lock();
    let message = find(&state, at, id, 0)?;
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
    let message = find(&state, at, id, 0)?;
    if message.author_id != APPLICATION {
        return Err(Refusal::NO_PERMISSION);
    }
    state.delete(message.id);
    Ok(Answer::EMPTY)
}
