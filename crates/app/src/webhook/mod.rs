//! Webhooks: whom to tell over HTTP when something happens, and what became of it.
//!
//! What is recorded of a ticket is published in the same transaction: one delivery for each subscription that wants to
//! know, and a job that makes it. Which events there are, how a delivery is tried and when a subscription is switched off
//! is described in `docs/webhooks.md`.

mod call;
mod event;
mod publish;
mod transport;

pub use call::SWITCHED_OFF_AFTER;
pub use event::EVENT_TYPES;
pub use transport::{RecordingWebhooks, TriedWebhook, WebhookTransport};

pub(crate) use call::call_webhook;
pub(crate) use publish::publish;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_domain::id::{WebhookDeliveryId, WebhookId};
use mainstay_domain::role::Permission;
use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};
use mainstay_store::{Page, PageRequest, webhook};
use serde_json::json;

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::job::Job;
use crate::secret::fingerprint;
use crate::transaction::transact;

/// What the secret of a subscription is sealed for.
pub(crate) fn purpose(id: WebhookId) -> String {
    format!("webhook:{id}")
}

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

    /// Makes a subscription with a new secret, filled in by `fill`. What is returned holds the secret itself; what is kept
    /// holds it sealed.
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
        let secret = format!("whsec_{}", STANDARD.encode(self.random_bytes::<32>()));
        let id = self.new_id(now);
        let mut new = Webhook {
            id,
            url: String::new(),
            secret: self.seal(&purpose(id), &secret)?,
            events: Vec::new(),
            account: None,
            include_messages: false,
            active: true,
            failing_since: None,
            created_at: now,
        };
        fill(&mut new);
        check(&new)?;
        self.check_destination(&new)?;
        let tx = self.begin().await?;
        webhook::insert(&tx, &new).await?;
        let action = Action::new("webhook.created", "webhook", new.id).of_account(new.account);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(Webhook { secret, ..new })
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
        caller.require(Permission::UpdateWebhooks)?;
        let tx = self.begin().await?;
        let before = webhook::lock(&tx, id)
            .await?
            .ok_or_else(|| AppError::no_such("webhook", id))?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        if after.active && (!before.active || after.url != before.url) {
            // Whoever switches it on again or gives it another address starts its patience anew.
            after.failing_since = None;
        }
        check(&after)?;
        if after.url != before.url {
            self.check_destination(&after)?;
        }
        webhook::update(&tx, &after).await?;
        let action = Action::new("webhook.changed", "webhook", id).of_account(after.account);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Refuses an address to which nothing would ever be delivered, rather than let deliveries die there.
    fn check_destination(&self, webhook: &Webhook) -> Result<()> {
        let transport = self.options().webhooks.as_ref();
        transport
            .map_or(Ok(()), |transport| transport.check(&webhook.url))
            .map_err(|why| AppError::invalid("url", why))
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

    /// Makes a delivery again that was made or given up, under the same id: a receiver that has it already can tell.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Refused`] when it is still waiting, or when the
    /// subscription is switched off.
    pub async fn resend_webhook_delivery(
        &self,
        caller: &Caller,
        id: WebhookId,
        delivery: WebhookDeliveryId,
    ) -> Result<WebhookDelivery> {
        let to = self.webhook(caller, id).await?;
        require_active(&to)?;
        let queued = transact!(self, tx => async {
            let found = webhook::find_delivery(tx, delivery)
                .await?
                .filter(|found| found.webhook == id)
                .ok_or_else(|| AppError::no_such("webhook delivery", delivery))?;
            if found.state == WebhookDeliveryState::Queued {
                return Err(AppError::Refused("This delivery is still to be made: it waits for its next try.".to_owned()));
            }
            let queued = WebhookDelivery {
                state: WebhookDeliveryState::Queued,
                attempts: 0,
                delivered_at: None,
                ..found
            };
            webhook::update_delivery(tx, &queued).await?;
            Job::CallWebhook { delivery }.queue(self, tx, self.now()).await?;
            let action = Action::new("webhook.delivery_resent", "webhook", id)
                .of_account(to.account)
                .with(json!({ "delivery": delivery.uuid() }));
            self.record(tx, caller, action).await?;
            Ok(queued)
        })?;
        self.wake();
        Ok(queued)
    }

    /// Sends a subscriber an event of the type `webhook.test`, whatever events it asked for.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such subscription, [`AppError::Refused`] when it is switched off.
    pub async fn test_webhook(&self, caller: &Caller, id: WebhookId) -> Result<WebhookDelivery> {
        let to = self.webhook(caller, id).await?;
        require_active(&to)?;
        let body = json!({
            "type": event::TEST_EVENT,
            "timestamp": self.now(),
            "data": { "webhook": id.uuid() },
        });
        let test = publish::delivery(self, id, event::TEST_EVENT, body.to_string());
        transact!(self, tx => async {
            publish::queue(self, tx, std::slice::from_ref(&test)).await?;
            let action = Action::new("webhook.tested", "webhook", id).of_account(to.account);
            self.record(tx, caller, action).await
        })?;
        self.wake();
        Ok(test)
    }
}

fn require_active(to: &Webhook) -> Result<()> {
    if to.active {
        return Ok(());
    }
    Err(AppError::Refused(
        "The subscription is switched off: switch it on first.".to_owned(),
    ))
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
    for (index, name) in found.events.iter().enumerate() {
        if !event::is_known(name) {
            let known: Vec<&str> = EVENT_TYPES.iter().map(|(name, _)| *name).collect();
            let detail = format!(
                "{name:?} is no kind of event: expected one of {}, or a group such as clock.*",
                known.join(", ")
            );
            faults.add_entry("events", index, detail);
        }
    }
    faults.finish()
}
