//! An escalation as it stands: the fold of its facts.

use jiff::Timestamp;

use super::ladder::NotifyChannel;
use super::reason::Reason;
use super::recipients::Told;
use super::record::{
    DeliveryOutcome, EscalationEvent, EscalationEventKind, Review, StepCause, StepRef, Subject,
    Verdict,
};
use super::trigger::ManualReason;
use crate::event::Actor;
use crate::id::AgentId;
use crate::name::LadderName;

/// An escalation as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    /// What it is about.
    pub subject: Subject,
    /// Why it was raised, in English.
    pub reason: String,
    /// The reason that a person chose, when a person raised it.
    pub manual: Option<ManualReason>,
    /// The reason in its parts; absent where an earlier version of the program raised it.
    pub parts: Option<Reason>,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Who raised it.
    pub raised_by: Actor,
    /// The ladders it was on, in order, each once; the last one is the one it is on. Never empty.
    pub ladders: Vec<LadderName>,
    /// The steps taken, in order.
    pub steps: Vec<StepTaken>,
    /// Who took it on. A step taken later asks for an acknowledgement of its own and makes this empty again.
    pub acknowledged: Option<Acknowledgement>,
    /// Everybody who ever took it on, in order.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Where it stands.
    pub phase: Phase,
    /// Assessments of severity and impact.
    pub assessments: Vec<Entry>,
    /// What was decided.
    pub decisions: Vec<Entry>,
    /// Who was told.
    pub notifications: Vec<Notification>,
    /// Which people and means were given to it.
    pub resources: Vec<Allocation>,
    /// Progress, the resolution and changes of severity among it.
    pub progress: Vec<Entry>,
    /// Verifications of its resolution.
    pub verifications: Vec<(Verdict, Entry)>,
    /// Its review.
    pub review: Option<(Review, Timestamp)>,
    /// Why it was cancelled.
    pub cancelled_because: Option<String>,
    /// The step of the current ladder that comes next in order, whether it is ever due or not.
    pub(super) next_step: usize,
    /// When it came to the current ladder.
    pub(super) entered_at: Timestamp,
    /// No step is due before this instant: what was due while it was resolved is due when it is opened again.
    pub(super) not_before: Timestamp,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTaken {
    /// Of which ladder.
    pub ladder: LadderName,
    /// Which step, from 0.
    pub step: usize,
    /// The level it reached.
    pub level: u8,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: StepCause,
    /// Whether nobody was found to be told.
    pub nobody_found: bool,
}

/// The proof that somebody took an escalation on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// At which step they had been told, when that is known.
    pub step: Option<usize>,
}

/// Where an escalation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is being worked on, or waits to be.
    Open,
    /// The issue is resolved.
    Resolved {
        /// When.
        at: Timestamp,
    },
    /// It was raised in error, or its ticket was merged away.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

/// Something that somebody wrote down.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub text: String,
}

/// That somebody was told, or could not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// When.
    pub at: Timestamp,
    /// At which step, when a step told them.
    pub step: Option<StepRef>,
    /// Whom.
    pub to: AgentId,
    /// By which channel.
    pub channel: NotifyChannel,
    /// With which outcome.
    pub outcome: DeliveryOutcome,
}

/// People and means that were given to an escalation.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// Which agents.
    pub agents: Vec<AgentId>,
    /// What for, or what else, by whom and when.
    pub entry: Entry,
}

/// The seven things to be recorded of every escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// How severe the issue is and whom it hurts.
    Assessment,
    /// What to do.
    Decision,
    /// Who was told.
    Notification,
    /// Which people and means were given.
    Resources,
    /// How it goes.
    Progress,
    /// Whether the resolution holds, and the customer is content.
    Verification,
    /// What happened, why, and what changes.
    Review,
}

