//! What is due next on a ticket, for a reader from whom some commitments are kept, and when it last changed, for a customer.
//!
//! The row names what is due first of everything. Only where that is kept from the reader are the clocks looked at, so that
//! nobody else pays for it, and what is kept from whom may change at any time.

use std::collections::BTreeSet;

use mainstay_domain::name::CommitmentName;
use mainstay_domain::ticket::Scope;

use super::row::NEVER;
use super::{NextDue, StoredTicket};
use crate::clock;
use crate::connection::Connection;
use crate::error::StoreError;
use crate::sql::Sql;

impl StoredTicket {
    /// Makes when it last changed what the reader may know of. For reading only: what is written again must say all.
    pub fn show_to(&mut self, scope: Scope) {
        if scope != Scope::Everything {
            self.ticket.updated_at = self.ticket.customer_updated_at;
        }
    }
}

/// When something is due first of what the reader may know of, as the row's own column says it.
pub(super) fn push_next_due(sql: &mut Sql, hidden: &BTreeSet<CommitmentName>) {
    if hidden.is_empty() {
        sql.push("t.next_due_at");
        return;
    }
    sql.push("CASE WHEN t.next_due_commitment IN (")
        .bind_all(hidden)
        .push(
            ") THEN COALESCE((SELECT MIN(c.due_at) FROM clock c WHERE c.ticket = t.id \
             AND c.stopped_at IS NULL AND c.cancelled_at IS NULL AND c.commitment NOT IN (",
        )
        .bind_all(hidden)
        .push(&format!(")), {NEVER}) ELSE t.next_due_at END"));
}

/// When something of a ticket last changed that the reader may know of.
pub(super) fn updated_at(scope: Scope) -> &'static str {
    match scope {
        Scope::Everything => "t.updated_at",
        Scope::Account(_) | Scope::Contact(..) => "COALESCE(t.customer_updated_at, t.updated_at)",
    }
}

/// Makes what is due next on each ticket what the reader may know of.
///
/// # Errors
/// [`StoreError::Corrupt`] when a clock cannot be read.
pub async fn keep_from_reader(
    on: &impl Connection,
    tickets: &mut [StoredTicket],
    hidden: &BTreeSet<CommitmentName>,
) -> Result<(), StoreError> {
    let is_hidden = |stored: &StoredTicket| {
        let due = stored.next_due.as_ref();
        due.is_some_and(|due| hidden.contains(&due.commitment))
    };
    let concerned = tickets.iter().filter(|stored| is_hidden(stored));
    let concerned: Vec<_> = concerned.map(|stored| stored.ticket.id).collect();
    if concerned.is_empty() {
        return Ok(());
    }
    let clocks = clock::of_tickets(on, &concerned).await?;
    for stored in tickets.iter_mut().filter(|stored| is_hidden(stored)) {
        let shown = clocks.iter().filter(|clock| {
            clock.ticket == stored.ticket.id
                && clock.stopped_at.is_none()
                && clock.cancelled_at.is_none()
                && !hidden.contains(&clock.commitment)
        });
        let due = shown.filter_map(|clock| {
            Some(NextDue {
                at: clock.due_at?,
                commitment: clock.commitment.clone(),
            })
        });
        stored.next_due = due.min_by_key(|due| due.at);
    }
    Ok(())
}
