//! Why a calendar was refused or an instant could not be computed.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use crate::spec::TimeRange;

/// Why a calendar was refused, or why it has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// The zone is not in the time zone database.
    #[error("unknown time zone `{name}`: expected an IANA name such as `Europe/Madrid` or `UTC`")]
    UnknownTimeZone {
        /// The name as it was given.
        name: String,
    },
    /// A range opens and closes at the same time.
    #[error("the range {range} on {place} is empty: it opens and closes at the same time")]
    EmptyRange {
        /// Where the range stands.
        place: Place,
        /// The range as it was given.
        range: TimeRange,
    },
    /// A range of an exception or a break closes before it opens.
    #[error(
        "the range {range} on {place} closes before it opens: write a span across midnight as two ranges, \
         one to 24:00 and one from 00:00 of the next date"
    )]
    ReversedRange {
        /// Where the range stands.
        place: Place,
        /// The range as it was given.
        range: TimeRange,
    },
    /// Two ranges share time, which is most likely a slip of the pen.
    #[error("the ranges {first} and {second} on {place} overlap: join them into one")]
    OverlappingRanges {
        /// The day on which they meet.
        place: Place,
        /// The range that opens first.
        first: TimeRange,
        /// The other one.
        second: TimeRange,
    },
    /// A day has more ranges than any real desk.
    #[error("{place} has {count} ranges; at most {limit} are allowed")]
    TooManyRanges {
        /// The day.
        place: Place,
        /// How many it has.
        count: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A yearly holiday names a day no year has.
    #[error("there is no day {day} in month {month}, so it cannot be a yearly holiday")]
    NoSuchDayOfYear {
        /// The month as it was given.
        month: i8,
        /// The day as it was given.
        day: i8,
    },
    /// Nothing in the calendar is ever open.
    #[error(
        "the calendar is never open: give it weekly hours or an open exception that no holiday or break covers"
    )]
    NeverOpen,
    /// A union of no calendars.
    #[error("a union needs at least one calendar")]
    EmptyUnion,
    /// Open time cannot be negative; there is `subtract` for going back.
    #[error("a duration of open time must not be negative")]
    NegativeDuration,
    /// The calendar has too little open time left after an instant.
    #[error("the calendar does not open for long enough after {after}: its last open date is past")]
    NotOpenAfter {
        /// The instant from which open time was counted.
        after: Timestamp,
    },
    /// The calendar has too little open time before an instant.
    #[error(
        "the calendar was not open for long enough before {before}: its first open date is later"
    )]
    NotOpenBefore {
        /// The instant from which open time was counted back.
        before: Timestamp,
    },
    /// The answer lies outside the years −9999 to 9999.
    #[error("the answer lies outside the years -9999 to 9999")]
    OutOfRange,
}

/// The day of a specification that an error speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An ordinary weekday.
    Weekly(Weekday),
    /// The exception of a date.
    Exception(Date),
    /// The breaks of a date.
    Break(Date),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekly(day) => write!(f, "{day:?}"),
            Self::Exception(date) => write!(f, "the exception of {date}"),
            Self::Break(date) => write!(f, "the breaks of {date}"),
        }
    }
}
