//! Webhooks in the service: where they may go.

use std::sync::Arc;
use std::time::Duration;

use mainstay_app::webhook::WebhookTransport;
use mainstay_channels::webhook::{Destinations, WebhookSender, WebhookSettings};

use crate::settings::Settings;
use crate::{Failure, USER_AGENT};

/// How long a receiver may take to answer. A good one takes note and answers at once.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What makes the attempts at webhooks.
///
/// # Errors
/// Fails when TLS cannot be prepared.
pub fn sender(settings: &Settings) -> Result<Arc<dyn WebhookTransport>, Failure> {
    let sender = WebhookSender::new(&WebhookSettings {
        destinations: Destinations::of_setting(settings.webhooks.allow_private_addresses),
        timeout: TIMEOUT,
        extra_authorities: Vec::new(),
        user_agent: USER_AGENT.to_owned(),
    });
    let sender = sender.map_err(|error| Failure::new(error.to_string()))?;
    Ok(Arc::new(sender))
}
