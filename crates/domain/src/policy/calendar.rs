//! What a pack says about a calendar, beside the compiled calendar that clocks count on.

use mainstay_calendar::CalendarSpec;

use crate::commitment::Source;
use crate::name::CalendarName;

/// A calendar of the pack.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarDefinition {
    /// Its name.
    pub name: CalendarName,
    /// What it stands for, in a sentence.
    pub description: String,
    /// When it is open.
    pub hours: CalendarHours,
    /// Where the pack says so.
    pub source: Source,
}

/// When a calendar is open.
#[derive(Debug, Clone, PartialEq)]
pub enum CalendarHours {
    /// Always: one unbroken interval.
    Always,
    /// By weekly hours, holidays, exceptions and breaks.
    Weekly(Box<CalendarSpec>),
    /// When any of these calendars is.
    Union(Vec<CalendarName>),
}
