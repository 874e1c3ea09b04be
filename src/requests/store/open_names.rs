//! The names of groups for which a request is open. Every search asks for them, and few are open: as long
//! as nothing changes they are remembered, so that a search needn't wait for the database.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::rows::count;
use super::sql::query;
use super::{Store, StoreError};

/// So many are remembered; with more of them each search asks the database.
const REMEMBERED: usize = 2000;

const BETWEEN: &str =
    "SELECT folded FROM requested_groups WHERE open AND folded >= $1 AND folded < $2";

const ALL: &str = "SELECT folded FROM requested_groups WHERE open LIMIT $1";

/// All of them, as they were after so many changes.
#[derive(Clone, Default)]
pub(super) struct OpenNames(Arc<Mutex<Option<Known>>>);

#[derive(Clone)]
struct Known {
    changes: u64,
    /// Nothing if there are too many.
    names: Option<Arc<BTreeSet<String>>>,
}

impl Store {
    /// The names, in the form in which they are compared, of groups that begin with `prefix` and have
    /// an open request.
    pub(crate) async fn open_names(&self, prefix: &str) -> Result<HashSet<String>, StoreError> {
        let folded = prefix.to_lowercase();
        // What other processes change isn't counted here.
        let names = if self.copies().is_some() { None } else { self.all_open_names().await? };
        match names {
            Some(names) => {
                let from = names.range(folded.clone()..);
                Ok(from.take_while(|name| name.starts_with(&folded)).cloned().collect())
            }
            None => self.open_names_between(folded).await,
        }
    }

    /// As [`Store::open_names`], asked now.
    pub(super) async fn open_names_between(
        &self,
        folded: String,
    ) -> Result<HashSet<String>, StoreError> {
        let end = format!("{folded}{}", char::MAX);
        let names = query(BETWEEN).bind(folded).bind(end).fetch_values(&self.pool).await?;
        Ok(names.into_iter().collect())
    }

    async fn all_open_names(&self) -> Result<Option<Arc<BTreeSet<String>>>, StoreError> {
        // Read first: what is changed meanwhile makes this one old.
        let changes = self.pool.changes();
        let lock = || self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().as_ref().filter(|known| known.changes == changes) {
            return Ok(known.names.clone());
        }
        let all: Vec<String> =
            query(ALL).bind(count(REMEMBERED + 1)).fetch_values(&self.pool).await?;
        let is_few = all.len() <= REMEMBERED;
        let names = is_few.then(|| Arc::new(all.into_iter().collect()));
        *lock() = Some(Known { changes, names: names.clone() });
        Ok(names)
    }
}
