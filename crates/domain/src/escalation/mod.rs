//! Escalation: who is told next, when, and the proof that someone took it.
//!
//! A [`Ladder`] of the pack says who is told after what. A [`trigger`] says which ladders a fact raises.

mod ladder;
pub mod trigger;

pub use ladder::{HandOver, Ladder, Ladders, NotifyChannel, Recipient, Step, StepTiming};
pub use trigger::{EscalationTrigger, Grouping, ManualReason, Signs, TriggerKind};
