//! The routes of a channel and its messages.
//! <https://discord.com/developers/docs/resources/message>

use serde_json::Value;
use tokio::time::{Duration, Instant};

use super::{
    APPLICATION, Message, State, components,
    fields::id_in,
    permission,
    replies::{Answer, Refusal},
    rest::Call,
    rules::messages::{self, Way},
    world::{Channel, is_joined},
};

/// Discord's number for a channel that only holds others.
const CATEGORY_KIND: u8 = 4;

/// The channel of a path, if the bot is in its server.
fn known(id: u64) -> Result<&'static Channel, Refusal> {
    let channel = Channel::find(id).ok_or(Refusal::UNKNOWN_CHANNEL)?;
    match channel.guild {
        Some(guild) if !is_joined(guild) => Err(Refusal::NO_ACCESS),
        Some(_) | None => Ok(channel),
    }
}

/// The channel of a path, if the bot may see it and do this there.
fn channel(state: &State, call: &Call<'_>, bits: u64) -> Result<&'static Channel, Refusal> {
    let channel = known(call.id("channel_id"))?;
    state.grants.demand(channel, bits)?;
    Ok(channel)
}

/// `GET /channels/{channel}`
pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let state = call.shared.lock();
    let channel = channel(&state, call, 0)?;
    let mut json = channel.json();
    if let Some(overwrites) = json.get_mut("permission_overwrites") {
        *overwrites = state.grants.overwrites_json(channel.id);
    }
    if let Some(thread) = json.get_mut("thread_metadata") {
        let (archived, locked) = state.grants.closed(channel.id);
        thread["archived"] = archived.into();
        thread["locked"] = locked.into();
    }
    Ok(Answer::json(200, json))
}

/// `POST /channels/{channel}/messages`
pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let to_write = match known(call.id("channel_id"))?.parent {
        Some(_) => permission::SEND_MESSAGES_IN_THREADS,
        None => permission::SEND_MESSAGES,
    };
    let channel = channel(&call.shared.lock(), call, to_write)?;
    if channel.kind == CATEGORY_KIND {
        return Err(Refusal::NO_TEXT_CHANNEL);
    }
    let shared = call.shared;
    let body = call.body(|problems, body| {
        messages::check(problems, "", body, Way::Create);
        if let Some(id) = id_in(&body["message_reference"]["message_id"]) {
            messages::reply(problems, body, channel.id, shared.lock().message(id));
        }
    })?;
    let mut state = shared.lock();
    if let Some(first) = state.sent_before(&body, shared.options.nonces_live)? {
        return Ok(Answer::json(200, first));
    }
    state.grants.open(channel.id, true)?;
    let mut message = Message::of_bot(channel.id, &body, &state.grants.reach(channel.id));
    message.replies_to = id_in(&body["message_reference"]["message_id"]);
    if message.is_empty() && message.components.is_empty() {
        return Err(Refusal::EMPTY);
    }
    let message = state.post(message);
    Ok(Answer::json(200, state.note_nonce(&message, &body)))
}

/// The message of a path. What only one person sees can't be reached by these routes.
fn find(state: &State, call: &Call<'_>, bits: u64) -> Result<Message, Refusal> {
    let channel = channel(state, call, bits)?.id;
    state
        .message(call.id("message_id"))
        .filter(|message| message.channel == channel && message.private_to.is_none())
        .cloned()
        .ok_or(Refusal::UNKNOWN_MESSAGE)
}

/// `GET /channels/{channel}/messages/{message}`
pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let mut message = find(&call.shared.lock(), call, permission::READ_MESSAGE_HISTORY)?;
    let as_read = call.shared.options.as_read;
    message.content = as_read(&message.content);
    components::change_texts(&mut message.components, as_read);
    Ok(Answer::json(200, message.json()))
}

/// `PATCH /channels/{channel}/messages/{message}`
pub(super) fn edit(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let message = find(&call.shared.lock(), call, 0)?;
    if message.author_id() != APPLICATION {
        return Err(Refusal::NOT_THE_AUTHOR);
    }
    call.shared.lock().grants.open(message.channel, false)?;
    let body = call.body(|problems, body| {
        messages::check(problems, "", body, Way::Edit(&message));
    })?;
    let message = call.shared.lock().edit(message.id, &body)?;
    Ok(Answer::json(200, message.json()))
}

/// `DELETE /channels/{channel}/messages/{message}`
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let mut state = call.shared.lock();
    let message = find(&state, call, 0)?;
    if message.author_id() != APPLICATION {
        return Err(Refusal::NO_PERMISSION);
    }
    state.grants.open(message.channel, false)?;
    state.delete(message.id);
    Ok(Answer::EMPTY)
}

/// A nonce that a message was sent with: one that is sent again with the same is the message that was
/// sent. <https://discord.com/developers/docs/resources/message#create-message>
pub(super) struct Nonce {
    value: Value,
    message: u64,
    sent: Instant,
}

impl State {
    /// The message that was sent with the body's nonce, no longer ago than Discord keeps nonces, as it
    /// now stands; if Discord is to heed it.
    ///
    /// # Errors
    ///
    /// If that message was deleted meanwhile, which Discord has so on purpose:
    /// <https://github.com/discord/discord-api-docs/issues/6647>
    pub(super) fn sent_before(
        &mut self,
        body: &Value,
        kept: Duration,
    ) -> Result<Option<Value>, Refusal> {
        self.nonces.retain(|known| known.sent.elapsed() < kept);
        let mut known = self.nonces.iter();
        let found = known.find(|known| known.value == body["nonce"]);
        let Some(found) = found.filter(|_| body["enforce_nonce"] == true) else {
            return Ok(None);
        };
        let message = self.message(found.message).ok_or(Refusal::UNKNOWN_MESSAGE)?;
        Ok(Some(with_nonce(message, body)))
    }

    /// Keeps the nonce that the message was sent with, if it has one, and gives what is answered.
    pub(super) fn note_nonce(&mut self, message: &Message, body: &Value) -> Value {
        if !body["nonce"].is_null() {
            self.nonces.push(Nonce {
                value: body["nonce"].clone(),
                message: message.id,
                sent: Instant::now(),
            });
        }
        with_nonce(message, body)
    }
}

fn with_nonce(message: &Message, body: &Value) -> Value {
    let mut json = message.json();
    if !body["nonce"].is_null() {
        json["nonce"] = body["nonce"].clone();
    }
    json
}
