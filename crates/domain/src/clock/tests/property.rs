//! What must hold of every ledger.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::notation::{events, instant, policy};
use super::second_opinion::{Opinion, Simulation, opinion_of};
use crate::clock::{OutcomeKind, explain, fold};
use crate::event::Event;
use crate::policy::{PolicyBook, PolicyVersion};

/// The ledgers' days, in minutes: Monday to Friday, Thursday being a holiday.
const MINUTES: u32 = 5 * 24 * 60;

/// Something that happens to a ticket, as the notation writes it.
const HAPPENINGS: [&str; 12] = [
    "agent status open",
    "agent status on_hold",
    "agent status resolved",
    "customer status open",
    "agent severity P2",
    "agent severity P3",
    "agent terms tier=Gold",
    "agent terms tier=Silver",
    "customer writes",
    "agent writes",
    "agent notes",
    "customer answers_automatically",
];

/// Every reopening mode but `restart`, which forgets a miss because the pack says so.
const RESOLUTIONS: [&str; 3] = ["", "reopen resume; ", "reopen new; each; "];

fn commitments(resolution: &str) -> String {
    format!(
        "resolution: start opened; stop done; pause on_hold; {resolution}target P2 3h, P3 8h; warn 50%, 1h left
         next_response: start customer_message; stop agent_reply, done; each; target P2 1h, P3 5h; warn 75%"
    )
}

fn book(resolution: &str) -> PolicyBook {
    PolicyBook::of(PolicyVersion(1), Arc::new(policy(&commitments(resolution))))
}

/// When something happens, and what.
type Happening = (u32, usize);

/// Any minute, but most often a full hour around the working day, so that a happening often falls on the very instant
/// at which something opens, closes or is due.
fn minute() -> impl Strategy<Value = u32> {
    prop_oneof![
        1 => 0..MINUTES,
        4 => (0..5u32, 8..19u32).prop_map(|(day, hour)| (day * 24 + hour) * 60),
    ]
}

/// Up to nine happenings after the opening, in order.
fn ledger() -> impl Strategy<Value = Vec<Happening>> {
    prop::collection::vec((minute(), 0..HAPPENINGS.len()), 1..10).prop_map(|mut happenings| {
        happenings.sort_by_key(|(minute, _)| *minute);
        happenings
    })
}

fn moment(minute: u32) -> Timestamp {
    instant("00:00") + SignedDuration::from_mins(i64::from(minute))
}

