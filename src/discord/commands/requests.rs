//! `/ldapgroup requests`: the requests that a member may see.

use super::subcommand::{Subcommand, option};
use crate::discord::context::Context;
use crate::discord::custom_id::OPEN;
use crate::discord::messages::lists;
use crate::discord::messages::reply::{Reply, Visibility};
use crate::discord::options::{Options, Unknown, wrong};
use crate::discord::responder::Target;
use crate::request::State;
use crate::requests::Error;

const STATE: &str = "state";

/// Entries of a list on one page: more of the longest ones don't fit a message.
pub(super) const PER_PAGE: usize = 8;

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "requests",
    description: "See your requests; admins see everyone's",
    options: || {
        let state = option(STATE, "Only those in this state; open ones if you leave it out");
        let choices = [OPEN].into_iter().chain(State::ALL.map(State::as_str));
        vec![choices.fold(state, |option, choice| option.add_string_choice(choice, choice))]
    },
    run: |context, options| Box::pin(run(context, options)),
    suggest: None,
};

async fn run(context: &Context, mut options: Options) -> Result<(), Unknown> {
    let state = match options.optional_text(STATE)?.as_deref() {
        None | Some(OPEN) => None,
        Some(name) => Some(State::parse(name).ok_or_else(|| wrong(STATE))?),
    };
    options.finish()?;
    let work = page(context, state, 0);
    context.respond(Target::Message(Visibility::Ephemeral), SUBCOMMAND.name, work).await;
    Ok(())
}

/// A page of the requests in a state, or of the open ones.
pub(in crate::discord) async fn page(
    context: &Context,
    state: Option<State>,
    page: usize,
) -> Result<Reply, Error> {
    let listed = context.bot.requests.list(context.member, state, page, PER_PAGE).await?;
    Ok(lists::requests(&listed, state))
}
