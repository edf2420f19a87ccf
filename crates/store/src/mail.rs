//! Mail as it was received, and mail to be sent.

mod received;

pub use received::{
    Compared, Received, SeenBefore, count_received, find_received, find_received_many, first_way,
    list_received, lock_received, lock_state, note_sender, receive, received_of_ticket,
    seen_before, sizes_of_received, unread, update_received,
};

use jiff::Timestamp;
use mainstay_domain::id::{MailboxId, OutgoingMailId, TicketId};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState};

use crate::column::{Field, named};
use crate::connection::{Connection, Transaction, all, is_postgres, one};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::put_off::insert_all_later;
use crate::record::{self, Record, columns, fetch_all, fetch_one, insert_all, record, select};
use crate::sql::Sql;

named!(OutgoingMailState {
    Queued = "queued",
    Sending = "sending",
    Sent = "sent",
    Retry = "retry",
    Dead = "dead",
});

record!(OutgoingMail in "outgoing_mail" {
    id, message_id, account, ticket, message, sender, recipients, subject, bytes, state, attempts, last_error,
    receipt, created_at, sent_at, mailbox,
});

/// Queues a mail to be sent.
///
/// # Errors
/// [`StoreError::Conflict`] when one with its message id is there.
pub async fn enqueue(tx: &Transaction, mail: &OutgoingMail) -> Result<(), StoreError> {
    insert_all_later(tx, [mail]).await
}

/// Inserts mails with their history, several with each statement.
///
/// # Errors
/// As [`enqueue`].
pub async fn insert_many(tx: &Transaction, mails: &[OutgoingMail]) -> Result<(), StoreError> {
    insert_all(tx, mails).await
}

/// Takes a mail for sending, unless it was sent, given up or taken before.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn claim(
    tx: &Transaction,
    id: OutgoingMailId,
) -> Result<Option<OutgoingMail>, StoreError> {
    let sql = Sql::new("UPDATE outgoing_mail SET attempts = attempts + 1, state = ")
        .with("", &OutgoingMailState::Sending)
        .with(" WHERE id = ", &id)
        .with(" AND state IN (", &OutgoingMailState::Queued)
        .with(", ", &OutgoingMailState::Retry)
        .then(") RETURNING ")
        .then(&columns::<OutgoingMail>(""));
    fetch_one(tx, sql).await
}

/// Takes a mail that was left half sent: whoever sent it has lost the lease of its job, so nobody else is sending it now.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn reclaim(
    tx: &Transaction,
    id: OutgoingMailId,
) -> Result<Option<OutgoingMail>, StoreError> {
    let sql = Sql::new("UPDATE outgoing_mail SET attempts = attempts + 1 WHERE id = ")
        .with("", &id)
        .with(" AND state = ", &OutgoingMailState::Sending)
        .then(" RETURNING ")
        .then(&columns::<OutgoingMail>(""));
    fetch_one(tx, sql).await
}

/// Leaves only these recipients: the others have the mail.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn narrow(
    tx: &Transaction,
    id: OutgoingMailId,
    recipients: &[String],
) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE outgoing_mail SET recipients = ")
        .with("", &recipients.to_vec())
        .with(" WHERE id = ", &id);
    tx.execute(sql).await?;
    Ok(())
}

/// How many mails that carry no message of a person were queued for this one recipient since an instant: receipts and
/// other automatic answers.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count_automatic(
    on: &impl Connection,
    recipient: &str,
    since: Timestamp,
) -> Result<u64, StoreError> {
    let sql = Sql::new("SELECT COUNT(*) FROM outgoing_mail WHERE message IS NULL")
        .with(" AND created_at > ", &since)
        .with(" AND recipients = ", &vec![recipient.to_owned()]);
    one(on, sql).await?.map_or(Ok(0), |row| u64::read(&row, 0))
}

/// Keeps every other transaction that asks the same from going on until this one ends, so that whoever counts what a recipient was
/// sent, and then writes to them, is alone. On SQLite whoever writes is so anyway.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn hold_recipient(tx: &Transaction, recipient: &str) -> Result<(), StoreError> {
    if tx.is_postgres() {
        let sql = Sql::new("SELECT pg_advisory_xact_lock(hashtextextended(")
            .with("", &recipient.to_owned())
            .then(", 0))");
        one(tx, sql).await?;
    }
    Ok(())
}

/// The mails that wait for a try or were left half sent, oldest first, each with the mailbox in whose name it leaves.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn waiting(
    on: &impl Connection,
) -> Result<Vec<(OutgoingMailId, Option<MailboxId>)>, StoreError> {
    let mut sql = Sql::new("SELECT id, mailbox FROM outgoing_mail WHERE state IN (");
    sql.bind_all(&[
        OutgoingMailState::Queued,
        OutgoingMailState::Sending,
        OutgoingMailState::Retry,
    ])
    .push(") ORDER BY created_at, id");
    all(on, sql)
        .await?
        .iter()
        .map(|row| Ok((Field::read(row, 0)?, Field::read(row, 1)?)))
        .collect()
}

