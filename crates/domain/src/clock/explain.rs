//! Why a deadline is what it is: every span of a clock, counted or excluded, with the reason.

use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::{ClosedReason, SpanState};

use super::state::{Clock, SegmentKind};
use super::terms::Terms;
use crate::id::EventId;
use crate::name::CalendarName;

/// The ledger of a deadline.
///
/// The spans follow one another without gap from the start to the end; the counted ones add up to `used` before `now`,
/// and to the target where they go on to the due instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The clock that is explained.
    pub clock: Clock,
    /// The terms it is explained under: the present ones, or the promised ones where nothing is promised any more.
    pub terms: Terms,
    /// Every span, in order.
    pub spans: Vec<Span>,
}

/// A span of a deadline's ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How much of it counts: all, nothing, or what was taken over from another ticket.
    pub counted: SignedDuration,
    /// Why it counts or not.
    pub reason: SpanReason,
    /// The event that made the clock run, pause or stop.
    pub cause: EventId,
    /// Whether it lies in the future: what will be if nothing happens until the clock is due.
    pub is_expected: bool,
}

/// Why a span counts or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanReason {
    /// The clock runs and the calendar is open.
    Open(CalendarName),
    /// The calendar is closed.
    Closed(CalendarName, ClosedReason),
    /// The clock is paused, as the commitment says.
    Paused,
    /// The ticket was done, until it was reopened.
    Done,
    /// Taken over from the ticket of this number.
    Carried(u64),
}

/// Explains a clock at `now`: up to its end if it has ended, else up to its due instant if it runs, else up to `now`.
/// A clock that never had terms cannot be explained.
#[must_use]
pub fn explain(clock: Clock, now: Timestamp) -> Option<Explanation> {
    let terms = clock.terms.clone().or_else(|| clock.promised.clone())?;
    let mut spans = Vec::new();
    for segment in &clock.segments {
        let until = segment
            .until
            .unwrap_or_else(|| end_of_history(&clock, now).max(segment.from));
        match segment.kind {
            SegmentKind::Running => {
                run_spans(&terms, segment.from, until, segment.cause, now, &mut spans);
            }
            kind if segment.from < until => spans.push(Span {
                from: segment.from,
                until,
                counted: match kind {
                    SegmentKind::Carried { used, .. } => used,
                    _ => SignedDuration::ZERO,
                },
                reason: match kind {
                    SegmentKind::Carried { number, .. } => SpanReason::Carried(number),
                    SegmentKind::Stopped => SpanReason::Done,
                    SegmentKind::Paused | SegmentKind::Running => SpanReason::Paused,
                },
                cause: segment.cause,
                is_expected: false,
            }),
            _ => {}
        }
    }
    Some(Explanation {
        clock,
        terms,
        spans,
    })
}

impl Explanation {
    /// The counted time of all spans, the expected ones included.
    #[must_use]
    pub fn counted(&self) -> SignedDuration {
        self.spans.iter().map(|span| span.counted).sum()
    }

    /// The time of all spans, counted or not.
    #[must_use]
    pub fn total(&self) -> SignedDuration {
        self.spans
            .iter()
            .map(|span| span.until.duration_since(span.from))
            .sum()
    }
}

/// Where the present segment's ledger ends.
fn end_of_history(clock: &Clock, now: Timestamp) -> Timestamp {
    match &clock.outcome {
        Some(outcome) => outcome.at,
        None if clock.is_paused() => now,
        None => clock.due_at.map_or(now, |due| due.max(now)),
    }
}

/// Cuts a running segment where the calendar opens and closes, and at `now`.
fn run_spans(
    terms: &Terms,
    from: Timestamp,
    until: Timestamp,
    cause: EventId,
    now: Timestamp,
    spans: &mut Vec<Span>,
) {
    let cut = now.clamp(from, until);
    for (start, end, is_expected) in [(from, cut, false), (cut, until, true)] {
        if start == end {
            continue;
        }
        for span in terms.calendar.spans(start, end) {
            let interval = span.interval;
            let (counted, reason) = match span.state {
                SpanState::Open => (
                    interval.end.duration_since(interval.start),
                    SpanReason::Open(terms.calendar_name.clone()),
                ),
                SpanState::Closed(reason) => (
                    SignedDuration::ZERO,
                    SpanReason::Closed(terms.calendar_name.clone(), reason),
                ),
            };
            spans.push(Span {
                from: interval.start,
                until: interval.end,
                counted,
                reason,
                cause,
                is_expected,
            });
        }
    }
}
