//! Points in time as Discord writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// The first moment of 2015 in milliseconds of Unix time: where Discord's ids begin.
pub(super) const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// When the id was made, in milliseconds since 1970 began.
pub(crate) fn millis(id: u64) -> u64 {
    (id >> 22) + DISCORD_EPOCH_MS
}

/// When the id was made, as `2026-03-02T10:15:42.918000+00:00`.
pub(super) fn made_at(id: u64) -> String {
    timestamp(UNIX_EPOCH + Duration::from_millis(millis(id)))
}

/// The present moment, as `2026-03-02T10:15:42.918000+00:00`.
pub(super) fn now() -> String {
    timestamp(SystemTime::now())
}

/// The moment for people: `2026-03-02 10:15 UTC`.
pub(crate) fn minute(at: SystemTime) -> String {
    let whole = timestamp(at);
    format!("{} {} UTC", &whole[..10], &whole[11..16])
}

/// The moment as Connect writes it: `2026-03-02T10:15:42Z`.
pub(crate) fn second(at: SystemTime) -> String {
    format!("{}Z", &timestamp(at)[..19])
}

fn timestamp(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let (hour, minute, second) = at.time().as_hms();
    let micros = at.microsecond();
    format!("{}T{hour:02}:{minute:02}:{second:02}.{micros:06}+00:00", at.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_day_and_a_years_last_second_are_written_right() {
        let at = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(1_709_164_800), "2024-02-29T00:00:00.000000+00:00");
        assert_eq!(at(1_798_761_599), "2026-12-31T23:59:59.000000+00:00");
        assert_eq!(made_at(0), "2015-01-01T00:00:00.000000+00:00");
    }
}
