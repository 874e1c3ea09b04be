//! `/ldapgroup cancel`: a request is taken back, or left to the others who asked.

use serenity::all::{AutocompleteChoice, CommandOptionType, CreateCommandOption};

use super::subcommand::Subcommand;
use crate::discord::context::Context;
use crate::discord::messages::reply::Visibility;
use crate::discord::messages::{lists, notices};
use crate::discord::options::{Options, Unknown};
use crate::discord::responder::Target;

const REQUEST: &str = "request";

/// Requests to choose from, of one's own and of others: a letter typed is no reason to look at all.
const MOST: u32 = 100;

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "cancel",
    description: "Take back a request of yours, or leave one that you joined",
    options: || {
        let kind = CommandOptionType::Integer;
        let request = CreateCommandOption::new(kind, REQUEST, "Pick it from the list");
        vec![request.required(true).set_autocomplete(true)]
    },
    run: |context, options| Box::pin(run(context, options)),
    suggest: Some((REQUEST, |context, typed| Box::pin(suggest(context, typed)))),
};

async fn run(context: &Context, mut options: Options) -> Result<(), Unknown> {
    let request = options.integer(REQUEST)?;
    options.finish()?;
    let work = Box::pin(async {
        let cancelled = context.bot.requests.cancel(context.member, request, context.id).await;
        cancelled.map(|request| notices::cancelled(&request))
    });
    context.respond(Target::Message(Visibility::Ephemeral), SUBCOMMAND.name, work).await;
    Ok(())
}

async fn suggest(context: &Context, typed: String) -> Vec<AutocompleteChoice> {
    let Context { bot, member, .. } = context;
    let requests = bot.requests.cancellable(*member, MOST).await.unwrap_or_default();
    let choices = lists::request_choices(&requests, &typed, member.user()).into_iter();
    choices.map(|(name, request_id)| AutocompleteChoice::new(name, request_id)).collect()
}
