//! One fault, from its beginning until all is as before, and who noticed it.

use std::time::Duration;

use sandbox::Sandbox;
use sandbox::discord::{RANDOM, Reply, Who};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::bot::{Bot, Line};
use crate::faults::Fault;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long the bot may take to come back before it is called lost.
const BACK_WITHIN: Duration = Duration::from_mins(5);

/// How long after it is back something may still end that began before: a call to Connect takes up to
/// 30 s, the look after a creation whose answer was lost a minute.
const AFTERMATH: Duration = Duration::from_mins(2);

/// How long before a fault somebody may have sent what it struck: Discord's time for an answer.
const BEFORE: Duration = Duration::from_secs(3);

/// A fault that was played.
pub(crate) struct Played {
    pub(crate) name: &'static str,
    said: &'static [&'static str],
    silences: bool,
    pub(crate) began: Instant,
    /// From its beginning until each of these told of it.
    pub(crate) noticed: Noticed,
    /// When all was as before; `None` if that never was.
    pub(crate) back: Option<Instant>,
    /// From its end until then.
    pub(crate) back_after: Option<Duration>,
}

/// From a fault's beginning until this told of it; `None` if it didn't.
#[derive(Clone, Copy, Default)]
pub(crate) struct Noticed {
    pub(crate) log: Option<Duration>,
    pub(crate) metrics: Option<Duration>,
    pub(crate) unready: Option<Duration>,
    pub(crate) dead: Option<Duration>,
}

impl Played {
    /// Lets it happen, and waits until it is over.
    pub(crate) async fn play(fault: &Fault, sandbox: &Sandbox, bot: &Bot) -> Self {
        let before = count(fault, bot).await;
        let began = Instant::now();
        let held = fault.begin(sandbox, bot).await;
        let mut noticed = Noticed::default();
        while began.elapsed() < fault.lasts {
            noticed.look(fault, bot, (began, before)).await;
            sleep(LOOK_EVERY).await;
        }
        fault.end(sandbox, bot, held).await;
        let ended = Instant::now();
        let back = timeout(BACK_WITHIN, is_back(sandbox, bot)).await.ok();
        noticed.look(fault, bot, (began, before)).await;
        Self {
            name: fault.name,
            said: fault.said,
            silences: fault.silences,
            began,
            noticed,
            back,
            back_after: back.map(|back| back - ended),
        }
    }

    fn lasted_until(&self, at: Instant, longer: Duration) -> bool {
        self.back.is_none_or(|back| at <= back + longer)
    }

    /// Whether an interaction that was sent then needn't have been answered because of this.
    pub(crate) fn excuses(&self, sent: Instant) -> bool {
        self.silences && sent + BEFORE >= self.began && self.lasted_until(sent, BEFORE)
    }

    /// Whether a line of the log is about this.
    pub(crate) fn explains(&self, line: &Line) -> bool {
        line.at >= self.began && self.lasted_until(line.at, AFTERMATH) && is_about(line, self.said)
    }

    /// Whether something was sent while this lasted.
    pub(crate) fn met(&self, sent: Instant) -> bool {
        sent >= self.began && self.lasted_until(sent, Duration::ZERO)
    }
}

impl Noticed {
    async fn look(&mut self, fault: &Fault, bot: &Bot, (began, before): (Instant, f64)) {
        let is_well = async |path| bot.ask(path).await.is_some_and(|(status, _)| status == 200);
        let is_ready = is_well("/readyz").await;
        if !is_ready && self.unready.is_none() {
            self.unready = Some(began.elapsed());
        }
        if self.dead.is_none() && !is_ready && !is_well("/livez").await {
            self.dead = Some(began.elapsed());
        }
        if self.metrics.is_none() && count(fault, bot).await > before {
            self.metrics = Some(began.elapsed());
        }
        if self.log.is_none() {
            let lines = bot.lines();
            let line = lines.iter().find(|line| line.at >= began && is_about(line, fault.said));
            self.log = line.map(|line| line.at - began);
        }
    }
}

fn is_about(line: &Line, said: &[&str]) -> bool {
    said.iter().any(|words| line.text.contains(words))
}

/// What a fault's metrics come to.
async fn count(fault: &Fault, bot: &Bot) -> f64 {
    let Some((200, metrics)) = bot.ask("/metrics").await else { return 0.0 };
    let counted =
        metrics.lines().filter(|line| fault.counted.iter().any(|begins| line.starts_with(begins)));
    let values = counted.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    values.sum()
}

/// When people are served again, probes say so, and everything is said that is to be said.
async fn is_back(sandbox: &Sandbox, bot: &Bot) -> Instant {
    loop {
        let since = Instant::now();
        let is_ready = matches!(bot.ask("/readyz").await, Some((200, _)));
        if is_ready && finds(sandbox).await && is_all_said(bot).await {
            return since;
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn finds(sandbox: &Sandbox) -> bool {
    let guest = sandbox.discord.person(Who::Guest).in_channel(RANDOM);
    let found = guest.start_slash("search", &[("prefix", json!("finance-"))]);
    let answer = timeout(Duration::from_secs(3), found.answer()).await;
    matches!(answer.map(|answer| answer.reply),
        Ok(Reply::Message { message, .. }) if message.text().contains("finance-000"))
}

async fn is_all_said(bot: &Bot) -> bool {
    let Some((200, metrics)) = bot.ask("/metrics").await else { return false };
    metrics.lines().any(|line| line == "ldapgroup_undelivered_messages 0")
}
