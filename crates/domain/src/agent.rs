//! Agents: the people who serve.

use jiff::Timestamp;

use crate::id::AgentId;
use crate::name::{CalendarName, RoleName};

/// A person who serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Identifies them.
    pub id: AgentId,
    /// The e-mail address they sign in with; unique, whatever its letters' case.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their roles.
    pub roles: Vec<RoleName>,
    /// The languages they serve in, as BCP 47 tags.
    pub languages: Vec<String>,
    /// What they know, in the words that routing rules use.
    pub skills: Vec<String>,
    /// How many open tickets they take at once.
    pub capacity: u32,
    /// The calendar of their working hours; the pack's default when absent.
    pub calendar: Option<CalendarName>,
    /// Their IANA time zone.
    pub time_zone: String,
    /// Their phone number for texts and calls, as E.164 writes it: `+34600000000`.
    pub phone: Option<String>,
    /// Their member id in Slack, such as `U012AB3CD`.
    pub slack: Option<String>,
    /// The key by which their pager is reached; of PagerDuty an integration key. A secret, kept
    /// sealed.
    pub pager: Option<String>,
    /// Whether they may sign in and be given work.
    pub active: bool,
    /// When they were created.
    pub created_at: Timestamp,
}
