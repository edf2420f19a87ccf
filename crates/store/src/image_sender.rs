//! The senders whose pictures an agent always wants to see.

use jiff::Timestamp;
use mainstay_domain::id::AgentId;

use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{fetch_all, record, select, upsert_all};
use crate::sql::Sql;

/// A sender whose pictures an agent always wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSender {
    /// Who wants it.
    pub agent: AgentId,
    /// The sender's address, in lower case.
    pub address: String,
    /// Since when.
    pub created_at: Timestamp,
}

record!(ImageSender in "image_sender" { agent, address, created_at });

/// Writes one, in place of the same of before.
///
/// # Errors
/// [`StoreError::Conflict`] when the agent is not there.
pub async fn put(tx: &Transaction, sender: &ImageSender) -> Result<(), StoreError> {
    upsert_all(tx, [sender], "agent, address").await
}

/// Those of an agent, by address.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_agent(
    on: &impl Connection,
    agent: AgentId,
) -> Result<Vec<ImageSender>, StoreError> {
    let sql = select::<ImageSender>()
        .with(" WHERE t.agent = ", &agent)
        .then(" ORDER BY t.address");
    fetch_all(on, sql).await
}

/// Removes one, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, agent: AgentId, address: &str) -> Result<bool, StoreError> {
    let sql = Sql::new("DELETE FROM image_sender")
        .with(" WHERE agent = ", &agent)
        .with(" AND address = ", &address.to_owned());
    Ok(tx.execute(sql).await? > 0)
}
