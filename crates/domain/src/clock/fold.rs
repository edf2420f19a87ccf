//! The fold: from a ticket's ledger to its clocks.

use std::sync::Arc;

use jiff::Timestamp;

use super::occurrence::Seen;
use super::state::{Cancellation, Clock, OutcomeKind};
use super::track::Track;
use crate::commitment::{Commitment, Reopen, Repeat};
use crate::condition::TicketFacts;
use crate::event::{Actor, CarriedClock, Event, EventKind, Origin, Visibility};
use crate::name::CommitmentName;
use crate::policy::{Policy, PolicyBook, PolicyVersion};

/// The clocks of a ticket at `now`, in the order in which they started.
///
/// Each promise is made by the policy that was in force at its event. Events after `now` are not looked at, so that any
/// past instant can be asked for. A version older than all that the book holds makes no promises.
#[must_use]
pub fn fold(events: &[Event], policies: &PolicyBook, now: Timestamp) -> Vec<Clock> {
    Fold::new(|version| policies.get(version).map(Arc::as_ref)).run(events, now)
}

/// The clocks a ticket would have had at `now`, had this policy been in force all along: a replay under a draft.
#[must_use]
pub fn fold_under(events: &[Event], policy: &Policy, now: Timestamp) -> Vec<Clock> {
    Fold::new(|_| Some(policy)).run(events, now)
}

struct Fold<'p, F> {
    policy_of: F,
    facts: TicketFacts,
    tracks: Vec<Track<'p>>,
    /// When an agent opened the ticket, if an agent did.
    opened_by_agent_at: Option<Timestamp>,
    /// When the ledger of this ticket began to be kept: an imported history is not late.
    kept_since: Option<Timestamp>,
    has_message: bool,
}

