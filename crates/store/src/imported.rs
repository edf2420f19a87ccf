//! What was brought in from other systems, and what it became here: nothing is brought in twice.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::column::{Field, named};
use crate::connection::{Connection, Transaction, all};
use crate::error::StoreError;
use crate::record::{insert_all, record};
use crate::sql::Sql;

/// Something that was brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The system it came from, by the name that the map gives it.
    pub source: String,
    /// What kind of thing it is.
    pub kind: ImportedKind,
    /// What that system calls it; unique there among its kind.
    pub external_id: String,
    /// What it became here.
    pub id: Uuid,
}

/// What kind of thing was brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportedKind {
    /// A ticket.
    Ticket,
    /// An account.
    Account,
    /// A contact.
    Contact,
    /// An agent.
    Agent,
    /// A team.
    Team,
}

named!(ImportedKind {
    Ticket = "ticket",
    Account = "account",
    Contact = "contact",
    Agent = "agent",
    Team = "team",
});

record!(Imported in "imported" { source, kind, external_id, id });

/// Remembers what was brought in, several with each statement.
///
/// # Errors
/// [`StoreError::Conflict`] when another has brought one of them in before.
pub async fn insert_many(tx: &Transaction, imported: &[Imported]) -> Result<(), StoreError> {
    insert_all(tx, imported).await
}

/// What those of these external ids became that were brought in before.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn find_many(
    on: &impl Connection,
    source: &str,
    kind: ImportedKind,
    external_ids: &[String],
) -> Result<BTreeMap<String, Uuid>, StoreError> {
    let mut found = BTreeMap::new();
    for ids in external_ids.chunks(5_000) {
        let mut sql = Sql::new("SELECT external_id, id FROM imported")
            .with(" WHERE source = ", &source.to_owned())
            .with(" AND kind = ", &kind);
        sql.push(" AND external_id IN (").bind_all(ids).push(")");
        for row in all(on, sql).await? {
            found.insert(Field::read(&row, 0)?, Field::read(&row, 1)?);
        }
    }
    Ok(found)
}
