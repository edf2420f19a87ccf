//! Merging and splitting.

use std::sync::Arc;

use proptest::prelude::*;

use super::notation::{check, clocks, events, instant, policy};
use crate::clock::{Clock, fold};
use crate::condition::TicketFacts;
use crate::conversation::Conversation;
use crate::event::{Event, EventKind};
use crate::policy::{PolicyBook, PolicyVersion};

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
         10:00 agent merged_from 7 next_response 09:45 15m customer@09:45",
        "10:30",
        "next_response#1 met 09:00-09:30 used 30m due 11:00
         next_response#2 running 09:45- used 45m due 11:45",
    );
}

#[test]
fn a_reply_answers_what_was_asked_before_it_in_either_ticket() {
    check(
        NEXT,
        "09:00 customer opens
         09:30 agent writes
         10:00 agent merged_from 7 next_response 09:15 45m customer@09:15",
        "10:30",
        "next_response#1 met 09:00-09:30 used 30m due 11:00",
    );
    // The other way round: the answered ticket is merged into the one that was not answered.
    check(
        &format!("{RESPONSE}\n{NEXT}"),
        "09:00 customer opens
         10:00 agent merged_from 7 - - - customer@09:05 agent@09:30",
        "12:00",
        "first_response#1 met 09:00-09:30 used 30m due 11:00
         next_response#1 met 09:00-09:30 used 30m due 11:00",
    );
}

#[test]
fn what_was_missed_for_want_of_the_other_tickets_reply_stays_missed() {
    check(
        RESPONSE,
        "09:00 customer opens
         12:00 agent merged_from 7 - - - customer@09:05 agent@09:30",
        "12:30",
        "first_response#1 missed 09:00-11:00 used 2h due 11:00 missed 11:00 warned0 10:30",
    );
}

#[test]
fn the_oldest_message_that_no_reply_of_either_ticket_answered_starts_the_clock() {
    check(
        NEXT,
        "09:00 customer opens
         09:45 customer writes
         10:00 agent merged_from 7 next_response 09:50 10m customer@09:05 agent@09:30 customer@09:50",
        "10:30",
        "next_response#1 met 09:00-09:30 used 30m due 11:00
         next_response#2 running 09:45- used 45m due 11:45",
    );
}

#[test]
fn a_question_that_only_opened_the_other_ticket_is_asked_here() {
    // There, the first response would have answered it; here, that was given before.
    check(
        &format!(
            "{RESPONSE}\nnext_response: start [!new] customer_message; stop agent_reply; each; target 2h"
        ),
        "09:00 customer opens
         09:30 agent writes
         09:30 agent status open
         10:00 agent merged_from 7 first_response 09:50 10m customer@09:50",
        "10:30",
        "first_response#1 met 09:00-09:30 used 30m due 11:00
         next_response#1 running 09:50- used 40m due 11:50",
    );
}

#[test]
fn the_last_reply_of_either_ticket_begins_the_interval_of_updates() {
    let update = "update: start opened; reset agent_reply; stop done; each; pause pending_customer; target 2h";
    check(
        update,
        "09:00 customer opens
         09:40 agent status pending_customer
         09:50 agent status open
         10:00 agent merged_from 7 update 09:30 30m customer@09:05 agent@09:30",
        "10:30",
        "update#1 met 09:00-09:30 used 30m due 11:00
         update#2 running 09:30- used 50m due 11:40",
    );
    check(
        update,
        "09:00 customer opens
         09:40 agent writes
         10:00 agent merged_from 7 update 09:30 30m customer@09:05 agent@09:30",
        "10:30",
        "update#1 met 09:00-09:40 used 40m due 11:00
         update#2 running 09:40- used 50m due 11:40",
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

/// What is said after both tickets were opened: on which side, and in which ticket.
fn conversation() -> impl Strategy<Value = Vec<(u32, bool, bool)>> {
    prop::collection::vec((2..600u32, any::<bool>(), any::<bool>()), 0..10).prop_map(|mut said| {
        said.sort_by_key(|(minute, ..)| *minute);
        said.dedup_by_key(|(minute, ..)| *minute);
        said
    })
}

fn said(minute: u32, is_agent: bool) -> String {
    let who = if is_agent { "agent" } else { "customer" };
    format!("{:02}:{:02} {who} writes\n", minute / 60, minute % 60)
}

/// The clocks that are open, with the instants at which they started and are due.
fn open(ledger: &[Event]) -> Vec<String> {
    let book = PolicyBook::of(PolicyVersion(1), Arc::new(policy(CONVERSATION)));
    let clocks = fold(ledger, &book, instant("10:30"));
    let open = clocks.iter().filter(|clock| clock.is_open());
    open.map(|clock| {
        format!(
            "{} {} {:?}",
            clock.commitment, clock.started_at, clock.due_at
        )
    })
    .collect()
}

const CONVERSATION: &str = "first_response: start opened; stop agent_reply; target 20h
     next_response: start customer_message; stop agent_reply; each; target 20h
     update: start opened; reset agent_reply; each; target 20h";

proptest! {
    #[test]
    fn merged_tickets_are_as_one_that_heard_everything(messages in conversation(), first in any::<bool>()) {
        let opened = if first { ["00:00", "00:01"] } else { ["00:01", "00:00"] };
        let mut one = "00:00 customer opens\n00:01 customer writes\n".to_owned();
        let mut two = opened.map(|at| format!("{at} customer opens\n"));
        for (minute, is_agent, is_ours) in messages {
            let line = said(minute, is_agent);
            one += &line;
            two[usize::from(!is_ours)] += &line;
        }
        let [ours, theirs] = two.map(|text| events(&text));
        let book = PolicyBook::of(PolicyVersion(1), Arc::new(policy(CONVERSATION)));
        let at = instant("10:15");
        let mut merged = ours;
        let merge = events("00:00 customer opens\n10:15 agent merged_from 7 - - -").remove(1);
        merged.push(Event {
            sequence: 100,
            kind: EventKind::MergedFrom {
                ticket: super::notation::id("7"),
                number: 7,
                clocks: fold(&theirs, &book, at).iter().filter_map(Clock::carried).collect(),
                messages: Conversation::of(&theirs).into_messages(),
            },
            ..merge
        });
        let one = events(&one);
        prop_assert_eq!(open(&merged), open(&one));

        let facts = |events: &[Event]| {
            let mut facts = TicketFacts::unopened();
            events.iter().for_each(|event| facts.apply(event));
            (facts.awaiting, facts.last_message_at)
        };
        prop_assert_eq!(facts(&merged), facts(&one));
    }
}
