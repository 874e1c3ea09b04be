//! How much of one person's is served at once, and of all people together: nobody waits for another's
//! flood, and what waits is bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ids::UserId;

/// All people together may have so much under way.
const TOGETHER: usize = 512;

/// Whose turn it is.
pub(super) struct Turns {
    /// So much of one person's is served at once.
    at_once: usize,
    /// So much of theirs may be there, with what waits.
    under_way: usize,
    together: Arc<Semaphore>,
    people: Mutex<HashMap<UserId, Person>>,
}

/// What somebody has under way, or is about to.
#[derive(Clone)]
struct Person {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// The permission to serve somebody, until it is dropped.
pub(super) struct Turn(#[expect(dead_code, reason = "held, not read")] [OwnedSemaphorePermit; 3]);

impl Turns {
    /// For commands, presses and forms. Nobody does more by hand than wait here, and what one of them
    /// asks Connect, five calls at once at the most, leaves room for others.
    pub(super) fn of_work() -> Self {
        Self::new(4, 32)
    }

    /// For suggestions: whoever types gets no further search going while theirs still runs.
    pub(super) fn of_suggestions() -> Self {
        Self::new(1, 8)
    }

    /// For writing down that an interaction is served: the database has a connection left for others.
    pub(super) fn of_taking() -> Self {
        Self::new(4, 32)
    }

    fn new(at_once: usize, under_way: usize) -> Self {
        let together = Arc::new(Semaphore::new(TOGETHER));
        Self { at_once, under_way, together, people: Mutex::default() }
    }

    /// Waits until this person is to be served. Nothing, at once, if too much of theirs or of all
    /// people's is there already.
    pub(super) async fn take(&self, person: UserId) -> Option<Turn> {
        let together = Arc::clone(&self.together).try_acquire_owned().ok()?;
        let Person { places, turns } = self.person(person);
        let place = places.try_acquire_owned().ok()?;
        let turn = turns.acquire_owned().await.ok()?;
        Some(Turn([together, place, turn]))
    }

    fn person(&self, person: UserId) -> Person {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.retain(|_, person| Arc::strong_count(&person.places) > 1);
        let new = || Person {
            places: Arc::new(Semaphore::new(self.under_way)),
            turns: Arc::new(Semaphore::new(self.at_once)),
        };
        people.entry(person).or_insert_with(new).clone()
    }
}
