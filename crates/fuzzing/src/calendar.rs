//! Business time: what was added has elapsed, for every calendar that can be written down.

use arbitrary::{Arbitrary, Unstructured};
use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use mainstay_calendar::{
    Calendar, CalendarSpec, Holiday, SpanState, TimeOfDay, TimeRange, Weekly, YearlyHoliday,
    holidays_from_icalendar,
};

/// Zones with every habit, and a few names that are none.
const ZONES: [&str; 16] = [
    "UTC",
    "Europe/Madrid",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Kathmandu",
    "Asia/Amman",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Pacific/Chatham",
    "Nowhere/At_All",
    "",
];

/// In microseconds.
const TWO_CENTURIES: i64 = 200 * 365 * 86_400_000_000;

/// How far a walk over spans goes.
const NEARBY: SignedDuration = SignedDuration::from_hours(24 * 40);

#[derive(Debug, Arbitrary)]
struct Written {
    zone: u8,
    /// Ranges in minutes of the day, by weekday.
    weekly: [Vec<(u16, u16)>; 7],
    /// Days since 1970.
    holidays: Vec<u16>,
    yearly: Vec<(i8, i8)>,
    exceptions: Vec<(u16, Vec<(u16, u16)>)>,
    breaks: Vec<(u16, Vec<(u16, u16)>)>,
}

#[derive(Debug, Arbitrary)]
struct Question {
    calendar: Written,
    joined_with: Option<Written>,
    /// Microseconds since 1970.
    start: i64,
    /// Seconds of open time.
    open: i64,
    more: u32,
}

/// Any bytes taken for a calendar, an instant and an amount of open time.
///
/// # Panics
/// When adding, subtracting and counting contradict each other, or a walk over the spans them.
pub fn calendar(data: &[u8]) {
    let Ok(question) = Question::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let Ok(one) = Calendar::new(question.calendar.spec()) else {
        return;
    };
    let other = question
        .joined_with
        .and_then(|other| Calendar::new(other.spec()).ok());
    let calendar = match other {
        Some(other) => Calendar::union(&[one.clone(), other]).unwrap_or(one),
        None => one,
    };
    // Mostly within the two centuries from 1970 on: beyond three around today each question costs as much as it spans.
    let start = match question.more % 16 {
        0 => question.start,
        _ => question.start.rem_euclid(TWO_CENTURIES),
    };
    let Ok(start) = Timestamp::from_microsecond(start) else {
        return;
    };
    let in_four_years = start
        .checked_add(SignedDuration::from_hours(24 * 365 * 4))
        .map_or(0, |later| calendar.elapsed(start, later).as_secs());
    let open = SignedDuration::from_secs(question.open % (20 * in_four_years + 1));
    check_adding(&calendar, start, open);
    check_subtracting(&calendar, start, open);
    check_order(&calendar, start, open, question.more);
    check_spans(&calendar, start);
}

/// What was added has elapsed, and not a microsecond earlier.
pub(crate) fn check_adding(calendar: &Calendar, start: Timestamp, open: SignedDuration) {
    let Ok(end) = calendar.add(start, open) else {
        return;
    };
    assert!(
        open >= SignedDuration::ZERO,
        "negative time was added: {open}"
    );
    assert!(end >= start);
    assert_eq!(
        calendar.elapsed(start, end),
        open,
        "from {start} to {end} on {calendar:?}"
    );
    let tick = SignedDuration::from_micros(1);
    if open > SignedDuration::ZERO {
        assert_eq!(
            calendar.elapsed(start, end - tick),
            open - tick,
            "{end} is not the first"
        );
    }
}

fn check_subtracting(calendar: &Calendar, end: Timestamp, open: SignedDuration) {
    if let Ok(start) = calendar.subtract(end, open) {
        assert!(open >= SignedDuration::ZERO && start <= end);
        assert_eq!(
            calendar.elapsed(start, end),
            open,
            "from {start} to {end} on {calendar:?}"
        );
    }
}

