//! Changing what a ticket is.

use mainstay_domain::event::Actor;
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId, TicketId};
use mainstay_domain::name::{CategoryName, StatusName, Tag};
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::{Command, Ticket};
use mainstay_store::Transaction;

use super::TicketWriter;
use super::open::{check_category, terms_of};
use crate::context::App;
use crate::error::{Expected, Result};
use crate::transaction::transact;

/// A change somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Set the status.
    Status(StatusName),
    /// Set the severity, and say why.
    Severity(Severity, Option<String>),
    /// Set or clear the category.
    Category(Option<CategoryName>),
    /// File under another account, or none.
    Account(Option<AccountId>),
    /// Set or clear the contact.
    Contact(Option<ContactId>),
    /// Hand to another team, or none.
    Team(Option<TeamId>),
    /// Assign to another agent, or nobody.
    Assignee(Option<AgentId>),
    /// Add tags.
    AddTags(Vec<Tag>),
    /// Remove tags.
    RemoveTags(Vec<Tag>),
    /// Set the subject.
    Subject(String),
    /// Set or clear a custom field.
    Field(String, Option<String>),
    /// Begin to follow.
    Follow(AgentId),
    /// Cease to follow.
    Unfollow(AgentId),
    /// Link to another ticket.
    Link(TicketId, String),
    /// Remove a link.
    Unlink(TicketId),
}

impl App {
    /// Makes changes to a ticket, all or none. Clocks follow at once.
    ///
    /// # Errors
    /// [`crate::AppError::NotFound`], [`crate::AppError::Changed`] when the ticket is not at the expected version,
    /// [`crate::AppError::Refused`] and [`crate::AppError::Invalid`] as the rules say.
    pub async fn change_ticket(
        &self,
        id: TicketId,
        actor: Actor,
        expected: &Expected,
        changes: &[Change],
    ) -> Result<Ticket> {
        let ticket = transact!(self, tx => async {
            change_ticket(self, tx, id, actor, expected, changes).await
        })?;
        self.wake();
        Ok(ticket)
    }

    /// Makes the same changes to several tickets, each for itself: one that refuses does not stop the others.
    pub async fn change_tickets(
        &self,
        ids: &[TicketId],
        actor: Actor,
        changes: &[Change],
    ) -> Vec<(TicketId, Result<Ticket>)> {
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in ids {
            let outcome = self
                .change_ticket(*id, actor, &Expected::Any, changes)
                .await;
            outcomes.push((*id, outcome));
        }
        outcomes
    }
}

async fn change_ticket(
    app: &App,
    tx: &Transaction,
    id: TicketId,
    actor: Actor,
    expected: &Expected,
    changes: &[Change],
) -> Result<Ticket> {
    let mut writer = TicketWriter::load(app, tx, id).await?;
    expected.check(writer.ticket.version)?;
    for change in changes {
        let command = command(app, tx, change).await?;
        writer.decide(actor, command)?;
    }
    Ok(writer.save().await?.ticket)
}

async fn command(app: &App, tx: &Transaction, change: &Change) -> Result<Command<'static>> {
    Ok(match change.clone() {
        Change::Status(name) => Command::SetStatus(name),
        Change::Severity(to, reason) => Command::SetSeverity { to, reason },
        Change::Category(to) => {
            check_category(app, to.as_ref())?;
            Command::SetCategory(to)
        }
        Change::Account(to) => Command::SetAccount {
            to,
            terms: terms_of(tx, to, app.now()).await?,
        },
        Change::Contact(to) => Command::SetContact(to),
        Change::Team(to) => Command::SetTeam(to),
        Change::Assignee(to) => Command::Assign { to, reason: None },
        Change::AddTags(tags) => Command::AddTags(tags),
        Change::RemoveTags(tags) => Command::RemoveTags(tags),
        Change::Subject(to) => Command::SetSubject(to),
        Change::Field(field, to) => Command::SetField { field, to },
        Change::Follow(agent) => Command::Follow(agent),
        Change::Unfollow(agent) => Command::Unfollow(agent),
        Change::Link(to, relation) => Command::Link { to, relation },
        Change::Unlink(to) => Command::Unlink(to),
    })
}