fn written(ledger: &[Happening]) -> Vec<Event> {
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri"];
    let mut text = String::new();
    for (place, (minute, happening)) in ledger.iter().enumerate() {
        let what = if place == 0 {
            "customer opens P3 tier=Silver"
        } else {
            HAPPENINGS[*happening]
        };
        let day = days[(minute / 1440) as usize];
        let (hour, minute) = (minute / 60 % 24, minute % 60);
        text += &format!("{day} {hour:02}:{minute:02} {what}\n");
    }
    events(&text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A count minute by minute comes to the same.
    #[test]
    fn a_second_opinion_agrees(
        ledger in ledger(),
        resolution in prop::sample::select(&RESOLUTIONS),
        now in minute(),
    ) {
        let now = now.max(ledger[0].0);
        let clocks = fold(&written(&ledger), &book(resolution), moment(now));
        let told: Vec<(u32, &str)> =
            ledger.iter().map(|(minute, happening)| (*minute, HAPPENINGS[*happening])).collect();
        for commitment in ["resolution", "next_response"] {
            let ours: Vec<Opinion> = clocks
                .iter()
                .filter(|clock| clock.commitment.as_str() == commitment)
                .map(opinion_of)
                .collect();
            let reopen = if commitment == "resolution" { resolution } else { "" };
            let theirs = Simulation::run(commitment, reopen, &told, now);
            prop_assert_eq!(ours, theirs, "{}", commitment);
        }
    }

    /// An explanation has neither gap nor overlap, and adds up to what was used and to the target.
    #[test]
    fn an_explanation_adds_up(
        ledger in ledger(),
        resolution in prop::sample::select(&RESOLUTIONS),
        now in minute(),
        micros in 0..60_000_000i64,
    ) {
        let now = moment(now) + SignedDuration::from_micros(micros);
        for clock in fold(&written(&ledger), &book(resolution), now) {
            let (started_at, used, due_at) = (clock.started_at, clock.used, clock.due_at);
            let (is_due, end) = (clock.is_open() && !clock.is_paused(), clock.outcome.as_ref().map(|o| o.at));
            let target = clock.terms.as_ref().unwrap().target;
            let explanation = explain(clock, now).unwrap();
            let mut at = started_at;
            for span in &explanation.spans {
                prop_assert_eq!(span.from, at);
                prop_assert!(span.from < span.until);
                prop_assert_eq!(span.is_expected, span.from >= now);
                at = span.until;
            }
            let until = end.unwrap_or(if is_due { due_at.unwrap().max(now) } else { now });
            prop_assert_eq!(at, until);
            prop_assert_eq!(explanation.total(), until.duration_since(started_at));
            let past: SignedDuration =
                explanation.spans.iter().filter(|s| !s.is_expected).map(|s| s.counted).sum();
            prop_assert_eq!(past, used);
            if is_due && due_at.unwrap() >= now {
                prop_assert_eq!(explanation.counted(), target);
            }
        }
    }

    /// Later is known what was known before: stamps never depend on when somebody looked.
    #[test]
    fn what_has_happened_stays(
        ledger in ledger(),
        resolution in prop::sample::select(&RESOLUTIONS),
        one in minute(),
        other in minute(),
    ) {
        let (early, late) = (one.min(other), one.max(other));
        let (events, book) = (written(&ledger), book(resolution));
        let later = fold(&events, &book, moment(late));
        for before in fold(&events, &book, moment(early)) {
            let mut same = later
                .iter()
                .filter(|c| c.commitment == before.commitment && c.cycle == before.cycle);
            let after = same.next().unwrap();
            prop_assert!(same.next().is_none());
            prop_assert_eq!(after.started_at, before.started_at);
            prop_assert_eq!(after.warned.get(..before.warned.len()), Some(&before.warned[..]));
            if before.missed_at.is_some() {
                prop_assert_eq!(after.missed_at, before.missed_at);
            }
            if let Some(next) = before.next_at {
                prop_assert!(next > moment(early));
            }
        }
    }

    /// The ledger so far and the whole ledger say the same of the instant in between.
    #[test]
    fn a_ledger_is_folded_the_same_as_it_grows(
        ledger in ledger(),
        resolution in prop::sample::select(&RESOLUTIONS),
        order in any::<prop::sample::Index>(),
        now in minute(),
    ) {
        let (mut events, book) = (written(&ledger), book(resolution));
        let so_far: Vec<Event> =
            events.iter().filter(|event| event.at <= moment(now)).cloned().collect();
        let clocks = fold(&so_far, &book, moment(now));
        let turn = order.index(events.len());
        events.rotate_left(turn);
        prop_assert_eq!(fold(&events, &book, moment(now)), clocks);
    }

    /// Something happens at the next instant that a clock names, and nothing of it before.
    #[test]
    fn the_next_instant_is_when_something_happens(
        ledger in ledger(),
        resolution in prop::sample::select(&RESOLUTIONS),
    ) {
        let (events, book) = (written(&ledger), book(resolution));
        let now = moment(ledger[ledger.len() - 1].0);
        let tick = SignedDuration::from_micros(1);
        let clocks = fold(&events, &book, now);
        let Some(next) = clocks.iter().filter_map(|clock| clock.next_at).min() else {
            return Ok(());
        };
        let effects = |at: Timestamp| {
            let clocks = fold(&events, &book, at);
            clocks.iter().map(|c| c.warned.len() + usize::from(c.missed_at.is_some())).sum::<usize>()
        };
        prop_assert_eq!(effects(next - tick), effects(now));
        prop_assert!(effects(next) > effects(now));
    }
}

/// What else may stand in a ledger, likely or not.
const ODDITIES: [&str; 10] = [
    "customer opens P2",
    "agent opens status=resolved",
    "agent merged_into 7",
    "agent merged_from 7 resolution 08:00 2h",
    "agent merged_from 8 next_response 23:00 90h",
    "agent status closed",
    "agent severity P4",
    "agent terms resolution/P4:1h next_response:@office",
    "agent team engineering",
    "system missed resolution 1 10:00",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever a ledger says, in whatever order, the fold has an answer that hangs together.
    #[test]
    fn no_ledger_is_too_odd(
        happenings in prop::collection::vec((minute(), 0..HAPPENINGS.len() + ODDITIES.len()), 1..15),
        resolution in prop::sample::select(&RESOLUTIONS),
        now in minute(),
    ) {
        let mut events = Vec::new();
        for (sequence, (minute, what)) in happenings.iter().enumerate() {
            let what = HAPPENINGS.iter().chain(&ODDITIES).nth(*what).unwrap();
            let mut event = events_of(&format!("09:00 {what}"));
            event.sequence = sequence as u64;
            event.at = moment(*minute);
            events.push(event);
        }
        let clocks = fold(&events, &book(resolution), moment(now));
        let mut names: Vec<_> = clocks.iter().map(|c| (c.commitment.clone(), c.cycle)).collect();
        names.sort();
        names.dedup();
        prop_assert_eq!(names.len(), clocks.len());
        for clock in clocks {
            prop_assert!(clock.started_at <= moment(now));
            prop_assert!(!clock.used.is_negative());
            prop_assert!(clock.missed_at.is_none_or(|at| at <= moment(now)));
            let started_at = clock.started_at;
            let Some(explanation) = explain(clock, moment(now)) else { continue };
            let mut at = started_at;
            for span in &explanation.spans {
                prop_assert_eq!(span.from, at);
                at = span.until;
            }
        }
    }

    /// When a fact was recorded changes what a clock says of late facts, and nothing else.
    #[test]
    fn a_late_fact_comes_to_the_same_as_a_timely_one(
        ledger in ledger(),
        delays in prop::collection::vec(0..600i64, 10),
        resolution in prop::sample::select(&RESOLUTIONS),
        now in minute(),
    ) {
        let (mut events, book) = (written(&ledger), book(resolution));
        let timely = fold(&events, &book, moment(now));
        for (event, delay) in events.iter_mut().zip(delays) {
            event.recorded_at += SignedDuration::from_mins(delay);
        }
        let mut late = fold(&events, &book, moment(now));
        for clock in &mut late {
            clock.late_events.clear();
        }
        prop_assert_eq!(late, timely);
    }
}

fn events_of(line: &str) -> Event {
    events(line).remove(0)
}

/// The outcomes that the random ledgers are meant to reach are reached.
#[test]
fn the_notation_reaches_every_outcome() {
    let ledger = [(540, 0), (600, 9), (600, 8), (700, 2)];
    let clocks = fold(&written(&ledger), &book(""), moment(800));
    assert!(
        clocks
            .iter()
            .all(|clock| clock.outcome.as_ref().unwrap().kind == OutcomeKind::Stopped)
    );
    assert_eq!(clocks.len(), 3);
}
