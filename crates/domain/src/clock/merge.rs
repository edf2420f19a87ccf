//! What becomes of clocks when another ticket is merged into theirs: the two are one conversation from then on.

use jiff::Timestamp;

use super::fold::Fold;
use super::occurrence::stands_for;
use super::state::{Segment, SegmentKind};
use crate::commitment::Occurrence::{AgentReply, CustomerMessage};
use crate::commitment::{Commitment, Repeat};
use crate::event::{CarriedClock, Event, Side, Spoken};
use crate::policy::{Policy, PolicyVersion};

impl<'p, F> Fold<'p, F>
where
    F: Fn(PolicyVersion) -> Option<&'p Policy>,
{
    /// Learns of the replies that were given in a ticket merged into this one: in one conversation, they have kept here
    /// what they came after.
    pub(super) fn learn_replies(&mut self, event: &Event, messages: &[Spoken], late: bool) {
        let replies: Vec<Timestamp> = messages
            .iter()
            .filter(|spoken| spoken.side == Side::Agent)
            .map(|spoken| spoken.at)
            .collect();
        let Some(last) = replies.last().copied() else {
            return;
        };
        let mut again = Vec::new();
        for track in self.tracks.iter_mut().filter(|track| track.is_open()) {
            let commitment = track.commitment;
            let started_at = track.started_at();
            if stands_for(&commitment.stop, &AgentReply, Side::Agent, &self.facts) {
                let Some(first) = replies.iter().find(|at| **at > started_at) else {
                    continue;
                };
                track.end_at_reply(event, *first);
            } else if last > started_at
                && stands_for(&commitment.reset, &AgentReply, Side::Agent, &self.facts)
            {
                again.push((commitment, track.end_at_reply(event, last)));
            } else {
                continue;
            }
            if late {
                track.note_late(event);
            }
        }
        for (ended, segments) in again {
            if let Some((policy, commitment)) = self.commitment_at(event, &ended.name) {
                self.begin(policy, commitment, event, late);
                if let Some(track) = self.tracks.last_mut() {
                    track.go_back_to(last, segments, event);
                }
            }
        }
    }

    /// Starts what the oldest message since the last reply starts, where it does not run; where it runs since a later one,
    /// it goes back to one of the other ticket. Before the first reply, the promises made at the opening are those that
    /// answer.
    pub(super) fn start_unanswered(&mut self, event: &Event, messages: &[Spoken], late: bool) {
        let policy = (self.policy_of)(event.policy);
        let (Some(policy), Some(since), Some(_)) = (
            policy,
            self.conversation.unanswered_since(),
            self.conversation.last_reply_at(),
        ) else {
            return;
        };
        let is_theirs = messages.iter().any(|spoken| spoken.at == since);
        let segment = Segment {
            kind: SegmentKind::Running,
            from: since,
            until: Some(event.at),
            cause: event.id,
        };
        for commitment in &policy.commitments {
            let start = &commitment.start;
            if !stands_for(start, &CustomerMessage, Side::Customer, &self.facts) {
                continue;
            }
            let mut tracks = self.tracks.iter_mut();
            let running =
                tracks.find(|track| track.commitment.name == commitment.name && track.is_open());
            if let Some(track) = running {
                if is_theirs && since < track.started_at() {
                    track.go_back_to(since, vec![segment], event);
                }
            } else if self.may_start_again(commitment) {
                self.begin(policy, commitment, event, late);
                if let Some(track) = self.tracks.last_mut() {
                    track.go_back_to(since, vec![segment], event);
                }
            }
        }
    }

    fn may_start_again(&self, commitment: &Commitment) -> bool {
        self.tracks
            .iter()
            .filter(|track| track.commitment.name == commitment.name)
            .all(|_| commitment.repeat == Repeat::EachStart)
    }

    /// Takes over the clocks of a ticket that was merged into this one: of two that run, the earlier start is kept. What
    /// was answered here, by a reply of `replied_at`, is not taken over.
    pub(super) fn carry(
        &mut self,
        event: &Event,
        number: u64,
        carried: &[CarriedClock],
        replied_at: Option<Timestamp>,
        late: bool,
    ) {
        for clock in carried {
            let promise = self.commitment_at(event, &clock.commitment);
            if replied_at.is_some_and(|reply| reply > clock.started_at)
                && promise.is_some_and(|(_, commitment)| self.is_kept_by_reply(commitment))
            {
                continue;
            }
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
            } else if let Some((policy, commitment)) = promise
                && (commitment.repeat == Repeat::EachStart || !had_one)
            {
                self.begin(policy, commitment, event, late);
                if let Some(track) = self.tracks.last_mut() {
                    track.take_over(event, number, clock);
                }
            }
        }
    }

    fn is_kept_by_reply(&self, commitment: &Commitment) -> bool {
        [&commitment.stop, &commitment.reset]
            .into_iter()
            .any(|triggers| stands_for(triggers, &AgentReply, Side::Agent, &self.facts))
    }
}
