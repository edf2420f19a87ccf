//! Teams of agents.

use jiff::Timestamp;

use crate::id::{AgentId, TeamId};
use crate::name::CalendarName;

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Identifies it.
    pub id: TeamId,
    /// Its name; unique.
    pub name: String,
    /// The address its mail comes from, where it has one of its own.
    pub email: Option<String>,
    /// The calendar of its working hours; the pack's default when absent.
    pub calendar: Option<CalendarName>,
    /// Who belongs to it.
    pub members: Vec<AgentId>,
    /// Who is on call now. Where nobody is, whoever is to be told tells the whole team.
    pub on_call: Vec<AgentId>,
    /// When it was created.
    pub created_at: Timestamp,
}
