//! Dispatches: short messages to one person by Slack, text message, telephone or pager.

use jiff::Timestamp;

use crate::escalation::NotifyChannel;
use crate::id::{AgentId, DispatchId, EscalationId};

/// A short message on its way to one person, by another channel than e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// Identifies it; sent along where the far side recognises a repetition by it.
    pub id: DispatchId,
    /// Whom it is for.
    pub recipient: AgentId,
    /// By which channel.
    pub channel: NotifyChannel,
    /// What it does.
    pub act: DispatchAct,
    /// The escalation, by which a pager knows what belongs together.
    pub escalation: Option<EscalationId>,
    /// What is to be known, in a line.
    pub title: String,
    /// More about it.
    pub detail: String,
    /// Where to act on it or to see more.
    pub url: String,
    /// How far it is.
    pub state: DispatchState,
    /// How many times sending was tried.
    pub attempts: u32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// By which name the far side knows it.
    pub receipt: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When the far side took it.
    pub delivered_at: Option<Timestamp>,
}

/// What a dispatch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DispatchAct {
    /// It tells the person something.
    Tell,
    /// It tells their pager that somebody took the escalation on.
    Acknowledge,
    /// It tells their pager that the escalation is over.
    Resolve,
}

/// How far a dispatch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DispatchState {
    /// Waiting for its first or next try.
    Queued,
    /// The far side took it.
    Delivered,
    /// Given up.
    Dead,
}
