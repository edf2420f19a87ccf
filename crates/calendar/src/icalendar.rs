//! Holidays from an iCalendar file (RFC 5545).

mod content_line;
mod event;
mod recurrence;

use crate::spec::Holiday;
use content_line::content_lines;
use event::Event;

/// Reads the all-day events of an iCalendar file as holidays, one per date, in the order of their dates.
///
/// An event that lasts several days (`DTEND` is exclusive, as the standard says) closes each of them; `SUMMARY` is the
/// name. Yearly recurrence is understood (`RRULE` with `FREQ=YEARLY` and `INTERVAL`, `COUNT`, `UNTIL`, `BYMONTH`,
/// `BYMONTHDAY`, `BYDAY`; `RDATE`, `EXDATE`); a rule without end is followed to the year 2100. Cancelled events and
/// components other than events are passed over.
///
/// # Errors
/// Refuses what it cannot turn into whole days rather than dropping it, and says in which line: events at a time of
/// day, other recurrences, broken lines.
pub fn holidays_from_icalendar(text: &str) -> Result<Vec<Holiday>, IcalendarError> {
    let mut holidays = Vec::new();
    // The components that are open, with the lines that opened them.
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut event: Option<Event> = None;
    let mut last_line = 1;
    for line in content_lines(text) {
        let line = line?;
        last_line = line.number;
        let refusal = |problem| IcalendarError::new(line.number, problem);
        match line.name.as_str() {
            "BEGIN" => {
                let component = line.value.trim().to_ascii_uppercase();
                if open.is_empty() && component != "VCALENDAR" {
                    return Err(refusal(IcalendarProblem::NotACalendar));
                }
                if component == "VEVENT" {
                    event = Some(Event::starting_at(line.number));
                }
                open.push((component, line.number));
            }
            "END" => {
                let component = line.value.trim().to_ascii_uppercase();
                match open.pop() {
                    Some((opened, _)) if opened == component => {}
                    _ => return Err(refusal(IcalendarProblem::EndsUnopened { component })),
                }
                if component == "VEVENT"
                    && let Some(event) = event.take()
                {
                    event.add_holidays(&mut holidays)?;
                }
            }
            _ if open.is_empty() => return Err(refusal(IcalendarProblem::NotACalendar)),
            _ => {
                let directly_in_event = open.last().is_some_and(|(name, _)| name == "VEVENT");
                if let (true, Some(event)) = (directly_in_event, event.as_mut()) {
                    event.read(&line)?;
                }
            }
        }
    }
    if let Some((component, line)) = open.pop() {
        return Err(IcalendarError::new(
            line,
            IcalendarProblem::NeverEnds { component },
        ));
    }
    if last_line == 1 && holidays.is_empty() {
        return Err(IcalendarError::new(1, IcalendarProblem::NotACalendar));
    }
    holidays.sort();
    holidays.dedup();
    Ok(holidays)
}

/// What is wrong with an iCalendar file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct IcalendarError {
    /// The line of the file, counted from 1; of a folded line, its first.
    pub line: usize,
    /// What is wrong there.
    pub problem: IcalendarProblem,
}

impl IcalendarError {
    pub(crate) fn new(line: usize, problem: IcalendarProblem) -> Self {
        Self { line, problem }
    }
}

