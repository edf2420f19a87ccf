//! How far the mailboxes that are watched by IMAP were read.

use jiff::Timestamp;

use crate::connection::{Connection, Transaction};
use crate::due::LONGEST_LEASE;
use crate::error::StoreError;
use crate::record::{self, record, upsert_all};
use crate::sql::Sql;

/// How far a mailbox was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxState {
    /// The name the settings give it.
    pub name: String,
    /// The validity of its UIDs: when the server gives another, the UIDs begin anew.
    pub uid_validity: u32,
    /// The greatest UID whose message was taken in.
    pub last_uid: u32,
}

record!(MailboxState in "mailbox" { name, uid_validity, last_uid });

/// How far a mailbox was read, if it ever was.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn find(on: &impl Connection, name: &str) -> Result<Option<MailboxState>, StoreError> {
    record::find(on, &name.to_owned()).await
}

/// Writes how far a mailbox was read.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn set(tx: &Transaction, state: &MailboxState) -> Result<(), StoreError> {
    upsert_all(tx, [state], "name").await
}

/// Takes the right to watch a mailbox, or keeps it, until an instant; says whether nobody else has it.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn watch(
    tx: &Transaction,
    name: &str,
    node: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let (name, node) = (name.to_owned(), node.to_owned());
    let sql = Sql::new("INSERT INTO mailbox_watch (name, watched_by, watched_until) VALUES (")
        .with("", &name)
        .with(", ", &node)
        .with(", ", &until)
        .then(") ON CONFLICT (name) DO UPDATE SET watched_by = excluded.watched_by, watched_until = excluded.watched_until")
        .with(" WHERE mailbox_watch.watched_by = ", &node)
        .with(" OR mailbox_watch.watched_until <= ", &now)
        .with(" OR mailbox_watch.watched_until > ", &(now + LONGEST_LEASE));
    Ok(tx.execute(sql).await? > 0)
}

/// Gives the right to watch a mailbox up, when this node has it: another takes it at once.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn unwatch(tx: &Transaction, name: &str, node: &str) -> Result<(), StoreError> {
    let sql = Sql::new("DELETE FROM mailbox_watch WHERE name = ")
        .with("", &name.to_owned())
        .with(" AND watched_by = ", &node.to_owned());
    tx.execute(sql).await?;
    Ok(())
}

/// Ends every right to watch: whoever had one is known to be gone.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn end_watches(tx: &Transaction) -> Result<u64, StoreError> {
    tx.execute(Sql::new("DELETE FROM mailbox_watch")).await
}
