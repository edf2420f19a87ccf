//! The same questions answered slowly, by walking over the days with jiff.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use mainstay_calendar::{Calendar, CalendarSpec, Interval, TimeOfDay, TimeRange};

/// The open time between two instants, joined where it touches.
pub fn open_intervals(calendar: &Calendar, start: Timestamp, end: Timestamp) -> Vec<Interval> {
    let day = Day::all_around(calendar, start, end);
    let mut edges: Vec<Timestamp> = day
        .iter()
        .flat_map(|day| day.open.iter().chain(&day.closed))
        .flat_map(|interval| [interval.start, interval.end])
        .chain([start, end])
        .filter(|edge| (start..=end).contains(edge))
        .collect();
    edges.sort();
    edges.dedup();
    let mut open: Vec<Interval> = Vec::new();
    for edge in edges.windows(2) {
        let piece = Interval {
            start: edge[0],
            end: edge[1],
        };
        if !covers(&day, piece.start) {
            continue;
        }
        match open.last_mut() {
            Some(last) if last.end == piece.start => last.end = piece.end,
            _ => open.push(piece),
        }
    }
    open
}

pub fn is_open(calendar: &Calendar, at: Timestamp) -> bool {
    covers(&Day::all_around(calendar, at, at), at)
}

/// Whether any open time lies on a date.
pub fn is_open_date(calendar: &Calendar, date: Date) -> bool {
    let zone = calendar.time_zone();
    let start = instant(zone, date.at(0, 0, 0, 0));
    let end = instant(zone, date.tomorrow().unwrap().at(0, 0, 0, 0));
    !open_intervals(calendar, start, end).is_empty()
}

struct Day {
    open: Vec<Interval>,
    closed: Vec<Interval>,
}

impl Day {
    fn all_around(calendar: &Calendar, start: Timestamp, end: Timestamp) -> Vec<Self> {
        let spec = calendar.specs().next().unwrap();
        // The machine's own zone database may be older than the one that calendars use.
        let zone = calendar.time_zone();
        let mut date = zone.to_datetime(start).date();
        for _ in 0..3 {
            date = date.yesterday().unwrap();
        }
        let mut days = Vec::new();
        while instant(zone, date.at(0, 0, 0, 0)) <= end + jiff::SignedDuration::from_hours(48) {
            days.push(Self::of(spec, zone, date));
            date = date.tomorrow().unwrap();
        }
        days
    }

    fn of(spec: &CalendarSpec, zone: &TimeZone, date: Date) -> Self {
        let all_day = placed(zone, date, &TimeRange::ALL_DAY);
        let mut day = Self {
            open: Vec::new(),
            closed: Vec::new(),
        };
        let Some(all_day) = all_day else { return day };
        let is_holiday = spec.holidays.iter().any(|holiday| holiday.date == date)
            || spec
                .yearly_holidays
                .iter()
                .any(|holiday| (holiday.month, holiday.day) == (date.month(), date.day()));
        if is_holiday {
            day.closed.push(all_day);
            return day;
        }
        day.open = ranges(spec, date)
            .iter()
            .filter_map(|range| placed(zone, date, range))
            .collect();
        day.closed = spec
            .breaks
            .get(&date)
            .into_iter()
            .flatten()
            .filter_map(|range| placed(zone, date, range))
            .collect();
        day
    }
}

fn ranges(spec: &CalendarSpec, date: Date) -> Vec<TimeRange> {
    if let Some(ranges) = spec.exceptions.get(&date) {
        return ranges.clone();
    }
    let own = spec.weekly.on(date.weekday()).iter().map(|range| {
        if range.close < range.open {
            TimeRange::new(range.open, TimeOfDay::END)
        } else {
            *range
        }
    });
    let left_over = spec
        .weekly
        .on(date.weekday().previous())
        .iter()
        .filter(|range| range.close < range.open && range.close != TimeOfDay::START)
        .map(|range| TimeRange::new(TimeOfDay::START, range.close));
    own.chain(left_over).collect()
}

fn placed(zone: &TimeZone, date: Date, range: &TimeRange) -> Option<Interval> {
    let at = |time: TimeOfDay| {
        let seconds = time.seconds_of_day();
        let local = if time == TimeOfDay::END {
            date.tomorrow().unwrap().at(0, 0, 0, 0)
        } else {
            let number = |value: u32| i8::try_from(value).unwrap();
            date.at(
                number(seconds / 3600),
                number(seconds / 60 % 60),
                number(seconds % 60),
                0,
            )
        };
        instant(zone, local)
    };
    let interval = Interval {
        start: at(range.open),
        end: at(range.close),
    };
    (interval.start < interval.end).then_some(interval)
}

fn covers(days: &[Day], at: Timestamp) -> bool {
    let within = |interval: &Interval| interval.start <= at && at < interval.end;
    days.iter().any(|day| day.open.iter().any(within))
        && !days.iter().any(|day| day.closed.iter().any(within))
}

fn instant(zone: &TimeZone, local: DateTime) -> Timestamp {
    zone.to_ambiguous_timestamp(local).compatible().unwrap()
}
