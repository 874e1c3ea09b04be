//! `/ldapgroup search`: which LDAP groups there are, and which of them Connect has.

use super::subcommand::{Subcommand, required};
use crate::discord::context::Context;
use crate::discord::messages::reply::{Reply, Visibility};
use crate::discord::messages::search;
use crate::discord::options::{Options, Unknown};
use crate::discord::responder::Target;
use crate::requests::Error;

const PREFIX: &str = "prefix";

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "search",
    description: "Find LDAP groups, and see which of them Connect has",
    options: || {
        let prefix = "The first letters of the group's name; upper or lower case is the same";
        vec![required(PREFIX, prefix)]
    },
    run: |context, options| Box::pin(run(context, options)),
    suggest: None,
};

async fn run(context: &Context, mut options: Options) -> Result<(), Unknown> {
    let prefix = options.text(PREFIX)?;
    options.finish()?;
    let work = search(context, &prefix, 0);
    context.respond(Target::Message(Visibility::Public), SUBCOMMAND.name, work).await;
    Ok(())
}

/// A page of what a search finds that is made now or, if that is nothing, what may have been meant.
pub(in crate::discord) async fn search(
    context: &Context,
    prefix: &str,
    page: usize,
) -> Result<Reply, Error> {
    let (place, requests) = (context.member.place(), &context.bot.requests);
    let found = requests.search(place, prefix, context.id).await?;
    if found.groups.is_empty() {
        let near = requests.groups().nearest(place, &found, context.id).await;
        return Ok(search::nothing(&found, &near));
    }
    Ok(search::page(&found, &requests.open_among(&found).await, page))
}
