//! Business calendars: what the coming weeks of one look like.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
pub use mainstay_calendar::ClosedReason;
use mainstay_calendar::{Calendar, SpanState};
use mainstay_domain::name::CalendarName;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::role::Permission;

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

/// How many days are shown: four weeks.
const DAYS: i64 = 28;

/// A calendar of the policy in force.
#[derive(Debug, Clone)]
pub struct ShownCalendar {
    /// The version of the policy that defines it.
    pub policy: PolicyVersion,
    /// Its IANA time zone.
    pub time_zone: String,
    /// Whether it is open now.
    pub is_open: bool,
    /// The instant at which it opens or closes next; absent for one that never does.
    pub changes_at: Option<Timestamp>,
    /// The coming weeks.
    pub weeks: Weeks,
}

/// Four weeks of a calendar from a Monday on, and the holidays of the year from then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weeks {
    /// The days, in order.
    pub days: Vec<Day>,
    /// The holidays, in order.
    pub holidays: Vec<Holiday>,
}

/// A day of a calendar, in its time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its date.
    pub date: Date,
    /// How long it is open, in seconds.
    pub open_seconds: i64,
    /// From when until when it is open.
    pub open: Vec<(Timestamp, Timestamp)>,
    /// What closes it beside its weekly hours: names of holidays, `holiday`, `exception` or `break`.
    pub closed_by: Vec<String>,
}

/// A holiday of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// Its date.
    pub date: Date,
    /// Its name, where it has one.
    pub name: Option<String>,
}

impl App {
    /// A calendar of the policy in force, with the four weeks from the Monday on or before a date; before today's where
    /// none is given.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `policy.read`, [`AppError::NotFound`] when the policy in force has
    /// no such calendar.
    pub fn calendar(
        &self,
        caller: &Caller,
        name: &str,
        from: Option<Date>,
    ) -> Result<ShownCalendar> {
        caller.require(Permission::ReadPolicy)?;
        let in_force = self.policy();
        let calendars = &in_force.current().calendars;
        let calendar = calendars.get(&CalendarName::from(name)).ok_or_else(|| {
            let known: Vec<&str> = calendars.keys().map(CalendarName::as_str).collect();
            AppError::NotFound(format!(
                "There is no calendar {name}: the policy in force has {}.",
                known.join(", ")
            ))
        })?;
        let now = self.now();
        let today = calendar.time_zone().to_datetime(now).date();
        let is_open = calendar.is_open(now);
        Ok(ShownCalendar {
            policy: in_force.version(),
            time_zone: zone_name(calendar),
            is_open,
            changes_at: match is_open {
                true => calendar.next_close(now),
                false => calendar.next_open(now),
            },
            weeks: weeks(calendar, from.unwrap_or(today)),
        })
    }
}

fn zone_name(calendar: &Calendar) -> String {
    let zone = calendar.time_zone();
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// The four weeks of a calendar from the Monday on or before a date.
#[must_use]
pub fn weeks(calendar: &Calendar, from: Date) -> Weeks {
    let monday = from.saturating_sub(i64::from(from.weekday().to_monday_zero_offset()).days());
    let days = (0..DAYS).map(|offset| day(calendar, monday.saturating_add(offset.days())));
    Weeks {
        days: days.collect(),
        holidays: holidays(calendar, monday),
    }
}

fn day(calendar: &Calendar, date: Date) -> Day {
    let (start, end) = (midnight(calendar, date), midnight(calendar, next(date)));
    let open: Vec<(Timestamp, Timestamp)> = calendar
        .open_intervals(start, end)
        .map(|interval| (interval.start, interval.end))
        .collect();
    let length: SignedDuration = open
        .iter()
        .map(|(from, until)| until.duration_since(*from))
        .sum();
    let mut closed_by: Vec<String> = Vec::new();
    for span in calendar.spans(start, end) {
        let reason = match span.state {
            SpanState::Open | SpanState::Closed(ClosedReason::OutsideHours) => continue,
            SpanState::Closed(ClosedReason::Exception { .. }) => "exception".to_owned(),
            SpanState::Closed(ClosedReason::Break { .. }) => "break".to_owned(),
            SpanState::Closed(ClosedReason::Holiday { name, .. }) => {
                name.unwrap_or_else(|| "holiday".to_owned())
            }
        };
        if !closed_by.contains(&reason) {
            closed_by.push(reason);
        }
    }
    Day {
        date,
        open_seconds: length.as_secs(),
        open,
        closed_by,
    }
}

fn next(date: Date) -> Date {
    date.saturating_add(1.day())
}

/// The first instant of a day in the calendar's zone.
fn midnight(calendar: &Calendar, date: Date) -> Timestamp {
    calendar
        .time_zone()
        .to_ambiguous_timestamp(date.at(0, 0, 0, 0))
        .compatible()
        .unwrap_or(Timestamp::MAX)
}

/// The holidays of a year, each once, with its name where one of its definitions has one.
fn holidays(calendar: &Calendar, from: Date) -> Vec<Holiday> {
    let until = from.saturating_add(1.year());
    let mut found: BTreeMap<Date, Option<String>> = BTreeMap::new();
    for spec in calendar.specs() {
        let yearly = spec.yearly_holidays.iter().flat_map(|holiday| {
            let dates = [from.year(), until.year()];
            let dates = dates.map(|year| Date::new(year, holiday.month, holiday.day));
            dates
                .into_iter()
                .flatten()
                .map(|date| (date, &holiday.name))
        });
        let single = spec.holidays.iter().map(|day| (day.date, &day.name));
        for (date, name) in yearly.chain(single) {
            let known = found.entry(date).or_default();
            *known = name.clone().or(known.take());
        }
    }
    found
        .into_iter()
        .filter(|(date, _)| (from..until).contains(date))
        .map(|(date, name)| Holiday { date, name })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use mainstay_calendar::{CalendarSpec, TimeRange, Weekly, YearlyHoliday};

    use super::*;

    fn open_all_day() -> CalendarSpec {
        let all_day = TimeRange::new("00:00".parse().unwrap(), "24:00".parse().unwrap());
        CalendarSpec::new("Europe/Madrid", Weekly::every_day(all_day))
    }

    #[test]
    fn a_day_on_which_the_clocks_change_has_its_own_length() {
        let calendar = Calendar::new(open_all_day()).unwrap();
        let weeks = weeks(&calendar, date(2026, 3, 25));
        assert_eq!(weeks.days.len(), 28);
        assert_eq!(weeks.days[0].date, date(2026, 3, 23));
        let hours = |day: &Day| day.open_seconds / 3600;
        assert_eq!(weeks.days.iter().map(hours).sum::<i64>(), 28 * 24 - 1);
        assert_eq!(hours(&weeks.days[6]), 23);
    }

    #[test]
    fn a_holiday_closes_its_day_and_is_listed_once() {
        let mut spec = open_all_day();
        spec.yearly_holidays = vec![YearlyHoliday {
            month: 4,
            day: 6,
            name: Some("Easter Monday".into()),
        }];
        spec.holidays = vec![mainstay_calendar::Holiday {
            date: date(2026, 4, 6),
            name: None,
        }];
        let weeks = weeks(&Calendar::new(spec).unwrap(), date(2026, 4, 6));
        assert_eq!(weeks.days[0].open, []);
        assert_eq!(weeks.days[0].closed_by.len(), 1);
        let holiday = Holiday {
            date: date(2026, 4, 6),
            name: Some("Easter Monday".into()),
        };
        assert_eq!(weeks.holidays, [holiday]);
    }
}
