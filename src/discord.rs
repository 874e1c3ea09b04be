//! The Discord edge: acknowledge, parse, call, render, answer. The only place that says `serenity`.
//!
//! Every interaction is answered, whatever happens: a refusal, a fault, a panic, a button that
//! nobody knows. An answer that is there soon is given at once; else it is announced and delivered
//! later. Whether others may see it is known from the command; a failure of something public is
//! told privately. What comes too late to be answered isn't done.

mod cards;
pub mod commands;
mod desk;
pub mod gateway;
mod handle;
mod lists;
mod parse;
pub mod permissions;
mod presses;
pub mod render;
pub mod rest;
mod status;
mod suggesting;
mod waiting;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use serenity::all::{CommandInteraction, Interaction};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use self::desk::Desk;
use self::gateway::Latency;
use self::handle::{First, Handle, Target};
use self::parse::Command;
use self::render::{Privacy, Reply};
use self::rest::Rest;
use self::suggesting::Suggesting;
use self::waiting::Ended;
use crate::access::{Actor, ChannelId, GuildId};
use crate::connect::CorrelationId;
use crate::ldapgroup::requests::{Batch, Done, Requests, Wanted};
use crate::ldapgroup::{Caller, Created, Stop};
use crate::request::Request;
use crate::text::visible;

/// How long suggestions may take: they can't be announced, and a person types on.
const SUGGESTIONS: Duration = Duration::from_millis(1500);

/// Discord's code for a message that breaks one of its limits.
const INVALID_BODY: u64 = 50035;

/// The bot as Discord knows it.
pub struct Bot {
    requests: Requests,
    rest: Rest,
    /// How long the work for an interaction is waited for.
    answers_within: Duration,
    started: SystemTime,
    latency: Latency,
    /// One at a time looks after the messages, or two would post one.
    desk: tokio::sync::Mutex<Desk>,
    suggesting: Suggesting,
    /// The servers of channels.
    guilds: Mutex<HashMap<ChannelId, GuildId>>,
    under_way: TaskTracker,
    stopping: CancellationToken,
    leaving: CancellationToken,
}

impl Bot {
    /// A bot that serves `requests`, tells whoever it works for how it stands after `answers_within`,
    /// and takes on nothing new once `stopping`.
    #[must_use]
    pub fn new(
        requests: Requests,
        rest: Rest,
        answers_within: Duration,
        stopping: CancellationToken,
    ) -> Arc<Self> {
        let (under_way, leaving) = (TaskTracker::new(), CancellationToken::new());
        let (desk, guilds) = (tokio::sync::Mutex::default(), Mutex::default());
        let (started, latency) = (SystemTime::now(), Latency::default());
        let suggesting = Suggesting::default();
        Arc::new(Self {
            requests,
            rest,
            answers_within,
            started,
            latency,
            desk,
            suggesting,
            guilds,
            under_way,
            stopping,
            leaving,
        })
    }

