//! Where the admins are told something, and how.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use serenity::all::{CreateAllowedMentions, CreateMessage, Nonce};

use crate::discord::bot::Bot;
use crate::discord::builders::{nobody, roles_only};
use crate::discord::messages::{alerts as messages, markdown};
use crate::ids::ChannelId;
use crate::requests::Alert;
use crate::text::digest;

/// Whether Discord has taken a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Heard {
    Yes,
    /// It may take it later.
    Later,
    /// No channel takes it.
    Nowhere,
}

/// Who tells the admins.
pub(super) struct Teller<'a> {
    bot: &'a Bot,
    /// Whether the log says already that the admins can't be told.
    is_unheard: AtomicBool,
}

impl<'a> Teller<'a> {
    pub(super) fn new(bot: &'a Bot) -> Self {
        Self { bot, is_unheard: AtomicBool::new(false) }
    }

    /// Tells the admins something, with a mention: in the channel for requests, else in the first channel
    /// in which commands may be used, else where somebody asked last for what is still open.
    pub(super) async fn tell(&self, alert: &Alert, words: &str) -> Heard {
        let roles = &self.bot.requests.policy().admin_roles;
        let words = messages::to_admins(roles, words);
        let message = self.message(&words, roles_only(roles), nonce(alert, "told"));
        let heard = self.send(&self.channels().await, &message).await;
        let kind = &alert.kind;
        match heard {
            Heard::Yes => tracing::warn!(alert = kind, "the admins are told"),
            Heard::Nowhere if !self.is_unheard.swap(true, Ordering::Relaxed) => {
                tracing::error!(alert = kind, "the admins can't be told: no channel takes it");
            }
            Heard::Later | Heard::Nowhere => {}
        }
        heard
    }

    /// Tells them that something is over, without a mention. If it isn't `is_certain` that it is, in the
    /// channel for requests only.
    pub(super) async fn tell_over(&self, alert: &Alert, words: &str, is_certain: bool) -> Heard {
        let message = self.message(words, nobody(), nonce(alert, "over"));
        let mut channels = self.channels().await;
        if !is_certain && self.bot.requests.settings().channel.is_some() {
            channels.truncate(1);
        }
        let heard = self.send(&channels, &message).await;
        if heard == Heard::Yes {
            tracing::info!(alert = alert.kind, "the admins are told that it is over");
        }
        heard
    }

    fn message(
        &self,
        words: &str,
        mentions: CreateAllowedMentions,
        nonce: String,
    ) -> CreateMessage {
        // Each server has a command of its own, and which one is read in isn't known if there are several.
        let guild = match &self.bot.requests.policy().guilds[..] {
            [only] => self.bot.rest.command(*only),
            _ => None,
        };
        CreateMessage::new()
            .content(markdown::with_commands(words, guild))
            .allowed_mentions(mentions)
            .nonce(Nonce::String(nonce))
            .enforce_nonce(true)
    }

    async fn channels(&self) -> Vec<ChannelId> {
        let requests = &self.bot.requests;
        // If the database can't say, it is one channel less.
        let asked_last_in = requests.outbox().asked_last_in().await.ok().flatten();
        let mut channels = Vec::new();
        let allowed = requests.policy().channels.iter().copied();
        for channel in requests.settings().channel.into_iter().chain(allowed).chain(asked_last_in) {
            if !channels.contains(&channel) {
                channels.push(channel);
            }
        }
        channels
    }

    async fn send(&self, channels: &[ChannelId], message: &CreateMessage) -> Heard {
        for channel in channels {
            match self.bot.rest.create_message(*channel, message).await {
                Ok(_) => {
                    self.is_unheard.store(false, Ordering::Relaxed);
                    return Heard::Yes;
                }
                // It was sent before, and somebody has deleted it since.
                Err(error) if error.is_about_message() => return Heard::Yes,
                Err(error) if error.is_transient() => return Heard::Later,
                Err(error) => tracing::debug!(%error, %channel, "the admins can't be told here"),
            }
        }
        Heard::Nowhere
    }
}

fn nonce(alert: &Alert, what: &str) -> String {
    let since = alert.since.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("{:016x}", digest(&format!("{} {since} {what}", alert.kind)))
}
