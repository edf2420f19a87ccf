//! Authenticators and recovery codes.

use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::AuthenticatorId;
use mainstay_domain::second_factor::{Authenticator, RecoveryCode};

use crate::column::Field;
use crate::connection::{Connection, Transaction, one};
use crate::error::StoreError;
use crate::record::{self, fetch_all, fetch_one, insert_all, record, select};
use crate::sql::Sql;

record!(Authenticator in "authenticator" { id, actor, secret, created_at, confirmed_at, last_span });

record!(RecoveryCode in "recovery_code" { id, actor, code });

/// Inserts an authenticator in the place of the one somebody had.
///
/// # Errors
/// [`StoreError::Conflict`] when another transaction inserts one for the same person.
pub async fn replace(tx: &Transaction, authenticator: &Authenticator) -> Result<(), StoreError> {
    remove_of(tx, authenticator.actor).await?;
    insert_all(tx, [authenticator]).await
}

/// Somebody's authenticator, be it confirmed or not.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn of_actor(
    on: &impl Connection,
    actor: Actor,
) -> Result<Option<Authenticator>, StoreError> {
    fetch_one(
        on,
        select::<Authenticator>().with(" WHERE t.actor = ", &actor),
    )
    .await
}

/// Every authenticator, to seal their secrets anew.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all(on: &impl Connection) -> Result<Vec<Authenticator>, StoreError> {
    fetch_all(on, select::<Authenticator>().then(" ORDER BY t.id")).await
}

/// Writes an authenticator.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update(tx: &Transaction, authenticator: &Authenticator) -> Result<(), StoreError> {
    record::update(tx, authenticator).await
}

/// Notes the span of a code that was accepted, and says whether none of that span or a later one was before: of two who
/// come with the same code, one is let in.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn use_span(
    tx: &Transaction,
    id: AuthenticatorId,
    span: u64,
) -> Result<bool, StoreError> {
    let sql = Sql::new("UPDATE authenticator SET last_span = ")
        .with("", &span)
        .with(" WHERE id = ", &id)
        .with(" AND last_span < ", &span);
    Ok(tx.execute(sql).await? > 0)
}

/// Removes somebody's authenticator with their recovery codes, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove_of(tx: &Transaction, actor: Actor) -> Result<bool, StoreError> {
    tx.execute(Sql::new("DELETE FROM recovery_code").with(" WHERE actor = ", &actor))
        .await?;
    let removed = tx
        .execute(Sql::new("DELETE FROM authenticator").with(" WHERE actor = ", &actor))
        .await?;
    Ok(removed > 0)
}

/// Gives somebody recovery codes in the place of those they had.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn replace_codes(
    tx: &Transaction,
    actor: Actor,
    codes: &[RecoveryCode],
) -> Result<(), StoreError> {
    tx.execute(Sql::new("DELETE FROM recovery_code").with(" WHERE actor = ", &actor))
        .await?;
    insert_all(tx, codes).await
}

/// Uses a recovery code up, and says whether it was somebody's to use.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn use_code(tx: &Transaction, actor: Actor, code: Digest) -> Result<bool, StoreError> {
    let sql = Sql::new("DELETE FROM recovery_code")
        .with(" WHERE actor = ", &actor)
        .with(" AND code = ", &code);
    Ok(tx.execute(sql).await? > 0)
}

/// How many recovery codes somebody has left.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count_codes(on: &impl Connection, actor: Actor) -> Result<u32, StoreError> {
    let sql = Sql::new("SELECT COUNT(*) FROM recovery_code").with(" WHERE actor = ", &actor);
    one(on, sql)
        .await?
        .map_or(Ok(0), |row| Field::read(&row, 0))
}
