//! Due instants, pauses, closed hours, warnings.

use super::notation::{check, clocks, events, instant, line, policy};
use crate::clock::{fold, fold_under};
use crate::policy::{PolicyBook, PolicyVersion};

const RESPONSE: &str = "first_response: start opened; stop agent_reply; target 1h";
const RESOLUTION: &str = "resolution: start opened; stop done; pause pending_customer|on_hold; target 4h; calendar office";

#[test]
fn what_is_done_at_the_due_instant_is_in_time_and_a_microsecond_later_it_is_not() {
    check(
        RESPONSE,
        "09:00 customer opens
         10:00 agent writes",
        "12:00",
        "first_response#1 met 09:00-10:00 used 1h due 10:00",
    );
    check(
        RESPONSE,
        "09:00 customer opens
         10:00:00.000001 agent writes",
        "12:00",
        "first_response#1 missed 09:00-10:00:00.000001 used 1h 1µs due 10:00 missed 10:00",
    );
}

#[test]
fn a_clock_is_missed_when_its_due_instant_has_come_and_not_before() {
    let at = |now| line(&clocks(RESPONSE, "09:00 customer opens", now)[0]);
    assert_eq!(
        at("09:59:59.999999"),
        "first_response#1 running 09:00- used 59m 59s 999ms 999µs due 10:00"
    );
    assert_eq!(
        at("10:00"),
        "first_response#1 missed 09:00- used 1h due 10:00 missed 10:00"
    );
    assert_eq!(
        at("Fri 10:00"),
        "first_response#1 missed 09:00- used 97h due 10:00 missed 10:00"
    );
}

#[test]
fn events_after_the_instant_asked_for_are_not_looked_at() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:30 agent writes",
        "09:29",
        "first_response#1 running 09:00- used 29m due 10:00",
    );
    check(RESPONSE, "09:00 customer opens", "08:59", "");
}

#[test]
fn two_events_of_the_same_instant_keep_their_order() {
    check(
        "resolution: start opened; stop done; pause pending_customer; reopen new; target 1h",
        "09:00 customer opens
         09:30 agent status pending_customer
         09:30 agent status open
         10:00 agent status resolved
         10:00 customer status open",
        "10:10",
        "resolution#1 met 09:00-10:00 used 1h due 10:00
         resolution#2 running 10:00- used 10m due 11:00",
    );
    check(
        "resolution: start opened; stop done; pause pending_customer; reopen new; target 1h",
        "09:00 customer opens
         09:30 agent status open
         09:30 agent status pending_customer",
        "10:10",
        "resolution#1 paused 09:00- used 30m",
    );
}

#[test]
fn paused_time_is_not_counted() {
    check(
        RESOLUTION,
        "09:00 customer opens
         10:00 agent status pending_customer
         12:00 customer status open",
        "12:30",
        "resolution#1 running 09:00- used 1h 30m due 15:00",
    );
}

#[test]
fn nobody_knows_when_a_paused_clock_is_due() {
    check(
        RESOLUTION,
        "09:00 customer opens
         10:00 agent status pending_customer",
        "Fri 12:30",
        "resolution#1 paused 09:00- used 1h",
    );
}

#[test]
fn a_pause_during_closed_hours_counts_once() {
    // Paused from Monday 16:00 to Tuesday 08:00: one open hour is paused, and the night is closed anyway.
    check(
        RESOLUTION,
        "15:00 customer opens
         16:00 agent status pending_customer
         Tue 08:00 customer status open",
        "Tue 09:30",
        "resolution#1 running 15:00- used 1h 30m due Tue 12:00",
    );
    // Paused and resumed at night: the pause changes nothing.
    check(
        RESOLUTION,
        "15:00 customer opens
         20:00 agent status pending_customer
         22:00 customer status open",
        "Tue 09:30",
        "resolution#1 running 15:00- used 2h 30m due Tue 11:00",
    );
}

#[test]
fn a_ticket_opened_in_a_state_that_pauses_starts_paused() {
    check(
        RESOLUTION,
        "09:00 agent opens status=on_hold
         10:00 agent status open",
        "10:30",
        "resolution#1 running 09:00- used 30m due 14:00",
    );
}

