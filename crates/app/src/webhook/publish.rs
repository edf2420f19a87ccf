//! Telling subscribers what was recorded, in the transaction that records it.

use mainstay_domain::event::{Event, EventKind};
use mainstay_domain::id::{MessageId, WebhookId};
use mainstay_domain::ticket::Ticket;
use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};
use mainstay_store::{Transaction, webhook};

use super::event::{body, is_wanted, types};
use crate::context::App;
use crate::error::Result;
use crate::job::Job;

/// Queues a delivery for each subscription that wants to know of one of these facts of tickets. Without a subscription it is at
/// most one short question to the store.
pub(crate) async fn publish(
    app: &App,
    tx: &Transaction,
    told: &[(&Ticket, &[Event])],
) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let find = async { Ok(Some(webhook::active(tx).await?)) };
    let known = app.kept().webhooks.or_ask(app, tx, &(), find);
    let subscriptions = known.await?.unwrap_or_default();
    let mut deliveries = Vec::new();
    for (ticket, facts) in told {
        let account = ticket.facts.account;
        let concerned = subscriptions.iter().filter(|subscription| {
            subscription.account.is_none() || subscription.account == account
        });
        for subscription in concerned {
            deliveries.extend(deliveries_to(app, subscription, ticket, facts));
        }
    }
    queue(app, tx, &deliveries).await
}

fn deliveries_to(
    app: &App,
    subscription: &Webhook,
    ticket: &Ticket,
    facts: &[Event],
) -> Vec<WebhookDelivery> {
    let opening = opening_message(facts);
    let url = &app.options().public_url;
    let mut deliveries = Vec::new();
    for fact in facts {
        let message = match &fact.kind {
            EventKind::Opened { .. } => opening,
            EventKind::MessageAdded { message, .. } if Some(*message) == opening => continue,
            EventKind::MessageAdded { message, .. } => Some(*message),
            _ => None,
        };
        for name in types(&fact.kind) {
            if is_wanted(&subscription.events, name) {
                let body = body(name, ticket, url, fact, message).to_string();
                deliveries.push(delivery(app, subscription.id, name, body));
            }
        }
    }
    deliveries
}

/// The message a ticket was opened with: it is told with the opening, not as a reply.
fn opening_message(facts: &[Event]) -> Option<MessageId> {
    let kinds: Vec<&EventKind> = facts.iter().map(|fact| &fact.kind).collect();
    if !matches!(kinds.first(), Some(EventKind::Opened { .. })) {
        return None;
    }
    kinds.into_iter().find_map(|kind| match kind {
        EventKind::MessageAdded { message, .. } => Some(*message),
        _ => None,
    })
}

/// A delivery that is yet to be made.
pub(super) fn delivery(app: &App, to: WebhookId, event: &str, body: String) -> WebhookDelivery {
    let now = app.now();
    WebhookDelivery {
        id: app.new_id(now),
        webhook: to,
        event: event.to_owned(),
        body,
        state: WebhookDeliveryState::Queued,
        attempts: 0,
        response_status: None,
        last_error: None,
        created_at: now,
        delivered_at: None,
    }
}

/// Writes deliveries down, and queues the making of each.
pub(super) async fn queue(
    app: &App,
    tx: &Transaction,
    deliveries: &[WebhookDelivery],
) -> Result<()> {
    if deliveries.is_empty() {
        return Ok(());
    }
    webhook::insert_deliveries(tx, deliveries).await?;
    for delivery in deliveries {
        let call = Job::CallWebhook {
            delivery: delivery.id,
        };
        call.queue(app, tx, app.now()).await?;
    }
    Ok(())
}
