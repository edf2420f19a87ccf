//! API tokens.

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::TokenId;
use mainstay_domain::token::ApiToken;

use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::record::{self, fetch_all, fetch_one, insert_all, record, select};
use crate::sql::Sql;

record!(ApiToken in "api_token" {
    id, name, secret, actor, scopes, created_at, expires_at, last_used_at, revoked_at,
});

/// Inserts a new token.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn insert(tx: &Transaction, token: &ApiToken) -> Result<(), StoreError> {
    insert_all(tx, [token]).await
}

/// A token by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, id: TokenId) -> Result<Option<ApiToken>, StoreError> {
    record::find(on, &id).await
}

/// The token with this secret, be it valid or not.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_secret(
    on: &impl Connection,
    secret: Digest,
) -> Result<Option<ApiToken>, StoreError> {
    fetch_one(on, select::<ApiToken>().with(" WHERE t.secret = ", &secret)).await
}

/// The tokens that act in somebody's name, or everybody's, the latest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    actor: Option<Actor>,
    page: PageRequest,
) -> Result<Page<ApiToken>, StoreError> {
    let mut sql = select::<ApiToken>().then(" WHERE TRUE");
    if let Some(actor) = actor {
        sql.push(" AND t.actor = ").bind(&actor);
    }
    latest_first(&mut sql, "t.created_at", page);
    let tokens: Vec<ApiToken> = fetch_all(on, sql).await?;
    Ok(Page::of(tokens, page.limit, |token| {
        Cursor::at(token.created_at, token.id.uuid())
    }))
}

/// Notes that a token was used.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn touch(tx: &Transaction, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE api_token SET last_used_at = ")
        .with("", &at)
        .with(" WHERE id = ", &id);
    // Whoever keeps tokens loses nothing by it, and tokens in use would else empty what is kept all the time.
    tx.execute_unnoticed(sql).await?;
    Ok(())
}

/// Revokes a token, and says whether there was one to revoke.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn revoke(tx: &Transaction, id: TokenId, at: Timestamp) -> Result<bool, StoreError> {
    let sql = Sql::new("UPDATE api_token SET revoked_at = ")
        .with("", &at)
        .with(" WHERE revoked_at IS NULL AND id = ", &id);
    Ok(tx.execute(sql).await? > 0)
}
