//! Drafts: what an agent writes on a ticket, kept while they write, and sent with a moment in which it can be held back.

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::draft::Draft;
use mainstay_domain::event::{Actor, Side, Visibility};
use mainstay_domain::id::{AgentId, TicketId};
use mainstay_domain::role::Permission;
use mainstay_store::draft;

use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::Faults;
use crate::job::Job;
use crate::ticket::{MessageText, append_message};
use crate::transaction::transact;

/// The longest moment in which a message can be held back.
pub const LONGEST_MOMENT: SignedDuration = SignedDuration::from_mins(5);

impl App {
    /// Everything the caller writes, the latest changed first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a portal user.
    pub async fn drafts(&self, caller: &Caller) -> Result<Vec<Draft>> {
        caller.require(Permission::ReadTickets)?;
        Ok(draft::of_agent(&self.read(), caller.agent()?).await?)
    }

    /// What the caller writes on a ticket.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when they write nothing.
    pub async fn draft(&self, caller: &Caller, ticket: TicketId) -> Result<Draft> {
        caller.require(Permission::ReadTickets)?;
        draft::find(&self.read(), caller.agent()?, ticket)
            .await?
            .ok_or_else(|| nothing_written(ticket))
    }

    /// Keeps what the caller writes on a ticket, in place of what was kept. `fill` is given what is kept.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a ticket that is not there, [`AppError::Refused`] when the draft is on its way already,
    /// [`AppError::Invalid`] for a text that is too long or a status that is no name. Whether the ticket can have that
    /// status is found when it leaves.
    pub async fn keep_draft(
        &self,
        caller: &Caller,
        ticket: TicketId,
        fill: impl Fn(&mut Draft),
    ) -> Result<Draft> {
        let agent = caller.agent()?;
        self.visible_ticket(caller, ticket).await?;
        let now = self.now();
        transact!(self, tx => async {
            let found = draft::lock(tx, agent, ticket).await?;
            if found.as_ref().is_some_and(|found| found.leaves_at.is_some()) {
                return Err(on_its_way());
            }
            let mut written = found.unwrap_or(Draft {
                agent,
                ticket,
                text: String::new(),
                visibility: Visibility::Public,
                mentions: Vec::new(),
                status: None,
                updated_at: now,
                leaves_at: None,
                refused: None,
            });
            fill(&mut written);
            written.updated_at = now;
            written.refused = None;
            let mut faults = Faults::default();
            faults.text("text", &written.text);
            if let Some(status) = &written.status {
                faults.name("status", status.as_str());
            }
            faults.finish()?;
            draft::put(tx, &written).await?;
            Ok(written)
        })
    }

    /// Throws away what the caller writes on a ticket.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when they write nothing, [`AppError::Refused`] when it is on its way: hold it back first.
    pub async fn discard_draft(&self, caller: &Caller, ticket: TicketId) -> Result<()> {
        let agent = caller.agent()?;
        caller.require(Permission::ReadTickets)?;
        transact!(self, tx => async {
            let found = draft::lock(tx, agent, ticket).await?;
            match found.ok_or_else(|| nothing_written(ticket))?.leaves_at {
                Some(_) => Err(on_its_way()),
                None => {
                    draft::remove(tx, agent, ticket).await?;
                    Ok(())
                }
            }
        })
    }

