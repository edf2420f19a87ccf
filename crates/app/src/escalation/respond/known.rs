//! The escalations of tickets, as the store has them.

use std::collections::BTreeMap;

use mainstay_domain::escalation::EscalationEvent;
use mainstay_domain::id::{EscalationId, TicketId};
use mainstay_store::Transaction;
use mainstay_store::escalation::{self, StoredEscalation, StoredPhase};

use crate::error::Result;

/// The escalations of a ticket.
#[derive(Clone, Default)]
pub(crate) struct KnownEscalations {
    /// Those that are open, with their facts.
    pub open: Vec<(StoredEscalation, Vec<EscalationEvent>)>,
    /// Those that are over.
    pub over: Vec<StoredEscalation>,
}

impl KnownEscalations {
    /// Reads those of a ticket.
    pub async fn of(tx: &Transaction, ticket: TicketId) -> Result<Self> {
        let mut found = Self::of_many(tx, &[ticket]).await?;
        Ok(found.remove(&ticket).unwrap_or_default())
    }

    /// Reads those of several tickets; a ticket without any is not named.
    pub async fn of_many(
        tx: &Transaction,
        tickets: &[TicketId],
    ) -> Result<BTreeMap<TicketId, Self>> {
        let stored = escalation::of_tickets(tx, tickets).await?;
        let is_open = |stored: &&StoredEscalation| stored.phase == StoredPhase::Open;
        let open = stored.values().flatten().filter(is_open);
        let mut open: Vec<EscalationId> = open.map(|stored| stored.id).collect();
        open.sort_unstable();
        open.dedup();
        let facts = escalation::load_many(tx, &open).await?;
        let mut known = BTreeMap::new();
        for (ticket, stored) in stored {
            let (open, over): (Vec<_>, Vec<_>) =
                stored.into_iter().partition(|stored| is_open(&stored));
            let with_facts = |stored: StoredEscalation| {
                let facts = facts.get(&stored.id).cloned().unwrap_or_default();
                (stored, facts)
            };
            let open = open.into_iter().map(with_facts).collect();
            known.insert(ticket, Self { open, over });
        }
        Ok(known)
    }

    /// Whether one of those that are open is about tickets of several accounts, and so may change with any of them.
    pub fn has_group(&self) -> bool {
        let mut open = self.open.iter();
        open.any(|(stored, _)| !stored.subject_key.starts_with("ticket:"))
    }
}
