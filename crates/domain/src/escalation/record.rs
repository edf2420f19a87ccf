//! What is recorded of an escalation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ladder::NotifyChannel;
use super::reason::Reason;
use super::trigger::ManualReason;
use crate::event::{Actor, EventKind};
use crate::id::{AgentId, EscalationId, TicketId};
use crate::name::{CategoryName, LadderName, Tag};
use crate::severity::Severity;

/// A fact about an escalation. The stored form is its serialization: a variant or field, once released, keeps its
/// name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EscalationEvent {
    /// When it happened: of a step that came due, the due instant, not the tick's.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub kind: EscalationEventKind,
}

/// What an escalation is about. While one is open, no second one by the same ladder is raised about the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Subject {
    /// One ticket.
    Ticket {
        /// Which.
        ticket: TicketId,
    },
    /// The tickets of several accounts that belong together.
    Group {
        /// What they have in common.
        key: GroupKey,
        /// The tickets, in the order in which they were found.
        tickets: Vec<TicketId>,
    },
}

impl Subject {
    /// The tickets it is about.
    #[must_use]
    pub fn tickets(&self) -> &[TicketId] {
        match self {
            Self::Ticket { ticket } => std::slice::from_ref(ticket),
            Self::Group { tickets, .. } => tickets,
        }
    }
}

/// What the tickets of several accounts have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKey {
    /// A tag.
    Tag(Tag),
    /// The category.
    Category(CategoryName),
}

impl std::fmt::Display for GroupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "tag {tag}"),
            Self::Category(category) => write!(f, "category {category}"),
        }
    }
}

/// What can happen to an escalation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EscalationEventKind {
    /// It was raised.
    Raised {
        /// About what.
        subject: Subject,
        /// By which ladder.
        ladder: LadderName,
        /// Why, in English.
        reason: String,
        /// The reason that a person chose, when a person raised it.
        manual: Option<ManualReason>,
        /// The same reason in its parts; absent where an earlier version of the program raised it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parts: Option<Reason>,
    },
    /// More tickets turned out to belong to it.
    TicketsJoined {
        /// Which.
        tickets: Vec<TicketId>,
    },
    /// A step was taken: its people are to be told.
    StepTaken {
        /// Of which ladder.
        ladder: LadderName,
        /// Which step, from 0.
        step: usize,
        /// The level it reaches.
        level: u8,
        /// Why it was taken.
        cause: StepCause,
    },
    /// Nobody was found who could be told at the step taken last: the ladder does not wait for them.
    NobodyFound {
        /// Of which ladder.
        ladder: LadderName,
        /// Which step, from 0.
        step: usize,
    },
    /// It goes on at the foot of another ladder.
    HandedOver {
        /// Which.
        to: LadderName,
        /// Why.
        cause: StepCause,
    },
    /// Somebody took it on: the actor.
    Acknowledged {
        /// At which step they had been told, when that is known.
        step: Option<usize>,
    },
    /// The severity and impact of the issue were assessed.
    Assessed {
        /// How.
        text: String,
    },
    /// It was decided what to do.
    Decided {
        /// What.
        text: String,
    },
    /// Somebody was told, or could not be.
    Notified {
        /// At which step, when a step told them.
        step: Option<StepRef>,
        /// Whom.
        to: AgentId,
        /// By which channel.
        channel: NotifyChannel,
        /// With which outcome.
        outcome: DeliveryOutcome,
    },
    /// People or means were given to it.
    ResourcesAllocated {
        /// Which agents.
        agents: Vec<AgentId>,
        /// What for, or what else.
        text: String,
    },
    /// Progress was noted.
    Progressed {
        /// What.
        text: String,
    },
    /// The severity of a ticket changed. The escalation stays until a person resolves or cancels it.
    SeverityNoted {
        /// Before.
        from: Severity,
        /// After.
        to: Severity,
    },
    /// The issue is resolved.
    Resolved {
        /// How.
        text: String,
    },
    /// The resolution was verified, with the customer.
    Verified {
        /// Whether it holds. One that does not opens the escalation again.
        verdict: Verdict,
        /// What was found, and whether the customer is content.
        text: String,
    },
    /// It was reviewed afterwards.
    Reviewed(Review),
    /// It was raised in error, or its ticket was merged away.
    Cancelled {
        /// Why.
        reason: String,
    },
}

/// A step of one of the ladders that an escalation was on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StepRef {
    /// The ladder.
    pub ladder: LadderName,
    /// The step, from 0.
    pub step: usize,
}

/// Why a step was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StepCause {
    /// The escalation was raised here.
    Raised,
    /// It is taken together with the step before it.
    Together,
    /// Nobody had acknowledged in time.
    Unacknowledged,
    /// It was not resolved in time.
    Unresolved,
    /// A person or a trigger moved it on.
    Moved {
        /// Why.
        reason: String,
    },
}

/// What became of telling somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// It is held back until this instant.
    Held {
        /// Until when.
        until: Timestamp,
    },
    /// The channel took it.
    Sent,
    /// It arrived: the channel says so, or the person opened it.
    Delivered,
    /// It failed and is tried again.
    Failed {
        /// Why.
        reason: String,
    },
    /// It failed for good.
    GivenUp {
        /// Why.
        reason: String,
    },
}

/// Whether a resolution holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The issue is gone.
    Holds,
    /// The issue is still there.
    Fails,
}

/// The review after an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What happened.
    pub what_happened: String,
    /// Why.
    pub cause: String,
    /// What changes, so that it does not happen again.
    pub changes: String,
}

impl EscalationEvent {
    /// What the ledger of each of its tickets records of this fact; nothing for most.
    #[must_use]
    pub fn ticket_fact(&self, escalation: EscalationId) -> Option<EventKind> {
        match &self.kind {
            EscalationEventKind::Raised { ladder, reason, .. } => {
                Some(EventKind::EscalationRaised {
                    escalation,
                    ladder: ladder.clone(),
                    reason: reason.clone(),
                })
            }
            EscalationEventKind::Acknowledged { .. } => {
                Some(EventKind::EscalationAcknowledged { escalation })
            }
            EscalationEventKind::Resolved { .. } => {
                Some(EventKind::EscalationResolved { escalation })
            }
            _ => None,
        }
    }
}
