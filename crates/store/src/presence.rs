//! Who looks at a ticket, or writes on it, at this moment.

use jiff::Timestamp;
use mainstay_domain::id::{AgentId, TicketId};

use crate::column::named;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{fetch_all, record, select, upsert_all};
use crate::sql::Sql;

/// Somebody who is at a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// At which ticket.
    pub ticket: TicketId,
    /// Who.
    pub agent: AgentId,
    /// What they do.
    pub doing: Doing,
    /// Until when they count as there, unless they say so again.
    pub until: Timestamp,
}

/// What somebody does at a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Reads it.
    Reading,
    /// Writes on it.
    Typing,
}

named!(Doing {
    Reading = "reading",
    Typing = "typing",
});

record!(Presence in "presence" { ticket, agent, doing, until });

/// Writes that somebody is there, in place of what was known of them.
///
/// # Errors
/// [`StoreError::Conflict`] when the ticket or the agent is not there.
pub async fn put(tx: &Transaction, presence: &Presence) -> Result<(), StoreError> {
    upsert_all(tx, [presence], "ticket, agent").await
}

/// Who is at a ticket at `now`, by agent.
///
/// # Errors
/// [`StoreError::Corrupt`] when a row cannot be read.
pub async fn at_ticket(
    on: &impl Connection,
    ticket: TicketId,
    now: Timestamp,
) -> Result<Vec<Presence>, StoreError> {
    let sql = select::<Presence>()
        .with(" WHERE t.ticket = ", &ticket)
        .with(" AND t.until > ", &now)
        .then(" ORDER BY t.agent");
    fetch_all(on, sql).await
}

/// Removes somebody from a ticket, and says whether they were known there.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(
    tx: &Transaction,
    ticket: TicketId,
    agent: AgentId,
) -> Result<bool, StoreError> {
    let sql = Sql::new("DELETE FROM presence")
        .with(" WHERE ticket = ", &ticket)
        .with(" AND agent = ", &agent);
    Ok(tx.execute(sql).await? > 0)
}
