//! By which token a ticket was changed.
//!
//! The ledger names who did something. When a program did it in their name, the audit trail says with which token, and
//! which facts of the ledger that made.

use std::ops::RangeInclusive;

use mainstay_domain::audit::AuditEntry;
use mainstay_domain::id::{TicketId, TokenId};
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::audit::{self, AuditFilter};
use mainstay_store::{PageRequest, Transaction, ticket};
use serde_json::{Value, json};

use crate::audit::Action;
use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::Result;

/// What the entries are called.
const ACTION: &str = "ticket.changed_by_token";

/// A part of a ticket's ledger and the token by which it was recorded.
pub type ByToken = (RangeInclusive<u64>, TokenId);

/// Notes which facts a use case makes of tickets when its caller came with a token; nothing otherwise.
pub(crate) struct TokenTrail<'a> {
    caller: &'a Caller,
    before: Vec<(TicketId, u64)>,
    opened: Option<&'a Ticket>,
}

impl<'a> TokenTrail<'a> {
    /// Remembers how far the ledgers of the tickets are.
    pub(crate) async fn begin(
        tx: &Transaction,
        caller: &'a Caller,
        tickets: &[TicketId],
    ) -> Result<Self> {
        let mut before = Vec::new();
        if matches!(caller.credential, Credential::Token(_)) {
            for id in tickets {
                if let Some(found) = ticket::find(tx, Scope::Everything, *id).await? {
                    before.push((*id, found.ticket.version));
                }
            }
        }
        Ok(Self {
            caller,
            before,
            opened: None,
        })
    }

    /// Adds a ticket that was opened since, as it was written.
    pub(crate) fn opened(mut self, ticket: &'a Ticket) -> Self {
        if matches!(self.caller.credential, Credential::Token(_)) {
            self.opened = Some(ticket);
        }
        self
    }

    /// Writes down what was recorded since.
    pub(crate) async fn end(self, app: &App, tx: &Transaction) -> Result<()> {
        if let Some(ticket) = self.opened {
            self.note(app, tx, ticket, 0).await?;
        }
        for (id, before) in &self.before {
            if let Some(found) = ticket::find(tx, Scope::Everything, *id).await? {
                self.note(app, tx, &found.ticket, *before).await?;
            }
        }
        Ok(())
    }

    async fn note(&self, app: &App, tx: &Transaction, ticket: &Ticket, before: u64) -> Result<()> {
        let after = ticket.version;
        if after <= before {
            return Ok(());
        }
        let action = Action::new(ACTION, "ticket", ticket.id)
            .of_account(ticket.facts.account)
            .with(json!({ "first": before + 1, "last": after }));
        app.record(tx, self.caller, action).await
    }
}

impl App {
    /// Which facts of a ticket were recorded by programs, and with which token.
    ///
    /// # Errors
    /// As [`App::ticket_history`].
    pub async fn ticket_tokens(&self, caller: &Caller, id: TicketId) -> Result<Vec<ByToken>> {
        caller.require(Permission::ReadTickets)?;
        self.visible_ticket(caller, id).await?;
        let filter = AuditFilter {
            action: Some(ACTION.to_owned()),
            subject_kind: Some("ticket".to_owned()),
            subject: Some(id.to_string()),
            ..AuditFilter::default()
        };
        let mut found = Vec::new();
        let mut part = PageRequest::first(200);
        loop {
            let page = audit::list(&self.read(), &filter, part).await?;
            found.extend(page.items.iter().filter_map(by_token));
            let Some(next) = page.next else {
                return Ok(found);
            };
            part = PageRequest {
                after: Some(next),
                ..part
            };
        }
    }
}

fn by_token(entry: &AuditEntry) -> Option<ByToken> {
    let detail: Value = serde_json::from_str(&entry.detail).ok()?;
    let token = detail.get("token")?.as_str()?.parse().ok()?;
    Some((
        detail.get("first")?.as_u64()?..=detail.get("last")?.as_u64()?,
        token,
    ))
}
