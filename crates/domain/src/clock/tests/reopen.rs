//! Reopening: closed time is never counted, and what it does is as the pack says.

use super::notation::check;

fn resolution(reopen: &str) -> String {
    format!("resolution: start opened; stop done; {reopen}target 4h; warn 50%")
}

const LEDGER: &str = "09:00 customer opens
                      10:00 agent status resolved
                      Tue 10:00 customer status open";

#[test]
fn ignored_the_promise_was_kept_once_and_for_all() {
    check(
        &resolution(""),
        LEDGER,
        "Tue 12:00",
        "resolution#1 met 09:00-10:00 used 1h due 13:00",
    );
}

#[test]
fn resumed_it_goes_on_with_what_it_had_used_and_closed_time_is_not_counted() {
    check(
        &resolution("reopen resume; "),
        LEDGER,
        "Tue 10:30",
        "resolution#1 running 09:00- used 1h 30m due Tue 13:00",
    );
    check(
        &resolution("reopen resume; "),
        &format!(
            "{LEDGER}\nTue 12:00 agent status resolved\nWed 09:00 agent status closed\nWed 10:00 customer status open"
        ),
        "Wed 10:30",
        "resolution#1 running 09:00- used 3h 30m due Wed 11:00 warned0 Tue 11:00",
    );
}

#[test]
fn restarted_it_runs_from_nothing_and_its_first_outcome_no_longer_counts() {
    check(
        &resolution("reopen restart; "),
        LEDGER,
        "Tue 12:00",
        "resolution#1 running Tue 10:00- used 2h due Tue 14:00 warned0 Tue 12:00",
    );
}

#[test]
fn a_new_cycle_leaves_the_first_outcome_standing() {
    check(
        &resolution("reopen new; "),
        LEDGER,
        "Tue 11:00",
        "resolution#1 met 09:00-10:00 used 1h due 13:00
         resolution#2 running Tue 10:00- used 1h due Tue 14:00",
    );
}

#[test]
fn resuming_does_not_unmiss() {
    check(
        &resolution("reopen resume; "),
        "09:00 customer opens
         14:00 agent status resolved
         Tue 10:00 customer status open",
        "Tue 11:00",
        "resolution#1 missed 09:00- used 6h due 13:00 missed 13:00 warned0 11:00",
    );
}

#[test]
fn what_was_kept_in_the_last_instant_is_due_at_once_when_it_is_resumed() {
    check(
        &resolution("reopen resume; "),
        "09:00 customer opens
         13:00 agent status resolved
         Tue 10:00 customer status open",
        "Tue 11:00",
        "resolution#1 missed 09:00- used 5h due 13:00 missed Tue 10:00 warned0 11:00",
    );
}

#[test]
fn closing_what_was_resolved_is_no_end_and_no_reopening() {
    check(
        &resolution("reopen new; "),
        "09:00 customer opens
         10:00 agent status resolved
         11:00 agent status closed",
        "12:00",
        "resolution#1 met 09:00-10:00 used 1h due 13:00",
    );
}

#[test]
fn reopening_does_not_concern_what_ended_before_the_ticket_was_done() {
    check(
        "first_response: start opened; stop agent_reply, done; reopen resume; target 1h",
        "09:00 customer opens
         09:30 agent writes
         10:00 agent status resolved
         11:00 customer status open",
        "12:00",
        "first_response#1 met 09:00-09:30 used 30m due 10:00",
    );
}

#[test]
fn reopening_into_a_state_that_pauses_goes_on_paused() {
    check(
        "resolution: start opened; stop done; pause on_hold; reopen resume; target 4h",
        "09:00 customer opens
         10:00 agent status resolved
         11:00 agent status on_hold",
        "12:00",
        "resolution#1 paused 09:00- used 1h",
    );
}

#[test]
fn the_message_that_reopens_a_ticket_starts_one_clock_and_no_second_goes_on_beside_it() {
    let ledger = "09:00 customer opens
                  09:30 agent status resolved
                  11:00 customer writes
                  11:00 customer status open";
    for reopen in ["resume", "restart", "new"] {
        check(
            &format!(
                "next_response: start customer_message; stop agent_reply, done; each; reopen {reopen}; target 1h"
            ),
            ledger,
            "11:30",
            "next_response#1 met 09:00-09:30 used 30m due 10:00
             next_response#2 running 11:00- used 30m due 12:00",
        );
    }
}

#[test]
fn only_the_last_cycle_goes_on() {
    check(
        "next_response: start customer_message; stop agent_reply, done; each; reopen resume; target 1h",
        "09:00 customer opens
         09:30 agent status resolved
         10:00 customer writes
         10:10 agent status closed
         10:20 customer status open
         10:30 agent status closed
         11:00 customer status open",
        "11:10",
        "next_response#1 met 09:00-09:30 used 30m due 10:00
         next_response#2 running 10:00- used 40m due 11:30",
    );
}

const UNDONE: &str = "09:00 customer opens
                      10:00 agent status resolved
                      10:01 agent status new
                      10:01 agent undoes 2 2 3";

#[test]
fn what_was_undone_never_was_whatever_reopening_does() {
    for reopen in ["", "reopen resume; ", "reopen restart; ", "reopen new; "] {
        check(
            &resolution(reopen),
            UNDONE,
            "10:30",
            "resolution#1 running 09:00- used 1h 30m due 13:00",
        );
    }
    let severity = "09:00 customer opens P3
                    10:00 agent severity P1
                    10:01 agent severity P3
                    10:01 agent undoes 2 2 3";
    check(
        "resolution: start opened; stop done; target P1 30m, P3 4h",
        severity,
        "10:30",
        "resolution#1 running 09:00- used 1h 30m due 13:00",
    );
}

#[test]
fn before_it_was_undone_it_was_so() {
    check(
        &resolution(""),
        UNDONE,
        "10:00",
        "resolution#1 met 09:00-10:00 used 1h due 13:00",
    );
}

#[test]
fn what_others_said_meanwhile_counts() {
    check(
        "response: start opened; stop agent_reply; target 4h",
        "09:00 customer opens
         10:00 agent status resolved
         10:00 agent writes
         10:01 agent status new
         10:01 agent undoes 2 3 4",
        "10:30",
        "response#1 met 09:00-10:00 used 1h due 13:00",
    );
}
