//! Says it: what a message holds, where it goes, and what is written down of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serenity::all::{CreateAllowedMentions, CreateMessage, Nonce};

use super::delivery::{DeliveryError, Receipt};
use crate::discord::builders::{CreateCard, EditToCard, nobody, roles_only};
use crate::discord::messages::reply::Card;
use crate::discord::messages::{markdown, notices, request as request_message};
use crate::discord_api::rest::Rest;
use crate::ids::{ChannelId, GuildId, Place};
use crate::request::{Request, State};
use crate::requests::{Notice, Requests, StoreError};
use crate::text::digest;

/// Posts and edits what is about requests.
pub(super) struct Publisher {
    pub(super) requests: Arc<Requests>,
    pub(super) rest: Arc<Rest>,
    /// The servers of channels.
    guilds: Mutex<HashMap<ChannelId, GuildId>>,
}

impl Publisher {
    pub(super) fn new(requests: Arc<Requests>, rest: Arc<Rest>) -> Self {
        Self { requests, rest, guilds: Mutex::default() }
    }

    /// Makes the message of a request equal to its row.
    pub(super) async fn show(&self, id: i64) -> Result<(), DeliveryError> {
        let store = self.requests.outbox();
        let Some(request) = store.request(id).await? else { return Ok(()) };
        if request.shown_version >= request.version {
            return Ok(());
        }
        if let Some(message) = request.message {
            match self.edit(&request, message).await {
                Err(error) if error.is_about_lost_message() => store.note_gone(id).await?,
                // The bot may not speak there any more, and has another channel to speak in.
                Err(error) if error.is_about_channel() && self.home(&request) != message.0 => {
                    store.note_gone(id).await?;
                }
                result => return result,
            }
        }
        self.post(id).await
    }

    async fn edit(
        &self,
        request: &Request,
        (channel, message): (ChannelId, u64),
    ) -> Result<(), DeliveryError> {
        let edit = self.edit_to(request).await?;
        let edited = self.rest.edit_message(channel, message, &edit).await;
        edited.map_err(|error| DeliveryError::Rest(channel, error))?;
        let store = self.requests.outbox();
        Ok(store.note_shown(request.id, request.version, (channel, message), None).await?)
    }

    /// What makes a message show a request.
    pub(super) async fn edit_to(&self, request: &Request) -> Result<EditToCard, StoreError> {
        self.card(request).await.map(EditToCard::new)
    }

    async fn post(&self, id: i64) -> Result<(), DeliveryError> {
        match self.send(id).await {
            // It was sent and, before that was noted, deleted: Discord keeps its nonce, and says so.
            Err(DeliveryError::Rest(_, error)) if error.is_about_message() => {
                self.requests.outbox().note_gone(id).await?;
                self.send(id).await
            }
            result => result,
        }
    }

    async fn send(&self, id: i64) -> Result<(), DeliveryError> {
        let store = self.requests.outbox();
        let Some(request) = store.request(id).await? else { return Ok(()) };
        let channel = self.home(&request);
        let guild = self.guild_of(channel, request.place).await;
        let nonce = nonce(&request, &format!("show {}", request.resent));
        let card = self.card(&request).await?;
        let post = CreateCard::new(card, self.admins_only(&request), nonce);
        let message = self.rest.create_message(channel, &post).await;
        let message = message.map_err(|error| DeliveryError::Rest(channel, error))?;
        // It may be one that was sent before a crash, and says what was so then: only of the first
        // version there is no other wording.
        let is_sure = request.version == 1;
        let shown = if is_sure { request.version } else { 0 };
        let message = (channel, message);
        self.write(Receipt::Posted { request: id, version: shown, message, guild }).await?;
        if is_sure { Ok(()) } else { self.edit(&request, message).await }
    }

    /// Where a request's message belongs. What an admin does at once is shown where they do it.
    pub(super) fn home(&self, request: &Request) -> ChannelId {
        let asked = request.place.channel;
        if request.is_direct() { asked } else { self.requests.settings().channel.unwrap_or(asked) }
    }

    /// The server that a channel is in, if Discord says so: it is asked once a channel and run.
    async fn guild_of(&self, channel: ChannelId, asked: Place) -> Option<GuildId> {
        if channel == asked.channel {
            return Some(asked.guild);
        }
        let known = |guilds: &HashMap<_, _>| guilds.get(&channel).copied();
        if let Some(guild) = known(&self.guilds.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Some(guild);
        }
        let guild = self.rest.get_channel(channel).await.ok()?.guild()?;
        self.guilds.lock().unwrap_or_else(PoisonError::into_inner).insert(channel, guild);
        Some(guild)
    }

