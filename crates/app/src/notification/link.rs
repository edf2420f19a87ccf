//! Where notifications lead.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use mainstay_channels::reply_address::{LinkClaim, LinkPurpose};
use mainstay_domain::id::TicketId;
use mainstay_domain::notification::Notification;
use mainstay_domain::ticket::Scope;
use mainstay_store::{Transaction, ticket};

use crate::context::App;
use crate::error::Result;
use crate::mail::Identity;

/// How long the link of a notification acknowledges: over a long weekend.
const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(72);

/// The addresses of what notifications are about.
pub(super) struct Links<'a> {
    app: &'a App,
    identity: &'a Identity,
    /// The numbers of their tickets, by which people know them.
    numbers: BTreeMap<TicketId, u64>,
}

impl<'a> Links<'a> {
    /// Looks up what the addresses of these notifications are made of.
    pub async fn of(
        app: &'a App,
        tx: &Transaction,
        identity: &'a Identity,
        told: impl IntoIterator<Item = &Notification>,
    ) -> Result<Self> {
        let tickets: Vec<TicketId> = told.into_iter().filter_map(|told| told.ticket).collect();
        let found = ticket::find_many(tx, Scope::Everything, &tickets).await?;
        let numbers = found
            .into_iter()
            .map(|found| (found.ticket.id, found.ticket.number));
        Ok(Self {
            app,
            identity,
            numbers: numbers.collect(),
        })
    }

    /// Where more is to be seen. Of an escalation's step, a signed link by which the person takes it on without signing in.
    pub fn url(&self, told: &Notification) -> String {
        let root = &self.app.options().public_url;
        match (told.escalation, told.ticket) {
            (Some(escalation), _) if told.step().is_some() => {
                let now = self.app.now();
                let token = self.identity.sign_link(&LinkClaim {
                    purpose: LinkPurpose::Acknowledgement,
                    names: told.id.uuid(),
                    bound_to: &[told.recipient.uuid(), escalation.uuid()],
                    expires_at: now.checked_add(LINK_LIFETIME).unwrap_or(now),
                });
                format!("{root}/a/{token}")
            }
            (Some(escalation), _) => format!("{root}/escalations/{escalation}"),
            (None, Some(ticket)) => match self.numbers.get(&ticket) {
                Some(number) => format!("{root}/tickets/{number}"),
                None => format!("{root}/tickets/{ticket}"),
            },
            (None, None) => root.clone(),
        }
    }
}
