//! The bot as a whole: one process over the gateway, or copies over HTTP behind a balancer.

use std::fs::File;
use std::net::SocketAddr;
use std::process::ExitStatus;

use futures_util::future::join_all;
use sandbox::Sandbox;
use sandbox::balancer::Balancer;

use crate::bot::{Bot, addresses};

/// All copies, of which some may be dead.
pub(crate) struct Bots {
    sandbox: Sandbox,
    log: File,
    /// Where interactions come to each, if they come over HTTP.
    addresses: Vec<Option<SocketAddr>>,
    copies: Vec<Option<Bot>>,
    balancer: Option<Balancer>,
}

impl Bots {
    /// Starts so many copies, or one with a gateway connection, and waits until people can type its
    /// command. Their logs go to the end of `log`.
    pub(crate) async fn new(
        sandbox: &Sandbox,
        copies: Option<usize>,
        log: File,
        seed: u64,
    ) -> Self {
        let (sandbox, mut balancer) = (sandbox.clone(), None);
        let mut at = vec![None];
        if let Some(copies) = copies {
            at = addresses(copies).await.into_iter().map(Some).collect();
            balancer = Some(Balancer::start(seed).await.unwrap());
        }
        let dead = at.iter().map(|_| None).collect();
        let mut bots = Self { sandbox, log, addresses: at, copies: dead, balancer };
        bots.start(false);
        if let Some(balancer) = &bots.balancer {
            for address in bots.addresses.iter().flatten() {
                balancer.add(*address);
            }
            join_all(bots.running().map(|bot| bot.serves(&bots.sandbox))).await;
            bots.sandbox.discord.verify_interactions_endpoint(&balancer.url()).await.unwrap();
        }
        bots.sandbox.discord.wait_ready().await;
        bots
    }

    /// Starts those that are dead.
    pub(crate) fn start(&mut self, is_direct: bool) {
        for (bot, address) in self.copies.iter_mut().zip(&self.addresses) {
            bot.get_or_insert_with(|| Bot::start(&self.sandbox, *address, is_direct, &self.log));
        }
    }

    /// Those that aren't dead.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Bot> {
        self.copies.iter().flatten()
    }

    /// Kills some. How those ended that did so by themselves, which none ever should.
    pub(crate) async fn kill(&mut self, which: &[usize]) -> Vec<ExitStatus> {
        let mut by_themselves = Vec::new();
        for (number, copy) in self.copies.iter_mut().enumerate() {
            let ended = copy.as_mut().and_then(Bot::ended);
            by_themselves.extend(ended);
            if which.contains(&number)
                && let Some(bot) = copy
            {
                bot.kill().await;
            }
            copy.take_if(|_| ended.is_some() || which.contains(&number));
        }
        by_themselves
    }

    /// Kills all.
    pub(crate) async fn end(mut self) {
        for bot in self.copies.iter_mut().flatten() {
            bot.kill().await;
        }
    }
}
