//! One clock while the fold passes over the ledger.

use jiff::{SignedDuration, Timestamp};

use super::history::History;
use super::occurrence::Seen;
use super::state::{
    Cancellation, Clock, LateEvent, Outcome, OutcomeKind, Segment, SegmentKind, Warned,
};
use super::terms::{Selection, Terms};
use crate::commitment::{Commitment, Repeat};
use crate::condition::TicketFacts;
use crate::event::{CarriedClock, Event, EventKind};
use crate::id::EventId;
use crate::name::CommitmentName;
use crate::policy::{Policy, PolicyVersion};

/// A clock in the making. Invariant: while it is open, the last segment has no end.
pub(super) struct Track<'p> {
    policy: &'p Policy,
    version: PolicyVersion,
    pub commitment: &'p Commitment,
    cycle: usize,
    started_at: Timestamp,
    started_by: EventId,
    promised: Option<Terms>,
    terms: Option<Terms>,
    had_promise: bool,
    terms_since: Timestamp,
    terms_changed_by: EventId,
    /// No miss and no warning is stamped before this: what the event of this instant made due is due from then on.
    answerable_from: Timestamp,
    segments: Vec<Segment>,
    due_at: Option<Timestamp>,
    promised_due_at: Option<Timestamp>,
    /// The instants of the warnings still to come, soonest last. Filled while the clock runs.
    warnings: Vec<Warned>,
    warned: Vec<Warned>,
    missed_at: Option<Timestamp>,
    outcome: Option<Outcome>,
    ended_with_ticket: bool,
    late_events: Vec<LateEvent>,
}

impl<'p> Track<'p> {
    pub fn new(
        policy: &'p Policy,
        commitment: &'p Commitment,
        cycle: usize,
        event: &Event,
        facts: &TicketFacts,
    ) -> Self {
        let terms = Selection::new(policy, commitment, facts).map(|selection| selection.to_terms());
        Self {
            policy,
            version: event.policy,
            commitment,
            cycle,
            started_at: event.at,
            started_by: event.id,
            promised: terms.clone(),
            had_promise: terms.is_some(),
            terms,
            terms_since: event.at,
            terms_changed_by: event.id,
            answerable_from: event.at,
            segments: Vec::new(),
            due_at: None,
            promised_due_at: None,
            warnings: Vec::new(),
            warned: Vec::new(),
            missed_at: None,
            outcome: None,
            ended_with_ticket: false,
            late_events: Vec::new(),
        }
    }

    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    pub fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// Whether anything was ever promised; if not, there is no clock to show.
    pub fn had_promise(&self) -> bool {
        self.had_promise
    }

    /// Shows the clock although nothing was promised.
    pub fn keep_in_sight(&mut self) {
        self.had_promise = true;
    }

    /// Whether it is the promise of this name and number.
    pub fn is_cycle(&self, name: &CommitmentName, cycle: u32) -> bool {
        self.commitment.name == *name && usize::try_from(cycle) == Ok(self.cycle)
    }

    pub fn was_ended_by(&self, event: &Event) -> bool {
        self.outcome.as_ref().is_some_and(|o| o.by == event.id)
    }

    /// Whether it stopped because the ticket was done, so that reopening concerns it.
    pub fn ended_with_ticket(&self) -> bool {
        self.ended_with_ticket
            && self
                .outcome
                .as_ref()
                .is_some_and(|outcome| outcome.kind == OutcomeKind::Stopped)
    }

    /// What tells whether an event moved the clock.
    pub fn mark(&self) -> (usize, bool, Option<Timestamp>, Timestamp) {
        (
            self.segments.len(),
            self.outcome.is_some(),
            self.due_at,
            self.answerable_from,
        )
    }

    pub fn note_late(&mut self, event: &Event) {
        self.late_events.push(LateEvent {
            event: event.id,
            at: event.at,
            recorded_at: event.recorded_at,
        });
    }

    /// Lets time pass up to an event: what stops the clock at the due instant itself is still in time.
    pub fn advance(&mut self, to: Timestamp) {
        self.pass(|instant| instant < to);
    }

    /// Lets time pass up to and including the instant the fold was asked for.
    pub fn reach(&mut self, now: Timestamp) {
        self.pass(|instant| instant <= now);
    }

    fn pass(&mut self, is_past: impl Fn(Timestamp) -> bool) {
        if !self.is_open() {
            return;
        }
        while let Some(warning) = self.warnings.pop_if(|warning| is_past(warning.at)) {
            self.warned.push(warning);
        }
        if self.missed_at.is_none()
            && let Some(due) = self.due_at
            && is_past(due.max(self.answerable_from))
        {
            self.missed_at = Some(due.max(self.answerable_from));
        }
    }

    /// Starts to run, or to pause where the ticket is already in a state that pauses.
    pub fn begin(&mut self, event: &Event, facts: &TicketFacts) {
        self.open_segment(self.kind_for(facts), event);
        self.set_alarms();
    }

