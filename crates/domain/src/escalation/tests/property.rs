use proptest::prelude::*;

use super::*;

fn timing() -> impl Strategy<Value = StepTiming> {
    let calendar = prop_oneof![Just(None), Just(Some(CalendarName::from("business")))];
    prop_oneof![
        2 => Just(StepTiming::OnRaise),
        4 => (0i64..3000, calendar.clone()).prop_map(|(after, calendar)| {
            StepTiming::Unacknowledged { after: minutes(after), calendar }
        }),
        2 => (0i64..6000, calendar).prop_map(|(after, calendar)| {
            StepTiming::Unresolved { after: minutes(after), calendar }
        }),
        1 => Just(StepTiming::ByHand),
    ]
}

fn ladders() -> impl Strategy<Value = Vec<Ladder>> {
    let one = (
        prop::collection::vec(timing(), 1..6),
        prop::option::of((0usize..3, timing())),
    );
    prop::collection::vec(one, 3).prop_map(|all| {
        let names = ["a", "b", "c"];
        names
            .into_iter()
            .zip(all)
            .map(|(name, (timings, next))| {
                let mut ladder = ladder(name, timings);
                // A ladder may well hand over in a circle here: the climb must end all the same.
                ladder.next = next.map(|(to, after)| HandOver {
                    ladder: LadderName::from(names[to]),
                    after,
                });
                ladder
            })
            .collect()
    })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        6 => Just(Command::Advance),
        2 => Just(acknowledge()),
        1 => Just(move_on()),
        1 => (1u8..7).prop_map(|level| Command::MoveOn {
            level: Some(level),
            reason: "worse".to_owned(),
        }),
        1 => (0usize..5).prop_map(|step| Command::FindNobody { step }),
        1 => Just(resolve()),
        1 => Just(Command::Verify { verdict: Verdict::Fails, text: "no".to_owned() }),
    ]
}

fn start() -> Timestamp {
    at("2026-03-06T15:00:00Z")
}

proptest! {
    #[test]
    fn no_step_is_taken_twice_and_their_order_is_kept(
        ladders in ladders(),
        commands in prop::collection::vec((command(), 0i64..2000), 0..25),
    ) {
        let mut run = Run::of(ladders);
        run.does_at(raise("a"), start()).unwrap();
        let mut now = start();
        for (command, later) in commands {
            now += minutes(later);
            // A refusal is no fact; whatever is not refused must keep the order.
            let _ = run.does_at(command, now);
        }
        let state = run.state();
        for (index, name) in state.ladders.iter().enumerate() {
            prop_assert!(!state.ladders[..index].contains(name), "ladder {} entered twice", name);
            let steps: Vec<usize> = state.steps.iter()
                .filter(|taken| taken.ladder == *name).map(|taken| taken.step).collect();
            prop_assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", steps);
        }
        let order: Vec<usize> = state.steps.iter()
            .map(|taken| state.ladders.iter().position(|name| *name == taken.ladder).unwrap())
            .collect();
        prop_assert!(order.is_sorted());
        prop_assert!(state.steps.iter().map(|taken| taken.at).is_sorted());
    }

    #[test]
    fn once_acknowledged_only_want_of_a_resolution_moves_it_on(
        ladders in ladders(),
        before in 0i64..4000,
    ) {
        let mut run = Run::of(ladders);
        run.does_at(raise("a"), start()).unwrap();
        let now = start() + minutes(before);
        run.does_at(Command::Advance, now).unwrap();
        run.does_at(acknowledge(), now).unwrap();
        if let Some(due) = run.due() {
            prop_assert_eq!(due.cause, StepCause::Unresolved);
        }
    }

    #[test]
    fn one_late_tick_takes_the_same_steps_at_the_same_instants_as_many_ticks_in_time(
        ladders in ladders(),
        ticks in prop::collection::vec(0i64..500, 1..30),
    ) {
        let mut often = Run::of(ladders.clone());
        let mut once = Run::of(ladders);
        often.does_at(raise("a"), start()).unwrap();
        once.does_at(raise("a"), start()).unwrap();
        let mut now = start();
        for tick in ticks {
            now += minutes(tick);
            often.does_at(Command::Advance, now).unwrap();
        }
        once.does_at(Command::Advance, now).unwrap();
        prop_assert_eq!(&often.events, &once.events);
        // After a tick nothing is left that was due.
        prop_assert!(often.due().is_none_or(|due| due.at > now));
    }

    #[test]
    fn nothing_is_due_once_it_is_resolved(ladders in ladders(), after in 0i64..4000) {
        let mut run = Run::of(ladders);
        run.does_at(raise("a"), start()).unwrap();
        run.does_at(resolve(), start() + minutes(after)).unwrap();
        prop_assert_eq!(run.due(), None);
    }
}
