//! ◀ and ▶ under a search or a list: another page takes the place of the one that is there.

use crate::discord::commands;
use crate::discord::context::Context;
use crate::discord::messages::reply::{Reply, Visibility};
use crate::discord::messages::search;
use crate::discord::responder::Target;
use crate::requests::{Error, Listing};

/// Another page of a search: of the one that is remembered, else it is made again.
pub(super) async fn search(context: &Context, prefix: &str, page: usize) {
    let work = async {
        let requests = &context.bot.requests;
        let found = requests.latest_for(context.member.place(), prefix, context.id).await?;
        Ok(search::page(&found, &requests.open_among(&found).await, page))
    };
    turn(context, work).await;
}

/// The same page of a new search.
pub(super) async fn search_again(context: &Context, prefix: &str, page: usize) {
    turn(context, commands::search::search(context, prefix, page)).await;
}

/// Another page of requests.
pub(super) async fn requests(context: &Context, kind: Listing, page: usize) {
    turn(context, commands::requests::page(context, kind, page)).await;
}

/// Another page of a group's history.
pub(super) async fn history(context: &Context, name: &str, page: usize) {
    turn(context, commands::history::page(context, name, page)).await;
}

async fn turn(context: &Context, page: impl Future<Output = Result<Reply, Error>>) {
    // Who sees the message stays so; what isn't private goes in its place.
    let work = async { Ok(Reply { visibility: Visibility::Public, ..page.await? }) };
    context.respond(Target::InPlace, "page", work).await;
}
