use super::*;
use crate::event::EventKind;
use crate::id::EscalationId;
use crate::severity::Severity;

fn raised() -> Run {
    Run::raised(
        [ladder("a", [StepTiming::OnRaise, unacknowledged(30)])],
        "2026-03-02T10:00:00Z",
    )
}

/// The first step of the ladder.
fn first() -> StepRef {
    StepRef {
        ladder: LadderName::from("a"),
        step: 0,
    }
}

fn review() -> Command {
    Command::Review(Review {
        what_happened: "Search was down for two hours.".to_owned(),
        cause: "The index outgrew its disk.".to_owned(),
        changes: "An alert at 80% of the disk.".to_owned(),
    })
}

#[test]
fn the_seven_parts_are_recorded_one_by_one() {
    let mut run = raised();
    let text = || "done".to_owned();
    let commands = [
        Command::Assess { text: text() },
        Command::Decide { text: text() },
        Command::RecordNotification {
            step: Some(first()),
            to: agent(2),
            channel: NotifyChannel::Email,
            outcome: DeliveryOutcome::Delivered,
        },
        Command::AllocateResources {
            agents: vec![agent(3)],
            text: String::new(),
        },
        Command::Resolve { text: text() },
        Command::Verify {
            verdict: Verdict::Holds,
            text: text(),
        },
        review(),
    ];
    let mut left = vec![run.state().unrecorded()];
    for command in commands {
        assert_eq!(run.does(command, "2026-03-02T11:00:00Z"), Ok(1));
        left.push(run.state().unrecorded());
    }
    let counts: Vec<usize> = left.iter().map(Vec::len).collect();
    assert_eq!(counts, [7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(
        left[0],
        [
            Part::Assessment,
            Part::Decision,
            Part::Notification,
            Part::Resources,
            Part::Progress,
            Part::Verification,
            Part::Review
        ]
    );
}

#[test]
fn acknowledging_twice_is_fine_and_records_once() {
    let mut run = raised();
    assert_eq!(run.does(acknowledge(), "2026-03-02T10:01:00Z"), Ok(1));
    assert_eq!(run.does(acknowledge(), "2026-03-02T10:02:00Z"), Ok(0));
    let state = run.state();
    assert_eq!(state.acknowledgements.len(), 1);
    assert_eq!(state.acknowledged.unwrap().at, at("2026-03-02T10:01:00Z"));
}

#[test]
fn acknowledging_a_step_already_passed_counts_and_one_not_taken_does_not() {
    let mut run = raised();
    run.does(Command::Advance, "2026-03-02T10:30:00Z").unwrap();
    let at_step = |step| Command::Acknowledge { step: Some(step) };
    assert_eq!(
        run.does(at_step(5), "2026-03-02T10:31:00Z")
            .unwrap_err()
            .to_string(),
        "step 6 has not been taken: the escalation has taken 2 steps"
    );
    assert_eq!(run.does(at_step(0), "2026-03-02T10:31:00Z"), Ok(1));
    assert_eq!(run.state().acknowledged.unwrap().step, Some(0));
    assert_eq!(run.due(), None);
}

#[test]
fn a_drop_of_severity_is_noted_and_cancels_nothing() {
    let mut run = raised();
    let drop = || Command::NoteSeverity {
        from: Severity::P1,
        to: Severity::P3,
    };
    assert_eq!(run.does(drop(), "2026-03-02T10:05:00Z"), Ok(1));
    let state = run.state();
    assert!(state.is_open());
    assert_eq!(
        state.progress[0].text,
        "The severity changed from P1 to P3."
    );
    assert_eq!(run.due_at(), Some(at("2026-03-02T10:30:00Z")));
    run.does(resolve(), "2026-03-02T10:06:00Z").unwrap();
    assert_eq!(run.does(drop(), "2026-03-02T10:07:00Z"), Ok(0));
}

#[test]
fn what_comes_out_of_turn_is_refused_with_what_to_do_instead() {
    let mut run = Run::of([ladder("a", [StepTiming::OnRaise])]);
    let refused = |run: &mut Run, command| {
        run.does(command, "2026-03-02T12:00:00Z")
            .unwrap_err()
            .to_string()
    };
    let before = refused(&mut run, acknowledge());
    run.does(raise("a"), "2026-03-02T10:00:00Z").unwrap();
    let twice = refused(&mut run, raise("a"));
    let early = refused(&mut run, review());
    let empty = refused(
        &mut run,
        Command::Assess {
            text: " \n".to_owned(),
        },
    );
    let nothing = refused(
        &mut run,
        Command::AllocateResources {
            agents: Vec::new(),
            text: String::new(),
        },
    );
    let joined = refused(
        &mut run,
        Command::JoinTickets {
            tickets: vec![ticket(8)],
        },
    );
    run.does(resolve(), "2026-03-02T11:00:00Z").unwrap();
    let late = refused(&mut run, acknowledge());
    run.does(review(), "2026-03-02T11:30:00Z").unwrap();
    let again = refused(&mut run, review());
    insta::assert_snapshot!(
        [before, twice, early, empty, nothing, joined, late, again].join("\n"),
        @r"
    the escalation has not been raised yet: raise it first
    the escalation has been raised already
    the escalation is not resolved yet: resolve it before you review it
    the assessment is empty: write at least a sentence
    what is allocated is empty: write at least a sentence
    the escalation is about one ticket: other tickets cannot join it
    the escalation has been resolved since 2026-03-02 11:00 UTC; raise a new one if the issue is back
    the escalation was reviewed at 2026-03-02 11:30 UTC already
    "
    );
}

#[test]
fn a_cancelled_escalation_keeps_why_and_takes_no_further_step() {
    let mut run = raised();
    let cancel = Command::Cancel {
        reason: "the ticket was merged into #12".to_owned(),
    };
    run.does(cancel, "2026-03-02T10:05:00Z").unwrap();
    assert_eq!(run.due(), None);
    assert!(matches!(run.state().phase, Phase::Cancelled { .. }));
    assert_eq!(
        run.state().cancelled_because.as_deref(),
        Some("the ticket was merged into #12")
    );
    assert!(run.does(resolve(), "2026-03-02T10:06:00Z").is_err());
    // What the channels report later is still recorded, and a review may still be written.
    let told = Command::RecordNotification {
        step: Some(first()),
        to: agent(2),
        channel: NotifyChannel::Sms,
        outcome: DeliveryOutcome::GivenUp {
            reason: "no such number".to_owned(),
        },
    };
    assert_eq!(run.does(told, "2026-03-02T10:07:00Z"), Ok(1));
    assert_eq!(run.does(review(), "2026-03-02T10:08:00Z"), Ok(1));
}

#[test]
fn nobody_is_reached_only_when_every_delivery_of_the_step_was_given_up() {
    let told = Told {
        people: vec![
            (agent(2), NotifyChannel::Email),
            (agent(2), NotifyChannel::Sms),
        ],
        missing: Vec::new(),
    };
    let mut run = raised();
    let mut after = |channel, outcome| {
        let command = Command::RecordNotification {
            step: Some(first()),
            to: agent(2),
            channel,
            outcome,
        };
        run.does(command, "2026-03-02T10:01:00Z").unwrap();
        run.state().nobody_reached(&first(), &told)
    };
    let given_up = || DeliveryOutcome::GivenUp {
        reason: "no such number".to_owned(),
    };
    let failed = DeliveryOutcome::Failed {
        reason: "the server is away".to_owned(),
    };
    assert!(!after(NotifyChannel::Sms, given_up()));
    assert!(!after(NotifyChannel::Email, failed));
    assert!(after(NotifyChannel::Email, given_up()));
    // Somebody sent it again by hand.
    assert!(!after(NotifyChannel::Email, DeliveryOutcome::Sent));
}

#[test]
fn tickets_join_a_group_once() {
    let mut run = Run::of([ladder("a", [StepTiming::OnRaise])]);
    let raise = Command::Raise {
        subject: Subject::Group {
            key: GroupKey::Tag("component:search".into()),
            tickets: vec![ticket(1), ticket(2)],
        },
        ladder: LadderName::from("a"),
        level: None,
        reason: three_accounts(),
    };
    run.does(raise, "2026-03-02T10:00:00Z").unwrap();
    let join = |tickets: &[u128]| Command::JoinTickets {
        tickets: tickets.iter().copied().map(ticket).collect(),
    };
    assert_eq!(run.does(join(&[2, 3, 3]), "2026-03-02T10:01:00Z"), Ok(1));
    assert_eq!(run.does(join(&[3]), "2026-03-02T10:02:00Z"), Ok(0));
    assert_eq!(
        run.state().subject.tickets(),
        [ticket(1), ticket(2), ticket(3)]
    );
}

#[test]
fn the_ledger_of_the_ticket_hears_of_the_beginning_the_acknowledgement_and_the_end() {
    let mut run = raised();
    run.does(acknowledge(), "2026-03-02T10:01:00Z").unwrap();
    run.does(resolve(), "2026-03-02T10:02:00Z").unwrap();
    let id = EscalationId::from(Uuid::from_u128(9));
    let facts: Vec<&str> = run
        .events
        .iter()
        .filter_map(|event| event.ticket_fact(id))
        .map(|fact: EventKind| fact.name())
        .collect();
    assert_eq!(
        facts,
        [
            "escalation_raised",
            "escalation_acknowledged",
            "escalation_resolved"
        ]
    );
}

#[test]
fn the_stored_form_keeps_its_names_and_reads_back() {
    let mut run = raised();
    run.does(review(), "2026-03-02T10:01:00Z").unwrap_err();
    run.does(resolve(), "2026-03-02T10:02:00Z").unwrap();
    run.does(review(), "2026-03-02T10:03:00Z").unwrap();
    let lines: Vec<String> = run
        .events
        .iter()
        .map(|event| serde_json::to_string(&event).unwrap())
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"at":"2026-03-02T10:00:00Z","actor":{"agent":"00000000-0000-0000-0000-000000000001"},"kind":{"type":"raised","subject":{"type":"ticket","ticket":"00000000-0000-0000-0000-000000000007"},"ladder":"a","reason":"first_response was due at 2026-03-02 10:00 UTC and was missed","manual":null,"parts":{"code":"clock_missed","commitment":"first_response","due_at":"2026-03-02T10:00:00Z"}}}
    {"at":"2026-03-02T10:00:00Z","actor":"system","kind":{"type":"step_taken","ladder":"a","step":0,"level":1,"cause":{"type":"raised"}}}
    {"at":"2026-03-02T10:02:00Z","actor":{"agent":"00000000-0000-0000-0000-000000000001"},"kind":{"type":"resolved","text":"the index was rebuilt"}}
    {"at":"2026-03-02T10:03:00Z","actor":{"agent":"00000000-0000-0000-0000-000000000001"},"kind":{"type":"reviewed","what_happened":"Search was down for two hours.","cause":"The index outgrew its disk.","changes":"An alert at 80% of the disk."}}
    "#);
    let back: Vec<EscalationEvent> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(back, run.events);
    // As an earlier version of the program wrote it.
    let earlier = r#"{"at":"2026-03-02T10:00:00Z","actor":"system","kind":{"type":"raised","subject":{"type":"ticket","ticket":"00000000-0000-0000-0000-000000000007"},"ladder":"a","reason":"first_response was missed","manual":null}}"#;
    let earlier: EscalationEvent = serde_json::from_str(earlier).unwrap();
    let state = Escalation::fold([&earlier]).unwrap();
    assert_eq!(
        (state.reason.as_str(), state.parts),
        ("first_response was missed", None)
    );
}
