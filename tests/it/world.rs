//! The team's server, its Connect server, and the bot between them.

use std::path::PathBuf;
use std::time::Duration;

use ldapgroup_bot::app::{App, AppError};
use ldapgroup_bot::config::{Config, Environment};
use sandbox::Sandbox;
use sandbox::connect::{self, Connect, Route, Seen};
use sandbox::discord::{self, Discord, Person, Who};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How a [`World`] differs from the ordinary one.
#[derive(Default)]
pub struct Setup {
    pub connect: connect::Options,
    pub discord: discord::Options,
    /// Variables beside those that point at the stand-ins.
    pub variables: Vec<(&'static str, String)>,
}

pub struct World {
    pub sandbox: Sandbox,
    pub connect: Connect,
    pub discord: Discord,
    stopping: CancellationToken,
    bot: JoinHandle<Result<(), AppError>>,
    ended: bool,
}

impl World {
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with_groups(names: impl IntoIterator<Item = String>) -> Self {
        let mut setup = Setup::default();
        setup.connect.groups = names.into_iter().collect();
        setup.connect.imported = Vec::new();
        Self::with(setup).await
    }

    pub async fn with(setup: Setup) -> Self {
        let sandbox = stand_ins(setup.connect, setup.discord).await;
        let elsewhere = setup.variables.iter().any(|(name, _)| *name == "CONNECT_SERVER");
        let variables = sandbox.variables().into_iter().chain(setup.variables);
        let config = Config::read(&Environment::of_pairs(variables)).unwrap();
        let stopping = CancellationToken::new();
        let bot = tokio::spawn(run(config, stopping.clone()));
        sandbox.discord.wait_ready().await;
        let world = Self {
            connect: sandbox.connect.clone(),
            discord: sandbox.discord.clone(),
            sandbox,
            stopping,
            bot,
            ended: false,
        };
        if !elsewhere {
            // The bot's own look at Connect is over.
            world.connect.wait_for(1, Route::User).await;
            world.connect.wait_for(1, Route::Settings).await;
            world.connect.clear_requests();
        }
        world
    }

    pub fn admin(&self) -> Person {
        self.discord.person(Who::Admin)
    }

    pub fn member(&self) -> Person {
        self.discord.person(Who::Member)
    }

    /// What Connect was asked, as `GET v1/groups/remote` and the like.
    pub fn asked(&self) -> Vec<String> {
        let line = |seen: &Seen| format!("{} {}", seen.method, seen.path);
        self.connect.requests().iter().map(line).collect()
    }

    /// Tells the bot to stop, as a signal does.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Stops the bot. Fails if it ended badly, or if anything that it did isn't as the real
    /// services want it.
    pub async fn end(mut self) {
        self.stop();
        (&mut self.bot).await.unwrap().unwrap();
        self.ended = true;
        let violations = self.sandbox.violations();
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(self.ended || std::thread::panicking(), "a test must end its world");
    }
}

async fn run(config: Config, stopping: CancellationToken) -> Result<(), AppError> {
    match App::start(config, stopping).await? {
        Some(app) => app.run().await,
        None => Ok(()),
    }
}

/// The stand-ins alone. Every request to Discord is held against its API description, where that is
/// at hand.
pub async fn stand_ins(connect: connect::Options, mut discord: discord::Options) -> Sandbox {
    discord.openapi = openapi();
    Sandbox::start(connect, discord).await.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the bot")]
fn openapi() -> Option<PathBuf> {
    std::env::var_os("DISCORD_OPENAPI").map(PathBuf::from)
}

/// Longer than anything here takes, so that what hangs fails.
pub async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.unwrap()
}
