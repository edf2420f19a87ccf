//! Links by which somebody signs in or sets a password.

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::SignInLinkId;
use mainstay_domain::sign_in_link::{LinkPurpose, SignInLink};

use crate::column::named;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{self, fetch_one, insert_all, record, select};
use crate::sql::Sql;

named!(LinkPurpose {
    SignIn = "sign_in",
    NewPassword = "new_password",
});

record!(SignInLink in "sign_in_link" { id, purpose, address, actor, secret, created_at, expires_at });

/// Inserts a link that was asked for.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn insert(tx: &Transaction, link: &SignInLink) -> Result<(), StoreError> {
    insert_all(tx, [link]).await
}

/// Reads a link to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn lock(tx: &Transaction, id: SignInLinkId) -> Result<Option<SignInLink>, StoreError> {
    record::lock(tx, &id).await
}

/// Writes a link.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update(tx: &Transaction, link: &SignInLink) -> Result<(), StoreError> {
    record::update(tx, link).await
}

/// The link with this secret that has not ended.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_secret(
    on: &impl Connection,
    secret: Digest,
    now: Timestamp,
) -> Result<Option<SignInLink>, StoreError> {
    let sql = select::<SignInLink>()
        .with(" WHERE t.secret = ", &secret)
        .with(" AND t.expires_at > ", &now);
    fetch_one(on, sql).await
}

/// Uses a link up, and says whether it was there to be used: of two who come at once, one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, id: SignInLinkId) -> Result<bool, StoreError> {
    record::remove::<SignInLink>(tx, &id).await
}

/// Ends every link of somebody, as when their password changes.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove_of(tx: &Transaction, actor: Actor) -> Result<(), StoreError> {
    tx.execute(Sql::new("DELETE FROM sign_in_link").with(" WHERE actor = ", &actor))
        .await?;
    Ok(())
}
