use proptest::prelude::*;

use super::*;
use crate::condition::TicketFacts;
use crate::id::EscalationId;
use crate::name::{CategoryName, Tag};
use crate::severity::Severity;
use crate::status::{Status, StatusKind};

use super::situation::*;

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
        reason: three_accounts(),
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
