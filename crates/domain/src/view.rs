//! Saved views: a list of tickets somebody wants to see again.

use jiff::Timestamp;

use crate::id::{AgentId, ViewId};

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Identifies it.
    pub id: ViewId,
    /// Its name.
    pub name: String,
    /// Whose it is; everybody's when absent.
    pub owner: Option<AgentId>,
    /// Which tickets it lists and how, in the form of the list's own query string.
    pub query: String,
    /// Its place among the views, from 0.
    pub position: u32,
    /// When it was saved.
    pub created_at: Timestamp,
}
