//! Mail as it was received, and mail to be sent.

mod received;

pub use received::{
    Compared, Outcome, Received, SeenBefore, count_received, find_received, find_received_many,
    first_way, list_received, lock_received, lock_states, note_sender, receive, received_of_ticket,
    seen_before, sizes_of_received, unread, update_received, write_outcomes,
};

use std::collections::BTreeSet;

use jiff::Timestamp;
use mainstay_domain::id::{MailboxId, OutgoingMailId, TicketId};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState};

use crate::column::{Field, named};
use crate::connection::{Connection, Transaction, all, is_postgres, one};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::put_off::insert_all_later;
use crate::record::{self, Record, columns, fetch_all, fetch_one, insert_all, record, select};
use crate::sql::{Sql, padded};

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
    enqueue_many(tx, [mail]).await
}

/// Queues mails to be sent, several with each statement.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_many<'a>(
    tx: &Transaction,
    mails: impl IntoIterator<Item = &'a OutgoingMail>,
) -> Result<(), StoreError> {
    insert_all_later(tx, mails).await
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

/// To which of these recipients a mail that carries no message of a person was queued after an instant, for them alone: receipts and
/// other automatic answers.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn told_automatically(
    on: &impl Connection,
    recipients: &[String],
    since: Timestamp,
) -> Result<BTreeSet<String>, StoreError> {
    let alone: Vec<Vec<String>> = recipients.iter().map(|it| vec![it.clone()]).collect();
    let mut told = BTreeSet::new();
    for alone in alone.chunks(1_000) {
        let mut sql = Sql::new(
            "SELECT DISTINCT recipients FROM outgoing_mail WHERE message IS NULL AND created_at > ",
        )
        .with("", &since);
        sql.push(" AND recipients IN (").bind_set(alone).push(")");
        for row in all(on, sql).await? {
            told.extend(Vec::<String>::read(&row, 0)?);
        }
    }
    Ok(told)
}

/// Keeps every other transaction that asks the same of one of these recipients from going on until this one ends, so that whoever
/// asks what a recipient was sent, and then writes to them, is alone. On SQLite whoever writes is so anyway.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn hold_recipients(tx: &Transaction, recipients: &[String]) -> Result<(), StoreError> {
    if !tx.is_postgres() || recipients.is_empty() {
        return Ok(());
    }
    // In an order of their own, so that two who hold several never wait for each other.
    let mut sql = Sql::new(
        "SELECT pg_advisory_xact_lock(h.held) FROM (SELECT hashtextextended(recipient, 0) AS held FROM (VALUES ",
    );
    for (index, recipient) in padded(recipients).enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" });
        sql.bind(recipient).push(")");
    }
    all(tx, sql.then(") v (recipient) ORDER BY 1 OFFSET 0) h")).await?;
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

/// Which of these message ids, without angle brackets, are those of mails that are to be sent or were.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn written_among(
    on: &impl Connection,
    message_ids: &[String],
) -> Result<BTreeSet<String>, StoreError> {
    let mut written = BTreeSet::new();
    for ids in message_ids.chunks(5_000) {
        let mut sql = Sql::new("SELECT message_id FROM outgoing_mail WHERE message_id IN (");
        sql.bind_set(ids).push(")");
        for row in all(on, sql).await? {
            written.insert(Field::read(&row, 0)?);
        }
    }
    Ok(written)
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
