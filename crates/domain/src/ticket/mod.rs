//! Tickets: a request of a customer, its conversation, and what may be done with it.

mod command;
mod decide;
#[cfg(test)]
mod tests;
mod undo;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::condition::TicketFacts;
use crate::event::{Event, EventKind};
use crate::id::{AccountId, AgentId, ContactId, TicketId};
use crate::name::Tag;
use crate::rating::Rating;
use crate::status::StatusKind;

pub use command::{Command, NewMessage, NewTicket};
pub use decide::Refusal;
pub use undo::{Changed, Restored, UNDO_WITHIN, undo};

/// A ticket as it stands: the fold of its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// Identifies it.
    pub id: TicketId,
    /// Its short number, for people; from 1, never given twice.
    pub number: u64,
    /// What it is about, in a line.
    pub subject: String,
    /// For which contact.
    pub contact: Option<ContactId>,
    /// What rules ask for: account, severity, category, status, team, assignee, terms, tags and so on.
    pub facts: TicketFacts,
    /// Custom fields by name.
    pub fields: BTreeMap<String, String>,
    /// The agents who follow it.
    pub followers: Vec<AgentId>,
    /// Its links to other tickets.
    pub links: Vec<Link>,
    /// The ticket it was merged into.
    pub merged_into: Option<TicketId>,
    /// How the customer rated it; gone when it is opened again.
    pub rating: Option<Rating>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last resolved, while it is resolved or closed.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed, while it is closed.
    pub closed_at: Option<Timestamp>,
    /// When something of it last changed: what is noted of its clocks and escalations is no such change, nor are other terms.
    pub updated_at: Timestamp,
    /// When something last changed that its customer may know of: a note among ourselves is no such change.
    pub customer_updated_at: Timestamp,
    /// How many facts it is the fold of; two writers who saw the same number exclude each other.
    pub version: u64,
}

/// A link from one ticket to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The other ticket.
    pub to: TicketId,
    /// How they relate, such as `caused_by`.
    pub relation: String,
}

/// Whose tickets a query may see. Every query that a portal user causes names their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those who serve see every account.
    Everything,
    /// A portal administrator sees the tickets of the account.
    Account(AccountId),
    /// A portal contact sees their own.
    Contact(AccountId, ContactId),
}

impl Ticket {
    /// A ticket before its first fact.
    #[must_use]
    pub fn unopened(id: TicketId, number: u64, subject: String, at: Timestamp) -> Self {
        Self {
            id,
            number,
            subject,
            contact: None,
            facts: TicketFacts::unopened(),
            fields: BTreeMap::new(),
            followers: Vec::new(),
            links: Vec::new(),
            merged_into: None,
            rating: None,
            opened_at: at,
            resolved_at: None,
            closed_at: None,
            updated_at: at,
            customer_updated_at: at,
            version: 0,
        }
    }

    /// Takes in a fact. Facts are taken in the order in which they were recorded: the ticket is what people know of it,
    /// so that a fact that came in late changes it when it comes in.
    pub fn apply(&mut self, event: &Event) {
        self.facts.apply(event);
        self.version = event.sequence;
        if event.kind.is_news() {
            self.updated_at = self.updated_at.max(event.at);
        }
        if event.kind.is_news() && !event.kind.is_among_ourselves() {
            self.customer_updated_at = self.customer_updated_at.max(event.at);
        }
        match &event.kind {
            EventKind::Opened { contact, .. } => {
                self.contact = *contact;
                self.opened_at = event.at;
                self.note_status(event.at);
            }
            EventKind::StatusChanged { .. } => self.note_status(event.at),
            EventKind::SubjectChanged { to } => self.subject.clone_from(to),
            EventKind::ContactChanged { to } => self.contact = *to,
            EventKind::FieldChanged { field, to } => match to {
                Some(value) => {
                    self.fields.insert(field.clone(), value.clone());
                }
                None => {
                    self.fields.remove(field);
                }
            },
            EventKind::FollowerAdded { agent } if !self.followers.contains(agent) => {
                self.followers.push(*agent);
            }
            EventKind::FollowerRemoved { agent } => self.followers.retain(|a| a != agent),
            EventKind::Linked { to, relation } => {
                self.links.retain(|link| link.to != *to);
                self.links.push(Link {
                    to: *to,
                    relation: relation.clone(),
                });
            }
            EventKind::Unlinked { to } => self.links.retain(|link| link.to != *to),
            EventKind::Rated { score, comment } => {
                let first_at = self
                    .rating
                    .as_ref()
                    .map_or(event.at, |rating| rating.first_at);
                self.rating = Some(Rating {
                    score: *score,
                    comment: comment.clone(),
                    first_at,
                    at: event.at,
                });
            }
            EventKind::MergedInto { ticket, .. } => self.merged_into = Some(*ticket),
            _ => {}
        }
    }

    /// Keeps the stamps of resolution and closing in step with the status.
    fn note_status(&mut self, at: Timestamp) {
        let kind = self.facts.status.kind;
        if !kind.is_done() {
            self.rating = None;
        }
        self.resolved_at = kind.is_done().then(|| self.resolved_at.unwrap_or(at));
        self.closed_at = (kind == StatusKind::Closed).then(|| self.closed_at.unwrap_or(at));
    }
}

/// The longest tag, in characters.
const LONGEST_TAG: usize = 100;

/// Tags as packs and people write them: lower-case, no blanks at the ends. Nothing for a text that can be no tag: an empty
/// one, one of more than 100 characters, or one that holds control characters.
#[must_use]
pub fn normalise_tag(text: &str) -> Option<Tag> {
    let text = text.trim().to_lowercase();
    let is_tag = !text.is_empty()
        && text.chars().count() <= LONGEST_TAG
        && !text.chars().any(char::is_control);
    is_tag.then(|| Tag::from(text))
}
