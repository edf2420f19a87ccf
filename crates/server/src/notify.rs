//! Short messages to people in the service: by which ways, and where they may go.

use std::sync::Arc;
use std::time::Duration;

use mainstay_app::notification::NotifyTransport;
use mainstay_channels::notify::{Notifier, NotifySettings};
use mainstay_channels::webhook::Destinations;

use crate::settings::Settings;
use crate::{Failure, USER_AGENT};

/// How long the far side may take to answer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What makes the attempts at short messages.
///
/// # Errors
/// Fails when TLS cannot be prepared.
pub fn transport(settings: &Settings) -> Result<Arc<dyn NotifyTransport>, Failure> {
    let notify = &settings.notify;
    let notifier = Notifier::new(NotifySettings {
        destinations: Destinations::of_setting(notify.allow_private_addresses),
        timeout: TIMEOUT,
        extra_authorities: Vec::new(),
        user_agent: USER_AGENT.to_owned(),
        slack: notify.slack.clone(),
        sms: notify.sms.clone(),
        voice: notify.voice.clone(),
        pager: notify.pager.clone(),
    });
    let notifier = notifier.map_err(|error| Failure::new(error.to_string()))?;
    Ok(Arc::new(notifier))
}
