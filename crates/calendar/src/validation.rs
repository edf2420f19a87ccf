//! Which specifications make no sense.

use jiff::civil::{Date, Weekday};

use crate::error::{CalendarError, Place};
use crate::spec::{ALL_WEEKDAYS, CalendarSpec, TimeOfDay, TimeRange, YearlyHoliday};

/// More ranges a day than this are refused, which bounds the memory of a calendar.
const MOST_RANGES_A_DAY: usize = 96;

/// Checks everything that can be seen without a time zone.
pub(crate) fn check(spec: &CalendarSpec) -> Result<(), CalendarError> {
    for (index, &weekday) in ALL_WEEKDAYS.iter().enumerate() {
        check_weekday(spec, weekday, ALL_WEEKDAYS[(index + 6) % 7])?;
    }
    for (&date, ranges) in &spec.exceptions {
        let place = Place::Exception(date);
        check_within_the_day(place, ranges)?;
        check_apart(place, ranges.clone())?;
    }
    for (&date, ranges) in &spec.breaks {
        // Breaks may overlap: what is closed twice is simply closed.
        check_within_the_day(Place::Break(date), ranges)?;
    }
    spec.yearly_holidays
        .iter()
        .try_for_each(check_yearly_holiday)
}

/// The ranges of a weekday, cut at midnight: those that open on it and what the day before left over.
pub(crate) fn ranges_of_weekday(
    spec: &CalendarSpec,
    weekday: Weekday,
    day_before: Weekday,
) -> Vec<TimeRange> {
    let left_over = spec
        .weekly
        .on(day_before)
        .iter()
        .filter(|range| range.close < range.open && range.close > TimeOfDay::START)
        .map(|range| TimeRange::new(TimeOfDay::START, range.close));
    let own = spec.weekly.on(weekday).iter().map(|range| {
        if range.close < range.open {
            TimeRange::new(range.open, TimeOfDay::END)
        } else {
            *range
        }
    });
    let mut ranges: Vec<_> = left_over.chain(own).collect();
    ranges.sort();
    ranges
}

fn check_weekday(
    spec: &CalendarSpec,
    weekday: Weekday,
    day_before: Weekday,
) -> Result<(), CalendarError> {
    let place = Place::Weekly(weekday);
    let ranges = spec.weekly.on(weekday);
    check_count(place, ranges)?;
    for &range in ranges {
        // 24:00–06:00 would be an empty range today and hours tomorrow: whoever writes it means tomorrow.
        if range.open == range.close || range.open == TimeOfDay::END {
            return Err(CalendarError::EmptyRange { place, range });
        }
    }
    check_apart(place, ranges_of_weekday(spec, weekday, day_before))
}

fn check_within_the_day(place: Place, ranges: &[TimeRange]) -> Result<(), CalendarError> {
    check_count(place, ranges)?;
    for &range in ranges {
        if range.open == range.close {
            return Err(CalendarError::EmptyRange { place, range });
        }
        if range.close < range.open {
            return Err(CalendarError::ReversedRange { place, range });
        }
    }
    Ok(())
}

fn check_count(place: Place, ranges: &[TimeRange]) -> Result<(), CalendarError> {
    if ranges.len() > MOST_RANGES_A_DAY {
        return Err(CalendarError::TooManyRanges {
            place,
            count: ranges.len(),
            limit: MOST_RANGES_A_DAY,
        });
    }
    Ok(())
}

fn check_apart(place: Place, mut ranges: Vec<TimeRange>) -> Result<(), CalendarError> {
    ranges.sort();
    for pair in ranges.windows(2) {
        if pair[1].open < pair[0].close {
            return Err(CalendarError::OverlappingRanges {
                place,
                first: pair[0],
                second: pair[1],
            });
        }
    }
    Ok(())
}

fn check_yearly_holiday(holiday: &YearlyHoliday) -> Result<(), CalendarError> {
    // 2000 was a leap year, so 29 February passes.
    Date::new(2000, holiday.month, holiday.day)
        .map(|_| ())
        .map_err(|_| CalendarError::NoSuchDayOfYear {
            month: holiday.month,
            day: holiday.day,
        })
}
