//! Idempotency keys: a request that is sent again is answered as it was, and not done again.

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;

use crate::column::Field;
use crate::connection::{Connection, Transaction, one_by_key};
use crate::error::StoreError;
use crate::sql::Sql;

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is taken for this request now.
    New,
    /// The same request is being done.
    InProgress,
    /// The same request was done, with this answer.
    Answered(Answer),
    /// The key was used for another request.
    OtherRequest,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u32,
    /// The body.
    pub body: String,
}

/// Takes a key for a request, in the transaction that does it, unless it is known. `request` is the digest of what is
/// asked; a key that expired before `now` is as good as new.
///
/// On PostgreSQL this waits while another transaction that took the key is open.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn take(
    tx: &Transaction,
    actor: Actor,
    key: &str,
    request: Digest,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Known, StoreError> {
    let key = key.to_owned();
    let expired = Sql::new("DELETE FROM idempotency")
        .with(" WHERE actor = ", &actor)
        .with(" AND key = ", &key)
        .with(" AND expires_at <= ", &now);
    tx.execute(expired).await?;
    let take = Sql::new("INSERT INTO idempotency (actor, key, request, expires_at) VALUES (")
        .with("", &actor)
        .with(", ", &key)
        .with(", ", &request)
        .with(", ", &expires_at)
        .then(") ON CONFLICT (actor, key) DO NOTHING");
    if tx.execute(take).await? > 0 {
        return Ok(Known::New);
    }
    find(tx, actor, &key, request).await
}

/// What is known of a key, without taking it.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn find(
    on: &impl Connection,
    actor: Actor,
    key: &str,
    request: Digest,
) -> Result<Known, StoreError> {
    let sql = Sql::new("SELECT request, status, body FROM idempotency")
        .with(" WHERE actor = ", &actor)
        .with(" AND key = ", &key.to_owned());
    let Some(row) = one_by_key(on, sql).await? else {
        return Ok(Known::New);
    };
    let first: Digest = Field::read(&row, 0)?;
    let status: Option<u32> = Field::read(&row, 1)?;
    let body: Option<String> = Field::read(&row, 2)?;
    Ok(match status.zip(body) {
        _ if first != request => Known::OtherRequest,
        None => Known::InProgress,
        Some((status, body)) => Known::Answered(Answer { status, body }),
    })
}

/// Keeps the answer to the request of a key.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn answer(
    tx: &Transaction,
    actor: Actor,
    key: &str,
    answer: &Answer,
) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE idempotency SET status = ")
        .with("", &answer.status)
        .with(", body = ", &answer.body)
        .with(" WHERE actor = ", &actor)
        .with(" AND key = ", &key.to_owned());
    tx.execute(sql).await?;
    Ok(())
}

/// Gives a key back whose request was not done, so that it may be sent again.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn release(tx: &Transaction, actor: Actor, key: &str) -> Result<(), StoreError> {
    let sql = Sql::new("DELETE FROM idempotency")
        .with(" WHERE status IS NULL AND actor = ", &actor)
        .with(" AND key = ", &key.to_owned());
    tx.execute(sql).await?;
    Ok(())
}
