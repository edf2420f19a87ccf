//! Sessions.

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::SessionId;
use mainstay_domain::session::Session;

use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{self, fetch_all, fetch_one, insert_all, record, select};
use crate::sql::Sql;

record!(Session in "session" { id, secret, actor, user_agent, created_at, last_seen_at, expires_at });

/// Inserts a new session.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn insert(tx: &Transaction, session: &Session) -> Result<(), StoreError> {
    insert_all(tx, [session]).await
}

/// The session with this secret that has not ended.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_secret(
    on: &impl Connection,
    secret: Digest,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let sql = select::<Session>()
        .with(" WHERE t.secret = ", &secret)
        .with(" AND t.expires_at > ", &now);
    fetch_one(on, sql).await
}

/// The sessions of somebody that have not ended, the latest used first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_actor(
    on: &impl Connection,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let sql = select::<Session>()
        .with(" WHERE t.actor = ", &actor)
        .with(" AND t.expires_at > ", &now)
        .then(" ORDER BY t.last_seen_at DESC, t.id");
    fetch_all(on, sql).await
}

/// Notes that a session was used, and until when it now lasts.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn touch(
    tx: &Transaction,
    id: SessionId,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE session SET last_seen_at = ")
        .with("", &last_seen_at)
        .with(", expires_at = ", &expires_at)
        .with(" WHERE id = ", &id);
    tx.execute(sql).await?;
    Ok(())
}

/// Ends a session, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, id: SessionId) -> Result<bool, StoreError> {
    record::remove::<Session>(tx, &id).await
}

/// Ends every session of somebody, as when their password changes.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove_of(tx: &Transaction, actor: Actor) -> Result<u64, StoreError> {
    tx.execute(Sql::new("DELETE FROM session").with(" WHERE actor = ", &actor))
        .await
}
