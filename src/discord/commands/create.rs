//! `/ldapgroup create`: an admin's groups are created, anyone else's asked for.

use serenity::all::AutocompleteChoice;

use super::subcommand::{Subcommand, option, required};
use crate::discord::context::Context;
use crate::discord::messages::reply::{Choice, Reply, Visibility};
use crate::discord::messages::{choices, create as messages};
use crate::discord::options::{Options, Unknown};
use crate::discord::responder::Target;
use crate::request::MAX_REASON_CHARS;
use crate::requests::{Error, Wanted};

pub(super) const NAME: &str = "name";
const REASON: &str = "reason";

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "create",
    description: "Bring LDAP groups into Connect, or ask an admin to do it",
    options: || {
        let name = "Type a few letters and pick it; separate several by commas";
        let reason = "What you need it for: the admin who decides reads it";
        let max = u16::try_from(MAX_REASON_CHARS).unwrap_or(u16::MAX);
        vec![required(NAME, name).set_autocomplete(true), option(REASON, reason).max_length(max)]
    },
    run: |context, options| Box::pin(run(context, options)),
    suggest: Some((NAME, |context, typed| Box::pin(suggest(context, typed)))),
};

async fn run(context: &Context, mut options: Options) -> Result<(), Unknown> {
    let (name, reason) = (options.text(NAME)?, options.optional_text(REASON)?);
    options.finish()?;
    let visibility = if context.must_ask() { Visibility::Ephemeral } else { Visibility::Public };
    let work = Box::pin(create(context, Wanted::Typed(name), reason.as_deref()));
    context.respond(Target::Message(visibility), SUBCOMMAND.name, work).await;
    Ok(())
}

/// Creates groups, or asks for them, and says what came of it.
pub(in crate::discord) async fn create(
    context: &Context,
    wanted: Wanted,
    reason: Option<&str>,
) -> Result<Reply, Error> {
    let Context { bot, member, id, .. } = context;
    let mut outcome = bot.requests.create(*member, wanted, reason, *id).await?;
    if let Some(created) = &outcome.created {
        return Ok(messages::created(created));
    }
    let is_shown = match &mut outcome.request {
        Some(request) => {
            let is_shown = bot.reconciler.show_now(request.id).await;
            if let Ok(Some(known)) = bot.requests.outbox().request(request.id).await {
                *request = known;
            }
            is_shown
        }
        None => false,
    };
    Ok(if context.must_ask() {
        messages::asked(&outcome, is_shown, bot.requests.settings().ttl)
    } else {
        messages::begun(&outcome, is_shown)
    })
}

async fn suggest(context: &Context, typed: String) -> Vec<AutocompleteChoice> {
    let (place, requests) = (context.member.place(), &context.bot.requests);
    requests.recall(place).await;
    let groups = requests.groups();
    // After a comma comes the next name, unless a group is known whose name has it.
    let next = typed.rsplit_once(',').filter(|_| groups.known(place, &typed).is_none());
    let last = next.map_or(&typed[..], |(_, last)| last.trim_start());
    let found = groups.suggest(place, last, context.id).await;
    let mut fitting = choices::groups(&found, last);
    if fitting.is_empty() {
        fitting = choices::meant(&found, last);
    }
    offered(match next {
        Some((before, _)) => {
            let typed = format!("{before}, {last}");
            choices::typed_first(&typed, choices::after(before, fitting))
        }
        None => choices::typed_first(last, fitting),
    })
}

/// Suggestions as Discord takes them.
pub(super) fn offered(choices: Vec<Choice>) -> Vec<AutocompleteChoice> {
    let choices = choices.into_iter();
    choices.map(|choice| AutocompleteChoice::new(choice.name, choice.value)).collect()
}
