use super::*;

#[test]
fn the_foot_is_taken_at_once_and_each_step_after_its_wait() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [StepTiming::OnRaise, unacknowledged(30), unacknowledged(60)],
        )],
        "2026-03-02T10:00:00Z",
    );
    assert_eq!(run.climbed(), ["a/1 Mon 10:00"]);
    assert_eq!(run.due_at(), Some(at("2026-03-02T10:30:00Z")));
    assert_eq!(run.does(Command::Advance, "2026-03-02T10:29:59Z"), Ok(0));
    assert_eq!(run.does(Command::Advance, "2026-03-02T10:30:00Z"), Ok(1));
    assert_eq!(run.due_at(), Some(at("2026-03-02T11:30:00Z")));
    assert_eq!(run.does(Command::Advance, "2026-03-02T12:00:00Z"), Ok(1));
    assert_eq!(
        run.climbed(),
        ["a/1 Mon 10:00", "a/2 Mon 10:30", "a/3 Mon 11:30"]
    );
    assert_eq!(run.due(), None);
}

#[test]
fn a_late_tick_stamps_each_step_with_the_instant_at_which_it_was_due() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [StepTiming::OnRaise, unacknowledged(30), unacknowledged(60)],
        )],
        "2026-03-02T10:00:00Z",
    );
    assert_eq!(run.does(Command::Advance, "2026-03-02T18:00:00Z"), Ok(2));
    assert_eq!(
        run.climbed(),
        ["a/1 Mon 10:00", "a/2 Mon 10:30", "a/3 Mon 11:30"]
    );
}

#[test]
fn a_wait_is_counted_on_the_calendar_of_its_step() {
    let wait = StepTiming::Unacknowledged {
        after: minutes(120),
        calendar: Some(CalendarName::from("business")),
    };
    // Friday 16:00: one hour is left of the week.
    let run = Run::raised(
        [ladder("a", [StepTiming::OnRaise, wait])],
        "2026-03-06T16:00:00Z",
    );
    assert_eq!(run.due_at(), Some(at("2026-03-09T10:00:00Z")));
}

#[test]
fn steps_that_go_together_are_taken_together() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [
                StepTiming::OnRaise,
                StepTiming::OnRaise,
                unacknowledged(15),
                StepTiming::OnRaise,
            ],
        )],
        "2026-03-02T10:00:00Z",
    );
    assert_eq!(run.climbed(), ["a/1 Mon 10:00", "a/2 Mon 10:00"]);
    run.does(Command::Advance, "2026-03-02T10:15:00Z").unwrap();
    assert_eq!(run.climbed()[2..], ["a/3 Mon 10:15", "a/4 Mon 10:15"]);
}

#[test]
fn an_acknowledgement_stops_the_ladder_and_the_steps_that_go_with_the_next_one() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [
                StepTiming::OnRaise,
                unacknowledged(15),
                StepTiming::OnRaise,
                unacknowledged(15),
            ],
        )],
        "2026-03-02T10:00:00Z",
    );
    run.does(acknowledge(), "2026-03-02T10:10:00Z").unwrap();
    assert_eq!(run.due(), None);
    assert_eq!(run.does(Command::Advance, "2027-01-01T00:00:00Z"), Ok(0));
}

#[test]
fn an_acknowledged_escalation_that_is_not_resolved_moves_on_when_its_step_says_so() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [
                StepTiming::OnRaise,
                unacknowledged(30),
                unresolved(24 * 60),
                unacknowledged(30),
            ],
        )],
        "2026-03-02T10:00:00Z",
    );
    run.does(acknowledge(), "2026-03-02T10:10:00Z").unwrap();
    assert_eq!(run.due_at(), Some(at("2026-03-03T10:00:00Z")));
    run.does(Command::Advance, "2026-03-03T10:00:00Z").unwrap();
    assert_eq!(run.climbed(), ["a/1 Mon 10:00", "a/3 Tue 10:00"]);
    // Level 3 has not acknowledged yet, so the step behind it waits again.
    assert_eq!(run.state().acknowledged, None);
    assert_eq!(run.due_at(), Some(at("2026-03-03T10:30:00Z")));
}

#[test]
fn a_step_promised_for_want_of_a_resolution_passes_over_one_that_still_waits() {
    let weekend = StepTiming::Unacknowledged {
        after: minutes(8 * 60),
        calendar: Some(CalendarName::from("business")),
    };
    let mut run = Run::raised(
        [ladder(
            "a",
            [StepTiming::OnRaise, weekend, unresolved(24 * 60)],
        )],
        "2026-03-06T16:00:00Z",
    );
    assert_eq!(run.due_at(), Some(at("2026-03-07T16:00:00Z")));
    run.does(Command::Advance, "2026-03-20T00:00:00Z").unwrap();
    assert_eq!(run.climbed(), ["a/1 Fri 16:00", "a/3 Sat 16:00"]);
}

#[test]
fn of_two_steps_due_at_one_instant_the_lower_one_comes_first() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [StepTiming::OnRaise, unacknowledged(60), unresolved(60)],
        )],
        "2026-03-02T10:00:00Z",
    );
    run.does(Command::Advance, "2026-03-02T11:00:00Z").unwrap();
    assert_eq!(run.climbed()[1..], ["a/2 Mon 11:00", "a/3 Mon 11:00"]);
}

#[test]
fn a_step_taken_by_hand_waits_for_the_hand_and_holds_back_those_behind_it() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [StepTiming::OnRaise, StepTiming::ByHand, unacknowledged(10)],
        )],
        "2026-03-02T10:00:00Z",
    );
    assert_eq!(run.due(), None);
    run.does(move_on(), "2026-03-02T12:00:00Z").unwrap();
    assert_eq!(run.due_at(), Some(at("2026-03-02T12:10:00Z")));
}

