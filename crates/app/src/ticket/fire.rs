//! What happens when a ticket's clock warns or is missed.

use jiff::Timestamp;
use mainstay_domain::clock::Clock;
use mainstay_domain::event::{Actor, Event, EventKind};
use mainstay_domain::name::CommitmentName;

use super::TicketWriter;

/// Records what has come due on the clocks of a ticket, each instant once.
pub(super) fn fire(writer: &mut TicketWriter<'_>) {
    for (at, kind) in unrecorded(writer.events(), &writer.clocks()) {
        writer.record(Actor::System, at, kind);
    }
}

/// What has come due and does not stand in the ledger yet, in the order in which it came.
pub(super) fn unrecorded(events: &[Event], clocks: &[Clock]) -> Vec<(Timestamp, EventKind)> {
    let mut fired: Vec<_> = clocks
        .iter()
        .flat_map(|clock| {
            firings(clock)
                .into_iter()
                .filter(|(at, kind)| !is_recorded(events, clock, *at, kind))
        })
        .collect();
    fired.sort_by_key(|(at, _)| *at);
    fired
}

/// What the clock says has come, each with its instant.
pub(super) fn firings(clock: &Clock) -> Vec<(Timestamp, EventKind)> {
    let due_at = clock.due_at.or(clock.missed_at);
    let warnings = clock.warned.iter().filter_map(|warned| {
        Some((
            warned.at,
            EventKind::ClockWarned {
                commitment: clock.commitment.clone(),
                cycle: clock.cycle,
                warning: warned.warning,
                due_at: due_at?,
            },
        ))
    });
    let miss = clock.missed_at.map(|at| {
        (
            at,
            EventKind::ClockMissed {
                commitment: clock.commitment.clone(),
                cycle: clock.cycle,
                due_at: due_at.unwrap_or(at),
            },
        )
    });
    warnings.chain(miss).collect()
}

/// Whether the firing stands in the ledger already. A warning is given again only when new terms put it later; a miss is
/// recorded again only when the earlier record was corrected; a clock that was restarted fires anew.
fn is_recorded(events: &[Event], clock: &Clock, at: Timestamp, firing: &EventKind) -> bool {
    let mut recorded = false;
    for event in events.iter().filter(|event| event.at >= clock.started_at) {
        match (&event.kind, firing) {
            (
                EventKind::ClockWarned {
                    commitment,
                    cycle,
                    warning,
                    ..
                },
                EventKind::ClockWarned { warning: w, .. },
            ) if is_of(clock, commitment, *cycle) && warning == w => {
                recorded |= event.at >= at || clock.terms_since <= event.at;
            }
            (
                EventKind::ClockMissed {
                    commitment, cycle, ..
                },
                EventKind::ClockMissed { .. },
            ) if is_of(clock, commitment, *cycle) => recorded = true,
            (
                EventKind::ClockCorrected {
                    commitment, cycle, ..
                },
                EventKind::ClockMissed { .. },
            ) if is_of(clock, commitment, *cycle) => recorded = false,
            _ => {}
        }
    }
    recorded
}

fn is_of(clock: &Clock, commitment: &CommitmentName, cycle: u32) -> bool {
    clock.commitment == *commitment && clock.cycle == cycle
}
