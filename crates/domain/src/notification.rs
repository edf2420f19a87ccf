//! Notifications: what one person of those who serve is told, by one channel.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::escalation::storm::{Alert, Urgency, Wake};
use crate::escalation::{NotifyChannel, StepRef};
use crate::id::{AgentId, EscalationId, MessageId, NotificationId, TicketId};
use crate::name::CommitmentName;

/// Something one person is told by one channel. It ends in exactly one delivery, or is given up with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Identifies it.
    pub id: NotificationId,
    /// Whom it is for.
    pub recipient: AgentId,
    /// By which channel.
    pub channel: NotifyChannel,
    /// What it is about.
    pub about: About,
    /// The ticket.
    pub ticket: Option<TicketId>,
    /// The escalation.
    pub escalation: Option<EscalationId>,
    /// What is to be known, in a line.
    pub title: String,
    /// More about it.
    pub detail: String,
    /// How soon it must be read.
    pub urgency: Urgency,
    /// Whether it reaches somebody whose hours are closed.
    pub wake: Wake,
    /// When it arose.
    pub at: Timestamp,
    /// What made it, as a key: nobody is told twice of the same by the same channel.
    pub cause: String,
    /// How far it is.
    pub state: NotificationState,
    /// Until when it is held back at the most.
    pub held_until: Option<Timestamp>,
    /// Why it goes by e-mail instead of its channel, where it does.
    pub fallback: Option<String>,
    /// The delivery it went with, be it alone or in a digest: of an e-mail the outgoing mail's identifier, of any other
    /// channel the dispatch's.
    pub delivery: Option<Uuid>,
    /// When that delivery was handed to the channel.
    pub dispatched_at: Option<Timestamp>,
    /// When the channel took it: of an e-mail, when the mail server did.
    pub delivered_at: Option<Timestamp>,
    /// When the person read it in the program.
    pub read_at: Option<Timestamp>,
    /// Why it could not be delivered.
    pub last_error: Option<String>,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum About {
    /// A step of an escalation was taken.
    EscalationStep {
        /// Which step.
        step: StepRef,
        /// The step's name.
        name: String,
        /// The level it reaches.
        level: u8,
    },
    /// A clock is soon due.
    ClockWarned {
        /// The commitment.
        commitment: CommitmentName,
        /// When the clock is due.
        due_at: Timestamp,
    },
    /// A colleague mentioned them.
    Mentioned {
        /// In which message.
        message: MessageId,
        /// Who, by name.
        by: String,
    },
    /// A promise was missed.
    ClockMissed {
        /// The commitment.
        commitment: CommitmentName,
        /// When the clock was due.
        due_at: Timestamp,
    },
}

/// How far a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationState {
    /// It waits for its delivery.
    Pending,
    /// It was handed to its channel, which has not taken it yet.
    Dispatched,
    /// The channel took it.
    Delivered,
    /// It could not be delivered.
    GivenUp,
}

impl Notification {
    /// The channel it really goes by: its own, or e-mail where that one does not reach the person.
    #[must_use]
    pub fn goes_by(&self) -> NotifyChannel {
        match self.fallback {
            Some(_) => NotifyChannel::Email,
            None => self.channel,
        }
    }

    /// The notification as storm control sees it.
    #[must_use]
    pub fn alert(&self) -> Alert {
        Alert {
            id: self.id,
            to: self.recipient,
            channel: self.goes_by(),
            urgency: self.urgency,
            wake: self.wake,
            at: self.at,
            held_until: self.held_until,
        }
    }

    /// Its place among others: in the order in which things came. What befell a clock stands before the escalation that it
    /// raised at the same instant.
    #[must_use]
    pub fn place(&self) -> (Timestamp, u8, NotificationId) {
        let rank = match self.about {
            About::ClockWarned { .. } => 0,
            About::ClockMissed { .. } => 1,
            About::EscalationStep { .. } | About::Mentioned { .. } => 2,
        };
        (self.at, rank, self.id)
    }

    /// The step that told the person, when a step did.
    #[must_use]
    pub fn step(&self) -> Option<&StepRef> {
        match &self.about {
            About::EscalationStep { step, .. } => Some(step),
            About::ClockWarned { .. } | About::ClockMissed { .. } | About::Mentioned { .. } => None,
        }
    }
}
