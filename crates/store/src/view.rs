//! Saved views.

use mainstay_domain::id::{AgentId, ViewId};
use mainstay_domain::view::View;

use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{self, fetch_all, insert_all, record, select};

record!(View in "saved_view" { id, name, owner, query, position, created_at });

/// Inserts a saved view.
///
/// # Errors
/// [`StoreError::Conflict`] when its owner is not there.
pub async fn insert(tx: &Transaction, row: &View) -> Result<(), StoreError> {
    insert_all(tx, [row]).await
}

/// Writes a saved view.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update(tx: &Transaction, row: &View) -> Result<(), StoreError> {
    record::update(tx, row).await
}

/// Removes a saved view, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, id: ViewId) -> Result<bool, StoreError> {
    record::remove::<View>(tx, &id).await
}

/// One by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, id: ViewId) -> Result<Option<View>, StoreError> {
    record::find(on, &id).await
}

/// Reads a saved view to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &Transaction, id: ViewId) -> Result<Option<View>, StoreError> {
    record::lock(tx, &id).await
}

/// The saved views an agent may use: their own and everybody's, in order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn usable_by(on: &impl Connection, agent: AgentId) -> Result<Vec<View>, StoreError> {
    let sql = select::<View>()
        .with(" WHERE t.owner IS NULL OR t.owner = ", &agent)
        .then(" ORDER BY t.position, t.name, t.id");
    fetch_all(on, sql).await
}
