//! The command line and the exit codes.

mod log;
#[cfg(feature = "sandbox")]
mod sandbox;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use ldapgroup_bot::app::{App, AppError, watch};
use ldapgroup_bot::cli::{self, Format, Outcome};
use ldapgroup_bot::config::{self, Config, Environment, Problems, TerminalConfig};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Brings LDAP groups into Posit Connect from a Discord channel.
///
/// Settings come from the environment and from a .env file; README.md and .env.example explain
/// each. Without a command the bot runs.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the bot until SIGTERM or SIGINT (the default)
    Run,
    /// Check the settings, Discord, Connect and the database, and say what to do about what is wrong
    Check,
    /// Find the LDAP groups whose names begin with PREFIX
    Search {
        /// The beginning of the names, whatever the case
        #[arg(allow_hyphen_values = true)]
        prefix: String,
        #[command(flatten)]
        output: Output,
    },
    /// Create the Connect group of the LDAP group NAME and print its guid
    Create {
        /// The group's whole name
        #[arg(allow_hyphen_values = true)]
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Copy the database into a new FILE, also while the bot runs
    Backup {
        /// The copy; it must not exist
        file: PathBuf,
    },
    /// Print all requests with their groups, people and history as JSON lines, the oldest first
    Export,
    /// Write all of a stopped bot's database into an empty one of the other kind
    MoveDatabase {
        /// The address of the bot's database, as in `DATABASE_URL`; it is left as it is
        from: String,
        /// The new one; without a password in it PGPASSWORD or ~/.pgpass is read
        to: String,
    },
    /// Ask the bot that runs here, at `HTTP_ADDR`, whether it lives: for containers without a shell
    Healthcheck,
    /// Try the bot: it runs against local stand-ins of Discord and Connect
    #[cfg(feature = "sandbox")]
    Sandbox(sandbox::Options),
    #[cfg(not(feature = "sandbox"))]
    #[command(hide = true, disable_help_flag = true)]
    Sandbox {
        #[arg(allow_hyphen_values = true, num_args = 0..)]
        options: Vec<String>,
    },
}

#[derive(Args)]
struct Output {
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Output {
    fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}

/// Wrong configuration: `EX_CONFIG` of sysexits.
const EXIT_CONFIG: u8 = 78;

// One thread: what it does for a search takes a fraction of a millisecond, and handing it from thread
// to thread took as much again.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            // clap's own status for wrong usage, 2, has another meaning for `create`.
            let code = u8::from(usage.use_stderr());
            drop(usage.print());
            return ExitCode::from(code);
        }
    };
    let environment = Environment::of_process();
    let result = match arguments.command.unwrap_or(Command::Run) {
        Command::Run => match Config::read(&environment) {
            Ok(config) => return Box::pin(run(config)).await,
            Err(problems) => return misconfigured(&problems, EXIT_CONFIG),
        },
        Command::Check => match Config::read(&environment) {
            Ok(config) => cli::check(config).await,
            Err(problems) => return misconfigured(&problems, EXIT_CONFIG),
        },
        Command::Search { prefix, output } => match TerminalConfig::read(&environment) {
            Ok(TerminalConfig { connect, log }) => {
                let _log = log::start(&log);
                cli::search(connect, &prefix, output.format()).await
            }
            Err(problems) => return misconfigured(&problems, 1),
        },
        Command::Create { name, output } => match TerminalConfig::read(&environment) {
            Ok(TerminalConfig { connect, log }) => {
                let _log = log::start(&log);
                cli::create(connect, &name, output.format()).await
            }
            Err(problems) => return misconfigured(&problems, 1),
        },
        Command::Backup { file } => match config::database_url(&environment) {
            Ok(url) => {
                let stopping = CancellationToken::new();
                tokio::spawn(stop_on_signal(stopping.clone()));
                cli::backup(&url, &file, &stopping).await
            }
            Err(problems) => return misconfigured(&problems, 1),
        },
        Command::Export => match config::database_url(&environment) {
            Ok(url) => cli::export(&url).await,
            Err(problems) => return misconfigured(&problems, 1),
        },
        Command::MoveDatabase { from, to } => cli::move_database(&from, &to).await,
        Command::Healthcheck => match config::http_addr(&environment) {
            Ok(address) => cli::healthcheck(address).await,
            Err(problems) => return misconfigured(&problems, 1),
        },
        #[cfg(feature = "sandbox")]
        Command::Sandbox(options) => match Box::pin(sandbox::run(options)).await {
            Ok(()) => Ok(Outcome::Done),
            Err(error) => cli::failed(&error.to_string()),
        },
        #[cfg(not(feature = "sandbox"))]
        Command::Sandbox { .. } => cli::failed(
            "This program was built without the sandbox. In its source folder, cargo sandbox builds \
             and starts one that has it.",
        ),
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::InUse) => ExitCode::from(2),
        Ok(Outcome::Failed) | Err(_) => ExitCode::FAILURE,
    }
}

fn misconfigured(problems: &Problems, code: u8) -> ExitCode {
    // That stderr is gone is no reason to end otherwise.
    let _ = writeln!(io::stderr(), "{problems}");
    ExitCode::from(code)
}

async fn run(config: Config) -> ExitCode {
    let _log = log::start(&config.log);
    let stopping = CancellationToken::new();
    tokio::spawn(stop_on_signal(stopping.clone()));
    let _watched = watch(|| {
        tracing::error!("the bot is stuck; ending, so that it is started anew");
        log::finish();
        std::process::exit(1);
    });
    let ended = match App::start(config, stopping).await {
        Ok(Some(app)) => app.run().await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    let Err(error) = ended else { return ExitCode::SUCCESS };
    tracing::error!("{error}");
    if matches!(error, AppError::Lost) {
        // Nothing that is under way may go on.
        log::finish();
        std::process::exit(1);
    }
    ExitCode::FAILURE
}

async fn stop_on_signal(stopping: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals can't be received: the bot must be stopped by force");
        return;
    };
    for is_first in [true, false] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if is_first {
            tracing::info!("stopping; a second signal stops at once");
            stopping.cancel();
        }
    }
    tracing::error!("stopped at once");
    log::finish();
    std::process::exit(1);
}
