//! `/ldapgroup history`: who asked for a group, who decided, and what came of it.

use serenity::all::AutocompleteChoice;

use super::create::offered;
use super::subcommand::{Subcommand, required};
use crate::discord::context::Context;
use crate::discord::messages::reply::{Reply, Visibility};
use crate::discord::messages::{choices, lists};
use crate::discord::options::{Options, Unknown};
use crate::discord::responder::Target;
use crate::requests::Error;

const NAME: &str = "name";

/// Steps on one page: more of the longest ones don't fit a message.
const PER_PAGE: usize = 5;

/// Names that are suggested: as many as Discord shows.
const MANY: usize = 25;

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "history",
    description: "For admins: who asked for a group, who decided, and what came of it",
    options: || {
        let name = required(NAME, "Type a few letters of the group's name and pick it");
        vec![name.set_autocomplete(true)]
    },
    run: |context, options| Box::pin(run(context, options)),
    suggest: Some((NAME, |context, typed| Box::pin(suggest(context, typed)))),
};

async fn run(context: &Context, mut options: Options) -> Result<(), Unknown> {
    let name = options.text(NAME)?;
    options.finish()?;
    let work = page(context, &name, 0);
    context.respond(Target::Message(Visibility::Ephemeral), SUBCOMMAND.name, work).await;
    Ok(())
}

/// A page of what happened to a group, for admins.
pub(in crate::discord) async fn page(
    context: &Context,
    typed: &str,
    page: usize,
) -> Result<Reply, Error> {
    let requests = &context.bot.requests;
    let listed = requests.history(context.member, typed, page, PER_PAGE).await?;
    Ok(lists::history(&listed, typed))
}

async fn suggest(context: &Context, typed: String) -> Vec<AutocompleteChoice> {
    let names = context.bot.requests.names_like(context.member, &typed, MANY).await;
    offered(choices::names(&names.unwrap_or_default()))
}
