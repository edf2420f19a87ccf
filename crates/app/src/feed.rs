//! Live events: what changed, told to those who may know of it.

use mainstay_domain::id::TicketId;
use mainstay_domain::ticket::Scope;
use mainstay_store::change;
pub use mainstay_store::change::{Change, Place};

use crate::context::App;
use crate::error::Result;

/// How many changes are read at once.
const AT_ONCE: u32 = 500;

impl App {
    /// The place of the latest change.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn latest_place(&self) -> Result<Place> {
        Ok(change::latest(&self.read()).await?)
    }

    /// The changes after a place, in order; a part of them when there are many.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn changes_after(&self, place: Place) -> Result<Vec<(Place, Change)>> {
        Ok(change::after(&self.read(), place, AT_ONCE).await?)
    }

    /// Whether somebody with this scope may be told of a change. A change that concerns no account is told only to
    /// those who serve, and a contact who sees only their own tickets is told of those alone.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn may_know(&self, scope: Scope, change: &Change) -> Result<bool> {
        Ok(match scope {
            Scope::Everything => true,
            Scope::Account(account) => change.account == Some(account),
            Scope::Contact(account, _) if change.account != Some(account) => false,
            Scope::Contact(..) => match change.ticket {
                Some(ticket) => self.is_visible(scope, ticket).await?,
                None => false,
            },
        })
    }

    async fn is_visible(&self, scope: Scope, ticket: TicketId) -> Result<bool> {
        let found = mainstay_store::ticket::find(&self.read(), scope, ticket).await?;
        Ok(found.is_some())
    }
}
