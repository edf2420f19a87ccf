//! What a policy that was applied asks about the tickets that are open.

use mainstay_domain::escalation::TriggerKind;
use mainstay_domain::id::TicketId;
use mainstay_domain::policy::{Policy, PolicyVersion};

use crate::context::App;
use crate::error::Result;
use crate::ticket::{OpenTickets, TicketWriter};
use crate::transaction::transact;

impl App {
    /// Asks the ladders of a version about every open ticket: which were not resolved in time by its measure, and when to
    /// ask next. A version that is not in force any more asks nothing.
    pub(crate) async fn ask_ladders(&self, version: PolicyVersion) -> Result<()> {
        let policy = self.policy();
        if policy.version() != version || !asks_whether_resolved(policy.current()) {
            return Ok(());
        }
        let mut open = OpenTickets::all(self);
        while let Some(tickets) = open.next().await? {
            for stored in &tickets {
                self.ask_ladders_about(stored.ticket.id).await?;
            }
        }
        Ok(())
    }

    async fn ask_ladders_about(&self, id: TicketId) -> Result<()> {
        transact!(self, tx => async {
            TicketWriter::load(self, tx, id).await?.refresh().await?;
            Ok(())
        })
    }
}

fn asks_whether_resolved(policy: &Policy) -> bool {
    policy
        .ladders
        .iter()
        .flat_map(|ladder| &ladder.triggers)
        .any(|trigger| matches!(trigger.on, TriggerKind::Unresolved { .. }))
}
