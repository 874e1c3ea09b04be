//! The bot between its stand-ins, with the page in front.

use ldapgroup_bot::app::AppError;
use ldapgroup_bot::config::{Config, Environment};
use sandbox::balancer::Balancer;
use sandbox::web::Web;
use sandbox::{Sandbox, connect, discord};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::chosen::{copies, in_postgres, is_in_postgres, is_over_http, run};

/// Variables beside those of the sandbox.
type More = &'static [(&'static str, &'static str)];

/// A running sandbox, as `cargo sandbox` starts it: with the gateway, or with what is chosen of `--http`
/// and `--copies`.
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
    pub(crate) async fn with(more: More) -> Self {
        let copies = copies();
        let limits = discord::Limits::default().for_copies(copies.try_into().unwrap());
        let discord = discord::Options { limits, ..discord::Options::default() };
        let sandbox = Sandbox::start(connect::Options::default(), discord).await.unwrap();
        let sandbox = if is_in_postgres() { in_postgres(sandbox).await } else { sandbox };
        let (sandbox, balancer) = if is_over_http() {
            (sandbox.over_http(), Some(Balancer::start(0).await.unwrap()))
        } else {
            (sandbox, None)
        };
        let stopping = CancellationToken::new();
        let bot = tokio::spawn({
            let (sandbox, stopping) = (sandbox.clone(), stopping.clone());
            async move {
                let run = |own, stops| {
                    let (discord, balancer) = (sandbox.discord.clone(), balancer.clone());
                    run(config(own, more), stops, discord, balancer, copies)
                };
                sandbox.keep_running(copies, &stopping, run).await
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

fn config(own: Vec<(&'static str, String)>, more: More) -> Config {
    let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
    Config::read(&Environment::of_pairs(own.into_iter().chain(more))).unwrap()
}
