//! Notifications: what one person of those who serve is told, in the program, by one channel, or both.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::escalation::storm::{Alert, Urgency, Wake};
use crate::escalation::{NotifyChannel, StepRef};
use crate::id::{AgentId, EscalationId, MessageId, NotificationId, TicketId};
use crate::name::CommitmentName;

/// Something one person is told by one channel, and shown in the program as well where they are told so. Its channel ends in
/// exactly one delivery, or is given up with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Identifies it.
    pub id: NotificationId,
    /// Whom it is for.
    pub recipient: AgentId,
    /// By which channel: in the program where it goes by no other.
    pub channel: NotifyChannel,
    /// When it was shown in the program, where it is, be it there alone or besides its channel.
    pub shown_at: Option<Timestamp>,
    /// What it is about.
    pub about: About,
    /// The ticket.
    pub ticket: Option<TicketId>,
    /// The escalation.
    pub escalation: Option<EscalationId>,
    /// What is to be known, in a line.
    pub title: String,
    /// More about it.
    pub detail: String,
    /// How soon it must be read.
    pub urgency: Urgency,
    /// Whether it reaches somebody whose hours are closed.
    pub wake: Wake,
    /// When it arose.
    pub at: Timestamp,
    /// What made it, as a key: nobody is told twice of the same by the same channel.
    pub cause: String,
    /// How far it is.
    pub state: NotificationState,
    /// Until when it is held back at the most.
    pub held_until: Option<Timestamp>,
    /// Why it goes by e-mail instead of its channel, where it does.
    pub fallback: Option<String>,
    /// The delivery it went with, be it alone or in a digest: of an e-mail the outgoing mail's identifier, of any other
    /// channel the dispatch's.
    pub delivery: Option<Uuid>,
    /// When that delivery was handed to the channel.
    pub dispatched_at: Option<Timestamp>,
    /// When the channel took it: of an e-mail, when the mail server did.
    pub delivered_at: Option<Timestamp>,
    /// When the person read it in the program.
    pub read_at: Option<Timestamp>,
    /// Why it could not be delivered.
    pub last_error: Option<String>,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum About {
    /// A step of an escalation was taken.
    EscalationStep {
        /// Which step.
        step: StepRef,
        /// The step's name.
        name: String,
        /// The level it reaches.
        level: u8,
    },
    /// A clock is soon due.
    ClockWarned {
        /// The commitment.
        commitment: CommitmentName,
        /// When the clock is due.
        due_at: Timestamp,
    },
    /// A colleague mentioned them.
    Mentioned {
        /// In which message.
        message: MessageId,
        /// Who, by name.
        by: String,
    },
    /// A promise was missed.
    ClockMissed {
        /// The commitment.
        commitment: CommitmentName,
        /// When the clock was due.
        due_at: Timestamp,
    },
}

/// How far a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationState {
    /// It waits for its delivery.
    Pending,
    /// It was handed to its channel, which has not taken it yet.
    Dispatched,
    /// The channel took it.
    Delivered,
    /// It could not be delivered.
    GivenUp,
}