    /// A ticket that was opened done, such as a call noted down afterwards, has kept at once what being done keeps.
    pub fn settle_if_opened_done(&mut self, seen: Seen<'_>, facts: &TicketFacts) {
        if matches!(seen.event.kind, EventKind::Opened { .. })
            && facts.status.kind.is_done()
            && seen.sets_off(&self.commitment.stop, facts)
        {
            self.end(seen.event, OutcomeKind::Stopped);
            self.ended_with_ticket = true;
        }
    }

    /// Takes an event in; says whether a new cycle is to begin with it.
    pub fn move_on(&mut self, seen: Seen<'_>, facts: &TicketFacts) -> bool {
        let event = seen.event;
        if seen.sets_off(&self.commitment.cancel, facts) {
            self.end(event, OutcomeKind::Cancelled(Cancellation::Rule));
            return false;
        }
        if seen.sets_off(&self.commitment.stop, facts) {
            self.end(event, OutcomeKind::Stopped);
            self.ended_with_ticket = facts.status.kind.is_done();
            return false;
        }
        if event.at > self.started_at && seen.sets_off(&self.commitment.reset, facts) {
            self.end(event, OutcomeKind::Stopped);
            return true;
        }
        if self.is_promised_by_its_start(seen, facts) {
            if !self.had_promise {
                self.restart(event, facts);
                return false;
            } else if self.commitment.repeat == Repeat::EachStart {
                self.void();
                return false;
            }
        }
        if seen.may_change_terms() {
            self.review_terms(event, facts);
        }
        let kind = self.kind_for(facts);
        if self.segments.last().is_some_and(|last| last.kind != kind) {
            self.open_segment(kind, event);
            self.set_alarms();
        }
        false
    }

    /// Whether nothing was promised until this event, which brings the promise and is what the clock starts with: it
    /// then starts now, rather than go back to a start that was worth nothing.
    fn is_promised_by_its_start(&self, seen: Seen<'_>, facts: &TicketFacts) -> bool {
        self.terms.is_none()
            && seen.sets_off(&self.commitment.start, facts)
            && Selection::new(self.policy, self.commitment, facts).is_some()
    }

    pub fn end(&mut self, event: &Event, kind: OutcomeKind) {
        if let Some(last) = self.segments.last_mut() {
            last.until = Some(event.at);
        }
        self.warnings.clear();
        self.outcome = Some(Outcome {
            at: event.at,
            by: event.id,
            kind,
        });
    }

    /// Goes on after a reopening with what had been used; the time in between is not counted.
    pub fn resume(&mut self, event: &Event, facts: &TicketFacts) {
        let Some(outcome) = self.outcome.take() else {
            return;
        };
        self.ended_with_ticket = false;
        self.segments.push(Segment {
            kind: SegmentKind::Stopped,
            from: outcome.at,
            until: Some(event.at),
            cause: outcome.by,
        });
        self.answerable_from = event.at;
        self.review_terms(event, facts);
        self.begin(event, facts);
    }

    /// Starts from nothing; whatever came of it before no longer counts.
    pub fn restart(&mut self, event: &Event, facts: &TicketFacts) {
        let late_events = std::mem::take(&mut self.late_events);
        *self = Self {
            late_events,
            version: self.version,
            ..Self::new(self.policy, self.commitment, self.cycle, event, facts)
        };
        self.begin(event, facts);
    }

    /// Adopts the earlier start of a clock of a ticket merged into this one, and the time it had used there.
    pub fn take_over(&mut self, event: &Event, number: u64, clock: &CarriedClock) {
        let kind = self
            .segments
            .last()
            .map_or(SegmentKind::Running, |last| last.kind);
        self.started_at = clock.started_at.min(event.at);
        self.segments.clear();
        self.segments.push(Segment {
            kind: SegmentKind::Carried {
                number,
                used: clock.used,
            },
            from: self.started_at,
            until: Some(event.at),
            cause: event.id,
        });
        self.answerable_from = event.at;
        self.open_segment(kind, event);
        self.set_alarms();
    }

    /// Ends as kept by a reply that was given in another ticket, of which this one learns only by an event; returns what it
    /// had done since that reply. A miss stays: the clock then ends where it was missed.
    pub fn end_at_reply(&mut self, event: &Event, replied_at: Timestamp) -> Vec<Segment> {
        let since = |segment: &Segment| Segment {
            from: segment.from.max(replied_at),
            ..*segment
        };
        let after = self.segments.iter();
        let after = after.filter(|segment| segment.until.is_none_or(|until| until > replied_at));
        let after = after.map(since).collect();
        let at = self
            .missed_at
            .map_or(replied_at, |missed| missed.max(replied_at));
        // When it was due is asked as of that instant: later pauses were none of its own.
        self.segments.retain(|segment| segment.from <= at);
        if let Some(last) = self.segments.last_mut() {
            last.until = None;
        }
        self.set_alarms();
        self.end(event, OutcomeKind::Stopped);
        if let Some(outcome) = &mut self.outcome {
            outcome.at = at;
        }
        self.cut_at(at);
        after
    }

