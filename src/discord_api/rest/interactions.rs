//! How an interaction is answered.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::Method;
use serde::Serialize;
use serenity::all::{CreateInteractionResponseFollowup, EditInteractionResponse};
use tokio::time::Instant;

use super::buckets::Route;
use super::client::{Call, Rest};
use super::error::RestError;

/// A first answer is worth nothing after 3 s: less for one try, so that there is a second.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(1200);

/// No further try of a first answer begins later than this after the first.
const RESPONSE_RETRIED_WITHIN: Duration = Duration::from_millis(2500);

/// Discord's code for a second first answer.
const ALREADY_ACKNOWLEDGED: u64 = 40060;

/// An interaction, as its answers name it.
pub(crate) struct InteractionRef {
    pub(crate) id: u64,
    pub(crate) application: u64,
    pub(crate) token: String,
}

impl InteractionRef {
    fn original_response(&self) -> String {
        format!("webhooks/{}/{}/messages/@original", self.application, self.token)
    }
}

impl Rest {
    /// Gives the first answer to an interaction; with code 10062 it is too late. That it was given
    /// already is no error: an earlier try got through. Discord counts these calls nowhere, so they
    /// wait for no others, unless there are a great many of them.
    pub(crate) async fn create_response(
        &self,
        to: &InteractionRef,
        response: &impl Serialize,
    ) -> Result<(), RestError> {
        let path = format!("interactions/{}/{}/callback", to.id, to.token);
        let call = Call::new(Method::POST, &path, Some(response)).within(RESPONSE_TIMEOUT);
        let _place = self.first_answers.acquire().await;
        let begun = Instant::now();
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .without_max_times();
        let send = || async {
            self.buckets.unless_banned()?;
            self.send_now(None, &call).await
        };
        let result = send
            .retry(pauses)
            .when(RestError::is_transient)
            .adjust(|error, pause| {
                let pause = error.pause(pause)?;
                let ends = begun.elapsed().saturating_add(pause);
                (ends <= RESPONSE_RETRIED_WITHIN).then_some(pause)
            })
            .await;
        match result {
            Err(error) if error.code() == Some(ALREADY_ACKNOWLEDGED) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Changes the first answer; with code 50027 the interaction is older than 15 minutes.
    pub(crate) async fn edit_original_response(
        &self,
        to: &InteractionRef,
        edit: &EditInteractionResponse,
    ) -> Result<(), RestError> {
        let path = to.original_response();
        let call = Call::new(Method::PATCH, &path, Some(edit));
        let route = Route::EditOriginalResponse(to.id);
        self.send_with_retry(route, &call).await.map(drop)
    }

    /// Takes the first answer away; with code 50027 the interaction is older than 15 minutes.
    pub(crate) async fn delete_original_response(
        &self,
        to: &InteractionRef,
    ) -> Result<(), RestError> {
        let path = to.original_response();
        let call = Call::new(Method::DELETE, &path, None::<&()>);
        let route = Route::DeleteOriginalResponse(to.id);
        self.send_with_retry(route, &call).await.map(drop)
    }

    /// Gives a further answer; with code 50027 the interaction is older than 15 minutes. Discord may have
    /// taken it though its word of that was lost: to read it twice is better than never.
    pub(crate) async fn create_followup(
        &self,
        to: &InteractionRef,
        message: &CreateInteractionResponseFollowup,
    ) -> Result<(), RestError> {
        let path = format!("webhooks/{}/{}", to.application, to.token);
        let call = Call::new(Method::POST, &path, Some(message));
        let route = Route::CreateFollowup(to.id);
        self.send_with_retry(route, &call).await.map(drop)
    }
}