/// What can be wrong with an iCalendar file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IcalendarProblem {
    /// The file does not begin as a calendar does.
    #[error("this is no iCalendar file: expected BEGIN:VCALENDAR")]
    NotACalendar,
    /// A line without a name or a value.
    #[error("expected a line like `NAME:value`")]
    MalformedLine,
    /// An `END` without its `BEGIN`.
    #[error("END:{component} does not close the component that is open")]
    EndsUnopened {
        /// The component's name.
        component: String,
    },
    /// A `BEGIN` without its `END`.
    #[error("BEGIN:{component} is never closed; the file may be cut short")]
    NeverEnds {
        /// The component's name.
        component: String,
    },
    /// A value that should be a date is none.
    #[error("`{text}` is no date: expected YYYYMMDD")]
    InvalidDate {
        /// The value.
        text: String,
    },
    /// An event at a time of day.
    #[error("`{text}` is a time of day: only events that last whole days can be holidays")]
    TimedEvent {
        /// The value.
        text: String,
    },
    /// An event without `DTSTART`.
    #[error("the event has no DTSTART, so there is no date to close")]
    NoStart,
    /// An event that lasts no day at all, or longer than a year.
    #[error("the event lasts {days} days: expected 1 to 366")]
    InvalidLength {
        /// The number of days from its start to its end.
        days: i64,
    },
    /// A property that this reader does not understand.
    #[error("`{text}` is not supported: {expected}")]
    Unsupported {
        /// The property or its part.
        text: String,
        /// What is understood.
        expected: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn check(lines: &str) -> String {
        let text = format!("BEGIN:VCALENDAR\r\n{lines}END:VCALENDAR\r\n");
        match holidays_from_icalendar(&text) {
            Err(error) => error.to_string(),
            Ok(holidays) => holidays
                .iter()
                .map(|holiday| {
                    let name = holiday.name.as_deref().unwrap_or("(no name)");
                    format!("{} {name}", holiday.date)
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    fn event(lines: &str) -> String {
        check(&format!("BEGIN:VEVENT\r\n{lines}END:VEVENT\r\n"))
    }

    #[test]
    fn an_event_closes_its_days_up_to_its_exclusive_end() {
        assert_snapshot!(
            event("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\\, thr\r\n ee days\r\n"),
            @r"
        2026-12-24 Christmas, three days
        2026-12-25 Christmas, three days
        2026-12-26 Christmas, three days
        ");
    }

    #[test]
    fn an_event_without_end_is_one_day() {
        assert_snapshot!(event("DTSTART;VALUE=DATE:20261208\r\n"), @"2026-12-08 (no name)");
        assert_snapshot!(
            event("DTSTART;VALUE=DATE:20261208\r\nDURATION:P1W\r\n").lines().count(), @"7");
    }

    #[test]
    fn midnight_to_midnight_is_all_day() {
        assert_snapshot!(
            event("DTSTART;TZID=Europe/Madrid:20261012T000000\nDTEND;TZID=Europe/Madrid:20261013T000000\nSUMMARY:Fiesta\n"),
            @"2026-10-12 Fiesta");
    }

    #[test]
    fn yearly_rules_are_followed() {
        assert_snapshot!(
            event("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;UNTIL=20360101\nSUMMARY:Leap\n"),
            @r"
        2024-02-29 Leap
        2028-02-29 Leap
        2032-02-29 Leap
        ");
        assert_snapshot!(
            event("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;COUNT=3;BYMONTH=11;BYDAY=4TH\nSUMMARY:Thanksgiving\n"),
            @r"
        2026-11-26 Thanksgiving
        2027-11-25 Thanksgiving
        2028-11-23 Thanksgiving
        ");
        assert_snapshot!(
            event("DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2;BYMONTH=5;BYDAY=-1MO\nSUMMARY:Memorial Day\nEXDATE;VALUE=DATE:20260525\nRDATE;VALUE=DATE:20270531\n"),
            @r"
        2027-05-31 Memorial Day
        2028-05-29 Memorial Day
        ");
    }

    #[test]
    fn a_rule_without_end_reaches_2100() {
        let dates = event("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY\n");
        assert_eq!(dates.lines().count(), 75);
        assert!(dates.ends_with("2100-01-01 (no name)"));
    }

    #[test]
    fn what_cannot_be_a_holiday_is_refused_with_its_line() {
        assert_snapshot!(
            event("SUMMARY:Lunch\nDTSTART:20261224T120000Z\n"),
            @"line 4: `20261224T120000Z` is a time of day: only events that last whole days can be holidays");
        assert_snapshot!(
            event("DTSTART;VALUE=DATE:20261301\n"),
            @"line 3: `20261301` is no date: expected YYYYMMDD");
        assert_snapshot!(
            event("DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=WEEKLY\n"),
            @"line 4: `FREQ=WEEKLY` is not supported: of recurrences, only FREQ=YEARLY with INTERVAL, COUNT or UNTIL, BYMONTH, BYMONTHDAY and BYDAY");
        assert_snapshot!(
            event("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224\n"),
            @"line 4: the event lasts 0 days: expected 1 to 366");
        assert_snapshot!(event("SUMMARY:Nothing\n"), @"line 2: the event has no DTSTART, so there is no date to close");
        assert_snapshot!(event("nonsense\n"), @"line 3: expected a line like `NAME:value`");
        assert_snapshot!(
            check("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261224\n"),
            @"line 4: END:VCALENDAR does not close the component that is open");
        assert_snapshot!(
            holidays_from_icalendar("<html>").unwrap_err(), @"line 1: expected a line like `NAME:value`");
        assert_snapshot!(
            holidays_from_icalendar("").unwrap_err(), @"line 1: this is no iCalendar file: expected BEGIN:VCALENDAR");
        assert_snapshot!(
            holidays_from_icalendar("BEGIN:VCALENDAR\nVERSION:2.0\n").unwrap_err(),
            @"line 1: BEGIN:VCALENDAR is never closed; the file may be cut short");
    }

    #[test]
    fn other_components_and_cancelled_events_are_passed_over() {
        assert_snapshot!(
            check(concat!(
                "BEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19700101T030000\nRRULE:FREQ=WEEKLY\nEND:STANDARD\nEND:VTIMEZONE\n",
                "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260106\nSUMMARY;LANGUAGE=\"es:x\":Reyes\n",
                "BEGIN:VALARM\nTRIGGER:-P1D\nDURATION:PT5M\nEND:VALARM\nEND:VEVENT\n",
                "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260107\nSTATUS:CANCELLED\nEND:VEVENT\n",
            )),
            @"2026-01-06 Reyes");
    }
}