    /// Starts earlier than the event by which it is known to have started, with what it has done since then.
    pub fn go_back_to(&mut self, since: Timestamp, segments: Vec<Segment>, event: &Event) {
        let kind = self
            .segments
            .last()
            .map_or(SegmentKind::Running, |last| last.kind);
        self.started_at = since;
        self.segments = segments;
        self.answerable_from = event.at;
        self.open_segment(kind, event);
        self.set_alarms();
    }

    /// Selects the terms again after a change. The clock is then as if it had run under them from its start; only a due
    /// instant that they put into the past counts from now.
    fn review_terms(&mut self, event: &Event, facts: &TicketFacts) {
        let selection = Selection::new(self.policy, self.commitment, facts);
        let is_unchanged = match (&selection, &self.terms) {
            (Some(selection), Some(terms)) => selection.is(terms),
            (selection, terms) => selection.is_none() && terms.is_none(),
        };
        if is_unchanged {
            return;
        }
        let terms = selection.map(|selection| selection.to_terms());
        self.had_promise |= terms.is_some();
        self.terms = terms;
        self.terms_since = event.at;
        self.terms_changed_by = event.id;
        self.answerable_from = event.at;
        self.set_alarms();
    }

    fn kind_for(&self, facts: &TicketFacts) -> SegmentKind {
        if self.commitment.pause.holds(facts) {
            SegmentKind::Paused
        } else {
            SegmentKind::Running
        }
    }

    fn open_segment(&mut self, kind: SegmentKind, event: &Event) {
        if let Some(last) = self.segments.last_mut()
            && last.until.is_none()
        {
            last.until = Some(event.at);
        }
        self.segments.push(Segment {
            kind,
            from: event.at,
            until: None,
            cause: event.id,
        });
    }

    /// Works out when the clock is due and when it warns. While it is paused nobody can know, except of what had been
    /// used up by then.
    fn set_alarms(&mut self) {
        self.warnings.clear();
        let due_by = |terms| History::new(&self.segments, terms).instant_of(terms.target);
        let Some(terms) = &self.terms else {
            self.due_at = None;
            self.promised_due_at = self.promised.as_ref().and_then(due_by);
            return;
        };
        let history = History::new(&self.segments, terms);
        self.due_at = history.instant_of(terms.target);
        self.promised_due_at = if self.promised == self.terms {
            self.due_at
        } else {
            self.promised.as_ref().and_then(due_by)
        };
        if self.missed_at.is_some() {
            return;
        }
        for (warning, definition) in self.commitment.warnings.iter().enumerate() {
            let used = definition.at.used_at(terms.target);
            let Some(at) = used.and_then(|used| history.instant_of(used)) else {
                continue;
            };
            // Again only where a change put it off, and not where that instant is past as well.
            let is_past = at <= self.answerable_from;
            let given = |given: &Warned| given.warning == warning && (is_past || given.at >= at);
            if !self.warned.iter().any(given) {
                let at = at.max(self.answerable_from);
                self.warnings.push(Warned { warning, at });
            }
        }
        self.warnings
            .sort_unstable_by_key(|warning| std::cmp::Reverse((warning.at, warning.warning)));
    }

    /// Ends what is promised no more at the change that left no promise; its history goes no further.
    fn void(&mut self) {
        let since = self.terms_since;
        self.outcome = Some(Outcome {
            at: since,
            by: self.terms_changed_by,
            kind: OutcomeKind::Cancelled(Cancellation::NoPromise),
        });
        self.cut_at(since);
    }

    /// Lets its history end at an instant.
    fn cut_at(&mut self, at: Timestamp) {
        self.segments.retain(|segment| segment.from <= at);
        if let Some(last) = self.segments.last_mut() {
            last.until = Some(last.until.map_or(at, |until| until.min(at)));
        }
    }

    /// The clock as it stands; nothing when there never was a promise.
    pub fn into_clock(mut self, now: Timestamp) -> Option<Clock> {
        if !self.had_promise {
            return None;
        }
        if self.terms.is_none() {
            self.void();
        }
        let used = self
            .terms
            .as_ref()
            .or(self.promised.as_ref())
            .map_or(SignedDuration::ZERO, |terms| {
                History::new(&self.segments, terms).used_until(now)
            });
        let next_at = self
            .warnings
            .last()
            .map(|warning| warning.at)
            .into_iter()
            .chain(self.due_at.map(|due| due.max(self.answerable_from)))
            .min()
            .filter(|_| self.outcome.is_none() && self.missed_at.is_none());
        Some(Clock {
            commitment: self.commitment.name.clone(),
            source: self.commitment.source.clone(),
            cycle: u32::try_from(self.cycle).unwrap_or(u32::MAX),
            policy: self.version,
            started_at: self.started_at,
            started_by: self.started_by,
            promised: self.promised,
            terms: self.terms,
            terms_since: self.terms_since,
            promised_due_at: self.promised_due_at,
            due_at: self.due_at,
            used,
            segments: self.segments,
            warned: self.warned,
            missed_at: self.missed_at,
            outcome: self.outcome,
            next_at,
            late_events: self.late_events,
            retracted_miss: None,
        })
    }
}
