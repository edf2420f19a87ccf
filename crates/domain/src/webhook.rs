//! Webhooks: whom to tell over HTTP when something happens.

use jiff::Timestamp;

use crate::id::{AccountId, WebhookDeliveryId, WebhookId};

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Identifies it.
    pub id: WebhookId,
    /// Where to send.
    pub url: String,
    /// The secret deliveries are signed with, as Standard Webhooks writes it (`whsec_…`); sealed where it is kept.
    pub secret: String,
    /// The kinds of events to send; every kind when empty.
    pub events: Vec<String>,
    /// Only what concerns this account; every account when absent.
    pub account: Option<AccountId>,
    /// Whether the texts of public messages are sent along. Internal notes never are.
    pub include_messages: bool,
    /// Whether to send at all.
    pub active: bool,
    /// Since when every try has failed; absent while the receiver takes what it is sent.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One event on its way to one subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// Identifies it; sent along, so that the receiver can tell a repetition.
    pub id: WebhookDeliveryId,
    /// To which subscription.
    pub webhook: WebhookId,
    /// The kind of the event.
    pub event: String,
    /// The body to send, as JSON.
    pub body: String,
    /// How far it is.
    pub state: WebhookDeliveryState,
    /// How many times sending was tried.
    pub attempts: u32,
    /// The HTTP status of the last answer.
    pub response_status: Option<u32>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When the event happened.
    pub created_at: Timestamp,
    /// When the receiver took it.
    pub delivered_at: Option<Timestamp>,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WebhookDeliveryState {
    /// Waiting for its first or next try.
    Queued,
    /// The receiver took it.
    Delivered,
    /// Given up; a person may send it again.
    Dead,
}
