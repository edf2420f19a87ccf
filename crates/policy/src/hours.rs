//! Opening hours in words and as data.

use jiff::civil::Weekday;
use mainstay_calendar::{CalendarSpec, TimeRange};
use mainstay_domain::policy::{CalendarDefinition, CalendarHours};
use serde_json::{Map, Value, json};

/// The days of the week and their names in packs, in order.
pub(crate) const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// The weekly hours by weekday, each a list of `[open, close]`.
pub(crate) fn weekly_json(spec: &CalendarSpec) -> Value {
    let days: Map<String, Value> = WEEK
        .iter()
        .filter(|(_, day)| !spec.weekly.on(*day).is_empty())
        .map(|(name, day)| {
            let ranges: Vec<Value> = spec
                .weekly
                .on(*day)
                .iter()
                .map(|range| json!([range.open.to_string(), range.close.to_string()]))
                .collect();
            ((*name).to_owned(), json!(ranges))
        })
        .collect();
    Value::Object(days)
}

/// The days of the week and their hours.
pub(crate) fn week(spec: &CalendarSpec) -> impl Iterator<Item = (&'static str, &[TimeRange])> {
    WEEK.into_iter()
        .map(|(name, day)| (name, spec.weekly.on(day)))
}

/// The hours of a calendar in a line: `mon-fri 09:00–17:00, America/New_York`.
#[must_use]
pub fn hours_text(calendar: &CalendarDefinition) -> String {
    match &calendar.hours {
        CalendarHours::Always => "always open".to_owned(),
        CalendarHours::Union(members) => {
            let names: Vec<&str> = members.iter().map(|name| name.as_str()).collect();
            format!("open when any of {} is", names.join(", "))
        }
        CalendarHours::Weekly(spec) => weekly_text(spec),
    }
}

fn weekly_text(spec: &CalendarSpec) -> String {
    // Neighbouring days with the same hours are told together.
    let mut groups: Vec<(&str, &str, &[TimeRange])> = Vec::new();
    for (name, day) in WEEK {
        let ranges = spec.weekly.on(day);
        match groups.last_mut() {
            Some((_, last, same)) if *same == ranges => *last = name,
            _ => groups.push((name, name, ranges)),
        }
    }
    let mut parts: Vec<String> = groups
        .iter()
        .filter(|(_, _, ranges)| !ranges.is_empty())
        .map(|(first, last, ranges)| {
            let days = if first == last {
                (*first).to_owned()
            } else {
                format!("{first}-{last}")
            };
            let hours: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            format!("{days} {}", hours.join(" and "))
        })
        .collect();
    parts.push(spec.time_zone.clone());
    let holidays = spec.holidays.len() + spec.yearly_holidays.len();
    if holidays > 0 {
        parts.push(format!("{holidays} holidays"));
    }
    parts.join(", ")
}
