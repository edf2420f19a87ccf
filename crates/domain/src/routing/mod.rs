//! Routing: which team, person, category and severity a new ticket gets, and who of the team takes it.

mod rule;
pub mod words;

pub use rule::{Matching, Owner, Routing, RoutingOutcome, RoutingRule, RoutingWhen, Strategy};
pub use words::Words;
