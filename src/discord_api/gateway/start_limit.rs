//! Where a session begins, and whether one may.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::sleep;

use super::protocol::{End, GatewayError, Lost};
use crate::discord_api::rest::{Gateway, Rest, RestError, SessionStartLimit};

/// One in so many of a day's sessions is kept back: the one too many costs the token, and what may
/// have begun one meanwhile, another process, isn't known here.
const KEPT_BACK: u64 = 100;

const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// The address at which a session may begin now. Waits for the next day if few more may today: what
/// makes the bot begin so many will make it begin the last ones, too.
pub(super) async fn session_url(rest: &Rest) -> Result<String, End> {
    loop {
        let Gateway { url, session_start_limit } =
            rest.get_gateway_bot().await.map_err(|error| lost(&error))?;
        let Some(SessionStartLimit { total, remaining, reset_after }) =
            session_start_limit.filter(SessionStartLimit::is_low)
        else {
            return Ok(url);
        };
        let wait = Duration::from_millis(reset_after).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        tracing::warn!(
            total,
            remaining,
            ?wait,
            "Discord allows few more sessions today, and takes the token away after them: waiting \
             for the next day; find out what ends the bot or its connection again and again"
        );
        sleep(wait).await;
    }
}

impl SessionStartLimit {
    fn is_low(&self) -> bool {
        self.remaining <= self.total / KEPT_BACK
    }
}

fn lost(error: &RestError) -> End {
    if error.status() == Some(StatusCode::UNAUTHORIZED) {
        return End::Final(GatewayError::TokenRefused);
    }
    tracing::warn!(%error, "Discord doesn't say where its gateway is");
    End::Lost(Lost("Discord doesn't say where its gateway is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundredth_of_a_days_sessions_is_kept_back() {
        let is_low =
            |remaining, total| SessionStartLimit { total, remaining, reset_after: 0 }.is_low();
        assert!(!is_low(1000, 1000) && !is_low(11, 1000) && is_low(10, 1000) && is_low(0, 1000));
        assert!(!is_low(1, 3) && is_low(0, 3));
    }
}
