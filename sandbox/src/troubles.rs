//! What can be broken while somebody watches, and mended again.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::Sandbox;
use crate::connect::{self, Connect};
use crate::discord::{self, Discord};

/// How long Connect takes for an answer when it is slow: more than Discord's 3 s.
const SLOW: Duration = Duration::from_secs(5);

/// Connect's code for "LDAP can't be reached".
const LDAP_TROUBLE: u32 = 63;

/// Discord's code for "Missing Permissions".
const NO_PERMISSION: u64 = 50013;

/// Something that lasts until it is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Connect answers after five seconds.
    ConnectSlow,
    /// Connect refuses connections.
    ConnectDown,
    /// A proxy answers in Connect's place, with HTML.
    ConnectHtml,
    /// Connect can't reach LDAP.
    LdapAway,
    /// Discord cuts the gateway and refuses new connections, or doesn't reach the Interactions Endpoint
    /// URL.
    GatewayAway,
    /// Discord refuses what the bot posts or edits in channels. Answers to interactions pass.
    DiscordRefuses,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ConnectSlow,
        Self::ConnectDown,
        Self::ConnectHtml,
        Self::LdapAway,
        Self::GatewayAway,
        Self::DiscordRefuses,
    ];
}

impl Sandbox {
    /// What is broken now, and whenever that changes.
    pub fn troubles(&self) -> watch::Receiver<BTreeSet<Trouble>> {
        self.troubles.subscribe()
    }

    /// Breaks or mends this one thing. Every other fault of the stand-ins ends.
    ///
    /// # Errors
    ///
    /// When Connect can't have its port again.
    pub async fn set_trouble(&self, trouble: Trouble, is_on: bool) -> io::Result<()> {
        self.change(|now| if is_on { now.insert(trouble) } else { now.remove(&trouble) }).await
    }

    /// Mends all that is broken.
    ///
    /// # Errors
    ///
    /// When Connect can't have its port again.
    pub async fn mend(&self) -> io::Result<()> {
        self.change(BTreeSet::clear).await
    }

    /// Changes what is broken, and makes the stand-ins so.
    async fn change<T>(&self, change: impl FnOnce(&mut BTreeSet<Trouble>) -> T) -> io::Result<()> {
        let _changing = self.changing.lock().await;
        let before = self.troubles.borrow().clone();
        let mut now = before.clone();
        change(&mut now);
        break_connect(&self.connect, &now).await?;
        break_discord(&self.discord, &before, &now);
        self.troubles.send_replace(now);
        Ok(())
    }
}

async fn break_connect(connect: &Connect, now: &BTreeSet<Trouble>) -> io::Result<()> {
    use connect::{Fault, Route, Times};
    connect.heal();
    // Of those that fit a call the first strikes it.
    let faults = [
        (Trouble::ConnectHtml, Route::Any, Fault::Html(502)),
        (Trouble::LdapAway, Route::Search, Fault::Error(LDAP_TROUBLE)),
        (Trouble::ConnectSlow, Route::Any, Fault::Slow(SLOW)),
    ];
    for (_, route, fault) in faults.into_iter().filter(|(trouble, ..)| now.contains(trouble)) {
        connect.fail(route, fault, Times::Always);
    }
    if now.contains(&Trouble::ConnectDown) {
        connect.go_down().await;
        return Ok(());
    }
    connect.come_up().await
}

fn break_discord(discord: &Discord, before: &BTreeSet<Trouble>, now: &BTreeSet<Trouble>) {
    use discord::{Fault, Misdeed, Moment, Route, Times};
    discord.clear_faults();
    if now.contains(&Trouble::DiscordRefuses) {
        for route in [Route::CreateMessage, Route::EditMessage] {
            discord.fail(route, Fault::Forbidden(NO_PERMISSION), Times::Always);
        }
    }
    discord.behave();
    discord.cut_deliveries(now.contains(&Trouble::GatewayAway));
    if now.contains(&Trouble::GatewayAway) {
        discord.misbehave(Moment::Dial, Misdeed::Cut);
        if !before.contains(&Trouble::GatewayAway) {
            discord.drop_gateway();
        }
    }
}
