//! Why a calendar is closed.

use std::collections::VecDeque;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::calendar::Calendar;
use crate::hours::{Days, Hours};
use crate::interval::Interval;
use crate::microsecond::{DAY, date_of, of_instant};
use crate::table::era_of;

/// Why a calendar is closed at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClosedReason {
    /// The weekly hours do not cover it.
    OutsideHours,
    /// The date has hours of its own, which do not cover it.
    Exception {
        /// The local date of the exception.
        date: Date,
    },
    /// It would be open, were it not for a break.
    Break {
        /// The local date of the break.
        date: Date,
    },
    /// The date is closed all day.
    Holiday {
        /// The local date of the holiday.
        date: Date,
        /// What people call it.
        name: Option<String>,
    },
}

impl fmt::Display for ClosedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideHours => f.write_str("outside hours"),
            Self::Exception { date } => write!(f, "outside the hours of {date}, an exception"),
            Self::Break { date } => write!(f, "break on {date}"),
            Self::Holiday { date, name: None } => write!(f, "holiday on {date}"),
            Self::Holiday {
                date,
                name: Some(name),
            } => write!(f, "holiday on {date}, {name}"),
        }
    }
}

/// Whether a calendar is open during a span, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanState {
    /// It is open.
    Open,
    /// It is closed.
    Closed(ClosedReason),
}

/// A stretch of time during which a calendar's state does not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// From when until when.
    pub interval: Interval,
    /// What the calendar does meanwhile.
    pub state: SpanState,
}

impl Calendar {
    /// Why it is closed at an instant; `None` when it is open.
    ///
    /// A union is closed when all its calendars are; the reason is then the most particular of theirs: a holiday
    /// before a break, a break before an exception, and the hours last.
    #[must_use]
    pub fn closed_reason(&self, at: Timestamp) -> Option<ClosedReason> {
        match self.state_at(of_instant(at)) {
            SpanState::Open => None,
            SpanState::Closed(reason) => Some(reason),
        }
    }

    /// Every span of a range, open and closed, ascending and without gaps: together they make up the whole range.
    pub fn spans(&self, start: Timestamp, end: Timestamp) -> impl Iterator<Item = Span> + '_ {
        Spans {
            calendar: self,
            from: of_instant(start),
            until: of_instant(end),
            edges: VecDeque::new(),
        }
    }

    fn state_at(&self, at: i64) -> SpanState {
        if self.is_always() || self.era(era_of(at)).is_open(at) {
            return SpanState::Open;
        }
        let reason = self
            .hours()
            .map(|hours| hours.closed_reason(at))
            .max_by_key(particularity)
            .unwrap_or(ClosedReason::OutsideHours);
        SpanState::Closed(reason)
    }
}

fn particularity(reason: &ClosedReason) -> u8 {
    match reason {
        ClosedReason::OutsideHours => 0,
        ClosedReason::Exception { .. } => 1,
        ClosedReason::Break { .. } => 2,
        ClosedReason::Holiday { .. } => 3,
    }
}

impl Hours {
    /// Why it is closed at an instant at which it is closed.
    fn closed_reason(&self, at: i64) -> ClosedReason {
        let days = Days::around(self, at, at + 1);
        let day = days.offsets.day(at);
        let date = date_of(day);
        let covers = |&(from, to): &(i64, i64)| from <= at && at < to;
        if days.is_holiday(day) {
            let name = self.holiday_name(date);
            ClosedReason::Holiday { date, name }
        } else if days.open().iter().any(covers) && days.breaks().iter().any(covers) {
            ClosedReason::Break { date }
        } else if days.is_exception(day) {
            ClosedReason::Exception { date }
        } else {
            ClosedReason::OutsideHours
        }
    }

    /// What the holiday of a date is called; a name given to the date wins over one given to the day of the year.
    fn holiday_name(&self, date: Date) -> Option<String> {
        let once = self
            .spec
            .holidays
            .iter()
            .filter(|holiday| holiday.date == date)
            .find_map(|holiday| holiday.name.clone());
        once.or_else(|| {
            self.spec
                .yearly_holidays
                .iter()
                .filter(|holiday| (holiday.month, holiday.day) == (date.month(), date.day()))
                .find_map(|holiday| holiday.name.clone())
        })
    }

    /// Every instant within `[from, to)` at which the state or its reason may change.
    fn edges(&self, from: i64, to: i64) -> Vec<i64> {
        let days = Days::around(self, from, to);
        let mut edges: Vec<i64> = days
            .all()
            .map(|day| days.extent(day))
            .chain(days.open())
            .chain(days.breaks())
            .flat_map(|(begin, end)| [begin, end])
            .collect();
        edges.retain(|edge| from < *edge && *edge < to);
        edges
    }
}

/// How far ahead edges are gathered at a time.
const STRIDE: i64 = 28 * DAY;

struct Spans<'a> {
    calendar: &'a Calendar,
    /// Where the next span begins.
    from: i64,
    until: i64,
    /// Instants after `from` at which a span may end, ascending.
    edges: VecDeque<i64>,
}

impl Spans<'_> {
    fn next_edge(&mut self, after: i64) -> i64 {
        if let Some(edge) = self.edges.pop_front() {
            return edge;
        }
        let to = if self.calendar.is_always() {
            self.until
        } else {
            after.saturating_add(STRIDE).min(self.until)
        };
        let mut edges: Vec<i64> = self
            .calendar
            .hours()
            .flat_map(|hours| hours.edges(after, to))
            .collect();
        edges.push(to);
        edges.sort_unstable();
        edges.dedup();
        self.edges = edges.into();
        self.edges.pop_front().unwrap_or(to)
    }
}

impl Iterator for Spans<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        if self.from >= self.until {
            return None;
        }
        let start = self.from;
        let state = self.calendar.state_at(start);
        let mut end = self.next_edge(start);
        while end < self.until && self.calendar.state_at(end) == state {
            end = self.next_edge(end);
        }
        self.from = end;
        let interval = Interval::of((start, end));
        Some(Span { interval, state })
    }
}
