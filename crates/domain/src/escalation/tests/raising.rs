use proptest::prelude::*;

use super::*;
use crate::condition::TicketFacts;
use crate::event::{Channel, ContractTerms, EventKind, Origin, Side, Visibility};
use crate::id::{AccountId, EscalationId, MessageId};
use crate::name::{CategoryName, CommitmentName, Tag, TierName};
use crate::severity::Severity;
use crate::status::{Status, StatusKind};

const NOW: &str = "2026-03-02T10:00:00Z";

fn account(number: u128) -> AccountId {
    AccountId::from(Uuid::from_u128(number))
}

fn facts(severity: Severity) -> TicketFacts {
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

fn tagged(tags: &[&str]) -> TicketFacts {
    TicketFacts {
        tags: tags.iter().copied().map(Tag::from).collect(),
        ..facts(Severity::P3)
    }
}

fn on(name: &str, triggers: impl IntoIterator<Item = (TriggerKind, Option<u8>)>) -> Ladder {
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

fn severity_changed() -> EventKind {
    EventKind::SeverityChanged {
        from: Severity::P3,
        to: Severity::P1,
        reason: None,
    }
}

fn missed(commitment: &str) -> EventKind {
    EventKind::ClockMissed {
        commitment: CommitmentName::from(commitment),
        cycle: 1,
        due_at: at(NOW),
    }
}

fn message(side: Side, origin: Origin) -> EventKind {
    EventKind::MessageAdded {
        message: MessageId::from(Uuid::from_u128(1)),
        side,
        visibility: Visibility::Public,
        origin,
        channel: Channel::Email,
    }
}

/// The demands, each in a line.
fn asked(run: &Run, situation: Situation<'_>) -> Vec<String> {
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

fn situation<'a>(
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

fn seen(account_number: u128, ticket_number: u128, tag: &str, time: &str) -> Sighting {
    Sighting {
        account: account(account_number),
        ticket: ticket(ticket_number),
        key: GroupKey::Tag(Tag::from(tag)),
        at: at(time),
    }
}

fn several() -> Ladder {
    on(
        "several",
        [(
            TriggerKind::AccountsAffected {
                count: 3,
                window: SignedDuration::from_mins(60),
                by: Grouping::Tag {
                    prefix: "component:".to_owned(),
                },
            },
            None,
        )],
    )
}

#[test]
fn several_accounts_on_one_component_within_the_window_raise_one_escalation_about_all() {
    let run = Run::of([several()]);
    assert_eq!(
        longest_window(run.rules().ladders),
        Some(SignedDuration::from_hours(1))
    );
    let facts = tagged(&["component:search", "vip"]);
    let kind = severity_changed();
    let with = |sightings: &[Sighting]| {
        asked(
            &run,
            Situation {
                sightings,
                ..situation(None, &facts, &kind)
            },
        )
    };
    let two = seen(2, 2, "component:search", "2026-03-02T09:00:00Z");
    let three = seen(3, 3, "component:search", "2026-03-02T09:59:00Z");
    assert_eq!(
        with(&[two.clone(), three.clone()]),
        ["raise several at None about 3: 3 accounts are affected within 1h: tag component:search"]
    );
    let early = seen(2, 2, "component:search", "2026-03-02T08:59:59Z");
    assert!(with(&[early, three.clone()]).is_empty());
    // The same account twice, another component, and a tag that is no component do not count.
    let same = seen(3, 4, "component:search", "2026-03-02T09:58:00Z");
    let other = seen(4, 5, "component:mail", "2026-03-02T09:58:00Z");
    let vip = seen(5, 6, "vip", "2026-03-02T09:58:00Z");
    assert!(with(&[three.clone(), same, other, vip]).is_empty());
    // The ticket itself may be among the sightings.
    let own = seen(1, 7, "component:search", NOW);
    assert!(with(&[own, three]).is_empty());
    assert!(with(&[two]).is_empty());
}

#[test]
fn two_triggers_that_find_the_same_group_raise_it_once() {
    let mut twice = several();
    let mut wider = twice.triggers[0].clone();
    if let TriggerKind::AccountsAffected { count, .. } = &mut wider.on {
        *count = 2;
    }
    twice.triggers.push(wider);
    let run = Run::of([twice]);
    let facts = tagged(&["component:search"]);
    let kind = severity_changed();
    let sightings = [
        seen(2, 2, "component:search", "2026-03-02T09:20:00Z"),
        seen(3, 3, "component:search", "2026-03-02T09:40:00Z"),
    ];
    let both = Situation {
        sightings: &sightings,
        ..situation(None, &facts, &kind)
    };
    assert_eq!(asked(&run, both).len(), 1);
}

#[test]
fn a_fact_recorded_late_is_seen_as_it_would_have_been_in_time() {
    let run = Run::of([several()]);
    let facts = tagged(&["component:search"]);
    let kind = severity_changed();
    let sightings = [
        seen(2, 2, "component:search", "2026-03-02T10:20:00Z"),
        seen(3, 3, "component:search", "2026-03-02T10:40:00Z"),
    ];
    let late = Situation {
        sightings: &sightings,
        ..situation(None, &facts, &kind)
    };
    assert_eq!(asked(&run, late).len(), 1);
}

#[test]
fn one_more_ticket_joins_the_open_escalation_of_its_component() {
    let mut run = Run::of([several()]);
    let raise = Command::Raise {
        subject: Subject::Group {
            key: GroupKey::Tag("component:search".into()),
            tickets: vec![ticket(1)],
        },
        ladder: LadderName::from("several"),
        level: None,
        reason: "3 accounts".to_owned(),
        manual: None,
    };
    run.does(raise, NOW).unwrap();
    let state = run.state();
    let open = [OpenEscalation {
        id: EscalationId::from(Uuid::from_u128(1)),
        escalation: &state,
    }];
    let facts = tagged(&["component:search"]);
    let kind = severity_changed();
    let joins = Situation {
        open: &open,
        ..situation(None, &facts, &kind)
    };
    assert_eq!(asked(&run, joins), ["join 1"]);
    // It has borne the tag before: nothing new.
    let known = Situation {
        before: Some(&facts),
        ..joins
    };
    assert!(asked(&run, known).is_empty());
    // It was done and is back.
    let done = TicketFacts {
        status: Status::from(StatusKind::Resolved),
        ..facts.clone()
    };
    let back = Situation {
        before: Some(&done),
        ..joins
    };
    assert_eq!(asked(&run, back), ["join 1"]);
}

/// Severities, tags and reasons as they come, on two tickets of two accounts.
fn happenings() -> impl Strategy<Value = Vec<(u128, u8, bool, bool, u8)>> {
    prop::collection::vec(
        (1u128..3, 0u8..4, any::<bool>(), any::<bool>(), 0u8..6),
        1..20,
    )
}

proptest! {
    #[test]
    fn about_one_matter_at_most_one_escalation_by_a_ladder_is_open(happenings in happenings()) {
        let mut both = several();
        both.triggers[0].on = TriggerKind::AccountsAffected {
            count: 2,
            window: SignedDuration::from_hours(2),
            by: Grouping::Tag { prefix: String::new() },
        };
        let run = Run::of([
            both,
            on("a", [
                (TriggerKind::SlaBreached { commitments: vec![] }, None),
                (TriggerKind::SeverityIs(vec![Severity::P1, Severity::P2]), Some(2)),
                (TriggerKind::Manual { reasons: vec![] }, Some(3)),
            ]),
        ]);
        let mut before: BTreeMap<u128, TicketFacts> = BTreeMap::new();
        let mut escalations: Vec<(EscalationId, Vec<EscalationEvent>)> = Vec::new();
        let mut sightings = Vec::new();
        for (minute, (number, severity, bears_tag, done, what)) in (0i64..).zip(happenings) {
            let now = at(NOW) + minutes(minute * 10);
            let mut after = facts(Severity::ALL[usize::from(severity)]);
            after.account = Some(account(number));
            after.tags = if bears_tag { vec![Tag::from("component:search")] } else { Vec::new() };
            after.status = Status::from(if done { StatusKind::Resolved } else { StatusKind::Open });
            let kind = if what < 2 { missed("resolution") } else { severity_changed() };
            let fact = if what == 5 {
                Fact::Manual { reason: ManualReason::CustomerRequest, note: "" }
            } else {
                Fact::Recorded { kind: &kind, texts: &[] }
            };
            let states: Vec<(EscalationId, Escalation)> = escalations.iter()
                .map(|(id, events)| (*id, Escalation::fold(events).unwrap())).collect();
            let open: Vec<OpenEscalation<'_>> = states.iter()
                .map(|(id, escalation)| OpenEscalation { id: *id, escalation }).collect();
            let made = demands(&Situation {
                ticket: ticket(number),
                before: before.get(&number),
                after: &after,
                opened_at: at(NOW),
                fact,
                at: now,
                consequences: &[],
                open: &open,
                sightings: &sightings,
            }, run.rules()).unwrap();
            for demand in made {
                let (about, command) = demand.into_command();
                let known = about.map(|id| states.iter().find(|(of, _)| *of == id).unwrap());
                // Every demand can be carried out: nothing is asked that would be refused.
                let events = decide(known.map(|(_, state)| state), run.rules(), command, Actor::System, now).unwrap();
                match about {
                    Some(id) => {
                        let found = escalations.iter_mut().find(|(of, _)| *of == id).unwrap();
                        found.1.extend(events);
                    }
                    None => {
                        let id = EscalationId::from(Uuid::from_u128(escalations.len() as u128));
                        escalations.push((id, events));
                    }
                }
            }
            if bears_tag && !done {
                sightings.push(Sighting {
                    account: account(number),
                    ticket: ticket(number),
                    key: GroupKey::Tag(Tag::from("component:search")),
                    at: now,
                });
            }
            before.insert(number, after);
            let matters: Vec<(LadderName, String)> = escalations.iter()
                .map(|(_, events)| Escalation::fold(events).unwrap())
                .filter(Escalation::is_open)
                .map(|open| {
                    let matter = match &open.subject {
                        Subject::Ticket { ticket } => ticket.to_string(),
                        Subject::Group { key, .. } => key.to_string(),
                    };
                    (open.ladder().clone(), matter)
                })
                .collect();
            let mut once = matters.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), matters.len());
        }
    }

    /// The count against a plain reading of its definition: some window of the length that holds the new sighting.
    #[test]
    fn the_accounts_affected_are_the_most_in_any_window_that_holds_the_new_one(
        others in prop::collection::vec((1u128..6, 1u128..9, 0i64..120), 0..12),
        new_at in 0i64..120,
        window in 0i64..60,
    ) {
        let sighting = |account_number, ticket_number, minute| Sighting {
            account: account(account_number),
            ticket: ticket(ticket_number),
            key: GroupKey::Category(CategoryName::from("outage")),
            at: at(NOW) + minutes(minute),
        };
        let sightings: Vec<Sighting> = others.iter()
            .map(|(account, ticket, minute)| sighting(*account, *ticket, *minute)).collect();
        let new = sighting(1, 99, new_at);
        let found = affected(&sightings, &new, minutes(window));
        let most = (new_at - window..=new_at)
            .map(|from| {
                let held = |minute: i64| from <= minute && minute <= from + window;
                let accounts: std::collections::BTreeSet<u128> = others.iter()
                    .filter(|(_, _, minute)| held(*minute))
                    .map(|(account, _, _)| *account)
                    .chain([1])
                    .collect();
                accounts.len()
            })
            .max();
        prop_assert_eq!(Some(found.accounts.len()), most);
        prop_assert!(found.tickets.contains(&ticket(99)));
    }
}
