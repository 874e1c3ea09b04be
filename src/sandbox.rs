//! `ldapgroup-bot sandbox`: the bot against local stand-ins of Discord and Connect, started by the
//! same code as the real one.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::{fs, io};

use clap::Args;
use ldapgroup_bot::app::App;
use ldapgroup_bot::config::{Config, Environment};
use sandbox::terminal::{self, Colour};
use sandbox::{Sandbox, connect, discord, ldif};
use tokio_util::sync::CancellationToken;

/// The options of `ldapgroup-bot sandbox`.
#[derive(Args)]
pub(crate) struct Options {
    /// Play a short scene and leave
    #[arg(long, conflicts_with = "groups")]
    demo: bool,
    /// Take the LDAP groups from this LDIF export instead of the bundled directory
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// Show the bot's log, as `RUST_LOG` reads it: info, debug
    #[arg(long, value_name = "FILTER", default_value = "off")]
    log: String,
    /// Write no colours, even to a terminal
    #[arg(long)]
    no_color: bool,
}

fn read_groups(file: &Path) -> io::Result<Vec<String>> {
    let text = fs::read_to_string(file)?;
    ldif::parse(&text).map_err(io::Error::other)
}

/// Runs the sandbox until the user leaves it.
///
/// # Errors
///
/// When the LDIF file can't be used, a port can't be had, the terminal fails or the bot ends.
pub(crate) async fn run(options: Options) -> io::Result<()> {
    let mut connect = connect::Options::default();
    if let Some(file) = &options.groups {
        connect.groups = read_groups(file)
            .map_err(|problem| io::Error::other(format!("{}: {problem}", file.display())))?;
    }
    let sandbox = Sandbox::start(connect, discord::Options::default()).await?;
    let variables = sandbox.variables().into_iter().chain([("RUST_LOG", options.log)]);
    let config = Config::read(&Environment::of_pairs(variables)).map_err(io::Error::other)?;
    crate::start_log(&config.log);
    let stopping = CancellationToken::new();
    let bot = async {
        match App::start(config, stopping.clone()).await {
            Ok(Some(app)) => app.run().await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(io::Error::other)
    };
    let colour = if options.no_color { Colour::Never } else { Colour::Auto };
    let people = async {
        if options.demo {
            terminal::demo(&sandbox, colour).await
        } else {
            terminal::prompt(&sandbox, colour).await
        }
    };
    let mut bot = pin!(bot);
    tokio::select! {
        ended = &mut bot => ended.and(Err(io::Error::other("the bot ended by itself"))),
        played = people => {
            stopping.cancel();
            bot.await.and(played)
        }
    }
}
