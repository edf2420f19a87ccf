//! Changing what a ticket is.

use mainstay_domain::event::Actor;
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId, TicketId};
use mainstay_domain::name::{CategoryName, StatusName, Tag};
use mainstay_domain::role::Permission;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::{Changed, Command, Restored, Ticket, undo};
use mainstay_store::{Transaction, account, agent, contact, team};

use super::open::{check_category, check_subject, terms_of};
use super::{TicketWriter, TokenTrail};
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
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

impl Change {
    /// What somebody who serves needs to ask for it.
    pub(crate) fn permission_of_agent(&self) -> Permission {
        self.permission(false)
    }

    /// What is needed to ask for it. A contact may only say whether their ticket is done.
    fn permission(&self, of_contact: bool) -> Permission {
        match self {
            Self::Status(_) if of_contact => Permission::PortalWrite,
            Self::Severity(..) => Permission::PrioritiseTickets,
            Self::Account(_) | Self::Contact(_) => Permission::MoveTickets,
            Self::Team(_) | Self::Assignee(_) => Permission::AssignTickets,
            Self::Follow(_) | Self::Unfollow(_) => Permission::NoteTickets,
            _ => Permission::UpdateTickets,
        }
    }
}

impl App {
    /// Makes changes to a ticket, all or none. Clocks follow at once.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a ticket that is not there or that the caller may not see, [`AppError::Forbidden`],
    /// [`AppError::Changed`] when the ticket is not at the expected version, [`AppError::Refused`] and
    /// [`AppError::Invalid`] as the rules say.
    pub async fn change_ticket(
        &self,
        caller: &Caller,
        id: TicketId,
        expected: &Expected,
        changes: &[Change],
    ) -> Result<Ticket> {
        let (ticket, _) = self.make_changes(caller, id, expected, changes).await?;
        Ok(ticket)
    }

    async fn make_changes(
        &self,
        caller: &Caller,
        id: TicketId,
        expected: &Expected,
        changes: &[Change],
    ) -> Result<(Ticket, Changed)> {
        self.visible_ticket(caller, id).await?;
        require(caller, changes)?;
        let changed = transact!(self, tx => async {
            let trail = TokenTrail::begin(tx, caller, &[id]).await?;
            let writer = TicketWriter::load(self, tx, id).await?;
            expected.check_any(writer.ticket.version, writer.unchanged_since())?;
            let changed = save_changes(writer, caller.actor, changes, None).await?;
            trail.end(self, tx).await?;
            Ok(changed)
        })?;
        self.wake();
        Ok(changed)
    }

    /// Undoes a change of a ticket by new facts that make up for it: what it set is as it was before, and for the clocks it never
    /// was.
    ///
    /// # Errors
    /// As [`change_ticket`](Self::change_ticket), and [`AppError::Refused`] when the change is not the caller's own or more
    /// than a minute old, or when somebody has changed the same since.
    pub async fn undo_change(
        &self,
        caller: &Caller,
        id: TicketId,
        changed: Changed,
    ) -> Result<Ticket> {
        self.visible_ticket(caller, id).await?;
        let ticket = transact!(self, tx => async {
            let trail = TokenTrail::begin(tx, caller, &[id]).await?;
            let writer = TicketWriter::load(self, tx, id).await?;
            let restored = undo(writer.events(), changed, caller.actor, self.now())?;
            let changes: Vec<Change> = restored.into_iter().map(Change::from).collect();
            require(caller, &changes)?;
            let (ticket, _) = save_changes(writer, caller.actor, &changes, Some(changed)).await?;
            trail.end(self, tx).await?;
            Ok(ticket)
        })?;
        self.wake();
        Ok(ticket)
    }

    /// Makes the same changes to several tickets, each for itself: one that refuses does not stop the others.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when the caller may not change many at once.
    pub async fn change_tickets(
        &self,
        caller: &Caller,
        ids: &[TicketId],
        changes: &[Change],
    ) -> Result<Vec<Result<Changed>>> {
        caller.require(Permission::BulkTickets)?;
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in ids {
            let outcome = self
                .make_changes(caller, *id, &Expected::Any, changes)
                .await;
            outcomes.push(outcome.map(|(_, changed)| changed));
        }
        Ok(outcomes)
    }