    /// Discord's REST API, as the bot speaks to it.
    #[must_use]
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// What people can do.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Waits until every interaction that was taken on is answered.
    pub async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }

    /// Lets go of what is still under way: whoever waits is told so.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Takes an interaction on. Returns at once; the work goes on by itself.
    pub(crate) fn take_on(self: &Arc<Self>, interaction: Interaction) {
        let id = CorrelationId::new();
        let Some(handle) = Handle::of(&interaction) else {
            tracing::error!("an interaction of an unknown kind went unanswered");
            return;
        };
        let bot = Arc::clone(self);
        let work = async move {
            let work = AssertUnwindSafe(Box::pin(Arc::clone(&bot).serve(interaction, &handle, id)));
            if work.catch_unwind().await.is_err() {
                tracing::error!("an interaction ended in a panic");
                handle.log(handle.excuse(&bot.rest, &render::broken(id)).await);
            }
        };
        self.under_way.spawn(work.instrument(tracing::info_span!("interaction", %id)));
    }

    async fn serve(self: Arc<Self>, interaction: Interaction, handle: &Handle, id: CorrelationId) {
        match interaction {
            Interaction::Command(command) => self.command(command, handle, id).await,
            Interaction::Autocomplete(command) => self.autocomplete(command, handle, id).await,
            Interaction::Component(button) => {
                Box::pin(self.component(button, handle, id)).await;
            }
            Interaction::Modal(form) => Box::pin(self.form(form, handle, id)).await,
            _ => self.reject(handle, "an interaction of an unknown kind", id).await,
        }
    }

    /// Answers an interaction that serenity couldn't read, if it at least says how.
    pub(crate) fn take_on_unreadable(self: &Arc<Self>, payload: &serde_json::Value) {
        let Some(handle) = Handle::of_unreadable(payload) else {
            tracing::error!("an unreadable interaction went unanswered");
            return;
        };
        let bot = Arc::clone(self);
        let id = CorrelationId::new();
        let work = async move { bot.reject(&handle, "an unreadable interaction", id).await };
        self.under_way.spawn(work.instrument(tracing::info_span!("interaction", %id)));
    }

    async fn reject(&self, handle: &Handle, what: &str, id: CorrelationId) {
        tracing::error!(what, "not known to this version");
        handle.log(handle.excuse(&self.rest, &render::unknown(id)).await);
    }

    async fn command(
        self: &Arc<Self>,
        mut interaction: CommandInteraction,
        handle: &Handle,
        id: CorrelationId,
    ) {
        let actor = parse::actor(&interaction);
        let command = match parse::command(&mut interaction) {
            Ok(_) if self.stopping.is_cancelled() => {
                handle.log(handle.answer(&self.rest, &render::restarting()).await);
                return;
            }
            Ok(command) => command,
            Err(parse::Unknown(what)) => return self.reject(handle, &what, id).await,
        };
        let (name, privacy) = (command.name(), self.privacy(&actor, &command));
        let target = Target::Message(privacy);
        let work = self.perform(&actor, command, id);
        self.respond(handle, target, name, &actor, work, id).await;
    }

    /// Answers with what the work comes to, and logs that.
    async fn respond(
        &self,
        handle: &Handle,
        target: Target,
        command: &'static str,
        actor: &Actor,
        work: impl Future<Output = Result<Reply, Stop>>,
        id: CorrelationId,
    ) {
        let begun = Instant::now();
        let work = async {
            match work.await {
                Ok(reply) => (reply, "done"),
                Err(stop) => explain(&stop, id),
            }
        };
        let (outcome, delivered) = self.deliver(handle, target, work, id).await;
        let (user, channel, took) = (actor.user, actor.channel, begun.elapsed());
        tracing::info!(command, %user, %channel, outcome, delivered, ?took, "answered");
    }

    /// Who sees the answer if all goes well.
    fn privacy(&self, actor: &Actor, command: &Command) -> Privacy {
        match command {
            Command::Search { .. } => Privacy::Public,
            Command::Create { .. } if self.requests.creates_at_once(actor) => Privacy::Public,
            Command::Create { .. }
            | Command::Requests { .. }
            | Command::Cancel { .. }
            | Command::History { .. }
            | Command::Status => Privacy::Private,
        }
    }

    /// Carries a command out.
    async fn perform(
        self: &Arc<Self>,
        actor: &Actor,
        command: Command,
        id: CorrelationId,
    ) -> Result<Reply, Stop> {
        match command {
            Command::Search { prefix } => {
                let caller = Caller::Person(actor.clone());
                let found = self.requests.groups().search(&caller, &prefix, id).await?;
                let reply = render::search(&found, 0);
                Ok(match actor.guild {
                    Some(guild) if self.requests.is_first_use(guild).await => {
                        render::with_welcome(reply)
                    }
                    Some(_) | None => reply,
                })
            }
            Command::Create { name, reason } => {
                // What few commands need mustn't take its room in every search.
                let wanted = Wanted::Typed(name);
                Box::pin(self.create(actor, wanted, reason.as_deref(), id)).await
            }
            Command::Requests { state } => {
                self.list_requests(actor, state, 0).await.map(Reply::from)
            }
            Command::Cancel { request } => {
                let cancelled = self.requests.cancel(actor, request, id).await;
                cancelled.map(|request| cards::over(&request))
            }
            Command::History { name } => self.list_history(actor, &name, 0).await.map(Reply::from),
            Command::Status => Box::pin(self.status(actor, id)).await,
        }
    }

    pub(super) async fn create(
        self: &Arc<Self>,
        actor: &Actor,
        wanted: Wanted,
        reason: Option<&str>,
        id: CorrelationId,
    ) -> Result<Reply, Stop> {
        Ok(match self.requests.create(actor, wanted, reason, id).await? {
            Done::Created(created) => {
                let Created { name, guid, known } = &created;
                tracing::info!(group = %visible(name.as_str()), %guid, ?known, "created");
                render::created(&created)
            }
            Done::Requested(request) => {
                let (request, is_shown) = self.shown(request).await;
                cards::requested(&request, is_shown)
            }
            Done::Joined(name, request) => cards::joined(&name, &request, true),
            Done::AskedBefore(name, request) => cards::joined(&name, &request, false),
            Done::Asked(mut batch) => {
                let is_shown = self.shown_batch(&mut batch).await;
                cards::asked(&batch, is_shown)
            }
            Done::Begun(mut batch, found) => {
                if let Some(request) = &batch.made {
                    tracing::info!(request = request.id, groups = request.groups.len(), "begun");
                    self.carry_out(request.id, found, id);
                }
                let is_shown = self.shown_batch(&mut batch).await;
                cards::begun(&batch, is_shown)
            }
        })
    }

    async fn shown_batch(&self, batch: &mut Batch) -> bool {
        match batch.made.take() {
            Some(request) => {
                let (request, is_shown) = self.shown(request).await;
                batch.made = Some(request);
                is_shown
            }
            None => false,
        }
    }

    /// A request with its message, now that there is one, and whether there is.
    async fn shown(&self, request: Request) -> (Request, bool) {
        let is_shown = self.show_now(request.id).await;
        let known = self.requests.store().request(request.id).await.ok().flatten();
        (known.unwrap_or(request), is_shown)
    }

    /// Announces at once the answer to what may have come too late, since nothing may be done of which
    /// nobody can be told. Nothing if it can't be announced.
    async fn begin(&self, handle: &Handle, target: Target) -> Option<First> {
        if !handle.patience().is_zero() {
            return Some(First::Reply);
        }
        let announced = handle.log(handle.announce(&self.rest, target).await);
        announced.then_some(First::Announced)
    }

    /// Answers with what the work comes to: at once if it is there in time, else later. What came of
    /// it, and whether the person could be told.
    async fn deliver(
        &self,
        handle: &Handle,
        target: Target,
        work: impl Future<Output = (Reply, &'static str)>,
        id: CorrelationId,
    ) -> (&'static str, bool) {
        let Some(first) = self.begin(handle, target).await else { return ("too late", false) };
        let (first, (reply, outcome)) = match self.wait_for(handle, target, first, work, id).await {
            Ended::Done(first, done) => (first, done),
            Ended::TooLate => {
                // What it has begun all the same is a row, which is looked after.
                self.requests.look_again();
                return ("too late", false);
            }
            Ended::TooLong => (First::Announced, self.unfinished(id).await),
        };
        let delivered = match handle.give(&self.rest, target, first, &reply).await {
            Err(error) if error.code() == Some(INVALID_BODY) => {
                tracing::error!(%error, "Discord refused the wording of an answer");
                handle.log(handle.give(&self.rest, target, first, &render::broken(id)).await)
            }
            result => handle.log(result),
        };
        (outcome, delivered)
    }

    async fn autocomplete(
        self: Arc<Self>,
        mut interaction: CommandInteraction,
        handle: &Handle,
        id: CorrelationId,
    ) {
        let actor = parse::actor(&interaction);
        let choices = match parse::typed(&mut interaction) {
            Ok(typed) => {
                let work = Arc::clone(&self).suggest_in_turn(actor, typed, id);
                timeout(SUGGESTIONS, work).await.unwrap_or_default()
            }
            Err(parse::Unknown(what)) => {
                tracing::error!(what, "not known to this version");
                Vec::new()
            }
        };
        handle.log(handle.suggest(&self.rest, choices).await);
    }
}

/// What somebody reads who didn't get what they asked for; a fault is logged, once.
fn explain(stop: &Stop, id: CorrelationId) -> (Reply, &'static str) {
    match stop {
        Stop::Refusal(refusal) => (render::refusal(refusal), "refused"),
        Stop::Fault(fault) => {
            tracing::error!(error = fault.chain(), changed = ?fault.changed, "failed");
            (render::fault(fault, id), "failed")
        }
    }
}
