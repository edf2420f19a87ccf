//! One `VEVENT`.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::content_line::ContentLine;
use super::recurrence::Recurrence;
use super::{IcalendarError, IcalendarProblem};
use crate::microsecond::{date_of, day_of};
use crate::spec::Holiday;

/// What of an event matters for holidays.
#[derive(Debug)]
pub(super) struct Event {
    line: usize,
    start: Option<Date>,
    length: Length,
    summary: Option<String>,
    recurrence: Option<Recurrence>,
    /// Further dates on which it starts.
    also: Vec<Date>,
    /// Dates on which it does not start after all.
    except: BTreeSet<Date>,
    cancelled: bool,
}

/// How an event says when it ends.
#[derive(Debug)]
enum Length {
    OneDay,
    Until { end: Date, line: usize },
    Days { days: i64, line: usize },
}

impl Event {
    pub(super) fn starting_at(line: usize) -> Self {
        Self {
            line,
            start: None,
            length: Length::OneDay,
            summary: None,
            recurrence: None,
            also: Vec::new(),
            except: BTreeSet::new(),
            cancelled: false,
        }
    }

    /// Takes in a property.
    pub(super) fn read(&mut self, property: &ContentLine) -> Result<(), IcalendarError> {
        let line = property.number;
        let value = property.value.trim();
        let located = |problem| IcalendarError::new(line, problem);
        match property.name.as_str() {
            "DTSTART" => self.start = Some(date(value).map_err(located)?),
            "DTEND" => {
                let end = date(value).map_err(located)?;
                self.length = Length::Until { end, line };
            }
            "DURATION" => {
                let days = days(value).map_err(located)?;
                self.length = Length::Days { days, line };
            }
            "SUMMARY" => self.summary = Some(unescaped(value)).filter(|name| !name.is_empty()),
            "RRULE" => self.recurrence = Some(Recurrence::read(value).map_err(located)?),
            "RDATE" => self.also.extend(dates(value).map_err(located)?),
            "EXDATE" => self.except.extend(dates(value).map_err(located)?),
            "STATUS" => self.cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "RECURRENCE-ID" | "EXRULE" => {
                return Err(located(IcalendarProblem::Unsupported {
                    text: property.name.clone(),
                    expected: "give the changed dates of a recurrence with EXDATE and RDATE",
                }));
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds the days that the event closes.
    pub(super) fn add_holidays(self, holidays: &mut Vec<Holiday>) -> Result<(), IcalendarError> {
        if self.cancelled {
            return Ok(());
        }
        let start = self
            .start
            .ok_or_else(|| IcalendarError::new(self.line, IcalendarProblem::NoStart))?;
        let length = self.days(start)?;
        let mut starts: BTreeSet<Date> = match &self.recurrence {
            Some(recurrence) => recurrence.dates(start),
            None => BTreeSet::from([start]),
        };
        starts.extend(&self.also);
        for start in starts.difference(&self.except) {
            let first = day_of(*start);
            holidays.extend((first..first + length).map(|day| Holiday {
                date: date_of(day),
                name: self.summary.clone(),
            }));
        }
        Ok(())
    }

    fn days(&self, start: Date) -> Result<i64, IcalendarError> {
        let (days, line) = match self.length {
            Length::OneDay => (1, self.line),
            Length::Until { end, line } => (day_of(end) - day_of(start), line),
            Length::Days { days, line } => (days, line),
        };
        if !(1..=366).contains(&days) {
            return Err(IcalendarError::new(
                line,
                IcalendarProblem::InvalidLength { days },
            ));
        }
        Ok(days)
    }
}

fn dates(value: &str) -> Result<Vec<Date>, IcalendarProblem> {
    value.split(',').map(|text| date(text.trim())).collect()
}

/// Reads `YYYYMMDD`; some programs write an all-day event from local midnight to local midnight, which is one, too.
pub(super) fn date(text: &str) -> Result<Date, IcalendarProblem> {
    let digits = match text.split_once(['T', 't']) {
        None => text,
        Some((digits, "000000")) => digits,
        Some(_) => return Err(IcalendarProblem::TimedEvent { text: text.into() }),
    };
    let invalid = || IcalendarProblem::InvalidDate { text: text.into() };
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid());
    }
    let number =
        |range: std::ops::Range<usize>| digits[range].parse::<i16>().map_err(|_| invalid());
    let small = |number: i16| i8::try_from(number).map_err(|_| invalid());
    Date::new(number(0..4)?, small(number(4..6)?)?, small(number(6..8)?)?).map_err(|_| invalid())
}

/// Reads a duration of whole days or weeks: `P1D`, `P2W`.
fn days(text: &str) -> Result<i64, IcalendarProblem> {
    let unsupported = || IcalendarProblem::Unsupported {
        text: format!("DURATION:{text}"),
        expected: "expected whole days or weeks such as P1D or P1W",
    };
    let body = text
        .trim_start_matches('+')
        .strip_prefix('P')
        .ok_or_else(unsupported)?;
    let (number, days_each) = match (body.strip_suffix('D'), body.strip_suffix('W')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 7),
        _ => return Err(unsupported()),
    };
    let number: u16 = number.parse().map_err(|_| unsupported())?;
    Ok(i64::from(number) * days_each)
}

/// Undoes the escapes of a text value.
fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => text.push(' '),
                Some(escaped) => text.push(escaped),
                None => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    text
}
