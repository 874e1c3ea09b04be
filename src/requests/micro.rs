//! What is measured of the store by itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use secrecy::SecretString;

use super::store::{Change, NewRequest, Sharing, Store, Transition};
use crate::correlation::CorrelationId;
use crate::group::GroupName;
use crate::ids::{ChannelId, GuildId, Place, UserId};
use crate::metrics::Metrics;
use crate::request::{Event, Kind, Request};

/// A database of requests.
pub struct Requests {
    store: Store,
    made: AtomicU64,
}

impl Requests {
    /// A new one in this folder.
    pub async fn in_folder(folder: &Path) -> Option<Self> {
        let url = format!("sqlite://{}", folder.join("micro.db").display());
        let store = Store::open(&SecretString::new(url), Sharing::Alone, Arc::new(Metrics::new()))
            .await
            .ok()?;
        Some(Self { store, made: AtomicU64::new(0) })
    }

    /// Somebody asks for a group that nobody has asked for before. Gives the request.
    pub(crate) async fn asked(&self) -> Option<Request> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let new = NewRequest {
            names: vec![GroupName::parse(&format!("measured-{number}")).ok()?],
            requester: UserId(1),
            place: Place { guild: GuildId(1), channel: ChannelId(2) },
            reason: Some("for the quarterly report".to_owned()),
            kind: Kind::Asked,
        };
        let made = self.store.ask(&new, u32::MAX, SystemTime::now(), CorrelationId::new()).await;
        made.ok()??.request
    }

    /// One step: somebody asks.
    pub async fn ask(&self) -> Option<i64> {
        self.asked().await.map(|request| request.id)
    }

    /// One step: an admin denies it. Whether that counted.
    pub async fn deny(&self, id: i64) -> bool {
        let change = Change::new(Event::Deny, Some(UserId(9)), CorrelationId::new());
        let denied = self.store.change(id, &change, SystemTime::now()).await;
        matches!(denied, Ok(Transition::Applied(_)))
    }
}
