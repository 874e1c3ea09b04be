//! Settings of the bot that change what people see, as switches; and the bot, started anew with them.

use std::{collections::BTreeSet, pin::pin};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::{select, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::{Sandbox, discord::Change};

/// A setting that isn't as it is by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// What an admin creates needs another admin.
    AdminApproval,
    /// A request states a reason.
    ReasonRequired,
    /// One person may have one open request.
    OneRequest,
    /// An undecided request expires after some minutes.
    ExpireSoon,
    /// An undecided request is brought up again after a minute.
    RemindSoon,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::AdminApproval,
        Self::ReasonRequired,
        Self::OneRequest,
        Self::ExpireSoon,
        Self::RemindSoon,
    ];

    /// The variable that makes it so, and its value.
    pub(crate) fn variable(self) -> (&'static str, &'static str) {
        match self {
            Self::AdminApproval => ("ADMIN_CREATES", "approval"),
            Self::ReasonRequired => ("REASON_REQUIRED", "true"),
            Self::OneRequest => ("MAX_OPEN_REQUESTS", "1"),
            Self::ExpireSoon => ("REQUEST_TTL", "3m"),
            Self::RemindSoon => ("REQUEST_REMINDER", "1m"),
        }
    }
}

/// The settings as they are switched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// What differs from the defaults.
    pub(crate) on: BTreeSet<Setting>,
    /// Whether the bot is being started anew with them.
    pub(crate) is_starting: bool,
}

impl Sandbox {
    /// The settings now, and whenever they change.
    pub(crate) fn settings(&self) -> watch::Receiver<Settings> {
        self.settings.subscribe()
    }

    /// Switches a setting: the bot starts anew with it.
    pub fn set_setting(&self, setting: Setting, is_on: bool) {
        self.settings.send_if_modified(|settings| {
            let on = &mut settings.on;
            let is_new = if is_on { on.insert(setting) } else { on.remove(&setting) };
            settings.is_starting |= is_new;
            is_new
        });
    }

    /// Runs so many copies of the bot until one ends or they are told to stop, and starts them anew
    /// with every change of the settings. `run` gets [`Self::variables`], and what tells it to stop.
    ///
    /// # Errors
    ///
    /// What `run` fails with.
    pub async fn keep_running<E, R: Future<Output = Result<(), E>>>(
        &self,
        copies: usize,
        stopping: &CancellationToken,
        run: impl Fn(Vec<(&'static str, String)>, CancellationToken) -> R,
    ) -> Result<(), E> {
        loop {
            let changed = self.until_changed();
            let stops = stopping.child_token();
            let copy = async |_| {
                let ended = run(self.variables(), stops.clone()).await;
                stops.cancel();
                ended
            };
            let all = async {
                let ended = join_all((0..copies).map(copy)).await;
                ended.into_iter().collect::<Result<(), E>>()
            };
            let mut bot = pin!(all);
            select! {
                biased;
                ended = &mut bot => return ended,
                () = changed => {
                    stops.cancel();
                    bot.await?;
                }
            }
        }
    }

    /// Waits until the settings aren't those of the call any more, and meanwhile notes that the bot
    /// has them.
    fn until_changed(&self) -> impl Future<Output = ()> {
        let mut changes = self.discord.subscribe();
        let mut settings = self.settings();
        let before = settings.borrow_and_update().on.clone();
        async move {
            let is_other = |now: &Settings| now.on != before;
            let ready =
                async { while !matches!(changes.recv().await, Ok(Change::Ready) | Err(_)) {} };
            select! {
                _ = settings.wait_for(is_other) => return,
                () = ready => {}
            }
            self.settings
                .send_if_modified(|now| now.on == before && std::mem::take(&mut now.is_starting));
            // It can't close while this is there.
            drop(self.settings().wait_for(is_other).await);
        }
    }
}
