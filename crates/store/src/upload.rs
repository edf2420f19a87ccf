//! Uploads: files that wait for a message.
//!
//! An upload is its uploader's alone: every function that finds one wants to know whose it must be.

use jiff::Timestamp;
use mainstay_domain::attachment::Upload;
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AccountId, UploadId};

use crate::column::Field;
use crate::connection::{Connection, Transaction, one};
use crate::error::StoreError;
use crate::record::{fetch_one, insert_all, record, remove as remove_row, select};
use crate::sql::Sql;

record!(Upload in "upload" {
    id, uploader, account, digest, file_name, content_type, size, attached_at, created_at, expires_at,
});

/// Whose an upload must be: who uploaded it, and of which account they are, if they are a contact of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Who uploaded it.
    pub uploader: Actor,
    /// The account of a contact. One who was moved to another account leaves their uploads behind.
    pub account: Option<AccountId>,
}

/// Inserts an upload.
///
/// # Errors
/// [`StoreError::Conflict`] when the account is not there.
pub async fn insert(tx: &Transaction, upload: &Upload) -> Result<(), StoreError> {
    insert_all(tx, [upload]).await
}

/// An upload of somebody's, whether a message took it or not.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    owner: Owner,
    id: UploadId,
) -> Result<Option<Upload>, StoreError> {
    let mut sql = select::<Upload>().with(" WHERE t.id = ", &id);
    push_owner(&mut sql, owner);
    fetch_one(on, sql).await
}

/// Marks an upload of somebody's as taken by a message, and says whether it was there and free.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn attach(
    tx: &Transaction,
    owner: Owner,
    id: UploadId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut sql = Sql::new("UPDATE upload SET attached_at = ")
        .with("", &at)
        .with(" WHERE attached_at IS NULL AND id = ", &id);
    push_owner(&mut sql, owner);
    Ok(tx.execute(sql).await? > 0)
}

/// How many bytes somebody has uploaded that no message took yet.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn waiting_bytes(on: &impl Connection, uploader: Actor) -> Result<u64, StoreError> {
    let sql = Sql::new("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM upload")
        .with(" WHERE attached_at IS NULL AND uploader = ", &uploader);
    one(on, sql)
        .await?
        .map_or(Ok(0), |row| Field::read(&row, 0))
}

/// Removes an upload, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, id: UploadId) -> Result<bool, StoreError> {
    remove_row::<Upload>(tx, &id).await
}

fn push_owner(sql: &mut Sql, owner: Owner) {
    sql.push(" AND uploader = ").bind(&owner.uploader);
    match &owner.account {
        Some(account) => sql.push(" AND account = ").bind(account),
        None => sql.push(" AND account IS NULL"),
    };
}
