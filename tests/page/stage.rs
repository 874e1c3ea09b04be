//! The bot between its stand-ins, with the page in front.

use ldapgroup_bot::app::{App, AppError};
use ldapgroup_bot::config::{Config, Environment};
use sandbox::web::Web;
use sandbox::{Sandbox, connect, discord};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running sandbox, as `cargo sandbox` starts it.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) web: Web,
    stopping: CancellationToken,
    bot: JoinHandle<Result<(), AppError>>,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts it with these variables beside those of the sandbox.
    pub(crate) async fn with(more: &'static [(&'static str, &'static str)]) -> Self {
        let (connect, discord) = (connect::Options::default(), discord::Options::default());
        let sandbox = Sandbox::start(connect, discord).await.unwrap();
        let stopping = CancellationToken::new();
        let bot = tokio::spawn({
            let (sandbox, stopping) = (sandbox.clone(), stopping.clone());
            async move {
                let run = |own, stops| run(own, more, stops);
                sandbox.keep_running(1, &stopping, run).await
            }
        });
        let web = Web::start(&sandbox, 0).await.unwrap();
        sandbox.discord.wait_ready().await;
        Self { sandbox, web, stopping, bot }
    }

    /// Stops the bot. Fails if it ended badly or did what the real services don't allow.
    pub(crate) async fn end(self) {
        self.stopping.cancel();
        self.bot.await.unwrap().unwrap();
        let violations = self.sandbox.violations();
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

async fn run(
    own: Vec<(&'static str, String)>,
    more: &[(&'static str, &'static str)],
    stopping: CancellationToken,
) -> Result<(), AppError> {
    let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let config = Config::read(&Environment::of_pairs(own.into_iter().chain(more))).unwrap();
    match App::start(config, stopping).await? {
        Some(app) => app.run().await,
        None => Ok(()),
    }
}
