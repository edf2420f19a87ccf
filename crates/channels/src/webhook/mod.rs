//! Webhooks, out and in.
//!
//! Outgoing ones are signed as [Standard Webhooks](https://www.standardwebhooks.com/) says ([`SigningSecret`]) and
//! delivered to addresses that customers choose ([`WebhookSender`]), which must not become a way into our own network.
//! Incoming ones are checked by the scheme of whoever sends them ([`Scheme`]).

mod deliver;
mod scheme;
mod sign;
mod verify;

pub use crate::outbound::Destinations;
pub use deliver::{
    WebhookDelivery, WebhookOutcome, WebhookSender, WebhookSettings, WebhookSettingsError,
};
pub use scheme::Scheme;
pub use sign::{SigningSecret, SigningSecretError};
pub use verify::{IncomingWebhook, Unverified};
