//! `/ldapgroup status`: how the bot and what it depends on are.

use std::time::SystemTime;

use tokio::time::Instant;

use super::Subcommand;
use crate::discord::context::Context;
use crate::discord::options::{Options, Unknown};
use crate::discord::render::{self, Health, Privacy, Reply};
use crate::discord::responder::Target;
use crate::ldapgroup::Stop;

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "status",
    description: "For admins: how the bot, Connect and the requests are doing",
    options: Vec::new,
    run: |context, options| Box::pin(run(context, options)),
    suggest: None,
};

async fn run(context: &Context, options: Options) -> Result<(), Unknown> {
    options.finish()?;
    let target = Target::Message(Privacy::Private);
    context.respond(target, SUBCOMMAND.name, Box::pin(status(context))).await;
    Ok(())
}

/// Asks everything how it is. What fails is said so and keeps nothing else from being said.
async fn status(context: &Context) -> Result<Reply, Stop> {
    context.require_admin()?;
    let (bot, id) = (&context.bot, context.id);
    let connect = bot.requests().groups().connect();
    let begun = Instant::now();
    let server = async {
        let settings = connect.server_settings(id).await;
        settings.map(|settings| (settings, begun.elapsed()))
    };
    let (server, key, overview) =
        tokio::join!(server, connect.key_in_use(id), bot.requests().store().overview());
    let health = Health {
        started: bot.started,
        now: SystemTime::now(),
        server: server.map_err(Into::into),
        key: key.map_err(Into::into),
        gateway: bot.latency.latest(),
        overview: overview.map_err(Into::into),
    };
    for fault in health.faults() {
        tracing::warn!(error = fault.chain(), "the status has a gap");
    }
    Ok(render::status(&health, id))
}
