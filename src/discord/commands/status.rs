//! `/ldapgroup status`: what [`check`] finds, and what only a bot that runs knows.

use std::time::Duration;

use tokio::time::timeout;

use super::subcommand::Subcommand;
use crate::check::{self, Finding, Level};
use crate::discord::context::Context;
use crate::discord::messages::markdown::stamp;
use crate::discord::messages::reply::{Reply, Visibility};
use crate::discord::messages::status as messages;
use crate::discord::options::{Options, Unknown};
use crate::discord::responder::Target;
use crate::requests::{Error, Overview, Undelivered};
use crate::text::count;

/// Nothing is waited for longer: someone looks at it.
const ASKED_WITHIN: Duration = Duration::from_secs(10);

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "status",
    description: "For admins: how the bot, Connect and the requests are doing",
    options: Vec::new,
    run: |context, options| Box::pin(run(context, options)),
    suggest: None,
};

async fn run(context: &Context, options: Options) -> Result<(), Unknown> {
    options.finish()?;
    let target = Target::Message(Visibility::Ephemeral);
    context.respond(target, SUBCOMMAND.name, Box::pin(status(context))).await;
    Ok(())
}

/// Asks everything how it is. What fails is said so and keeps nothing else from being said.
async fn status(context: &Context) -> Result<Reply, Error> {
    context.require_admin()?;
    let (bot, id) = (&context.bot, context.id);
    let connect = bot.requests.groups().connect().within(ASKED_WITHIN);
    let (discord, connect, overview) = tokio::join!(
        timeout(ASKED_WITHIN, check::discord(&bot.rest, bot.places(), None)),
        check::connect(&connect, id),
        bot.requests.overview()
    );
    let mut findings = discord.unwrap_or_else(|_| vec![check::slow_discord(ASKED_WITHIN)]);
    findings.extend(connect);
    findings.push(match &overview {
        Ok(Overview { latest: Some(number), .. }) => {
            Finding::ok(format!("the latest request in the database is number {number}"))
        }
        Ok(Overview { latest: None, .. }) => Finding::ok("the database holds no request yet"),
        Err(error) => check::unusable(error),
    });
    findings.iter().filter(|of| of.level != Level::Ok).for_each(check::note);
    if let Some(gateway) = bot.gateway() {
        findings.push(Finding::ok(match gateway.latency() {
            Some(took) => format!("the gateway answers in {} ms", took.as_millis()),
            None => "the gateway is connected".to_owned(),
        }));
    }
    findings.extend(bot.reconciler.undelivered().await.iter().map(undelivered));
    Ok(messages::status(bot.started, &findings, overview.ok().as_ref(), id))
}

fn undelivered(these: &Undelivered) -> Finding {
    let Undelivered { messages, channel, since, why, todo, passes } = these;
    let place = channel.map_or_else(String::new, |channel| format!(" in <#{channel}>"));
    let since = stamp(*since, 'R');
    let (what, why) = (count(*messages, "message"), check::words(why));
    let level = if *passes { Level::Warn } else { Level::Fail };
    let text = format!("{what} can't be delivered{place} since {since} ({why}): {todo}");
    Finding::new(level, text)
}
