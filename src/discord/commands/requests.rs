//! `/ldapgroup requests`: the requests that a member may see.

use super::subcommand::{Subcommand, option};
use crate::discord::context::Context;
use crate::discord::messages::lists;
use crate::discord::messages::reply::{Reply, Visibility};
use crate::discord::options::{Options, Unknown, wrong};
use crate::discord::responder::Target;
use crate::requests::{Error, Listing};

const STATE: &str = "state";

/// Entries of a list on one page: more of the longest ones don't fit a message.
const PER_PAGE: usize = 8;

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "requests",
    description: "See your requests; admins see everyone's",
    options: || {
        let state = option(STATE, "Only those in this state; open ones if you leave it out");
        vec![Listing::each().fold(state, |option, kind| {
            option.add_string_choice(lists::kind_words(kind), kind.as_str())
        })]
    },
    run: |context, options| Box::pin(run(context, options)),
    suggest: None,
};

async fn run(context: &Context, mut options: Options) -> Result<(), Unknown> {
    let kind = match options.optional_text(STATE)?.as_deref() {
        None => Listing::Open,
        Some(name) => Listing::parse(name).ok_or_else(|| wrong(STATE))?,
    };
    options.finish()?;
    let work = page(context, kind, 0);
    context.respond(Target::Message(Visibility::Ephemeral), SUBCOMMAND.name, work).await;
    Ok(())
}

/// A page of the requests of a kind.
pub(in crate::discord) async fn page(
    context: &Context,
    kind: Listing,
    page: usize,
) -> Result<Reply, Error> {
    let listed = context.bot.requests.list(context.member, kind, page, PER_PAGE).await?;
    Ok(lists::requests(&listed, kind))
}
