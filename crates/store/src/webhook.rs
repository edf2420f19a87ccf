//! Webhooks and what is on its way to them.

use jiff::Timestamp;
use mainstay_domain::id::{WebhookDeliveryId, WebhookId};
use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};

use crate::column::named;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::put_off::insert_all_later;
use crate::record::{self, fetch_all, insert_all, record, select};
use crate::sql::Sql;

named!(WebhookDeliveryState {
    Queued = "queued",
    Delivered = "delivered",
    Dead = "dead",
});

record!(Webhook in "webhook" {
    id, url, secret, events, account, include_messages, active, failing_since, created_at,
});
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

/// Reads a subscription to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &Transaction, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    record::lock(tx, &id).await
}

/// Every subscription, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all(on: &impl Connection) -> Result<Vec<Webhook>, StoreError> {
    fetch_all(on, select::<Webhook>().then(" ORDER BY t.created_at, t.id")).await
}

/// The subscriptions that are switched on, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn active(on: &impl Connection) -> Result<Vec<Webhook>, StoreError> {
    let sql = select::<Webhook>()
        .with(" WHERE t.active = ", &true)
        .then(" ORDER BY t.created_at, t.id");
    fetch_all(on, sql).await
}

/// Writes since when a subscription has been failing, and leaves the rest of it to those who keep it.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_failing(
    tx: &Transaction,
    id: WebhookId,
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE webhook SET failing_since = ")
        .with("", &since)
        .with(" WHERE id = ", &id);
    tx.execute(sql).await?;
    Ok(())
}

/// Writes the secret of a subscription, and leaves the rest of it to those who keep it.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn set_secret(tx: &Transaction, id: WebhookId, secret: &str) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE webhook SET secret = ")
        .with("", &secret.to_owned())
        .with(" WHERE id = ", &id);
    tx.execute(sql).await?;
    Ok(())
}

/// Switches a subscription off, and says whether it was on.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn switch_off(tx: &Transaction, id: WebhookId) -> Result<bool, StoreError> {
    let sql = Sql::new("UPDATE webhook SET active = ")
        .with("", &false)
        .with(" WHERE id = ", &id)
        .with(" AND active = ", &true);
    Ok(tx.execute(sql).await? > 0)
}

/// Inserts deliveries, several with each statement.
///
/// # Errors
/// [`StoreError::Conflict`] when a subscription is not there.
pub async fn insert_deliveries(
    tx: &Transaction,
    deliveries: &[WebhookDelivery],
) -> Result<(), StoreError> {
    insert_all_later(tx, deliveries).await
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
