//! Passkeys, and the challenges they are to answer.

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::PasskeyId;
use mainstay_domain::passkey::{Passkey, PasskeyChallenge};

use crate::column::Field;
use crate::connection::{Connection, Transaction, one};
use crate::error::StoreError;
use crate::record::{self, fetch_all, fetch_one, insert_all, record, select};
use crate::sql::Sql;

record!(Passkey in "passkey" { id, actor, name, credential, public_key, state, created_at, last_used_at });

record!(PasskeyChallenge in "passkey_challenge" { id, challenge, actor, state, expires_at });

/// Inserts a passkey.
///
/// # Errors
/// [`StoreError::Conflict`] when it is registered already, be it for somebody else.
pub async fn insert(tx: &Transaction, passkey: &Passkey) -> Result<(), StoreError> {
    insert_all(tx, [passkey]).await
}

/// The passkey that a device knows by this id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_credential(
    on: &impl Connection,
    credential: &[u8],
) -> Result<Option<Passkey>, StoreError> {
    let sql = select::<Passkey>().with(" WHERE t.credential = ", &credential.to_vec());
    fetch_one(on, sql).await
}

/// Somebody's passkeys, the latest registered first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_actor(on: &impl Connection, actor: Actor) -> Result<Vec<Passkey>, StoreError> {
    let sql = select::<Passkey>()
        .with(" WHERE t.actor = ", &actor)
        .then(" ORDER BY t.id DESC");
    fetch_all(on, sql).await
}

/// How many passkeys somebody has.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count(on: &impl Connection, actor: Actor) -> Result<u32, StoreError> {
    let sql = Sql::new("SELECT COUNT(*) FROM passkey").with(" WHERE actor = ", &actor);
    one(on, sql)
        .await?
        .map_or(Ok(0), |row| Field::read(&row, 0))
}

/// Notes that a passkey was used, and says whether it is still there as `before` has it: of two who use one at the same
/// time, one is let in, so that its counter never goes back.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_use(
    tx: &Transaction,
    before: &Passkey,
    state: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = Sql::new("UPDATE passkey SET state = ")
        .with("", &state.to_vec())
        .with(", last_used_at = ", &now)
        .with(" WHERE id = ", &before.id)
        .with(" AND state = ", &before.state);
    Ok(tx.execute(sql).await? > 0)
}

/// Removes one of somebody's passkeys, and says whether it was there.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, actor: Actor, id: PasskeyId) -> Result<bool, StoreError> {
    let sql = Sql::new("DELETE FROM passkey")
        .with(" WHERE id = ", &id)
        .with(" AND actor = ", &actor);
    Ok(tx.execute(sql).await? > 0)
}

/// Removes all of somebody's passkeys, and says whether there were any.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove_of(tx: &Transaction, actor: Actor) -> Result<bool, StoreError> {
    let removed = tx
        .execute(Sql::new("DELETE FROM passkey").with(" WHERE actor = ", &actor))
        .await?;
    Ok(removed > 0)
}

/// Inserts a challenge.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn insert_challenge(
    tx: &Transaction,
    challenge: &PasskeyChallenge,
) -> Result<(), StoreError> {
    insert_all(tx, [challenge]).await
}

/// Takes a challenge that has not expired, so that nobody else can answer it: of two who come at once, one gets it.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn take_challenge(
    tx: &Transaction,
    challenge: Digest,
    now: Timestamp,
) -> Result<Option<PasskeyChallenge>, StoreError> {
    let sql = select::<PasskeyChallenge>()
        .with(" WHERE t.challenge = ", &challenge)
        .with(" AND t.expires_at > ", &now);
    let Some(found) = fetch_one::<PasskeyChallenge>(tx, sql).await? else {
        return Ok(None);
    };
    let is_ours = record::remove::<PasskeyChallenge>(tx, &found.id).await?;
    Ok(is_ours.then_some(found))
}
