//! What was said on a ticket and by which side: what the rules of answering ask for, also when two tickets become one.

use jiff::Timestamp;

use crate::event::{Actor, Event, EventKind, Origin, Side, Spoken, Visibility};

/// The conversation of a ticket, taken in event by event: the public messages of persons, in the order in which they
/// were said.
///
/// Opening by the customer counts as a message. The message with which an agent opens a ticket for a customer does not: it
/// answers nobody.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    spoken: Vec<Spoken>,
    /// When an agent opened the ticket, if an agent did.
    opened_by_agent_at: Option<Timestamp>,
    has_message: bool,
}

impl Conversation {
    /// The conversation that a ledger tells of.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut conversation = Self::default();
        for event in events {
            conversation.hear(event);
        }
        conversation
    }

    /// Takes in an event; says whether it is the message with which an agent opened the ticket.
    pub fn hear(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::Opened { .. } => match event.actor {
                Actor::Contact(_) => self.add(event.at, Side::Customer),
                Actor::Agent(_) => self.opened_by_agent_at = Some(event.at),
                Actor::System => {}
            },
            EventKind::MessageAdded {
                side,
                visibility: Visibility::Public,
                origin: Origin::Person,
                ..
            } => {
                let is_first = !self.has_message;
                self.has_message = true;
                if is_first && self.opened_by_agent_at == Some(event.at) {
                    return true;
                }
                self.add(event.at, *side);
            }
            EventKind::MergedFrom { messages, .. } => {
                for spoken in messages {
                    self.add(spoken.at, spoken.side);
                }
            }
            _ => {}
        }
        false
    }

    /// Puts a message in its place; of one instant, behind what was there.
    fn add(&mut self, at: Timestamp, side: Side) {
        let place = self.spoken.partition_point(|spoken| spoken.at <= at);
        self.spoken.insert(place, Spoken { at, side });
    }

    /// What was said, in order.
    #[must_use]
    pub fn into_messages(self) -> Vec<Spoken> {
        self.spoken
    }

    /// When an agent last replied.
    #[must_use]
    pub fn last_reply_at(&self) -> Option<Timestamp> {
        let mut replies = self.spoken.iter().rev();
        let reply = replies.find(|spoken| spoken.side == Side::Agent)?;
        Some(reply.at)
    }

    /// When the customer wrote the oldest message that no agent has replied to since.
    #[must_use]
    pub fn unanswered_since(&self) -> Option<Timestamp> {
        let open = self.spoken.iter().rev();
        let open = open.take_while(|spoken| spoken.side == Side::Customer);
        Some(open.last()?.at)
    }
}
