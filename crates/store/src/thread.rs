//! Which ticket a mail's message id belongs to, ours and theirs.

use mainstay_domain::id::{MessageId, TicketId};

use crate::column::Field;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::put_off::insert_later;
use crate::record::{fetch_all, record, select};

/// A message id that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadEntry {
    /// The message id without angle brackets.
    pub message_id: String,
    /// The ticket it belongs to.
    pub ticket: TicketId,
    /// The message of the ticket that it is of; absent for a mail that is no message, such as a receipt.
    pub message: Option<MessageId>,
}

record!(ThreadEntry in "thread" { message_id, ticket, message });

/// Remembers message ids. One that is known already stays as it is: who uses it again cannot take it over.
///
/// # Errors
/// [`StoreError::Conflict`] when a ticket or message is not there.
pub async fn insert(tx: &Transaction, entries: &[ThreadEntry]) -> Result<(), StoreError> {
    let rows = entries
        .iter()
        .map(|entry| {
            vec![
                entry.message_id.to_value(),
                entry.ticket.to_value(),
                entry.message.to_value(),
            ]
        })
        .collect();
    let columns = ["message_id", "ticket", "message"];
    insert_later(
        tx,
        "thread",
        &columns,
        rows,
        " ON CONFLICT (message_id) DO NOTHING",
    )
    .await
}

/// What is known of these message ids, in the order in which they are given.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn find_many(
    on: &impl Connection,
    message_ids: &[String],
) -> Result<Vec<ThreadEntry>, StoreError> {
    let mut found: Vec<ThreadEntry> = Vec::new();
    for ids in message_ids.chunks(5_000) {
        let mut sql = select::<ThreadEntry>();
        sql.push(" WHERE t.message_id IN (").bind_all(ids).push(")");
        found.extend(fetch_all(on, sql).await?);
    }
    found.sort_by_key(|entry| message_ids.iter().position(|id| *id == entry.message_id));
    Ok(found)
}

/// The message ids of a ticket, in no order.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn of_ticket(
    on: &impl Connection,
    ticket: TicketId,
) -> Result<Vec<ThreadEntry>, StoreError> {
    of_tickets(on, &[ticket]).await
}

/// The message ids of several tickets, in no order.
///
/// # Errors
/// As [`of_ticket`].
pub async fn of_tickets(
    on: &impl Connection,
    tickets: &[TicketId],
) -> Result<Vec<ThreadEntry>, StoreError> {
    let mut found = Vec::new();
    for tickets in tickets.chunks(5_000) {
        let mut sql = select::<ThreadEntry>();
        sql.push(" WHERE t.ticket IN (").bind_set(tickets).push(")");
        found.extend(fetch_all::<ThreadEntry>(on, sql).await?);
    }
    Ok(found)
}
