//! A clock as it stands.

use jiff::{SignedDuration, Timestamp};

use super::terms::Terms;
use crate::commitment::Source;
use crate::event::CarriedClock;
use crate::id::EventId;
use crate::name::CommitmentName;
use crate::policy::PolicyVersion;

/// A clock: one promise about one ticket, at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    /// The commitment.
    pub commitment: CommitmentName,
    /// Where the pack states the commitment.
    pub source: Source,
    /// Which of the ticket's promises of this name, from 1.
    pub cycle: u32,
    /// The version of the policy that made the promise.
    pub policy: PolicyVersion,
    /// When it started: the instant of the event that started it, or the earlier start of a ticket merged into this one.
    pub started_at: Timestamp,
    /// The event that started it.
    pub started_by: EventId,
    /// What was promised when it started; nothing if the promise came about only through a later change.
    pub promised: Option<Terms>,
    /// What is promised now; nothing when a change left no promise.
    pub terms: Option<Terms>,
    /// Since when the present terms hold.
    pub terms_since: Timestamp,
    /// When it is or was due as promised at the start, with all pauses so far. Absent if nothing was
    /// promised then, and while it is paused with time left.
    pub promised_due_at: Option<Timestamp>,
    /// When it is or was due under the present terms. Absent while it is paused with time left, for nobody can know, and
    /// if it ended so.
    pub due_at: Option<Timestamp>,
    /// How much of the target was used, at the instant the fold was asked for.
    pub used: SignedDuration,
    /// The clock's history: running, paused, stopped.
    pub segments: Vec<Segment>,
    /// The warnings given so far.
    pub warned: Vec<Warned>,
    /// When it was missed: the due instant, or when new terms made it so.
    pub missed_at: Option<Timestamp>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
    /// The next instant at which something must happen: a warning or the due instant.
    pub next_at: Option<Timestamp>,
    /// Events that were recorded late and moved this clock.
    pub late_events: Vec<LateEvent>,
    /// The due instant of a miss that had been recorded, and that a late event proved wrong.
    pub retracted_miss: Option<Timestamp>,
}

impl Clock {
    /// How it stands. A clock that is missed and still open is missed.
    #[must_use]
    pub fn state(&self) -> ClockState {
        match &self.outcome {
            Some(Outcome {
                kind: OutcomeKind::Cancelled(_),
                ..
            }) if self.missed_at.is_none() => ClockState::Cancelled,
            _ if self.missed_at.is_some() => ClockState::Missed,
            Some(_) => ClockState::Met,
            None if self.is_paused() => ClockState::Paused,
            None => ClockState::Running,
        }
    }

    /// Whether it has neither been kept nor been cancelled.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// Whether it is open and paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.is_open()
            && self
                .segments
                .last()
                .is_some_and(|segment| segment.kind == SegmentKind::Paused)
    }

    /// What another ticket takes over of it when its own is merged into that one; nothing once it has ended.
    #[must_use]
    pub fn carried(&self) -> Option<CarriedClock> {
        self.is_open().then(|| CarriedClock {
            commitment: self.commitment.clone(),
            started_at: self.started_at,
            used: self.used,
        })
    }

    /// How much of the target is left; negative when it is overdrawn. Nothing without a promise.
    #[must_use]
    pub fn left(&self) -> Option<SignedDuration> {
        self.terms.as_ref().map(|terms| terms.target - self.used)
    }
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockState {
    /// It counts, or waits for its calendar to open.
    Running,
    /// It is paused.
    Paused,
    /// The promise was kept.
    Met,
    /// The promise was not kept.
    Missed,
    /// The promise is void.
    Cancelled,
}

impl ClockState {
    /// The state's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::fmt::Display for ClockState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stretch of a clock's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// What the clock did.
    pub kind: SegmentKind,
    /// From when.
    pub from: Timestamp,
    /// Until when; absent for the present one.
    pub until: Option<Timestamp>,
    /// The event that began it.
    pub cause: EventId,
}

/// What a clock does for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// It runs: time counts while the calendar is open.
    Running,
    /// It is paused: no time counts.
    Paused,
    /// It had stopped, and was resumed later: no time counts.
    Stopped,
    /// It was taken over from a ticket merged into this one, with the time it had used there.
    Carried {
        /// The other ticket's number.
        number: u64,
        /// The time used there.
        used: SignedDuration,
    },
}

/// A warning that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warned {
    /// Which of the commitment's warnings, from 0.
    pub warning: usize,
    /// At which instant.
    pub at: Timestamp,
}

/// How a clock ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// By which event.
    pub by: EventId,
    /// How.
    pub kind: OutcomeKind,
}

/// The ways a clock can end. Whether it was in time, `missed_at` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeKind {
    /// What was promised was done.
    Stopped,
    /// The promise became void.
    Cancelled(Cancellation),
}

/// Why a promise became void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancellation {
    /// The ticket was merged into another, of this number.
    Merged(u64),
    /// After a change neither contract nor pack promises anything.
    NoPromise,
    /// The pack says so.
    Rule,
}

/// An event that was recorded later than it happened, and that moved the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateEvent {
    /// The event.
    pub event: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}
