//! The one service for requests: made ([`create`]), decided ([`decide`]), carried out and expired
//! ([`worker`]), deleted once they are old ([`forgetting`]), by one process or by several ([`copies`]).
//! Whoever shows them and tells people has the [`Outbox`]; nobody else has the database.

mod audit;
mod claim;
mod copies;
mod create;
mod decide;
mod error;
mod forgetting;
#[cfg(feature = "micro")]
pub(crate) mod micro;
mod outcome;
mod picks;
mod seal;
mod searches;
mod store;
mod worker;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use self::create::Wanted;
pub(crate) use self::decide::Decision;
pub(crate) use self::error::{Cause, Error, Failure, Refusal};
pub(crate) use self::outcome::{CreateOutcome, Skipped};
use self::searches::Shared;
pub(crate) use self::store::{
    Alert, Bringer, Condition, Entry, ExportError, Listed, Listing, Moved, Notice, Outbox,
    Overview, Sharing, StoreError, Undelivered, Wait, Waits, back_up, clocks_apart, examine,
    export, move_database,
};
use self::store::{Filter, Store};
use crate::access::{Authority, Member, Policy};
use crate::group::GroupName;
use crate::ids::ChannelId;
use crate::ldapgroup::LdapGroups;
use crate::metrics::Metrics;
use crate::proof::Proof;
use crate::request::Request;
use crate::tickets::Search;

/// Discord waits 3 s for an answer, which must still be given after this.
const WITHIN: Duration = Duration::from_secs(1);

/// How requests are made and decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestSettings {
    /// Where they wait; the channel where they were made if `None`.
    pub channel: Option<ChannelId>,
    /// What an admin's create does.
    pub admin_creates: AdminCreates,
    /// Whether a request must state a reason.
    pub reason_required: bool,
    /// How many open requests one person may have.
    pub max_open: u32,
    /// When an undecided request expires.
    pub ttl: Duration,
    /// When an undecided request is brought up again, if it is.
    pub reminder: Option<Duration>,
    /// When a request that is over is deleted, if it is.
    pub history_ttl: Option<Duration>,
}

/// What an admin's create does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AdminCreates {
    /// It runs at once.
    Direct,
    /// It needs another admin.
    Approval,
}

/// Requests on top of [`LdapGroups`].
pub(crate) struct Requests {
    groups: LdapGroups,
    /// What seals searches, if copies of the bot share them.
    shared: Option<Arc<Shared>>,
    store: Store,
    outbox: Outbox,
    policy: Policy,
    settings: RequestSettings,
    /// Requests whose creation this process is at work on: none is worked on twice.
    claimed: Mutex<HashSet<i64>>,
    changed: Notify,
    /// What passes between processes.
    touch: copies::Touch,
    tasks: TaskTracker,
    /// Whose creation is carried out: so many at once, so that people who wait for Connect come first.
    creations: Semaphore,
    stopping: CancellationToken,
}

/// How a process begins that may find another with its database.
pub(crate) struct Start<'a> {
    /// Holds once no other has it.
    pub(crate) proof: &'a Proof,
    /// Is told what is waited for until then.
    pub(crate) waits: &'a Waits<'a>,
}

