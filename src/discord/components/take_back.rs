//! Take back, under the private answer to whoever asked: as `/ldapgroup cancel` does it for who is in a
//! request, and for nobody else.

use crate::discord::context::Context;
use crate::discord::custom_id::made;
use crate::discord::messages::notices;
use crate::discord::messages::reply::Reply;
use crate::discord::responder::Target;
use crate::requests::{Error, Refusal};

/// Takes a request back, or leaves it to the others who asked, and says so in place of the answer.
pub(super) async fn run(context: &Context, request_id: i64, made: u64) {
    let work = Box::pin(take_back(context, request_id, made));
    context.respond(Target::InPlace, "take back", work).await;
}

async fn take_back(context: &Context, request_id: i64, of: u64) -> Result<Reply, Error> {
    let Context { bot, member, id, .. } = context;
    let known = bot.requests.outbox().request(request_id).await?;
    if known.is_some_and(|known| made(&known) != of) {
        return Err(Refusal::OldMessage.into());
    }
    let left = bot.requests.take_back(*member, request_id, *id).await?;
    Ok(notices::taken_back(&left))
}
