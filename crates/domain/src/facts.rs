//! What a ticket's facts say of it at an instant: the part of a ticket that rules ask for, folded event by event.

use crate::condition::TicketFacts;
use crate::event::{Actor, Channel, ContractTerms, Event, EventKind, Origin, Side, Visibility};
use crate::name::Tag;
use crate::severity::Severity;
use crate::status::{Status, StatusKind};

impl TicketFacts {
    /// A ticket of which nothing is known yet.
    #[must_use]
    pub fn unopened() -> Self {
        Self {
            account: None,
            channel: Channel::Import,
            severity: Severity::P4,
            category: None,
            status: Status::from(StatusKind::New),
            team: None,
            assignee: None,
            terms: ContractTerms::default(),
            tags: Vec::new(),
            awaiting: None,
            last_message_at: None,
        }
    }

    /// Takes in what an event changes.
    pub fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Opened {
                account,
                channel,
                severity,
                category,
                status,
                team,
                assignee,
                terms,
                tags,
                ..
            } => {
                let by_customer = matches!(event.actor, Actor::Contact(_));
                *self = Self {
                    account: *account,
                    channel: *channel,
                    severity: *severity,
                    category: category.clone(),
                    status: status.clone(),
                    team: *team,
                    assignee: *assignee,
                    terms: terms.clone(),
                    tags: tags.clone(),
                    awaiting: by_customer.then_some(Side::Agent),
                    last_message_at: by_customer.then_some(event.at),
                }
            }
            EventKind::MessageAdded {
                side,
                visibility: Visibility::Public,
                origin: Origin::Person,
                ..
            } => {
                self.awaiting = Some(side.other());
                self.last_message_at = self.last_message_at.max(Some(event.at));
            }
            EventKind::StatusChanged { to, .. } => self.status = to.clone(),
            EventKind::SeverityChanged { to, .. } => self.severity = *to,
            EventKind::CategoryChanged { to } => self.category = to.clone(),
            EventKind::AccountChanged { to, terms } => {
                self.account = *to;
                self.terms = terms.clone();
            }
            EventKind::TermsChanged { terms, .. } => self.terms = terms.clone(),
            EventKind::TeamChanged { to } => self.team = *to,
            EventKind::AssigneeChanged { to, .. } => self.assignee = *to,
            EventKind::TagsAdded { tags } => self.add_tags(tags),
            EventKind::TagsRemoved { tags } => self.tags.retain(|tag| !tags.contains(tag)),
            EventKind::MergedFrom { messages, .. } => {
                if let Some(last) = messages.last()
                    && self.last_message_at < Some(last.at)
                {
                    self.awaiting = Some(last.side.other());
                    self.last_message_at = Some(last.at);
                }
            }
            _ => {}
        }
    }

    fn add_tags(&mut self, tags: &[Tag]) {
        for tag in tags {
            if !self.tags.contains(tag) {
                self.tags.push(tag.clone());
            }
        }
    }
}
