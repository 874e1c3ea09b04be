//! `status`: what [`check`] finds, and what only a bot that runs knows.

use std::time::Duration;

use tokio::time::timeout;

use super::Bot;
use super::desk::Undelivered;
use super::render::{self, Reply};
use crate::access::Actor;
use crate::check::{self, Finding, Level};
use crate::connect::CorrelationId;
use crate::ldapgroup::Stop;
use crate::text::count;

/// Nothing is waited for longer: someone looks at it.
const PATIENCE: Duration = Duration::from_secs(10);

impl Bot {
    /// Asks everything how it is. What fails is said so and keeps nothing else from being said.
    pub(super) async fn status(&self, actor: &Actor, id: CorrelationId) -> Result<Reply, Stop> {
        self.requests.admin(actor)?;
        let connect = self.requests.groups().connect().within(PATIENCE);
        let (discord, connect, overview) = tokio::join!(
            timeout(PATIENCE, check::discord(&self.rest, &self.places)),
            check::connect(&connect, id),
            self.requests.store().overview()
        );
        let mut findings = discord.unwrap_or_else(|_| vec![check::slow_discord(PATIENCE)]);
        findings.extend(connect);
        findings.push(match &overview {
            Ok(overview) => {
                Finding::ok(format!("the database holds {}", count(overview.all, "request")))
            }
            Err(error) => check::unusable(error),
        });
        findings.iter().filter(|of| of.level != Level::Ok).for_each(check::note);
        findings.push(Finding::ok(match self.latency.latest() {
            Some(took) => format!("the gateway answers in {} ms", took.as_millis()),
            None => "the gateway is connected".to_owned(),
        }));
        findings.extend(self.waiting.undelivered().iter().map(undelivered));
        Ok(render::status(self.started, &findings, overview.ok().as_ref(), id))
    }
}

fn undelivered(these: &Undelivered) -> Finding {
    let Undelivered { messages, channel, since, why, todo, passes } = these;
    let place = channel.map_or_else(String::new, |channel| format!(" in <#{channel}>"));
    let since = super::cards::stamp(*since, 'R');
    let (what, why) = (count(*messages, "message"), check::words(why));
    let level = if *passes { Level::Warn } else { Level::Fail };
    let text = format!("{what} can't be delivered{place} since {since} ({why}): {todo}");
    Finding::new(level, text)
}
