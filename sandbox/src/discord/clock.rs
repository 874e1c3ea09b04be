//! Points in time as Discord writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The first moment of 2015 in milliseconds of Unix time: where Discord's ids begin.
pub(super) const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// When the id was made, in milliseconds since 1970 began.
pub(crate) fn millis(id: u64) -> u64 {
    (id >> 22) + DISCORD_EPOCH_MS
}

/// When the id was made, as `2026-03-02T10:15:42.918000+00:00`.
pub(super) fn made_at(id: u64) -> String {
    timestamp(Duration::from_millis(millis(id)))
}

/// The present moment, as `2026-03-02T10:15:42.918000+00:00`.
pub(super) fn now() -> String {
    timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO))
}

/// The moment so long after 1970 began, for people: `2026-03-02 10:15 UTC`.
pub(crate) fn minute(since_epoch: Duration) -> String {
    let whole = timestamp(since_epoch);
    format!("{} {} UTC", &whole[..10], &whole[11..16])
}

/// The moment as Connect writes it: `2026-03-02T10:15:42Z`.
pub(crate) fn second(at: SystemTime) -> String {
    let whole = timestamp(at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO));
    format!("{}Z", &whole[..19])
}

fn timestamp(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let micros = since_epoch.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}+00:00")
}

/// The date of the day that lies `days` after 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= 365 + leap(year) {
        days -= 365 + leap(year);
        year += 1;
    }
    let lengths = [31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn leap(year: u64) -> u64 {
    u64::from(year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_day_and_a_years_last_second_are_written_right() {
        let at = |seconds| timestamp(Duration::from_secs(seconds));
        assert_eq!(at(1_709_164_800), "2024-02-29T00:00:00.000000+00:00");
        assert_eq!(at(1_798_761_599), "2026-12-31T23:59:59.000000+00:00");
        assert_eq!(made_at(0), "2015-01-01T00:00:00.000000+00:00");
    }
}
