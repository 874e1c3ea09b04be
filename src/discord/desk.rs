//! What the bot says without being asked: it makes every request's message equal to its row, tells
//! people what came of what they asked for, and brings up what waits.
//!
//! Whatever is wrong with a message (never sent, not edited, deleted by someone) the next step
//! mends. A step is done when something has changed and when something is due, not by the clock.

mod duty;
mod look;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serenity::all::{CreateAllowedMentions, CreateMessage, EditMessage, Nonce};
use tokio::time::{Instant, sleep_until, timeout_at};

pub(super) use self::duty::{Desk, Undelivered, Waiting};
use self::duty::{DeskError, Duty, Note, Round, Way};
use super::responder::{nobody, rows};
use super::{Bot, cards};
use crate::ids::{ChannelId, GuildId, Place, RoleId};
use crate::request::{Request, State};
use crate::requests::{Notice, StoreError};
use crate::text::digest;

/// Whoever asked waits this long for their request to be shown.
const SOON: Duration = Duration::from_secs(10);

/// The pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

impl Bot {
    /// Looks after the requests, for ever.
    pub async fn look_after(self: Arc<Self>) -> std::convert::Infallible {
        loop {
            let next = match self.step(SystemTime::now()).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "the requests could not be looked after");
                    Instant::now() + AFTER_FAILURE
                }
            };
            tokio::select! {
                () = self.requests.changed() => {}
                () = sleep_until(next) => {}
            }
        }
    }

    /// One step. When the next is due at the latest.
    async fn step(self: &Arc<Self>, now: SystemTime) -> Result<Instant, StoreError> {
        let swept = self.requests.sweep(now).await?;
        let left_over = self.say(&swept.reminders, now).await?;
        let due = swept.next.and_then(|due| due.duration_since(now).ok());
        let due = due.map(|wait| Instant::now() + wait);
        // Last, so that what is to be said doesn't wait for it.
        let mut desk = self.desk.lock().await;
        let is_wrong = self.look_at_messages(&mut desk).await?;
        let soonest = [left_over, due].into_iter().flatten().fold(desk.look.next(), Instant::min);
        Ok(if is_wrong { Instant::now() } else { soonest })
    }

    /// Shows, tells and reminds. When something is due that couldn't be said.
    async fn say(
        &self,
        reminders: &[Request],
        now: SystemTime,
    ) -> Result<Option<Instant>, StoreError> {
        let mut desk = self.desk.lock().await;
        self.catch_up(&mut desk).await?;
        let mut round = Round::new(&mut desk);
        let store = self.requests.outbox();
        // Read first, so that what people are told is what the message shows by then.
        let untold = store.untold().await?;
        let mut unshown = store.unshown(now).await?;
        // What nobody sees yet comes first, then what happened last.
        unshown.sort_by_key(|request| {
            request.message.map(|_| Reverse(request.decided_at.unwrap_or(request.created_at)))
        });
        for request in unshown {
            let way = Way::to_show(&request, self.home(&request));
            round.attend(Duty::Show(request.id), way, self.show(request.id)).await;
        }
        for notice in untold {
            let duty = Duty::Tell(notice.request.id, notice.person);
            round.attend(duty, Way::Post(notice.place.channel), self.tell(&notice)).await;
        }
        for request in reminders {
            let way = Way::Post(self.home(request));
            round.attend(Duty::Remind(request.id), way, self.remind(request, now)).await;
        }
        Ok(round.end())
    }

    /// Shows a request now, or as soon as Discord takes it. For whoever waits for its message: whether
    /// it is shown.
    pub(super) async fn show_now(&self, number: i64) -> bool {
        let (duty, deadline) = (Duty::Show(number), Instant::now() + SOON);
        let shown = async {
            loop {
                let mut desk = self.desk.lock().await;
                if self.catch_up(&mut desk).await.is_err() {
                    return false;
                }
                if desk.is_due(duty, Instant::now()) {
                    let result = self.show(number).await;
                    desk.note(duty, &result);
                }
                let Some((at, passes)) = desk.next_try(duty) else { return true };
                if !passes || at > deadline {
                    return false;
                }
                // Others have their turn meanwhile.
                drop(desk);
                sleep_until(at).await;
            }
        };
        // Giving up in the middle does no harm: the next step sends it again, with the same nonce.
        timeout_at(deadline, shown).await.unwrap_or(false)
    }

    async fn show(&self, number: i64) -> Result<(), DeskError> {
        let store = self.requests.outbox();
        let Some(request) = store.request(number).await? else { return Ok(()) };
        if request.shown_version >= request.version {
            return Ok(());
        }
        if let Some((channel, message)) = request.message {
            match self.edit(&request, channel, message).await {
                Err(error) if error.is_about_lost_message() => store.note_gone(number).await?,
                // The bot may not speak there any more, and has another channel to speak in.
                Err(DeskError::Rest(_, error))
                    if error.is_about_channel() && self.home(&request) != channel =>
                {
                    store.note_gone(number).await?;
                }
                result => return result,
            }
        }
        self.post(number).await
    }

    async fn edit(
        &self,
        request: &Request,
        channel: ChannelId,
        message: u64,
    ) -> Result<(), DeskError> {
        let edit = self.edit_to(request).await?;
        let edited = self.rest.edit_message(channel, message, &edit).await;
        edited.map_err(|error| DeskError::Rest(channel, error))?;
        let store = self.requests.outbox();
        Ok(store.note_shown(request.id, request.version, (channel, message), None).await?)
    }

    /// What makes a message show a request.
    async fn edit_to(&self, request: &Request) -> Result<EditMessage, StoreError> {
        let card = self.card(request).await?;
        let edit = EditMessage::new().content(card.content).components(rows(&card.buttons));
        Ok(edit.allowed_mentions(nobody()))
    }

    async fn post(&self, number: i64) -> Result<(), DeskError> {
        match self.send(number).await {
            // It was sent and, before that was noted, deleted: Discord keeps its nonce, and says so.
            Err(DeskError::Rest(_, error)) if error.is_about_message() => {
                self.requests.outbox().note_gone(number).await?;
                self.send(number).await
            }
            result => result,
        }
    }

    async fn send(&self, number: i64) -> Result<(), DeskError> {
        let store = self.requests.outbox();
        let Some(request) = store.request(number).await? else { return Ok(()) };
        let channel = self.home(&request);
        let guild = self.guild_of(channel, request.place).await;
        let card = self.card(&request).await?;
        let post = CreateMessage::new()
            .content(card.content)
            .components(rows(&card.buttons))
            .allowed_mentions(self.admins_only(&request))
            .nonce(nonce(&request, &format!("show {}", request.resent)))
            .enforce_nonce(true);
        let message = self.rest.create_message(channel, &post).await;
        let message = message.map_err(|error| DeskError::Rest(channel, error))?;
        // It may be one that was sent before a crash, and says what was so then: only of the first
        // version there is no other wording.
        let is_sure = request.version == 1;
        let shown = if is_sure { request.version } else { 0 };
        self.note(Note::Posted(number, shown, (channel, message), guild)).await?;
        if is_sure { Ok(()) } else { self.edit(&request, channel, message).await }
    }

    /// Where a request's message belongs. What an admin does at once is shown where they do it.
    fn home(&self, request: &Request) -> ChannelId {
        let asked = request.place.channel;
        if request.direct { asked } else { self.requests.settings().channel.unwrap_or(asked) }
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
        let guild = self.rest.channel(channel).await.ok()?.guild()?;
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

    async fn card(&self, request: &Request) -> Result<cards::Card, StoreError> {
        let people = self.requests.outbox().people(request.id).await?;
        let admins = &self.requests.policy().admin_roles;
        Ok(cards::card(request, &people, admins, self.requests.settings().ttl))
    }

    /// Tells somebody where they asked or, if the bot can't speak there any more, where the request
    /// is shown.
    async fn tell(&self, notice: &Notice) -> Result<(), DeskError> {
        let Notice { request, person, place } = notice;
        let users = [serenity::all::UserId::new(person.0)];
        let message = CreateMessage::new()
            .content(cards::notice(notice))
            .allowed_mentions(nobody().users(users))
            .nonce(nonce(request, &format!("tell {person} {}", request.version)))
            .enforce_nonce(true);
        let told = self.say_once(place.channel, &message).await;
        match (told, request.message) {
            (Err(DeskError::Rest(_, error)), Some((channel, _)))
                if error.is_about_channel() && channel != place.channel =>
            {
                self.say_once(channel, &message).await?;
            }
            (told, _) => told?,
        }
        self.note(Note::Told((request.id, request.version), *person, request.state)).await
    }

    async fn remind(&self, request: &Request, now: SystemTime) -> Result<(), DeskError> {
        let known = self.requests.outbox().request(request.id).await?;
        if known.is_none_or(|known| known.state != State::Pending) {
            return Ok(());
        }
        let settings = self.requests.settings();
        let admins = &self.requests.policy().admin_roles;
        let channel = self.home(request);
        let message = CreateMessage::new()
            .content(cards::reminder(request, admins, settings.ttl))
            .allowed_mentions(roles_only(admins))
            .nonce(nonce(request, "remind"))
            .enforce_nonce(true);
        self.say_once(channel, &message).await?;
        self.note(Note::Reminded(request.id, now)).await
    }

    /// Writes down what was said.
    async fn note(&self, note: Note) -> Result<(), DeskError> {
        self.write(note).await.map_err(|error| DeskError::Unwritten(note, error))
    }

    async fn write(&self, note: Note) -> Result<(), StoreError> {
        let store = self.requests.outbox();
        match note {
            Note::Posted(number, shown, message, guild) => {
                store.note_shown(number, shown, message, guild).await
            }
            Note::Told(version, person, state) => store.note_told(version, person, state).await,
            Note::Reminded(number, at) => store.note_reminded(number, at).await,
        }
    }

    /// Writes down what was said and couldn't be noted then, on a full disk. Until it is, nothing else
    /// is said: each would be said again, with its ping, once Discord has forgotten its nonce.
    async fn catch_up(&self, desk: &mut Desk) -> Result<(), StoreError> {
        while let Some(note) = desk.unwritten.last() {
            self.write(*note).await?;
            desk.unwritten.pop();
        }
        Ok(())
    }

    /// Sends a message with a nonce of its own. One that was sent already and deleted since isn't sent
    /// again: Discord keeps its nonce, and says that it is gone.
    async fn say_once(&self, channel: ChannelId, message: &CreateMessage) -> Result<(), DeskError> {
        match self.rest.create_message(channel, message).await {
            Err(error) if error.is_about_message() => Ok(()),
            result => result.map(drop).map_err(|error| DeskError::Rest(channel, error)),
        }
    }
}

fn roles_only(roles: &[RoleId]) -> CreateAllowedMentions {
    nobody().roles(cards::named(roles).iter().map(|role| serenity::all::RoleId::new(role.0)))
}

/// Discord takes messages of one nonce for one message, for a few minutes: sending again what may
/// have arrived does no harm then. A number alone won't do: after a reinstallation another request
/// has it.
fn nonce(request: &Request, what: &str) -> Nonce {
    let made = request.created_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Nonce::String(format!("{:016x}", digest(&format!("{} {made} {what}", request.id))))
}