impl<'p, F> Fold<'p, F>
where
    F: Fn(PolicyVersion) -> Option<&'p Policy>,
{
    fn new(policy_of: F) -> Self {
        Self {
            policy_of,
            facts: TicketFacts::unopened(),
            tracks: Vec::new(),
            opened_by_agent_at: None,
            kept_since: None,
            has_message: false,
        }
    }

    fn run(mut self, events: &[Event], now: Timestamp) -> Vec<Clock> {
        let mut events = in_order(events);
        events.truncate(events.partition_point(|event| event.at <= now));
        for event in &events {
            self.take(event);
        }
        for event in &events {
            self.recall_missed(event);
        }
        let mut clocks: Vec<Clock> = self
            .tracks
            .into_iter()
            .filter_map(|mut track| {
                track.reach(now);
                track.into_clock(now)
            })
            .collect();
        retract_misses(&mut clocks, &events);
        clocks.sort_by_key(|clock| clock.started_at);
        clocks
    }

    fn take(&mut self, event: &Event) {
        for track in &mut self.tracks {
            track.advance(event.at);
        }
        self.facts.apply(event);
        let seen = Seen {
            event,
            is_opening_message: self.notice_opening(event),
        };
        let late = self.is_late(event);
        match &event.kind {
            EventKind::MergedInto { number, .. } => self.hand_over(event, *number, late),
            EventKind::MergedFrom { number, clocks, .. } => {
                self.carry(event, *number, clocks, late);
            }
            _ => {
                self.move_tracks(seen, late);
                self.start_tracks(seen, late);
            }
        }
    }

    /// Notes the ticket's opening and its first message; says whether this event is that message.
    fn notice_opening(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::Opened { .. } => {
                self.opened_by_agent_at =
                    matches!(event.actor, Actor::Agent(_)).then_some(event.at);
                self.kept_since = Some(event.recorded_at);
                false
            }
            EventKind::MessageAdded {
                visibility: Visibility::Public,
                origin: Origin::Person,
                ..
            } => {
                let first = !self.has_message;
                self.has_message = true;
                first && self.opened_by_agent_at == Some(event.at)
            }
            _ => false,
        }
    }

    /// An event is late when it was recorded more than the second that the program allows itself after it happened,
    /// and after the ticket's ledger had begun.
    fn is_late(&self, event: &Event) -> bool {
        event.recorded_at.duration_since(event.at) > jiff::SignedDuration::from_secs(1)
            && self
                .kept_since
                .is_some_and(|since| event.recorded_at > since)
    }

    fn move_tracks(&mut self, seen: Seen<'_>, late: bool) {
        let event = seen.event;
        let mut again = Vec::new();
        for index in 0..self.tracks.len() {
            let is_reopened = is_reopening(event) && self.is_reopened(index);
            let track = &mut self.tracks[index];
            let before = track.mark();
            if track.is_open() {
                if track.move_on(seen, &self.facts) {
                    again.push(track.commitment);
                }
            } else if is_reopened {
                match track.commitment.reopen {
                    Reopen::Ignore => {}
                    Reopen::Resume => track.resume(event, &self.facts),
                    Reopen::Restart => track.restart(event, &self.facts),
                    Reopen::NewCycle => again.push(track.commitment),
                }
            }
            if late && track.mark() != before {
                track.note_late(event);
            }
        }
        for ended in again {
            if let Some((policy, commitment)) = self.commitment_at(event, &ended.name) {
                self.begin(policy, commitment, event, late);
            }
        }
    }

    /// Whether reopening the ticket concerns a clock: only the last of its name, and not if that one is open again,
    /// because the message that reopens a ticket may have started it.
    fn is_reopened(&self, index: usize) -> bool {
        let track = &self.tracks[index];
        let mut later = self.tracks[index + 1..].iter();
        track.ended_with_ticket()
            && !later.any(|other| other.commitment.name == track.commitment.name)
    }

    fn start_tracks(&mut self, seen: Seen<'_>, late: bool) {
        let Some(policy) = (self.policy_of)(seen.event.policy) else {
            return;
        };
        for commitment in &policy.commitments {
            if seen.sets_off(&commitment.start, &self.facts) && self.may_start(commitment, seen) {
                self.begin(policy, commitment, seen.event, late);
                if let Some(track) = self.tracks.last_mut() {
                    track.settle_if_opened_done(seen, &self.facts);
                }
            }
        }
    }

    /// A start is a promise unless one of the name is open, has just ended by this very event, or was the only one.
    fn may_start(&self, commitment: &Commitment, seen: Seen<'_>) -> bool {
        self.tracks
            .iter()
            .filter(|track| track.commitment.name == commitment.name)
            .all(|track| {
                !track.is_open()
                    && commitment.repeat == Repeat::EachStart
                    && !track.was_ended_by(seen.event)
            })
    }

    /// What the policy in force at an event says of a commitment, if it still makes that promise.
    fn commitment_at(
        &self,
        event: &Event,
        name: &CommitmentName,
    ) -> Option<(&'p Policy, &'p Commitment)> {
        let policy = (self.policy_of)(event.policy)?;
        let commitment = policy.commitments.iter().find(|c| c.name == *name)?;
        Some((policy, commitment))
    }

    fn begin(&mut self, policy: &'p Policy, commitment: &'p Commitment, event: &Event, late: bool) {
        let cycle = 1 + self
            .tracks
            .iter()
            .filter(|track| track.commitment.name == commitment.name && track.had_promise())
            .count();
        let mut track = Track::new(policy, commitment, cycle, event, &self.facts);
        track.begin(event, &self.facts);
        if late {
            track.note_late(event);
        }
        self.tracks.push(track);
    }

    /// Ends the clocks of a ticket that was merged into another.
    fn hand_over(&mut self, event: &Event, number: u64, late: bool) {
        for track in self.tracks.iter_mut().filter(|track| track.is_open()) {
            let reason = Cancellation::Merged(number);
            track.end(event, OutcomeKind::Cancelled(reason));
            if late {
                track.note_late(event);
            }
        }
    }

    /// Keeps a clock in sight that was recorded as missed, though a late event shows that nothing was ever promised.
    fn recall_missed(&mut self, event: &Event) {
        let EventKind::ClockMissed {
            commitment, cycle, ..
        } = &event.kind
        else {
            return;
        };
        let is_it = |track: &Track<'_>| track.is_cycle(commitment, *cycle);
        if !self.tracks.iter().any(|t| is_it(t) && t.had_promise())
            && let Some(track) = self.tracks.iter_mut().rfind(|track| is_it(track))
        {
            track.keep_in_sight();
        }
    }

    /// Takes over the clocks of a ticket that was merged into this one: of two that run, the earlier start is kept.
    fn carry(&mut self, event: &Event, number: u64, carried: &[CarriedClock], late: bool) {
        for clock in carried {
            let mut of_name = self
                .tracks
                .iter_mut()
                .filter(|track| track.commitment.name == clock.commitment);
            let last = of_name.next_back();
            let had_one = last.is_some();
            if let Some(track) = last.filter(|track| track.is_open()) {
                if clock.started_at < track.started_at() {
                    track.take_over(event, number, clock);
                    if late {
                        track.note_late(event);
                    }
                }
            } else if let Some((policy, commitment)) = self.commitment_at(event, &clock.commitment)
                && (commitment.repeat == Repeat::EachStart || !had_one)
            {
                self.begin(policy, commitment, event, late);
                if let Some(track) = self.tracks.last_mut() {
                    track.take_over(event, number, clock);
                }
            }
        }
    }
}

/// Borrows the events in the order in which they happened; those of one instant keep the order of the ledger.
fn in_order(events: &[Event]) -> Vec<&Event> {
    let mut ordered: Vec<&Event> = events.iter().collect();
    if !ordered.is_sorted_by_key(|event| (event.at, event.sequence)) {
        ordered.sort_by_key(|event| (event.at, event.sequence));
    }
    ordered
}

fn is_reopening(event: &Event) -> bool {
    matches!(&event.kind, EventKind::StatusChanged { from, to } if from.kind.is_done() && !to.kind.is_done())
}

/// A miss that was recorded and that the fold does not find any more was undone by a late event: never silently.
fn retract_misses(clocks: &mut [Clock], events: &[&Event]) {
    for event in events {
        let EventKind::ClockMissed {
            commitment,
            cycle,
            due_at,
        } = &event.kind
        else {
            continue;
        };
        for clock in clocks.iter_mut() {
            if clock.commitment == *commitment
                && clock.cycle == *cycle
                && event.at >= clock.started_at
                && clock.missed_at.is_none()
            {
                clock.retracted_miss = Some(*due_at);
            }
        }
    }
}
