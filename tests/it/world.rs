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
pub(crate) struct Setup {
    pub(crate) connect: connect::Options,
    pub(crate) discord: discord::Options,
    /// Variables beside those that point at the stand-ins.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// What goes wrong at Discord from the beginning.
    pub(crate) faults: Vec<(discord::Route, discord::Fault, discord::Times)>,
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) connect: Connect,
    pub(crate) discord: Discord,
    stopping: CancellationToken,
    bot: JoinHandle<Result<(), AppError>>,
    ended: bool,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with_groups(names: impl IntoIterator<Item = String>) -> Self {
        let mut setup = Setup::default();
        setup.connect.groups = names.into_iter().collect();
        setup.connect.imported = Vec::new();
        Self::with(setup).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let sandbox = stand_ins(setup.connect, setup.discord).await;
        for (route, fault, times) in setup.faults {
            sandbox.discord.fail(route, fault, times);
        }
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

    pub(crate) fn admin(&self) -> Person {
        self.discord.person(Who::Admin)
    }

    pub(crate) fn member(&self) -> Person {
        self.discord.person(Who::Member)
    }

    /// What Connect was asked, as `GET v1/groups/remote` and the like.
    pub(crate) fn asked(&self) -> Vec<String> {
        let line = |seen: &Seen| format!("{} {}", seen.method, seen.path);
        self.connect.requests().iter().map(line).collect()
    }

    /// Tells the bot to stop, as a signal does.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    /// Stops the bot. Fails if it ended badly, or if anything that it did isn't as the real
    /// services want it.
    pub(crate) async fn end(mut self) {
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
pub(crate) async fn stand_ins(connect: connect::Options, mut discord: discord::Options) -> Sandbox {
    discord.openapi = openapi();
    Sandbox::start(connect, discord).await.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the bot")]
fn openapi() -> Option<PathBuf> {
    std::env::var_os("DISCORD_OPENAPI").map(PathBuf::from)
}

/// Longer than anything here takes, so that what hangs fails.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future).await.unwrap()
}
