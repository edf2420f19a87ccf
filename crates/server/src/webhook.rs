//! Requests to addresses that other people chose: where webhooks may go, and pictures may be fetched from.

use std::sync::Arc;
use std::time::Duration;

use mainstay_app::remote_image::ImageTransport;
use mainstay_app::webhook::WebhookTransport;
use mainstay_channels::image::{ImageFetcher, ImageSettings};
use mainstay_channels::webhook::{Destinations, WebhookSender, WebhookSettings};

use crate::settings::Settings;
use crate::{Failure, USER_AGENT};

/// How long a receiver may take to answer. A good one takes note and answers at once.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a server may take over a picture. A few redirects fit into the time that a request may take.
const PICTURE_TIMEOUT: Duration = Duration::from_secs(6);

/// The largest picture that is shown, in bytes.
const LARGEST_PICTURE: usize = 8 << 20;

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

/// What fetches the pictures that messages name. They never come from a private network, whatever webhooks may do: a
/// webhook's address is chosen by an administrator, that of a picture by anybody who writes.
///
/// # Errors
/// Fails when TLS cannot be prepared.
pub fn images() -> Result<Arc<dyn ImageTransport>, Failure> {
    let fetcher = ImageFetcher::new(&ImageSettings {
        destinations: Destinations::Public,
        timeout: PICTURE_TIMEOUT,
        most_bytes: LARGEST_PICTURE,
        extra_authorities: Vec::new(),
        user_agent: USER_AGENT.to_owned(),
    });
    let fetcher =
        fetcher.map_err(|error| Failure::new(format!("pictures cannot be fetched: {error}")))?;
    Ok(Arc::new(fetcher))
}
