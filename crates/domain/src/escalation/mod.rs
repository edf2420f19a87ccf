//! Escalation: who is told next, when, and the proof that someone took it.
//!
//! A [`Ladder`] of the pack says who is told after what. A [`trigger`] says what raises a ladder. An [`Escalation`] is
//! one ladder being climbed: the fold of its [`EscalationEvent`]s, moved by [`decide()`].

mod affected;
mod command;
mod decide;
mod due;
mod ladder;
mod raise;
mod reason;
mod recipients;
mod record;
mod state;
pub mod storm;
pub mod trigger;

pub use affected::{Affected, Sighting, affected, is_to_be_counted, longest_window};
pub use command::{Command, Refusal};
pub use decide::decide;
pub use due::{Due, DueError, DueStep, Rules, next_due};
pub use ladder::{HandOver, Ladder, Ladders, NotifyChannel, Recipient, Step, StepTiming};
pub use raise::{Demand, Fact, OpenEscalation, Situation, demands, next_unresolved};
pub use reason::{Alarm, Reason, Sign};
pub use recipients::{Directory, Told};
pub use record::{
    DeliveryOutcome, EscalationEvent, EscalationEventKind, GroupKey, Review, StepCause, StepRef,
    Subject, Verdict,
};
pub use state::{
    Acknowledgement, Allocation, Entry, Escalation, Notification, Part, Phase, StepTaken,
};
pub use trigger::{EscalationTrigger, Grouping, ManualReason, Signs, TriggerKind};

#[cfg(test)]
mod tests;