    /// Undoes changes of several tickets, each for itself: one that refuses does not stop the others.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when the caller may not change many at once.
    pub async fn undo_changes(
        &self,
        caller: &Caller,
        changed: &[(TicketId, Changed)],
    ) -> Result<Vec<Result<Ticket>>> {
        caller.require(Permission::BulkTickets)?;
        let mut outcomes = Vec::with_capacity(changed.len());
        for (id, changed) in changed {
            outcomes.push(self.undo_change(caller, *id, *changed).await);
        }
        Ok(outcomes)
    }
}

impl From<Restored> for Change {
    fn from(restored: Restored) -> Self {
        match restored {
            Restored::Status(to) => Self::Status(to),
            Restored::Severity(to) => Self::Severity(to, None),
            Restored::Category(to) => Self::Category(to),
            Restored::Team(to) => Self::Team(to),
            Restored::Assignee(to) => Self::Assignee(to),
            Restored::AddTags(tags) => Self::AddTags(tags),
            Restored::RemoveTags(tags) => Self::RemoveTags(tags),
        }
    }
}

fn require(caller: &Caller, changes: &[Change]) -> Result<()> {
    let of_contact = caller.contact().is_some();
    changes
        .iter()
        .try_for_each(|change| caller.require(change.permission(of_contact)))
}

async fn save_changes(
    mut writer: TicketWriter<'_>,
    actor: Actor,
    changes: &[Change],
    undone: Option<Changed>,
) -> Result<(Ticket, Changed)> {
    let before = writer.ticket.version;
    for change in changes {
        let command = command(writer.app(), writer.transaction(), change).await?;
        writer.decide(actor, command)?;
    }
    if let Some(changed) = undone.filter(|_| !changes.is_empty()) {
        let restored = before + 1;
        writer.decide(actor, Command::NoteUndone { changed, restored })?;
    }
    let ticket = writer.save().await?.ticket;
    let after = ticket.version;
    Ok((ticket, Changed { before, after }))
}

/// Refuses a change whose words are longer than they may be.
fn check_words(change: &Change) -> Result<()> {
    let mut faults = Faults::default();
    match change {
        Change::Severity(_, Some(reason)) => faults.text("severity_reason", reason),
        Change::Field(field, to) => {
            faults.name("fields", field);
            faults.text("fields", to.as_deref().unwrap_or_default());
        }
        Change::Link(_, relation) => faults.name("add_links", relation),
        _ => {}
    }
    faults.finish()
}

/// The command by which a change is asked of a ticket.
pub(crate) async fn command(
    app: &App,
    tx: &Transaction,
    change: &Change,
) -> Result<Command<'static>> {
    check_words(change)?;
    Ok(match change.clone() {
        Change::Status(name) => Command::SetStatus(name),
        Change::Severity(to, reason) => Command::SetSeverity { to, reason },
        Change::Category(to) => {
            check_category(app, to.as_ref())?;
            Command::SetCategory(to)
        }
        Change::Account(to) => {
            if let Some(id) = to
                && account::find(tx, id).await?.is_none()
            {
                return Err(AppError::invalid(
                    "account",
                    format!("there is no account {id}"),
                ));
            }
            Command::SetAccount {
                to,
                terms: terms_of(tx, to, app.now()).await?,
            }
        }
        Change::Contact(to) => {
            if let Some(id) = to
                && contact::find(tx, id).await?.is_none()
            {
                return Err(AppError::invalid(
                    "contact",
                    format!("there is no contact {id}"),
                ));
            }
            Command::SetContact(to)
        }
        Change::Team(to) => {
            if let Some(id) = to
                && team::find(tx, id).await?.is_none()
            {
                return Err(AppError::invalid("team", format!("there is no team {id}")));
            }
            Command::SetTeam(to)
        }
        Change::Assignee(to) => {
            if let Some(id) = to
                && agent::find(tx, id).await?.is_none()
            {
                return Err(AppError::invalid(
                    "assignee",
                    format!("there is no agent {id}"),
                ));
            }
            Command::Assign { to, because: None }
        }
        Change::AddTags(tags) => Command::AddTags(tags),
        Change::RemoveTags(tags) => Command::RemoveTags(tags),
        Change::Subject(to) => {
            check_subject(&to)?;
            Command::SetSubject(to)
        }
        Change::Field(field, to) => Command::SetField { field, to },
        Change::Follow(agent) => Command::Follow(agent),
        Change::Unfollow(agent) => Command::Unfollow(agent),
        Change::Link(to, relation) => Command::Link { to, relation },
        Change::Unlink(to) => Command::Unlink(to),
    })
}
