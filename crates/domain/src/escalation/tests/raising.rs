use super::*;
use crate::condition::TicketFacts;
use crate::event::{ContractTerms, EventKind, Origin, Side};
use crate::id::EscalationId;
use crate::name::{CategoryName, CommitmentName, Tag, TierName};
use crate::severity::Severity;
use crate::status::{Status, StatusKind};

use super::situation::*;

#[test]
fn a_severity_raises_when_it_comes_to_be_and_not_as_long_as_it_lasts() {
    let run = Run::of([on(
        "a",
        [(TriggerKind::SeverityIs(vec![Severity::P1]), None)],
    )]);
    let (low, high) = (facts(Severity::P3), facts(Severity::P1));
    let kind = severity_changed();
    assert_eq!(
        asked(&run, situation(Some(&low), &high, &kind)),
        ["raise a at None about 1: the severity is P1"]
    );
    assert_eq!(asked(&run, situation(None, &high, &kind)).len(), 1);
    assert!(asked(&run, situation(Some(&high), &high, &kind)).is_empty());
    assert!(asked(&run, situation(Some(&high), &low, &kind)).is_empty());
    // Reopening brings it back.
    let done = TicketFacts {
        status: Status::from(StatusKind::Resolved),
        ..high.clone()
    };
    assert_eq!(asked(&run, situation(Some(&done), &high, &kind)).len(), 1);
    assert!(asked(&run, situation(Some(&low), &done, &kind)).is_empty());
}

#[test]
fn a_ladder_of_a_tier_raises_when_the_account_turns_out_to_be_of_it() {
    let mut ladder = on("a", [(TriggerKind::SeverityIs(vec![Severity::P1]), None)]);
    ladder.applies = Condition::Tier(vec![TierName::from("Enterprise")]);
    let run = Run::of([ladder]);
    let known = facts(Severity::P1);
    let unknown = TicketFacts {
        terms: ContractTerms::default(),
        ..known.clone()
    };
    let kind = severity_changed();
    assert!(asked(&run, situation(None, &unknown, &kind)).is_empty());
    assert_eq!(
        asked(&run, situation(Some(&unknown), &known, &kind)).len(),
        1
    );
}

#[test]
fn clocks_raise_by_commitment_and_by_breach_or_risk() {
    let run = Run::of([
        on(
            "a",
            [(
                TriggerKind::SlaBreached {
                    commitments: vec![CommitmentName::from("resolution")],
                },
                None,
            )],
        ),
        on(
            "b",
            [(
                TriggerKind::SlaAtRisk {
                    commitments: Vec::new(),
                },
                None,
            )],
        ),
    ]);
    let facts = facts(Severity::P3);
    let of = |kind: &EventKind| asked(&run, situation(Some(&facts), &facts, kind));
    assert_eq!(
        of(&missed("resolution")),
        ["raise a at None about 1: resolution was due at 2026-03-02 10:00 UTC and was missed"]
    );
    assert!(of(&missed("first_response")).is_empty());
    let warned = EventKind::ClockWarned {
        commitment: CommitmentName::from("update"),
        cycle: 2,
        warning: 0,
        due_at: at("2026-03-02T10:30:00Z"),
    };
    assert_eq!(
        of(&warned),
        ["raise b at None about 1: update is due at 2026-03-02 10:30 UTC"]
    );
}

#[test]
fn a_commitment_raises_the_ladder_it_names_and_once_where_a_trigger_does_too() {
    let breach = TriggerKind::SlaBreached {
        commitments: Vec::new(),
    };
    let run = Run::of([on("a", [(breach, Some(2))]), on("b", [])]);
    let facts = facts(Severity::P3);
    let kind = missed("resolution");
    let of = |consequences: &[LadderName], open: &[OpenEscalation<'_>]| {
        asked(
            &run,
            Situation {
                consequences,
                open,
                ..situation(Some(&facts), &facts, &kind)
            },
        )
    };
    let both = ["a", "b"].map(LadderName::from);
    assert_eq!(
        of(&both, &[]),
        [
            "raise a at Some(2) about 1: resolution was due at 2026-03-02 10:00 UTC and was missed",
            "raise b at None about 1: resolution was due at 2026-03-02 10:00 UTC and was missed"
        ]
    );
    let unknown = Situation {
        consequences: &["c"].map(LadderName::from),
        ..situation(Some(&facts), &facts, &kind)
    };
    assert_eq!(
        demands(&unknown, run.rules()),
        Err(DueError::UnknownLadder(LadderName::from("c")))
    );
}

#[test]
fn signs_are_words_of_the_customer_tags_and_categories() {
    let signs = Signs {
        categories: vec![CategoryName::from("security")],
        tags: vec![Tag::from("breach")],
        words: vec!["data loss".to_owned(), "violação".to_owned()],
    };
    let run = Run::of([on("a", [(TriggerKind::DataLoss(signs), Some(2))])]);
    let plain = facts(Severity::P3);
    let texts = ["Report", "We fear a DATA-LOSS since noon"];
    let said = |kind: &EventKind, texts: &[&str]| {
        asked(
            &run,
            Situation {
                fact: Fact::Recorded { kind, texts },
                ..situation(Some(&plain), &plain, kind)
            },
        )
    };
    assert_eq!(
        said(&message(Side::Customer, Origin::Person), &texts),
        ["raise a at Some(2) about 1: a loss of data: the customer writes “data loss”"]
    );
    assert!(said(&message(Side::Agent, Origin::Person), &texts).is_empty());
    assert!(said(&message(Side::Customer, Origin::Automatic), &texts).is_empty());
    // A phrase does not reach from the subject into the text.
    assert!(said(&message(Side::Customer, Origin::Person), &["Data", "loss"]).is_empty());
    let tags = tagged(&["breach"]);
    let kind = EventKind::TagsAdded { tags: Vec::new() };
    assert_eq!(
        asked(&run, situation(Some(&plain), &tags, &kind)),
        ["raise a at Some(2) about 1: a loss of data: the tag breach"]
    );
}

