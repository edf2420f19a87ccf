//! Macros.

use mainstay_domain::id::{AgentId, MacroId};
use mainstay_domain::macro_::Macro;

use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{self, fetch_all, insert_all, record, select};

record!(Macro in "macro" { id, name, description, owner, actions, created_at });

/// Inserts a macro.
///
/// # Errors
/// [`StoreError::Conflict`] when its owner is not there.
pub async fn insert(tx: &Transaction, row: &Macro) -> Result<(), StoreError> {
    insert_all(tx, [row]).await
}

/// Writes a macro.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update(tx: &Transaction, row: &Macro) -> Result<(), StoreError> {
    record::update(tx, row).await
}

/// Removes a macro, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, id: MacroId) -> Result<bool, StoreError> {
    record::remove::<Macro>(tx, &id).await
}

/// One by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, id: MacroId) -> Result<Option<Macro>, StoreError> {
    record::find(on, &id).await
}

/// Reads a macro to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &Transaction, id: MacroId) -> Result<Option<Macro>, StoreError> {
    record::lock(tx, &id).await
}

/// The macros an agent may use: their own and everybody's, in order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn usable_by(on: &impl Connection, agent: AgentId) -> Result<Vec<Macro>, StoreError> {
    let sql = select::<Macro>()
        .with(" WHERE t.owner IS NULL OR t.owner = ", &agent)
        .then(" ORDER BY t.name, t.id");
    fetch_all(on, sql).await
}
