//! When a person is at work.

use jiff::tz::TimeZone;
use mainstay_calendar::Calendar;
use mainstay_domain::agent::Agent;
use mainstay_domain::policy::{CalendarHours, Policy};

/// The working hours of an agent: their calendar, or the policy's default one, read in their own time zone. Nothing,
/// and so always, where the policy does not have the calendar; a calendar that is always open, or open when any of
/// several is, is the same in every zone.
pub(super) fn hours_of(agent: &Agent, policy: &Policy) -> Option<Calendar> {
    let name = agent.calendar.as_ref().unwrap_or(&policy.default_calendar);
    let compiled = policy.calendars.get(name)?.clone();
    let definition = policy
        .calendar_definitions
        .iter()
        .find(|definition| definition.name == *name);
    let Some(CalendarHours::Weekly(spec)) = definition.map(|definition| &definition.hours) else {
        return Some(compiled);
    };
    if spec.time_zone == agent.time_zone || TimeZone::get(&agent.time_zone).is_err() {
        return Some(compiled);
    }
    let mut own = spec.as_ref().clone();
    own.time_zone.clone_from(&agent.time_zone);
    Some(Calendar::new(own).unwrap_or(compiled))
}
