//! Suggestions in turn: whoever types gets no further search going while theirs still runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serenity::all::AutocompleteChoice;
use tokio::sync::OwnedMutexGuard;

use super::Bot;
use super::parse::Typed;
use crate::access::{Actor, UserId};
use crate::connect::CorrelationId;

/// Whose turn it is: a lock for each person who waits for suggestions.
#[derive(Default)]
pub(super) struct Suggesting(Mutex<HashMap<UserId, Arc<tokio::sync::Mutex<()>>>>);

impl Suggesting {
    /// Until nothing is suggested to this person any more.
    async fn turn(&self, person: UserId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(person).or_default())
        };
        turn.lock_owned().await
    }
}

impl Bot {
    /// As [`Bot::suggest`], one at a time for each person. What takes too long goes on when this is
    /// given up, so that the next letter finds it; at a stop it doesn't.
    pub(super) async fn suggest_in_turn(
        self: Arc<Self>,
        actor: Actor,
        typed: Typed,
        id: CorrelationId,
    ) -> Vec<AutocompleteChoice> {
        let turn = self.suggesting.turn(actor.user).await;
        let bot = Arc::clone(&self);
        let work = self.under_way.spawn(async move {
            let _turn = turn;
            tokio::select! {
                choices = bot.suggest(actor, typed, id) => choices,
                () = bot.stopping.cancelled() => Vec::new(),
            }
        });
        work.await.unwrap_or_default()
    }
}
