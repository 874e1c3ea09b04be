//! How an interaction is answered.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::Method;
use serenity::all::{
    CreateInteractionResponse, CreateInteractionResponseFollowup, EditInteractionResponse,
};
use tokio::time::Instant;

use super::{Again, Call, Rest, RestError, Route};

/// A first answer is worth nothing after 3 s: less for one try, so that there is a second.
const TIMEOUT: Duration = Duration::from_millis(1200);

/// No further try of a first answer begins later than this after the first.
const ANSWERS_COUNT: Duration = Duration::from_millis(2500);

/// Discord's code for a second first answer.
const ALREADY_ANSWERED: u64 = 40060;

/// An interaction, as its answers name it.
pub struct Answered<'h> {
    /// Its id.
    pub interaction: u64,
    /// The application's id.
    pub application: u64,
    /// Its token.
    pub token: &'h str,
}

impl Rest {
    /// Gives the first answer to an interaction. That it was given already is no error: an earlier
    /// try got through. Discord counts these calls nowhere, so they wait for no others.
    ///
    /// # Errors
    ///
    /// With code 10062 if it is too late.
    pub async fn answer(
        &self,
        to: &Answered<'_>,
        answer: &CreateInteractionResponse,
    ) -> Result<(), RestError> {
        let path = format!("interactions/{}/{}/callback", to.interaction, to.token);
        let call = Call { timeout: TIMEOUT, ..Call::new(Method::POST, &path, Some(answer)) };
        let begun = Instant::now();
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .without_max_times();
        let attempt = || async {
            self.buckets.unless_banned()?;
            self.make(None, &call).await
        };
        let result = attempt
            .retry(pauses)
            .when(RestError::is_transient)
            .adjust(|error, pause| {
                let pause = error.pause(pause)?;
                (begun.elapsed().saturating_add(pause) <= ANSWERS_COUNT).then_some(pause)
            })
            .await;
        match result {
            Err(error) if error.code() == Some(ALREADY_ANSWERED) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Changes the first answer to an interaction.
    ///
    /// # Errors
    ///
    /// With code 50027 once the interaction is older than 15 minutes.
    pub async fn edit_answer(
        &self,
        to: &Answered<'_>,
        edit: &EditInteractionResponse,
    ) -> Result<(), RestError> {
        let path = original(to);
        let call = Call::new(Method::PATCH, &path, Some(edit));
        self.persist(Route::EditAnswer(to.interaction), &call, Again::Harmless).await
    }

    /// Takes the first answer to an interaction away.
    ///
    /// # Errors
    ///
    /// With code 50027 once the interaction is older than 15 minutes.
    pub async fn delete_answer(&self, to: &Answered<'_>) -> Result<(), RestError> {
        let path = original(to);
        let call = Call::new(Method::DELETE, &path, None::<&()>);
        self.persist(Route::DeleteAnswer(to.interaction), &call, Again::Harmless).await
    }

    /// Gives a further answer to an interaction.
    ///
    /// # Errors
    ///
    /// With code 50027 once the interaction is older than 15 minutes.
    pub async fn follow_up(
        &self,
        to: &Answered<'_>,
        message: &CreateInteractionResponseFollowup,
    ) -> Result<(), RestError> {
        let path = format!("webhooks/{}/{}", to.application, to.token);
        let call = Call::new(Method::POST, &path, Some(message));
        self.persist(Route::FollowUp(to.interaction), &call, Again::IfNotTaken).await
    }
}

fn original(to: &Answered<'_>) -> String {
    format!("webhooks/{}/{}/messages/@original", to.application, to.token)
}
