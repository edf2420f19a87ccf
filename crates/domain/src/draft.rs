//! Drafts: what an agent writes on a ticket and has not said yet.

use jiff::Timestamp;

use crate::event::Visibility;
use crate::id::{AgentId, TicketId};
use crate::name::StatusName;

/// What an agent writes on a ticket. There is one for each agent and ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who writes.
    pub agent: AgentId,
    /// On which ticket.
    pub ticket: TicketId,
    /// What is written so far.
    pub text: String,
    /// Who is to read it.
    pub visibility: Visibility,
    /// The agents it mentions.
    pub mentions: Vec<AgentId>,
    /// The status the ticket is to have then.
    pub status: Option<StatusName>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it leaves by itself, unless it is held back before.
    pub leaves_at: Option<Timestamp>,
    /// Why it could not leave, when it should have.
    pub refused: Option<String>,
}
