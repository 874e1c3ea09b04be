//! Looks at the database.

use secrecy::SecretString;

use super::finding::{Finding, words};
use crate::requests::{Condition, StoreError, clocks_apart, examine};

/// Looks at the database at `url`: whether a start can use it. Nothing is changed.
pub(crate) async fn database(url: &SecretString) -> Finding {
    match examine(url).await {
        Ok(Condition::Current) => Finding::ok("the database is sound and can be written"),
        Ok(Condition::Newer) => Finding::ok(
            "the database is sound and can be written; a newer version of the bot has added to it",
        ),
        Ok(Condition::Outdated) => Finding::ok(
            "the database is sound and can be written; the next start brings it up to date",
        ),
        Ok(Condition::Missing) => Finding::ok(
            "there is no database yet; the next start makes it where `DATABASE_URL` says",
        ),
        Ok(Condition::Empty) => {
            Finding::ok("the database is empty and can be written; the next start makes its tables")
        }
        Err(error) => unusable(&error),
    }
}

/// What is amiss with this machine's clock for one of several copies with the database at `url`. Whether
/// that can be asked is told elsewhere.
pub(crate) async fn clock(url: &SecretString) -> Option<Finding> {
    let apart = clocks_apart(url).await.ok().flatten()?.as_secs();
    Some(Finding::warn(format!(
        "this machine's clock and PostgreSQL's disagree by {apart} s, so set both by NTP"
    )))
}

/// That the database failed, and what to do.
pub(crate) fn unusable(error: &StoreError) -> Finding {
    match error {
        StoreError::Sql(error) => Finding::fail(format!(
            "`DATABASE_URL`: the database can't be used ({}); see that its disk isn't full, that the \
             bot's user owns it, and that no other program keeps it locked",
            words(error)
        )),
        other => Finding::fail(words(other)),
    }
}
