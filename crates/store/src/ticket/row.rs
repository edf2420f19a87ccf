//! The columns of a ticket.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::condition::TicketFacts;
use mainstay_domain::event::{Channel, ContractTerms, Side, TargetOverride};
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId, TicketId};
use mainstay_domain::name::{CategoryName, CommitmentName, StatusName, Tag, TierName};
use mainstay_domain::rating::Rating;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::ticket::{Link, Ticket};

use super::{NextDue, StoredTicket};
use crate::record::record;

/// A row of the table, field by column.
pub(super) struct TicketRow {
    id: TicketId,
    number: u64,
    subject: String,
    account: Option<AccountId>,
    contact: Option<ContactId>,
    channel: Channel,
    severity: Severity,
    category: Option<CategoryName>,
    status: StatusName,
    status_kind: StatusKind,
    team: Option<TeamId>,
    assignee: Option<AgentId>,
    tier: Option<TierName>,
    overrides: Vec<TargetOverride>,
    awaiting: Option<Side>,
    tags: Vec<Tag>,
    fields: BTreeMap<String, String>,
    followers: Vec<AgentId>,
    links: Vec<Link>,
    merged_into: Option<TicketId>,
    rating: Option<Rating>,
    opened_at: Timestamp,
    resolved_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    last_message_at: Option<Timestamp>,
    updated_at: Timestamp,
    customer_updated_at: Option<Timestamp>,
    version: u64,
    next_due_at: i64,
    next_due_commitment: Option<CommitmentName>,
}

record!(TicketRow in "ticket" {
    id, number, subject, account, contact, channel, severity, category, status, status_kind, team, assignee, tier,
    overrides, awaiting, tags, fields, followers, links, merged_into, rating, opened_at, resolved_at, closed_at,
    last_message_at, updated_at, customer_updated_at, version, next_due_at, next_due_commitment,
});

/// Stands for never, and so sorts last.
pub(super) const NEVER: i64 = i64::MAX;

impl TicketRow {
    pub(super) fn of(stored: &StoredTicket) -> Self {
        let ticket = &stored.ticket;
        let facts = ticket.facts.clone();
        let next_due = stored.next_due.clone();
        Self {
            id: ticket.id,
            number: ticket.number,
            subject: ticket.subject.clone(),
            account: facts.account,
            contact: ticket.contact,
            channel: facts.channel,
            severity: facts.severity,
            category: facts.category,
            status: facts.status.name,
            status_kind: facts.status.kind,
            team: facts.team,
            assignee: facts.assignee,
            tier: facts.terms.tier,
            overrides: facts.terms.overrides,
            awaiting: facts.awaiting,
            tags: facts.tags,
            fields: ticket.fields.clone(),
            followers: ticket.followers.clone(),
            links: ticket.links.clone(),
            merged_into: ticket.merged_into,
            rating: ticket.rating.clone(),
            opened_at: ticket.opened_at,
            resolved_at: ticket.resolved_at,
            closed_at: ticket.closed_at,
            last_message_at: facts.last_message_at,
            updated_at: ticket.updated_at,
            customer_updated_at: Some(ticket.customer_updated_at),
            version: ticket.version,
            next_due_at: next_due
                .as_ref()
                .map_or(NEVER, |due| due.at.as_microsecond()),
            next_due_commitment: next_due.map(|due| due.commitment),
        }
    }

    /// What the row of a ticket was before it was changed. When it last changed for its customer counts as changed whenever it changed
    /// at all: in rows of before that column there is nothing, which stands for `updated_at`.
    pub(super) fn before(before: &StoredTicket, after: &StoredTicket) -> Self {
        let mut row = Self::of(before);
        if before.ticket.updated_at != after.ticket.updated_at {
            row.customer_updated_at = None;
        }
        row
    }

    pub(super) fn into_stored(self) -> StoredTicket {
        let next_due = Timestamp::from_microsecond(self.next_due_at)
            .ok()
            .zip(self.next_due_commitment)
            .map(|(at, commitment)| NextDue { at, commitment });
        let ticket = Ticket {
            id: self.id,
            number: self.number,
            subject: self.subject,
            contact: self.contact,
            facts: TicketFacts {
                account: self.account,
                channel: self.channel,
                severity: self.severity,
                category: self.category,
                status: Status {
                    name: self.status,
                    kind: self.status_kind,
                },
                team: self.team,
                assignee: self.assignee,
                terms: ContractTerms {
                    tier: self.tier,
                    overrides: self.overrides,
                },
                tags: self.tags,
                awaiting: self.awaiting,
                last_message_at: self.last_message_at,
            },
            fields: self.fields,
            followers: self.followers,
            links: self.links,
            merged_into: self.merged_into,
            rating: self.rating,
            opened_at: self.opened_at,
            resolved_at: self.resolved_at,
            closed_at: self.closed_at,
            updated_at: self.updated_at,
            // Absent in rows of before the column.
            customer_updated_at: self.customer_updated_at.unwrap_or(self.updated_at),
            version: self.version,
        };
        StoredTicket { ticket, next_due }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::changed_columns;

    #[test]
    fn a_note_settles_when_an_older_row_last_changed_for_its_customer() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let id = TicketId::from(uuid::Uuid::from_u128(1));
        let before = StoredTicket {
            ticket: Ticket::unopened(id, 1, "Printer".to_owned(), at(1)),
            next_due: None,
        };
        let mut noted = before.clone();
        noted.ticket.updated_at = at(2);
        let columns = |after| {
            let was = TicketRow::before(&before, after);
            changed_columns(&was, &TicketRow::of(after))
        };
        assert_eq!(columns(&noted), ["updated_at", "customer_updated_at"]);
        assert!(columns(&before).is_empty());
    }
}
