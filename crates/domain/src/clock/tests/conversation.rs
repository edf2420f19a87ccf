//! Messages: what answers a customer and what does not, exchanges, updates, hand-overs.

use super::notation::check;

const RESPONSE: &str = "first_response: start opened; stop agent_reply, done; target 1h";
const NEXT: &str = "next_response: start customer_message; stop agent_reply, done; each; target 1h";

#[test]
fn a_reply_of_an_agent_keeps_the_first_response() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:40 agent writes",
        "12:00",
        "first_response#1 met 09:00-09:40 used 40m due 10:00",
    );
}

#[test]
fn a_note_a_machine_and_a_bounce_answer_nobody() {
    check(
        RESPONSE,
        "09:00 customer opens
         09:10 agent notes
         09:20 agent answers_automatically
         09:30 system bounces
         09:40 customer answers_automatically",
        "09:50",
        "first_response#1 running 09:00- used 50m due 10:00",
    );
}

#[test]
fn a_note_a_machine_and_a_bounce_start_resume_and_reopen_nothing() {
    check(
        "resolution: start opened; stop done; pause awaiting=customer; reopen resume; target 8h
         next_response: start customer_message; stop agent_reply, done; each; target 1h",
        "09:00 customer opens
         09:00 customer writes
         09:30 agent writes
         09:40 customer answers_automatically
         09:41 customer notes
         09:42 system bounces",
        "10:00",
        "resolution#1 paused 09:00- used 30m
         next_response#1 met 09:00-09:30 used 30m due 10:00",
    );
}

#[test]
fn a_ticket_opened_for_a_customer_starts_its_clocks_and_its_first_message_answers_nobody() {
    check(
        RESPONSE,
        "09:00 agent opens
         09:00 agent writes",
        "09:30",
        "first_response#1 running 09:00- used 30m due 10:00",
    );
    check(
        RESPONSE,
        "09:00 agent opens
         09:00 agent writes
         09:20 agent writes",
        "09:30",
        "first_response#1 met 09:00-09:20 used 20m due 10:00",
    );
}

#[test]
fn a_first_message_that_comes_after_the_opening_is_an_answer() {
    check(
        RESPONSE,
        "09:00 agent opens
         09:20 agent writes",
        "09:30",
        "first_response#1 met 09:00-09:20 used 20m due 10:00",
    );
}

#[test]
fn an_opening_message_of_an_agent_leaves_no_message_of_a_customer_unanswered() {
    check(
        NEXT,
        "09:00 agent opens
         09:00 agent writes",
        "09:30",
        "",
    );
}

#[test]
fn a_ticket_opened_done_has_kept_its_promises_at_once() {
    check(
        "first_response: start opened; stop agent_reply, done; target 1h
         update: start opened; reset agent_reply; stop done; each; target 2h
         review: start opened; stop customer_message; target 1h",
        "09:00 agent opens status=resolved",
        "09:30",
        "first_response#1 met 09:00-09:00 used 0s due 10:00
         update#1 met 09:00-09:00 used 0s due 11:00
         review#1 running 09:00- used 30m due 10:00",
    );
}

#[test]
fn the_oldest_unanswered_message_counts() {
    check(
        NEXT,
        "09:00 customer opens
         09:00 customer writes
         09:30 agent writes
         10:00 customer writes
         10:30 customer writes",
        "10:45",
        "next_response#1 met 09:00-09:30 used 30m due 10:00
         next_response#2 running 10:00- used 45m due 11:00",
    );
}

#[test]
fn the_next_response_ends_when_the_ticket_is_resolved() {
    check(
        NEXT,
        "09:00 customer opens
         09:20 agent status resolved",
        "12:00",
        "next_response#1 met 09:00-09:20 used 20m due 10:00",
    );
}

#[test]
fn each_reply_makes_a_new_update_due_until_the_ticket_is_done() {
    check(
        "update: start opened; reset agent_reply; stop done; each; target 30m",
        "09:00 customer opens
         09:00 customer writes
         09:20 agent writes
         10:00 agent writes
         10:10 agent status resolved",
        "12:00",
        "update#1 met 09:00-09:20 used 20m due 09:30
         update#2 missed 09:20-10:00 used 40m due 09:50 missed 09:50
         update#3 met 10:00-10:10 used 10m due 10:30",
    );
}

