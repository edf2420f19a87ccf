//! Macros: several actions on a ticket under one name.

use jiff::Timestamp;

use crate::id::{AgentId, MacroId};

/// A macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// Identifies it.
    pub id: MacroId,
    /// Its name.
    pub name: String,
    /// When to use it, for people.
    pub description: String,
    /// Whose it is; everybody's when absent.
    pub owner: Option<AgentId>,
    /// What it does: a JSON array of actions.
    pub actions: String,
    /// When it was made.
    pub created_at: Timestamp,
}
