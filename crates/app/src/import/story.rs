//! From what a ticket looked like to what happened to it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use mainstay_domain::event::{Actor, Channel, Origin, Visibility};
use mainstay_domain::id::{ContactId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::name::{StatusName, Tag};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::ticket::{Command, NewTicket};
use uuid::Uuid;

use super::party::Parties;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::ticket::TicketHistory;
use mainstay_import::{Incoming, Snapshot};

/// The history of a ticket: opened as it first looked, and each difference at its time.
pub(super) fn tell(
    app: &App,
    number: u64,
    incoming: &Incoming,
    parties: &Parties,
) -> Result<TicketHistory> {
    let Some(first) = incoming.snapshots.first() else {
        return Err(AppError::Refused(
            "No row says what the ticket looks like.".to_owned(),
        ));
    };
    let account = parties.account(incoming.opening.account.as_ref());
    let contact = parties.contact(incoming.opening.contact.as_ref());
    let opening = NewTicket {
        account,
        contact,
        channel: incoming.opening.channel,
        severity: first.severity.unwrap_or(Severity::P3),
        category: first.category.clone(),
        team: parties.team(first.team.as_ref()),
        assignee: parties.agent(first.assignee.as_ref()),
        terms: parties.terms(account, incoming),
        tags: first.tags.clone(),
    };
    let opened_by = contact.map_or(Actor::System, Actor::Contact);
    let history = TicketHistory::open(
        app,
        number,
        &first.subject,
        incoming.opening.opened_at,
        opened_by,
        opening,
    )?;
    let mut teller = Teller {
        app,
        incoming,
        parties,
        history,
    };
    teller.description(contact)?;
    if first.at.is_some() {
        teller.fields(incoming.opening.opened_at, first)?;
    }
    for (index, snapshot) in incoming.snapshots.iter().enumerate() {
        match snapshot.at {
            Some(at) => {
                if index > 0 {
                    teller.differences(at, snapshot)?;
                }
                teller.status(at, &snapshot.status)?;
            }
            None => {
                teller.status_without_a_time(&snapshot.status)?;
                // The fields are as they were last; when each was set is not known.
                let last = teller.history.ticket.updated_at;
                let at = incoming.updated_at.map_or(last, |at| at.max(last));
                teller.fields(at, snapshot)?;
            }
        }
    }
    if let Some(last) = incoming.snapshots.last()
        && last.at.is_some()
    {
        teller.end()?;
    }
    Ok(teller.history)
}

struct Teller<'a> {
    app: &'a App,
    incoming: &'a Incoming,
    parties: &'a Parties,
    history: TicketHistory,
}

impl Teller<'_> {
    /// Nobody on our side is known to have done it: what is brought in was done by the program.
    fn decide(&mut self, at: Timestamp, command: Command<'_>) -> Result<()> {
        self.history.decide(self.app, Actor::System, at, command)
    }

    /// What the contact wrote; a note where it is not known who wrote it, because then it moves no clock.
    fn description(&mut self, contact: Option<ContactId>) -> Result<()> {
        let Some(text) = &self.incoming.opening.description else {
            return Ok(());
        };
        let at = self.incoming.opening.opened_at;
        let message = Message {
            id: self.app.new_id(at),
            ticket: TicketId::from(Uuid::nil()),
            author: contact.map_or(Actor::System, Actor::Contact),
            sender: None,
            visibility: if contact.is_some() {
                Visibility::Public
            } else {
                Visibility::Internal
            },
            origin: Origin::Person,
            channel: Channel::Import,
            text: text.clone(),
            html: None,
            quoted: None,
            language: None,
            mentions: Vec::new(),
            attachments: Vec::new(),
            raw_mail: None,
            at,
        };
        self.history.say(self.app, message)
    }

    fn differences(&mut self, at: Timestamp, snapshot: &Snapshot) -> Result<()> {
        self.decide(at, Command::SetSubject(snapshot.subject.clone()))?;
        if let Some(to) = snapshot.severity {
            self.decide(at, Command::SetSeverity { to, reason: None })?;
        }
        self.decide(at, Command::SetCategory(snapshot.category.clone()))?;
        self.decide(
            at,
            Command::SetTeam(self.parties.team(snapshot.team.as_ref())),
        )?;
        let to = self.parties.agent(snapshot.assignee.as_ref());
        self.decide(at, Command::Assign { to, because: None })?;
        let before: BTreeSet<Tag> = self.history.ticket.facts.tags.iter().cloned().collect();
        let after: BTreeSet<Tag> = snapshot.tags.iter().cloned().collect();
        self.decide(
            at,
            Command::RemoveTags(before.difference(&after).cloned().collect()),
        )?;
        self.decide(
            at,
            Command::AddTags(after.difference(&before).cloned().collect()),
        )?;
        self.fields(at, snapshot)
    }

    fn fields(&mut self, at: Timestamp, snapshot: &Snapshot) -> Result<()> {
        let before: Vec<String> = self.history.ticket.fields.keys().cloned().collect();
        for field in before {
            if !snapshot.fields.contains_key(&field) {
                self.decide(at, Command::SetField { field, to: None })?;
            }
        }
        for (field, value) in &snapshot.fields {
            let (field, to) = (field.clone(), Some(value.clone()));
            self.decide(at, Command::SetField { field, to })?;
        }
        Ok(())
    }

    fn status(&mut self, at: Timestamp, status: &StatusName) -> Result<()> {
        self.decide(at, Command::SetStatus(status.clone()))
    }

    /// Where the file only says how the ticket stands, its times say when it came to that.
    fn status_without_a_time(&mut self, status: &StatusName) -> Result<()> {
        let incoming = self.incoming;
        let not_before = |at: Timestamp| at.max(incoming.opening.opened_at);
        let updated = not_before(incoming.updated_at.unwrap_or(incoming.opening.opened_at));
        match self.kind_of(status) {
            StatusKind::New => Ok(()),
            StatusKind::Resolved => {
                let at = incoming.resolved_at.map_or(updated, not_before);
                self.status(at, status)
            }
            StatusKind::Closed => {
                let resolved = incoming.resolved_at.map(not_before);
                let closed = incoming
                    .closed_at
                    .map(not_before)
                    .or(resolved)
                    .unwrap_or(updated);
                if let Some(resolved) = resolved.filter(|resolved| *resolved < closed) {
                    self.status(resolved, &StatusName::from(StatusKind::Resolved.as_str()))?;
                }
                self.status(closed, status)
            }
            StatusKind::Open | StatusKind::PendingCustomer | StatusKind::OnHold => {
                self.status(updated, status)
            }
        }
    }

    /// Ends a ticket whose rows never show it done although the file says when it was.
    fn end(&mut self) -> Result<()> {
        if self.history.ticket.facts.status.kind.is_done() {
            return Ok(());
        }
        let last = self.history.ticket.updated_at;
        let ends = [
            (self.incoming.resolved_at, StatusKind::Resolved),
            (self.incoming.closed_at, StatusKind::Closed),
        ];
        for (at, kind) in ends {
            // An end before the last change is the end of an earlier time.
            if let Some(at) = at.filter(|at| *at >= last) {
                self.status(at, &StatusName::from(kind.as_str()))?;
            }
        }
        Ok(())
    }

    fn kind_of(&self, name: &StatusName) -> StatusKind {
        let statuses: Vec<Status> = self.app.policy().statuses();
        let own = statuses
            .iter()
            .find(|status| status.name == *name)
            .map(|status| status.kind);
        let built_in = || {
            StatusKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == name.as_str())
        };
        own.or_else(built_in).unwrap_or(StatusKind::New)
    }
}