/// Who starts later, or is given longer, is never due earlier; and adding in two steps is adding at once.
fn check_order(calendar: &Calendar, start: Timestamp, open: SignedDuration, more: u32) {
    let Ok(due) = calendar.add(start, open) else {
        return;
    };
    let more = SignedDuration::from_secs(i64::from(more));
    if let Ok(later) = start.checked_add(more)
        && let Ok(later_due) = calendar.add(later, open)
    {
        assert!(later_due >= due, "{later} is due before {start}");
    }
    let Some(longer) = open.checked_add(more) else {
        return;
    };
    if let Ok(longer_due) = calendar.add(start, longer) {
        assert!(longer_due >= due);
        if more > SignedDuration::ZERO {
            assert_eq!(
                calendar.add(due, more),
                Ok(longer_due),
                "adding in two steps"
            );
        }
    }
}

/// The spans from an instant on have neither gap nor overlap, and the open ones add up to what elapsed.
fn check_spans(calendar: &Calendar, start: Timestamp) {
    let Ok(end) = start.checked_add(NEARBY) else {
        return;
    };
    let mut reached = start;
    let mut open = SignedDuration::ZERO;
    for span in calendar.spans(start, end) {
        assert_eq!(span.interval.start, reached);
        assert!(span.interval.end > reached);
        let is_open = span.state == SpanState::Open;
        assert_eq!(
            calendar.is_open(reached),
            is_open,
            "at {reached} on {calendar:?}"
        );
        assert_eq!(calendar.next_open(reached) == Some(reached), is_open);
        if is_open {
            open += span.interval.duration();
        }
        reached = span.interval.end;
    }
    // Instants are counted in whole microseconds.
    assert!(end.duration_since(reached) < SignedDuration::from_micros(1));
    assert_eq!(calendar.elapsed(start, end), open);
    if let Some(close) = calendar.next_close(start) {
        assert!(close > start && !calendar.is_open(close));
    }
}

impl Written {
    fn spec(&self) -> CalendarSpec {
        let mut weekly = Weekly::default();
        let mut weekday = Weekday::Monday;
        for written in &self.weekly {
            *weekly.on_mut(weekday) = ranges(written);
            weekday = weekday.next();
        }
        let dated = |dates: &[(u16, Vec<(u16, u16)>)]| {
            let dates = dates.iter();
            dates
                .map(|(day, written)| (day_of(*day), ranges(written)))
                .collect()
        };
        CalendarSpec {
            time_zone: ZONES[usize::from(self.zone) % ZONES.len()].to_owned(),
            weekly,
            holidays: self
                .holidays
                .iter()
                .map(|day| Holiday {
                    date: day_of(*day),
                    name: None,
                })
                .collect(),
            yearly_holidays: self
                .yearly
                .iter()
                .map(|(month, day)| YearlyHoliday {
                    month: *month,
                    day: *day,
                    name: None,
                })
                .collect(),
            exceptions: dated(&self.exceptions),
            breaks: dated(&self.breaks),
        }
    }
}

fn day_of(number: u16) -> Date {
    date(1970, 1, 1).saturating_add(i64::from(number).days())
}

/// Ranges that may be empty, reversed or overlap: what makes no sense is refused. Most are ordered, so that most are not.
fn ranges(written: &[(u16, u16)]) -> Vec<TimeRange> {
    let time = |minute: u16| {
        let minute = u32::from(minute) % (24 * 60 + 1);
        TimeOfDay::new(minute / 60, minute % 60).unwrap_or(TimeOfDay::END)
    };
    written
        .iter()
        .map(|(open, close)| TimeRange::new(time(*open), time(*close)))
        .collect()
}

/// Any text taken for an iCalendar file of holidays.
///
/// # Panics
/// When it is neither read into distinct days in order, nor refused with a line of the file.
pub fn icalendar(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match holidays_from_icalendar(&text) {
        Ok(holidays) => {
            assert!(
                holidays.windows(2).all(|pair| pair[0] < pair[1]),
                "{holidays:?}"
            );
            // A rule gives a day or a few for each year until 2100.
            assert!(
                holidays.len() <= 400 * (text.len() + 100),
                "{} holidays",
                holidays.len()
            );
            let spec = CalendarSpec {
                holidays,
                ..CalendarSpec::new("Europe/Madrid", Weekly::every_day(TimeRange::ALL_DAY))
            };
            assert!(Calendar::new(spec).is_ok());
        }
        Err(error) => {
            let lines = text.split(['\n', '\r']).count();
            assert!(
                (1..=lines).contains(&error.line),
                "line {} of {lines}",
                error.line
            );
        }
    }
}
