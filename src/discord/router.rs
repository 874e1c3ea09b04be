//! From an interaction to what serves it. Every one is answered: a refusal, a fault, a panic, a button
//! that nobody knows, what serenity can't read.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serenity::all::{AutocompleteChoice, CommandInteraction, Interaction};
use tokio::time::timeout;
use tracing::Instrument;

use super::bot::Bot;
use super::commands::Suggest;
use super::context::{Context, explain};
use super::custom_id::CustomId;
use super::messages::failures;
use super::messages::reply::Visibility;
use super::options::Unknown;
use super::responder::{Responder, Slot, Target};
use super::{commands, components};
use crate::access::{Actor, Denied, Member, Policy};
use crate::correlation::CorrelationId;
use crate::discord_api::Received;

/// How long suggestions may take: they can't be deferred, and a person types on.
const SUGGESTED_WITHIN: Duration = Duration::from_millis(1500);

/// So many interactions are there at once, most of which are only told that too much is under way.
/// Nobody could be told of more in time.
pub(super) const UNDER_WAY: usize = 4096;

/// How a policy admits somebody.
type Admit = fn(&Policy, &Actor) -> Result<Member, Denied>;

/// Takes an interaction on. Returns at once; the work goes on by itself. With a `slot` the first answer
/// goes there.
pub(crate) fn dispatch(bot: &Arc<Bot>, received: Received, slot: Option<Slot>) {
    let id = CorrelationId::new();
    let span = tracing::info_span!("interaction", correlation_id = %id);
    let responder = Responder::new(&bot.responders, &received, id, slot);
    let Some(responder) = responder.map(Arc::new) else {
        tracing::error!("an interaction went unanswered: it doesn't say how to answer it");
        return;
    };
    if bot.under_way.len() >= UNDER_WAY {
        tracing::error!("an interaction went unanswered: too many are there already");
        return;
    }
    bot.under_way.spawn(serve(Arc::clone(bot), received, responder).instrument(span));
}

/// Answers whatever it comes to.
async fn serve(bot: Arc<Bot>, received: Received, responder: Arc<Responder>) {
    let id = responder.correlation();
    let served = match received {
        Ok(interaction) => {
            let work = AssertUnwindSafe(Box::pin(route(&bot, interaction, &responder)));
            work.catch_unwind().await
        }
        Err(_) => Ok(Err(Unknown("an unreadable interaction".to_owned()))),
    };
    match served {
        Ok(Ok(())) => {}
        Ok(Err(Unknown(what))) => {
            tracing::error!(what, "not known to this version");
            responder.excuse(&failures::unknown(id)).await;
        }
        Err(_panic) => {
            tracing::error!("an interaction ended in a panic");
            responder.excuse(&failures::broken(id)).await;
        }
    }
}

async fn route(
    bot: &Arc<Bot>,
    interaction: Interaction,
    responder: &Arc<Responder>,
) -> Result<(), Unknown> {
    let admit = |what, actor: Actor, by: Admit| admit(bot, responder, (what, actor), by);
    match interaction {
        Interaction::Command(mut command) => {
            let actor = Actor::from(&command);
            let (subcommand, options) = commands::find(&mut command.data)?;
            match admit(subcommand.name, actor, Policy::admit).await {
                Some(context) => (subcommand.run)(&context, options).await,
                None => Ok(()),
            }
        }
        Interaction::Autocomplete(command) => suggest(bot, command, responder).await,
        Interaction::Component(component) => {
            let custom_id = components::read(&component.data.custom_id)?;
            match admit("button", Actor::from(&component), admission(&custom_id)).await {
                Some(context) => Box::pin(components::run(&context, custom_id, &component)).await,
                None => Ok(()),
            }
        }
        Interaction::Modal(form) => {
            let custom_id = components::read(&form.data.custom_id)?;
            match admit("form", Actor::from(&form), admission(&custom_id)).await {
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
        | CustomId::TakeBack { .. }
        | CustomId::Search { .. }
        | CustomId::SearchAgain { .. }
        | CustomId::Create(_)
        | CustomId::Leave(_)
        | CustomId::Requests { .. }
        | CustomId::History { .. } => Policy::admit,
    }
}

/// The context of who may act here; anyone else is told why not.
async fn admit(
    bot: &Arc<Bot>,
    responder: &Arc<Responder>,
    (command, actor): (&'static str, Actor),
    by: Admit,
) -> Option<Context> {
    if bot.stopping.is_cancelled() {
        responder.excuse(&failures::restarting()).await;
        return None;
    }
    match by(bot.requests.policy(), &actor) {
        Ok(member) => Some(Context::new(bot, member, responder)),
        Err(denied) => {
            let target = Target::Message(Visibility::Ephemeral);
            let stage = responder.defer_if_late(target).await?;
            let (reply, outcome) = explain(&denied.into(), responder.correlation());
            let delivered = responder.deliver(target, stage, &reply).await;
            let Actor { user: person, guild: server, channel, .. } = actor;
            let server = server.map(tracing::field::display);
            let outcome = outcome.label();
            tracing::info!(command, %person, server, %channel, outcome, delivered, "not admitted");
            None
        }
    }
}

/// Suggests something to whoever types; nothing rather than an error, since it is only help.
async fn suggest(
    bot: &Arc<Bot>,
    mut command: CommandInteraction,
    responder: &Arc<Responder>,
) -> Result<(), Unknown> {
    let actor = Actor::from(&command);
    let (subcommand, options) = commands::find(&mut command.data)?;
    let Some((option, suggest)) = subcommand.suggest else {
        return Err(Unknown(subcommand.name.to_owned()));
    };
    let typed = options.focused(option)?;
    let mut choices = Vec::new();
    if let Ok(member) = bot.requests.policy().admit(&actor) {
        let context = Context::new(bot, member, responder);
        choices =
            timeout(SUGGESTED_WITHIN, in_turn(context, suggest, typed)).await.unwrap_or_default();
    }
    responder.suggest(choices).await;
    Ok(())
}

/// Suggestions one at a time for each person: whoever types gets no further search going while theirs
/// still runs. What takes too long goes on when this is given up, so that the next letter finds it; at
/// a stop it doesn't.
async fn in_turn(context: Context, suggest: Suggest, typed: String) -> Vec<AutocompleteChoice> {
    let Some(turn) = context.bot.suggestions.take(context.member.user()).await else {
        return Vec::new();
    };
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
