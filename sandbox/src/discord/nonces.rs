//! Nonces: a message that is sent again with the same one, wherever, is the message that was sent.
//! <https://discord.com/developers/docs/resources/message#create-message>

use serde_json::Value;
use tokio::time::{Duration, Instant};

use super::{State, messages::Message, replies::Refusal};

/// A nonce that a message was sent with.
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
