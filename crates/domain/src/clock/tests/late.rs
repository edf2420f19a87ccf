//! Facts that come in late.

use proptest::prelude::*;

use super::notation::{check, events, instant, line, policy};
use crate::clock::fold;
use crate::policy::{PolicyBook, PolicyVersion};

const RESPONSE: &str = "first_response: start opened; stop agent_reply; target 1h";

#[test]
fn a_reply_recorded_late_corrects_the_clock_and_the_clock_says_so() {
    check(
        RESPONSE,
        "09:00 customer opens
         10:00 recorded 10:00 missed first_response 1 10:00
         09:40 recorded 11:00 agent writes",
        "12:00",
        "first_response#1 met 09:00-09:40 used 40m due 10:00 retracted 10:00 late 1",
    );
}

#[test]
fn a_late_fact_that_moves_nothing_is_not_mentioned() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:40 agent writes
         09:50 recorded 11:00 agent writes
         09:30 recorded 11:00 agent notes",
        "12:00",
        "first_response#1 met 09:00-09:40 used 40m due 10:00",
    );
}

#[test]
fn a_fact_recorded_within_a_second_is_timely() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:40 recorded 09:40:01 agent writes",
        "12:00",
        "first_response#1 met 09:00-09:40 used 40m due 10:00",
    );
}

#[test]
fn an_imported_history_is_not_late() {
    check(
        RESPONSE,
        "09:00 recorded Fri 09:00 customer opens
         09:40 recorded Fri 09:00 agent writes",
        "Fri 12:00",
        "first_response#1 met 09:00-09:40 used 40m due 10:00",
    );
}

#[test]
fn a_pause_recorded_late_gives_its_time_back() {
    check(
        "resolution: start opened; stop done; pause on_hold; target 2h",
        "09:00 customer opens
         11:00 missed resolution 1 11:00
         11:10 agent status open
         10:00 recorded 11:30 agent status on_hold",
        "12:00",
        "resolution#1 running 09:00- used 1h 50m due 12:10 retracted 11:00 late 1",
    );
}

#[test]
fn a_severity_recorded_late_corrects_what_was_promised() {
    check(
        "resolution: start opened; stop done; target P2 2h, P3 8h",
        "09:00 customer opens P3
         09:10 recorded 12:00 agent severity P2",
        "12:00",
        "resolution#1 missed 09:00- used 3h due 11:00 promised 17:00 missed 11:00 late 1",
    );
}

#[test]
fn a_late_question_starts_its_clock_when_it_was_asked() {
    check(
        "next_response: start customer_message; stop agent_reply, done; each; target 1h",
        "09:00 customer opens
         09:10 agent writes
         09:30 recorded 10:15 customer writes",
        "10:15",
        "next_response#1 met 09:00-09:10 used 10m due 10:00
         next_response#2 running 09:30- used 45m due 10:30 late 1",
    );
}

#[test]
fn a_recorded_miss_of_what_turns_out_never_to_have_been_promised_stays_in_sight() {
    check(
        "next_response: start customer_message; stop agent_reply; each; target P1 1h",
        "09:00 agent opens P1
         10:00 customer writes
         11:00 missed next_response 1 11:00
         09:30 recorded 11:30 agent severity P4",
        "12:00",
        "next_response#1 cancelled 10:00-10:00 used 0s retracted 11:00 no promise",
    );
}

#[test]
fn a_miss_that_stands_is_not_retracted() {
    check(
        RESPONSE,
        "09:00 customer opens
         10:00 recorded 10:00:30 missed first_response 1 10:00
         10:20 agent writes",
        "12:00",
        "first_response#1 missed 09:00-10:20 used 1h 20m due 10:00 missed 10:00",
    );
}

#[test]
fn a_late_merge_says_so() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:30 recorded 10:30 agent merged_into 7",
        "12:00",
        "first_response#1 cancelled 09:00-09:30 used 30m due 10:00 late 1 merged into 7",
    );
    check(
        RESPONSE,
        "09:00 customer opens
         09:30 recorded 10:30 agent merged_from 7 first_response 08:45 45m",
        "12:00",
        "first_response#1 missed 08:45- used 3h 15m due 09:45 missed 09:45 late 1",
    );
}

proptest! {
    /// The ledger's order is that of its instants and sequence numbers, not that of the slice.
    #[test]
    fn the_order_of_the_slice_does_not_matter(order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle()) {
        let ledger = events(
            "09:00 customer opens
             10:00 missed resolution 1 10:00
             10:05 missed resolution 1 10:05
             09:30 recorded 11:00 agent status on_hold
             09:30 recorded 11:00 agent status open
             09:50 recorded 11:00 agent status resolved",
        );
        let shuffled: Vec<_> = order.iter().map(|place| ledger[*place].clone()).collect();
        let book = PolicyBook::of(
            PolicyVersion(1),
            policy("resolution: start opened; stop done; pause on_hold; target 1h").into(),
        );
        let clocks = fold(&shuffled, &book, instant("12:00"));
        prop_assert_eq!(
            line(&clocks[0]),
            "resolution#1 met 09:00-09:50 used 50m due 10:00 retracted 10:05 late 3"
        );
        prop_assert_eq!(clocks, fold(&ledger, &book, instant("12:00")));
    }
}
