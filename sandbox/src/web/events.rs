//! What happens, as it happens: server-sent events.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::{collections::BTreeSet, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::{
    select,
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
};

use super::{
    Site,
    guard::{self, Refused},
    view,
};
use crate::{
    Trouble,
    discord::{Change, Who},
    settings::Settings,
};

/// `GET /api/events?as=admin`
pub(super) async fn events(
    State(site): State<Arc<Site>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let who = guard::who(query.as_deref())?;
    let stream = unfold(Tab::open(site, who), |mut tab| async move {
        let (name, data) = tab.next().await?;
        let event = Event::default().event(name).data(data.to_string());
        Some((Ok::<_, Infallible>(event), tab))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(stream).keep_alive(alive).into_response())
}

/// A tab that listens as somebody.
struct Tab {
    site: Arc<Site>,
    who: Who,
    is_new: bool,
    changes: broadcast::Receiver<Change>,
    groups: watch::Receiver<()>,
    troubles: watch::Receiver<BTreeSet<Trouble>>,
    settings: watch::Receiver<Settings>,
    until: watch::Receiver<()>,
}

impl Tab {
    fn open(site: Arc<Site>, who: Who) -> Self {
        Self {
            who,
            is_new: true,
            changes: site.sandbox.discord.subscribe(),
            groups: site.sandbox.connect.changes(),
            troubles: site.sandbox.troubles(),
            settings: site.sandbox.settings(),
            until: site.until.clone(),
            site,
        }
    }

    /// The next event's name and data; `None` when the server ends. Everything first, and again
    /// after whatever isn't a message.
    async fn next(&mut self) -> Option<(&'static str, Value)> {
        if std::mem::take(&mut self.is_new) {
            return Some(self.everything());
        }
        loop {
            select! {
                change = self.changes.recv() => match change {
                    Ok(change) => if let Some(event) = self.told(&change) {
                        return Some(event);
                    },
                    Err(RecvError::Lagged(_)) => return Some(self.everything()),
                    Err(RecvError::Closed) => return None,
                },
                changed = self.groups.changed() => return changed.ok().map(|()| self.everything()),
                changed = self.troubles.changed() => return changed.ok().map(|()| self.everything()),
                changed = self.settings.changed() => return changed.ok().map(|()| self.everything()),
                changed = self.until.changed() => changed.ok()?,
            }
        }
    }

    fn everything(&self) -> (&'static str, Value) {
        ("state", view::state(&self.site.sandbox, self.who))
    }

    /// What this person is told of a change; `None` if nothing.
    fn told(&self, change: &Change) -> Option<(&'static str, Value)> {
        let discord = &self.site.sandbox.discord;
        match change {
            Change::Posted(message) | Change::Edited(message) => view::is_seen(message, self.who)
                .then(|| ("message", view::message(discord, message, None))),
            Change::Deleted(id) => Some(("gone", json!({"id": id.to_string()}))),
            Change::Unanswered(failed) => (failed.private_to == Some(self.who))
                .then(|| ("message", view::unanswered(discord, failed))),
            Change::Registered(_) | Change::Ready | Change::Disconnected => Some(self.everything()),
        }
    }
}
