//! Who else is at a ticket at this moment.

use jiff::SignedDuration;
use mainstay_domain::id::TicketId;
use mainstay_domain::role::Permission;
use mainstay_store::change::{self, Change};
use mainstay_store::presence;
pub use mainstay_store::presence::{Doing, Presence};

use crate::caller::Caller;
use crate::context::App;
use crate::error::Result;
use crate::transaction::transact;

/// How long somebody counts as there after they said so.
pub const LASTS: SignedDuration = SignedDuration::from_secs(45);

impl App {
    /// Who is at a ticket, the caller left out.
    ///
    /// # Errors
    /// [`AppError::NotFound`](crate::AppError::NotFound) for a ticket that is not there,
    /// [`AppError::Forbidden`](crate::AppError::Forbidden) for a portal user.
    pub async fn others_at(&self, caller: &Caller, ticket: TicketId) -> Result<Vec<Presence>> {
        caller.require(Permission::ReadTickets)?;
        let me = caller.agent()?;
        self.visible_ticket(caller, ticket).await?;
        let mut there = presence::at_ticket(&self.read(), ticket, self.now()).await?;
        there.retain(|presence| presence.agent != me);
        Ok(there)
    }

    /// Says that the caller is at a ticket, and tells those who look live when that is news. To be said again before it
    /// lasts no more.
    ///
    /// # Errors
    /// As [`others_at`](Self::others_at).
    pub async fn be_at(
        &self,
        caller: &Caller,
        ticket: TicketId,
        doing: Doing,
    ) -> Result<Vec<Presence>> {
        caller.require(Permission::ReadTickets)?;
        let agent = caller.agent()?;
        self.visible_ticket(caller, ticket).await?;
        let now = self.now();
        let until = now.saturating_add(LASTS).unwrap_or(now);
        transact!(self, tx => async {
            let there = presence::at_ticket(tx, ticket, now).await?;
            let known = there.iter().find(|presence| presence.agent == agent);
            let is_news = known.is_none_or(|known| known.doing != doing);
            presence::put(tx, &Presence { ticket, agent, doing, until }).await?;
            if is_news {
                change::append(tx, &[news(self, ticket, agent.to_string())]).await?;
            }
            Ok(())
        })?;
        self.announce();
        self.others_at(caller, ticket).await
    }

    /// Says that the caller has left a ticket.
    ///
    /// # Errors
    /// As [`others_at`](Self::others_at).
    pub async fn leave(&self, caller: &Caller, ticket: TicketId) -> Result<()> {
        caller.require(Permission::ReadTickets)?;
        let agent = caller.agent()?;
        transact!(self, tx => async {
            if presence::remove(tx, ticket, agent).await? {
                change::append(tx, &[news(self, ticket, agent.to_string())]).await?;
            }
            Ok(())
        })?;
        self.announce();
        Ok(())
    }
}

/// Without an account no portal user is told of it.
fn news(app: &App, ticket: TicketId, agent: String) -> Change {
    Change {
        at: app.now(),
        kind: "ticket.presence".to_owned(),
        ticket: Some(ticket),
        account: None,
        subject: Some(agent),
    }
}