    /// The admins are pinged by what they are to decide, and by nothing else.
    fn admins_only(&self, request: &Request) -> CreateAllowedMentions {
        let admins = &self.requests.policy().admin_roles;
        match request.state {
            State::Pending => roles_only(admins),
            _ => nobody(),
        }
    }

    async fn card(&self, request: &Request) -> Result<Card, StoreError> {
        let people = self.requests.outbox().people(request.id).await?;
        let admins = &self.requests.policy().admin_roles;
        Ok(request_message::card(request, &people, admins, self.requests.settings().ttl))
    }

    /// Tells people where they asked or, if the bot can't speak there any more, where the request
    /// is shown.
    pub(super) async fn tell(&self, notice: &Notice) -> Result<(), DeliveryError> {
        let Notice { request, people, place } = notice;
        let users = people.iter().map(|person| serenity::all::UserId::new(person.0));
        let words = notices::notice(notice);
        let told = people.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let message = |guild| {
            let nonce = nonce(request, &format!("tell {told} {}", request.version));
            CreateMessage::new()
                .content(markdown::with_commands(&words, self.rest.command(guild)))
                .allowed_mentions(nobody().users(users.clone()))
                .nonce(Nonce::String(nonce))
                .enforce_nonce(true)
        };
        let told = self.send_once(place.channel, &message(place.guild)).await;
        match (told, request.message) {
            (Err(error), Some((channel, _)))
                if error.is_about_channel() && channel != place.channel =>
            {
                let guild = request.message_guild.unwrap_or(request.place.guild);
                self.send_once(channel, &message(guild)).await?;
            }
            (told, _) => told?,
        }
        let version = (request.id, request.version);
        self.write(Receipt::Told { version, people: people.clone(), state: request.state }).await
    }

    pub(super) async fn remind(
        &self,
        request: &Request,
        now: SystemTime,
    ) -> Result<(), DeliveryError> {
        let settings = self.requests.settings();
        let known = self.requests.outbox().request(request.id).await?;
        if known.is_none_or(|known| known.state != State::Pending) {
            return Ok(());
        }
        let admins = &self.requests.policy().admin_roles;
        let channel = self.home(request);
        let message = CreateMessage::new()
            .content(notices::reminder(request, admins, settings.ttl))
            .allowed_mentions(roles_only(admins))
            .nonce(Nonce::String(nonce(request, "remind")))
            .enforce_nonce(true);
        self.send_once(channel, &message).await?;
        self.write(Receipt::Reminded { request: request.id, at: now }).await
    }

    async fn write(&self, receipt: Receipt) -> Result<(), DeliveryError> {
        let written = self.store(&receipt).await;
        written.map_err(|error| DeliveryError::Unwritten(receipt, error))
    }

    async fn store(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let store = self.requests.outbox();
        match receipt {
            Receipt::Posted { request, version, message, guild } => {
                store.note_shown(*request, *version, *message, *guild).await
            }
            Receipt::Told { version, people, state } => {
                store.note_told(*version, people, *state).await
            }
            Receipt::Reminded { request, at } => store.note_reminded(*request, *at).await,
        }
    }

    /// Writes down what was sent and couldn't be noted then, on a full disk. Until it is, nothing else
    /// is sent: each would be sent again, with its ping, once Discord has forgotten its nonce.
    pub(super) async fn write_all(&self, unwritten: &mut Vec<Receipt>) -> Result<(), StoreError> {
        while let Some(receipt) = unwritten.last() {
            self.store(receipt).await?;
            unwritten.pop();
        }
        Ok(())
    }

    /// Sends a message with a nonce of its own. One that was sent already and deleted since isn't sent
    /// again: Discord keeps its nonce, and says that it is gone.
    async fn send_once(
        &self,
        channel: ChannelId,
        message: &CreateMessage,
    ) -> Result<(), DeliveryError> {
        match self.rest.create_message(channel, message).await {
            Err(error) if error.is_about_message() => Ok(()),
            result => result.map(drop).map_err(|error| DeliveryError::Rest(channel, error)),
        }
    }
}

/// Discord takes messages of one nonce for one message, for a few minutes: sending again what may
/// have arrived does no harm then. An id alone won't do: after a reinstallation another request
/// has it.
fn nonce(request: &Request, what: &str) -> String {
    let made = request.created_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("{:016x}", digest(&format!("{} {made} {what}", request.id)))
}
