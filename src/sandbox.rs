//! `ldapgroup-bot sandbox`: the bot against local stand-ins of Discord and Connect, started by the
//! same code as the real one.

mod database;

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::{fs, thread};

use clap::Args;
use ldapgroup_bot::app::App;
use ldapgroup_bot::config::{Config, Environment};
use sandbox::balancer::Balancer;
use sandbox::web::Web;
use sandbox::{Sandbox, connect, demo, discord, ldif};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::database::Database;

/// The options of `ldapgroup-bot sandbox`.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Options {
    /// Open no browser; print what the program needs to ask the stand-ins from another terminal
    #[arg(long)]
    no_browser: bool,
    /// Serve the page on this port instead of a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Play a short scene in the terminal and leave
    #[arg(long, conflicts_with_all = ["groups", "no_browser", "port"])]
    demo: bool,
    /// Send interactions to the bot over HTTP instead of over the gateway
    #[arg(long)]
    http: bool,
    /// Run so many copies of the bot behind a balancer, on one database in PostgreSQL
    #[arg(
        long,
        value_name = "N",
        requires = "http",
        default_value_t = 1,
        hide_default_value = true,
        value_parser = clap::value_parser!(u32).range(1..=9)
    )]
    copies: u32,
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

/// Who may use the command: a guest may not.
fn requesters() -> (&'static str, String) {
    ("REQUESTER_ROLE_IDS", discord::MEMBER_ROLE.to_string())
}

/// Runs the sandbox until the user leaves it.
///
/// # Errors
///
/// When the LDIF file can't be used, a port can't be had, the demo fails or the bot ends.
pub(crate) async fn run(options: Options) -> io::Result<()> {
    let mut connect = connect::Options::default();
    if let Some(file) = &options.groups {
        connect.groups = read_groups(file)
            .map_err(|problem| io::Error::other(format!("{}: {problem}", file.display())))?;
    }
    let limits = discord::Limits::default().for_copies(options.copies);
    let discord = discord::Options { limits, ..discord::Options::default() };
    let sandbox = Sandbox::start(connect, discord).await?;
    let sandbox = if options.http { sandbox.over_http() } else { sandbox };
    if options.copies == 1 {
        return serve(&options, &sandbox).await;
    }
    let database = Database::make().await?;
    let served = serve(&options, &sandbox.with_database(database.url())).await;
    served.and(database.remove().await)
}

/// Runs the bot, or its copies, as long as somebody plays with it.
async fn serve(options: &Options, sandbox: &Sandbox) -> io::Result<()> {
    let log = ("RUST_LOG", options.log.clone());
    let read = |variables: Vec<(&'static str, String)>| {
        let all = variables.into_iter().chain([requesters(), log.clone()]);
        Config::read(&Environment::of_pairs(all)).map_err(io::Error::other)
    };
    let _log = crate::log::start(&read(sandbox.variables())?.log);
    let stopping = CancellationToken::new();
    let (discord, copies) = (&sandbox.discord, options.copies as usize);
    let (seed, _) = Uuid::new_v4().as_u64_pair();
    let balancer = if options.http { Some(Balancer::start(seed).await?) } else { None };
    let run = async |variables, stops| {
        let started = App::start(read(variables)?, stops).await.map_err(io::Error::other)?;
        let Some(app) = started else { return Ok(()) };
        let ended = match balancer.as_ref().zip(app.http_address()) {
            Some((balancer, address)) => {
                balancer.serve(discord, copies, address, app.run()).await?
            }
            None => app.run().await,
        };
        ended.map_err(io::Error::other)
    };
    let mut bot = pin!(sandbox.keep_running(copies, &stopping, run));
    tokio::select! {
        biased;
        played = play(options, sandbox, &stopping) => {
            stopping.cancel();
            bot.await.and(played)
        }
        ended = &mut bot => ended.and(Err(io::Error::other("the bot ended by itself"))),
    }
}

/// Shows the channel in a browser until the user stops it, or the demo in the terminal.
async fn play(
    options: &Options,
    sandbox: &Sandbox,
    stopping: &CancellationToken,
) -> io::Result<()> {
    if options.demo {
        return demo::play(sandbox, !options.no_color).await;
    }
    let web = Web::start(sandbox, options.port).await.map_err(|error| {
        io::Error::other(format!(
            "port {} of 127.0.0.1 can't be had ({error}): choose another with --port, or leave it \
             out",
            options.port
        ))
    })?;
    tokio::spawn(crate::stop_on_signal(stopping.clone()));
    let stand_ins = "The bot is the real one; Discord and Posit Connect are stand-ins on this \
                     machine. Ctrl-C stops them.";
    say(&format!("Your team's channel is at {}\n{stand_ins}", web.url()))?;
    if options.no_browser {
        say(&exports(sandbox.variables().into_iter().chain([requesters()])))?;
    } else {
        open_browser(web.url());
    }
    stopping.cancelled().await;
    for violation in sandbox.violations() {
        say(&format!("The bot did what the real services don't allow: {violation}"))?;
    }
    Ok(())
}

/// What to paste into a shell in which the program's other commands are to ask the stand-ins.
fn exports(variables: impl Iterator<Item = (&'static str, String)>) -> String {
    let heading = "\nIn another terminal `ldapgroup-bot check`, `search` and `create` ask the same \
                   stand-ins, once these\nlines are pasted there:\n\n";
    let export = |(name, value): (&str, String)| {
        format!("export {name}='{}'\n", value.replace('\'', r"'\''"))
    };
    format!("{heading}{}", variables.map(export).collect::<String>())
}

/// Prints lines. That nobody reads them is no error.
fn say(text: &str) -> io::Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Opens the address in the user's browser. Where there is none the printed address must do.
fn open_browser(url: String) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // In a group of its own, or Ctrl-C would end a browser that has just been started.
    command.process_group(0);
    thread::spawn(move || command.status());
}