impl Requests {
    /// Requests for `groups`, kept in the database of this address, of whoever the policy admits, once
    /// no other process has it that doesn't share it. Once `stopping`, what isn't begun is left for the
    /// next start; nothing if another had it until then.
    ///
    /// # Errors
    ///
    /// When the database can't be used; then it is left as it was.
    pub(crate) async fn open(
        (database, sharing): (&SecretString, Sharing),
        groups: LdapGroups,
        (policy, settings): (Policy, RequestSettings),
        (start, stopping): (Start<'_>, CancellationToken),
    ) -> Result<Option<Arc<Self>>, StoreError> {
        let metrics = Arc::clone(groups.connect().metrics());
        let Start { proof, waits } = start;
        let opened = Store::open_when_free((database, sharing), metrics, proof, Some(waits));
        let store = tokio::select! {
            opened = opened => opened?,
            () = stopping.cancelled() => return Ok(None),
        };
        // Whoever starts with a wrong clock reads so at once. If it fails now, it is asked later.
        drop(store.now().await);
        let shared = store.copies().and_then(|_| Shared::new(groups.connect()));
        Ok(Some(Arc::new(Self {
            groups,
            shared: shared.map(Arc::new),
            outbox: store.outbox(),
            store,
            policy,
            settings,
            claimed: Mutex::default(),
            changed: Notify::new(),
            touch: copies::Touch::default(),
            tasks: TaskTracker::new(),
            creations: Semaphore::new(worker::AT_ONCE),
            stopping,
        })))
    }

    /// Until another process may have the database: from then on nothing may be done any more.
    pub(crate) async fn lost(&self) {
        self.store.lost().await;
    }

    /// Waits until nothing is being carried out.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Where it is counted what happens to requests.
    fn metrics(&self) -> &Metrics {
        self.groups.connect().metrics()
    }

    /// Closes the database.
    pub(crate) async fn close(&self) {
        self.store.close().await;
    }

    /// Who may do what.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What can be done without a request.
    pub(crate) fn groups(&self) -> &LdapGroups {
        &self.groups
    }

    /// How requests are made and decided.
    pub(crate) fn settings(&self) -> &RequestSettings {
        &self.settings
    }

    /// What is to be shown and told.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// A page of the requests that a member may see: all of them for admins, else the own ones.
    pub(crate) async fn list(
        &self,
        member: Member,
        kind: Listing,
        page: usize,
        per_page: usize,
    ) -> Result<Listed<Request>, Error> {
        let person = match member.authority() {
            Authority::Admin => None,
            Authority::Requester => Some(member.user()),
        };
        Ok(self.store.list(Filter { kind, person }, page, per_page).await?)
    }

    /// The names of those groups of a search, in the form in which they are compared, for which a
    /// request is open. None if that can't be found out: it is only help.
    pub(crate) async fn open_among(&self, found: &Search) -> HashSet<String> {
        let names = self.store.open_names(found.prefix.as_str()).await;
        names.unwrap_or_else(|error| {
            self.metrics().database_failed();
            tracing::warn!(%error, "can't find out what is requested of a search");
            HashSet::new()
        })
    }

    /// A page of what happened to the group of a name, whatever its case, for admins.
    ///
    /// # Errors
    ///
    /// When the member is none, or the database fails.
    pub(crate) async fn history(
        &self,
        member: Member,
        name: &str,
        page: usize,
        per_page: usize,
    ) -> Result<Listed<Entry>, Error> {
        self.policy.require_admin(member)?;
        Ok(self.store.history(&name.to_lowercase(), page, per_page).await?)
    }

    /// Names of groups that have a history and are like what was `typed`, for admins.
    ///
    /// # Errors
    ///
    /// When the member is none, or the database fails.
    pub(crate) async fn names_like(
        &self,
        member: Member,
        typed: &str,
        limit: usize,
    ) -> Result<Vec<GroupName>, Error> {
        self.policy.require_admin(member)?;
        Ok(self.store.names_like(typed, limit).await?)
    }

    /// The requests at a glance.
    pub(crate) async fn overview(&self) -> Result<Overview, StoreError> {
        self.store.overview().await
    }

    /// How many requests wait for a decision, and how many are under way.
    pub(crate) async fn open_by_state(&self) -> Result<[(&'static str, u64); 2], StoreError> {
        self.store.open_by_state().await
    }

    /// What the database is asked while somebody waits who must be answered soon. By itself, since a
    /// statement that is given up in its midst costs the connection: it goes on all the same.
    ///
    /// # Errors
    ///
    /// When the database fails, or takes so long that nobody could be told any more.
    fn in_time<T: Send + 'static, F>(
        &self,
        asked: F,
    ) -> impl Future<Output = Result<T, StoreError>> + use<T, F>
    where
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let answer = self.tasks.spawn(asked);
        async {
            match timeout(WITHIN, answer).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) | Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
            }
        }
    }
}