impl Escalation {
    /// Folds the facts of one escalation, in their order; nothing unless the first one raises it.
    #[must_use]
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a EscalationEvent>) -> Option<Self> {
        let mut events = events.into_iter();
        let mut escalation = Self::raised(events.next()?)?;
        events.for_each(|event| escalation.apply(event));
        Some(escalation)
    }

    /// The ladder it is on.
    #[must_use]
    pub fn ladder(&self) -> &LadderName {
        &self.ladders[self.ladders.len() - 1]
    }

    /// Whether it is neither resolved nor cancelled.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// The highest level reached on the ladder it is on; 0 before its first step.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.steps
            .iter()
            .filter(|taken| taken.ladder == *self.ladder())
            .map(|taken| taken.level)
            .max()
            .unwrap_or(0)
    }

    /// Which of the seven parts are not recorded yet, in the order in which they are usually written.
    #[must_use]
    pub fn unrecorded(&self) -> Vec<Part> {
        [
            (Part::Assessment, self.assessments.is_empty()),
            (Part::Decision, self.decisions.is_empty()),
            (Part::Notification, self.notifications.is_empty()),
            (Part::Resources, self.resources.is_empty()),
            (Part::Progress, self.progress.is_empty()),
            (Part::Verification, self.verifications.is_empty()),
            (Part::Review, self.review.is_none()),
        ]
        .into_iter()
        .filter_map(|(part, missing)| missing.then_some(part))
        .collect()
    }

    /// Whether nobody of those whom a step tells can be reached any more: every delivery to them was given up. The
    /// ladder is then not to wait: [`FindNobody`](super::Command::FindNobody).
    #[must_use]
    pub fn nobody_reached(&self, step: &StepRef, told: &Told) -> bool {
        told.people.iter().all(|(to, channel)| {
            let last = self.notifications.iter().rev().find(|notification| {
                notification.step.as_ref() == Some(step)
                    && notification.to == *to
                    && notification.channel == *channel
            });
            last.is_some_and(|last| matches!(last.outcome, DeliveryOutcome::GivenUp { .. }))
        })
    }

    /// Applies a fact. A second `Raised` changes nothing.
    pub fn apply(&mut self, event: &EscalationEvent) {
        let entry = |text: &str| Entry {
            at: event.at,
            by: event.actor,
            text: text.to_owned(),
        };
        match &event.kind {
            EscalationEventKind::Raised { .. } => {}
            EscalationEventKind::TicketsJoined { tickets } => self.join(tickets),
            EscalationEventKind::StepTaken {
                ladder,
                step,
                level,
                cause,
            } => self.take(StepTaken {
                ladder: ladder.clone(),
                step: *step,
                level: *level,
                at: event.at,
                cause: cause.clone(),
                nobody_found: false,
            }),
            EscalationEventKind::NobodyFound { ladder, step } => {
                if let Some(taken) = self
                    .steps
                    .iter_mut()
                    .find(|taken| taken.ladder == *ladder && taken.step == *step)
                {
                    taken.nobody_found = true;
                    self.not_before = self.not_before.max(event.at);
                }
            }
            EscalationEventKind::HandedOver { to, .. } => {
                self.ladders.push(to.clone());
                self.next_step = 0;
                self.entered_at = event.at;
                self.acknowledged = None;
            }
            EscalationEventKind::Acknowledged { step } => {
                let acknowledgement = Acknowledgement {
                    by: event.actor,
                    at: event.at,
                    step: *step,
                };
                self.acknowledged = Some(acknowledgement);
                self.acknowledgements.push(acknowledgement);
            }
            EscalationEventKind::Assessed { text } => self.assessments.push(entry(text)),
            EscalationEventKind::Decided { text } => self.decisions.push(entry(text)),
            EscalationEventKind::Notified {
                step,
                to,
                channel,
                outcome,
            } => self.notifications.push(Notification {
                at: event.at,
                step: step.clone(),
                to: *to,
                channel: *channel,
                outcome: outcome.clone(),
            }),
            EscalationEventKind::ResourcesAllocated { agents, text } => {
                self.resources.push(Allocation {
                    agents: agents.clone(),
                    entry: entry(text),
                });
            }
            EscalationEventKind::Progressed { text } => self.progress.push(entry(text)),
            EscalationEventKind::SeverityNoted { from, to } => {
                self.progress
                    .push(entry(&format!("The severity changed from {from} to {to}.")));
            }
            EscalationEventKind::Resolved { text } => {
                self.progress.push(entry(text));
                self.phase = Phase::Resolved { at: event.at };
            }
            EscalationEventKind::Verified { verdict, text } => {
                self.verifications.push((*verdict, entry(text)));
                if *verdict == Verdict::Fails {
                    self.phase = Phase::Open;
                    self.not_before = event.at;
                }
            }
            EscalationEventKind::Reviewed(review) => {
                self.review = Some((review.clone(), event.at));
            }
            EscalationEventKind::Cancelled { reason } => {
                self.cancelled_because = Some(reason.clone());
                self.phase = Phase::Cancelled { at: event.at };
            }
        }
    }

    fn raised(event: &EscalationEvent) -> Option<Self> {
        let EscalationEventKind::Raised {
            subject,
            ladder,
            reason,
            manual,
            parts,
        } = &event.kind
        else {
            return None;
        };
        Some(Self {
            subject: subject.clone(),
            reason: reason.clone(),
            manual: *manual,
            parts: parts.clone(),
            raised_at: event.at,
            raised_by: event.actor,
            ladders: vec![ladder.clone()],
            steps: Vec::new(),
            acknowledged: None,
            acknowledgements: Vec::new(),
            phase: Phase::Open,
            assessments: Vec::new(),
            decisions: Vec::new(),
            notifications: Vec::new(),
            resources: Vec::new(),
            progress: Vec::new(),
            verifications: Vec::new(),
            review: None,
            cancelled_because: None,
            next_step: 0,
            entered_at: event.at,
            not_before: event.at,
        })
    }

    fn join(&mut self, joined: &[crate::id::TicketId]) {
        if let Subject::Group { tickets, .. } = &mut self.subject {
            for ticket in joined {
                if !tickets.contains(ticket) {
                    tickets.push(*ticket);
                }
            }
        }
    }

    fn take(&mut self, taken: StepTaken) {
        self.next_step = taken.step + 1;
        self.acknowledged = None;
        self.steps.push(taken);
    }

    /// Since when the next step waits: the step taken last on this ladder, or when it came to the ladder.
    pub(super) fn waiting_since(&self) -> Timestamp {
        self.last_step().map_or(self.entered_at, |taken| taken.at)
    }

    /// The step taken last on the ladder it is on.
    pub(super) fn last_step(&self) -> Option<&StepTaken> {
        self.steps
            .last()
            .filter(|taken| taken.ladder == *self.ladder())
    }
}
