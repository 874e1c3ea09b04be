//! What the bot does without being asked: it makes every request's message equal to its row, tells
//! people what came of what they asked for, brings up what waits, and carries out what is due.
//!
//! Whatever is wrong with a message (never sent, not edited, deleted by someone) the next step
//! mends. A step is done when something has changed and when something is due, not by the clock.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serenity::all::{CreateAllowedMentions, CreateMessage, EditMessage, Nonce};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::Instrument;

use super::handle::{nobody, rows};
use super::rest::RestError;
use super::{Bot, cards};
use crate::access::{ChannelId, RoleId, UserId};
use crate::connect::CorrelationId;
use crate::ldapgroup::requests::Found;
use crate::request::{Request, State};
use crate::store::{Notice, StoreError};

/// How often it is looked whether somebody has deleted the message of an open request.
const LOOK: Duration = Duration::from_mins(5);

/// Whoever asked waits this long for their request to be shown.
const SOON: Duration = Duration::from_secs(10);

/// The pause after Discord didn't take a message: doubled with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// The pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// What a step remembers for the next.
#[derive(Default)]
pub(super) struct Desk {
    /// What Discord didn't take: how often, and when it is tried again.
    later: HashMap<Duty, (u32, Instant)>,
    looked: Option<Instant>,
}

/// Something to be said.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
enum Duty {
    Show(i64),
    Tell(i64, UserId),
    Remind(i64),
}

/// Why something couldn't be said.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeskError {
    #[error(transparent)]
    Rest(#[from] RestError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeskError {
    /// At least the pause that is planned: longer if Discord wants it so.
    fn pause(&self, planned: Duration) -> Duration {
        match self {
            Self::Rest(error) => error.pause(Some(planned)).unwrap_or(planned),
            Self::Store(_) => planned,
        }
    }

    /// Whether the message is gone, or the channel that it was in.
    fn is_about_lost_message(&self) -> bool {
        match self {
            Self::Rest(error) => error.is_about_lost_message(),
            Self::Store(_) => false,
        }
    }
}

impl Desk {
    fn is_due(&self, duty: Duty, now: Instant) -> bool {
        self.later.get(&duty).is_none_or(|(_, at)| *at <= now)
    }

