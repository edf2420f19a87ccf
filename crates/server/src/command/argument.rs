//! Arguments that several commands take, read in one way.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Reads an instant.
///
/// # Errors
/// Says what an instant looks like.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        "expected a date, a time and its offset, such as 2026-03-02T09:00:00Z or 2026-03-02T09:00:00+01:00".to_owned()
    })
}

/// Reads the name of a time zone.
///
/// # Errors
/// Says what the name of a zone looks like.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "expected an IANA time zone, such as Europe/Madrid".to_owned())
}
