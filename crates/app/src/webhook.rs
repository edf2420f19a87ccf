//! Webhooks: whom to tell over HTTP when something happens, and what became of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_domain::id::{WebhookDeliveryId, WebhookId};
use mainstay_domain::role::Permission;
use mainstay_domain::webhook::{Webhook, WebhookDelivery};
use mainstay_store::{Page, PageRequest, webhook};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::secret::fingerprint;

impl App {
    /// Every subscription.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `webhook.update`.
    pub async fn webhooks(&self, caller: &Caller) -> Result<Vec<Webhook>> {
        caller.require(Permission::UpdateWebhooks)?;
        Ok(webhook::all(&self.read()).await?)
    }

    /// A subscription.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn webhook(&self, caller: &Caller, id: WebhookId) -> Result<Webhook> {
        caller.require(Permission::UpdateWebhooks)?;
        webhook::find(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("webhook", id))
    }

    /// Makes a subscription with a new secret, filled in by `fill`.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields.
    pub async fn create_webhook(
        &self,
        caller: &Caller,
        fill: impl FnOnce(&mut Webhook),
    ) -> Result<Webhook> {
        caller.require(Permission::UpdateWebhooks)?;
        let now = self.now();
        let secret = STANDARD.encode(self.random_bytes::<32>());
        let mut new = Webhook {
            id: self.new_id(now),
            url: String::new(),
            secret: format!("whsec_{secret}"),
            events: Vec::new(),
            account: None,
            active: true,
            created_at: now,
        };
        fill(&mut new);
        check(&new)?;
        let tx = self.begin().await?;
        webhook::insert(&tx, &new).await?;
        let action = Action::new("webhook.created", "webhook", new.id).of_account(new.account);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Changes a subscription by `change`.
    ///
    /// # Errors
    /// As [`create_webhook`](Self::create_webhook), and [`AppError::Changed`] when it is not what the caller expects.
    pub async fn update_webhook(
        &self,
        caller: &Caller,
        id: WebhookId,
        expected: &Expected,
        change: impl FnOnce(&mut Webhook),
    ) -> Result<Webhook> {
        let before = self.webhook(caller, id).await?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        check(&after)?;
        let tx = self.begin().await?;
        webhook::update(&tx, &after).await?;
        let action = Action::new("webhook.changed", "webhook", id).of_account(after.account);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Removes a subscription with its deliveries.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn remove_webhook(&self, caller: &Caller, id: WebhookId) -> Result<()> {
        let found = self.webhook(caller, id).await?;
        let tx = self.begin().await?;
        webhook::remove(&tx, id).await?;
        let action = Action::new("webhook.removed", "webhook", id).of_account(found.account);
        self.record(&tx, caller, action).await?;
        Ok(tx.commit().await?)
    }

    /// What was or is to be sent to a subscriber, latest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such subscription.
    pub async fn webhook_deliveries(
        &self,
        caller: &Caller,
        id: WebhookId,
        page: PageRequest,
    ) -> Result<Page<WebhookDelivery>> {
        self.webhook(caller, id).await?;
        Ok(webhook::deliveries(&self.read(), id, page).await?)
    }

    /// One delivery to a subscriber.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn webhook_delivery(
        &self,
        caller: &Caller,
        id: WebhookId,
        delivery: WebhookDeliveryId,
    ) -> Result<WebhookDelivery> {
        self.webhook(caller, id).await?;
        webhook::find_delivery(&self.read(), delivery)
            .await?
            .filter(|found| found.webhook == id)
            .ok_or_else(|| AppError::no_such("webhook delivery", delivery))
    }
}

fn check(found: &Webhook) -> Result<()> {
    let mut faults = Faults::default();
    let host = found
        .url
        .strip_prefix("https://")
        .or_else(|| found.url.strip_prefix("http://"))
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    match host {
        None | Some("") => faults.add(
            "url",
            "expected an address such as https://example.com/hook",
        ),
        Some(host) if host.contains('@') => {
            faults.add(
                "url",
                "an address here carries no user name and no password",
            );
        }
        Some(_)
            if found
                .url
                .chars()
                .any(|c| c.is_control() || c.is_whitespace()) =>
        {
            faults.add("url", "an address has no blanks in it");
        }
        Some(_) if found.url.len() > 2_000 => faults.add("url", "at most 2000 bytes"),
        Some(_) => {}
    }
    for (index, event) in found.events.iter().enumerate() {
        let shape = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_' || c == '*';
        if event.is_empty() || !event.chars().all(shape) {
            faults.add_entry(
                "events",
                index,
                "expected a kind of event such as ticket.opened",
            );
        }
    }
    faults.finish()
}
