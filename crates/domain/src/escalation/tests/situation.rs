//! Tickets and what happens to them, for the tests of what raises a ladder.

use super::*;
use crate::condition::TicketFacts;
use crate::event::{Channel, ContractTerms, EventKind, Origin, Side, Visibility};
use crate::id::{AccountId, MessageId};
use crate::name::{CommitmentName, Tag, TierName};
use crate::severity::Severity;
use crate::status::{Status, StatusKind};

pub(super) const NOW: &str = "2026-03-02T10:00:00Z";

pub(super) fn account(number: u128) -> AccountId {
    AccountId::from(Uuid::from_u128(number))
}

pub(super) fn facts(severity: Severity) -> TicketFacts {
    TicketFacts {
        account: Some(account(1)),
        channel: Channel::Email,
        severity,
        category: None,
        status: Status::from(StatusKind::Open),
        team: None,
        assignee: None,
        terms: ContractTerms {
            tier: Some(TierName::from("Enterprise")),
            overrides: Vec::new(),
        },
        tags: Vec::new(),
        awaiting: None,
        last_message_at: None,
    }
}

pub(super) fn tagged(tags: &[&str]) -> TicketFacts {
    TicketFacts {
        tags: tags.iter().copied().map(Tag::from).collect(),
        ..facts(Severity::P3)
    }
}

pub(super) fn on(
    name: &str,
    triggers: impl IntoIterator<Item = (TriggerKind, Option<u8>)>,
) -> Ladder {
    let mut ladder = ladder(
        name,
        [StepTiming::OnRaise, unacknowledged(30), unacknowledged(30)],
    );
    ladder.triggers = triggers
        .into_iter()
        .map(|(on, level)| EscalationTrigger {
            on,
            when: Condition::Always,
            level,
        })
        .collect();
    ladder
}

pub(super) fn severity_changed() -> EventKind {
    EventKind::SeverityChanged {
        from: Severity::P3,
        to: Severity::P1,
        reason: None,
    }
}

pub(super) fn missed(commitment: &str) -> EventKind {
    EventKind::ClockMissed {
        commitment: CommitmentName::from(commitment),
        cycle: 1,
        due_at: at(NOW),
    }
}

pub(super) fn message(side: Side, origin: Origin) -> EventKind {
    EventKind::MessageAdded {
        message: MessageId::from(Uuid::from_u128(1)),
        side,
        visibility: Visibility::Public,
        origin,
        channel: Channel::Email,
    }
}

/// The demands, each in a line.
pub(super) fn asked(run: &Run, situation: Situation<'_>) -> Vec<String> {
    demands(&situation, run.rules())
        .unwrap()
        .into_iter()
        .map(|demand| match demand {
            Demand::Raise {
                ladder,
                level,
                reason,
                subject,
                ..
            } => format!(
                "raise {ladder} at {level:?} about {}: {reason}",
                subject.tickets().len()
            ),
            Demand::MoveUp { level, reason, .. } => format!("move up to {level}: {reason}"),
            Demand::Join { tickets, .. } => format!("join {}", tickets.len()),
        })
        .collect()
}

pub(super) fn situation<'a>(
    before: Option<&'a TicketFacts>,
    after: &'a TicketFacts,
    kind: &'a EventKind,
) -> Situation<'a> {
    Situation {
        ticket: ticket(7),
        before,
        after,
        opened_at: at(NOW),
        fact: Fact::Recorded { kind, texts: &[] },
        at: at(NOW),
        consequences: &[],
        open: &[],
        sightings: &[],
    }
}
