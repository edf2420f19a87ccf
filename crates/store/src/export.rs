//! Exports of accounts.
//!
//! Somebody at the customer sees the exports of their own account that hold what the portal shows, and no others.

use jiff::Timestamp;
use mainstay_domain::export::{Export, ExportExtent, ExportState};
use mainstay_domain::id::{AccountId, ExportId};
use mainstay_domain::ticket::Scope;

use crate::column::named;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{fetch_all, fetch_one, insert_all, record, select, update as update_row};
use crate::sql::Sql;

record!(Export in "export" {
    id, account, extent, requested_by, requested_at, state, last_error, finished_at, expires_at, size, lost_files,
});

named!(ExportExtent {
    Everything = "everything",
    Portal = "portal",
});
named!(ExportState {
    Queued = "queued",
    Ready = "ready",
    Failed = "failed",
    Expired = "expired",
});

/// Inserts an export.
///
/// # Errors
/// [`StoreError::Conflict`] when the account is not there.
pub async fn insert(tx: &Transaction, export: &Export) -> Result<(), StoreError> {
    insert_all(tx, [export]).await
}

/// Writes an export that is there.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not.
pub async fn update(tx: &Transaction, export: &Export) -> Result<(), StoreError> {
    update_row(tx, export).await
}

/// An export.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    scope: Scope,
    id: ExportId,
) -> Result<Option<Export>, StoreError> {
    let mut sql = select::<Export>().with(" WHERE t.id = ", &id);
    push_scope(&mut sql, scope);
    fetch_one(on, sql).await
}

/// The exports of an account that were asked for since an instant, latest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_account(
    on: &impl Connection,
    scope: Scope,
    account: AccountId,
    since: Timestamp,
) -> Result<Vec<Export>, StoreError> {
    let mut sql = select::<Export>()
        .with(" WHERE t.account = ", &account)
        .with(" AND t.requested_at >= ", &since);
    push_scope(&mut sql, scope);
    sql.push(" ORDER BY t.requested_at DESC, t.id DESC");
    fetch_all(on, sql).await
}

fn push_scope(sql: &mut Sql, scope: Scope) {
    match scope {
        Scope::Everything => {}
        Scope::Account(account) | Scope::Contact(account, _) => {
            sql.push(" AND t.account = ")
                .bind(&account)
                .push(" AND t.extent = ")
                .bind(&ExportExtent::Portal);
        }
    }
}
