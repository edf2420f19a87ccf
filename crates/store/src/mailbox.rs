//! How far the mailboxes that are watched by IMAP were read.

use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::record::{self, record, upsert_all};

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
