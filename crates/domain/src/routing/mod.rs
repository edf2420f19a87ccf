//! Routing: which team, person, category and severity a new ticket gets, and who of the team takes it.

mod assign;
mod reason;
mod rule;
pub mod words;

pub use assign::{
    Assignment, Candidate, Considered, Needs, Unassigned, UnassignedReason, WhyNot, WhyNotKind,
    assign,
};
pub use reason::{AssignmentReason, Choice, Finding, Followed};
pub use rule::{
    Incoming, Matching, OffHours, Owner, Routed, Routing, RoutingOutcome, RoutingRule, RoutingWhen,
    Strategy,
};
pub use words::Words;

#[cfg(test)]
mod tests;
