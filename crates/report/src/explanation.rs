//! The ledger of a deadline, as rows and as a table for people.
//!
//! Everything is shown to the second. An instant is cut off to its second and a row's time is the difference of the two
//! instants that are shown, so that the rows always add up to the totals.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::ClosedReason;
use mainstay_domain::clock::{
    Cancellation, Clock, Explanation, OutcomeKind, Span, SpanReason, Terms, TermsOrigin,
};
use mainstay_domain::commitment::Source;
use mainstay_domain::event::{Actor, Event, EventKind, Origin, Side, Visibility};
use mainstay_domain::id::EventId;

/// A span of the ledger, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How long, in seconds.
    pub seconds: i64,
    /// How much of it counts, in seconds.
    pub counted_seconds: i64,
    /// Why it counts or not, in an English sentence.
    pub reason: String,
    /// The same in parts.
    pub why: SpanReason,
    /// By which rule of the commitment.
    pub rule: &'static str,
    /// Where the pack says so.
    pub source: Source,
    /// The event since which the rule applies.
    pub cause: EventId,
    /// Whether it lies in the future.
    pub is_expected: bool,
}

/// The rows of an explanation, in order.
#[must_use]
pub fn rows(explanation: &Explanation) -> Vec<Row> {
    let row = |span: &Span| {
        let seconds = second_of(span.until) - second_of(span.from);
        Row {
            from: span.from,
            until: span.until,
            seconds,
            counted_seconds: match &span.reason {
                SpanReason::Open(_) => seconds,
                SpanReason::Carried(_) => span.counted.as_secs(),
                _ => 0,
            },
            reason: reason(&span.reason),
            why: span.reason.clone(),
            rule: rule(&span.reason),
            source: explanation.clock.source.clone(),
            cause: span.cause,
            is_expected: span.is_expected,
        }
    };
    explanation.spans.iter().map(row).collect()
}

