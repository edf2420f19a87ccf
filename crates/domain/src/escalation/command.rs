//! The commands that an escalation takes, and why it refuses them.

use jiff::Timestamp;

use super::due::DueError;
use super::ladder::NotifyChannel;
use super::reason::{Reason, in_utc};
use super::record::{DeliveryOutcome, Review, StepRef, Subject, Verdict};
use crate::id::{AgentId, TicketId};
use crate::name::LadderName;
use crate::severity::Severity;

/// Something to be done with an escalation.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Raise it.
    Raise {
        /// About what.
        subject: Subject,
        /// By which ladder.
        ladder: LadderName,
        /// At which level it begins; the ladder's foot when absent. The step there is taken at once.
        level: Option<u8>,
        /// Why.
        reason: Reason,
    },
    /// Take every step that is due by now.
    Advance,
    /// Move on by hand: to the next step, or to a level further up.
    MoveOn {
        /// To which level; the next step when absent.
        level: Option<u8>,
        /// Why.
        reason: String,
    },
    /// Record that nobody was found who could be told at a step.
    FindNobody {
        /// The step of the current ladder, from 0.
        step: usize,
    },
    /// Add tickets that turned out to belong to it.
    JoinTickets {
        /// Which.
        tickets: Vec<TicketId>,
    },
    /// Take it on.
    Acknowledge {
        /// At which step the actor had been told, when that is known. One that the ladder has long passed counts too.
        step: Option<usize>,
    },
    /// Record how severe the issue is and whom it hurts.
    Assess {
        /// How.
        text: String,
    },
    /// Record what is to be done.
    Decide {
        /// What.
        text: String,
    },
    /// Record that somebody was told, or could not be.
    RecordNotification {
        /// At which step, when a step told them.
        step: Option<StepRef>,
        /// Whom.
        to: AgentId,
        /// By which channel.
        channel: NotifyChannel,
        /// With which outcome.
        outcome: DeliveryOutcome,
    },
    /// Give people or means to it.
    AllocateResources {
        /// Which agents.
        agents: Vec<AgentId>,
        /// What for, or what else.
        text: String,
    },
    /// Note progress.
    NoteProgress {
        /// What.
        text: String,
    },
    /// Note that the severity of a ticket changed.
    NoteSeverity {
        /// Before.
        from: Severity,
        /// After.
        to: Severity,
    },
    /// Say that the issue is resolved.
    Resolve {
        /// How.
        text: String,
    },
    /// Verify the resolution.
    Verify {
        /// Whether it holds. One that does not opens the escalation again.
        verdict: Verdict,
        /// What was found, and whether the customer is content.
        text: String,
    },
    /// Review it afterwards.
    Review(Review),
    /// Take it back.
    Cancel {
        /// Why.
        reason: String,
    },
}

/// Why something cannot be done with an escalation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// There is no escalation yet.
    #[error("the escalation has not been raised yet: raise it first")]
    NotRaised,
    /// It was raised before.
    #[error("the escalation has been raised already")]
    AlreadyRaised,
    /// The ladder has no step so high.
    #[error("ladder {ladder} has no step of level {level} or above: it ends at level {highest}")]
    NoSuchLevel {
        /// The ladder.
        ladder: LadderName,
        /// The level asked for.
        level: u8,
        /// The ladder's highest level.
        highest: u8,
    },
    /// The ladder has passed the level.
    #[error("the escalation has passed level {level} of ladder {ladder} already")]
    LevelPassed {
        /// The ladder.
        ladder: LadderName,
        /// The level asked for.
        level: u8,
    },
    /// There is nobody further up.
    #[error(
        "ladder {0} has no further step: resolve the escalation, or raise one by another ladder"
    )]
    LadderEnds(LadderName),
    /// The step has not been taken.
    #[error("step {step} has not been taken: the escalation has taken {taken} steps")]
    StepNotTaken {
        /// The step, from 1.
        step: usize,
        /// How many were taken.
        taken: usize,
    },
    /// It is resolved or cancelled.
    #[error("the escalation has been {how} since {}; raise a new one if the issue is back", in_utc(*at))]
    Over {
        /// `resolved` or `cancelled`.
        how: &'static str,
        /// Since when.
        at: Timestamp,
    },
    /// It is not resolved yet.
    #[error("the escalation is not resolved yet: resolve it before you {what} it")]
    NotResolved {
        /// `verify` or `review`.
        what: &'static str,
    },
    /// It was reviewed before.
    #[error("the escalation was reviewed at {} already", in_utc(*.0))]
    AlreadyReviewed(Timestamp),
    /// The words are missing.
    #[error("{0} is empty: write at least a sentence")]
    Empty(&'static str),
    /// Only a group of tickets can grow.
    #[error("the escalation is about one ticket: other tickets cannot join it")]
    NotAGroup,
    /// The policy lacks something.
    #[error(transparent)]
    Policy(#[from] DueError),
}
