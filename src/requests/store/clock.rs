//! By which clock processes with one database go: by its server's. Those of their machines may disagree.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use sqlx::Connection;

use super::open::is_postgres;
use super::postgres::{connect, options};
use super::rows::time;
use super::sql::query;
use super::{Store, StoreError};

/// The server's moment in milliseconds, also within a transaction that has waited.
macro_rules! server_millis {
    () => {
        "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT"
    };
}
pub(super) use server_millis;

const NOW: &str = concat!("SELECT ", server_millis!());

/// Who is further from the server's clock is told so: what still goes by a machine's own suffers.
const TOLERATED: Duration = Duration::from_secs(2);

/// What is known of this machine's clock.
#[derive(Default)]
pub(super) struct Clock {
    was_told: AtomicBool,
}

impl Clock {
    /// Says once that this machine's clock is wrong, if the server's said `now` between these moments.
    fn compare(&self, (before, after): (SystemTime, SystemTime), now: SystemTime) {
        if let Some(off) = apart((before, after), now)
            && !self.was_told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                seconds = off.as_secs(),
                "this machine's clock and PostgreSQL's disagree, so set both by NTP"
            );
        }
    }
}

/// By how much the clocks disagree at least, if that is more than is tolerated.
fn apart((before, after): (SystemTime, SystemTime), now: SystemTime) -> Option<Duration> {
    let ahead = now.duration_since(after.max(before)).ok();
    ahead.or_else(|| before.duration_since(now).ok()).filter(|off| *off > TOLERATED)
}

/// By how much this machine's clock and that of the server at `url` disagree, if that is too much.
pub(crate) async fn clocks_apart(url: &SecretString) -> Result<Option<Duration>, StoreError> {
    if !is_postgres(url) {
        return Ok(None);
    }
    let mut connection = connect(&options(url)?).await?;
    let before = SystemTime::now();
    let now = sqlx::query_scalar(NOW).fetch_one(&mut connection).await?;
    let after = SystemTime::now();
    connection.close().await?;
    Ok(apart((before, after), time(now)))
}

impl Store {
    /// The moment by which is told whether something is due: if processes of several machines have the
    /// database, its server's. It isn't later than the answer comes.
    pub(crate) async fn now(&self) -> Result<SystemTime, StoreError> {
        if !self.pool.is_shared() {
            return Ok(SystemTime::now());
        }
        let before = SystemTime::now();
        let now = time(query(NOW).fetch_value(&self.pool).await?);
        self.clock.compare((before, SystemTime::now()), now);
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn clocks_disagree_that_are_apart_by_more_than_asking_took() {
        let at = |second| UNIX_EPOCH + Duration::from_secs(second);
        let apart = |before, after, now| apart((at(before), at(after)), at(now));
        for now in [98, 100, 105, 110, 112] {
            assert_eq!(apart(100, 110, now), None, "{now}");
        }
        assert_eq!(apart(100, 110, 180), Some(Duration::from_secs(70)));
        assert_eq!(apart(100, 110, 30), Some(Duration::from_secs(70)));
        // It was set back meanwhile.
        assert_eq!(apart(100, 40, 101), None);
    }
}
