//! A calendar drawn for the eye: four weeks as bars, the open hours of each day and week, the coming holidays.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, Timestamp, ToSpan};
use mainstay_calendar::{Calendar, ClosedReason, SpanState};

/// How many weeks are drawn.
const WEEKS: usize = 4;
/// How many cells a day has: half an hour each.
const CELLS: i64 = 48;
/// The hours above the bars, three hours or six cells apart.
const SCALE: &str = "00    03    06    09    12    15    18    21    24";

/// Draws the four weeks from the Monday on or before a date.
#[must_use]
pub fn draw(calendar: &Calendar, name: &str, from: Date) -> String {
    let mut text = String::new();
    let zone = calendar.time_zone().iana_name().unwrap_or("UTC");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name} · {zone}\n");
    let monday = from.saturating_sub(i64::from(from.weekday().to_monday_zero_offset()).days());
    for week in 0..WEEKS {
        let first = monday.saturating_add((7 * week as i64).days());
        draw_week(&mut text, calendar, first);
    }
    draw_holidays(&mut text, calendar, monday);
    text
}

fn draw_week(text: &mut String, calendar: &Calendar, monday: Date) {
    let _ = writeln!(text, "{:17}{SCALE}", "");
    let mut total = SignedDuration::ZERO;
    for offset in 0..7 {
        let day = monday.saturating_add(i64::from(offset).days());
        let (start, end) = (instant(calendar, day, 0), instant(calendar, day, CELLS));
        let open = calendar.elapsed(start, end);
        total += open;
        let bar: String = (0..CELLS)
            .map(|cell| draw_cell(calendar, day, cell))
            .collect();
        let remarks = remarks(calendar, start, end);
        let line = format!(
            "{} {:2} {} {}  {bar}  {:>7}  {remarks}",
            weekday(day.weekday()),
            day.day(),
            month(day),
            day.year(),
            hours(open)
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = writeln!(
        text,
        "{:17}{:48}  {:>7}\n",
        "",
        "open this week",
        hours(total)
    );
}

/// Full for half an hour open throughout, shaded for one partly open, a dot for a closed one, a blank for one that the
/// clocks skip.
fn draw_cell(calendar: &Calendar, day: Date, cell: i64) -> char {
    let (start, end) = (
        instant(calendar, day, cell),
        instant(calendar, day, cell + 1),
    );
    let open = calendar.elapsed(start, end);
    if is_skipped(calendar, day, cell) {
        ' '
    } else if open.is_zero() {
        '·'
    } else if open == end.duration_since(start) {
        '█'
    } else {
        '▒'
    }
}

/// The instant at which a half hour of a day begins; cell 48 is the end of the day.
fn instant(calendar: &Calendar, day: Date, cell: i64) -> Timestamp {
    calendar
        .time_zone()
        .to_ambiguous_timestamp(local(day, cell))
        .compatible()
        .unwrap_or(Timestamp::MAX)
}

/// Whether the clocks never show the time at which a half hour begins.
fn is_skipped(calendar: &Calendar, day: Date, cell: i64) -> bool {
    let zone = calendar.time_zone();
    let offset = zone.to_ambiguous_timestamp(local(day, cell)).offset();
    matches!(offset, AmbiguousOffset::Gap { .. })
}

fn local(day: Date, cell: i64) -> DateTime {
    day.at(0, 0, 0, 0).saturating_add((30 * cell).minutes())
}

/// What is particular about a day: its holiday, exception or breaks, and a change of the clocks.
fn remarks(calendar: &Calendar, start: Timestamp, end: Timestamp) -> String {
    let mut remarks: Vec<String> = Vec::new();
    for span in calendar.spans(start, end) {
        let remark = match span.state {
            SpanState::Open | SpanState::Closed(ClosedReason::OutsideHours) => continue,
            SpanState::Closed(ClosedReason::Exception { .. }) => "other hours".to_owned(),
            SpanState::Closed(ClosedReason::Break { .. }) => "break".to_owned(),
            SpanState::Closed(ClosedReason::Holiday { name, .. }) => {
                name.unwrap_or_else(|| "holiday".to_owned())
            }
        };
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    let length = end.duration_since(start);
    if length != SignedDuration::from_hours(24) {
        remarks.push(format!("clocks change: the day has {}", hours(length)));
    }
    remarks.join(", ")
}

fn draw_holidays(text: &mut String, calendar: &Calendar, from: Date) {
    let until = from.saturating_add(1.year());
    let mut holidays: BTreeMap<Date, Option<&str>> = BTreeMap::new();
    for spec in calendar.specs() {
        for holiday in &spec.yearly_holidays {
            for year in [from.year(), until.year()] {
                if let Ok(date) = Date::new(year, holiday.month, holiday.day) {
                    holidays.insert(date, holiday.name.as_deref());
                }
            }
        }
        for holiday in &spec.holidays {
            let name = holidays.entry(holiday.date).or_default();
            *name = holiday.name.as_deref().or(*name);
        }
    }
    holidays.retain(|&date, _| from <= date && date < until);
    if holidays.is_empty() {
        let _ = writeln!(text, "No holidays in the coming year.");
        return;
    }
    let _ = writeln!(text, "Holidays in the coming year");
    for (date, name) in holidays {
        let line = format!(
            "  {} {:2} {} {}  {}",
            weekday(date.weekday()),
            date.day(),
            month(date),
            date.year(),
            name.unwrap_or_default()
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// "8 h", "7 h 30" or "0 h".
fn hours(duration: SignedDuration) -> String {
    let minutes = duration.as_mins();
    match minutes % 60 {
        0 => format!("{} h", minutes / 60),
        rest => format!("{} h {rest:02}", minutes / 60),
    }
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

fn month(date: Date) -> &'static str {
    [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    .get(usize::from(date.month().unsigned_abs()) - 1)
    .copied()
    .unwrap_or_default()
}
