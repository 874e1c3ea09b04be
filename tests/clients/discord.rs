//! The clients of Discord, and how each is played.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use sandbox::discord::{Discord, GUILD, Options};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::program::{Program, Said, file, installed};
use crate::report::{Mark, Report};
use crate::serenity_client;
use crate::steps::{PATIENCE, STEPS, Stage};

/// How long all steps of a client may take together.
const TIME: Duration = Duration::from_mins(1);

/// A library that somebody else wrote, and the program that plays a bot with it.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    start: Start,
    /// Steps for which the library has no means.
    lacks: &'static [&'static str],
}

enum Start {
    Python(&'static str),
    Node(&'static str),
    Binary(&'static str),
    InProcess,
}

pub(crate) const CLIENTS: [Client; 6] = [
    Client { name: "discord.py", start: Start::Python("discord_py.py"), lacks: &[] },
    Client { name: "discord.js", start: Start::Node("with-guilds"), lacks: &[] },
    Client { name: "discord.js without GUILDS", start: Start::Node("without-guilds"), lacks: &[] },
    Client { name: "hikari", start: Start::Python("hikari_py.py"), lacks: &[] },
    Client { name: "twilight", start: Start::Binary("twilight/debug/twilight-client"), lacks: &[] },
    Client { name: "serenity", start: Start::InProcess, lacks: &["shows a container"] },
];

/// Whatever plays a bot. It ends when this is dropped.
struct Running {
    said: Said,
    _program: Option<Program>,
    _tasks: JoinSet<()>,
}

impl Client {
    /// Plays all steps against a stand-in of its own. `None` if the client isn't installed.
    pub(crate) async fn play(&self) -> Option<Report> {
        let options = Options {
            heartbeat_interval: Duration::from_secs(1),
            token_lives: PATIENCE,
            patience: PATIENCE,
            ..Options::default()
        };
        let discord = Discord::start(options).await.expect("ports are free");
        let running = self.start(&discord)?;
        let stage = Stage::new(discord);
        let mut report = Report::new(self.name);
        if timeout(TIME, self.take_steps(&stage, &mut report)).await.is_err() {
            report.mark("end in time", Mark::Failed(format!("it took longer than {TIME:?}")));
        }
        report.version = match self.start {
            Start::InProcess => serenity_client::version(),
            Start::Python(_) | Start::Node(_) | Start::Binary(_) => {
                running.said.client().map(|(_, version)| version)
            }
        };
        report.said = running.said.lines();
        report.noted = stage.discord.violations();
        Some(report)
    }

    async fn take_steps(&self, stage: &Stage, report: &mut Report) {
        for (name, step) in STEPS {
            let name = name.replace('_', " ");
            if self.lacks.contains(&&*name) {
                report.mark(&name, Mark::Lacking);
                continue;
            }
            let taken = AssertUnwindSafe(step(stage)).catch_unwind().await;
            report.mark(&name, Mark::of(taken));
            if report.has_failed() && !stage.is_ready() {
                // Nothing else would work, and each step would wait for it.
                return;
            }
        }
    }

    fn start(&self, discord: &Discord) -> Option<Running> {
        let mut command = match self.start {
            Start::InProcess => {
                let (said, mut tasks) = (Said::default(), JoinSet::new());
                tasks.spawn(serenity_client::run(discord.clone(), said.clone()));
                return Some(Running { said, _program: None, _tasks: tasks });
            }
            Start::Python(script) => {
                let mut command = Command::new(installed("discord/bin/python"));
                command.arg(file("discord").join(script));
                command
            }
            Start::Node(intents) => {
                if !file("discord/node_modules").is_dir() {
                    return None;
                }
                let mut command = Command::new("node");
                command.arg(file("discord/discord_js.mjs")).arg(intents);
                command
            }
            Start::Binary(path) => Command::new(installed(path)),
        };
        command
            .env("DISCORD_API_URL", discord.url())
            .env("DISCORD_TOKEN", discord.token())
            .env("DISCORD_GUILD", GUILD.to_string());
        let program = Program::start(&mut command)?;
        let said = program.said().clone();
        Some(Running { said, _program: Some(program), _tasks: JoinSet::new() })
    }
}
