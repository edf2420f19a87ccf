//! Business-time arithmetic: what is open, when something is due, how much time has passed.

/// A calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar;
