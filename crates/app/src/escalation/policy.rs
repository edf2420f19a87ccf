//! What a policy that was applied asks about the tickets that are open.

use mainstay_domain::escalation::TriggerKind;
use mainstay_domain::id::TicketId;
use mainstay_domain::policy::{Policy, PolicyVersion};

use crate::context::App;
use crate::error::Result;
use crate::ticket::{OpenTickets, Work};

impl App {
    /// Asks the ladders of a version about every open ticket: which were not resolved in time by its measure, and when to
    /// ask next. A version that is not in force any more asks nothing.
    pub(crate) async fn ask_ladders(&self, version: PolicyVersion) -> Result<()> {
        let policy = self.policy();
        if policy.version() != version || !asks_whether_resolved(policy.current()) {
            return Ok(());
        }
        let mut failure = None;
        let mut open = OpenTickets::all(self);
        while let Some(tickets) = open.next().await? {
            let ids: Vec<TicketId> = tickets.iter().map(|stored| stored.ticket.id).collect();
            let failed = self.for_each_ticket(&ids, Work::AskLadders).await;
            for (ticket, error) in failed {
                tracing::error!(%ticket, %error, "a ladder could not be asked about a ticket");
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

fn asks_whether_resolved(policy: &Policy) -> bool {
    policy
        .ladders
        .iter()
        .flat_map(|ladder| &ladder.triggers)
        .any(|trigger| matches!(trigger.on, TriggerKind::Unresolved { .. }))
}
