//! Drafts.

use mainstay_domain::draft::Draft;
use mainstay_domain::id::{AgentId, TicketId};

use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{fetch_all, fetch_one, record, select, upsert_all};
use crate::sql::Sql;

record!(Draft in "draft" { agent, ticket, text, visibility, mentions, status, updated_at, leaves_at, refused });

/// Writes a draft in place of the one that is there.
///
/// # Errors
/// [`StoreError::Conflict`] when the agent or the ticket is not there.
pub async fn put(tx: &Transaction, draft: &Draft) -> Result<(), StoreError> {
    upsert_all(tx, [draft], "agent, ticket").await
}

/// What an agent writes on a ticket.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    agent: AgentId,
    ticket: TicketId,
) -> Result<Option<Draft>, StoreError> {
    let sql = select::<Draft>()
        .with(" WHERE t.agent = ", &agent)
        .with(" AND t.ticket = ", &ticket);
    fetch_one(on, sql).await
}

/// The same, to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(
    tx: &Transaction,
    agent: AgentId,
    ticket: TicketId,
) -> Result<Option<Draft>, StoreError> {
    let mut sql = select::<Draft>()
        .with(" WHERE t.agent = ", &agent)
        .with(" AND t.ticket = ", &ticket);
    if tx.is_postgres() {
        sql.push(" FOR UPDATE");
    }
    fetch_one(tx, sql).await
}

/// Everything an agent writes, the latest changed first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_agent(on: &impl Connection, agent: AgentId) -> Result<Vec<Draft>, StoreError> {
    let sql = select::<Draft>()
        .with(" WHERE t.agent = ", &agent)
        .then(" ORDER BY t.updated_at DESC, t.ticket");
    fetch_all(on, sql).await
}

/// Removes a draft, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(
    tx: &Transaction,
    agent: AgentId,
    ticket: TicketId,
) -> Result<bool, StoreError> {
    let sql = Sql::new("DELETE FROM draft")
        .with(" WHERE agent = ", &agent)
        .with(" AND ticket = ", &ticket);
    Ok(tx.execute(sql).await? > 0)
}
