//! Short messages on their way to people.

use mainstay_domain::dispatch::{Dispatch, DispatchAct, DispatchState};
use mainstay_domain::id::{DispatchId, EscalationId};

use crate::column::named;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{self, fetch_all, insert_all, record, select};

named!(DispatchAct {
    Tell = "tell",
    Acknowledge = "acknowledge",
    Resolve = "resolve",
});
named!(DispatchState {
    Queued = "queued",
    Delivered = "delivered",
    Dead = "dead",
});

record!(Dispatch in "dispatch" {
    id, recipient, channel, act, escalation, title, detail, url, state, attempts, last_error, receipt, created_at,
    delivered_at,
});

/// Inserts a dispatch.
///
/// # Errors
/// [`StoreError::Conflict`] when the recipient or the escalation is not there.
pub async fn insert(tx: &Transaction, dispatch: &Dispatch) -> Result<(), StoreError> {
    insert_all(tx, [dispatch]).await
}

/// Writes a dispatch.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update(tx: &Transaction, dispatch: &Dispatch) -> Result<(), StoreError> {
    record::update(tx, dispatch).await
}

/// A dispatch by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, id: DispatchId) -> Result<Option<Dispatch>, StoreError> {
    record::find(on, &id).await
}

/// What was dispatched about an escalation, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_escalation(
    on: &impl Connection,
    escalation: EscalationId,
) -> Result<Vec<Dispatch>, StoreError> {
    let sql = select::<Dispatch>()
        .with(" WHERE t.escalation = ", &escalation)
        .then(" ORDER BY t.created_at, t.id");
    fetch_all(on, sql).await
}
