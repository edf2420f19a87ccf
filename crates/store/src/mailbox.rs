//! Mailboxes: those that were set up in the browser, how far each was read, and how their servers were found.

use jiff::Timestamp;
use mainstay_domain::id::MailboxId;
use mainstay_domain::mailbox::{MailHealth, MailServerFault, MailStep, Mailbox};

use crate::column::named;
use crate::connection::{Connection, Transaction};
use crate::due::LONGEST_LEASE;
use crate::error::StoreError;
use crate::record::{self, fetch_all, insert_all, record, select, upsert_all};
use crate::sql::Sql;

named!(MailStep {
    Reach = "reach",
    SignIn = "sign_in",
    OpenFolder = "open_folder",
    HandOver = "hand_over",
});

record!(Mailbox in "mailbox_set_up" {
    id, address, team, incoming, outgoing, signed_replies, authserv_id, active, created_at,
});

/// Every mailbox that was set up, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all(on: &impl Connection) -> Result<Vec<Mailbox>, StoreError> {
    fetch_all(on, select::<Mailbox>().then(" ORDER BY t.created_at, t.id")).await
}

/// A mailbox that was set up, by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_set_up(
    on: &impl Connection,
    id: MailboxId,
) -> Result<Option<Mailbox>, StoreError> {
    record::find(on, &id).await
}

/// Reads a mailbox to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find_set_up`].
pub async fn lock(tx: &Transaction, id: MailboxId) -> Result<Option<Mailbox>, StoreError> {
    record::lock(tx, &id).await
}

/// Inserts a mailbox.
///
/// # Errors
/// [`StoreError::Conflict`] when one with its address is there, or its team is not.
pub async fn insert(tx: &Transaction, mailbox: &Mailbox) -> Result<(), StoreError> {
    insert_all(tx, [mailbox]).await
}

/// Writes a mailbox.
///
/// # Errors
/// [`StoreError::Conflict`] when it or its team is not there, or another has its address.
pub async fn update(tx: &Transaction, mailbox: &Mailbox) -> Result<(), StoreError> {
    record::update(tx, mailbox).await
}

/// Removes a mailbox, and says whether there was one. What was received and sent stays.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, id: MailboxId) -> Result<bool, StoreError> {
    record::remove::<Mailbox>(tx, &id).await
}

/// How a mail server was found, as it is kept.
struct KeptHealth {
    name: String,
    worked_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    step: Option<MailStep>,
    reason: Option<String>,
}

record!(KeptHealth in "mail_health" { name, worked_at, failed_at, step, reason });

/// How each mail server was found when it was last asked, by name.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn health(on: &impl Connection) -> Result<Vec<(String, MailHealth)>, StoreError> {
    let kept: Vec<KeptHealth> = fetch_all(on, select::<KeptHealth>()).await?;
    let health = kept.into_iter().map(|kept| {
        let fault = match (kept.failed_at, kept.step) {
            (Some(at), Some(step)) => Some(MailServerFault {
                at,
                step,
                reason: kept.reason.unwrap_or_default(),
            }),
            _ => None,
        };
        let health = MailHealth {
            worked_at: kept.worked_at,
            fault,
        };
        (kept.name, health)
    });
    Ok(health.collect())
}

/// Writes that a mail server did what it was asked. One of which that was written after `again` and that had no fault since
/// is left as it is, so that those who send much do not wait for one another.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_worked(
    tx: &Transaction,
    name: &str,
    at: Timestamp,
    again: Timestamp,
) -> Result<(), StoreError> {
    let sql = Sql::new("INSERT INTO mail_health (name, worked_at) VALUES (")
        .with("", &name.to_owned())
        .with(", ", &at)
        .then(") ON CONFLICT (name) DO UPDATE SET worked_at = excluded.worked_at, failed_at = NULL, step = NULL, reason = NULL")
        .with(" WHERE mail_health.failed_at IS NOT NULL OR mail_health.worked_at IS NULL OR mail_health.worked_at < ", &again);
    tx.execute(sql).await?;
    Ok(())
}

/// Writes what went wrong with a mail server.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_fault(
    tx: &Transaction,
    name: &str,
    fault: &MailServerFault,
) -> Result<(), StoreError> {
    let sql = Sql::new("INSERT INTO mail_health (name, failed_at, step, reason) VALUES (")
        .with("", &name.to_owned())
        .with(", ", &fault.at)
        .with(", ", &fault.step)
        .with(", ", &fault.reason)
        .then(") ON CONFLICT (name) DO UPDATE SET failed_at = excluded.failed_at, step = excluded.step, reason = excluded.reason");
    tx.execute(sql).await?;
    Ok(())
}

/// Forgets how a mail server was found.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn forget_health(tx: &Transaction, name: &str) -> Result<(), StoreError> {
    record::remove::<KeptHealth>(tx, &name.to_owned()).await?;
    Ok(())
}

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
