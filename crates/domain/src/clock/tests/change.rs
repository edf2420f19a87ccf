//! Changes of severity, tier, contract and calendar; which target is whose.

use super::notation::{check, clocks, policy};
use crate::clock::TermsOrigin;

const RESOLUTION: &str = "resolution: start opened; stop done; target P1 1h, P2 2h, P3 8h";

#[test]
fn a_change_of_severity_is_counted_from_the_start_and_the_promise_stands_beside_it() {
    check(
        RESOLUTION,
        "09:00 customer opens P3
         09:30 agent severity P2",
        "10:00",
        "resolution#1 running 09:00- used 1h due 11:00 promised 17:00",
    );
}

#[test]
fn a_due_instant_put_into_the_past_counts_from_the_change() {
    let ledger = "09:00 customer opens P3
                  10:30 agent severity P1";
    check(
        RESOLUTION,
        ledger,
        "10:30",
        "resolution#1 missed 09:00- used 1h 30m due 10:00 promised 17:00 missed 10:30",
    );
    check(
        RESOLUTION,
        "09:00 customer opens P3
         10:30 agent severity P1
         10:30 agent status resolved",
        "11:00",
        "resolution#1 met 09:00-10:30 used 1h 30m due 10:00 promised 17:00",
    );
}

#[test]
fn more_time_does_not_unmiss() {
    check(
        RESOLUTION,
        "09:00 customer opens P1
         10:30 agent severity P3
         11:00 agent status resolved",
        "12:00",
        "resolution#1 missed 09:00-11:00 used 2h due 17:00 promised 10:00 missed 10:00",
    );
}

#[test]
fn a_change_there_and_back_leaves_the_promise_as_it_was() {
    check(
        RESOLUTION,
        "09:00 customer opens P2
         09:30 agent severity P3
         10:00 agent severity P2",
        "10:30",
        "resolution#1 running 09:00- used 1h 30m due 11:00",
    );
}

#[test]
fn a_change_while_paused_is_counted_when_the_clock_goes_on() {
    check(
        "resolution: start opened; stop done; pause on_hold; target P2 2h, P3 8h",
        "09:00 customer opens P3
         10:00 agent status on_hold
         11:00 agent severity P2
         12:00 agent status open",
        "12:30",
        "resolution#1 running 09:00- used 1h 30m due 13:00 promised 19:00",
    );
    check(
        "resolution: start opened; stop done; pause on_hold; target P2 2h, P3 8h",
        "09:00 customer opens P3
         12:00 agent status on_hold
         13:00 agent severity P2",
        "13:30",
        "resolution#1 missed 09:00- used 3h due 11:00 missed 13:00",
    );
}

#[test]
fn a_tier_brings_its_support_hours() {
    let commitment = "resolution: start opened; stop done; target 4h";
    check(
        commitment,
        "15:00 customer opens tier=Silver",
        "16:00",
        "resolution#1 running 15:00- used 1h due Tue 11:00",
    );
    check(
        commitment,
        "15:00 customer opens tier=Silver
         18:00 agent terms tier=Gold",
        "18:00",
        "resolution#1 running 15:00- used 3h due 19:00 promised Tue 11:00",
    );
}

#[test]
fn a_commitments_calendar_wins_over_the_tiers_and_a_targets_over_the_commitments() {
    let of = |commitment| {
        let clocks = clocks(commitment, "09:00 customer opens P1 tier=Silver", "09:00");
        clocks[0]
            .terms
            .as_ref()
            .map(|terms| terms.calendar_name.to_string())
    };
    assert_eq!(of("a: start opened; target 1h").as_deref(), Some("office"));
    assert_eq!(
        of("a: start opened; target 1h; calendar always").as_deref(),
        Some("always")
    );
    assert_eq!(
        of("a: start opened; target on=office 1h; calendar always").as_deref(),
        Some("office")
    );
}

#[test]
fn a_contract_wins_over_the_pack_in_what_it_says() {
    let commitment = "resolution: start opened; stop done; target P1 1h, 8h; calendar office";
    let due = |ledger| {
        let clock = clocks(commitment, ledger, "15:00").remove(0);
        (clock.due_at, clock.terms.map(|terms| terms.origin))
    };
    let at = |text| Some(super::notation::instant(text));
    let source = policy(commitment).commitments[0].source.clone();
    let contract = |clause: &str| {
        Some(TermsOrigin::Contract {
            clause: clause.into(),
            instead_of: Some(source.clone()),
        })
    };
    assert_eq!(
        due("15:00 customer opens resolution:4h"),
        (at("Tue 11:00"), contract("§1"))
    );
    assert_eq!(
        due("15:00 customer opens resolution:@always"),
        (at("23:00"), contract("§1"))
    );
    // The clause for the severity wins over the clause for all.
    assert_eq!(
        due("15:00 customer opens P1 resolution/P1:3h resolution:4h resolution/P2:5h"),
        (at("Tue 10:00"), contract("§1"))
    );
    // A clause that leaves the time open takes it from another clause, or from the pack.
    assert_eq!(
        due("15:00 customer opens P1 resolution/P1:3h resolution:@always"),
        (at("18:00"), contract("§1; §2"))
    );
    assert_eq!(
        due("15:00 customer opens P1 first_response:3h"),
        (at("16:00"), Some(TermsOrigin::Pack(source.clone())))
    );
}