#[test]
fn another_state_that_pauses_changes_nothing() {
    check(
        RESOLUTION,
        "09:00 customer opens
         10:00 agent status pending_customer
         11:00 agent status on_hold
         12:00 agent status open",
        "12:00",
        "resolution#1 running 09:00- used 1h due 15:00",
    );
}

#[test]
fn closed_hours_and_holidays_are_not_counted() {
    check(
        RESOLUTION,
        "Wed 16:00 customer opens",
        "Fri 09:30",
        "resolution#1 running Wed 16:00- used 1h 30m due Fri 12:00",
    );
}

#[test]
fn a_deadline_on_closing_time_is_the_closing_instant() {
    check(
        RESOLUTION,
        "13:00 customer opens",
        "16:00",
        "resolution#1 running 13:00- used 3h due 17:00",
    );
    check(
        RESOLUTION,
        "13:00 customer opens",
        "17:00",
        "resolution#1 missed 13:00- used 4h due 17:00 missed 17:00",
    );
}

#[test]
fn a_pause_after_closing_time_does_not_move_a_deadline_on_closing_time() {
    check(
        RESOLUTION,
        "13:00 customer opens
         17:30 agent status pending_customer",
        "18:00",
        "resolution#1 missed 13:00- used 4h due 17:00 missed 17:00",
    );
    check(
        RESOLUTION,
        "13:00 customer opens
         17:30 agent status pending_customer
         18:00 customer status open",
        "Tue 10:00",
        "resolution#1 missed 13:00- used 5h due 17:00 missed 17:00",
    );
}

#[test]
fn a_pause_at_the_due_instant_does_not_save_the_promise() {
    let ledger = "13:00 customer opens
                  17:00 agent status pending_customer
                  18:00 customer status open";
    for now in ["17:00", "17:30", "18:30"] {
        check(
            RESOLUTION,
            ledger,
            now,
            "resolution#1 missed 13:00- used 4h due 17:00 missed 17:00",
        );
    }
    // What stops it at that very instant still does, the pause notwithstanding.
    check(
        RESOLUTION,
        "13:00 customer opens
         17:00 agent status pending_customer
         17:00 agent status resolved",
        "18:00",
        "resolution#1 met 13:00-17:00 used 4h due 17:00",
    );
}

#[test]
fn a_missed_clock_that_is_paused_and_goes_on_stays_missed_at_the_same_instant() {
    check(
        RESOLUTION,
        "09:00 customer opens
         14:00 agent status pending_customer
         15:00 customer status open
         16:00 agent status resolved",
        "18:00",
        "resolution#1 missed 09:00-16:00 used 6h due 13:00 missed 13:00",
    );
}

#[test]
fn warnings_come_by_share_and_by_time_left_in_business_time() {
    let commitment =
        "resolution: start opened; stop done; target 4h; calendar office; warn 50%, 1h left";
    check(
        commitment,
        "15:30 customer opens",
        "Tue 09:29",
        "resolution#1 running 15:30- used 1h 59m due Tue 11:30",
    );
    check(
        commitment,
        "15:30 customer opens",
        "Tue 09:30",
        "resolution#1 running 15:30- used 2h due Tue 11:30 warned0 Tue 09:30",
    );
    check(
        commitment,
        "15:30 customer opens",
        "Tue 12:00",
        "resolution#1 missed 15:30- used 4h 30m due Tue 11:30 missed Tue 11:30 warned0 Tue 09:30 warned1 Tue 10:30",
    );
}

#[test]
fn the_next_instant_is_the_next_warning_or_the_due_instant() {
    let commitment =
        "resolution: start opened; stop done; pause on_hold; target 4h; warn 50%, 1h left";
    let next = |ledger, now| clocks(commitment, ledger, now)[0].next_at;
    let ledger = "09:00 customer opens";
    assert_eq!(next(ledger, "09:00"), Some(instant("11:00")));
    assert_eq!(next(ledger, "11:00"), Some(instant("12:00")));
    assert_eq!(next(ledger, "12:30"), Some(instant("13:00")));
    assert_eq!(next(ledger, "13:00"), None);
    let paused = "09:00 customer opens
                  10:00 agent status on_hold";
    assert_eq!(next(paused, "10:30"), None);
    let kept = "09:00 customer opens
                10:00 agent status resolved";
    assert_eq!(next(kept, "10:30"), None);
}