/// The explanation as a table, its instants in a zone. `describe` says in a few words what an event was, where it is
/// known.
#[must_use]
pub fn to_text(
    explanation: &Explanation,
    zone: &TimeZone,
    describe: impl Fn(EventId) -> Option<String>,
) -> String {
    let rows = rows(explanation);
    let mut text = heading(&explanation.clock, zone);
    let cells = rows.iter().map(|row| {
        let cause = describe(row.cause).map_or_else(String::new, |what| format!(" ({what})"));
        let expected = if row.is_expected { ", expected" } else { "" };
        [
            local(row.from, zone),
            local(row.until, zone),
            hours(row.seconds),
            hours(row.counted_seconds),
            format!(
                "{}{expected}: {}, {}{cause}",
                row.reason, row.rule, row.source
            ),
        ]
    });
    let total = |of: fn(&Row) -> i64| hours(rows.iter().map(of).sum());
    let last = [
        "in all".to_owned(),
        String::new(),
        total(|row| row.seconds),
        total(|row| row.counted_seconds),
        format!("of {} promised", span_of(explanation.terms.target)),
    ];
    let head = ["from", "until", "time", "counted", "why"].map(str::to_owned);
    let table: Vec<[String; 5]> = std::iter::once(head).chain(cells).chain([last]).collect();
    let width = |column: usize| {
        let widths = table.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let [from, until, time, counted] = [width(0), width(1), width(2), width(3)];
    text.push('\n');
    for row in &table {
        let line = format!(
            "  {:from$}  {:until$}  {:>time$}  {:>counted$}  {}",
            row[0], row[1], row[2], row[3], row[4]
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// An event in a few words, such as `an agent replied` or `status open → on_hold`.
#[must_use]
pub fn event_words(event: &Event) -> String {
    let by = match event.actor {
        Actor::Contact(_) => "the customer",
        Actor::Agent(_) => "an agent",
        Actor::System => "the program",
    };
    match &event.kind {
        EventKind::Opened { .. } => format!("opened by {by}"),
        EventKind::MessageAdded {
            visibility: Visibility::Internal,
            ..
        } => format!("{by} left a note"),
        EventKind::MessageAdded { origin, side, .. } => match (origin, side) {
            (Origin::Person, Side::Customer) => "the customer wrote".into(),
            (Origin::Person, Side::Agent) => "an agent replied".into(),
            (Origin::Automatic, _) => "a machine answered".into(),
            (Origin::Bounce, _) => "a message bounced".into(),
        },
        EventKind::StatusChanged { from, to } => format!("status {} → {}", from.name, to.name),
        EventKind::SeverityChanged { from, to, .. } => format!("severity {from} → {to}"),
        EventKind::MergedFrom { number, .. } => format!("ticket {number} was merged into this one"),
        EventKind::MergedInto { number, .. } => format!("merged into ticket {number}"),
        EventKind::Rated { score, .. } => format!("rated {} by the customer", score.as_str()),
        EventKind::SplitFrom { number, .. } => format!("split off ticket {number}"),
        other => other.name().replace('_', " "),
    }
}

/// What the clock is, what was promised, what is promised now, and how it ended.
fn heading(clock: &Clock, zone: &TimeZone) -> String {
    let mut text = format!(
        "{}, cycle {}: {}\n",
        clock.commitment,
        clock.cycle,
        clock.state()
    );
    let mut line = |what: &str, says: String| {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "  {what:12} {says}");
    };
    line("by", format!("policy {}, {}", clock.policy.0, clock.source));
    let due = |at: Option<Timestamp>| {
        at.map_or_else(String::new, |at| format!(", due {}", local(at, zone)))
    };
    if let Some(promised) = &clock.promised {
        line("as promised", terms(promised) + &due(clock.promised_due_at));
    }
    if clock.terms != clock.promised
        && let Some(corrected) = &clock.terms
    {
        let since = format!(", since {}", local(clock.terms_since, zone));
        line(
            "as corrected",
            terms(corrected) + &since + &due(clock.due_at),
        );
    }
    if let Some(at) = clock.missed_at {
        line("missed", local(at, zone));
    }
    if let Some(at) = clock.retracted_miss {
        let was = format!(
            "recorded as missed at {}, which a late fact proved wrong",
            local(at, zone)
        );
        line("not missed", was);
    }
    for late in &clock.late_events {
        let what = format!(
            "what happened at {} was recorded at {}",
            local(late.at, zone),
            local(late.recorded_at, zone)
        );
        line("late", what);
    }
    if let Some(outcome) = &clock.outcome {
        line(
            "ended",
            format!("{}, {}", local(outcome.at, zone), ending(&outcome.kind)),
        );
    }
    text
}

fn terms(terms: &Terms) -> String {
    let origin = match &terms.origin {
        TermsOrigin::Pack(source) => source.to_string(),
        TermsOrigin::Contract {
            clause,
            instead_of: Some(source),
        } => format!("the contract, {clause}, instead of {source}"),
        TermsOrigin::Contract { clause, .. } => format!("the contract, {clause}"),
    };
    format!(
        "{} on {}, by {origin}",
        span_of(terms.target),
        terms.calendar_name
    )
}

fn ending(kind: &OutcomeKind) -> String {
    match kind {
        OutcomeKind::Stopped => "what was promised was done".into(),
        OutcomeKind::Cancelled(Cancellation::Merged(number)) => {
            format!("cancelled: the ticket was merged into {number}")
        }
        OutcomeKind::Cancelled(Cancellation::NoPromise) => {
            "cancelled: nothing is promised any more".into()
        }
        OutcomeKind::Cancelled(Cancellation::Rule) => "cancelled by the pack's rule".into(),
    }
}

fn reason(reason: &SpanReason) -> String {
    match reason {
        SpanReason::Open(calendar) => format!("{calendar} is open"),
        SpanReason::Closed(calendar, closed) => match closed {
            ClosedReason::OutsideHours => format!("{calendar} is closed at this time"),
            ClosedReason::Exception { date } => {
                format!("{calendar} has other hours on {date}")
            }
            ClosedReason::Break { date } => format!("{calendar} has a break on {date}"),
            ClosedReason::Holiday { date, name } => match name {
                Some(name) => format!("{calendar} is closed for {name}"),
                None => format!("{calendar} has a holiday on {date}"),
            },
        },
        SpanReason::Paused => "paused".into(),
        SpanReason::Done => "the ticket was done".into(),
        SpanReason::Carried(number) => format!("taken over from ticket {number}"),
    }
}

fn rule(reason: &SpanReason) -> &'static str {
    match reason {
        SpanReason::Open(_) | SpanReason::Closed(..) => "calendar",
        SpanReason::Paused => "pause_while",
        SpanReason::Done => "reopen",
        SpanReason::Carried(_) => "merge",
    }
}

fn second_of(at: Timestamp) -> i64 {
    at.as_microsecond().div_euclid(1_000_000)
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at)
        .strftime("%a %Y-%m-%d %H:%M:%S")
        .to_string()
}

/// `26:05:09`.
fn hours(seconds: i64) -> String {
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// `4h 30m`.
fn span_of(duration: SignedDuration) -> String {
    format!("{duration:#}")
}
