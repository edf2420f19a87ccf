//! What a policy that was applied asks about the tickets that are open.

use mainstay_domain::escalation::TriggerKind;
use mainstay_domain::id::TicketId;
use mainstay_domain::policy::{Policy, PolicyVersion};
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::Scope;
use mainstay_store::ticket::{Direction, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{PageRequest, ticket};

use crate::context::App;
use crate::error::Result;
use crate::ticket::TicketWriter;
use crate::transaction::transact;

impl App {
    /// Asks the ladders of a version about every open ticket: which were not resolved in time by its measure, and when to
    /// ask next. A version that is not in force any more asks nothing.
    pub(crate) async fn ask_ladders(&self, version: PolicyVersion) -> Result<()> {
        let policy = self.policy();
        if policy.version() != version || !asks_whether_resolved(policy.current()) {
            return Ok(());
        }
        let filter = TicketFilter {
            status_kinds: StatusKind::ALL
                .into_iter()
                .filter(|kind| !kind.is_done())
                .collect(),
            ..TicketFilter::default()
        };
        let sort = TicketSort {
            key: TicketKey::Number,
            direction: Direction::Ascending,
        };
        let mut page = PageRequest::first(200);
        loop {
            let reader = self.store().read();
            let open = ticket::list(&reader, Scope::Everything, &filter, sort, page).await?;
            for stored in &open.items {
                self.ask_ladders_about(stored.ticket.id).await?;
            }
            let Some(next) = open.next else {
                return Ok(());
            };
            page.after = Some(next);
        }
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
