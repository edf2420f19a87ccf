//! The plain data a calendar is made from.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};

/// What somebody wrote down about their opening hours. Any value can be built;
/// [`Calendar::new`](crate::Calendar::new) says whether it makes sense.
///
/// A holiday wins over an exception, an exception over the weekly hours, and a break is cut out of whatever is left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarSpec {
    /// The IANA name of the zone in which every date and time of day below is read, for example `Europe/Madrid`.
    pub time_zone: String,
    /// The hours of an ordinary week.
    pub weekly: Weekly,
    /// Dates closed all day.
    pub holidays: Vec<Holiday>,
    /// Days of the year closed all day, every year.
    pub yearly_holidays: Vec<YearlyHoliday>,
    /// Dates with other hours than their weekday's: the ranges replace that date's hours, none means closed.
    pub exceptions: BTreeMap<Date, Vec<TimeRange>>,
    /// Ranges of a date that are closed, whatever else says they are open.
    pub breaks: BTreeMap<Date, Vec<TimeRange>>,
}

impl CalendarSpec {
    /// Weekly hours in a zone, without holidays, exceptions or breaks.
    pub fn new(time_zone: impl Into<String>, weekly: Weekly) -> Self {
        Self {
            time_zone: time_zone.into(),
            weekly,
            ..Self::default()
        }
    }
}

/// The hours of an ordinary week, by the weekday on which they start.
///
/// A range whose close is earlier than its open spans midnight: Monday 22:00–06:00 is Monday 22:00–24:00 and Tuesday
/// 00:00–06:00, and the part after midnight belongs to Tuesday, so a holiday on Tuesday closes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weekly {
    /// The ranges that open on a Monday.
    pub monday: Vec<TimeRange>,
    /// The ranges that open on a Tuesday.
    pub tuesday: Vec<TimeRange>,
    /// The ranges that open on a Wednesday.
    pub wednesday: Vec<TimeRange>,
    /// The ranges that open on a Thursday.
    pub thursday: Vec<TimeRange>,
    /// The ranges that open on a Friday.
    pub friday: Vec<TimeRange>,
    /// The ranges that open on a Saturday.
    pub saturday: Vec<TimeRange>,
    /// The ranges that open on a Sunday.
    pub sunday: Vec<TimeRange>,
}

impl Weekly {
    /// The same range on each of the seven days.
    #[must_use]
    pub fn every_day(range: TimeRange) -> Self {
        Self::on_days(&ALL_WEEKDAYS, range)
    }

    /// The same range from Monday to Friday.
    #[must_use]
    pub fn monday_to_friday(range: TimeRange) -> Self {
        Self::on_days(&ALL_WEEKDAYS[..5], range)
    }

    /// The same range on the given days.
    #[must_use]
    pub fn on_days(days: &[Weekday], range: TimeRange) -> Self {
        let mut weekly = Self::default();
        for &day in days {
            weekly.on_mut(day).push(range);
        }
        weekly
    }

    /// The ranges that open on a weekday.
    #[must_use]
    pub fn on(&self, day: Weekday) -> &[TimeRange] {
        match day {
            Weekday::Monday => &self.monday,
            Weekday::Tuesday => &self.tuesday,
            Weekday::Wednesday => &self.wednesday,
            Weekday::Thursday => &self.thursday,
            Weekday::Friday => &self.friday,
            Weekday::Saturday => &self.saturday,
            Weekday::Sunday => &self.sunday,
        }
    }

    /// The ranges that open on a weekday, to be changed.
    pub fn on_mut(&mut self, day: Weekday) -> &mut Vec<TimeRange> {
        match day {
            Weekday::Monday => &mut self.monday,
            Weekday::Tuesday => &mut self.tuesday,
            Weekday::Wednesday => &mut self.wednesday,
            Weekday::Thursday => &mut self.thursday,
            Weekday::Friday => &mut self.friday,
            Weekday::Saturday => &mut self.saturday,
            Weekday::Sunday => &mut self.sunday,
        }
    }
}

