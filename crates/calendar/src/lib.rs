#![doc = include_str!("../README.md")]

mod business_days;
mod calendar;
mod error;
mod hours;
mod icalendar;
mod interval;
mod microsecond;
mod reason;
mod spec;
mod table;
mod validation;
mod zone;

pub use calendar::Calendar;
pub use error::{CalendarError, Place};
pub use icalendar::{IcalendarError, IcalendarProblem, holidays_from_icalendar};
pub use interval::Interval;
pub use reason::{ClosedReason, Span, SpanState};
pub use spec::{
    CalendarSpec, Holiday, InvalidTimeOfDay, TimeOfDay, TimeRange, Weekly, YearlyHoliday,
};
pub use zone::find as time_zone;
