//! The fold: from a ticket's ledger to its clocks.

use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;

use super::occurrence::Seen;
use super::state::{Cancellation, Clock, OutcomeKind};
use super::track::Track;
use crate::commitment::{Commitment, Reopen, Repeat};
use crate::condition::TicketFacts;
use crate::conversation::Conversation;
use crate::event::{Event, EventKind};
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

pub(super) struct Fold<'p, F> {
    pub(super) policy_of: F,
    pub(super) facts: TicketFacts,
    pub(super) tracks: Vec<Track<'p>>,
    pub(super) conversation: Conversation,
    /// When the ledger of this ticket began to be kept: an imported history is not late.
    kept_since: Option<Timestamp>,
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
            conversation: Conversation::default(),
            kept_since: None,
        }
    }

    fn run(mut self, events: &[Event], now: Timestamp) -> Vec<Clock> {
        let mut events = in_order(events);
        events.truncate(events.partition_point(|event| event.at <= now));
        forget_undone(&mut events);
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
        if matches!(event.kind, EventKind::Opened { .. }) {
            self.kept_since = Some(event.recorded_at);
        }
        let replied_at = self.conversation.last_reply_at();
        let seen = Seen {
            event,
            is_opening_message: self.conversation.hear(event),
        };
        let late = self.is_late(event);
        match &event.kind {
            EventKind::MergedInto { number, .. } => self.hand_over(event, *number, late),
            EventKind::MergedFrom {
                number,
                clocks,
                messages,
                ..
            } => {
                self.learn_replies(event, messages, late);
                if !messages.is_empty() {
                    self.start_unanswered(event, messages, late);
                }
                self.carry(event, *number, clocks, replied_at, late);
            }
            _ => {
                self.move_tracks(seen, late);
                self.start_tracks(seen, late);
            }
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
    pub(super) fn commitment_at(
        &self,
        event: &Event,
        name: &CommitmentName,
    ) -> Option<(&'p Policy, &'p Commitment)> {
        let policy = (self.policy_of)(event.policy)?;
        let commitment = policy.commitments.iter().find(|c| c.name == *name)?;
        Some((policy, commitment))
    }

    pub(super) fn begin(
        &mut self,
        policy: &'p Policy,
        commitment: &'p Commitment,
        event: &Event,
        late: bool,
    ) {
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
}

/// Leaves out what somebody undid, and what made up for it: for the clocks it never was.
fn forget_undone(events: &mut Vec<&Event>) {
    let undone: Vec<RangeInclusive<u64>> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::ChangeUndone {
                first,
                last,
                restored,
            } => Some([first..=last, restored..=event.sequence]),
            _ => None,
        })
        .flatten()
        .collect();
    let is_undone = |event: &Event| {
        event.kind.is_undoable() && undone.iter().any(|facts| facts.contains(&event.sequence))
    };
    events.retain(|event| !is_undone(event));
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
