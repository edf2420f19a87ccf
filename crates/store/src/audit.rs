//! The audit trail.

use jiff::Timestamp;
use mainstay_domain::audit::AuditEntry;
use mainstay_domain::event::Actor;
use mainstay_domain::id::AccountId;

use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::record::{fetch_all, insert_all, record, select};
use crate::ticket::TimeRange;

record!(AuditEntry in "audit" { id, at, actor, action, subject_kind, subject, account, detail });

/// Which entries to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// What this person did.
    pub actor: Option<Actor>,
    /// This action.
    pub action: Option<String>,
    /// What was done to this kind of thing.
    pub subject_kind: Option<String>,
    /// What was done to this one.
    pub subject: Option<String>,
    /// What concerns this account.
    pub account: Option<AccountId>,
    /// When it was done.
    pub at: TimeRange,
}

/// Appends entries, several with each statement. Nothing is ever changed or removed here.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn append(tx: &Transaction, entries: &[AuditEntry]) -> Result<(), StoreError> {
    insert_all(tx, entries).await
}

/// Lists entries, the latest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    filter: &AuditFilter,
    page: PageRequest,
) -> Result<Page<AuditEntry>, StoreError> {
    let mut sql = select::<AuditEntry>().then(" WHERE 1 = 1");
    if let Some(actor) = &filter.actor {
        sql.push(" AND t.actor = ").bind(actor);
    }
    if let Some(action) = &filter.action {
        sql.push(" AND t.action = ").bind(action);
    }
    if let Some(subject_kind) = &filter.subject_kind {
        sql.push(" AND t.subject_kind = ").bind(subject_kind);
    }
    if let Some(subject) = &filter.subject {
        sql.push(" AND t.subject = ").bind(subject);
    }
    if let Some(account) = &filter.account {
        sql.push(" AND t.account = ").bind(account);
    }
    filter.at.push(&mut sql, "t.at");
    latest_first(&mut sql, "t.at", page);
    let items = fetch_all(on, sql).await?;
    Ok(Page::of(items, page.limit, |entry: &AuditEntry| {
        Cursor::at(entry.at, entry.id)
    }))
}

/// When somebody last did something.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn last_of(on: &impl Connection, actor: Actor) -> Result<Option<Timestamp>, StoreError> {
    let filter = AuditFilter {
        actor: Some(actor),
        ..AuditFilter::default()
    };
    let page = list(on, &filter, PageRequest::first(1)).await?;
    Ok(page.items.first().map(|entry| entry.at))
}
