//! ◀ and ▶ under a search or a list: another page takes the place of the one that is there.

use crate::discord::commands;
use crate::discord::context::Context;
use crate::discord::messages::reply::{Reply, Visibility};
use crate::discord::messages::search;
use crate::discord::responder::Target;
use crate::request::State;
use crate::requests::Error;

/// Another page of a search.
pub(super) async fn search(context: &Context, prefix: &str, page: usize) {
    let work = async {
        let (groups, place) = (context.bot.requests.groups(), context.member.place());
        let found = groups.search_again(place, prefix, context.id).await?;
        Ok(search::page(&found, page))
    };
    context.respond(Target::InPlace, "page", work).await;
}

/// Another page of requests.
pub(super) async fn requests(context: &Context, state: Option<State>, page: usize) {
    turn(context, commands::requests::page(context, state, page)).await;
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
