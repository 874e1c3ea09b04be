//! Looking at the messages of open requests: nobody tells the bot that one was deleted, and after a
//! start nobody knows what happened meanwhile, which version wrote it, or which backup this is.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::delivery::{FAILURE_PAUSE, LIMIT_PAUSE, Receipt};
use super::publisher::Publisher;
use crate::discord::builders::IS_COMPONENTS_V2;
use crate::discord_api::rest::{RestError, Shown};
use crate::request::{Request, State};
use crate::requests::StoreError;

/// How often it is looked whether somebody has deleted the message of an open request.
const INTERVAL: Duration = Duration::from_mins(5);

/// Looks at one message after the other.
pub(super) struct Auditor<'a> {
    publisher: &'a Publisher,
    /// Held while a message is looked at, so that it is no other meanwhile.
    turn: &'a Mutex<Vec<Receipt>>,
    /// The requests whose messages this process has compared with them. Once is enough, since
    /// nothing else writes in them while it runs; and what Discord makes of a text by itself would
    /// be edited for ever.
    compared: HashSet<i64>,
}

impl<'a> Auditor<'a> {
    pub(super) fn new(publisher: &'a Publisher, turn: &'a Mutex<Vec<Receipt>>) -> Self {
        Self { publisher, turn, compared: HashSet::new() }
    }

    /// Looks at them now and then, for ever.
    pub(super) async fn run(mut self) -> Infallible {
        loop {
            let pause = match self.look_at_all().await {
                Ok(()) => INTERVAL,
                Err(error) => {
                    self.publisher.rest.metrics.database_failed();
                    tracing::error!(%error, "the messages of requests could not be looked at");
                    FAILURE_PAUSE
                }
            };
            sleep(pause).await;
        }
    }

    async fn look_at_all(&mut self) -> Result<(), StoreError> {
        let open = self.publisher.requests.outbox().shown_and_open(SystemTime::now()).await?;
        let open: Vec<_> = open.into_iter().map(|request| request.id).collect();
        self.compared.retain(|id| open.binary_search(id).is_ok());
        for id in open {
            while let Err(error) = self.look_at(id).await? {
                if let Some(wait) = error.limit() {
                    sleep(wait.max(LIMIT_PAUSE)).await;
                    continue;
                }
                // What can't be looked at keeps no other from it.
                if error.is_transient() {
                    sleep(FAILURE_PAUSE).await;
                }
                break;
            }
        }
        Ok(())
    }

    /// Looks at the message of a request, and has it mended if it is gone or shows something else.
    async fn look_at(&mut self, id: i64) -> Result<Result<(), RestError>, StoreError> {
        let _turn = self.turn.lock().await;
        let store = self.publisher.requests.outbox();
        let Some(request) = store.request(id).await? else { return Ok(Ok(())) };
        let is_open = matches!(request.state, State::Pending | State::Creating | State::Failed);
        let Some((channel, message)) = request.message.filter(|_| is_open) else {
            return Ok(Ok(()));
        };
        match self.publisher.rest.get_message(channel, message).await {
            Ok(shown) => self.compare(&request, Some(&shown)).await?,
            Err(error) if error.is_about_lost_message() => {
                tracing::info!(request = id, "its message was deleted; sending it again");
                store.note_gone(id).await?;
                self.publisher.requests.look_again();
            }
            // Whether it is to be sent elsewhere, an edit tells.
            Err(error) if error.is_about_channel() && self.publisher.home(&request) != channel => {
                self.compare(&request, None).await?;
            }
            Err(error) => return Ok(Err(error)),
        }
        Ok(Ok(()))
    }

    /// Has a message edited that doesn't show its request, the first time that it is looked at.
    async fn compare(
        &mut self,
        request: &Request,
        shown: Option<&Shown>,
    ) -> Result<(), StoreError> {
        // What isn't shown yet is edited as it is.
        let Some(message) = request.message.filter(|_| request.shown_version >= request.version)
        else {
            return Ok(());
        };
        if self.compared.contains(&request.id) {
            return Ok(());
        }
        let edit = serde_json::json!(self.publisher.edit_to(request).await?);
        let is_right = shown.is_some_and(|shown| {
            shown.flags & IS_COMPONENTS_V2 != 0 && holds(&shown.components, &edit["components"])
        });
        if !is_right {
            tracing::info!(request = request.id, "its message shows something else; editing it");
            self.publisher.requests.outbox().note_shown(request.id, 0, message, None).await?;
            self.publisher.requests.look_again();
        }
        self.compared.insert(request.id);
        Ok(())
    }
}

/// Whether all that was sent is there, whatever else is.
fn holds(there: &Value, sent: &Value) -> bool {
    match (there, sent) {
        (Value::Object(there), Value::Object(sent)) => {
            sent.iter().all(|(name, sent)| holds(there.get(name).unwrap_or(&Value::Null), sent))
        }
        (Value::Array(there), Value::Array(sent)) => {
            there.len() == sent.len()
                && there.iter().zip(sent).all(|(there, sent)| holds(there, sent))
        }
        (Value::Null, Value::Bool(false)) => true,
        // Discord takes away the space around a text.
        (Value::String(there), Value::String(sent)) => there.trim() == sent.trim(),
        (there, sent) => there == sent,
    }
}
