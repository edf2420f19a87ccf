//! Yearly recurrence rules.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::IcalendarProblem;
use super::event::date;

/// The last year into which a rule without end is followed.
const HORIZON: i16 = 2100;

/// A `RRULE` with `FREQ=YEARLY`.
#[derive(Debug)]
pub(super) struct Recurrence {
    interval: i16,
    count: Option<usize>,
    until: Option<Date>,
    months: Vec<i8>,
    /// Negative ones count from the end of the month.
    month_days: Vec<i8>,
    weekdays: Vec<NthWeekday>,
}

/// A weekday, or the nth one (negative: from the end) of the month when months are given, else of the year.
#[derive(Debug)]
struct NthWeekday {
    nth: Option<i16>,
    weekday: Weekday,
}

impl Recurrence {
    pub(super) fn read(rule: &str) -> Result<Self, IcalendarProblem> {
        let mut yearly = false;
        let mut read = Self {
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
        };
        let rule = rule.to_ascii_uppercase();
        for part in rule.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| unsupported(part))?;
            match key {
                "FREQ" if value == "YEARLY" => yearly = true,
                "INTERVAL" => read.interval = number(part, value, 1..=1000)?,
                "COUNT" => read.count = Some(number(part, value, 1..=10_000)?),
                "UNTIL" => read.until = Some(last_date(value)?),
                "BYMONTH" => read.months = numbers(part, value, 1..=12)?,
                "BYMONTHDAY" => read.month_days = numbers(part, value, -31..=31)?,
                "BYDAY" => read.weekdays = weekdays(part, value)?,
                // Only weekly rules depend on the day on which a week starts.
                "WKST" => {}
                _ => return Err(unsupported(part)),
            }
        }
        let nth_of_both = !read.month_days.is_empty()
            && read.weekdays.iter().any(|weekday| weekday.nth.is_some());
        if !yearly || nth_of_both || (read.count.is_some() && read.until.is_some()) {
            return Err(unsupported(&format!("RRULE:{rule}")));
        }
        Ok(read)
    }

    /// The dates on which an event that first starts on `start` starts, up to the rule's end or the horizon.
    pub(super) fn dates(&self, start: Date) -> BTreeSet<Date> {
        // The first start counts as an occurrence whether or not it fits the rule.
        let mut dates = BTreeSet::from([start]);
        let mut year = start.year();
        while year <= HORIZON {
            let first = start.with().year(year).month(1).day(1).build();
            let Ok(first) = first else { break };
            for date in first.series(1.day()).take_while(|date| date.year() == year) {
                if self.count.is_some_and(|count| dates.len() >= count)
                    || self.until.is_some_and(|until| date > until)
                {
                    return dates;
                }
                if date > start && self.includes(date, start) {
                    dates.insert(date);
                }
            }
            year = year.saturating_add(self.interval);
        }
        dates
    }

    fn includes(&self, date: Date, start: Date) -> bool {
        let any_day = !self.month_days.is_empty() || !self.weekdays.is_empty();
        let month = if self.months.is_empty() {
            any_day || date.month() == start.month()
        } else {
            self.months.contains(&date.month())
        };
        let day = if self.month_days.is_empty() {
            !self.weekdays.is_empty() || date.day() == start.day()
        } else {
            let from_end = date.day() - date.days_in_month() - 1;
            self.month_days
                .iter()
                .any(|&day| day == date.day() || day == from_end)
        };
        let weekday =
            self.weekdays.is_empty() || self.weekdays.iter().any(|nth| self.is_nth(nth, date));
        month && day && weekday
    }

    fn is_nth(&self, nth: &NthWeekday, date: Date) -> bool {
        let (day, days) = if self.months.is_empty() {
            (date.day_of_year(), date.days_in_year())
        } else {
            (i16::from(date.day()), i16::from(date.days_in_month()))
        };
        let fits = match nth.nth {
            None => true,
            Some(n) if n > 0 => (day - 1) / 7 + 1 == n,
            Some(n) => -((days - day) / 7 + 1) == n,
        };
        fits && date.weekday() == nth.weekday
    }
}

/// `UNTIL` may be an instant although the event has dates; its date is what counts.
fn last_date(value: &str) -> Result<Date, IcalendarProblem> {
    date(value.split('T').next().unwrap_or(value))
}

fn weekdays(part: &str, value: &str) -> Result<Vec<NthWeekday>, IcalendarProblem> {
    value
        .split(',')
        .map(|text| {
            // `4TH` is the fourth Thursday.
            let split = text.len().saturating_sub(2);
            let (nth, name) = text
                .split_at_checked(split)
                .ok_or_else(|| unsupported(part))?;
            let weekday = match name {
                "MO" => Weekday::Monday,
                "TU" => Weekday::Tuesday,
                "WE" => Weekday::Wednesday,
                "TH" => Weekday::Thursday,
                "FR" => Weekday::Friday,
                "SA" => Weekday::Saturday,
                "SU" => Weekday::Sunday,
                _ => return Err(unsupported(part)),
            };
            let nth = match nth {
                "" => None,
                nth => Some(number(part, nth, -53..=53)?),
            };
            Ok(NthWeekday { nth, weekday })
        })
        .collect()
}

fn numbers<T: FromStr + PartialOrd + Default>(
    part: &str,
    value: &str,
    allowed: std::ops::RangeInclusive<T>,
) -> Result<Vec<T>, IcalendarProblem> {
    value
        .split(',')
        .map(|text| {
            let number = text.parse().map_err(|_| unsupported(part))?;
            let valid = allowed.contains(&number) && number != T::default();
            valid.then_some(number).ok_or_else(|| unsupported(part))
        })
        .collect()
}

fn number<T: FromStr + PartialOrd + Default>(
    part: &str,
    value: &str,
    allowed: std::ops::RangeInclusive<T>,
) -> Result<T, IcalendarProblem> {
    let mut all = numbers(part, value, allowed)?;
    match (all.pop(), all.is_empty()) {
        (Some(number), true) => Ok(number),
        _ => Err(unsupported(part)),
    }
}

fn unsupported(text: &str) -> IcalendarProblem {
    IcalendarProblem::Unsupported {
        text: text.into(),
        expected: "of recurrences, only FREQ=YEARLY with INTERVAL, COUNT or UNTIL, BYMONTH, BYMONTHDAY and BYDAY",
    }
}
