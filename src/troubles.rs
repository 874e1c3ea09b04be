//! What isn't as it should be, and since when. Whoever does something notes here how it went; whoever
//! tells the admins, or Prometheus, reads it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Something that may last, and that people can mend.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Trouble {
    /// Connect refuses the API key.
    Key,
    /// Connect can't search LDAP.
    Ldap,
    /// Connect can't be reached, or doesn't answer as it should.
    Connect,
    /// Discord doesn't take the messages of requests.
    Posting,
    /// The database fails.
    Database,
}

impl Trouble {
    pub(crate) const ALL: [Self; 5] =
        [Self::Key, Self::Ldap, Self::Connect, Self::Posting, Self::Database];

    /// Its name in the log, among the metrics and in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Ldap => "ldap",
            Self::Connect => "connect",
            Self::Posting => "posting",
            Self::Database => "database",
        }
    }
}

/// How something went when it was last done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Condition {
    /// It wasn't done yet.
    Unknown,
    /// Well.
    Well,
    /// Not well, for the first time at this moment, and not once well since.
    Since(SystemTime),
}

/// How each thing went.
pub(crate) struct Troubles {
    known: Mutex<Known>,
    changed: Notify,
}

struct Known {
    conditions: [Condition; Trouble::ALL.len()],
    /// When Connect was last heard of.
    connect_at: Option<Instant>,
}

impl Troubles {
    pub(crate) fn new() -> Self {
        let conditions = [Condition::Unknown; Trouble::ALL.len()];
        Self { known: Mutex::new(Known { conditions, connect_at: None }), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn condition(&self, trouble: Trouble) -> Condition {
        self.lock().conditions[trouble as usize]
    }

    /// Since when it lasts, if it does.
    pub(crate) fn since(&self, trouble: Trouble) -> Option<SystemTime> {
        match self.condition(trouble) {
            Condition::Since(since) => Some(since),
            Condition::Unknown | Condition::Well => None,
        }
    }

    /// It went wrong, as early as at this moment.
    pub(crate) fn note(&self, trouble: Trouble, at: SystemTime) {
        let mut known = self.lock();
        let condition = &mut known.conditions[trouble as usize];
        let since = match condition {
            Condition::Since(since) => at.min(*since),
            Condition::Unknown | Condition::Well => {
                self.changed.notify_one();
                at
            }
        };
        *condition = Condition::Since(since);
    }

    /// It went well.
    pub(crate) fn note_well(&self, trouble: Trouble) {
        let mut known = self.lock();
        let condition = &mut known.conditions[trouble as usize];
        if *condition != Condition::Well {
            *condition = Condition::Well;
            self.changed.notify_one();
        }
    }

    /// Connect has just been asked.
    pub(crate) fn note_asked(&self) {
        self.lock().connect_at = Some(Instant::now());
    }

    /// When Connect was last asked.
    pub(crate) fn asked_at(&self) -> Option<Instant> {
        self.lock().connect_at
    }

    /// Until something is well that wasn't, or the other way round.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn trouble_lasts_from_its_first_sign_until_something_goes_well() {
        let (troubles, at) = (Troubles::new(), |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(troubles.condition(Trouble::Ldap), Condition::Unknown);
        troubles.note(Trouble::Ldap, at(5));
        troubles.note(Trouble::Ldap, at(9));
        assert_eq!(troubles.since(Trouble::Ldap), Some(at(5)));
        troubles.note(Trouble::Ldap, at(2));
        assert_eq!(troubles.since(Trouble::Ldap), Some(at(2)));
        assert_eq!(troubles.condition(Trouble::Key), Condition::Unknown);
        troubles.note_well(Trouble::Ldap);
        assert_eq!(troubles.condition(Trouble::Ldap), Condition::Well);
        troubles.note(Trouble::Ldap, at(20));
        assert_eq!(troubles.since(Trouble::Ldap), Some(at(20)));
    }
}
