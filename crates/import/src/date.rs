//! How the dates of a file are written.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// The zone of dates that name none.
#[derive(Debug, Clone)]
pub(crate) struct Zone(pub TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        TimeZone::get(&name).map(Self).map_err(|_| {
            D::Error::custom(format!(
                "{name:?} is not a time zone: expected an IANA name such as \"Europe/Berlin\" or \"UTC\""
            ))
        })
    }
}

/// How dates are written.
#[derive(Debug, Clone)]
pub(crate) enum DateFormat {
    Rfc3339,
    UnixSeconds,
    UnixMilliseconds,
    /// Of strptime.
    Pattern(String),
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rfc3339 => "rfc3339",
            Self::UnixSeconds => "unix-seconds",
            Self::UnixMilliseconds => "unix-milliseconds",
            Self::Pattern(pattern) => pattern,
        })
    }
}

impl DateFormat {
    /// The instant that a text names in this form; local time is the zone's.
    pub fn read(&self, text: &str, zone: &TimeZone) -> Option<Timestamp> {
        let local = |civil: DateTime| {
            civil
                .to_zoned(zone.clone())
                .ok()
                .map(|zoned| zoned.timestamp())
        };
        match self {
            // With an offset it is an instant; without one it is local time.
            Self::Rfc3339 => text.parse().ok().or_else(|| local(text.parse().ok()?)),
            Self::UnixSeconds => Timestamp::from_second(text.parse().ok()?).ok(),
            Self::UnixMilliseconds => Timestamp::from_millisecond(text.parse().ok()?).ok(),
            Self::Pattern(pattern) => {
                let parsed = strtime::parse(pattern, text).ok()?;
                if parsed.offset().is_some() {
                    return parsed.to_timestamp().ok();
                }
                let civil = parsed.to_datetime().or_else(|_| {
                    parsed
                        .to_date()
                        .map(|date| date.to_datetime(jiff::civil::Time::midnight()))
                });
                local(civil.ok()?)
            }
        }
    }
}

impl<'de> Deserialize<'de> for DateFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let sample = jiff::civil::date(2026, 11, 21)
            .at(13, 45, 7, 0)
            .to_zoned(TimeZone::UTC);
        match text.as_str() {
            "rfc3339" => Ok(Self::Rfc3339),
            "unix-seconds" => Ok(Self::UnixSeconds),
            "unix-milliseconds" => Ok(Self::UnixMilliseconds),
            _ if text.contains('%')
                && sample.is_ok_and(|sample| {
                    strtime::format(&text, &sample).is_ok_and(|written| {
                        strtime::parse(&text, &written).is_ok_and(|read| read.to_date().is_ok())
                    })
                }) =>
            {
                Ok(Self::Pattern(text))
            }
            _ => Err(D::Error::custom(format!(
                "{text:?} is not a form of dates: expected \"rfc3339\", \"unix-seconds\", \"unix-milliseconds\" or a \
                 pattern such as \"%d/%m/%Y %H:%M\" that names a day"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();
        let read =
            |format: DateFormat, text: &str| format.read(text, &zone).map(|at| at.to_string());
        let pattern = |text: &str| DateFormat::Pattern(text.to_owned());
        for (format, text, expected) in [
            (
                pattern("%d/%m/%Y %H:%M"),
                "29/2/2016 01:16",
                Some("2016-02-29T04:16:00Z"),
            ),
            (pattern("%d/%m/%Y %H:%M"), "31/2/2016 01:16", None),
            (
                pattern("%Y-%m-%d"),
                "2016-02-29",
                Some("2016-02-29T03:00:00Z"),
            ),
            (
                pattern("%Y-%m-%d %H:%M %z"),
                "2016-02-29 01:16 +0100",
                Some("2016-02-29T00:16:00Z"),
            ),
            // The hour from 23 to 24 o'clock came twice that night: the earlier one is taken.
            (
                pattern("%d/%m/%Y %H:%M"),
                "20/2/2016 23:30",
                Some("2016-02-21T01:30:00Z"),
            ),
            // The hour from 0 to 1 o'clock was left out that night.
            (
                pattern("%d/%m/%Y %H:%M"),
                "18/10/2015 00:30",
                Some("2015-10-18T03:30:00Z"),
            ),
            (
                DateFormat::Rfc3339,
                "2016-02-29T01:16:00+01:00",
                Some("2016-02-29T00:16:00Z"),
            ),
            (
                DateFormat::Rfc3339,
                "2016-02-29T01:16:00",
                Some("2016-02-29T04:16:00Z"),
            ),
            (
                DateFormat::UnixSeconds,
                "1456704960",
                Some("2016-02-29T00:16:00Z"),
            ),
            (
                DateFormat::UnixMilliseconds,
                "1456704960000",
                Some("2016-02-29T00:16:00Z"),
            ),
            (DateFormat::UnixSeconds, "99999999999999999999", None),
            (DateFormat::Rfc3339, "yesterday", None),
        ] {
            assert_eq!(
                read(format.clone(), text).as_deref(),
                expected,
                "{format} {text}"
            );
        }
    }
}
