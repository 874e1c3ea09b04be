//! Messages of channels.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::buckets::Route;
use super::client::{Call, Rest, decode};
use super::error::RestError;
use crate::ids::ChannelId;

/// How long such a call waits for its turn: others wait for theirs meanwhile, and it is made again.
const TURN_WITHIN: Duration = Duration::from_millis(100);

/// From this age on a message is old to Discord, and can be edited less often.
const OLD: Duration = Duration::from_hours(1);

/// The first moment of 2015 in milliseconds of Unix time: where Discord's ids begin.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

#[derive(Deserialize)]
struct Message {
    id: serenity::all::MessageId,
}

/// What a message shows.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    /// Its flags: whether it consists of components.
    #[serde(default)]
    pub(crate) flags: u64,
    /// The components, with what Discord adds to them: ids, and what is so by default.
    #[serde(default)]
    pub(crate) components: serde_json::Value,
}

impl Rest {
    /// Sends a message, and gives its id; with code 10003, 50001 or 50013 the bot can't speak in the
    /// channel. With a nonce that Discord enforces, sending it again does no harm for a few minutes.
    pub(crate) async fn create_message(
        &self,
        channel: ChannelId,
        message: &impl Serialize,
    ) -> Result<u64, RestError> {
        let path = format!("channels/{channel}/messages");
        let call = Call::new(Method::POST, &path, Some(message));
        let response = self.send(Route::CreateMessage(channel), &call, turn_deadline()).await?;
        decode(response).await.map(|message: Message| message.id.get())
    }

    /// Changes a message of the bot's; with code 10008 it is gone.
    pub(crate) async fn edit_message(
        &self,
        channel: ChannelId,
        message: u64,
        edit: &impl Serialize,
    ) -> Result<(), RestError> {
        let path = format!("channels/{channel}/messages/{message}");
        let call = Call::new(Method::PATCH, &path, Some(edit));
        let is_old = created_at(message).elapsed().is_ok_and(|age| age >= OLD);
        let route =
            if is_old { Route::EditOldMessage(channel) } else { Route::EditMessage(channel) };
        self.send(route, &call, turn_deadline()).await.map(drop)
    }

    /// What a message shows; with code 10008 it is gone, with 50001 or 50013 the bot can't read in the
    /// channel.
    pub(crate) async fn get_message(
        &self,
        channel: ChannelId,
        message: u64,
    ) -> Result<Shown, RestError> {
        let path = format!("channels/{channel}/messages/{message}");
        let call = Call::new(Method::GET, &path, None::<&()>);
        decode(self.send(Route::GetMessage(channel), &call, turn_deadline()).await?).await
    }
}

fn turn_deadline() -> Instant {
    Instant::now() + TURN_WITHIN
}

/// When Discord gave this id to a message or an interaction.
/// <https://discord.com/developers/docs/reference#snowflakes>
pub(crate) fn created_at(snowflake: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(DISCORD_EPOCH_MS + (snowflake >> 22))
}
