//! One specification compiled: which windows are open within a stretch of time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::error::CalendarError;
use crate::microsecond::{DAY, SECOND, date_of, day_of, earliest, latest};
use crate::spec::{ALL_WEEKDAYS, CalendarSpec, TimeRange};
use crate::validation;
use crate::zone::{self, Offsets};

/// A half-open stretch of time in microseconds since the epoch.
pub(crate) type Stretch = (i64, i64);

/// A valid specification in a form that can be asked.
#[derive(Debug)]
pub(crate) struct Hours {
    pub(crate) spec: CalendarSpec,
    pub(crate) zone: TimeZone,
    /// By days since Monday; microseconds since local midnight; ascending and apart.
    weekly: [Vec<Stretch>; 7],
    /// By day number, as `weekly`.
    exceptions: BTreeMap<i64, Vec<Stretch>>,
    /// By day number; may overlap.
    breaks: BTreeMap<i64, Vec<Stretch>>,
    /// The day numbers of the holidays that happen once.
    holidays: BTreeSet<i64>,
    /// Between which instants anything can be open.
    pub(crate) reach: Stretch,
    /// From when on it stays open for good, if the week has no closed time and nothing else closes it every year.
    pub(crate) never_closes_from: Option<i64>,
}

impl Hours {
    pub(crate) fn compile(spec: CalendarSpec) -> Result<Self, CalendarError> {
        let zone = zone::find(&spec.time_zone)?;
        validation::check(&spec)?;
        let weekly = std::array::from_fn(|day| {
            let day_before = ALL_WEEKDAYS[(day + 6) % 7];
            in_microseconds(&validation::ranges_of_weekday(
                &spec,
                ALL_WEEKDAYS[day],
                day_before,
            ))
        });
        let mut hours = Self {
            zone,
            weekly,
            exceptions: by_day(&spec.exceptions),
            breaks: by_day(&spec.breaks),
            holidays: spec.holidays.iter().map(|h| day_of(h.date)).collect(),
            reach: (earliest(), latest()),
            never_closes_from: None,
            spec,
        };
        hours.never_closes_from = hours.last_possible_closing();
        if !hours.has_weekly_openings() {
            hours.reach = hours.reach_of_exceptions()?;
        }
        Ok(hours)
    }

    /// Whether the weekly hours open again and again.
    ///
    /// Dates listed one by one close only finitely many days, so the yearly holidays alone can stop the week for
    /// good, and only by naming every day of the year.
    fn has_weekly_openings(&self) -> bool {
        let closed: BTreeSet<_> = self
            .spec
            .yearly_holidays
            .iter()
            .map(|holiday| (holiday.month, holiday.day))
            .collect();
        self.weekly.iter().any(|windows| !windows.is_empty()) && closed.len() < 366
    }

    /// The end of the last date that may be closed, when the week is open throughout and no holiday comes back.
    fn last_possible_closing(&self) -> Option<i64> {
        let open_throughout = self.weekly.iter().all(|windows| {
            let mut reached = 0;
            for &(open, close) in windows {
                if open == reached {
                    reached = close;
                }
            }
            reached == DAY
        });
        let last_date = self
            .holidays
            .iter()
            .chain(self.exceptions.keys())
            .chain(self.breaks.keys())
            .max();
        let comes_back = !self.spec.yearly_holidays.is_empty();
        // No zone's offset and no gap moves the end of a date by more than two days.
        (open_throughout && !comes_back)
            .then(|| last_date.map_or(earliest(), |day| (day + 3) * DAY))
    }

    /// From the first to the last opening of a calendar that opens on exceptions only.
    fn reach_of_exceptions(&self) -> Result<Stretch, CalendarError> {
        let mut reach: Option<Stretch> = None;
        for &day in self.exceptions.keys() {
            // The zone's offset and a gap move a day by less than two days.
            let windows = self.windows((day - 2) * DAY, (day + 3) * DAY);
            let (Some(first), Some(last)) = (windows.first(), windows.last()) else {
                continue;
            };
            let (from, to) = reach.unwrap_or(*first);
            reach = Some((from.min(first.0), to.max(last.1)));
        }
        reach.ok_or(CalendarError::NeverOpen)
    }

    /// The open windows that meet `[from, to)`, whole, ascending and apart; windows that touch are not joined.
    pub(crate) fn windows(&self, from: i64, to: i64) -> Vec<Stretch> {
        let days = Days::around(self, from, to);
        let closed = days.closed();
        let open = days.open();
        let mut windows = if closed.is_empty() {
            open
        } else {
            without(&open, &closed)
        };
        windows.retain(|window| window.1 > from && window.0 < to);
        windows
    }
}

/// The days that can touch a stretch of time, with the zone's offsets around it.
pub(crate) struct Days<'a> {
    hours: &'a Hours,
    pub(crate) offsets: Offsets,
    first: i64,
    last: i64,
    holidays: BTreeSet<i64>,
}

