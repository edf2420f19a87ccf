//! What an event means to clocks.

use crate::commitment::{Occurrence, Trigger};
use crate::condition::TicketFacts;
use crate::event::{Actor, Event, EventKind, Origin, Side, Visibility};

/// What is seen of an event by triggers: the event, and whether it is the message a ticket was opened with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub event: &'a Event,
    /// An agent who opens a ticket for a customer and writes its first message has not answered anything yet.
    pub is_opening_message: bool,
}

impl Seen<'_> {
    /// Whether one of the triggers is set off, the ticket being as `facts` says just after the event.
    pub fn sets_off(self, triggers: &[Trigger], facts: &TicketFacts) -> bool {
        triggers.iter().any(|trigger| {
            trigger
                .by
                .is_none_or(|side| self.event.actor.side() == Some(side))
                && self.is(&trigger.on)
                && trigger.when.holds(facts)
        })
    }

    fn is(self, occurrence: &Occurrence) -> bool {
        match (&self.event.kind, occurrence) {
            (EventKind::Opened { .. }, Occurrence::Opened) => true,
            (EventKind::Opened { .. }, Occurrence::CustomerMessage) => {
                matches!(self.event.actor, Actor::Contact(_))
            }
            (EventKind::Opened { status, .. }, Occurrence::Done) => status.kind.is_done(),
            (EventKind::Opened { status, .. }, Occurrence::Entered(kind)) => status.kind == *kind,
            (
                EventKind::MessageAdded {
                    side,
                    visibility: Visibility::Public,
                    origin: Origin::Person,
                    ..
                },
                occurrence,
            ) => match side {
                Side::Customer => *occurrence == Occurrence::CustomerMessage,
                Side::Agent => *occurrence == Occurrence::AgentReply && !self.is_opening_message,
            },
            (EventKind::StatusChanged { from, to }, occurrence) => match occurrence {
                Occurrence::StatusChanged => from.name != to.name,
                Occurrence::Done => to.kind.is_done() && !from.kind.is_done(),
                Occurrence::Reopened => from.kind.is_done() && !to.kind.is_done(),
                Occurrence::Entered(kind) => to.kind == *kind && from.kind != *kind,
                _ => false,
            },
            (EventKind::SeverityChanged { .. }, Occurrence::SeverityChanged)
            | (EventKind::CategoryChanged { .. }, Occurrence::CategoryChanged)
            | (EventKind::TeamChanged { .. }, Occurrence::TeamChanged)
            | (EventKind::AssigneeChanged { to: Some(_), .. }, Occurrence::Assigned)
            | (EventKind::EscalationRaised { .. }, Occurrence::Escalated)
            | (EventKind::EscalationAcknowledged { .. }, Occurrence::Acknowledged) => true,
            (EventKind::TagsAdded { tags }, Occurrence::Tagged(tag)) => tags.contains(tag),
            _ => false,
        }
    }

    /// Whether the event may change which terms a ticket has. A message may: a rule can ask who must write next.
    pub fn may_change_terms(self) -> bool {
        !matches!(
            self.event.kind,
            EventKind::ClockWarned { .. }
                | EventKind::ClockMissed { .. }
                | EventKind::ClockCorrected { .. }
        )
    }
}

/// Whether one of the triggers is set off by an occurrence that a person on a side brought about in another ticket, which
/// has just become one conversation with this one.
pub(super) fn stands_for(
    triggers: &[Trigger],
    occurrence: &Occurrence,
    side: Side,
    facts: &TicketFacts,
) -> bool {
    triggers.iter().any(|trigger| {
        trigger.on == *occurrence
            && trigger.by.is_none_or(|by| by == side)
            && trigger.when.holds(facts)
    })
}