impl Notification {
    /// Whether it is shown in the program.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.shown_at.is_some()
    }

    /// As the person sees it in the program, where it is shown: it arrived with that, whatever becomes of its channel.
    #[must_use]
    pub fn in_program(&self) -> Option<Self> {
        self.is_shown().then(|| Self {
            channel: NotifyChannel::InApp,
            state: NotificationState::Delivered,
            held_until: None,
            fallback: None,
            delivery: None,
            dispatched_at: self.shown_at,
            delivered_at: self.shown_at,
            last_error: None,
            ..self.clone()
        })
    }

    /// What became of it in each way by which the person is told: in the program, and by its channel. Only what is shown in the
    /// program is read there.
    pub fn by_each_way(&self) -> impl Iterator<Item = Self> + use<> {
        let by_channel = (self.channel != NotifyChannel::InApp).then(|| Self {
            shown_at: None,
            read_at: None,
            ..self.clone()
        });
        self.in_program().into_iter().chain(by_channel)
    }

    /// The channel it really goes by: its own, or e-mail where that one does not reach the person.
    #[must_use]
    pub fn goes_by(&self) -> NotifyChannel {
        match self.fallback {
            Some(_) => NotifyChannel::Email,
            None => self.channel,
        }
    }

    /// The notification as storm control sees it.
    #[must_use]
    pub fn alert(&self) -> Alert {
        Alert {
            id: self.id,
            to: self.recipient,
            channel: self.goes_by(),
            urgency: self.urgency,
            wake: self.wake,
            at: self.at,
            held_until: self.held_until,
        }
    }

    /// Its place among others: in the order in which things came. What befell a clock stands before the escalation that it
    /// raised at the same instant.
    #[must_use]
    pub fn place(&self) -> (Timestamp, u8, NotificationId) {
        let rank = match self.about {
            About::ClockWarned { .. } => 0,
            About::ClockMissed { .. } => 1,
            About::EscalationStep { .. } | About::Mentioned { .. } => 2,
        };
        (self.at, rank, self.id)
    }

    /// The step that told the person, when a step did.
    #[must_use]
    pub fn step(&self) -> Option<&StepRef> {
        match &self.about {
            About::EscalationStep { step, .. } => Some(step),
            About::ClockWarned { .. } | About::ClockMissed { .. } | About::Mentioned { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(channel: NotifyChannel, shown_at: Option<Timestamp>) -> Notification {
        Notification {
            id: Uuid::from_u128(1).into(),
            recipient: Uuid::from_u128(2).into(),
            channel,
            shown_at,
            about: About::ClockMissed {
                commitment: "resolution".into(),
                due_at: Timestamp::UNIX_EPOCH,
            },
            ticket: None,
            escalation: None,
            title: String::new(),
            detail: String::new(),
            urgency: Urgency::Routine,
            wake: Wake::No,
            at: Timestamp::UNIX_EPOCH,
            cause: "event:1".to_owned(),
            state: NotificationState::GivenUp,
            held_until: None,
            fallback: None,
            delivery: Some(Uuid::from_u128(3)),
            dispatched_at: None,
            delivered_at: None,
            read_at: Some(Timestamp::MAX),
            last_error: Some("no such mailbox".to_owned()),
        }
    }

    #[test]
    fn what_is_shown_arrives_whatever_becomes_of_its_channel() {
        let shown_at = Timestamp::from_second(60).unwrap();
        let told = told(NotifyChannel::Email, Some(shown_at));
        assert!(told.is_shown());
        let ways: Vec<_> = told.by_each_way().collect();
        let [shown, mail] = &ways[..] else {
            panic!("{ways:?}");
        };
        assert_eq!(told.in_program().as_ref(), Some(shown));
        assert_eq!(shown.channel, NotifyChannel::InApp);
        assert_eq!(shown.state, NotificationState::Delivered);
        assert_eq!(shown.delivered_at, Some(shown_at));
        assert_eq!(
            (shown.delivery, shown.last_error.as_ref(), shown.read_at),
            (None, None, Some(Timestamp::MAX))
        );
        assert_eq!(mail.channel, NotifyChannel::Email);
        assert_eq!(mail.state, NotificationState::GivenUp);
        assert_eq!(
            (mail.shown_at, mail.read_at, mail.delivery),
            (None, None, told.delivery)
        );
    }

    #[test]
    fn what_goes_one_way_is_told_of_once() {
        let here = told(NotifyChannel::InApp, Some(Timestamp::UNIX_EPOCH));
        let ways: Vec<_> = here.by_each_way().collect();
        assert_eq!(ways.len(), 1);
        assert_eq!(ways[0].channel, NotifyChannel::InApp);
        assert_eq!(ways[0].state, NotificationState::Delivered);
        let mail = told(NotifyChannel::Email, None);
        assert!(!mail.is_shown());
        assert_eq!(mail.in_program(), None);
        let ways: Vec<_> = mail.by_each_way().collect();
        assert_eq!(ways.len(), 1);
        assert_eq!(ways[0].channel, NotifyChannel::Email);
    }
}
