use jiff::ToSpan;
use uuid::Uuid;

use super::*;
use crate::event::{Channel, ContractTerms, Origin, Side, Visibility};
use crate::id::{EscalationId, EventId, MessageId};
use crate::name::LadderName;
use crate::policy::PolicyVersion;
use crate::status::{Status, StatusKind};

fn ana() -> Actor {
    Actor::Agent(AgentId::from(Uuid::from_u128(1)))
}

fn ben() -> Actor {
    Actor::Agent(AgentId::from(Uuid::from_u128(2)))
}

fn start() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// A ledger in which something happens each second, from the opening as P2, with the tag `old`, on.
fn ledger(facts: Vec<(Actor, EventKind)>) -> Vec<Event> {
    let opened = EventKind::Opened {
        account: None,
        contact: None,
        channel: Channel::Email,
        severity: Severity::P2,
        category: None,
        status: Status::from(StatusKind::New),
        team: None,
        assignee: None,
        terms: ContractTerms::default(),
        tags: vec![Tag::from("old")],
    };
    (1..)
        .zip([(Actor::System, opened)].into_iter().chain(facts))
        .map(|(sequence, (actor, kind))| {
            let at = start() + i64::try_from(sequence).unwrap().seconds();
            Event {
                id: EventId::from(Uuid::from_u128(sequence.into())),
                at,
                recorded_at: at,
                sequence,
                actor,
                policy: PolicyVersion(1),
                kind,
            }
        })
        .collect()
}

fn status(from: StatusKind, to: StatusKind) -> EventKind {
    EventKind::StatusChanged {
        from: Status::from(from),
        to: Status::from(to),
    }
}

fn severity(to: Severity) -> EventKind {
    EventKind::SeverityChanged {
        from: Severity::P2,
        to,
        reason: None,
    }
}

fn tags(added: &str) -> EventKind {
    EventKind::TagsAdded {
        tags: vec![Tag::from("old"), Tag::from(added)],
    }
}

/// What makes up for the facts from the second on, up to the one numbered `after`.
fn undone(events: &[Event], after: u64) -> Result<Vec<Restored>, Refusal> {
    let changed = Changed { before: 1, after };
    undo(events, changed, ana(), start() + 1.minute())
}

#[test]
fn everything_a_change_set_is_put_back() {
    let assignee = EventKind::AssigneeChanged {
        to: Some(AgentId::from(Uuid::from_u128(3))),
        reason: None,
        because: None,
    };
    let removed = EventKind::TagsRemoved {
        tags: vec![Tag::from("old")],
    };
    let events = ledger(vec![
        (ana(), status(StatusKind::New, StatusKind::Resolved)),
        (ana(), severity(Severity::P1)),
        (ana(), assignee),
        (ana(), tags("new")),
        (ana(), removed),
    ]);
    assert_eq!(
        undone(&events, 6).unwrap(),
        [
            Restored::Status(StatusName::from("new")),
            Restored::Severity(Severity::P2),
            Restored::Assignee(None),
            Restored::RemoveTags(vec![Tag::from("new")]),
            Restored::AddTags(vec![Tag::from("old")]),
        ]
    );
}

#[test]
fn what_followed_by_itself_stays() {
    let raised = EventKind::EscalationRaised {
        escalation: EscalationId::from(Uuid::from_u128(5)),
        ladder: LadderName::from("critical"),
        reason: String::new(),
    };
    let events = ledger(vec![
        (ana(), severity(Severity::P1)),
        (Actor::System, raised),
    ]);
    let back = undone(&events, 3).unwrap();
    assert_eq!(back, [Restored::Severity(Severity::P2)]);
}

#[test]
fn what_somebody_changed_since_is_not_overwritten() {
    let events = ledger(vec![
        (ana(), status(StatusKind::New, StatusKind::Resolved)),
        (ben(), status(StatusKind::Resolved, StatusKind::Open)),
    ]);
    assert_eq!(undone(&events, 2), Err(Refusal::UndoOvertaken("status")));
    let events = ledger(vec![(ana(), tags("new")), (ben(), tags("new"))]);
    assert_eq!(undone(&events, 2), Err(Refusal::UndoOvertaken("tags")));
}

#[test]
fn what_somebody_did_of_another_kind_since_stays_and_hinders_nothing() {
    let events = ledger(vec![
        (ana(), status(StatusKind::New, StatusKind::Resolved)),
        (ben(), severity(Severity::P3)),
        (ben(), tags("new")),
    ]);
    let back = undone(&events, 2).unwrap();
    assert_eq!(back, [Restored::Status(StatusName::from("new"))]);
}

#[test]
fn only_ones_own_change_is_undone_and_only_for_a_minute() {
    let events = ledger(vec![(ben(), severity(Severity::P1))]);
    assert_eq!(undone(&events, 2), Err(Refusal::UndoOfOthers));
    let events = ledger(vec![(ana(), severity(Severity::P1)), (ben(), tags("new"))]);
    assert_eq!(undone(&events, 3), Err(Refusal::UndoOfOthers));
    assert_eq!(undone(&events, 9), Err(Refusal::UndoOfOthers));
    assert_eq!(undone(&events, 1), Err(Refusal::UndoOfOthers));
    let changed = Changed {
        before: 1,
        after: 2,
    };
    let at = |seconds: i64| undo(&events, changed, ana(), start() + (2 + seconds).seconds());
    assert!(at(60).is_ok());
    assert_eq!(at(61), Err(Refusal::UndoTooLate));
}

#[test]
fn a_reply_is_not_unsaid() {
    let said = EventKind::MessageAdded {
        message: MessageId::from(Uuid::from_u128(9)),
        side: Side::Agent,
        visibility: Visibility::Public,
        origin: Origin::Person,
        channel: Channel::Api,
    };
    let events = ledger(vec![(ana(), said)]);
    assert_eq!(
        undone(&events, 2),
        Err(Refusal::NotUndoable("message_added"))
    );
}
