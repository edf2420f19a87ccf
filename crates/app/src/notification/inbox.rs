//! What a person was told in the program itself.

use std::collections::BTreeMap;

use mainstay_domain::escalation::{DeliveryOutcome, Reason};
use mainstay_domain::id::{AgentId, EscalationId, NotificationId, TicketId};
use mainstay_domain::notification::Notification;
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::notification::{self, ReadState};
use mainstay_store::{Page, PageRequest, escalation, ticket};

use super::deliver::record;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::transaction::transact;

/// Who reads what they were told. It speaks of tickets, so a token that may not see them reads none of it.
fn reader(caller: &Caller) -> Result<AgentId> {
    let agent = caller.agent()?;
    caller.require(Permission::ReadTickets)?;
    Ok(agent)
}

/// What notifications speak of, as it stands now, for those who say them in their reader's language.
#[derive(Debug, Clone, Default)]
pub struct Subjects {
    /// The tickets.
    pub tickets: BTreeMap<TicketId, Ticket>,
    /// Why each escalation was raised; one that an earlier version of the program raised has no reason in parts.
    pub reasons: BTreeMap<EscalationId, Reason>,
    /// Of how many tickets each escalation is.
    pub counts: BTreeMap<EscalationId, usize>,
}

impl App {
    /// What these notifications, which the caller was told, speak of.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who does not serve, or may not see tickets.
    pub async fn notification_subjects(
        &self,
        caller: &Caller,
        told: &[Notification],
    ) -> Result<Subjects> {
        reader(caller)?;
        let on = self.read();
        let tickets: Vec<TicketId> = told.iter().filter_map(|told| told.ticket).collect();
        let escalations: Vec<EscalationId> =
            told.iter().filter_map(|told| told.escalation).collect();
        let tickets = ticket::find_many(&on, Scope::Everything, &tickets).await?;
        let raised = escalation::find_many(&on, &escalations).await?;
        Ok(Subjects {
            tickets: tickets
                .into_iter()
                .map(|found| (found.ticket.id, found.ticket))
                .collect(),
            reasons: escalation::reasons(&on, &escalations).await?,
            counts: raised
                .into_iter()
                .map(|found| (found.id, found.tickets.len()))
                .collect(),
        })
    }

    /// What the caller was told, the latest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who does not serve, or may not see tickets.
    pub async fn notifications(
        &self,
        caller: &Caller,
        read: ReadState,
        page: PageRequest,
    ) -> Result<Page<Notification>> {
        let agent = reader(caller)?;
        let found = notification::shown(&self.read(), agent, read, page).await?;
        let items = found.items.iter().filter_map(Notification::in_program);
        Ok(Page {
            items: items.collect(),
            next: found.next,
        })
    }

    /// How much of what the caller was told they have not read.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who does not serve, or may not see tickets.
    pub async fn unread_notifications(&self, caller: &Caller) -> Result<u64> {
        let agent = reader(caller)?;
        Ok(notification::count_unread(&self.read(), agent).await?)
    }

    /// Notes that the caller read what they were told: of an escalation, the proof that it arrived.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or it is somebody else's; [`AppError::Forbidden`] for somebody who does
    /// not serve, or may not see tickets.
    pub async fn read_notification(
        &self,
        caller: &Caller,
        id: NotificationId,
    ) -> Result<Notification> {
        let agent = reader(caller)?;
        transact!(self, tx => async {
            let mut found = notification::find(tx, id)
                .await?
                .filter(|found| found.recipient == agent)
                .map(|found| found.in_program().unwrap_or(found))
                .ok_or_else(|| AppError::no_such("notification", id))?;
            if found.read_at.is_none() {
                let now = self.now();
                // Nothing is new where another request noted it meanwhile.
                if notification::note_read(tx, id, now).await? {
                    found.read_at = Some(now);
                    record(self, tx, &[(found.clone(), DeliveryOutcome::Delivered)]).await?;
                } else if let Some(read) = notification::find(tx, id).await? {
                    found.read_at = read.read_at;
                }
            }
            Ok(found)
        })
    }

    /// Notes that the caller read everything they were told, and says how much was new.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who does not serve, or may not see tickets.
    pub async fn read_all_notifications(&self, caller: &Caller) -> Result<u64> {
        let agent = reader(caller)?;
        let now = self.now();
        transact!(self, tx => async { Ok(notification::read_all(tx, agent, now).await?) })
    }
}
