//! Who takes part in a ticket by mail beside its contact: those who were copied.

use mainstay_domain::id::TicketId;

use crate::column::Field;
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::named_list::name_key;
use crate::put_off::insert_later;
use crate::sql::Sql;

/// Adds addresses to those that take part in a ticket. One that does already stays as it was first written.
///
/// # Errors
/// [`StoreError::Conflict`] when the ticket is not there.
pub async fn add(
    tx: &Transaction,
    ticket: TicketId,
    addresses: &[String],
) -> Result<(), StoreError> {
    let rows = addresses
        .iter()
        .map(|address| {
            vec![
                ticket.to_value(),
                name_key(address).to_value(),
                address.to_value(),
            ]
        })
        .collect();
    let columns = ["ticket", "address_key", "address"];
    insert_later(
        tx,
        "ticket_participant",
        &columns,
        rows,
        " ON CONFLICT DO NOTHING",
    )
    .await
}

/// Removes an address from those that take part in a ticket, and says whether it did.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, ticket: TicketId, address: &str) -> Result<bool, StoreError> {
    let sql = Sql::new("DELETE FROM ticket_participant")
        .with(" WHERE ticket = ", &ticket)
        .with(" AND address_key = ", &name_key(address));
    Ok(tx.execute(sql).await? > 0)
}

/// The addresses that take part in a ticket, as they were first written, sorted whatever their letters' case.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn of_ticket(on: &impl Connection, ticket: TicketId) -> Result<Vec<String>, StoreError> {
    let sql = Sql::new("SELECT address FROM ticket_participant")
        .with(" WHERE ticket = ", &ticket)
        .then(" ORDER BY address_key");
    all(on, sql)
        .await?
        .iter()
        .map(|row| Field::read(row, 0))
        .collect()
}

/// Whether an address takes part in a ticket, whatever its letters' case.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn has(
    on: &impl Connection,
    ticket: TicketId,
    address: &str,
) -> Result<bool, StoreError> {
    let sql = Sql::new("SELECT 1 FROM ticket_participant")
        .with(" WHERE ticket = ", &ticket)
        .with(" AND address_key = ", &name_key(address));
    Ok(one(on, sql).await?.is_some())
}