/// The weekdays in ISO order, so that an index is the number of days since Monday.
pub(crate) const ALL_WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// A date that is closed all day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Holiday {
    /// The local date.
    pub date: Date,
    /// What people call it.
    pub name: Option<String>,
}

/// A day of the year that is closed all day, every year. 29 February occurs in leap years only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct YearlyHoliday {
    /// 1 to 12.
    pub month: i8,
    /// 1 to the length of the month in a leap year.
    pub day: i8,
    /// What people call it.
    pub name: Option<String>,
}

/// A half-open range of local time within a day: the opening second is open, the closing second is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeRange {
    /// When it opens.
    pub open: TimeOfDay,
    /// When it closes.
    pub close: TimeOfDay,
}

impl TimeRange {
    /// The range that covers the whole day, 00:00 to 24:00.
    pub const ALL_DAY: Self = Self {
        open: TimeOfDay::START,
        close: TimeOfDay::END,
    };

    /// The range between two times of day.
    #[must_use]
    pub const fn new(open: TimeOfDay, close: TimeOfDay) -> Self {
        Self { open, close }
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", self.open, self.close)
    }
}

/// A local time of day from 00:00 to 24:00 inclusive, to the second; 24:00 is the end of the day.
// Invariant: at most 86,400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay {
    seconds: u32,
}

impl TimeOfDay {
    /// 00:00, the first instant of a day.
    pub const START: Self = Self { seconds: 0 };
    /// 24:00, the end of a day.
    pub const END: Self = Self { seconds: 86_400 };

    /// The time of day `hour:minute`, or `None` when there is no such time; 24:00 is the only one after 23:59.
    #[must_use]
    pub const fn new(hour: u32, minute: u32) -> Option<Self> {
        Self::with_seconds(hour, minute, 0)
    }

    /// The time of day `hour:minute:second`, or `None` when there is no such time.
    #[must_use]
    pub const fn with_seconds(hour: u32, minute: u32, second: u32) -> Option<Self> {
        if hour > 24 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = hour * 3600 + minute * 60 + second;
        if seconds > 86_400 {
            return None;
        }
        Some(Self { seconds })
    }

    /// Seconds since local midnight on a day without a zone transition.
    #[must_use]
    pub const fn seconds_of_day(self) -> u32 {
        self.seconds
    }
}

impl FromStr for TimeOfDay {
    type Err = InvalidTimeOfDay;

    /// Reads `HH:MM` or `HH:MM:SS`.
    fn from_str(text: &str) -> Result<Self, InvalidTimeOfDay> {
        let refusal = || InvalidTimeOfDay { text: text.into() };
        let mut numbers = [0; 3];
        let mut count = 0;
        for part in text.split(':') {
            let two_digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if !two_digits || count == numbers.len() {
                return Err(refusal());
            }
            numbers[count] = part.parse().map_err(|_| refusal())?;
            count += 1;
        }
        if count < 2 {
            return Err(refusal());
        }
        Self::with_seconds(numbers[0], numbers[1], numbers[2]).ok_or_else(refusal)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minutes, second) = (self.seconds / 60, self.seconds % 60);
        write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)?;
        if second != 0 {
            write!(f, ":{second:02}")?;
        }
        Ok(())
    }
}

/// A text that is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no time of day: expected HH:MM from 00:00 to 24:00")]
pub struct InvalidTimeOfDay {
    /// The text as it was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_and_written_back() {
        for text in ["00:00", "09:30", "23:59:59", "24:00"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_time_of_day_is_refused() {
        for text in [
            "25:00",
            "24:01",
            "12:60",
            "9:00",
            "0900",
            "",
            "09:00:00:00",
            "-1:00",
            "09:0a",
            "+9:00",
        ] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text} was accepted");
        }
    }
}
