//! Agents.

use mainstay_domain::agent::Agent;
use mainstay_domain::id::AgentId;
use mainstay_domain::name::RoleName;

use crate::column::Field;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::named_list::name_key;
use crate::password;
use crate::record::{self, fetch_all, fetch_one, insert_with, record, select, update_with};

record!(Agent in "agent" {
    id, email, name, roles, languages, skills, capacity, calendar, time_zone, phone, slack, pager,
    active, created_at,
});

/// Inserts a new agent.
///
/// # Errors
/// [`StoreError::Conflict`] when the address belongs to another.
pub async fn insert(tx: &Transaction, agent: &Agent) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(agent)).await
}

/// Inserts new agents, several with each statement.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Transaction, agents: &[Agent]) -> Result<(), StoreError> {
    insert_with(tx, agents, "email_key", |agent| {
        name_key(&agent.email).to_value()
    })
    .await
}

/// Writes an agent. Their password stays.
///
/// # Errors
/// As [`insert`], and when the agent is not there.
pub async fn update(tx: &Transaction, agent: &Agent) -> Result<(), StoreError> {
    update_with(
        tx,
        agent,
        vec![("email_key", name_key(&agent.email).to_value())],
    )
    .await
}

/// An agent by their id.
///
/// # Errors
/// [`StoreError::Corrupt`] when they cannot be read.
pub async fn find(on: &impl Connection, id: AgentId) -> Result<Option<Agent>, StoreError> {
    record::find(on, &id).await
}

/// Reads an agent to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &Transaction, id: AgentId) -> Result<Option<Agent>, StoreError> {
    record::lock(tx, &id).await
}

/// The agent by their e-mail address, whatever its letters' case.
///
/// # Errors
/// [`StoreError::Corrupt`] when they cannot be read.
pub async fn find_by_email(on: &impl Connection, email: &str) -> Result<Option<Agent>, StoreError> {
    fetch_one(
        on,
        select::<Agent>().with(" WHERE t.email_key = ", &name_key(email)),
    )
    .await
}

/// The agents who have one of these e-mail addresses, whatever their letters' case, in no order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn find_by_emails(
    on: &impl Connection,
    emails: &[String],
) -> Result<Vec<Agent>, StoreError> {
    let keys: Vec<String> = emails.iter().map(|email| name_key(email)).collect();
    let mut found = Vec::new();
    for keys in keys.chunks(5_000) {
        let mut sql = select::<Agent>();
        sql.push(" WHERE t.email_key IN (").bind_set(keys).push(")");
        found.extend(fetch_all::<Agent>(on, sql).await?);
    }
    Ok(found)
}

/// Every agent, by name, those who may not sign in any more among them.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all(on: &impl Connection) -> Result<Vec<Agent>, StoreError> {
    let mut agents: Vec<Agent> = fetch_all(on, select::<Agent>()).await?;
    agents.sort_by_cached_key(|agent| (name_key(&agent.name), agent.id));
    Ok(agents)
}

/// Every active agent of a role, by name.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn with_role(on: &impl Connection, role: &RoleName) -> Result<Vec<Agent>, StoreError> {
    let mut agents = all(on).await?;
    agents.retain(|agent| agent.active && agent.roles.contains(role));
    Ok(agents)
}

/// The hash of an agent's password, if they have one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn password_hash(
    on: &impl Connection,
    id: AgentId,
) -> Result<Option<String>, StoreError> {
    password::hash::<Agent>(on, &id).await
}

/// Sets the hash of an agent's password, or takes the password away.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn set_password_hash(
    tx: &Transaction,
    id: AgentId,
    hash: Option<&str>,
) -> Result<(), StoreError> {
    password::set_hash::<Agent>(tx, &id, None, hash).await
}

/// Replaces the hash of an agent's password by another of the same password, unless the password changed meanwhile.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn upgrade_password_hash(
    tx: &Transaction,
    id: AgentId,
    from: &str,
    to: &str,
) -> Result<(), StoreError> {
    password::set_hash::<Agent>(tx, &id, Some(from), Some(to)).await
}