    fn note(&mut self, duty: Duty, result: &Result<(), DeskError>) {
        match result {
            Ok(()) => {
                self.later.remove(&duty);
            }
            Err(error) => {
                let (times, at) = self.later.entry(duty).or_insert((0, Instant::now()));
                let pause = FIRST_PAUSE.saturating_mul(1 << (*times).min(16)).min(LONGEST_PAUSE);
                let pause = error.pause(pause);
                *times += 1;
                *at = Instant::now() + pause;
                tracing::warn!(%error, ?pause, "a message is not delivered yet");
            }
        }
    }
}

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
        if swept.expired > 0 {
            tracing::info!(expired = swept.expired, "nobody decided these requests in time");
        }
        if !self.stopping.is_cancelled() {
            for request in swept.due {
                self.carry_out(request.id, Found::default(), CorrelationId::new());
            }
        }
        let mut desk = self.desk.lock().await;
        self.look_for_deleted(&mut desk).await?;
        let store = self.requests.store();
        // Read first, so that what people are told is what the message shows by then.
        let untold = store.untold().await?;
        let mut duties = HashSet::new();
        for request in store.unshown(now).await? {
            let duty = Duty::Show(request.id);
            duties.insert(duty);
            if desk.is_due(duty, Instant::now()) {
                let result = self.show(request.id).await;
                desk.note(duty, &result);
            }
        }
        for notice in untold {
            let duty = Duty::Tell(notice.request.id, notice.person);
            duties.insert(duty);
            if desk.is_due(duty, Instant::now()) {
                let result = self.tell(&notice).await;
                desk.note(duty, &result);
            }
        }
        for request in swept.reminders {
            let duty = Duty::Remind(request.id);
            duties.insert(duty);
            if desk.is_due(duty, Instant::now()) {
                let result = self.remind(&request, now).await;
                desk.note(duty, &result);
            }
        }
        let settings = self.requests.settings();
        let due = store.next_due(settings.ttl, settings.reminder, now).await?;
        let due =
            due.and_then(|due| due.duration_since(now).ok()).map(|wait| Instant::now() + wait);
        // What isn't to be said any more, since its request is decided, mustn't wake anyone.
        desk.later.retain(|duty, _| duties.contains(duty));
        let again = desk.later.values().map(|(_, at)| *at);
        let soonest = again.chain(due).min().unwrap_or_else(|| Instant::now() + LOOK);
        Ok(soonest.min(Instant::now() + LOOK))
    }

    /// Carries out what is approved or begun, by itself, with what was found of it just now.
    pub(super) fn carry_out(self: &Arc<Self>, number: i64, found: Found, id: CorrelationId) {
        let bot = Arc::clone(self);
        let work = async move {
            let Err(error) = bot.requests.carry_out(number, found, &bot.stopping, id).await else {
                return;
            };
            tracing::error!(%error, "a creation could not be carried out");
            // What is due stays so, and nothing else may happen that would have it looked at.
            let later = Arc::clone(&bot);
            tokio::spawn(async move {
                sleep(AFTER_FAILURE).await;
                later.requests.look_again();
            });
        };
        self.under_way.spawn(work.instrument(tracing::info_span!("creation", number, %id)));
    }

    /// Shows a request now, unless that has just failed. For whoever waits for its message: whether
    /// it is shown.
    pub(super) async fn show_now(&self, number: i64) -> bool {
        let shown = async {
            let mut desk = self.desk.lock().await;
            let duty = Duty::Show(number);
            if desk.is_due(duty, Instant::now()) {
                let result = self.show(number).await;
                desk.note(duty, &result);
            }
            !desk.later.contains_key(&duty)
        };
        // Giving up in the middle does no harm: the next step sends it again, with the same nonce.
        timeout(SOON, shown).await.unwrap_or(false)
    }

    async fn show(&self, number: i64) -> Result<(), DeskError> {
        let store = self.requests.store();
        let Some(request) = store.request(number).await? else { return Ok(()) };
        if request.shown >= request.version {
            return Ok(());
        }
        if let Some((channel, message)) = request.message {
            match self.edit(&request, channel, message).await {
                Err(error) if error.is_about_lost_message() => store.note_gone(number).await?,
                // The bot may not speak there any more, and has another channel to speak in.
                Err(DeskError::Rest(error))
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
        let card = self.card(request).await?;
        let edit = EditMessage::new()
            .content(card.content)
            .components(rows(&card.buttons))
            .allowed_mentions(nobody());
        self.rest.edit_message(channel, message, &edit).await?;
        let store = self.requests.store();
        Ok(store.note_shown(request.id, request.version, (channel, message)).await?)
    }

    async fn post(&self, number: i64) -> Result<(), DeskError> {
        let store = self.requests.store();
        let Some(request) = store.request(number).await? else { return Ok(()) };
        let channel = self.home(&request);
        let card = self.card(&request).await?;
        let post = CreateMessage::new()
            .content(card.content)
            .components(rows(&card.buttons))
            .allowed_mentions(self.admins_only(&request))
            .nonce(nonce(&("show", number, request.made, request.resent)))
            .enforce_nonce(true);
        let message = self.rest.create_message(channel, &post).await?;
        // It may be one that was sent before a crash, and says what was so then: only of the first
        // version there is no other wording.
        let is_sure = request.version == 1;
        let shown = if is_sure { request.version } else { 0 };
        store.note_shown(number, shown, (channel, message)).await?;
        if is_sure { Ok(()) } else { self.edit(&request, channel, message).await }
    }

    /// Where a request's message belongs. What an admin does at once is shown where they do it.
    fn home(&self, request: &Request) -> ChannelId {
        let asked = request.place.channel;
        if request.direct { asked } else { self.requests.settings().channel.unwrap_or(asked) }
    }

    /// The admins are pinged by what they are to decide, and by nothing else.
    fn admins_only(&self, request: &Request) -> CreateAllowedMentions {
        let admins = self.requests.groups().admin_roles();
        match request.state {
            State::Pending => roles_only(&admins),
            _ => nobody(),
        }
    }

    async fn card(&self, request: &Request) -> Result<cards::Card, StoreError> {
        let people = self.requests.store().people(request.id).await?;
        let admins = self.requests.groups().admin_roles();
        Ok(cards::card(request, &people, &admins, self.requests.settings().ttl))
    }

    /// Tells somebody where they asked or, if the bot can't speak there any more, where the request
    /// is shown.
    async fn tell(&self, notice: &Notice) -> Result<(), DeskError> {
        let Notice { request, person, place } = notice;
        let users = [serenity::all::UserId::new(person.0)];
        let message = CreateMessage::new()
            .content(cards::notice(notice))
            .allowed_mentions(nobody().users(users))
            .nonce(nonce(&("tell", request.id, request.made, person.0, request.version)))
            .enforce_nonce(true);
        let told = self.rest.create_message(place.channel, &message).await;
        match (told, request.message) {
            (Err(error), Some((channel, _)))
                if error.is_about_channel() && channel != place.channel =>
            {
                self.rest.create_message(channel, &message).await?;
            }
            (told, _) => {
                told?;
            }
        }
        Ok(self.requests.store().note_told(request.id, *person, request.state).await?)
    }

    async fn remind(&self, request: &Request, now: SystemTime) -> Result<(), DeskError> {
        let known = self.requests.store().request(request.id).await?;
        if known.is_none_or(|known| known.state != State::Pending) {
            return Ok(());
        }
        let settings = self.requests.settings();
        let admins = self.requests.groups().admin_roles();
        let channel = self.home(request);
        let message = CreateMessage::new()
            .content(cards::reminder(request, &admins, settings.ttl))
            .allowed_mentions(roles_only(&admins))
            .nonce(nonce(&("remind", request.id, request.made)))
            .enforce_nonce(true);
        self.rest.create_message(channel, &message).await?;
        Ok(self.requests.store().note_reminded(request.id, now).await?)
    }

    /// Nobody tells the bot that a message was deleted: now and then it looks.
    async fn look_for_deleted(&self, desk: &mut Desk) -> Result<(), StoreError> {
        if desk.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        desk.looked = Some(Instant::now());
        let store = self.requests.store();
        for request in store.shown_and_open(SystemTime::now()).await? {
            let Some((channel, message)) = request.message else { continue };
            match self.rest.message(channel, message).await {
                Err(error) if error.is_about_lost_message() => {
                    tracing::info!(
                        request = request.id,
                        "its message was deleted; sending it again"
                    );
                    store.note_gone(request.id).await?;
                }
                Ok(()) => {}
                // Not now: it may be too many questions. The next look asks again.
                Err(_) => break,
            }
        }
        Ok(())
    }
}

fn roles_only(roles: &[RoleId]) -> CreateAllowedMentions {
    nobody().roles(roles.iter().map(|role| serenity::all::RoleId::new(role.0)))
}

/// Discord takes messages of one nonce for one message, for a few minutes: sending again what may
/// have arrived does no harm then. A number alone won't do: after a reinstallation another request
/// has it.
fn nonce(of: &impl Hash) -> Nonce {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    Nonce::String(format!("{:016x}", hasher.finish()))
}
