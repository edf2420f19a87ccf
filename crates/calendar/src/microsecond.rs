//! Instants and durations as whole microseconds, the resolution in which everything here is counted.
//!
//! jiff's own range in nanoseconds needs 128 bits; microseconds fit 64 bits over all of its years.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

use crate::error::CalendarError;

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;
/// Microseconds in a day without a zone transition.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// The earliest instant that can be answered.
pub(crate) fn earliest() -> i64 {
    of_instant(Timestamp::MIN)
}

/// The latest instant that can be answered.
pub(crate) fn latest() -> i64 {
    of_instant(Timestamp::MAX)
}

/// An instant as microseconds since the epoch, rounded down.
pub(crate) fn of_instant(at: Timestamp) -> i64 {
    // jiff truncates towards zero, which would move instants before 1970 forward.
    let truncated = at.as_microsecond();
    if at.subsec_nanosecond() % 1000 < 0 {
        truncated - 1
    } else {
        truncated
    }
}

/// The instant at a number of microseconds since the epoch, held to the range that jiff can express.
pub(crate) fn to_instant(microseconds: i64) -> Timestamp {
    let fallback = if microseconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_microsecond(microseconds).unwrap_or(fallback)
}

/// A duration of open time in microseconds; anything below one microsecond is dropped.
pub(crate) fn of_open_time(duration: SignedDuration) -> Result<i64, CalendarError> {
    if duration.is_negative() {
        return Err(CalendarError::NegativeDuration);
    }
    duration
        .as_secs()
        .checked_mul(SECOND)
        .and_then(|seconds| seconds.checked_add(i64::from(duration.subsec_micros())))
        .ok_or(CalendarError::OutOfRange)
}

/// A date as the number of days since 1970-01-01.
pub(crate) fn day_of(day: Date) -> i64 {
    day.duration_since(EPOCH).as_hours() / 24
}

/// The date of a day number, held to the range that jiff can express.
pub(crate) fn date_of(day: i64) -> Date {
    let fallback = if day < 0 { Date::MIN } else { Date::MAX };
    day.checked_mul(24)
        .and_then(|hours| {
            EPOCH
                .checked_add(SignedDuration::from_secs(hours.checked_mul(3600)?))
                .ok()
        })
        .unwrap_or(fallback)
}

const EPOCH: Date = date(1970, 1, 1);
