//! Handing webhooks over.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use mainstay_channels::webhook::{WebhookDelivery, WebhookOutcome, WebhookSender};

/// Makes one attempt at one webhook.
#[async_trait]
pub trait WebhookTransport: fmt::Debug + Send + Sync + 'static {
    /// Makes the attempt, within a minute.
    async fn deliver(&self, delivery: &WebhookDelivery<'_>) -> WebhookOutcome;

    /// Whether an address is one to which it would ever deliver, as far as can be seen without asking anybody.
    ///
    /// # Errors
    /// Says why it is not.
    fn check(&self, url: &str) -> Result<(), String> {
        let _ = url;
        Ok(())
    }
}

#[async_trait]
impl WebhookTransport for WebhookSender {
    async fn deliver(&self, delivery: &WebhookDelivery<'_>) -> WebhookOutcome {
        Self::deliver(self, delivery).await
    }

    fn check(&self, url: &str) -> Result<(), String> {
        Self::check(self, url)
    }
}

/// Keeps what it is given, for tests. It takes everything unless it is told what to answer.
#[derive(Default)]
pub struct RecordingWebhooks {
    tried: Mutex<Vec<TriedWebhook>>,
    answers: Mutex<VecDeque<WebhookOutcome>>,
    usual: Mutex<Option<WebhookOutcome>>,
}

/// An attempt that a [`RecordingWebhooks`] was asked to make.
#[derive(Debug, Clone, PartialEq)]
pub struct TriedWebhook {
    /// Where to.
    pub url: String,
    /// The `webhook-id`.
    pub id: String,
    /// The body.
    pub body: serde_json::Value,
}

impl fmt::Debug for RecordingWebhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordingWebhooks")
    }
}

impl RecordingWebhooks {
    /// Every attempt, in order, whatever was answered.
    #[must_use]
    pub fn tried(&self) -> Vec<TriedWebhook> {
        lock(&self.tried).clone()
    }

    /// Answers the next attempt so.
    pub fn answer_next(&self, answer: WebhookOutcome) {
        lock(&self.answers).push_back(answer);
    }

    /// Answers every attempt so, until it is told otherwise; nothing stands for taking them.
    pub fn answer_always(&self, answer: Option<WebhookOutcome>) {
        *lock(&self.usual) = answer;
    }
}

#[async_trait]
impl WebhookTransport for RecordingWebhooks {
    async fn deliver(&self, delivery: &WebhookDelivery<'_>) -> WebhookOutcome {
        lock(&self.tried).push(TriedWebhook {
            url: delivery.url.to_owned(),
            id: delivery.id.to_owned(),
            body: serde_json::from_slice(delivery.body).unwrap_or_default(),
        });
        let next = lock(&self.answers).pop_front();
        next.or_else(|| lock(&self.usual).clone())
            .unwrap_or(WebhookOutcome::Delivered { status: 204 })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