#[test]
fn a_missed_update_does_not_start_the_next_one_by_itself() {
    check(
        "update: start opened; reset agent_reply; stop done; each; target 30m",
        "09:00 customer opens",
        "12:00",
        "update#1 missed 09:00- used 3h due 09:30 missed 09:30",
    );
}

#[test]
fn a_reset_at_the_instant_of_the_start_changes_nothing() {
    check(
        "update: start opened; reset agent_reply; each; target 30m",
        "09:00 customer opens
         09:00 customer writes
         09:00 agent writes",
        "09:10",
        "update#1 running 09:00- used 10m due 09:30",
    );
}

#[test]
fn an_answer_at_the_instant_of_the_question_makes_a_cycle_of_no_length() {
    check(
        NEXT,
        "09:00 customer opens
         09:00 agent writes
         09:00 customer writes",
        "09:10",
        "next_response#1 met 09:00-09:00 used 0s due 10:00
         next_response#2 running 09:00- used 10m due 10:00",
    );
    check(
        NEXT,
        "09:00 customer opens
         09:00 customer writes
         09:00 agent writes",
        "09:10",
        "next_response#1 met 09:00-09:00 used 0s due 10:00",
    );
}

#[test]
fn the_hand_over_clock_starts_anew_with_every_team() {
    check(
        "takeover: start team_changed; reset team_changed; stop assigned, done; each; target 1h",
        "09:00 customer opens team=support
         10:00 agent team engineering
         10:20 agent takes
         11:00 agent team network
         11:30 agent team database",
        "13:00",
        "takeover#1 met 10:00-10:20 used 20m due 11:00
         takeover#2 met 11:00-11:30 used 30m due 12:00
         takeover#3 missed 11:30- used 1h 30m due 12:30 missed 12:30",
    );
}

#[test]
fn a_promise_of_one_team_ends_when_the_ticket_leaves_it() {
    check(
        "analysis: start [team=engineering] team_changed; stop [!team=engineering] team_changed, done; each; target 1h",
        "09:00 customer opens team=support
         10:00 agent team engineering
         10:20 agent team support
         11:00 agent team engineering",
        "11:30",
        "analysis#1 met 10:00-10:20 used 20m due 11:00
         analysis#2 running 11:00- used 30m due 12:00",
    );
}

#[test]
fn a_promise_made_once_is_not_made_again() {
    check(
        "greeting: start customer_message; stop agent_reply; target 1h",
        "09:00 customer opens
         09:10 agent writes
         09:20 customer writes",
        "12:00",
        "greeting#1 met 09:00-09:10 used 10m due 10:00",
    );
}

#[test]
fn a_trigger_may_ask_who_did_it() {
    check(
        "withdrawn: start opened; cancel status_changed by customer; stop status_changed by agent; target 1h",
        "09:00 customer opens
         09:10 system status open
         09:20 customer status closed",
        "12:00",
        "withdrawn#1 cancelled 09:00-09:20 used 20m due 10:00 by rule",
    );
}

#[test]
fn what_other_rules_are_about_moves_clocks_too() {
    check(
        "tagged: start tagged=outage; stop acknowledged; target 1h
         escalated: start escalated; stop acknowledged; target 1h
         waiting: start entered=on_hold; stop status_changed; target 1h
         sorting: start opened; stop category_changed; target 1h
         grading: start opened; stop severity_changed; target 1h",
        "09:00 customer opens
         09:05 agent tags other
         09:10 agent tags outage
         09:20 system escalates
         09:30 agent acknowledges
         09:40 agent status vendor:on_hold
         09:45 agent status customer:on_hold
         09:50 agent category billing
         09:55 agent severity P1",
        "09:55",
        "sorting#1 met 09:00-09:50 used 50m due 10:00
         grading#1 met 09:00-09:55 used 55m due 10:00
         tagged#1 met 09:10-09:30 used 20m due 10:10
         escalated#1 met 09:20-09:30 used 10m due 10:20
         waiting#1 met 09:40-09:45 used 5m due 10:40",
    );
}
