//! Clocks: running commitments, folded from the ledger.
//!
//! A clock's state is a function of the ticket's ledger, the policies and an instant: [`fold`] computes it and nothing
//! else does. What the store keeps of a clock is a cache of that, with the next instant at which something must happen.
//!
//! The rules, each once:
//! - A promise is kept when what stops it happens at the due instant or before; it is missed once the due instant has
//!   come without that.
//! - Every stamp is an event's time or a due instant, never the time of the tick that noticed.
//! - Time counts while the clock is running and its calendar open. Paused time and the time for which the ticket was
//!   done are not counted, and time that is excluded for two reasons is excluded once.
//! - When severity, tier, contract or account change, the clock is recomputed from its start under the new terms. What
//!   was promised at the start stays beside it. A clock that was missed stays missed; a due instant that the new terms
//!   put into the past counts from the moment they came into force.
//! - Events count in the order in which they happened; of the same instant, in the order in which they were recorded. An
//!   event recorded late is put in its place, and the clock says that it was corrected.

mod explain;
mod fold;
mod history;
mod merge;
mod occurrence;
mod state;
mod terms;
mod track;

#[cfg(test)]
mod tests;

pub use explain::{Explanation, Span, SpanReason, explain};
pub use fold::{fold, fold_under};
pub use state::{
    Cancellation, Clock, ClockState, LateEvent, Outcome, OutcomeKind, Segment, SegmentKind, Warned,
};
pub use terms::{Terms, TermsOrigin};
