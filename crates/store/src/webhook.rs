//! Webhooks and what is on its way to them.

use mainstay_domain::id::{WebhookDeliveryId, WebhookId};
use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};

use crate::column::named;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::record::{self, fetch_all, insert_all, record, select};

named!(WebhookDeliveryState {
    Queued = "queued",
    Delivered = "delivered",
    Dead = "dead",
});

record!(Webhook in "webhook" { id, url, secret, events, account, active, created_at });
record!(WebhookDelivery in "webhook_delivery" {
    id, webhook, event, body, state, attempts, response_status, last_error, created_at, delivered_at,
});

/// Inserts a subscription.
///
/// # Errors
/// [`StoreError::Conflict`] when the account is not there.
pub async fn insert(tx: &Transaction, webhook: &Webhook) -> Result<(), StoreError> {
    insert_all(tx, [webhook]).await
}

/// Writes a subscription.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update(tx: &Transaction, webhook: &Webhook) -> Result<(), StoreError> {
    record::update(tx, webhook).await
}

/// Removes a subscription with its deliveries, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, id: WebhookId) -> Result<bool, StoreError> {
    record::remove::<Webhook>(tx, &id).await
}

/// A subscription by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    record::find(on, &id).await
}

/// Every subscription, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all(on: &impl Connection) -> Result<Vec<Webhook>, StoreError> {
    fetch_all(on, select::<Webhook>().then(" ORDER BY t.created_at, t.id")).await
}

/// Inserts deliveries, several with each statement.
///
/// # Errors
/// [`StoreError::Conflict`] when a subscription is not there.
pub async fn insert_deliveries(
    tx: &Transaction,
    deliveries: &[WebhookDelivery],
) -> Result<(), StoreError> {
    insert_all(tx, deliveries).await
}

/// Writes how far a delivery is.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update_delivery(
    tx: &Transaction,
    delivery: &WebhookDelivery,
) -> Result<(), StoreError> {
    record::update(tx, delivery).await
}

/// A delivery by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_delivery(
    on: &impl Connection,
    id: WebhookDeliveryId,
) -> Result<Option<WebhookDelivery>, StoreError> {
    record::find(on, &id).await
}

/// The deliveries of a subscription, the latest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn deliveries(
    on: &impl Connection,
    webhook: WebhookId,
    page: PageRequest,
) -> Result<Page<WebhookDelivery>, StoreError> {
    let mut sql = select::<WebhookDelivery>().with(" WHERE t.webhook = ", &webhook);
    latest_first(&mut sql, "t.created_at", page);
    let items = fetch_all(on, sql).await?;
    Ok(Page::of(items, page.limit, |delivery: &WebhookDelivery| {
        Cursor::at(delivery.created_at, delivery.id.uuid())
    }))
}