#[test]
fn moving_on_by_hand_asks_for_a_new_acknowledgement() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [StepTiming::OnRaise, unacknowledged(30), unacknowledged(30)],
        )],
        "2026-03-02T10:00:00Z",
    );
    run.does(acknowledge(), "2026-03-02T10:05:00Z").unwrap();
    run.does(move_on(), "2026-03-02T11:00:00Z").unwrap();
    assert_eq!(run.climbed(), ["a/1 Mon 10:00", "a/2 Mon 11:00"]);
    assert_eq!(run.due_at(), Some(at("2026-03-02T11:30:00Z")));
    assert_eq!(run.state().acknowledgements.len(), 1);
}

#[test]
fn a_trigger_begins_at_a_level_and_an_open_escalation_moves_up_to_one() {
    let steps = [
        unacknowledged(30),
        unacknowledged(30),
        unacknowledged(60),
        unacknowledged(60),
    ];
    let mut run = Run::of([ladder("a", steps)]);
    let Command::Raise {
        subject,
        ladder,
        reason,
        ..
    } = raise("a")
    else {
        unreachable!()
    };
    let raise = Command::Raise {
        subject,
        ladder,
        level: Some(2),
        reason,
    };
    run.does(raise, "2026-03-02T10:00:00Z").unwrap();
    assert_eq!(run.climbed(), ["a/2 Mon 10:00"]);
    let to = |level| Command::MoveOn {
        level: Some(level),
        reason: "a security incident".to_owned(),
    };
    run.does(to(4), "2026-03-02T10:05:00Z").unwrap();
    assert_eq!(run.climbed(), ["a/2 Mon 10:00", "a/4 Mon 10:05"]);
    assert_eq!(
        run.does(to(3), "2026-03-02T10:06:00Z")
            .unwrap_err()
            .to_string(),
        "the escalation has passed level 3 of ladder a already"
    );
    assert_eq!(
        run.does(to(9), "2026-03-02T10:06:00Z")
            .unwrap_err()
            .to_string(),
        "ladder a has no step of level 9 or above: it ends at level 4"
    );
    assert_eq!(
        run.does(move_on(), "2026-03-02T10:06:00Z").unwrap_err(),
        Refusal::LadderEnds(LadderName::from("a"))
    );
}

#[test]
fn a_ladder_hands_over_to_another_but_never_back() {
    let hand_over = |to: &str, after| {
        Some(HandOver {
            ladder: LadderName::from(to),
            after,
        })
    };
    let mut a = ladder("a", [StepTiming::OnRaise]);
    a.next = hand_over("b", unacknowledged(15));
    let mut b = ladder("b", [StepTiming::OnRaise, unacknowledged(15)]);
    b.next = hand_over("a", unacknowledged(15));
    let mut run = Run::raised([a, b], "2026-03-02T10:00:00Z");
    run.does(Command::Advance, "2026-03-03T00:00:00Z").unwrap();
    assert_eq!(
        run.climbed(),
        ["a/1 Mon 10:00", "b/1 Mon 10:15", "b/2 Mon 10:30"]
    );
    assert_eq!(run.due(), None);
    assert_eq!(run.state().ladder().as_str(), "b");
}

#[test]
fn a_step_with_nobody_to_tell_is_not_waited_for() {
    let mut run = Run::raised(
        [ladder(
            "a",
            [StepTiming::OnRaise, unacknowledged(30), unacknowledged(30)],
        )],
        "2026-03-02T10:00:00Z",
    );
    let nobody = |step| Command::FindNobody { step };
    assert_eq!(run.does(nobody(0), "2026-03-02T10:00:01Z"), Ok(2));
    assert_eq!(run.does(nobody(0), "2026-03-02T10:00:02Z"), Ok(0));
    assert_eq!(run.state().level(), 2);
    assert_eq!(run.due_at(), Some(at("2026-03-02T10:30:01Z")));
    assert_eq!(
        run.does(nobody(2), "2026-03-02T10:01:00Z").unwrap_err(),
        Refusal::StepNotTaken { step: 3, taken: 2 }
    );
}

#[test]
fn a_resolution_that_fails_opens_the_escalation_again_and_what_was_due_meanwhile_is_due_then() {
    let mut run = Run::raised(
        [ladder("a", [StepTiming::OnRaise, unresolved(60)])],
        "2026-03-02T10:00:00Z",
    );
    run.does(resolve(), "2026-03-02T10:30:00Z").unwrap();
    assert_eq!(run.due(), None);
    let verify = Command::Verify {
        verdict: Verdict::Fails,
        text: "the customer still sees it".to_owned(),
    };
    run.does(verify, "2026-03-02T12:00:00Z").unwrap();
    assert_eq!(run.due_at(), Some(at("2026-03-02T12:00:00Z")));
}

#[test]
fn a_missing_ladder_or_calendar_is_named() {
    let run = Run::raised([ladder("a", [unacknowledged(1)])], "2026-03-02T10:00:00Z");
    let calendars = BTreeMap::new();
    let none = Ladders::new();
    let rules = Rules {
        ladders: &none,
        calendars: &calendars,
    };
    assert_eq!(
        next_due(&run.state(), rules),
        Err(DueError::UnknownLadder(LadderName::from("a")))
    );
    let wait = StepTiming::Unacknowledged {
        after: minutes(1),
        calendar: Some(CalendarName::from("nights")),
    };
    let mut run = Run::of([ladder("a", [wait])]);
    assert_eq!(
        run.does(raise("a"), "2026-03-02T10:00:00Z")
            .unwrap_err()
            .to_string(),
        "ladder a counts on calendar nights, which the policy does not have"
    );
}
