//! Clocks as JSON.

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::clock::{Cancellation, Clock, Explanation, OutcomeKind, Terms, TermsOrigin};
use mainstay_domain::id::EventId;
use mainstay_report::explanation::rows;
use serde_json::{Value, json};

/// A clock, field by field; `docs/scenarios.md` says what each means.
pub fn clock(clock: &Clock) -> Value {
    let terms = clock.terms.as_ref().or(clock.promised.as_ref());
    json!({
        "commitment": clock.commitment.as_str(),
        "cycle": clock.cycle,
        "state": clock.state().as_str(),
        "started_at": instant(Some(clock.started_at)),
        "target_seconds": terms.map(|terms| seconds(terms.target)),
        "calendar": terms.map(|terms| terms.calendar_name.as_str()),
        "promised_by": terms.map(origin),
        "source": clock.source.to_string(),
        "promised_due_at": instant(clock.promised_due_at),
        "due_at": instant(clock.due_at),
        "used_seconds": seconds(clock.used),
        "left_seconds": clock.left().map(seconds),
        "warned_at": clock.warned.iter().map(|w| instant(Some(w.at))).collect::<Vec<_>>(),
        "missed_at": instant(clock.missed_at),
        "retracted_miss_at": instant(clock.retracted_miss),
        "ended_at": instant(clock.outcome.as_ref().map(|outcome| outcome.at)),
        "outcome": clock.outcome.as_ref().map(|outcome| outcome_name(&outcome.kind)),
        "next_at": instant(clock.next_at),
        "late_events": clock.late_events.iter().map(|late| json!({
            "at": instant(Some(late.at)),
            "recorded_at": instant(Some(late.recorded_at)),
        })).collect::<Vec<_>>(),
    })
}

/// The spans of an explanation. `event` says how the event is named since which a span's rule applies.
pub fn spans(explanation: &Explanation, event: impl Fn(EventId) -> Value) -> Value {
    let rows = rows(explanation);
    let spans = rows.iter().map(|row| {
        json!({
            "from": instant(Some(row.from)),
            "until": instant(Some(row.until)),
            "seconds": row.seconds,
            "counted_seconds": row.counted_seconds,
            "reason": row.reason,
            "rule": row.rule,
            "source": row.source.to_string(),
            "event": event(row.cause),
            "expected": row.is_expected,
        })
    });
    spans.collect()
}

/// An instant as text, or null.
pub fn instant(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::String(at.to_string()))
}

fn seconds(time: SignedDuration) -> Value {
    if time.subsec_nanos() == 0 {
        json!(time.as_secs())
    } else {
        json!(time.as_secs_f64())
    }
}

fn origin(terms: &Terms) -> String {
    match &terms.origin {
        TermsOrigin::Pack(source) => source.to_string(),
        TermsOrigin::Contract { clause, .. } => clause.clone(),
    }
}

fn outcome_name(kind: &OutcomeKind) -> String {
    match kind {
        OutcomeKind::Stopped => "done".into(),
        OutcomeKind::Cancelled(Cancellation::Merged(number)) => format!("merged into {number}"),
        OutcomeKind::Cancelled(Cancellation::NoPromise) => "no promise".into(),
        OutcomeKind::Cancelled(Cancellation::Rule) => "rule".into(),
    }
}