impl<'a> Days<'a> {
    pub(crate) fn around(hours: &'a Hours, from: i64, to: i64) -> Self {
        let (first, last) = (from.div_euclid(DAY) - 2, to.div_euclid(DAY) + 2);
        let mut holidays: BTreeSet<_> = hours.holidays.range(first..=last).copied().collect();
        for year in date_of(first).year()..=date_of(last).year() {
            holidays.extend(
                hours
                    .spec
                    .yearly_holidays
                    .iter()
                    .filter_map(|holiday| Date::new(year, holiday.month, holiday.day).ok())
                    .map(day_of),
            );
        }
        Self {
            hours,
            offsets: Offsets::between(&hours.zone, from, to),
            first,
            last,
            holidays,
        }
    }

    /// From the midnight that begins a day to the one that ends it; empty for a date that a zone skipped.
    pub(crate) fn extent(&self, day: i64) -> Stretch {
        (
            self.offsets.instant(day * DAY),
            self.offsets.instant((day + 1) * DAY),
        )
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = i64> + use<> {
        self.first..=self.last
    }

    pub(crate) fn is_holiday(&self, day: i64) -> bool {
        self.holidays.contains(&day)
    }

    pub(crate) fn is_exception(&self, day: i64) -> bool {
        self.hours.exceptions.contains_key(&day)
    }

    /// The windows of all days that are no holidays, before breaks are cut out; ascending, overlaps joined.
    pub(crate) fn open(&self) -> Vec<Stretch> {
        let mut open = Vec::new();
        for day in self.all() {
            if self.is_holiday(day) {
                continue;
            }
            let windows = self.hours.exceptions.get(&day).unwrap_or_else(|| {
                // 1970-01-01 was a Thursday, three days after a Monday.
                &self.hours.weekly[(day + 3).rem_euclid(7) as usize]
            });
            self.place(day, windows, &mut open);
        }
        join_overlaps(open)
    }

    /// The holidays and breaks as stretches that are closed, ascending and apart.
    fn closed(&self) -> Vec<Stretch> {
        let mut closed: Vec<_> = self
            .holidays
            .iter()
            .map(|&day| self.extent(day))
            .filter(|(from, to)| from < to)
            .collect();
        closed.extend(self.breaks());
        join_overlaps(closed)
    }

    /// The breaks of all days.
    pub(crate) fn breaks(&self) -> Vec<Stretch> {
        let mut breaks = Vec::new();
        for (&day, ranges) in self.hours.breaks.range(self.first..=self.last) {
            self.place(day, ranges, &mut breaks);
        }
        breaks
    }

    /// Turns windows of local time into instants. A date that the zone skipped has none, and a window whose edges a
    /// gap turned around is empty.
    fn place(&self, day: i64, windows: &[Stretch], into: &mut Vec<Stretch>) {
        if windows.is_empty() {
            return;
        }
        let (begin, end) = self.extent(day);
        if begin >= end {
            return;
        }
        for &(open, close) in windows {
            let from = self.offsets.instant(day * DAY + open);
            let to = self.offsets.instant(day * DAY + close);
            if from < to {
                into.push((from, to));
            }
        }
    }
}

/// Sorts stretches and joins those that overlap; those that only touch stay apart.
pub(crate) fn join_overlaps(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        match joined.last_mut() {
            Some(last) if stretch.0 < last.1 => last.1 = last.1.max(stretch.1),
            _ => joined.push(stretch),
        }
    }
    joined
}

/// What is left of `open` when `closed` is cut out; both ascending and apart.
fn without(open: &[Stretch], closed: &[Stretch]) -> Vec<Stretch> {
    let mut left = Vec::with_capacity(open.len());
    let mut next_cut = 0;
    for &(mut from, to) in open {
        while next_cut < closed.len() && closed[next_cut].1 <= from {
            next_cut += 1;
        }
        for &(cut_from, cut_to) in &closed[next_cut..] {
            if cut_from >= to {
                break;
            }
            if from < cut_from {
                left.push((from, cut_from));
            }
            from = cut_to;
        }
        if from < to {
            left.push((from, to));
        }
    }
    left
}

fn by_day(dates: &BTreeMap<Date, Vec<TimeRange>>) -> BTreeMap<i64, Vec<Stretch>> {
    dates
        .iter()
        .map(|(&date, ranges)| (day_of(date), in_microseconds(ranges)))
        .collect()
}

fn in_microseconds(ranges: &[TimeRange]) -> Vec<Stretch> {
    let mut windows: Vec<_> = ranges
        .iter()
        .map(|range| {
            (
                i64::from(range.open.seconds_of_day()) * SECOND,
                i64::from(range.close.seconds_of_day()) * SECOND,
            )
        })
        .collect();
    windows.sort_unstable();
    windows
}