#[test]
fn one_escalation_by_a_ladder_is_open_about_a_ticket_and_it_moves_up() {
    let run = Run::raised(
        [on(
            "a",
            [
                (
                    TriggerKind::SlaBreached {
                        commitments: vec![],
                    },
                    None,
                ),
                (TriggerKind::SeverityIs(vec![Severity::P1]), Some(3)),
            ],
        )],
        NOW,
    );
    let state = run.state();
    let open = [OpenEscalation {
        id: EscalationId::from(Uuid::from_u128(1)),
        escalation: &state,
    }];
    let (low, high) = (facts(Severity::P3), facts(Severity::P1));
    let kind = missed("resolution");
    let again = Situation {
        open: &open,
        ..situation(Some(&low), &low, &kind)
    };
    assert!(asked(&run, again).is_empty());
    let kind = severity_changed();
    let worse = Situation {
        open: &open,
        ..situation(Some(&low), &high, &kind)
    };
    assert_eq!(asked(&run, worse), ["move up to 3: the severity is P1"]);
    // Another ticket is another matter, and so is a resolved escalation.
    let other = Situation {
        ticket: ticket(8),
        ..worse
    };
    assert_eq!(asked(&run, other).len(), 1);
    let mut run = run;
    run.does(resolve(), "2026-03-02T11:00:00Z").unwrap();
    let state = run.state();
    let over = [OpenEscalation {
        id: EscalationId::from(Uuid::from_u128(1)),
        escalation: &state,
    }];
    let kind = missed("resolution");
    let later = Situation {
        open: &over,
        ..situation(Some(&low), &low, &kind)
    };
    assert_eq!(asked(&run, later).len(), 1);
}

#[test]
fn of_several_triggers_the_most_demanding_one_says_where_to_begin() {
    let run = Run::of([on(
        "a",
        [
            (TriggerKind::Manual { reasons: vec![] }, None),
            (
                TriggerKind::Manual {
                    reasons: vec![ManualReason::ChurnThreat],
                },
                Some(3),
            ),
        ],
    )]);
    let facts = facts(Severity::P3);
    let kind = severity_changed();
    let by_hand = |reason, note: &'static str| Situation {
        fact: Fact::Manual { reason, note },
        ..situation(Some(&facts), &facts, &kind)
    };
    assert_eq!(
        asked(
            &run,
            by_hand(ManualReason::ChurnThreat, " their CEO called ")
        ),
        ["raise a at Some(3) about 1: churn threat: their CEO called"]
    );
    assert_eq!(
        asked(&run, by_hand(ManualReason::Legal, "")),
        ["raise a at None about 1: legal"]
    );
}

#[test]
fn a_ladder_that_names_the_reason_comes_before_one_that_takes_any() {
    let run = Run::of([
        on("any", [(TriggerKind::Manual { reasons: vec![] }, None)]),
        on(
            "legal",
            [(
                TriggerKind::Manual {
                    reasons: vec![ManualReason::Legal],
                },
                None,
            )],
        ),
    ]);
    // Even a ticket that is done is escalated when a person wants it.
    let facts = TicketFacts {
        status: Status::from(StatusKind::Closed),
        ..facts(Severity::P4)
    };
    let kind = severity_changed();
    let by_hand = |reason| {
        asked(
            &run,
            Situation {
                fact: Fact::Manual { reason, note: "" },
                ..situation(Some(&facts), &facts, &kind)
            },
        )
    };
    assert_eq!(
        by_hand(ManualReason::Legal),
        ["raise legal at None about 1: legal"]
    );
    assert_eq!(
        by_hand(ManualReason::CrossTeam),
        ["raise any at None about 1: cross team"]
    );
}

#[test]
fn an_unresolved_ticket_raises_once_in_the_window_in_which_it_comes_due() {
    let run = Run::of([on(
        "a",
        [
            (
                TriggerKind::Unresolved {
                    after: SignedDuration::from_hours(24),
                    calendar: None,
                },
                None,
            ),
            (
                TriggerKind::Unresolved {
                    after: SignedDuration::from_hours(16),
                    calendar: Some(CalendarName::from("business")),
                },
                Some(2),
            ),
        ],
    )]);
    let facts = facts(Severity::P3);
    let next = |after: &str| next_unresolved(&facts, at(NOW), at(after), run.rules()).unwrap();
    assert_eq!(next(NOW), Some(at("2026-03-03T10:00:00Z")));
    // 7 hours on Monday, 8 on Tuesday, 1 on Wednesday.
    assert_eq!(
        next("2026-03-03T10:00:00Z"),
        Some(at("2026-03-04T10:00:00Z"))
    );
    assert_eq!(next("2026-03-04T10:00:00Z"), None);
    let kind = severity_changed();
    let window = |after: &str, until: &str| {
        asked(
            &run,
            Situation {
                fact: Fact::Elapsed {
                    after: at(after),
                    until: at(until),
                },
                ..situation(Some(&facts), &facts, &kind)
            },
        )
    };
    assert!(window(NOW, "2026-03-03T09:59:59Z").is_empty());
    assert_eq!(
        window("2026-03-03T09:59:59Z", "2026-03-03T10:00:00Z"),
        ["raise a at None about 1: not resolved 24h after it was opened"]
    );
    assert!(window("2026-03-03T10:00:00Z", "2026-03-03T10:00:01Z").is_empty());
}