    /// Sends what the caller wrote on a ticket after a moment, in which it can be held back. What it says happens when
    /// it leaves: until then no clock stops.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when they write nothing, [`AppError::Forbidden`], [`AppError::Invalid`] for an empty text
    /// or a moment that is too long.
    pub async fn send_draft(
        &self,
        caller: &Caller,
        ticket: TicketId,
        moment: SignedDuration,
    ) -> Result<Draft> {
        let agent = caller.agent()?;
        self.visible_ticket(caller, ticket).await?;
        if moment.is_negative() || moment > LONGEST_MOMENT {
            let detail = format!("expected 0 to {} seconds", LONGEST_MOMENT.as_secs());
            return Err(AppError::invalid("after_seconds", detail));
        }
        let now = self.now();
        let leaves_at = now.saturating_add(moment).unwrap_or(now);
        let sent = transact!(self, tx => async {
            let found = draft::lock(tx, agent, ticket).await?;
            let mut written = found.ok_or_else(|| nothing_written(ticket))?;
            caller.require(needed(written.visibility))?;
            if written.leaves_at.is_some() {
                return Err(on_its_way());
            }
            if written.text.trim().is_empty() {
                return Err(AppError::invalid("text", "must not be empty"));
            }
            written.leaves_at = Some(leaves_at);
            written.refused = None;
            draft::put(tx, &written).await?;
            let send = Job::SendDraft { agent, ticket, at: leaves_at };
            send.queue(self, tx, leaves_at).await?;
            Ok(written)
        })?;
        self.wake();
        Ok(sent)
    }

    /// Holds back what is on its way: it is a draft again.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when nothing is on its way, or no longer.
    pub async fn hold_draft(&self, caller: &Caller, ticket: TicketId) -> Result<Draft> {
        let agent = caller.agent()?;
        caller.require(Permission::ReadTickets)?;
        let now = self.now();
        transact!(self, tx => async {
            let found = draft::lock(tx, agent, ticket).await?;
            let mut written = found.filter(|found| found.leaves_at.is_some()).ok_or_else(|| {
                AppError::NotFound("Nothing of yours is on its way on this ticket: it has left, or was never sent.".to_owned())
            })?;
            written.leaves_at = None;
            written.updated_at = now;
            draft::put(tx, &written).await?;
            Ok(written)
        })
    }

    /// Says what a draft says whose moment is over. One that was held back stays; one that can no longer be said is kept
    /// with the reason.
    pub(crate) async fn release_draft(
        &self,
        agent: AgentId,
        ticket: TicketId,
        at: Timestamp,
    ) -> Result<()> {
        let caller = self
            .caller(Actor::Agent(agent), Credential::Machine)
            .await?;
        let said = transact!(self, tx => async {
            let found = draft::lock(tx, agent, ticket).await?;
            let Some(written) = found.filter(|found| found.leaves_at == Some(at)) else {
                return Ok(());
            };
            let caller = caller.as_ref().ok_or_else(|| {
                AppError::Forbidden("Whoever wrote it works here no more.".to_owned())
            })?;
            caller.require(needed(written.visibility))?;
            let mut message =
                MessageText::plain(self, Side::Agent, written.visibility, written.text.clone());
            message.mentions.clone_from(&written.mentions);
            draft::remove(tx, agent, ticket).await?;
            append_message(self, tx, ticket, caller.actor, &message, written.status).await?;
            Ok(())
        });
        match said {
            Err(
                error @ (AppError::Refused(_)
                | AppError::Invalid(_)
                | AppError::Forbidden(_)
                | AppError::NotFound(_)),
            ) => {
                self.keep_refused(agent, ticket, at, error.to_string())
                    .await
            }
            said => said,
        }
    }

    async fn keep_refused(
        &self,
        agent: AgentId,
        ticket: TicketId,
        at: Timestamp,
        reason: String,
    ) -> Result<()> {
        transact!(self, tx => async {
            let found = draft::lock(tx, agent, ticket).await?;
            if let Some(mut written) = found.filter(|found| found.leaves_at == Some(at)) {
                written.leaves_at = None;
                written.refused = Some(reason.clone());
                draft::put(tx, &written).await?;
            }
            Ok(())
        })
    }
}

fn needed(visibility: Visibility) -> Permission {
    match visibility {
        Visibility::Public => Permission::ReplyToTickets,
        Visibility::Internal => Permission::NoteTickets,
    }
}

fn nothing_written(ticket: TicketId) -> AppError {
    AppError::NotFound(format!("You write nothing on ticket {ticket}."))
}

fn on_its_way() -> AppError {
    AppError::Refused("This is on its way already: hold it back first.".to_owned())
}
