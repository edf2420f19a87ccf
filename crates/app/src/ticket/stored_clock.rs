//! From a folded clock to its stored row.

use mainstay_domain::clock::{Clock, Outcome, OutcomeKind};
use mainstay_domain::id::TicketId;
use mainstay_store::clock::{StoredClock, WarningGiven};

/// The rows of a ticket's clocks.
pub(crate) fn stored_clocks(ticket: TicketId, clocks: &[Clock]) -> Vec<StoredClock> {
    clocks
        .iter()
        .map(|clock| stored_clock(ticket, clock))
        .collect()
}

/// The row of a clock. It is a cache: everything in it can be folded again.
pub(crate) fn stored_clock(ticket: TicketId, clock: &Clock) -> StoredClock {
    let terms = clock.terms.as_ref();
    let ended = |cancelled: bool| {
        clock
            .outcome
            .as_ref()
            .filter(|outcome| is_cancelled(outcome) == cancelled)
            .map(|outcome| outcome.at)
    };
    StoredClock {
        ticket,
        commitment: clock.commitment.clone(),
        cycle: clock.cycle,
        state: clock.state(),
        policy: clock.policy,
        calendar: terms.map(|terms| terms.calendar_name.clone()),
        target: terms.map(|terms| terms.target),
        started_at: clock.started_at,
        promised_due_at: clock.promised_due_at,
        due_at: clock.due_at,
        stopped_at: ended(false),
        missed_at: clock.missed_at,
        cancelled_at: ended(true),
        warnings: clock
            .warned
            .iter()
            .map(|warned| WarningGiven {
                warning: u32::try_from(warned.warning).unwrap_or(u32::MAX),
                at: warned.at,
            })
            .collect(),
        next_at: clock.next_at,
        detail: "{}".to_owned(),
    }
}

fn is_cancelled(outcome: &Outcome) -> bool {
    matches!(outcome.kind, OutcomeKind::Cancelled(_))
}
