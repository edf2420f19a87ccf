//! Delivering webhooks to addresses that other people chose.
//!
//! A customer's address must not become a way into our own network: [`Destinations`] says where webhooks may go.
//! Redirects are not followed, and answers are not read.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;

use super::sign::SigningSecret;
use crate::outbound::{Destinations, Outbound, OutboundSettings, Unanswered, retry_after, send};

/// How webhooks are delivered.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Where they may go.
    pub destinations: Destinations,
    /// How long a delivery may take until the answer's status is there.
    pub timeout: Duration,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub extra_authorities: Vec<String>,
    /// What we call ourselves, `mainstay/1.0`.
    pub user_agent: String,
}

/// Why the settings cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("webhooks cannot be sent: {0}")]
pub struct WebhookSettingsError(String);

/// One attempt at one webhook.
#[derive(Clone, Copy, Debug)]
pub struct WebhookDelivery<'a> {
    /// The receiver's address.
    pub url: &'a str,
    /// The webhook's id, the same at each attempt, by which the receiver notices a copy.
    pub id: &'a str,
    /// The time of this attempt.
    pub at: Timestamp,
    /// The body, JSON.
    pub body: &'a [u8],
    /// The receiver's secrets, each of which signs.
    pub secrets: &'a [SigningSecret],
    /// To which trace the attempt belongs (W3C Trace Context), where traces are kept.
    pub traceparent: Option<&'a str>,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// The receiver took it.
    Delivered {
        /// Its status, 200 to 299.
        status: u16,
    },
    /// It may be taken later.
    Retry {
        /// What happened.
        reason: String,
        /// The receiver's status, when it answered.
        status: Option<u16>,
        /// How long the receiver asks us to wait, when it does.
        retry_after: Option<Duration>,
    },
    /// It never will be: somebody has to change the address or remove the webhook.
    Permanent {
        /// What happened.
        reason: String,
        /// The receiver's status, when it answered.
        status: Option<u16>,
    },
}

/// Delivers webhooks.
#[derive(Clone, Debug)]
pub struct WebhookSender {
    outbound: Outbound,
}

impl WebhookSender {
    /// Prepares connections; nothing is connected yet.
    ///
    /// # Errors
    /// When an extra authority cannot be read or TLS cannot be prepared.
    pub fn new(settings: &WebhookSettings) -> Result<WebhookSender, WebhookSettingsError> {
        let outbound = Outbound::new(&OutboundSettings {
            destinations: settings.destinations,
            timeout: settings.timeout,
            extra_authorities: &settings.extra_authorities,
            user_agent: &settings.user_agent,
        });
        Ok(WebhookSender {
            outbound: outbound.map_err(WebhookSettingsError)?,
        })
    }

    /// Whether webhooks may go to an address, as far as can be seen without resolving it.
    ///
    /// # Errors
    /// Says why they may not.
    pub fn check(&self, url: &str) -> Result<(), String> {
        self.outbound.checked_url(url).map(drop)
    }

    /// Makes one attempt. Only the id and the outcome are fit for a log; the body never is.
    pub async fn deliver(&self, delivery: &WebhookDelivery<'_>) -> WebhookOutcome {
        let request = match self.outbound.post(delivery.url) {
            Ok(request) => request,
            Err(unanswered) => return failed(unanswered),
        };
        let mut request = request
            .header(CONTENT_TYPE, "application/json")
            .body(delivery.body.to_vec());
        for (name, value) in
            SigningSecret::headers(delivery.secrets, delivery.id, delivery.at, delivery.body)
        {
            request = request.header(name, value);
        }
        if let Some(traceparent) = delivery.traceparent {
            request = request.header("traceparent", traceparent);
        }
        match send(request).await {
            Ok(response) => judge(&response),
            Err(unanswered) => failed(unanswered),
        }
    }
}

/// Judges by status alone. What tells us that this very request is refused for good is permanent; what may come from a
/// receiver that is being changed, as a missing page or a wrong password, is tried again.
fn judge(response: &Response) -> WebhookOutcome {
    let status = response.status().as_u16();
    match status {
        200..=299 => WebhookOutcome::Delivered { status },
        300..=399 => WebhookOutcome::Permanent {
            reason: format!(
                "the receiver answers {status}, a redirect; set the address it points to"
            ),
            status: Some(status),
        },
        410 => WebhookOutcome::Permanent {
            reason: "the receiver answers 410: it wants no more webhooks".to_owned(),
            status: Some(status),
        },
        400 | 405 | 411 | 413 | 414 | 415 | 422 | 431 | 501 | 505 => WebhookOutcome::Permanent {
            reason: format!("the receiver answers {status}: it does not understand this webhook"),
            status: Some(status),
        },
        _ => WebhookOutcome::Retry {
            reason: format!("the receiver answers {status}"),
            status: Some(status),
            retry_after: retry_after(response),
        },
    }
}

fn failed(unanswered: Unanswered) -> WebhookOutcome {
    match unanswered {
        Unanswered::Retry(reason) => WebhookOutcome::Retry {
            reason,
            status: None,
            retry_after: None,
        },
        Unanswered::Permanent(reason) => WebhookOutcome::Permanent {
            reason,
            status: None,
        },
    }
}
