//! A small notation in which ledgers, commitments and clocks are written as text, so that a test is data.
//!
//! Every line of a ledger is `TIME [recorded TIME] [vN] WHO AND WHAT`, in the week of Monday, 2 March 2026, UTC:
//! `09:00` is on Monday, `Tue 09:00` on Tuesday. Every line of commitments is `NAME: CLAUSE; CLAUSE; …`.

mod commitment;
mod ledger;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::{Calendar, CalendarSpec, Holiday, TimeOfDay, TimeRange, Weekly};

use crate::clock::{Cancellation, Clock, OutcomeKind, fold};
use crate::name::CalendarName;
use crate::policy::{Policy, PolicyBook, PolicyVersion};

use commitment::commitment;
pub use ledger::events;

/// Folds the ledger at an instant and compares the clocks, one a line.
#[track_caller]
pub fn check(commitments: &str, ledger: &str, now: &str, expected: &str) {
    let clocks = clocks(commitments, ledger, now);
    let lines: Vec<String> = clocks.iter().map(line).collect();
    let expected: Vec<&str> = lines_of(expected).collect();
    assert_eq!(lines, expected, "at {now}");
}

/// Folds the ledger under one policy.
pub fn clocks(commitments: &str, ledger: &str, now: &str) -> Vec<Clock> {
    let book = PolicyBook::of(PolicyVersion(1), Arc::new(policy(commitments)));
    fold(&events(ledger), &book, instant(now))
}

/// A policy of these commitments. `office` is open from Monday to Friday, 09:00 to 17:00 with Thursday off, `always`
/// is the default.
pub fn policy(commitments: &str) -> Policy {
    let mut policy = Policy::empty("test", CalendarName::from("always"));
    policy.calendars = [("always", Calendar::always()), ("office", office())]
        .map(|(name, calendar)| (CalendarName::from(name), calendar))
        .into();
    policy.support_hours = [("Gold", "always"), ("Silver", "office")]
        .map(|(tier, calendar)| (tier.into(), calendar.into()))
        .into();
    policy.commitments = lines_of(commitments)
        .zip(1..)
        .map(|(line, number)| commitment(line, number))
        .collect();
    policy
}

fn office() -> Calendar {
    let time = |text: &str| text.parse::<TimeOfDay>().unwrap();
    let hours = TimeRange::new(time("09:00"), time("17:00"));
    let mut spec = CalendarSpec::new("UTC", Weekly::monday_to_friday(hours));
    spec.holidays.push(Holiday {
        date: jiff::civil::date(2026, 3, 5),
        name: Some("Founders' Day".into()),
    });
    Calendar::new(spec).unwrap()
}

fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Reads `Tue 09:00:05`; without a day it is Monday.
pub fn instant(text: &str) -> Timestamp {
    let (day, time) = text.trim().rsplit_once(' ').unwrap_or(("Mon", text.trim()));
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let day = 2 + days.iter().position(|name| *name == day).unwrap();
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-03-{day:02}T{time}{seconds}Z")
        .parse()
        .unwrap()
}

/// Reads `1h30m`, `45m`, `90s`.
pub fn time(text: &str) -> SignedDuration {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// An identifier made of a name.
pub fn id<I: From<uuid::Uuid>>(name: &str) -> I {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    I::from(uuid::Uuid::from_bytes(bytes))
}

/// Writes a clock: its name, cycle and state, from when to when, and what else there is to say.
pub fn line(clock: &Clock) -> String {
    let mut text = format!(
        "{}#{} {} {}-",
        clock.commitment,
        clock.cycle,
        clock.state(),
        show(clock.started_at)
    );
    if let Some(outcome) = &clock.outcome {
        text += &show(outcome.at);
    }
    text += &format!(" used {:#}", clock.used);
    let mut say = |what: &str, at: Option<Timestamp>| {
        if let Some(at) = at {
            text += &format!(" {what} {}", show(at));
        }
    };
    say("due", clock.due_at);
    say(
        "promised",
        clock
            .promised_due_at
            .filter(|due| Some(*due) != clock.due_at),
    );
    say("missed", clock.missed_at);
    say("retracted", clock.retracted_miss);
    for warned in &clock.warned {
        say(&format!("warned{}", warned.warning), Some(warned.at));
    }
    if !clock.late_events.is_empty() {
        text += &format!(" late {}", clock.late_events.len());
    }
    match clock.outcome.as_ref().map(|outcome| &outcome.kind) {
        Some(OutcomeKind::Cancelled(Cancellation::Merged(number))) => {
            text += &format!(" merged into {number}");
        }
        Some(OutcomeKind::Cancelled(Cancellation::NoPromise)) => text += " no promise",
        Some(OutcomeKind::Cancelled(Cancellation::Rule)) => text += " by rule",
        _ => {}
    }
    text
}

fn show(at: Timestamp) -> String {
    let text = at.strftime("%a %H:%M:%S%.f").to_string();
    let text = text.strip_prefix("Mon ").unwrap_or(&text);
    text.strip_suffix(":00").unwrap_or(text).to_owned()
}
