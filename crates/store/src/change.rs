//! The feed of changes: what those who look at the program live are told, on whichever node they are.
//!
//! A change is appended in the transaction that makes it and can be read once that is committed. A reader asks for what
//! comes after the last place it has seen, and misses nothing: on PostgreSQL the numbers of rows are given in another
//! order than their transactions are committed, so a reader is shown only what was written by transactions older than
//! every one that is still writing. Those who wait are told of a commit ([`Store::news`](crate::Store::news)); who was
//! told nothing still finds everything by its place. A long transaction therefore holds the feed up; commit bulk work in parts.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use mainstay_domain::id::{AccountId, TicketId};

use crate::column::Field;
use crate::connection::{Connection, Transaction, all, is_postgres, one};
use crate::error::StoreError;
use crate::put_off::insert_later;
use crate::sql::Sql;

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it was recorded.
    pub at: Timestamp,
    /// What changed, such as `ticket.updated`.
    pub kind: String,
    /// Of which ticket.
    pub ticket: Option<TicketId>,
    /// Of which account: a portal user is told of their own only.
    pub account: Option<AccountId>,
    /// Of which other thing: its id.
    pub subject: Option<String>,
}

/// A place in the feed. Written as text, for readers that come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    written_by: i64,
    id: i64,
}

impl Place {
    /// Before the first change.
    pub const START: Self = Self {
        written_by: 0,
        id: 0,
    };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.written_by, self.id)
    }
}

/// A text that is no place in the feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a place in the feed of changes: use one that the feed gave, unchanged")]
pub struct InvalidPlace(String);

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        text.split_once('-')
            .and_then(|(written_by, id)| {
                Some(Self {
                    written_by: written_by.parse().ok()?,
                    id: id.parse().ok()?,
                })
            })
            .ok_or_else(|| InvalidPlace(text.to_owned()))
    }
}

/// Appends changes.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn append(tx: &Transaction, changes: &[Change]) -> Result<(), StoreError> {
    let rows = changes
        .iter()
        .map(|change| {
            vec![
                change.at.to_value(),
                change.kind.to_value(),
                change.ticket.to_value(),
                change.account.to_value(),
                change.subject.to_value(),
            ]
        })
        .collect();
    insert_later(
        tx,
        "change",
        &["at", "kind", "ticket", "account", "subject"],
        rows,
        "",
    )
    .await?;
    tx.has_news.store(true, Ordering::Relaxed);
    Ok(())
}

/// The changes after a place, in order, each with its own place.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn after(
    on: &impl Connection,
    place: Place,
    limit: u32,
) -> Result<Vec<(Place, Change)>, StoreError> {
    let mut sql = Sql::new("SELECT written_by, id, at, kind, ticket, account, subject FROM change")
        .with(" WHERE (written_by, id) > (", &place.written_by)
        .with(", ", &place.id)
        .then(")");
    sql.push(settled(on));
    sql.push(" ORDER BY written_by, id LIMIT ")
        .bind(&i64::from(limit));
    all(on, sql)
        .await?
        .iter()
        .map(|row| {
            let place = Place {
                written_by: Field::read(row, 0)?,
                id: Field::read(row, 1)?,
            };
            let change = Change {
                at: Field::read(row, 2)?,
                kind: Field::read(row, 3)?,
                ticket: Field::read(row, 4)?,
                account: Field::read(row, 5)?,
                subject: Field::read(row, 6)?,
            };
            Ok((place, change))
        })
        .collect()
}

/// The place of the latest change, for a reader who wants to know only what comes next.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn latest(on: &impl Connection) -> Result<Place, StoreError> {
    let sql = Sql::new("SELECT written_by, id FROM change WHERE 1 = 1")
        .then(settled(on))
        .then(" ORDER BY written_by DESC, id DESC LIMIT 1");
    one(on, sql).await?.map_or(Ok(Place::START), |row| {
        Ok(Place {
            written_by: Field::read(&row, 0)?,
            id: Field::read(&row, 1)?,
        })
    })
}

fn settled(on: &impl Connection) -> &'static str {
    if is_postgres(on) {
        " AND written_by < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    } else {
        ""
    }
}
