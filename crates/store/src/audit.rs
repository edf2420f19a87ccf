//! The audit trail.

use jiff::Timestamp;
use mainstay_domain::audit::AuditEntry;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::AccountId;
use uuid::Uuid;

use crate::column::Field;
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::put_off::insert_later;
use crate::record::{Record, columns, fetch_all, record, select};
use crate::row::Row;
use crate::sql::Sql;
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

/// A place in the chain: every entry has the next one, with a digest of itself and of the digest before.
///
/// An entry is not linked by whoever writes it, who would have to wait for every other: it waits, with a digest of itself alone,
/// until somebody links all that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The first entry of the chain has 1; 0 is the place before it.
    pub place: u64,
    /// The digest; zeros at the place before the first.
    pub hash: Digest,
}

/// The last link of the chain. Until the transaction ends nobody else gets it, on whatever node, so that the chain never
/// forks.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn take_head(tx: &Transaction) -> Result<Link, StoreError> {
    let sql = Sql::new("INSERT INTO audit_head (id, place, hash) VALUES (1, 0, ")
        .with("", &Digest([0; 32]))
        .then(") ON CONFLICT (id) DO NOTHING");
    tx.execute(sql).await?;
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    head_by(tx, lock).await
}

/// The last link of the chain, as far as is committed.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn head(on: &impl Connection) -> Result<Link, StoreError> {
    head_by(on, "").await
}

async fn head_by(on: &impl Connection, lock: &str) -> Result<Link, StoreError> {
    let sql = Sql::new("SELECT place, hash FROM audit_head WHERE id = 1").then(lock);
    let Some(row) = one(on, sql).await? else {
        return Ok(Link {
            place: 0,
            hash: Digest([0; 32]),
        });
    };
    link(&row, 0)
}

fn link(row: &Row, first: usize) -> Result<Link, StoreError> {
    Ok(Link {
        place: Field::read(row, first)?,
        hash: Field::read(row, first + 1)?,
    })
}

/// Appends an entry, which waits to be linked, with a digest of itself. Nothing is ever changed or removed here.
///
/// # Errors
/// [`StoreError::Conflict`] when its id is taken.
pub async fn append(
    tx: &Transaction,
    entry: &AuditEntry,
    digest: Digest,
) -> Result<(), StoreError> {
    let columns: Vec<&str> = AuditEntry::COLUMNS
        .iter()
        .copied()
        .chain(["hash"])
        .collect();
    let mut row = entry.to_values();
    row.push(digest.to_value());
    insert_later(tx, "audit", &columns, vec![row], "").await
}

/// Entries that wait to be linked, the first written first, each with the digest of itself.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn waiting(
    on: &impl Connection,
    limit: u32,
) -> Result<Vec<(AuditEntry, Digest)>, StoreError> {
    let sql = Sql::new(format!(
        "SELECT {}, t.hash FROM audit t WHERE t.place IS NULL AND t.hash IS NOT NULL ORDER BY t.id",
        columns::<AuditEntry>("t.")
    ))
    .with(" LIMIT ", &limit);
    all(on, sql)
        .await?
        .iter()
        .map(|row| {
            let digest = Field::read(row, AuditEntry::COLUMNS.len())?;
            Ok((AuditEntry::read(row, 0)?, digest))
        })
        .collect()
}

/// Links entries that wait, in order, after the head, which was [taken](take_head).
///
/// # Errors
/// [`StoreError::Conflict`] when a place is taken.
pub async fn chain(tx: &Transaction, links: &[(Uuid, Link)]) -> Result<(), StoreError> {
    let Some((_, last)) = links.last() else {
        return Ok(());
    };
    tx.execute(chain_sql(links)).await?;
    let sql = Sql::new("UPDATE audit_head SET place = ")
        .with("", &last.place)
        .with(", hash = ", &last.hash)
        .then(" WHERE id = 1");
    tx.execute(sql).await?;
    Ok(())
}

/// Gives entries their places and digests.
pub(crate) fn chain_sql(links: &[(Uuid, Link)]) -> Sql {
    let mut sql = Sql::new("UPDATE audit SET place = v.column2, hash = v.column3 FROM (VALUES ");
    for (index, (entry, link)) in links.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" });
        sql.bind(entry).push(", ").bind(&link.place).push(", ");
        sql.bind(&link.hash).push(")");
    }
    sql.push(") v WHERE audit.id = v.column1");
    sql
}

/// Entries of the chain after a place, in order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn chained(
    on: &impl Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<(AuditEntry, Link)>, StoreError> {
    let sql = Sql::new(format!(
        "SELECT {}, t.place, t.hash FROM audit t",
        columns::<AuditEntry>("t.")
    ))
    .with(" WHERE t.place > ", &after)
    .then(" ORDER BY t.place")
    .with(" LIMIT ", &limit);
    all(on, sql)
        .await?
        .iter()
        .map(|row| {
            Ok((
                AuditEntry::read(row, 0)?,
                link(row, AuditEntry::COLUMNS.len())?,
            ))
        })
        .collect()
}

/// How many entries stand outside of the chain: those from before there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count_unchained(on: &impl Connection) -> Result<u64, StoreError> {
    let sql = Sql::new("SELECT COUNT(*) FROM audit WHERE hash IS NULL");
    match one(on, sql).await? {
        Some(row) => Field::read(&row, 0),
        None => Ok(0),
    }
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
