//! The escalation parts of the frameworks as ladders: what their tables say is what happens.

use super::*;
use crate::condition::TicketFacts;
use crate::event::{Channel, ContractTerms, EventKind};
use crate::id::EscalationId;
use crate::name::CommitmentName;
use crate::severity::Severity;
use crate::status::{Status, StatusKind};

const NOW: &str = "2026-03-02T10:00:00Z";

fn trigger(level: u8, on: TriggerKind) -> EscalationTrigger {
    EscalationTrigger {
        on,
        when: Condition::Always,
        level: Some(level),
    }
}

fn by_hand<const N: usize>(level: u8, reasons: [ManualReason; N]) -> EscalationTrigger {
    trigger(
        level,
        TriggerKind::Manual {
            reasons: reasons.into(),
        },
    )
}

fn word(word: &str) -> Signs {
    Signs {
        words: vec![word.to_owned()],
        ..Signs::default()
    }
}

/// The framework 001 (premium support): "Escalation matrix", five levels with the time in which each responds.
fn matrix() -> Ladder {
    let mut matrix = ladder(
        "a",
        [
            StepTiming::OnRaise,
            // The first level responds at once, which is no time after which to move on.
            StepTiming::ByHand,
            unacknowledged(30),
            unacknowledged(60),
            unacknowledged(120),
        ],
    );
    let responses = [0, 30, 60, 120, 240];
    for (step, response) in matrix.steps.iter_mut().zip(responses) {
        step.respond_within = Some(minutes(response));
    }
    matrix.triggers = vec![
        by_hand(1, [ManualReason::TechnicalComplexity]),
        trigger(
            2,
            TriggerKind::SlaAtRisk {
                commitments: Vec::new(),
            },
        ),
        by_hand(2, [ManualReason::CrossTeam]),
        by_hand(
            3,
            [
                ManualReason::ExecutiveComplaint,
                ManualReason::ReputationalRisk,
            ],
        ),
        by_hand(4, [ManualReason::ChurnThreat, ManualReason::Contract]),
        by_hand(
            5,
            [ManualReason::ExecutiveRelationship, ManualReason::Strategic],
        ),
    ];
    matrix
}

/// The framework 004 (customer operations): "Escalation path" and "Escalation triggers", from support to the CEO.
fn path() -> Ladder {
    let mut path = ladder(
        "a",
        [
            StepTiming::OnRaise,
            StepTiming::ByHand,
            unresolved(24 * 60),
            StepTiming::ByHand,
            StepTiming::ByHand,
        ],
    );
    path.triggers = vec![
        trigger(
            2,
            TriggerKind::SlaBreached {
                commitments: Vec::new(),
            },
        ),
        trigger(
            2,
            TriggerKind::SlaAtRisk {
                commitments: Vec::new(),
            },
        ),
        trigger(2, TriggerKind::SeverityIs(vec![Severity::P1])),
        by_hand(4, [ManualReason::CustomerRequest]),
        trigger(4, TriggerKind::SecurityIncident(word("intrusion"))),
        by_hand(
            5,
            [
                ManualReason::Contract,
                ManualReason::Legal,
                ManualReason::Strategic,
            ],
        ),
        trigger(5, TriggerKind::DataBreach(word("data breach"))),
    ];
    path
}

fn facts(severity: Severity) -> TicketFacts {
    TicketFacts {
        account: None,
        channel: Channel::Email,
        severity,
        category: None,
        status: Status::from(StatusKind::Open),
        team: None,
        assignee: None,
        terms: ContractTerms::default(),
        tags: Vec::new(),
        awaiting: None,
        last_message_at: None,
    }
}

/// Carries out what a fact about a P3 ticket asks of a run.
fn happens(run: &mut Run, fact: Fact<'_>, now: &str) {
    let facts = facts(Severity::P3);
    let state = Escalation::fold(&run.events);
    let open: Vec<OpenEscalation<'_>> = state
        .iter()
        .map(|escalation| OpenEscalation {
            id: EscalationId::from(Uuid::from_u128(1)),
            escalation,
        })
        .collect();
    let situation = Situation {
        ticket: ticket(7),
        before: Some(&facts),
        after: &facts,
        opened_at: at(NOW),
        fact,
        at: at(now),
        consequences: &[],
        open: &open,
        sightings: &[],
    };
    for demand in demands(&situation, run.rules()).unwrap() {
        run.does(demand.into_command().1, now).unwrap();
    }
}

