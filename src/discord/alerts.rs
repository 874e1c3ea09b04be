//! Tells the admins of trouble that lasts, once, and once more when it is over; and that the API key is
//! about to expire. What was told is in the database, so that no start tells it again.
//!
//! Trouble shows in what happens anyway ([`Troubles`]). If nothing does, Connect is asked now and then.

mod expiry;
mod teller;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::SystemTime;

use tokio::time::{Instant, sleep, sleep_until};

use self::expiry::Expiry;
use self::teller::{Heard, Teller};
use super::bot::Bot;
use super::messages::alerts as messages;
use crate::config::AlertSettings;
use crate::correlation::CorrelationId;
use crate::requests::{Alert, StoreError};
use crate::troubles::{Condition, Trouble, Troubles};

/// Who tells the admins, and what was told.
pub(crate) struct Alerts<'a> {
    bot: &'a Bot,
    settings: AlertSettings,
    teller: Teller<'a>,
}

impl<'a> Alerts<'a> {
    pub(crate) fn new(bot: &'a Bot, settings: AlertSettings) -> Self {
        Self { bot, settings, teller: Teller::new(bot) }
    }

    /// Looks and tells, for ever.
    pub(crate) async fn run(&self) -> Infallible {
        tokio::select! {
            never = self.ask_connect() => never,
            never = self.tell() => never,
            never = self.tell_of_expiry() => never,
        }
    }

    fn troubles(&self) -> &Troubles {
        &self.bot.metrics.troubles
    }

    /// Asks Connect whenever nobody else has for some time: more often while it is in trouble.
    async fn ask_connect(&self) -> Infallible {
        let started = Instant::now();
        loop {
            let of_connect = [Trouble::Key, Trouble::Ldap, Trouble::Connect];
            let is_in_trouble = of_connect.iter().any(|of| self.troubles().since(*of).is_some());
            let AlertSettings { while_trouble, while_idle, .. } = self.settings;
            let pause = if is_in_trouble { while_trouble } else { while_idle };
            let due = self.troubles().asked_at().unwrap_or(started) + pause;
            if due <= Instant::now() {
                // What it comes to is noted where all calls are.
                let connect = self.bot.requests.groups().connect();
                drop(connect.try_search(CorrelationId::new()).await);
            } else {
                // Trouble that begins meanwhile is looked at sooner.
                sleep_until(due.min(Instant::now() + while_trouble)).await;
            }
        }
    }

    async fn tell(&self) -> Infallible {
        let Some(after) = self.settings.after else { return std::future::pending().await };
        let mut book = Book { alerts: self.told().await, unwritten: Vec::new() };
        if book.alerts.contains_key(Trouble::Database.as_str()) {
            // Nothing else would show that it is over.
            book.change(Trouble::Database.as_str());
        }
        loop {
            let now = SystemTime::now();
            let mut next = self.settings.while_trouble;
            for trouble in Trouble::ALL {
                match self.troubles().condition(trouble) {
                    Condition::Since(since) => {
                        let due = self.lasts(&mut book, trouble, since) + after;
                        match due.duration_since(now) {
                            Ok(wait) if !wait.is_zero() => next = next.min(wait),
                            Ok(_) | Err(_) => self.tell_of(&mut book, trouble, now).await,
                        }
                    }
                    Condition::Well => self.tell_over(&mut book, trouble).await,
                    Condition::Unknown => {}
                }
            }
            self.write(&mut book).await;
            tokio::select! {
                () = self.troubles().changed() => {}
                () = sleep(next) => {}
            }
        }
    }

    /// What was told before this start.
    async fn told(&self) -> BTreeMap<String, Alert> {
        loop {
            match self.bot.requests.outbox().alerts().await {
                Ok(alerts) => {
                    return alerts.into_iter().map(|alert| (alert.kind.clone(), alert)).collect();
                }
                Err(error) => self.failed(&error),
            }
            sleep(self.settings.while_trouble).await;
        }
    }

    /// Since when this trouble lasts, also from before this start.
    fn lasts(&self, book: &mut Book, trouble: Trouble, since: SystemTime) -> SystemTime {
        let known = book.alerts.get(trouble.as_str()).map(|alert| alert.since);
        if let Some(earlier) = known {
            self.troubles().note(trouble, earlier);
            return earlier.min(since);
        }
        book.put(Alert { kind: trouble.as_str().to_owned(), since, told_at: None });
        since
    }

    /// Tells of trouble that has lasted for long enough, unless that was done.
    async fn tell_of(&self, book: &mut Book, trouble: Trouble, now: SystemTime) {
        let Some(alert) = book.alerts.get(trouble.as_str()) else { return };
        if alert.told_at.is_some() {
            return;
        }
        let channel = self.bot.requests.settings().channel;
        let words = messages::lasts(trouble, alert.since, channel);
        if self.teller.tell(alert, &words).await == Heard::Yes {
            let alert = Alert { told_at: Some(now), ..alert.clone() };
            book.put(alert);
        }
    }

    /// Tells that trouble is over, if it was told of. That requests can be posted again is certain once
    /// Discord has taken this where they are.
    async fn tell_over(&self, book: &mut Book, trouble: Trouble) {
        let Some(alert) = book.alerts.get(trouble.as_str()) else { return };
        if alert.told_at.is_some() {
            let words = messages::over(trouble, alert.since);
            let is_certain = trouble != Trouble::Posting;
            if self.teller.tell_over(alert, &words, is_certain).await != Heard::Yes {
                return;
            }
        }
        book.remove(trouble.as_str());
    }

    async fn tell_of_expiry(&self) -> Infallible {
        if self.settings.after.is_none() {
            return std::future::pending().await;
        }
        let expiry = Expiry::new(self.bot, &self.teller);
        // The start has asked just now, and logs what it found.
        sleep(self.settings.while_idle).await;
        loop {
            let is_known = expiry.look(SystemTime::now()).await;
            sleep(if is_known { self.settings.expiry } else { self.settings.while_idle }).await;
        }
    }

    /// Writes down what has changed. That a database that failed takes it shows that it works again.
    async fn write(&self, book: &mut Book) {
        let database = Trouble::Database.as_str();
        if self.troubles().since(Trouble::Database).is_some() && book.unwritten.is_empty() {
            book.unwritten.push(database.to_owned());
        }
        while let Some(kind) = book.unwritten.last() {
            let outbox = self.bot.requests.outbox();
            let written = match book.alerts.get(kind) {
                Some(alert) => outbox.note_alert(alert).await,
                None => outbox.forget_alert(kind).await,
            };
            match written {
                Ok(()) => self.troubles().note_well(Trouble::Database),
                Err(error) => return self.failed(&error),
            }
            book.unwritten.pop();
        }
    }

    fn failed(&self, error: &StoreError) {
        if self.troubles().since(Trouble::Database).is_none() {
            tracing::error!(%error, "what admins were told could not be looked up or written down");
        }
        self.bot.metrics.database_failed();
    }
}

/// What is so and was told, and what of it isn't on disk yet.
struct Book {
    alerts: BTreeMap<String, Alert>,
    unwritten: Vec<String>,
}

impl Book {
    fn put(&mut self, alert: Alert) {
        self.change(&alert.kind);
        self.alerts.insert(alert.kind.clone(), alert);
    }

    fn remove(&mut self, kind: &str) {
        self.change(kind);
        self.alerts.remove(kind);
    }

    fn change(&mut self, kind: &str) {
        if !self.unwritten.iter().any(|unwritten| unwritten == kind) {
            self.unwritten.push(kind.to_owned());
        }
    }
}