/// Writes that the server took a mail, with its answer.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_sent(
    tx: &Transaction,
    id: OutgoingMailId,
    at: Timestamp,
    receipt: &str,
) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE outgoing_mail SET last_error = NULL, state = ")
        .with("", &OutgoingMailState::Sent)
        .with(", sent_at = ", &at)
        .with(", receipt = ", &receipt.to_owned())
        .with(" WHERE id = ", &id)
        // Whoever does not know whether it was written down writes it down again, which changes nothing.
        .with(" AND (receipt IS NULL OR receipt <> ", &receipt.to_owned())
        .then(")");
    tx.execute(sql).await?;
    Ok(())
}

/// Writes that a try failed and whether another follows.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_failure(
    tx: &Transaction,
    id: OutgoingMailId,
    next: AfterFailure,
    error: &str,
) -> Result<(), StoreError> {
    let state = match next {
        AfterFailure::Retry => OutgoingMailState::Retry,
        AfterFailure::GiveUp => OutgoingMailState::Dead,
    };
    let sql = Sql::new("UPDATE outgoing_mail SET state = ")
        .with("", &state)
        .with(", last_error = ", &error.to_owned())
        .with(" WHERE id = ", &id);
    tx.execute(sql).await?;
    Ok(())
}

/// What follows a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// Another try.
    Retry,
    /// None: a person may look at it.
    GiveUp,
}

/// Puts a mail that was given up, or was left half sent by a crash, back into the queue, and says whether it was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn requeue(tx: &Transaction, id: OutgoingMailId) -> Result<bool, StoreError> {
    let sql = Sql::new("UPDATE outgoing_mail SET attempts = 0, state = ")
        .with("", &OutgoingMailState::Queued)
        .with(" WHERE id = ", &id)
        .with(" AND state IN (", &OutgoingMailState::Dead)
        .with(", ", &OutgoingMailState::Sending)
        .then(")");
    Ok(tx.execute(sql).await? > 0)
}

/// A mail to be sent by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    id: OutgoingMailId,
) -> Result<Option<OutgoingMail>, StoreError> {
    record::find(on, &id).await
}

/// The mailbox in whose name a mail leaves; the outer nothing where there is no such mail.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn find_mailbox(
    on: &impl Connection,
    id: OutgoingMailId,
) -> Result<Option<Option<MailboxId>>, StoreError> {
    let sql = Sql::new("SELECT mailbox FROM outgoing_mail").with(" WHERE id = ", &id);
    let row = one(on, sql).await?;
    row.map(|row| Field::read(&row, 0)).transpose()
}

/// The mail of this message id, without angle brackets: a bounce or a reply names it.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_message_id(
    on: &impl Connection,
    message_id: &str,
) -> Result<Option<OutgoingMail>, StoreError> {
    fetch_one(
        on,
        select::<OutgoingMail>().with(" WHERE t.message_id = ", &message_id.to_owned()),
    )
    .await
}

/// The mails of a ticket, oldest first. Their `bytes` are left out.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_ticket(
    on: &impl Connection,
    ticket: TicketId,
) -> Result<Vec<OutgoingMail>, StoreError> {
    let sql = heads::<OutgoingMail>(on)
        .with(" WHERE t.ticket = ", &ticket)
        .then(" ORDER BY t.created_at, t.id");
    fetch_all(on, sql).await
}

/// Mails to be sent or sent, the latest first; those in one state, or all. Their `bytes` are left out.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    state: Option<OutgoingMailState>,
    page: PageRequest,
) -> Result<Page<OutgoingMail>, StoreError> {
    let mut sql = heads::<OutgoingMail>(on).then(" WHERE 1 = 1");
    if let Some(state) = &state {
        sql.push(" AND t.state = ").bind(state);
    }
    latest_first(&mut sql, "t.created_at", page);
    let items = fetch_all(on, sql).await?;
    Ok(Page::of(items, page.limit, |mail: &OutgoingMail| {
        Cursor::at(mail.created_at, mail.id.uuid())
    }))
}

/// `SELECT …columns… FROM table t` with nothing in place of the mail's bytes.
fn heads<T: Record>(on: &impl Connection) -> Sql {
    let nothing = if is_postgres(on) {
        "CAST('' AS BYTEA)"
    } else {
        "X''"
    };
    let columns: Vec<String> = T::COLUMNS
        .iter()
        .map(|column| match *column {
            "bytes" => nothing.to_owned(),
            column => format!("t.{column}"),
        })
        .collect();
    Sql::new(format!("SELECT {} FROM {} t", columns.join(", "), T::TABLE))
}
