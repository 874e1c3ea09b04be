//! What breaks and mends, and what is done to Connect behind the bot's back.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use serde_json::json;

use super::{
    Site,
    guard::{Refused, Spoken, Told},
};
use crate::Trouble;

/// `POST /api/fault`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    fault: Trouble,
    on: bool,
}

/// `POST /api/do`
#[derive(Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Deed {
    /// Makes every ticket invalid.
    ExpireTickets,
    /// Cuts the gateway's connections; the bot may come back at once.
    DropGateway,
    /// Imports an LDAP group as if it were done in Connect's dashboard.
    Import { name: String },
    /// Removes a group from Connect.
    Remove { name: String },
}

pub(super) async fn fault(
    State(site): State<Arc<Site>>,
    Told(switch): Told<Switch>,
) -> Result<Spoken, Refused> {
    let changed = site.sandbox.set_trouble(switch.fault, switch.on).await;
    changed.map_err(|error| Refused::bad(format!("Connect can't come back: {error}.")))?;
    Ok(Spoken(json!({})))
}

pub(super) async fn act(
    State(site): State<Arc<Site>>,
    Told(deed): Told<Deed>,
) -> Result<Spoken, Refused> {
    let connect = &site.sandbox.connect;
    match deed {
        Deed::ExpireTickets => connect.expire_tickets(),
        Deed::DropGateway => site.sandbox.discord.drop_gateway(),
        Deed::Import { name } => {
            if !connect.ldap_groups().contains(&name) {
                return Err(Refused::bad(format!("LDAP has no group {name:?}.")));
            }
            connect.import(&name);
        }
        Deed::Remove { name } => {
            if connect.guid_of(&name).is_none() {
                return Err(Refused::bad(format!("Connect has no group {name:?}.")));
            }
            connect.remove_group(&name);
        }
    }
    Ok(Spoken(json!({})))
}