#[test]
fn a_contract_may_promise_what_the_pack_does_not() {
    check(
        "resolution: start opened; stop done; target P1 1h",
        "09:00 customer opens P3 resolution:6h",
        "10:00",
        "resolution#1 running 09:00- used 1h due 15:00",
    );
}

#[test]
fn a_change_of_the_contract_recomputes() {
    check(
        "resolution: start opened; stop done; target 8h",
        "09:00 customer opens
         10:00 agent terms resolution:3h
         11:00 agent account other",
        "11:00",
        "resolution#1 running 09:00- used 2h due 17:00",
    );
    check(
        "resolution: start opened; stop done; target 8h",
        "09:00 customer opens
         10:00 agent account other resolution:3h",
        "11:00",
        "resolution#1 running 09:00- used 2h due 12:00 promised 17:00",
    );
}

#[test]
fn the_most_specific_target_wins() {
    let commitment = "resolution: start opened; stop done; target 24h, P1 8h, tier=Gold 6h, P1 tier=Gold 4h, \
                      P1 tier=Gold tag=vip 1h, category=security 2h";
    for (ticket, due) in [
        ("P3", "Tue 09:00"),
        ("P1", "17:00"),
        ("P3 tier=Gold", "15:00"),
        ("P1 tier=Gold", "13:00"),
        ("P1 tier=Gold tag=vip", "10:00"),
        ("P1 tier=Silver tag=vip on=always", "Tue 09:00"),
        ("P3 category=security", "11:00"),
    ] {
        let clocks = clocks(
            commitment,
            &format!("09:00 customer opens {ticket}"),
            "09:00",
        );
        let expected = if ticket.contains("Silver") {
            // P1 for eight hours of the office.
            "17:00"
        } else {
            due
        };
        assert_eq!(
            clocks[0].due_at,
            Some(super::notation::instant(expected)),
            "{ticket}"
        );
    }
}

#[test]
fn a_change_that_leaves_no_promise_cancels_and_says_so() {
    let commitment = "resolution: start opened; stop done; target P1 1h, P2 2h";
    let ledger = "09:00 customer opens P2
                  09:30 agent severity P4
                  11:30 agent status resolved";
    for now in ["10:00", "12:00"] {
        check(
            commitment,
            ledger,
            now,
            "resolution#1 cancelled 09:00-09:30 used 30m promised 11:00 no promise",
        );
    }
}

#[test]
fn a_promise_that_was_missed_is_not_made_good_by_taking_it_back() {
    check(
        "resolution: start opened; stop done; target P1 1h",
        "09:00 customer opens P1
         10:30 agent severity P4",
        "12:00",
        "resolution#1 missed 09:00-10:30 used 1h 30m promised 10:00 missed 10:00 no promise",
    );
}

#[test]
fn a_promise_that_comes_back_has_run_from_its_start() {
    check(
        "resolution: start opened; stop done; target P1 1h, P2 2h",
        "09:00 customer opens P2
         09:30 agent severity P4
         10:00 agent severity P2",
        "10:30",
        "resolution#1 running 09:00- used 1h 30m due 11:00",
    );
    check(
        "resolution: start opened; stop done; target P1 1h, P2 2h",
        "09:00 customer opens P4
         10:00 agent severity P2",
        "10:30",
        "resolution#1 running 09:00- used 1h 30m due 11:00",
    );
}

#[test]
fn a_promise_brought_by_what_starts_it_runs_from_then() {
    let update = "update: start opened, [P1] severity_changed; reset agent_reply; stop done; each; target P1 30m";
    check(
        update,
        "09:00 customer opens P4
         12:00 agent severity P1",
        "12:10",
        "update#1 running 12:00- used 10m due 12:30",
    );
    check(
        update,
        "09:00 customer opens P1
         09:10 agent severity P4
         12:00 agent severity P1",
        "12:10",
        "update#1 cancelled 09:00-09:10 used 10m promised 09:30 no promise
         update#2 running 12:00- used 10m due 12:30",
    );
}

#[test]
fn the_oldest_unanswered_message_counts_when_the_promise_comes_later() {
    check(
        "next_response: start customer_message; stop agent_reply; each; target P1 1h",
        "09:00 customer opens P4
         09:30 customer writes
         09:40 agent severity P1",
        "09:50",
        "next_response#1 running 09:00- used 50m due 10:00",
    );
}

#[test]
fn a_commitment_is_only_about_the_tickets_it_says() {
    check(
        "resolution: start opened; stop done; applies tag=vip|P1; target 2h",
        "09:00 customer opens P3",
        "10:00",
        "",
    );
    check(
        "resolution: start opened; stop done; applies tag=vip|P1; target 2h",
        "09:00 customer opens P3
         09:10 agent tags vip
         09:20 agent untags vip",
        "10:00",
        "resolution#1 cancelled 09:00-09:20 used 0s no promise",
    );
    check(
        "chase: start opened; stop done; applies awaiting=customer; target 2h",
        "09:00 customer opens
         09:10 agent writes",
        "10:00",
        "chase#1 running 09:00- used 1h due 11:00",
    );
}
