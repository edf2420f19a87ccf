//! A clock's history, counted under terms.

use jiff::{SignedDuration, Timestamp};

use super::state::{Segment, SegmentKind};
use super::terms::Terms;

/// A clock's segments and what they have used of a target under terms.
pub(super) struct History<'a> {
    segments: &'a [Segment],
    terms: &'a Terms,
    /// The counted time of the segments that have ended.
    used: SignedDuration,
    /// From when the clock has been running, if it is.
    running_since: Option<Timestamp>,
}

impl<'a> History<'a> {
    pub fn new(segments: &'a [Segment], terms: &'a Terms) -> Self {
        let running = segments
            .last()
            .filter(|last| last.kind == SegmentKind::Running && last.until.is_none());
        Self {
            segments,
            terms,
            used: segments.iter().map(|segment| counted(segment, terms)).sum(),
            running_since: running.map(|segment| segment.from),
        }
    }

    /// The counted time up to `now`.
    pub fn used_until(&self, now: Timestamp) -> SignedDuration {
        let present = self
            .running_since
            .map(|since| self.terms.calendar.elapsed(since, now));
        self.used + present.unwrap_or_default()
    }

    /// The instant at which `amount` is used. A clock that runs is thought to run as long as needed. Nothing when it
    /// stops before that, or when the calendar never opens long enough again.
    pub fn instant_of(&self, amount: SignedDuration) -> Option<Timestamp> {
        // What is used up exactly at the end of a segment is used up then, not when the clock goes on.
        if amount <= self.used && self.used.is_positive() {
            return self.past_instant_of(amount);
        }
        let left = amount - self.used;
        self.terms.calendar.add(self.running_since?, left).ok()
    }

    fn past_instant_of(&self, amount: SignedDuration) -> Option<Timestamp> {
        let mut left = amount;
        for segment in self.segments {
            let counted = counted(segment, self.terms);
            if counted.is_positive() && left <= counted {
                return match segment.kind {
                    SegmentKind::Carried { .. } => segment.until,
                    _ => self.terms.calendar.add(segment.from, left).ok(),
                };
            }
            left -= counted;
        }
        None
    }
}

/// The counted time of a segment that has ended; none of one that has not.
fn counted(segment: &Segment, terms: &Terms) -> SignedDuration {
    match (segment.kind, segment.until) {
        (SegmentKind::Running, Some(until)) => terms.calendar.elapsed(segment.from, until),
        (SegmentKind::Carried { used, .. }, _) => used,
        _ => SignedDuration::ZERO,
    }
}