#[test]
fn a_warning_is_given_once_whatever_pauses_follow() {
    check(
        "resolution: start opened; stop done; pause on_hold; target 4h; warn 50%; calendar office",
        "15:00 customer opens
         17:30 agent status on_hold
         18:00 agent status open
         Tue 10:00 agent status on_hold
         Tue 10:15 agent status open",
        "Tue 10:30",
        "resolution#1 running 15:00- used 3h 15m due Tue 11:15 warned0 17:00",
    );
}

#[test]
fn a_warning_that_falls_on_the_instant_of_a_pause_is_given_then() {
    check(
        "resolution: start opened; stop done; pause on_hold; target 4h; warn 50%",
        "09:00 customer opens
         11:00 agent status on_hold",
        "11:30",
        "resolution#1 paused 09:00- used 2h warned0 11:00",
    );
}

#[test]
fn a_warning_is_given_again_when_a_change_gave_more_time() {
    let commitment = "resolution: start opened; stop done; target P2 2h, P3 8h; warn 50%";
    check(
        commitment,
        "09:00 customer opens P2
         10:30 agent severity P3",
        "14:00",
        "resolution#1 running 09:00- used 5h due 17:00 promised 11:00 warned0 10:00 warned0 13:00",
    );
    // A change that leaves less time warns at once, if that had not been said already.
    check(
        commitment,
        "09:00 customer opens P3
         10:30 agent severity P2",
        "10:30",
        "resolution#1 running 09:00- used 1h 30m due 11:00 promised 17:00 warned0 10:30",
    );
}

#[test]
fn a_warning_longer_before_than_the_target_is_long_is_not_given() {
    check(
        "resolution: start opened; stop done; target 30m; warn 1h left",
        "09:00 customer opens",
        "09:29",
        "resolution#1 running 09:00- used 29m due 09:30",
    );
}

#[test]
fn no_warning_comes_after_the_end() {
    check(
        "resolution: start opened; stop done; target 4h; warn 50%",
        "09:00 customer opens
         11:00 agent status resolved",
        "12:00",
        "resolution#1 met 09:00-11:00 used 2h due 13:00",
    );
}

#[test]
fn a_draft_is_tried_on_the_same_ledger() {
    let ledger = events(
        "09:00 customer opens
         09:50 agent writes",
    );
    let draft = policy("first_response: start opened; stop agent_reply; target 30m");
    let clocks = fold_under(&ledger, &draft, instant("12:00"));
    assert_eq!(
        line(&clocks[0]),
        "first_response#1 missed 09:00-09:50 used 50m due 09:30 missed 09:30"
    );
}

#[test]
fn a_promise_stays_with_the_policy_that_made_it_and_a_new_one_is_made_by_the_new_policy() {
    let mut book = PolicyBook::of(
        PolicyVersion(1),
        policy(
            "first_response: start opened; stop agent_reply; target P1 30m, 2h
             update: start opened; reset agent_reply; each; target 2h
             dropped: start opened; reset agent_reply; each; target 2h",
        )
        .into(),
    );
    book.insert(
        PolicyVersion(2),
        policy(
            "first_response: start opened; stop agent_reply; target 10m
             update: start opened; reset agent_reply; each; target 1h",
        )
        .into(),
    );
    let ledger = events(
        "09:00 customer opens
         09:30 v2 agent severity P1
         09:40 v2 agent writes",
    );
    let clocks = fold(&ledger, &book, instant("09:45"));
    let lines: Vec<String> = clocks
        .iter()
        .map(|clock| format!("v{} {}", clock.policy.0, line(clock)))
        .collect();
    assert_eq!(
        lines,
        [
            "v1 first_response#1 missed 09:00-09:40 used 40m due 09:30 promised 11:00 missed 09:30",
            "v1 update#1 met 09:00-09:40 used 40m due 11:00",
            "v1 dropped#1 met 09:00-09:40 used 40m due 11:00",
            "v2 update#2 running 09:40- used 5m due 10:40",
        ]
    );
}

#[test]
fn a_book_without_the_version_promises_nothing() {
    let book = PolicyBook::default();
    assert_eq!(
        fold(&events("09:00 customer opens"), &book, instant("10:00")),
        []
    );
}
