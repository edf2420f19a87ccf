//! Tickets: a request of a customer, its conversation, and what may be done with it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::condition::TicketFacts;
use crate::id::{AccountId, AgentId, ContactId, TicketId};
use crate::name::Tag;

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
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last resolved, while it is resolved or closed.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed, while it is closed.
    pub closed_at: Option<Timestamp>,
    /// When a person last wrote a public message.
    pub last_message_at: Option<Timestamp>,
    /// When the last fact happened.
    pub updated_at: Timestamp,
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

/// Tags as packs and people write them: lower-case, no blanks at the ends.
#[must_use]
pub fn normalise_tag(text: &str) -> Option<Tag> {
    let text = text.trim().to_lowercase();
    (!text.is_empty()).then(|| Tag::from(text))
}
