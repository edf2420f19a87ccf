//! Merging and splitting.

use super::notation::{check, clocks};
use crate::clock::Clock;

const RESPONSE: &str = "first_response: start opened; stop agent_reply; target 2h; warn 75%";
const NEXT: &str = "next_response: start customer_message; stop agent_reply, done; each; target 2h";

#[test]
fn the_clocks_of_a_ticket_merged_into_another_are_cancelled_with_the_reason() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:30 agent merged_into 7
         09:30 agent status closed",
        "12:00",
        "first_response#1 cancelled 09:00-09:30 used 30m due 11:00 merged into 7",
    );
}

#[test]
fn what_was_missed_before_the_merge_stays_missed() {
    check(
        RESPONSE,
        "09:00 customer opens
         11:30 agent merged_into 7",
        "12:00",
        "first_response#1 missed 09:00-11:30 used 2h 30m due 11:00 missed 11:00 warned0 10:30 merged into 7",
    );
}

#[test]
fn the_earlier_start_is_kept() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:30 agent merged_from 7 first_response 08:00 1h30m",
        "09:30",
        "first_response#1 running 08:00- used 1h 30m due 10:00 warned0 09:30",
    );
    check(
        RESPONSE,
        "09:00 customer opens
         09:30 agent merged_from 7 first_response 09:10 20m",
        "10:00",
        "first_response#1 running 09:00- used 1h due 11:00",
    );
}

#[test]
fn a_warning_that_was_given_before_the_merge_is_not_given_again_by_it() {
    check(
        RESPONSE,
        "09:00 customer opens
         10:40 agent merged_from 7 first_response 08:55 1h45m",
        "10:50",
        "first_response#1 running 08:55- used 1h 55m due 10:55 warned0 10:30",
    );
}

#[test]
fn a_merge_may_bring_a_clock_that_is_overdue_at_once() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:30 agent merged_from 7 first_response 06:00 3h",
        "10:00",
        "first_response#1 missed 06:00- used 3h 30m due 09:30 missed 09:30 warned0 09:30",
    );
}

#[test]
fn a_question_left_open_in_the_other_ticket_is_still_open() {
    check(
        NEXT,
        "09:00 customer opens
         09:30 agent writes
         10:00 agent merged_from 7 next_response 09:15 45m",
        "10:30",
        "next_response#1 met 09:00-09:30 used 30m due 11:00
         next_response#2 running 09:15- used 1h 15m due 11:15",
    );
}

#[test]
fn a_promise_made_once_and_kept_is_not_taken_over() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:30 agent writes
         10:00 agent merged_from 7 first_response 08:00 2h",
        "10:30",
        "first_response#1 met 09:00-09:30 used 30m due 11:00",
    );
}

#[test]
fn a_commitment_that_the_policy_does_not_know_is_not_taken_over() {
    check(
        RESPONSE,
        "09:00 customer opens
         10:00 agent merged_from 7 unheard_of 08:00 2h",
        "10:00",
        "first_response#1 running 09:00- used 1h due 11:00",
    );
}

#[test]
fn what_was_taken_over_goes_on_and_pauses_like_any_clock() {
    check(
        "resolution: start opened; stop done; pause on_hold; target 4h",
        "09:00 customer opens
         09:30 agent merged_from 7 resolution 08:00 1h
         10:00 agent status on_hold
         11:00 agent status open",
        "11:30",
        "resolution#1 running 08:00- used 2h due 13:30",
    );
}

#[test]
fn a_ticket_split_off_starts_anew_from_the_message_split_off() {
    // The new ticket is opened at the instant of the message that it begins with, recorded when somebody split it off.
    check(
        &format!("{RESPONSE}\n{NEXT}"),
        "09:30 recorded 10:00 customer opens
         09:30 recorded 10:00 customer writes
         10:00 agent split_from 7",
        "10:15",
        "first_response#1 running 09:30- used 45m due 11:30
         next_response#1 running 09:30- used 45m due 11:30",
    );
}

#[test]
fn what_is_open_is_carried_over_with_the_time_that_it_has_used() {
    let commitments =
        format!("{NEXT}\nresolution: start opened; stop done; pause on_hold; target 4h");
    let clocks = clocks(
        &commitments,
        "09:00 customer opens
         09:10 agent writes
         09:20 customer writes
         09:30 agent status on_hold",
        "10:00",
    );
    let carried: Vec<String> = clocks
        .iter()
        .filter_map(Clock::carried)
        .map(|c| format!("{} {} {:#}", c.commitment, c.started_at, c.used))
        .collect();
    assert_eq!(
        carried,
        [
            "resolution 2026-03-02T09:00:00Z 30m",
            "next_response 2026-03-02T09:20:00Z 40m",
        ]
    );
}
