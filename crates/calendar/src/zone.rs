//! Local time to instants, for many local times that lie close together.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::error::CalendarError;
use crate::microsecond::{DAY, SECOND, earliest, latest, of_instant, to_instant};

/// Looks a zone up in the database that is compiled into the program, so that the same program gives the same answer
/// everywhere and nothing is read from the machine it runs on.
///
/// # Errors
/// [`CalendarError::UnknownTimeZone`] when there is no such zone.
pub fn find(name: &str) -> Result<TimeZone, CalendarError> {
    let unknown = || CalendarError::UnknownTimeZone { name: name.into() };
    let zone = TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| unknown())?;
    if zone.is_unknown() {
        return Err(unknown());
    }
    Ok(zone)
}

/// The offsets a zone has over a stretch of time.
///
/// Asking jiff for each window edge costs several times as much as asking it once for the few transitions of a year.
pub(crate) struct Offsets {
    /// Since when (microseconds), and the offset from then on (microseconds east of UTC). Never empty, ascending.
    since: Vec<(i64, i64)>,
}

impl Offsets {
    /// The offsets needed to read local times whose instants lie between `from` and `to` or within two days of them.
    pub(crate) fn between(zone: &TimeZone, from: i64, to: i64) -> Self {
        let from = from.saturating_sub(3 * DAY).max(earliest());
        let to = to.saturating_add(3 * DAY).min(latest());
        let start = to_instant(from);
        let mut since = vec![(i64::MIN, zone.to_offset(start).seconds())];
        since.extend(
            zone.following(start)
                .map(|transition| {
                    (
                        of_instant(transition.timestamp()),
                        transition.offset().seconds(),
                    )
                })
                .take_while(|&(at, _)| at <= to),
        );
        Self {
            since: since
                .into_iter()
                .map(|(at, seconds)| (at, i64::from(seconds) * SECOND))
                .collect(),
        }
    }

    /// The instant of a local time (microseconds since local 1970-01-01T00:00).
    ///
    /// A local time that a transition skips moves forward by the length of the gap; one that occurs twice means its
    /// first occurrence.
    pub(crate) fn instant(&self, local: i64) -> i64 {
        let mut before = self.since[0].1;
        for (index, &(since, offset)) in self.since.iter().enumerate() {
            let at = local - offset;
            let until = self
                .since
                .get(index + 1)
                .map_or(i64::MAX, |&(until, _)| until);
            if at < until {
                return if at >= since { at } else { local - before };
            }
            before = offset;
        }
        local - before
    }

    /// The local time of an instant, both in microseconds.
    pub(crate) fn local(&self, at: i64) -> i64 {
        let index = self.since.partition_point(|&(since, _)| since <= at).max(1);
        at + self.since[index - 1].1
    }

    /// The day (days since 1970-01-01) to which an instant belongs: the one between whose midnights it lies.
    ///
    /// Not always the date on the clock: where clocks go back over midnight, the minutes before it come twice and the
    /// second time belongs to the new day, so that a day is one unbroken stretch.
    pub(crate) fn day(&self, at: i64) -> i64 {
        let mut day = self.local(at).div_euclid(DAY);
        while at < self.instant(day * DAY) {
            day -= 1;
        }
        while at >= self.instant((day + 1) * DAY) {
            day += 1;
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;

    use super::*;

    /// Our reading of local times must be jiff's "compatible" reading, at every quarter of an hour around transitions.
    #[test]
    fn local_times_are_read_as_jiff_reads_them() {
        for (zone, from) in [
            ("Europe/Madrid", "2024-03-29T00:00:00"),
            ("Europe/Madrid", "2024-10-25T00:00:00"),
            ("America/Nuuk", "2024-03-29T00:00:00"),
            ("America/St_Johns", "2010-11-05T00:00:00"),
            ("America/Havana", "2023-11-03T00:00:00"),
            ("Asia/Beirut", "2015-10-23T00:00:00"),
            ("Africa/Cairo", "2010-08-09T00:00:00"),
            ("Pacific/Apia", "2011-12-28T00:00:00"),
            ("Australia/Lord_Howe", "2024-04-05T00:00:00"),
            ("Asia/Kolkata", "2024-04-05T00:00:00"),
        ] {
            let zone = find(zone).unwrap();
            let from: DateTime = from.parse().unwrap();
            let first = of_instant(from.to_zoned(TimeZone::UTC).unwrap().timestamp());
            let offsets = Offsets::between(&zone, first, first + 5 * DAY);
            for quarter in 0..5 * 96 {
                let local = first + quarter * 900 * SECOND;
                let civil = TimeZone::UTC.to_datetime(to_instant(local));
                let expected = zone.to_ambiguous_timestamp(civil).compatible().unwrap();
                assert_eq!(
                    to_instant(offsets.instant(local)),
                    expected,
                    "{civil} in {}",
                    zone.iana_name().unwrap()
                );
            }
        }
    }
}
