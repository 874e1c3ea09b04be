//! From an interaction to what serves it. Every one is answered: a refusal, a fault, a panic, a button
//! that nobody knows, what serenity can't read.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use serenity::all::{AutocompleteChoice, CommandInteraction, Interaction};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;
use tracing::Instrument;

use super::commands::Suggest;
use super::context::{Context, explain};
use super::custom_id::CustomId;
use super::options::Unknown;
use super::render::{self, Visibility};
use super::responder::{Responder, Target};
use super::{Bot, commands, components};
use crate::access::{Actor, Denied, Member, Policy};
use crate::correlation::CorrelationId;
use crate::ids::UserId;

/// How long suggestions may take: they can't be deferred, and a person types on.
const SUGGESTIONS: Duration = Duration::from_millis(1500);

/// How a policy admits somebody.
type Admit = fn(&Policy, &Actor) -> Result<Member, Denied>;

impl Bot {
    /// Takes an interaction on. Returns at once; the work goes on by itself.
    pub(crate) fn take_on(self: &Arc<Self>, interaction: Interaction) {
        let id = CorrelationId::new();
        let Some(responder) = Responder::of(self, &interaction).map(Arc::new) else {
            tracing::error!("an interaction of an unknown kind went unanswered");
            return;
        };
        let bot = Arc::clone(self);
        let work = async move {
            let work = AssertUnwindSafe(Box::pin(route(&bot, interaction, &responder, id)));
            match work.catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(unknown)) => reject(&responder, &unknown, id).await,
                Err(_panic) => {
                    tracing::error!("an interaction ended in a panic");
                    responder.log(responder.excuse(&render::broken(id)).await);
                }
            }
        };
        self.under_way.spawn(work.instrument(tracing::info_span!("interaction", %id)));
    }

    /// Answers an interaction that serenity couldn't read, if it at least says how.
    pub(crate) fn take_on_unreadable(self: &Arc<Self>, payload: &serde_json::Value) {
        let Some(responder) = Responder::of_unreadable(self, payload) else {
            tracing::error!("an unreadable interaction went unanswered");
            return;
        };
        let id = CorrelationId::new();
        let unknown = Unknown("an unreadable interaction".to_owned());
        let work = async move { reject(&responder, &unknown, id).await };
        self.under_way.spawn(work.instrument(tracing::info_span!("interaction", %id)));
    }
}

async fn reject(responder: &Responder, Unknown(what): &Unknown, id: CorrelationId) {
    tracing::error!(what, "not known to this version");
    responder.log(responder.excuse(&render::unknown(id)).await);
}

async fn route(
    bot: &Arc<Bot>,
    interaction: Interaction,
    responder: &Arc<Responder>,
    id: CorrelationId,
) -> Result<(), Unknown> {
    let admit =
        |actor: Actor, by: Admit| admit(bot, responder, by(bot.requests.policy(), &actor), id);
    match interaction {
        Interaction::Command(mut command) => {
            let actor = Actor::from(&command);
            let (subcommand, options) = commands::find(&mut command.data)?;
            match admit(actor, Policy::admit).await {
                Some(context) => (subcommand.run)(&context, options).await,
                None => Ok(()),
            }
        }
        Interaction::Autocomplete(command) => suggest(bot, command, responder, id).await,
        Interaction::Component(component) => {
            let custom_id = components::read(&component.data.custom_id)?;
            match admit(Actor::from(&component), admission(&custom_id)).await {
                Some(context) => Box::pin(components::run(&context, custom_id, &component)).await,
                None => Ok(()),
            }
        }
        Interaction::Modal(form) => {
            let custom_id = components::read(&form.data.custom_id)?;
            match admit(Actor::from(&form), admission(&custom_id)).await {
                Some(context) => Box::pin(components::submit(&context, custom_id, &form)).await,
                None => Ok(()),
            }
        }
        _ => Err(Unknown("an interaction of an unknown kind".to_owned())),
    }
}

/// Requests may be shown where commands aren't served.
fn admission(custom_id: &CustomId<'_>) -> Admit {
    match custom_id {
        CustomId::Approve(_) | CustomId::Deny(_) | CustomId::Retry(_) => Policy::admit_anywhere,
        CustomId::Pick
        | CustomId::Ask
        | CustomId::Search { .. }
        | CustomId::Requests { .. }
        | CustomId::History { .. } => Policy::admit,
    }
}

/// The context of who may act here; anyone else is told why not.
async fn admit(
    bot: &Arc<Bot>,
    responder: &Arc<Responder>,
    member: Result<Member, Denied>,
    id: CorrelationId,
) -> Option<Context> {
    if bot.stopping.is_cancelled() {
        responder.log(responder.reply(&render::restarting()).await);
        return None;
    }
    match member {
        Ok(member) => {
            let (bot, responder) = (Arc::clone(bot), Arc::clone(responder));
            Some(Context { bot, member, responder, id })
        }
        Err(denied) => {
            let work = async { explain(&denied.into(), id) };
            responder.respond(Target::Message(Visibility::Ephemeral), work, id).await;
            None
        }
    }
}

/// Suggests something to whoever types; nothing rather than an error, since it is only help.
async fn suggest(
    bot: &Arc<Bot>,
    mut command: CommandInteraction,
    responder: &Arc<Responder>,
    id: CorrelationId,
) -> Result<(), Unknown> {
    let actor = Actor::from(&command);
    let (subcommand, options) = commands::find(&mut command.data)?;
    let Some((option, suggest)) = subcommand.suggest else {
        return Err(Unknown(subcommand.name.to_owned()));
    };
    let typed = options.focused(option)?;
    let mut choices = Vec::new();
    if let Ok(member) = bot.requests.policy().admit(&actor) {
        let (bot, responder) = (Arc::clone(bot), Arc::clone(responder));
        let context = Context { bot, member, responder, id };
        choices = timeout(SUGGESTIONS, in_turn(context, suggest, typed)).await.unwrap_or_default();
    }
    responder.log(responder.suggest(choices).await);
    Ok(())
}

/// Suggestions one at a time for each person: whoever types gets no further search going while theirs
/// still runs. What takes too long goes on when this is given up, so that the next letter finds it; at
/// a stop it doesn't.
async fn in_turn(context: Context, suggest: Suggest, typed: String) -> Vec<AutocompleteChoice> {
    let turn = context.bot.suggesting.turn(context.member.user()).await;
    let bot = Arc::clone(&context.bot);
    let work = bot.under_way.spawn(async move {
        let _turn = turn;
        tokio::select! {
            choices = suggest(&context, typed) => choices,
            () = context.bot.stopping.cancelled() => Vec::new(),
        }
    });
    work.await.unwrap_or_default()
}

/// Whose turn it is: a lock for each person who waits for suggestions.
#[derive(Default)]
pub(super) struct Suggesting(Mutex<HashMap<UserId, Arc<tokio::sync::Mutex<()>>>>);

impl Suggesting {
    /// Until nothing is suggested to this person any more.
    async fn turn(&self, person: UserId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(person).or_default())
        };
        turn.lock_owned().await
    }
}
