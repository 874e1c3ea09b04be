//! How the bot and what it depends on are, for admins.

use std::time::SystemTime;

use tokio::time::Instant;

use super::Bot;
use super::render::{self, Health, Reply};
use crate::access::Actor;
use crate::connect::CorrelationId;
use crate::ldapgroup::Stop;

impl Bot {
    /// Asks everything how it is. What fails is said so and keeps nothing else from being said.
    pub(super) async fn status(&self, actor: &Actor, id: CorrelationId) -> Result<Reply, Stop> {
        self.requests.admin(actor)?;
        let connect = self.requests.groups().connect();
        let begun = Instant::now();
        let server = async {
            let settings = connect.server_settings(id).await;
            settings.map(|settings| (settings, begun.elapsed()))
        };
        let (server, key, overview) =
            tokio::join!(server, connect.key_in_use(id), self.requests.store().overview());
        let health = Health {
            started: self.started,
            now: SystemTime::now(),
            server: server.map_err(Into::into),
            key: key.map_err(Into::into),
            gateway: self.latency.latest(),
            overview: overview.map_err(Into::into),
        };
        for fault in health.faults() {
            tracing::warn!(error = fault.chain(), "the status has a gap");
        }
        Ok(render::status(&health, id))
    }
}