fn warned() -> EventKind {
    EventKind::ClockWarned {
        commitment: CommitmentName::from("resolution"),
        cycle: 1,
        warning: 0,
        due_at: at("2026-03-02T14:00:00Z"),
    }
}

fn manual(reason: ManualReason) -> Fact<'static> {
    Fact::Manual { reason, note: "" }
}

#[test]
fn in_the_matrix_each_reason_begins_at_its_level_and_goes_on_after_its_response_time() {
    for (reason, level) in [
        (ManualReason::TechnicalComplexity, 1),
        (ManualReason::CrossTeam, 2),
        (ManualReason::ExecutiveComplaint, 3),
        (ManualReason::ReputationalRisk, 3),
        (ManualReason::ChurnThreat, 4),
        (ManualReason::Contract, 4),
        (ManualReason::Strategic, 5),
    ] {
        let mut run = Run::of([matrix()]);
        happens(&mut run, manual(reason), NOW);
        let first = run.state().steps[0].level;
        assert_eq!(first, level, "{reason}");
    }
    let mut run = Run::of([matrix()]);
    let kind = warned();
    let fact = Fact::Recorded {
        kind: &kind,
        texts: &[],
    };
    happens(&mut run, fact, NOW);
    run.does(Command::Advance, "2026-03-02T20:00:00Z").unwrap();
    assert_eq!(
        run.climbed(),
        [
            "a/2 Mon 10:00",
            "a/3 Mon 10:30",
            "a/4 Mon 11:30",
            "a/5 Mon 13:30"
        ]
    );
}

#[test]
fn the_path_leads_from_a_risk_to_the_engineering_lead_after_a_day_and_to_the_top_by_reason() {
    let mut run = Run::of([path()]);
    let kind = warned();
    let fact = Fact::Recorded {
        kind: &kind,
        texts: &[],
    };
    happens(&mut run, fact, NOW);
    assert_eq!(run.climbed(), ["a/2 Mon 10:00"]);
    run.does(acknowledge(), "2026-03-02T10:10:00Z").unwrap();
    run.does(Command::Advance, "2026-03-03T10:00:00Z").unwrap();
    assert_eq!(run.climbed()[1..], ["a/3 Tue 10:00"]);
    happens(
        &mut run,
        manual(ManualReason::CustomerRequest),
        "2026-03-03T11:00:00Z",
    );
    assert_eq!(run.climbed()[2..], ["a/4 Tue 11:00"]);
    happens(
        &mut run,
        manual(ManualReason::Legal),
        "2026-03-03T12:00:00Z",
    );
    assert_eq!(run.climbed()[3..], ["a/5 Tue 12:00"]);
    // A lesser reason does not lead back down.
    happens(
        &mut run,
        manual(ManualReason::CustomerRequest),
        "2026-03-03T13:00:00Z",
    );
    assert_eq!(run.climbed().len(), 4);
}

#[test]
fn on_the_path_a_breach_of_data_goes_straight_to_the_top_and_stays_there() {
    let mut run = Run::of([path()]);
    let kind = EventKind::MessageAdded {
        message: crate::id::MessageId::from(Uuid::from_u128(1)),
        side: crate::event::Side::Customer,
        visibility: crate::event::Visibility::Public,
        origin: crate::event::Origin::Person,
        channel: Channel::Email,
    };
    let fact = Fact::Recorded {
        kind: &kind,
        texts: &["Urgent", "An intrusion: we believe this is a Data Breach."],
    };
    happens(&mut run, fact, NOW);
    assert_eq!(run.climbed(), ["a/5 Mon 10:00"]);
    assert_eq!(
        run.state().reason,
        "a breach of data: the customer writes “data breach”"
    );
    assert_eq!(run.due(), None);
}
